"""The strict reader against the `rlp` library: the same trees, and the same refusals."""

import pytest
import rlp as library
from hypothesis import given
from hypothesis import strategies as st

from sequencer.errors import DecodeError
from sequencer.ingress.rlp import (
    Item,
    encode_uint,
    list_prefix,
    read_item,
    read_list,
    read_string,
    read_uint,
)

Tree = bytes | list["Tree"]

TREES: st.SearchStrategy[Tree] = st.recursive(
    st.binary(max_size=70), lambda inner: st.lists(inner, max_size=5), max_leaves=12
)


def read_tree(data: bytes, item: Item) -> Tree:
    if not item.is_list:
        return read_string(data, item)
    children: list[Tree] = []
    at = item.start
    while at < item.end:
        child = read_item(data, at, item.end)
        children.append(read_tree(data, child))
        at = child.end
    return children


def read_whole(data: bytes) -> Tree:
    item = read_item(data, 0, len(data))
    if item.end != len(data):
        raise DecodeError("trailing bytes")
    return read_tree(data, item)


@given(TREES)
def test_read__what_the_library_wrote__gives_the_tree_back(tree: Tree) -> None:
    assert read_whole(library.encode(tree)) == tree


@given(st.binary(max_size=80) | TREES.map(library.encode), st.data())
def test_read__any_bytes__is_what_the_library_reads_or_refuses(
    data: bytes, choice: st.DataObject
) -> None:
    if data:
        changed = bytearray(data)
        changed[choice.draw(st.integers(0, len(data) - 1))] = choice.draw(st.integers(0, 255))
        data = bytes(changed)
    try:
        expected = library.decode(data, strict=True)
    except library.DecodingError:
        with pytest.raises(DecodeError):
            read_whole(data)
    else:
        assert read_whole(data) == expected


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ("", "expected at byte 0"),
        ("8100", "stands for itself"),
        ("817f", "stands for itself"),
        ("81", "ends at 2"),
        ("820102", None),
        ("8201", "ends at 3"),
        ("b800", "not minimal"),
        ("b837" + "00" * 55, "not minimal"),
        ("b838" + "00" * 56, None),
        ("b838" + "00" * 55, "ends at 58"),
        ("b90038" + "00" * 56, "not minimal"),
        ("b9", "not minimal"),
        ("bf" + "ff" * 8, "ends at"),
        ("f800", "not minimal"),
        ("f838" + "80" * 56, None),
        ("c281ff", None),
        ("c181", "ends at"),
    ],
)
def test_read__prefixes__are_minimal_and_stay_inside(data: str, problem: str | None) -> None:
    if problem is None:
        read_whole(bytes.fromhex(data))
        return
    with pytest.raises(DecodeError, match=problem):
        read_whole(bytes.fromhex(data))


@pytest.mark.parametrize(("limit", "fits"), [(4, True), (3, False)])
def test_read__an_item_that_leaves_its_list__is_refused(limit: int, fits: bool) -> None:
    data = bytes.fromhex("83010203ff")
    if fits:
        assert read_item(data, 0, limit) == Item(False, 1, 4)
    else:
        with pytest.raises(DecodeError):
            read_item(data, 0, limit)


def test_read__kinds__are_told_apart() -> None:
    assert read_list(b"\xc0", 0, 1) == Item(True, 1, 1)
    with pytest.raises(DecodeError, match="found a string"):
        read_list(b"\x80", 0, 1)
    with pytest.raises(DecodeError, match="found a list"):
        read_string(b"\xc0", Item(True, 1, 1))


@given(st.integers(0, 2**256 - 1))
def test_uint__any__is_as_the_library_writes_it(value: int) -> None:
    data = encode_uint(value)
    assert data == library.encode(value)
    assert read_uint(data, read_item(data, 0, len(data)), 256) == value


@pytest.mark.parametrize(
    ("content", "bits", "problem"),
    [
        (b"\x00", 64, "zero byte"),
        (b"\x00\x01", 64, "zero byte"),
        (b"\x01" + bytes(8), 64, "has 9 bytes"),
        (b"\x01" + bytes(32), 256, "has 33 bytes"),
    ],
)
def test_uint__not_minimal_or_too_large__is_refused(
    content: bytes, bits: int, problem: str
) -> None:
    data = library.encode(content)
    with pytest.raises(DecodeError, match=problem):
        read_uint(data, read_item(data, 0, len(data)), bits)


@pytest.mark.parametrize("length", [0, 1, 55, 56, 255, 256, 65535, 65536])
def test_list_prefix__at_every_edge__is_as_the_library_writes_it(length: int) -> None:
    assert list_prefix(length) + bytes(length) == library.encode([b"\x00"] * length)
