"""ENC-10: the payload of a block, as it is hashed, gossiped and posted.

The writer compresses as it likes; what counts are the bytes it chose. The reader accepts every
form ENC-10 allows, knows the inflated size before it inflates, and copies each transaction once.
Of held segments (ENC-15) a payload has a table; their bytes are elsewhere (`held.py`).
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from sequencer.blocks.held import HeldEntry, pack_table, unpack_table
from sequencer.blocks.order import (
    PRIORITY,
    Ordering,
    OrderingOf,
    by_priority,
    pack_ordering,
    unpack_ordering,
)
from sequencer.errors import DecodeError
from sequencer.types import RollupId

MAX_PLAIN_BYTES = 4 << 20
MAX_PAYLOAD_BYTES = 1 << 20
MAX_TRANSACTION_BYTES = 128 << 10
MAX_TRANSACTIONS = 20_000
MAX_INFLATION = 8
"""Bytes of plain form for each of a stream: what derivation holds is in proportion to what L1 was
paid for."""

PAYLOAD_OVERHEAD = 3
"""The codec byte and the segment count of a payload that is not compressed."""
SEGMENT_OVERHEAD = 21
"""What each rollup adds to the plain form besides its transactions."""
TRANSACTION_OVERHEAD = 4
"""What each transaction adds to the plain form besides its raw bytes."""

EMPTY_PAYLOAD = b"\x00\x00\x00"

_PLAIN, _ZLIB, _HOLDS = 0, 1, 2
"""Codecs; the last is added to one of the others when a table of held segments follows."""
_SEGMENT_COUNT = struct.Struct(">H")
_SEGMENT_HEAD = struct.Struct(">I13sI")
_PLAIN_LENGTH = struct.Struct(">I")
_ZLIB_LEVEL = 6


@dataclass(frozen=True, slots=True)
class Segment:
    """The raw transactions of one rollup, in order; at least one."""

    rollup: RollupId
    transactions: tuple[bytes, ...]
    ordering: Ordering = PRIORITY
    """As the block states it: what its order keys are by (ORDER-3)."""


@dataclass(frozen=True, slots=True)
class Payload:
    """Segments, and what is said of held ones, each in ascending order of rollup id."""

    segments: tuple[Segment, ...]
    held: tuple[HeldEntry, ...] = ()

    def __len__(self) -> int:
        """The number of transactions, without those of held segments."""
        return sum(len(segment.transactions) for segment in self.segments)

    def __iter__(self) -> Iterator[tuple[RollupId, bytes]]:
        """Each transaction with its rollup, in payload order: ENC-11 counts positions so."""
        for segment in self.segments:
            for raw in segment.transactions:
                yield segment.rollup, raw


def encode_payload(
    segments: Sequence[tuple[RollupId, Sequence[bytes]]],
    *,
    held: Sequence[HeldEntry] = (),
    compress: bool = True,
    ordering_of: OrderingOf = by_priority,
) -> bytes:
    """The payload of `segments`, with a table of `held` ones; compressed if that is asked for and
    makes it smaller. `ordering_of` is what is stated of each rollup.

    Raises `ValueError` when the segments are no payload by ENC-10: the caller chose them.
    """
    plain = _encode_plain(segments, ordering_of)
    if len(plain) > MAX_PLAIN_BYTES:
        raise ValueError(f"plain form has {len(plain)} bytes, at most {MAX_PLAIN_BYTES} fit")
    codec, body = _PLAIN, plain
    if compress:
        packed = zlib.compress(plain, _ZLIB_LEVEL)
        count = sum(len(transactions) for _, transactions in segments)
        is_allowed = len(plain) <= MAX_INFLATION * len(packed) and count <= _most_in(packed)
        if is_allowed and _PLAIN_LENGTH.size + len(packed) < len(plain):
            codec, body = _ZLIB, _PLAIN_LENGTH.pack(len(plain)) + packed
    payload = bytes([codec + _HOLDS]) + pack_table(held) + body if held else bytes([codec]) + body
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise ValueError(f"payload has {len(payload)} bytes, at most {MAX_PAYLOAD_BYTES} fit")
    return payload


def decode_payload(data: bytes) -> Payload:
    """The transactions of a payload; raises `DecodeError` for whatever ENC-10 does not allow."""
    if len(data) > MAX_PAYLOAD_BYTES:
        raise DecodeError(f"payload has {len(data)} bytes, at most {MAX_PAYLOAD_BYTES} fit")
    if not data:
        raise DecodeError("payload has no codec byte")
    codec, start = data[0], 1
    held: tuple[HeldEntry, ...] = ()
    if codec in {_PLAIN + _HOLDS, _ZLIB + _HOLDS}:
        held, start = unpack_table(data, 1)
        codec -= _HOLDS
    if codec == _PLAIN:
        return Payload(_decode_plain(data[start:]), held)
    if codec == _ZLIB:
        stream = data[start + _PLAIN_LENGTH.size :]
        return Payload(_decode_plain(_inflate(data, start), _most_in(stream)), held)
    raise DecodeError(f"payload codec {codec}, expected 0 to 3")


def decode_segment(rollup: RollupId, data: bytes) -> tuple[bytes, ...]:
    """The raw transactions, in order, of a payload whose only segment is that of `rollup`: what a
    post (DERIVE-10) and a held segment (ENC-15) are. Raises `DecodeError` for any other."""
    payload = decode_payload(data)
    if payload.held or [segment.rollup for segment in payload.segments] != [rollup]:
        found = ", ".join(str(segment.rollup) for segment in payload.segments[:8]) or "none"
        also = f" and names {len(payload.held)} held segments" if payload.held else ""
        raise DecodeError(f"payload of rollup {rollup} alone holds rollups {found}{also}")
    return payload.segments[0].transactions


def held_entries(data: bytes) -> tuple[HeldEntry, ...]:
    """The table of held segments of a payload, read without inflating anything. Empty if it has
    none; and if the table is none, for then it names no bytes, and orders nothing (DERIVE-5)."""
    if len(data) > MAX_PAYLOAD_BYTES or data[:1] not in {b"\x02", b"\x03"}:
        return ()
    try:
        return unpack_table(data, 1)[0]
    except DecodeError:
        return ()


def _encode_plain(
    segments: Sequence[tuple[RollupId, Sequence[bytes]]], ordering_of: OrderingOf
) -> bytes:
    count = sum(len(transactions) for _, transactions in segments)
    if count > MAX_TRANSACTIONS:
        raise ValueError(f"{count} transactions, at most {MAX_TRANSACTIONS} fit")
    ids = [rollup for rollup, _ in segments]
    if any(left >= right for left, right in pairwise(ids)):
        raise ValueError(f"rollup ids {ids} are not strictly ascending")
    table = [_SEGMENT_COUNT.pack(len(segments))]
    for rollup, transactions in segments:
        lengths = [len(raw) for raw in transactions]
        if not lengths or not 1 <= min(lengths) <= max(lengths) <= MAX_TRANSACTION_BYTES:
            raise ValueError(
                f"rollup {rollup}: a segment holds at least one transaction "
                f"and each has 1 to {MAX_TRANSACTION_BYTES} bytes"
            )
        table.append(_SEGMENT_HEAD.pack(rollup, pack_ordering(ordering_of(rollup)), len(lengths)))
        table.append(struct.pack(f">{len(lengths)}I", *lengths))
    for _, transactions in segments:
        table.extend(transactions)
    return b"".join(table)


def _inflate(data: bytes, at: int) -> bytes:
    """The plain form behind codec 1, from `at` on; never more than its checked length and one
    byte."""
    start = at + _PLAIN_LENGTH.size
    if len(data) < start:
        raise DecodeError("payload ends inside its plain length")
    (stated,) = _PLAIN_LENGTH.unpack_from(data, at)
    if stated > MAX_PLAIN_BYTES:
        raise DecodeError(f"payload states {stated} plain bytes, at most {MAX_PLAIN_BYTES} fit")
    if stated > MAX_INFLATION * (len(data) - start):
        raise DecodeError(
            f"payload states {stated} plain bytes for a stream of {len(data) - start},"
            f" at most {MAX_INFLATION} for each"
        )
    stream = zlib.decompressobj()
    try:
        # Room for one byte more tells a longer stream from an exact one, and is never zero,
        # which zlib would take for no limit at all.
        plain = stream.decompress(data[start:], stated + 1)
    except zlib.error as error:
        raise DecodeError(f"payload is no zlib stream: {error}") from error
    if len(plain) != stated or not stream.eof:
        raise DecodeError(f"payload does not inflate to the {stated} bytes it states")
    if stream.unused_data:
        raise DecodeError(f"{len(stream.unused_data)} bytes follow the zlib stream")
    return plain


def _most_in(stream: bytes) -> int:
    """Transactions that a stream may hold: no more than the same bytes could without it. That
    makes bytes cheaper, never entries."""
    return len(stream) // (TRANSACTION_OVERHEAD + 1)


def _decode_plain(plain: bytes, most: int = MAX_TRANSACTIONS) -> tuple[Segment, ...]:
    table, at = _read_table(plain, min(most, MAX_TRANSACTIONS))
    segments = []
    for rollup, ordering, lengths in table:
        ends = list(accumulate(lengths, initial=at))
        transactions = (plain[start:end] for start, end in pairwise(ends))
        segments.append(Segment(rollup, tuple(transactions), ordering))
        at = ends[-1]
    if at != len(plain):
        raise DecodeError(f"lengths end at byte {at}, the plain form at {len(plain)}")
    return tuple(segments)


def _read_table(
    plain: bytes, room: int
) -> tuple[list[tuple[RollupId, Ordering, tuple[int, ...]]], int]:
    """The ordering of each segment and the lengths of its transactions, at most `room`, and where
    the first one starts."""
    table = []
    previous = -1
    try:
        (segment_count,) = _SEGMENT_COUNT.unpack_from(plain)
        at = _SEGMENT_COUNT.size
        for _ in range(segment_count):
            rollup, ordering, count = _SEGMENT_HEAD.unpack_from(plain, at)
            at += _SEGMENT_HEAD.size
            if rollup <= previous:
                raise DecodeError(f"rollup {rollup} follows {previous}: not strictly ascending")
            if not 1 <= count <= room:
                raise DecodeError(f"rollup {rollup} has {count} transactions, expected 1 to {room}")
            lengths = struct.unpack_from(f">{count}I", plain, at)
            if not 1 <= min(lengths) <= max(lengths) <= MAX_TRANSACTION_BYTES:
                raise DecodeError(
                    f"rollup {rollup} has a transaction of {min(lengths)} or {max(lengths)} bytes, "
                    f"expected 1 to {MAX_TRANSACTION_BYTES}"
                )
            table.append((RollupId(rollup), unpack_ordering(ordering), lengths))
            at += TRANSACTION_OVERHEAD * count
            room -= count
            previous = rollup
    except struct.error as error:
        raise DecodeError(f"offset table is cut short: {error}") from error
    return table, at
