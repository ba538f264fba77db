"""Batch data as blobs and back (ENC-14), one to one: data has one filling, and a reader refuses
every other.

What it takes to know a blob by its hash is in `crypto/kzg.py`.
"""

from collections.abc import Sequence

from sequencer.crypto.hashing import keccak
from sequencer.errors import DecodeError
from sequencer.types import ZERO_HASH, Hash32

FIELD_ELEMENTS = 4_096
ELEMENT_BYTES = 32
BLOB_BYTES = FIELD_ELEMENTS * ELEMENT_BYTES
MAX_BLOBS = 6
"""Of one batch: what L1 lets one transaction carry (EIP-7594)."""
_PIECE_BYTES = ELEMENT_BYTES - 1
"""Behind a zero byte, so that the element is below the field's modulus."""
_FILLED_BYTES = FIELD_ELEMENTS * _PIECE_BYTES
_LENGTH_BYTES = 4
MAX_BLOB_DATA_BYTES = MAX_BLOBS * _FILLED_BYTES - _LENGTH_BYTES


def has_blob_form(data_length: int, blob_bytes_min: int) -> bool:
    """BATCH-6: whether data of this length goes as blobs too."""
    return blob_bytes_min <= data_length <= MAX_BLOB_DATA_BYTES


def blobs_needed(data_length: int) -> int:
    """How many blobs hold data of this length."""
    return -(-(_LENGTH_BYTES + data_length) // _FILLED_BYTES)


def blobs_hash(versioned_hashes: Sequence[bytes]) -> Hash32:
    """What a batch or a post states of its blobs; zero for none."""
    return keccak(*versioned_hashes) if versioned_hashes else ZERO_HASH


def encode_blobs(data: bytes) -> tuple[bytes, ...]:
    """The blobs of at most `MAX_BLOB_DATA_BYTES` of data, `BLOB_BYTES` each."""
    if len(data) > MAX_BLOB_DATA_BYTES:
        raise ValueError(f"{len(data)} bytes do not fit {MAX_BLOBS} blobs")
    plain = len(data).to_bytes(_LENGTH_BYTES, "big") + data
    plain += bytes(-len(plain) % _FILLED_BYTES)
    return tuple(
        _fill(plain[at : at + _FILLED_BYTES]) for at in range(0, len(plain), _FILLED_BYTES)
    )


def decode_blobs(blobs: Sequence[bytes]) -> bytes:
    """The data. Raises `DecodeError` for anything that `encode_blobs` would not write."""
    if not 1 <= len(blobs) <= MAX_BLOBS:
        raise DecodeError(f"{len(blobs)} blobs, expected 1 to {MAX_BLOBS}")
    plain = b"".join(_read(blob) for blob in blobs)
    end = _LENGTH_BYTES + int.from_bytes(plain[:_LENGTH_BYTES], "big")
    if blobs_needed(end - _LENGTH_BYTES) != len(blobs):
        raise DecodeError(f"{end - _LENGTH_BYTES} bytes of data in {len(blobs)} blobs")
    if plain.count(0, end) != len(plain) - end:
        raise DecodeError(f"blobs are not zero after {end - _LENGTH_BYTES} bytes of data")
    return plain[_LENGTH_BYTES:end]


def _fill(plain: bytes) -> bytes:
    """A blob. Element by element: byte `at` of each stands `ELEMENT_BYTES` after the last one."""
    blob = bytearray(BLOB_BYTES)
    for at in range(_PIECE_BYTES):
        blob[at + 1 :: ELEMENT_BYTES] = plain[at::_PIECE_BYTES]
    return bytes(blob)


def _read(blob: bytes) -> bytes:
    if len(blob) != BLOB_BYTES:
        raise DecodeError(f"a blob has {len(blob)} bytes, expected {BLOB_BYTES}")
    if any(blob[::ELEMENT_BYTES]):
        raise DecodeError("a field element of a blob does not begin with a zero byte")
    plain = bytearray(_FILLED_BYTES)
    for at in range(_PIECE_BYTES):
        plain[at::_PIECE_BYTES] = blob[at + 1 :: ELEMENT_BYTES]
    return bytes(plain)
