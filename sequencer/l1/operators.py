"""Who operates the sequencer, as `BondRegistry` tells it (BOND-1, BOND-5 to BOND-9)."""

from dataclasses import dataclass, replace
from enum import Enum

from sequencer.l1.events import (
    ExitInitiated,
    OperatorBonded,
    OperatorEjected,
    OperatorReleased,
    PeerAnnounced,
)
from sequencer.types import Address


class OperatorStatus(Enum):
    ACTIVE = "active"
    EXITING = "exiting"
    EJECTED = "ejected"


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator that holds a place; a released one is gone."""

    id: int
    operator: Address
    signer: Address
    transport_key: bytes
    endpoint: str
    status: OperatorStatus = OperatorStatus.ACTIVE

    @property
    def is_active(self) -> bool:
        """It has weight."""
        return self.status is OperatorStatus.ACTIVE

    @property
    def is_peer(self) -> bool:
        """NET-2: neither ejected nor released."""
        return self.status is not OperatorStatus.EJECTED


OperatorEvent = OperatorBonded | PeerAnnounced | ExitInitiated | OperatorEjected | OperatorReleased


def apply_operator_event(
    operators: tuple[Operator, ...], event: OperatorEvent
) -> tuple[Operator, ...]:
    """The operators by id after `event`."""
    if isinstance(event, OperatorBonded):
        bonded = Operator(
            event.operator_id, event.operator, event.signer, event.transport_key, event.endpoint
        )
        return (*operators, bonded)
    if isinstance(event, OperatorReleased):
        return tuple(known for known in operators if known.id != event.operator_id)
    return tuple(
        _changed(known, event) if known.id == event.operator_id else known for known in operators
    )


def _changed(
    operator: Operator, event: PeerAnnounced | ExitInitiated | OperatorEjected
) -> Operator:
    if isinstance(event, PeerAnnounced):
        return replace(operator, transport_key=event.transport_key, endpoint=event.endpoint)
    if isinstance(event, ExitInitiated):
        return replace(operator, status=OperatorStatus.EXITING)
    return replace(operator, status=OperatorStatus.EJECTED)
