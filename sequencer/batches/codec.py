"""Batch data (ENC-13): the bytes that L1 holds, from which anyone rebuilds the blocks.

One batch has one encoding, so the reader refuses every other way to write the same values. It
knows the lists of one batch and reads nothing deeper, whatever the bytes nest.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sequencer.blocks.header import Block, Header
from sequencer.crypto.hashing import keccak
from sequencer.errors import DecodeError
from sequencer.ingress import rlp
from sequencer.ordering.order import root_of
from sequencer.types import U64_MAX, Address, Epoch, Hash32, Height, View

VERSION = 1
BLOCK_OVERHEAD_BYTES = 128
"""More than a block adds to the data besides its payload (BATCH-2)."""
MAX_DATA_BYTES = 4 << 20


@dataclass(frozen=True, slots=True)
class BatchData:
    """The blocks of a batch, at least one, and where they start."""

    epoch: Epoch
    parent_hash: Hash32
    first_height: Height
    blocks: tuple[Block, ...]


def encode_batch_data(blocks: Sequence[Block]) -> bytes:
    """The data of consecutive blocks of one epoch, at least one."""
    first = blocks[0].header
    rows = []
    previous_origin = None
    for block in blocks:
        header = block.header
        is_same_origin = header.origin_number == previous_origin
        previous_origin = header.origin_number
        rows.append(
            _list(
                rlp.encode_uint(header.view),
                rlp.encode_uint(header.timestamp_ms),
                rlp.encode_uint(header.origin_number),
                rlp.encode_string(b"" if is_same_origin else header.origin_hash),
                rlp.encode_uint(0 if is_same_origin else header.origin_timestamp),
                rlp.encode_uint(header.forced_count),
                rlp.encode_string(header.proposer),
                rlp.encode_string(block.payload),
            )
        )
    return bytes([VERSION]) + _list(
        rlp.encode_uint(first.epoch),
        rlp.encode_string(first.parent_hash),
        rlp.encode_uint(first.height),
        _list(*rows),
    )


def decode_batch_data(data: bytes) -> BatchData:
    """The blocks, headers rebuilt and linked, payloads known to decode.

    Raises `DecodeError` for anything that `encode_batch_data` would not write. Not checked: what
    the headers say (CERT-8); the certificate answers for it.
    """
    if len(data) > MAX_DATA_BYTES:
        raise DecodeError(f"batch data has {len(data)} bytes, at most {MAX_DATA_BYTES} fit")
    if data[:1] != bytes([VERSION]):
        raise DecodeError(f"batch data starts with 0x{data[:1].hex()}, expected version {VERSION}")
    whole = _Reader(data, 1, len(data))
    fields = whole.list()
    whole.finish()
    epoch = Epoch(fields.u64())
    parent_hash = Hash32(fields.fixed(32))
    first_height = Height(fields.u64())
    rows = fields.list()
    fields.finish()
    blocks = tuple(_read_blocks(rows, epoch, parent_hash, first_height))
    if not blocks:
        raise DecodeError("batch data has no blocks")
    return BatchData(epoch, parent_hash, first_height, blocks)


def _read_blocks(
    rows: "_Reader", epoch: Epoch, parent_hash: Hash32, height: Height
) -> Iterator[Block]:
    origin_number, origin_hash, origin_timestamp = -1, Hash32(b""), 0
    while not rows.is_finished:
        row = rows.list()
        view, timestamp_ms, number = View(row.u64()), row.u64(), row.u64()
        if number == origin_number:
            row.fixed(0)
            row.fixed(0)
        else:
            origin_number = number
            origin_hash, origin_timestamp = Hash32(row.fixed(32)), row.u64()
        forced_count, proposer, payload = row.u64(), Address(row.fixed(20)), row.string()
        row.finish()
        if height > U64_MAX:
            raise DecodeError(f"height {height} does not fit 64 bits")
        header = Header(
            epoch=epoch,
            height=height,
            view=view,
            timestamp_ms=timestamp_ms,
            parent_hash=parent_hash,
            payload_hash=keccak(payload),
            payload_length=len(payload),
            transaction_root=root_of(payload, parent_hash),
            origin_number=origin_number,
            origin_hash=origin_hash,
            origin_timestamp=origin_timestamp,
            forced_count=forced_count,
            proposer=proposer,
        )
        yield Block(header, payload)
        parent_hash, height = header.hash, Height(height + 1)


def _list(*items: bytes) -> bytes:
    content = b"".join(items)
    return rlp.list_prefix(len(content)) + content


class _Reader:
    """The items of one list, taken one after another."""

    __slots__ = ("_at", "_data", "_end")

    def __init__(self, data: bytes, start: int, end: int) -> None:
        self._data = data
        self._at = start
        self._end = end

    @property
    def is_finished(self) -> bool:
        return self._at == self._end

    def finish(self) -> None:
        if not self.is_finished:
            raise DecodeError(f"{self._end - self._at} bytes left over at byte {self._at}")

    def list(self) -> "_Reader":
        item = rlp.read_list(self._data, self._at, self._end)
        self._at = item.end
        return _Reader(self._data, item.start, item.end)

    def string(self) -> bytes:
        return rlp.read_string(self._data, self._next())

    def fixed(self, length: int) -> bytes:
        at = self._at
        value = self.string()
        if len(value) != length:
            raise DecodeError(f"{len(value)} bytes at byte {at}, expected {length}")
        return value

    def u64(self) -> int:
        return rlp.read_uint(self._data, self._next(), 64)

    def _next(self) -> rlp.Item:
        item = rlp.read_item(self._data, self._at, self._end)
        self._at = item.end
        return item
