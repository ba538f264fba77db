"""The usage of a batch (ENC-12, FEE-1): how many bytes of each rollup its blocks order.

L1 has its hash in the batch; whoever charges for the batch shows it there, and anyone finds it in
the batch's data.
"""

import struct
from collections import Counter
from collections.abc import Iterable

from sequencer.blocks.header import Block
from sequencer.blocks.payload import decode_payload
from sequencer.errors import DecodeError
from sequencer.types import RollupId

_ENTRY = struct.Struct(">IQ")
ENTRY_BYTES = _ENTRY.size


def usage_of(blocks: Iterable[Block]) -> bytes:
    """The usage of these blocks. A payload that does not decode orders nothing and counts for
    nothing."""
    used: Counter[RollupId] = Counter()
    for block in blocks:
        try:
            payload = decode_payload(block.payload)
        except DecodeError:
            continue
        for segment in payload.segments:
            used[segment.rollup] += sum(map(len, segment.transactions))
        for entry in payload.held:
            used[entry.rollup] += entry.length
    return b"".join(_ENTRY.pack(rollup, used[rollup]) for rollup in sorted(used))


def count_entries(usage: bytes) -> int:
    """How many rollups a usage names."""
    return len(usage) // ENTRY_BYTES


def rollups_of(usage: bytes) -> list[RollupId]:
    """The rollups that a usage names, in its order."""
    return [RollupId(rollup) for rollup, _ in _ENTRY.iter_unpack(usage)]
