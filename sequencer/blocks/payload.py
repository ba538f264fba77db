"""ENC-10: the payload of a block, as it is hashed, gossiped and posted.

The writer compresses as it likes; what counts are the bytes it chose. The reader accepts every
form ENC-10 allows, knows the inflated size before it inflates, and copies each transaction once.
"""

import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from sequencer.errors import DecodeError
from sequencer.types import RollupId

MAX_PLAIN_BYTES = 4 << 20
MAX_PAYLOAD_BYTES = 1 << 20
MAX_TRANSACTION_BYTES = 128 << 10
MAX_TRANSACTIONS = 20_000

PAYLOAD_OVERHEAD = 3
"""The codec byte and the segment count of a payload that is not compressed."""
SEGMENT_OVERHEAD = 8
"""What each rollup adds to the plain form besides its transactions."""
TRANSACTION_OVERHEAD = 4
"""What each transaction adds to the plain form besides its raw bytes."""

EMPTY_PAYLOAD = b"\x00\x00\x00"

_PLAIN, _ZLIB = 0, 1
_SEGMENT_COUNT = struct.Struct(">H")
_SEGMENT_HEAD = struct.Struct(">II")
_PLAIN_LENGTH = struct.Struct(">I")
_ZLIB_LEVEL = 6


@dataclass(frozen=True, slots=True)
class Segment:
    """The raw transactions of one rollup, in order; at least one."""

    rollup: RollupId
    transactions: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Payload:
    """Segments in ascending order of rollup id."""

    segments: tuple[Segment, ...]

    def __len__(self) -> int:
        """The number of transactions."""
        return sum(len(segment.transactions) for segment in self.segments)

    def __iter__(self) -> Iterator[tuple[RollupId, bytes]]:
        """Each transaction with its rollup, in payload order: ENC-11 counts positions so."""
        for segment in self.segments:
            for raw in segment.transactions:
                yield segment.rollup, raw


def encode_payload(
    segments: Sequence[tuple[RollupId, Sequence[bytes]]], *, compress: bool = True
) -> bytes:
    """The payload of `segments`; compressed if that is asked for and makes it smaller.

    Raises `ValueError` when the segments are no payload by ENC-10: the caller chose them.
    """
    plain = _encode_plain(segments)
    if len(plain) > MAX_PLAIN_BYTES:
        raise ValueError(f"plain form has {len(plain)} bytes, at most {MAX_PLAIN_BYTES} fit")
    payload = bytes([_PLAIN]) + plain
    if compress:
        packed = zlib.compress(plain, _ZLIB_LEVEL)
        if _PLAIN_LENGTH.size + len(packed) < len(plain):
            payload = bytes([_ZLIB]) + _PLAIN_LENGTH.pack(len(plain)) + packed
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise ValueError(f"payload has {len(payload)} bytes, at most {MAX_PAYLOAD_BYTES} fit")
    return payload


def decode_payload(data: bytes) -> Payload:
    """The transactions of a payload; raises `DecodeError` for whatever ENC-10 does not allow."""
    if len(data) > MAX_PAYLOAD_BYTES:
        raise DecodeError(f"payload has {len(data)} bytes, at most {MAX_PAYLOAD_BYTES} fit")
    if not data:
        raise DecodeError("payload has no codec byte")
    codec = data[0]
    if codec == _PLAIN:
        return _decode_plain(data[1:])
    if codec == _ZLIB:
        return _decode_plain(_inflate(data))
    raise DecodeError(f"payload codec {codec}, expected {_PLAIN} or {_ZLIB}")


def _encode_plain(segments: Sequence[tuple[RollupId, Sequence[bytes]]]) -> bytes:
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
        table.append(_SEGMENT_HEAD.pack(rollup, len(lengths)))
        table.append(struct.pack(f">{len(lengths)}I", *lengths))
    for _, transactions in segments:
        table.extend(transactions)
    return b"".join(table)


def _inflate(data: bytes) -> bytes:
    """The plain form behind codec 1, never more than its checked length and one byte."""
    start = 1 + _PLAIN_LENGTH.size
    if len(data) < start:
        raise DecodeError("payload ends inside its plain length")
    (stated,) = _PLAIN_LENGTH.unpack_from(data, 1)
    if stated > MAX_PLAIN_BYTES:
        raise DecodeError(f"payload states {stated} plain bytes, at most {MAX_PLAIN_BYTES} fit")
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


def _decode_plain(plain: bytes) -> Payload:
    table, at = _read_table(plain)
    segments = []
    for rollup, lengths in table:
        ends = list(accumulate(lengths, initial=at))
        transactions = (plain[start:end] for start, end in pairwise(ends))
        segments.append(Segment(rollup, tuple(transactions)))
        at = ends[-1]
    if at != len(plain):
        raise DecodeError(f"lengths end at byte {at}, the plain form at {len(plain)}")
    return Payload(tuple(segments))


def _read_table(plain: bytes) -> tuple[list[tuple[RollupId, tuple[int, ...]]], int]:
    """The lengths of each segment's transactions, and where the first transaction starts."""
    table = []
    room = MAX_TRANSACTIONS
    previous = -1
    try:
        (segment_count,) = _SEGMENT_COUNT.unpack_from(plain)
        at = _SEGMENT_COUNT.size
        for _ in range(segment_count):
            rollup, count = _SEGMENT_HEAD.unpack_from(plain, at)
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
            table.append((RollupId(rollup), lengths))
            at += TRANSACTION_OVERHEAD * count
            room -= count
            previous = rollup
    except struct.error as error:
        raise DecodeError(f"offset table is cut short: {error}") from error
    return table, at
