"""Signed transactions for load: real EIP-1559 ones, made once and kept in files.

Accounts stand in groups of `LANES`; a group's transactions are in the order of their nonces, so
that each `LANES` of them hold one of every account. A group goes over one connection, or its nonces
would overtake each other. Keys are numbers, the same in every run: a file is made when it is asked
for first, on all processors.
"""

import hashlib
import multiprocessing
import os
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from pathlib import Path

import msgspec
from coincurve import PrivateKey

from sequencer.crypto.hashing import keccak
from sequencer.crypto.signatures import public_key_address
from sequencer.ingress import rlp

LANES = 100
DEPTH = 8
"""Transactions of one account, where nothing else is said: well within a mempool's lane."""
CHUNK = 25_600
"""Transactions in a file."""
SMALL, LARGE = 166, 1_024
"""Bytes of a transaction; one in a hundred has a byte less, for a signature with a leading zero."""
ID_BYTES = 8
"""Of a transaction's hash, by which it is told here."""

_GAS_LIMIT = 100_000
_MAX_FEE_WEI, _PRIORITY_FEE_WEI = 10 * 10**9, 10**9
_OVERHEADS = {SMALL: 113, LARGE: 116}
"""Bytes of a transaction besides its data."""


class Chunk(msgspec.Struct, frozen=True):
    """Consecutive transactions, as in the file."""

    lengths: bytes
    ids: bytes
    raw: bytes

    def part(self, first: int, count: int) -> list[bytes]:
        """Some of its transactions."""
        lengths = array("H", self.lengths)
        ends = accumulate(lengths[first : first + count], initial=sum(lengths[:first]))
        return [self.raw[start:end] for start, end in pairwise(ends)]

    def id(self, number: int) -> bytes:
        """Of one of its transactions."""
        return self.ids[number * ID_BYTES : (number + 1) * ID_BYTES]


@dataclass(frozen=True, slots=True)
class Pool:
    """The transactions of one kind: for these chains, of about this many bytes, and so many of each
    account. Group g is for rollup g modulo the rollups."""

    folder: str
    chain_ids: tuple[int, ...]
    size: int = SMALL
    depth: int = DEPTH

    @property
    def group(self) -> int:
        """Transactions of a group."""
        return LANES * self.depth

    @property
    def chunk_groups(self) -> int:
        """Groups in a file."""
        return CHUNK // self.group

    def path(self, chunk: int) -> Path:
        chains = f"{self.chain_ids[0]}x{len(self.chain_ids)}"
        return Path(self.folder) / f"{chains}-{self.size}-{self.depth}-{chunk}.bin"

    def ensure(self, first: int, groups: int) -> None:
        """Make the files of these groups that are missing."""
        chunks = range(first // self.chunk_groups, (first + groups - 1) // self.chunk_groups + 1)
        missing = [(self, chunk) for chunk in chunks if not self.path(chunk).exists()]
        if missing:
            Path(self.folder).mkdir(parents=True, exist_ok=True)
            with multiprocessing.get_context("spawn").Pool(os.cpu_count()) as workers:
                workers.starmap(make_chunk, missing, chunksize=1)

    def sign_group(self, group: int) -> list[bytes]:
        chain_id, accounts = self.chain_ids[group % len(self.chain_ids)], keys(group)
        return [
            sign(key, chain_id, nonce, _data(group * LANES + lane, nonce, self.size))
            for nonce in range(self.depth)
            for lane, key in enumerate(accounts)
        ]


def make_chunk(pool: Pool, chunk: int) -> None:
    """Sign what belongs into a file, and write it in one step."""
    first = chunk * pool.chunk_groups
    groups = range(first, first + pool.chunk_groups)
    signed = [raw for group in groups for raw in pool.sign_group(group)]
    content = Chunk(
        array("H", map(len, signed)).tobytes(),
        b"".join(keccak(raw)[:ID_BYTES] for raw in signed),
        b"".join(signed),
    )
    partial = pool.path(chunk).with_suffix(f".{os.getpid()}")
    partial.write_bytes(msgspec.msgpack.encode(content))
    partial.replace(pool.path(chunk))


def read_chunk(path: Path) -> Chunk:
    return msgspec.msgpack.decode(path.read_bytes(), type=Chunk)


def keys(group: int) -> list[PrivateKey]:
    """The keys of a group's accounts."""
    first = group * LANES + 1
    return [PrivateKey(number.to_bytes(32, "big")) for number in range(first, first + LANES)]


def senders(groups: Sequence[int]) -> list[bytes]:
    """The addresses of all accounts of these groups, for chains that want them to have money."""
    return [public_key_address(key.public_key) for group in groups for key in keys(group)]


def sign(key: PrivateKey, chain_id: int, nonce: int, data: bytes) -> bytes:
    """An EIP-1559 transaction that carries `data` to an address and moves nothing."""
    fields = b"".join(
        (
            rlp.encode_uint(chain_id),
            rlp.encode_uint(nonce),
            rlp.encode_uint(_PRIORITY_FEE_WEI),
            rlp.encode_uint(_MAX_FEE_WEI),
            rlp.encode_uint(_GAS_LIMIT),
            rlp.encode_string(b"\x11" * 20),
            rlp.encode_uint(0),
            rlp.encode_string(data),
            b"\xc0",
        )
    )
    digest = keccak(b"\x02", rlp.list_prefix(len(fields)), fields)
    signature = key.sign_recoverable(digest, hasher=None)
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    signed = b"".join((fields, *map(rlp.encode_uint, (signature[64], r, s))))
    return b"\x02" + rlp.list_prefix(len(signed)) + signed


def _data(account: int, nonce: int, size: int) -> bytes:
    """Bytes that do not compress, for a transaction of `size` bytes."""
    length = size - _OVERHEADS[size]
    seed = account.to_bytes(8, "big") + nonce.to_bytes(8, "big")
    return hashlib.shake_128(seed).digest(length)
