"""One derivation that follows L1: where the reader's blocks go in and entries come out."""

import asyncio
import logging
from collections.abc import Callable

from sequencer.crypto.hashing import keccak
from sequencer.derivation.derive import Deriver
from sequencer.derivation.entries import DerivedBatch, DerivedPost, Entry, QueuedMessage, Source
from sequencer.derivation.entry_store import EntryStore
from sequencer.l1.deployment import Deployment
from sequencer.l1.events import DataAnswered, L1Block
from sequencer.types import RollupId

_TURNS = 8
"""Of the event loop for others, after a block: a request is answered in fewer."""

log = logging.getLogger(__name__)


class Following:
    """A derivation that follows L1: the sink of the reader, and what the server shows."""

    def __init__(
        self,
        deployment: Deployment,
        only: RollupId | None,
        store: EntryStore,
        show: Callable[[Entry], None],
    ) -> None:
        self._deployment = deployment
        self._store = store
        self._show = show
        self._only = only
        self._void_batches_in: list[int] = []
        """L1 blocks with a void batch, once for each."""
        self._void_posts_in: list[int] = []
        self.begin()

    def begin(self) -> None:
        """Derive from the start (again)."""
        self.deriver = Deriver(self._deployment.domain.separator(), self._only)
        self._void_batches_in.clear()
        self._void_posts_in.clear()
        self._store.drop_after(-1)

    @property
    def chain_ids(self) -> dict[RollupId, int]:
        """The rollups that are followed, with their chain ids."""
        return self.deriver.chain_ids

    @property
    def void_batches(self) -> int:
        """DERIVE-5, on L1's present branch."""
        return len(self._void_batches_in)

    @property
    def void_posts(self) -> int:
        """DERIVE-10, likewise."""
        return len(self._void_posts_in)

    async def extend(self, block: L1Block) -> None:
        outputs = self.deriver.extend(block)
        number = block.header.number
        self._store.add(
            [output for output in outputs if isinstance(output, Entry)],
            [output for output in outputs if isinstance(output, QueuedMessage)],
            [
                (keccak(event.data), number, event.data)
                for event in block.events
                if isinstance(event, DataAnswered)
            ],
        )
        for output in outputs:
            match output:
                case Entry():
                    self._show(output)
                case DerivedBatch(void=str()):
                    self._void_batches_in.append(number)
                    log.warning("batch %d is void: %s", output.index, output.void)
                case DerivedPost(void=str()):
                    self._void_posts_in.append(number)
                    place = output.number, output.rollup_id
                    log.warning("post %d of rollup %d is void: %s", *place, output.void)
        if outputs:  # a block of L1 may hold thousands: who asks meanwhile is answered
            for _ in range(_TURNS):
                await asyncio.sleep(0)

    async def rollback_to(self, number: int) -> None:
        log.info("L1 went back to block %d", number)
        self.deriver.rollback_to(number)
        self._store.drop_after(number)
        for voids in (self._void_batches_in, self._void_posts_in):
            voids[:] = [block for block in voids if block <= number]


def describe(entry: Entry) -> str:
    """An entry in one line."""
    by_l1 = entry.batch_index is None
    batch = "included by L1 alone" if by_l1 else f"batch {entry.batch_index}"
    fate = f"skipped: {entry.skipped}" if entry.skipped else f"running {entry.running_hash.hex()}"
    return (
        f"rollup {entry.rollup_id} #{entry.index} 0x{entry.transaction_hash.hex()}"
        f" {_source(entry)}, {batch}, L1 block {entry.l1_block}, {fate}"
    )


def _source(entry: Entry) -> str:
    if entry.voids is not None:
        return f"void mark of 0x{entry.voids.hex()}"
    if entry.held is not None:
        return f"{entry.held.length} held bytes of block {entry.position}"
    what = "message" if entry.source is Source.FORCED else entry.source.value
    return f"{what} {entry.position}"
