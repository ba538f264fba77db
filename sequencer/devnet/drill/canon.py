"""What every follower must derive from blocks, worked out a second time: from the chain that the
nodes showed as final, the batches on L1 and the modes that owners announced (DERIVE-11)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sequencer.devnet.anvil import Anvil
from sequencer.devnet.demo.l1_facts import Happened, L1Facts
from sequencer.devnet.demo.ledger import FinalBlock, order_of
from sequencer.devnet.drill.anyone import SHARED
from sequencer.errors import LocalFault
from sequencer.l1.calldata import decode_commit, decode_commit_blobs, is_with_blobs
from sequencer.types import Hash32, RollupId


@dataclass(frozen=True, slots=True)
class OnL1:
    """A batch: its blocks, and when L1 took it, in seconds."""

    index: int
    first_height: int
    last_height: int
    l1_block: int
    committed_at: int


@dataclass(frozen=True, slots=True)
class Announced:
    """ROLL-3."""

    rollup: int
    mode: int
    effective_at: int


class Canon:
    """Reads L1 at its head. Nothing here knows of derivation."""

    def __init__(self, anvil: Anvil, l1: L1Facts) -> None:
        self._anvil = anvil
        self._l1 = l1

    async def batches(self) -> list[OnL1]:
        """All of them, in order."""
        found = await self._l1.batches()
        return [await self._batch(index, found[index]) for index in sorted(found)]

    async def last_height(self) -> int:
        """Of the blocks that L1 has."""
        found = await self._l1.batches()
        if not found:
            return 0
        last = max(found)
        return (await self._batch(last, found[last])).last_height

    async def orders(
        self,
        batches: Sequence[OnL1],
        chain: Sequence[FinalBlock],
        rollups: Sequence[RollupId],
    ) -> dict[RollupId, list[str]]:
        """The transaction hashes that these batches bring into each rollup's list."""
        announced = await self._announced()
        return {
            rollup: [
                transaction
                for batch in batches
                if is_shared(announced, rollup, batch.committed_at)
                for transaction in order_of(
                    chain[batch.first_height - 1 : batch.last_height], rollup
                )
            ]
            for rollup in rollups
        }

    async def _batch(self, index: int, event: Happened) -> OnL1:
        transaction = await self._anvil.client.transaction(Hash32(event.transaction))
        if transaction is None:
            raise LocalFault(f"L1 has batch {index} and not its transaction")
        decode = decode_commit_blobs if is_with_blobs(transaction.data) else decode_commit
        batch = decode(transaction.data).batch
        committed_at = await self._l1.time_of(event.block)
        return OnL1(index, batch.first_height, batch.last_height, event.block, committed_at)

    async def _announced(self) -> list[Announced]:
        events = await self._l1.events("RollupRegistry", "ModeAnnounced")
        return [
            Announced(e.arguments["rollupId"], e.arguments["mode"], e.arguments["effectiveAt"])
            for e in events
        ]


def is_shared(announced: Sequence[Announced], rollup: int, at: int) -> bool:
    """Whether the committee's transactions counted then. No drill cancels an announcement, or
    replaces one that is not in effect yet."""
    in_effect = [one for one in announced if one.rollup == rollup and one.effective_at <= at]
    return not in_effect or in_effect[-1].mode == SHARED
