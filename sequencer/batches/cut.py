"""Where batches end (BATCH-1 to BATCH-3).

A pure function of finalized blocks: nodes that finalized the same blocks sign the same
batches, and no second agreement is needed.
"""

from dataclasses import dataclass

from sequencer.batches.batch import Batch
from sequencer.batches.codec import BLOCK_OVERHEAD_BYTES, encode_batch_data
from sequencer.blocks.header import Block, Header, genesis
from sequencer.crypto.hashing import keccak
from sequencer.errors import LocalFault
from sequencer.types import BatchIndex, Hash32, Height


@dataclass(frozen=True, slots=True)
class BatchParameters:
    """Network parameters: all nodes of a deployment have the same."""

    batch_bytes: int
    batch_age_ms: int


@dataclass(frozen=True, slots=True)
class CutPoint:
    """The end of a batch, from which the next one starts."""

    index: BatchIndex
    batch_hash: Hash32
    header: Header
    """Of the last block in the batch."""


@dataclass(frozen=True, slots=True)
class CutBatch:
    """A batch and its data (ENC-13)."""

    batch: Batch
    data: bytes


def genesis_cut(separator: Hash32) -> CutPoint:
    """The point before batch 1 (ENC-9, ENC-12)."""
    return CutPoint(BatchIndex(0), separator, genesis(separator))


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

    def push(self, block: Block, is_terminal: bool) -> CutBatch | None:
        """Take the next finalized block; the batch that ends with it, if one does.

        `is_terminal` is EPOCH-2. Raises `LocalFault` if the block does not follow the last one.
        """
        header = block.header
        self._check_follows(header)
        consumes = header.forced_count > self._last.forced_count
        self._blocks.append(block)
        self._bytes += len(block.payload) + BLOCK_OVERHEAD_BYTES
        self._last = header
        age_ms = header.timestamp_ms - self._blocks[0].header.timestamp_ms
        is_full = self._bytes >= self._parameters.batch_bytes
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

    def _cut(self) -> CutBatch:
        first, last = self._blocks[0].header, self._last
        data = encode_batch_data(self._blocks)
        batch = Batch(
            index=BatchIndex(self._tip.index + 1),
            parent_hash=self._tip.batch_hash,
            first_height=Height(first.height),
            last_height=Height(last.height),
            last_block_hash=last.hash,
            forced_count=last.forced_count,
            data_hash=keccak(data),
        )
        self._tip = CutPoint(batch.index, batch.hash, last)
        self._blocks = []
        self._bytes = 0
        return CutBatch(batch, data)
