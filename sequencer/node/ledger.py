"""What happens to a block when it is final: it is stored, leaves the mempool, and goes into a
batch. The batches and their commits can be looked up here again."""

from collections.abc import Callable, Iterator, Sequence

import msgspec

from sequencer.batches.batch import Batch
from sequencer.batches.codec import encode_batch_data
from sequencer.batches.cut import (
    BatchChain,
    BatchCutter,
    BatchParameters,
    Cut,
    CutPoint,
    genesis_cut,
)
from sequencer.batches.usage import usage_of
from sequencer.blocks.header import Block, Header, genesis
from sequencer.consensus.messages import FinalityProof
from sequencer.errors import LocalFault
from sequencer.ingress.backend import Commitment
from sequencer.l1.schedule import Schedule
from sequencer.l1.view import L1View
from sequencer.mempool.pool import Mempool, TransactionKey
from sequencer.node.catch_up import encode_proof
from sequencer.ordering.application import Application
from sequencer.ordering.contents import Ordered
from sequencer.ordering.turn import is_terminal
from sequencer.store.blocks import BlockStore, FinalizedBlock
from sequencer.types import BatchIndex, Epoch, Hash32, Height, RollupId

OLD_MS = 600_000
"""Of blocks older than this, which a node that catches up meets, the senders are not recovered:
that takes longer than all the rest, and tells only next nonces, which a restart forgets too."""
_REPLAY_BYTES = 4 << 20
_REPLAY_BLOCKS = 256
_REMEMBERED_USAGES = 64

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Batch)


class Ledger:
    """The finalized chain of one node, and the batches cut from it."""

    def __init__(  # noqa: PLR0913, PLR0917 - what a final block goes through
        self,
        store: BlockStore,
        application: Application,
        mempool: Mempool,
        schedule: Schedule,
        separator: Hash32,
        parameters: BatchParameters,
        on_ordered: Callable[[list[Ordered]], None],
        on_batch: Callable[[Batch], None],
        on_waiting: Callable[[], None],
        now_ms: Callable[[], int],
    ) -> None:
        """`on_waiting` is called when `waiting` may have become a cut."""
        self._store = store
        self._application = application
        self._mempool = mempool
        self._schedule = schedule
        self._genesis = genesis(separator)
        self._on_ordered = on_ordered
        self._on_batch = on_batch
        self._on_waiting = on_waiting
        self._now_ms = now_ms
        self._noted: dict[BatchIndex, Hash32] = {}
        """Commits of the L1 window as they are in the store."""
        self._usages: dict[BatchIndex, bytes] = {}
        """The last that were asked for: they are asked for again until they are charged."""
        last, last_hash = self._last_cut(separator)
        self._cutter = BatchCutter(last, parameters)
        self._chain = BatchChain(last_hash)

    @property
    def tip(self) -> Header:
        """The last final block, or genesis."""
        return self._store.tip() or self._genesis

    @property
    def last_batch(self) -> BatchIndex:
        """The index of the last batch cut, linked or not; 0 before the first."""
        return self._cutter.tip.index

    @property
    def waiting(self) -> Cut | None:
        """The cut whose versioned hashes are to be computed next (BATCH-6)."""
        return self._chain.waiting

    def resume(self) -> None:
        """After a restart, bring the cutter up to the tip: blocks of the batch that was being
        filled, and batches that were cut but not linked and stored."""
        height = Height(self._cutter.tip.header.height + 1)
        while stored := self._store.blocks(height, _REPLAY_BLOCKS, _REPLAY_BYTES):
            for entry in stored:
                self._cut(entry.block)
            height = Height(stored[-1].block.header.height + 1)

    def append(self, blocks: tuple[Block, ...], proof: FinalityProof) -> None:
        """Final blocks, ascending; `proof` is the last one's."""
        above = [b for b in blocks if b.header.height > self.tip.height]
        last = blocks[-1].header.height
        located = [self._application.keys(block) for block in above]
        recent_ms = self._now_ms() - OLD_MS
        ordered = [
            self._application.transactions(b) if b.header.timestamp_ms >= recent_ms else None
            for b in above
        ]
        self._store.put_finalized(
            [
                FinalizedBlock(
                    block, encode_proof(proof) if block.header.height == last else None, locations
                )
                for block, locations in zip(above, located, strict=True)
            ]
        )
        for block, locations, transactions in zip(above, located, ordered, strict=True):
            self._application.settled(locations)
            if transactions is None:
                transactions = tuple(self._mempool.finalized_long_ago(locations))
            else:
                self._mempool.finalized(transactions)
            self._on_ordered(list(transactions))
            self._cut(block)

    def block(self, height: Height) -> Block | None:
        """The final block of a height."""
        stored = self._store.block_by_height(height)
        return None if stored is None else stored.block

    def blocks(self, first: Height, last: Height) -> Iterator[Block]:
        """The final blocks of these heights."""
        at = first
        while at <= last:
            stored = self._store.blocks(at, last - at + 1, _REPLAY_BYTES)
            if not stored:
                raise LocalFault(f"block {at} of a batch is not in the store")
            yield from (entry.block for entry in stored)
            at = Height(at + len(stored))

    def held_segment(self, held_hash: Hash32) -> bytes | None:
        """The bytes of a held segment of a final block (HELD-2)."""
        return self._store.held_segment(held_hash)

    def locate(self, rollup: RollupId, tx_hash: Hash32) -> tuple[Height, int] | None:
        """The height and the position in its block of a final transaction."""
        found = self._store.locate(rollup, tx_hash)
        return None if found is None else (found.height, found.position)

    def ordered_lately(self, keys: Sequence[TransactionKey]) -> set[TransactionKey]:
        """Those of them that were ordered not long ago (TX-6)."""
        return self._store.ordered_lately(keys)

    def batch(self, index: BatchIndex) -> Batch | None:
        record = self._store.batch(index)
        return None if record is None else _decoder.decode(record)

    def batch_data(self, first: Height, last: Height) -> bytes:
        """ENC-13, rebuilt from the stored blocks of these heights."""
        return encode_batch_data(list(self.blocks(first, last)))

    def batch_usage(self, batch: Batch) -> bytes:
        """ENC-12, from the stored blocks of a batch."""
        usage = self._usages.get(batch.index)
        if usage is None:
            usage = usage_of(self.blocks(batch.first_height, batch.last_height))
            self._usages[batch.index] = usage
            if len(self._usages) > _REMEMBERED_USAGES:
                self._usages.pop(next(iter(self._usages)))
        return usage

    def vouches_for(self, batch: Batch, epoch: Epoch) -> bool:
        """Whether this node can answer for all that a batch names, if it attests it in that epoch
        (HELD-1, ATTEST-2)."""
        blocks = self.blocks(batch.first_height, batch.last_height)
        return all(self._application.vouches_for(block, epoch) for block in blocks)

    def blob_data(self, index: BatchIndex, blobs_hash: Hash32) -> bytes | None:
        """The data of a batch, if it is here and has these blobs."""
        batch = self.batch(index)
        if batch is None or batch.blobs_hash != blobs_hash:
            return None
        return self.batch_data(batch.first_height, batch.last_height)

    def seal(self, versioned_hashes: Sequence[Hash32]) -> None:
        """The versioned hashes of the cut that waits."""
        self._keep(self._chain.seal(versioned_hashes))

    def batch_of(self, height: Height) -> Batch | None:
        """The batch that holds a block, by bisection over the indices."""
        low, high = 1, int(self.last_batch)
        while low <= high:
            middle = (low + high) // 2
            batch = self.batch(BatchIndex(middle))
            if batch is None or batch.first_height > height:
                high = middle - 1
            elif batch.last_height < height:
                low = middle + 1
            else:
                return batch
        return None

    def note_commits(self, l1: L1View) -> None:
        """Remember where L1 has the batches of its window, beyond the window."""
        for number in range(l1.final_index + 1, l1.last_index + 1):
            index = BatchIndex(number)
            commit = l1.commit_of(index)
            if commit is not None and self._noted.get(index) != commit.transaction_hash:
                self._noted[index] = commit.transaction_hash
                self._store.set_meta(f"commit/{index}", commit.transaction_hash)
        for index in [noted for noted in self._noted if noted <= l1.final_index]:
            del self._noted[index]

    def commitment(self, height: Height, l1: L1View) -> Commitment | None:
        """Where L1 has a block, as of its head."""
        batch = self.batch_of(height)
        if batch is None or batch.index > l1.last_index:
            return None
        recorded = self._store.get_meta(f"commit/{batch.index}")
        return None if recorded is None else Commitment(batch.index, Hash32(recorded))

    def _cut(self, block: Block) -> None:
        cut = self._cutter.push(block, is_terminal(self._schedule, block.header))
        if cut is not None:
            self._keep(self._chain.push(cut))

    def _keep(self, linked: list[Batch]) -> None:
        for batch in linked:
            self._store.put_batch(batch.index, _encoder.encode(batch))
            self._on_batch(batch)
        if self._chain.waiting is not None:
            self._on_waiting()

    def _last_cut(self, separator: Hash32) -> tuple[CutPoint, Hash32]:
        """Where the last stored batch ends, and its hash."""
        last: Batch | None = None
        while found := self._store.batches_from(BatchIndex(last.index + 1 if last else 1), 1_024):
            last = _decoder.decode(found[-1][1])
        if last is None:
            return genesis_cut(separator), separator
        end = self._store.block_by_height(last.last_height)
        if end is None:
            raise LocalFault(f"batch {last.index} ends at block {last.last_height}, not stored")
        return CutPoint(last.index, end.block.header), last.hash
