"""ENC-14: batch data as blobs, one to one.

encode, decode
├── any data that fits: comes back, in as few blobs as hold it
├── too long: refused by the writer
└── read
    ├── changed anywhere: refused, or other data that is written just so
    ├── a blob too many or too few, one that could have been left out: refused
    ├── an element that does not begin with zero, bytes after the data: refused
    └── not the length of a blob: refused
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.batches.blobs import (
    BLOB_BYTES,
    MAX_BLOB_DATA_BYTES,
    MAX_BLOBS,
    blobs_hash,
    blobs_needed,
    decode_blobs,
    encode_blobs,
    has_blob_form,
)
from sequencer.crypto.hashing import keccak
from sequencer.errors import DecodeError
from sequencer.types import ZERO_HASH

FULL = 31 * 4_096 - 4
"""Bytes of data that fill one blob."""


def data_of(length: int, seed: bytes = b"data") -> bytes:
    """Of any length, quickly."""
    return (keccak(seed) * (length // 32 + 1))[:length]


def plain_encoding(data: bytes) -> tuple[bytes, ...]:
    """ENC-14 word by word."""
    stream = len(data).to_bytes(4, "big") + data
    pieces = [stream[at : at + 31].ljust(31, b"\0") for at in range(0, len(stream), 31)]
    elements = [b"\0" + piece for piece in pieces]
    blobs = [b"".join(elements[at : at + 4_096]) for at in range(0, len(elements), 4_096)]
    return tuple(blob.ljust(BLOB_BYTES, b"\0") for blob in blobs)


@pytest.mark.parametrize(
    ("length", "count"),
    [(0, 1), (1, 1), (27, 1), (28, 1), (FULL, 1), (FULL + 1, 2), (MAX_BLOB_DATA_BYTES, 6)],
)
def test_encode__is_the_rule_word_by_word(length: int, count: int) -> None:
    data = data_of(length)
    blobs = encode_blobs(data)
    assert blobs == plain_encoding(data)
    assert len(blobs) == blobs_needed(length) == count
    assert decode_blobs(blobs) == data


@given(st.binary(max_size=200), st.integers(0, 2), st.integers(-40, 40))
def test_decode__what_was_encoded__comes_back(data: bytes, blobs: int, beside: int) -> None:
    data += data_of(max(0, blobs * 31 * 4_096 - 4 + beside - len(data)))
    encoded = encode_blobs(data)
    assert decode_blobs(encoded) == data
    assert len(encoded) == blobs_needed(len(data))


def test_encode__too_long__is_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        encode_blobs(bytes(MAX_BLOB_DATA_BYTES + 1))


@given(st.integers(0, FULL), st.integers(0, BLOB_BYTES - 1), st.integers(1, 255))
def test_decode__a_changed_byte__is_refused_or_is_other_data(
    length: int, at: int, change: int
) -> None:
    (blob,) = encode_blobs(data_of(length))
    other = bytearray(blob)
    other[at] ^= change
    try:
        found = decode_blobs([bytes(other)])
    except DecodeError:
        return
    assert found != data_of(length)
    assert encode_blobs(found) == (bytes(other),)


@given(st.lists(st.binary(max_size=100), max_size=8))
def test_decode__anything_else__is_refused(blobs: list[bytes]) -> None:
    with pytest.raises(DecodeError):
        decode_blobs(blobs)


BLOB, EMPTY = encode_blobs(b"data")[0], bytes(BLOB_BYTES)
LONG = encode_blobs(data_of(FULL + 1))


@pytest.mark.parametrize(
    ("blobs", "complaint"),
    [
        ([], "0 blobs"),
        ([EMPTY] * (MAX_BLOBS + 1), "7 blobs"),
        ([BLOB, EMPTY], "4 bytes of data in 2 blobs"),
        ([LONG[0]], "in 1 blobs"),
        ([LONG[1], LONG[0]], "."),
        ([b"\0\xff\xff\xff\xff" + BLOB[5:]], "4294967295 bytes of data"),
        ([b"\x01" + BLOB[1:]], "zero byte"),
        ([BLOB[:-1] + b"\x01"], "not zero after 4 bytes"),
        ([BLOB[:9] + b"\x01" + BLOB[10:]], "not zero after 4 bytes"),
        ([BLOB[:-1]], "131071 bytes"),
        ([BLOB + b"\0"], "131073 bytes"),
    ],
)
def test_decode__another_filling__is_refused(blobs: list[bytes], complaint: str) -> None:
    with pytest.raises(DecodeError, match=complaint):
        decode_blobs(blobs)


@pytest.mark.parametrize(
    ("length", "expected"),
    [(99, False), (100, True), (MAX_BLOB_DATA_BYTES, True), (MAX_BLOB_DATA_BYTES + 1, False)],
)
def test_has_blob_form__from_the_minimum_to_what_fits(length: int, expected: bool) -> None:
    """BATCH-6."""
    assert has_blob_form(length, 100) is expected


def test_blobs_hash__of_none__is_zero() -> None:
    assert blobs_hash([]) == ZERO_HASH
    assert blobs_hash([b"\x01" * 32, b"\x02" * 32]) == keccak(b"\x01" * 32 + b"\x02" * 32)
