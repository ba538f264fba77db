"""What a committed batch holds: blocks that follow those derived before (DERIVE-4, DERIVE-5)."""

from sequencer.batches.batch import Batch
from sequencer.batches.codec import decode_batch_data
from sequencer.blocks.header import Block
from sequencer.crypto.hashing import keccak
from sequencer.errors import DecodeError
from sequencer.types import Hash32, Height


def linked_blocks(
    batch: Batch, data: bytes, last_hash: Hash32, height: Height
) -> tuple[Block, ...]:
    """The blocks of a batch that decodes, matches, and links to the block of that hash and height.

    Raises `DecodeError` for a batch that is void.
    """
    if keccak(data) != batch.data_hash:  # CERT-5 sees to it only for calldata
        raise DecodeError("the data in the blobs is not what the batch states")
    decoded = decode_batch_data(data)
    if decoded.parent_hash != last_hash or decoded.first_height != height + 1:
        raise DecodeError(
            f"block {decoded.first_height} on 0x{decoded.parent_hash.hex()} does not follow"
            f" block {height} 0x{last_hash.hex()}"
        )
    last = decoded.blocks[-1].header
    stated = (batch.first_height, batch.last_height, batch.last_block_hash, batch.forced_count)
    found = (decoded.first_height, last.height, last.hash, last.forced_count)
    if found != stated:
        raise DecodeError(
            f"blocks {found[0]} to {found[1]} end with 0x{found[2].hex()} and {found[3]} forced"
            f" messages; the batch states {stated[0]} to {stated[1]}, 0x{stated[2].hex()},"
            f" {stated[3]}"
        )
    counts = [block.header.forced_count for block in decoded.blocks]
    if counts != sorted(counts):
        raise DecodeError(f"forced counts {counts[0]} to {counts[-1]} fall in between")
    return decoded.blocks
