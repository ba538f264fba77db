"""Where batches end (BATCH-1 to BATCH-3), and how they are linked (BATCH-6).

Pure functions of finalized blocks: nodes that finalized the same blocks sign the same
batches, and no second agreement is needed.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from sequencer.batches.batch import Batch
from sequencer.batches.blobs import blobs_hash, has_blob_form
from sequencer.batches.codec import BLOCK_OVERHEAD_BYTES, encode_batch_data
from sequencer.batches.usage import usage_of
from sequencer.blocks.header import Block, Header, genesis
from sequencer.crypto.hashing import keccak
from sequencer.errors import LocalFault
from sequencer.types import BatchIndex, Hash32, Height

MAX_BLOCKS = 256
"""Of a batch: the headers from its last block down to any other fit an L1 transaction (BATCH-2)."""


@dataclass(frozen=True, slots=True)
class BatchParameters:
    """Network parameters: all nodes of a deployment have the same."""

    batch_bytes: int
    batch_age_ms: int
    blob_bytes_min: int
    """Shortest data that has a blob form too (BATCH-6)."""


@dataclass(frozen=True, slots=True)
class CutPoint:
    """The end of a batch, from which the next one starts."""

    index: BatchIndex
    header: Header
    """Of the last block in the batch."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A batch but for what links it: its parent, and its blobs, which take time to know."""

    index: BatchIndex
    first_height: Height
    last: Header
    """Of its last block."""
    data_hash: Hash32
    usage_hash: Hash32
    has_blobs: bool
    """Whether it has a blob form (BATCH-6)."""

    def linked(self, parent_hash: Hash32, versioned_hashes: Sequence[Hash32] = ()) -> Batch:
        """The batch itself."""
        return Batch(
            index=self.index,
            parent_hash=parent_hash,
            first_height=self.first_height,
            last_height=Height(self.last.height),
            last_block_hash=self.last.hash,
            forced_count=self.last.forced_count,
            data_hash=self.data_hash,
            blobs_hash=blobs_hash(versioned_hashes),
            usage_hash=self.usage_hash,
        )


def genesis_cut(separator: Hash32) -> CutPoint:
    """The point before batch 1 (ENC-9)."""
    return CutPoint(BatchIndex(0), genesis(separator))


class BatchCutter:
    """Collects finalized blocks in order of height and cuts them into batches.

    What it holds is less than one batch: below `batch_bytes` as BATCH-2 counts them.
    """

    def __init__(self, start: CutPoint, parameters: BatchParameters) -> None:
        self._tip = start
        self._parameters = parameters
        self._last = start.header
        self._blocks: list[Block] = []
        self._bytes = 0

    @property
    def tip(self) -> CutPoint:
        """The end of the last batch cut. Restarting from here with the blocks after it is the
        same as going on."""
        return self._tip

    def push(self, block: Block, is_terminal: bool) -> Cut | None:
        """Take the next finalized block; the cut that ends with it, if one does.

        `is_terminal` is EPOCH-2. Raises `LocalFault` if the block does not follow the last one.
        """
        header = block.header
        self._check_follows(header)
        consumes = header.forced_count > self._last.forced_count
        self._blocks.append(block)
        self._bytes += len(block.payload) + BLOCK_OVERHEAD_BYTES
        self._last = header
        age_ms = header.timestamp_ms - self._blocks[0].header.timestamp_ms
        is_full = self._bytes >= self._parameters.batch_bytes or len(self._blocks) == MAX_BLOCKS
        is_old = age_ms >= self._parameters.batch_age_ms
        if is_terminal or consumes or is_full or is_old:  # BATCH-2
            return self._cut()
        return None

    def _check_follows(self, header: Header) -> None:
        last = self._last
        if header.height != last.height + 1 or header.parent_hash != last.hash:
            raise LocalFault(
                f"block {header.height} on 0x{header.parent_hash.hex()} does not follow"
                f" block {last.height} 0x{last.hash.hex()}"
            )
        if self._blocks and header.epoch != last.epoch:  # BATCH-3
            raise LocalFault(f"epoch {last.epoch} ended at {last.height} without a terminal block")

    def _cut(self) -> Cut:
        data = encode_batch_data(self._blocks)
        cut = Cut(
            index=BatchIndex(self._tip.index + 1),
            first_height=Height(self._blocks[0].header.height),
            last=self._last,
            data_hash=keccak(data),
            usage_hash=keccak(usage_of(self._blocks)),
            has_blobs=has_blob_form(len(data), self._parameters.blob_bytes_min),
        )
        self._tip = CutPoint(cut.index, self._last)
        self._blocks = []
        self._bytes = 0
        return cut


class BatchChain:
    """Links cuts in their order. One with a blob form waits for its versioned hashes, and those
    after it wait for it.

    What it holds is a few hundred bytes for each cut that waits; their data is in the blocks.
    """

    def __init__(self, parent_hash: Hash32) -> None:
        """After the batch of this hash; before batch 1 the domain separator (ENC-12)."""
        self._parent_hash = parent_hash
        self._waiting: deque[Cut] = deque()

    @property
    def waiting(self) -> Cut | None:
        """The cut whose versioned hashes are wanted."""
        return self._waiting[0] if self._waiting else None

    def push(self, cut: Cut) -> list[Batch]:
        """Take the next cut; the batches that are linked now."""
        self._waiting.append(cut)
        return self._link()

    def seal(self, versioned_hashes: Sequence[Hash32]) -> list[Batch]:
        """Take the versioned hashes of the cut that waits; the batches that are linked now."""
        return [self._next(versioned_hashes), *self._link()]

    def _link(self) -> list[Batch]:
        linked = []
        while self._waiting and not self._waiting[0].has_blobs:
            linked.append(self._next(()))
        return linked

    def _next(self, versioned_hashes: Sequence[Hash32]) -> Batch:
        batch = self._waiting.popleft().linked(self._parent_hash, versioned_hashes)
        self._parent_hash = batch.hash
        return batch
