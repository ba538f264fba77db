"""Who operates the sequencer, as `BondRegistry` tells it (BOND-1 to BOND-9, STAKE-11, LEDGER-5)."""

from dataclasses import dataclass, replace
from enum import Enum

from sequencer.l1.events import (
    ExitInitiated,
    OperatorBonded,
    OperatorEjected,
    OperatorJailed,
    OperatorReleased,
    OperatorUnjailed,
    PeerAnnounced,
    SignerRotated,
)
from sequencer.types import Address

MAX_FORMER = 16


class OperatorStatus(Enum):
    ACTIVE = "active"
    JAILED = "jailed"
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
    former: tuple[Address, ...] = ()
    """Hot keys before `signer`, the last `MAX_FORMER` of them, the latest first: committees that
    were recorded earlier name them (STAKE-11)."""
    claim: int = 0
    """When it named its transport key, counted over all operators: earlier is lower."""

    @property
    def is_active(self) -> bool:
        """It has weight."""
        return self.status is OperatorStatus.ACTIVE

    @property
    def is_peer(self) -> bool:
        """NET-2: neither ejected nor released."""
        return self.status is not OperatorStatus.EJECTED


_Change = (
    PeerAnnounced
    | SignerRotated
    | ExitInitiated
    | OperatorJailed
    | OperatorUnjailed
    | OperatorEjected
)
OperatorEvent = OperatorBonded | OperatorReleased | _Change


def apply_operator_event(
    operators: tuple[Operator, ...], event: OperatorEvent
) -> tuple[Operator, ...]:
    """The operators by id after `event`."""
    if isinstance(event, OperatorBonded):
        bonded = Operator(
            event.operator_id,
            event.operator,
            event.signer,
            event.transport_key,
            event.endpoint,
            claim=_next_claim(operators),
        )
        return (*operators, bonded)
    if isinstance(event, OperatorReleased):
        return tuple(known for known in operators if known.id != event.operator_id)
    next_claim = _next_claim(operators)
    return tuple(
        _changed(known, event, next_claim) if known.id == event.operator_id else known
        for known in operators
    )


def peers_of(operators: tuple[Operator, ...]) -> tuple[Operator, ...]:
    """NET-2: those to connect to. L1 does not check who holds a transport key, so where several
    name one, the first that did keeps it: nobody is heard under another's name."""
    first: dict[bytes, Operator] = {}
    for operator in sorted(operators, key=lambda known: known.claim):
        if operator.is_peer:
            first.setdefault(operator.transport_key, operator)
    return tuple(first.values())


def _next_claim(operators: tuple[Operator, ...]) -> int:
    return max((known.claim for known in operators), default=0) + 1


def _changed(operator: Operator, event: _Change, next_claim: int) -> Operator:
    match event:
        case PeerAnnounced():
            is_same = event.transport_key == operator.transport_key
            return replace(
                operator,
                transport_key=event.transport_key,
                endpoint=event.endpoint,
                claim=operator.claim if is_same else next_claim,
            )
        case SignerRotated():
            former = (operator.signer, *operator.former)[:MAX_FORMER]
            return replace(operator, signer=event.signer, former=former)
        case ExitInitiated():
            return replace(operator, status=OperatorStatus.EXITING)
        case OperatorJailed():
            return replace(operator, status=OperatorStatus.JAILED)
        case OperatorUnjailed():
            return replace(operator, status=OperatorStatus.ACTIVE)
        case OperatorEjected():
            return replace(operator, status=OperatorStatus.EJECTED)
