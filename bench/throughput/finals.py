"""When a transaction was final on a node: 16 bytes each in a file, the id and the monotonic time in
ns. Clocks of processes on one machine are the same one."""

import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench.throughput.transactions import ID_BYTES

RECORD_BYTES = ID_BYTES + 8
_record = struct.Struct(f"<{ID_BYTES}sQ")


def encode_finals(hashes: Iterable[bytes], now_ns: int) -> bytes:
    """Records of transactions that are final now."""
    stamp = now_ns.to_bytes(8, "little")
    return b"".join(part for tx_hash in hashes for part in (tx_hash[:ID_BYTES], stamp))


def read_finals(path: Path, start: int = 0) -> Iterator[tuple[bytes, int]]:
    """Ids and times from a record on, in the order of the file."""
    with path.open("rb") as file:
        file.seek(start * RECORD_BYTES)
        content = file.read()
    yield from _record.iter_unpack(content[: len(content) // RECORD_BYTES * RECORD_BYTES])


def count_finals(path: Path) -> int:
    return path.stat().st_size // RECORD_BYTES if path.exists() else 0
