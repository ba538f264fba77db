"""ENC-15: held segments, whose data the committee holds and L1 does not have.

A payload names them in a table of lengths and hashes; their bytes go behind the block.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from sequencer.crypto.hashing import keccak
from sequencer.errors import DecodeError
from sequencer.types import Hash32, RollupId

TABLE_OVERHEAD = 2
"""What a table adds to a payload besides its entries."""
ENTRY_BYTES = 40
"""What each held segment adds to a payload."""

_COUNT = struct.Struct(">H")
_MAX_ENTRIES = 2**16 - 1
_ENTRY = struct.Struct(">II32s")


@dataclass(frozen=True, slots=True)
class HeldEntry:
    """What a payload says of one held segment."""

    rollup: RollupId
    length: int
    """Of its bytes."""
    hash: Hash32
    """Their `keccak`."""

    def is_of(self, data: bytes) -> bool:
        """Whether these are its bytes."""
        return len(data) == self.length and keccak(data) == self.hash


def held_entry(rollup: RollupId, data: bytes) -> HeldEntry:
    """What a payload says of these bytes."""
    return HeldEntry(rollup, len(data), keccak(data))


def pack_table(entries: Sequence[HeldEntry]) -> bytes:
    """The table of ENC-10, of at least one entry. Raises `ValueError` for what is none."""
    ids = [entry.rollup for entry in entries]
    if not 1 <= len(ids) <= _MAX_ENTRIES:
        raise ValueError(f"{len(ids)} held segments, a table names 1 to {_MAX_ENTRIES}")
    if any(left >= right for left, right in pairwise(ids)):
        raise ValueError(f"rollup ids {ids} of held segments are not strictly ascending")
    if any(entry.length < 1 for entry in entries):
        raise ValueError("a held segment has at least one byte")
    packed = [_ENTRY.pack(entry.rollup, entry.length, entry.hash) for entry in entries]
    return _COUNT.pack(len(packed)) + b"".join(packed)


def unpack_table(data: bytes, at: int) -> tuple[tuple[HeldEntry, ...], int]:
    """The table that starts at byte `at`, and where it ends. Raises `DecodeError`."""
    start = at + _COUNT.size
    count = int.from_bytes(data[at:start], "big")
    end = start + count * _ENTRY.size
    if count == 0 or end > len(data):
        raise DecodeError(f"table of {count} held segments is empty or cut short")
    entries = []
    previous = -1
    for rollup, length, digest in _ENTRY.iter_unpack(data[start:end]):
        if rollup <= previous:
            raise DecodeError(f"held segment of rollup {rollup} follows that of {previous}")
        if length == 0:
            raise DecodeError(f"held segment of rollup {rollup} has no bytes")
        entries.append(HeldEntry(RollupId(rollup), length, Hash32(digest)))
        previous = rollup
    return tuple(entries), end


def split_held(entries: Sequence[HeldEntry], held: bytes) -> tuple[bytes, ...]:
    """The bytes of each segment, one after another in the order of the table. Raises
    `DecodeError` unless they are exactly those that the entries name."""
    expected = sum(entry.length for entry in entries)
    if len(held) != expected:
        raise DecodeError(f"{len(held)} bytes of held segments, the table names {expected}")
    parts = []
    at = 0
    for entry in entries:
        part = held[at : at + entry.length]
        if not entry.is_of(part):
            raise DecodeError(f"held segment of rollup {entry.rollup} has another hash")
        parts.append(part)
        at += entry.length
    return tuple(parts)
