"""Which rollups a block may hold transactions of (BLOCK-5, BLOCK-8).

A rollup that leaves the committee must be left out early: what is ordered for it now would not
count if its batch came to L1 after the departure (DERIVE-11). One that is dropped is left out from
that time on and no earlier: what was ordered before counts whenever its batch comes (FEE-5).
"""

from collections.abc import Container
from dataclasses import dataclass, field

from sequencer.errors import PeerFault
from sequencer.l1.events import L1Header, RollupMode
from sequencer.l1.view import L1View
from sequencer.mempool.pool import TransactionKey
from sequencer.types import RollupId


class Served:
    """One node's judgement, which is every node's: it asks L1 at the block's origin only."""

    def __init__(self, l1: L1View, margin_seconds: int) -> None:
        """`margin_seconds`: `forced_margin_seconds` of the network."""
        self._l1 = l1
        self._margin_seconds = margin_seconds

    def is_shared(self, rollup_id: RollupId, origin: L1Header) -> bool:
        """Whether the committee orders the rollup, and goes on until its batches are on L1."""
        modes = self._l1.modes_at(rollup_id, origin.number)
        return modes.is_shared(origin.timestamp, origin.timestamp + self._margin_seconds)

    def is_dropped(self, rollup_id: RollupId, origin: L1Header) -> bool:
        """Whether the rollup is left out for what it owes (FEE-4)."""
        notice = self._l1.notice_at(rollup_id, origin.number)
        return notice is not None and notice.is_due(origin.timestamp)

    def check(self, rollup_id: RollupId, origin: L1Header) -> int:
        """The chain id of a rollup that may be in a block; raises `PeerFault` for another."""
        chain_id = self._l1.chain_id_of(rollup_id, origin.number)
        if chain_id is None:
            raise PeerFault(f"rollup {rollup_id} does not exist at L1 block {origin.number}")
        if not self.is_shared(rollup_id, origin):
            raise PeerFault(
                f"rollup {rollup_id} is not the committee's, or leaves it, at L1 block"
                f" {origin.number}"
            )
        if self.is_dropped(rollup_id, origin):
            raise PeerFault(f"rollup {rollup_id} is dropped at L1 block {origin.number} (FEE-4)")
        return chain_id

    def may_hold(self, rollup_id: RollupId, origin: L1Header) -> bool:
        """Whether a block with this origin may hold transactions of a rollup."""
        if self._l1.chain_id_of(rollup_id, origin.number) is None:
            return False
        return self.is_shared(rollup_id, origin) and not self.is_dropped(rollup_id, origin)

    def excluding(
        self, keys: Container[TransactionKey], origin: L1Header
    ) -> Container[TransactionKey]:
        """These transactions, and all those of rollups that a block must not hold."""
        return Excluded(keys, origin, self)

    def why_not(self, rollup_id: RollupId) -> str | None:
        """Why a transaction of the rollup would wait in vain, by what L1 shows to this node; None
        if it would not. A rollup that returns, or has paid, is back when a confirmed block says
        so."""
        for block in (self._l1.confirmed, self._l1.head):
            if block is None:
                continue
            if not self.is_shared(rollup_id, block):
                return f"rollup {rollup_id} {self._describe(rollup_id, block)}"
            if self.is_dropped(rollup_id, block):
                return f"rollup {rollup_id} {self._describe_notice(rollup_id, block)}"
        return None

    def is_open(self, rollup_id: RollupId) -> bool:
        """Whether transactions of the rollup are taken in."""
        return self.why_not(rollup_id) is None

    def _describe(self, rollup_id: RollupId, block: L1Header) -> str:
        modes = self._l1.modes_at(rollup_id, block.number)
        order, pending = modes.at(block.timestamp), modes.pending_at(block.timestamp)
        if order.mode is not RollupMode.SHARED:
            by = f"by 0x{order.sequencer.hex()}" if order.mode is RollupMode.SOLO else "on L1"
            return f"is {order.mode.name}, ordered {by}; forced messages go through L1 as ever"
        assert pending is not None, "else it is shared"
        return (
            f"leaves the committee at {pending.effective_at} to be {pending.mode.name}, too soon"
            " for what is not ordered yet; forced messages go through L1 as ever"
        )

    def _describe_notice(self, rollup_id: RollupId, block: L1Header) -> str:
        notice = self._l1.notice_at(rollup_id, block.number)
        assert notice is not None, "else it is not dropped"
        return (
            f"is dropped since {notice.drop_at}: its sequencing is not paid for, prepay ends that;"
            " forced messages go through L1 as ever"
        )


@dataclass(frozen=True, slots=True)
class Excluded(Container[TransactionKey]):
    """What a block must not hold."""

    keys: Container[TransactionKey]
    origin: L1Header
    served: Served
    known: dict[RollupId, bool] = field(default_factory=dict)
    """By rollup, whether all of it is excluded."""

    def __contains__(self, key: object) -> bool:
        rollup_id: RollupId = key[0]  # type: ignore[index]
        if rollup_id not in self.known:
            self.known[rollup_id] = not self.served.may_hold(rollup_id, self.origin)
        return self.known[rollup_id] or key in self.keys
