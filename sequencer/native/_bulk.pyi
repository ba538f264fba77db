"""The compiled `bulk.c`. Raises `TypeError`, `ValueError` or `OverflowError` for arguments of
another shape; nothing here judges what a peer sent."""

from collections.abc import Sequence
from typing import TypeVar

_Transaction = TypeVar("_Transaction")

def connect(context: int, parse: int, recover: int, serialize: int) -> None:
    """Gives libsecp256k1: the address of its context and of the functions
    `secp256k1_ecdsa_recoverable_signature_parse_compact`, `secp256k1_ecdsa_recover` and
    `secp256k1_ec_pubkey_serialize`."""

def decode(
    raws: Sequence[bytes],
    chain_ids: Sequence[int],
    transaction: type[_Transaction],
    most_bytes: int,
    hints: list[bytes] | None = None,
    /,
) -> list[_Transaction | None]:
    """Each of `raws` as `decode_transaction` reads it for its chain (below 2**64), or None where it
    has to be asked itself; to `hints` one is added for each. Without Python's lock for the most
    part."""

def verify(
    raws: Sequence[bytes],
    chain_ids: Sequence[int],
    transaction: type[_Transaction],
    most_bytes: int,
    hints: Sequence[bytes],
    random: bytes,
    /,
) -> list[_Transaction | None]:
    """As `decode`, for what a hint shows, with 16 random bytes for each that nobody knew. Not there
    if the helper was built without libsecp256k1's source."""

def hash_each(parts: Sequence[bytes]) -> list[bytes]:
    """The keccak of each."""

def leaves(entries: bytes) -> bytes:
    """The leaf hashes of a block's transactions, from entries of rollup (4 bytes), transaction
    hash and order key (16 bytes)."""

def root(packed: bytes) -> bytes:
    """The Merkle root over leaf hashes one behind the other; the zero word for none."""
