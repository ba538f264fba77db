"""The contents of a block: the transactions of its payload, then those of its held segments.

Positions in receipts count through both (ENC-15). Here is the one place that reads them.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sequencer.blocks.header import Block
from sequencer.blocks.payload import (
    MAX_PLAIN_BYTES,
    MAX_TRANSACTIONS,
    Segment,
    decode_payload,
    decode_segment,
)
from sequencer.crypto.hashing import keccak
from sequencer.errors import DecodeError
from sequencer.types import Hash32, RollupId


@dataclass(frozen=True, slots=True)
class Part:
    """The transactions of one rollup, in the payload or held."""

    segment: Segment
    is_held: bool


def decode_contents(block: Block) -> Iterator[Part]:
    """The contents of a block, one segment at a time, so that whoever refuses one has not inflated
    the next. Raises `DecodeError` where a segment does not decode, and where all of them so far
    hold more than a payload may: else a small block could hold gigabytes (BLOCK-7)."""
    count = size = 0
    for part in _parts(block):
        count += len(part.segment.transactions)
        size += sum(map(len, part.segment.transactions))
        if count > MAX_TRANSACTIONS or size > MAX_PLAIN_BYTES:
            raise DecodeError(
                f"contents have {count} transactions and {size} bytes so far, at most"
                f" {MAX_TRANSACTIONS} and {MAX_PLAIN_BYTES} fit"
            )
        yield part


def read_contents(block: Block) -> list[tuple[RollupId, bytes]]:
    """Each transaction of a final block with its rollup, in order. An honest quorum finalizes only
    what decodes; of what another one does, all from the first segment on that does not decode is
    left out."""
    found: list[tuple[RollupId, bytes]] = []
    try:
        for part in decode_contents(block):
            found.extend((part.segment.rollup, raw) for raw in part.segment.transactions)
    except DecodeError:
        pass
    return found


def transaction_keys(block: Block) -> list[tuple[RollupId, Hash32]]:
    """The rollup and hash of every transaction of a final block, in order, whether it decodes or
    not; an undecodable payload orders nothing (DERIVE-5, DERIVE-6)."""
    return [(rollup, keccak(raw)) for rollup, raw in read_contents(block)]


def _parts(block: Block) -> Iterator[Part]:
    for segment in decode_payload(block.payload).segments:
        yield Part(segment, is_held=False)
    for entry, data in block.held_segments():
        yield Part(Segment(entry.rollup, decode_segment(entry.rollup, data)), is_held=True)
