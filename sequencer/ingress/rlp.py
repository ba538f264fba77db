"""A strict RLP reader that visits only what is asked for.

The `rlp` library builds the whole tree first: 128 KiB of one-byte items cost it 390 ms, of
nested lists its recursion limit. Here the caller knows the shape, so the cost is bounded by the
fields it expects, and the items keep their place, so that a signing hash is taken from slices.
"""

from typing import NamedTuple

from sequencer.errors import DecodeError

_STRING, _LIST = 0x80, 0xC0
_LONGEST_SHORT = 55


class Item(NamedTuple):
    """Where an item's content lies in the bytes it was read from; the next starts at `end`."""

    is_list: bool
    start: int
    end: int


def read_item(data: bytes, at: int, limit: int) -> Item:
    """The item whose prefix is at `at` and whose content ends at or before `limit`.

    Raises `DecodeError` when it reaches over `limit`, or a shorter prefix would have done.
    """
    if at >= limit:
        raise DecodeError(f"RLP item expected at byte {at}, where the enclosing list ends")
    first = data[at]
    if first < _STRING:
        return Item(False, at, at + 1)
    is_list = first >= _LIST
    length = first - (_LIST if is_list else _STRING)
    start = at + 1
    if length > _LONGEST_SHORT:
        start += length - _LONGEST_SHORT
        length = int.from_bytes(data[at + 1 : start], "big")
        if start > limit or data[at + 1] == 0 or length <= _LONGEST_SHORT:
            raise DecodeError(f"RLP length at byte {at} is cut short or not minimal")
    end = start + length
    if end > limit:
        raise DecodeError(f"RLP item at byte {at} ends at {end}, its list at {limit}")
    if length == 1 and not is_list and data[start] < _STRING:
        raise DecodeError(f"RLP byte at {start} stands for itself, without a prefix")
    return Item(is_list, start, end)


def read_list(data: bytes, at: int, limit: int) -> Item:
    """As `read_item`, for a list."""
    item = read_item(data, at, limit)
    if not item.is_list:
        raise DecodeError(f"RLP list expected at byte {at}, found a string")
    return item


def read_string(data: bytes, item: Item) -> bytes:
    """The content of a string item."""
    if item.is_list:
        raise DecodeError(f"RLP string expected before byte {item.start}, found a list")
    return data[item.start : item.end]


def read_uint(data: bytes, item: Item, bits: int) -> int:
    """A minimal big-endian integer of at most `bits` bits."""
    content = read_string(data, item)
    if content[:1] == b"\x00":
        raise DecodeError(f"integer at byte {item.start} starts with a zero byte")
    if len(content) * 8 > bits:
        raise DecodeError(f"integer at byte {item.start} has {len(content)} bytes, not {bits} bits")
    return int.from_bytes(content, "big")


def encode_uint(value: int) -> bytes:
    """A non-negative integer below 2**440 as an RLP item."""
    if 0 < value < _STRING:
        return bytes([value])
    size = (value.bit_length() + 7) // 8
    return bytes([_STRING + size]) + value.to_bytes(size, "big")


def encode_string(value: bytes) -> bytes:
    """A byte string as an RLP item."""
    length = len(value)
    if length == 1 and value[0] < _STRING:
        return value
    if length <= _LONGEST_SHORT:
        return bytes([_STRING + length]) + value
    size = (length.bit_length() + 7) // 8
    return bytes([_STRING + _LONGEST_SHORT + size]) + length.to_bytes(size, "big") + value


def list_prefix(length: int) -> bytes:
    """What stands before the `length` bytes of a list's items."""
    if length <= _LONGEST_SHORT:
        return bytes([_LIST + length])
    size = (length.bit_length() + 7) // 8
    return bytes([_LIST + _LONGEST_SHORT + size]) + length.to_bytes(size, "big")
