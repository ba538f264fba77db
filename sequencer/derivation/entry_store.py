"""The derived entries in a SQLite file, so that a list of any length takes little memory.

The file is a cache of L1: it is made afresh at each start (P37).
"""

import sqlite3
from collections.abc import Iterable
from pathlib import Path

import msgspec

from sequencer.derivation.entries import Entry, Source
from sequencer.errors import LocalFault
from sequencer.types import BatchIndex, Hash32, RollupId

_SCHEMA = """
CREATE TABLE entries (
    rollup INTEGER, number INTEGER, hash BLOB, l1_block INTEGER, record BLOB,
    PRIMARY KEY (rollup, number)
) WITHOUT ROWID;
CREATE INDEX by_hash ON entries (rollup, hash);
CREATE INDEX by_l1_block ON entries (l1_block);
"""


class _Record(msgspec.Struct, frozen=True, array_like=True):
    source: str
    position: int
    batch_index: int | None
    transaction: bytes
    running_hash: bytes
    skipped: str | None


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Record)

_Row = tuple[int, int, bytes, int, bytes]


class EntryStore:
    """Entries by rollup and position. One thread."""

    def __init__(self, path: Path) -> None:
        """Starts empty: what is at `path` is replaced. Raises `LocalFault`."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.executescript("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY;")
            self._db.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise LocalFault(f"{path}: {error}") from error

    def close(self) -> None:
        self._db.close()

    def add(self, entries: Iterable[Entry]) -> None:
        """All or none."""
        self._db.execute("BEGIN")
        self._db.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?)", map(_to_row, entries))
        self._db.execute("COMMIT")

    def drop_after(self, l1_block: int) -> None:
        """Forget what L1 blocks above this one had added (DERIVE-9)."""
        self._db.execute("DELETE FROM entries WHERE l1_block > ?", (l1_block,))

    def read(self, rollup: RollupId, first: int, limit: int) -> list[Entry]:
        """Up to `limit` entries of a rollup from position `first` on."""
        rows = self._db.execute(
            "SELECT * FROM entries WHERE rollup = ? AND number >= ? ORDER BY number LIMIT ?",
            (rollup, first, limit),
        )
        return [_to_entry(row) for row in rows]

    def find(self, rollup: RollupId, transaction_hash: Hash32) -> list[Entry]:
        """Every place a transaction has in a rollup's list (DERIVE-8), at most 16."""
        rows = self._db.execute(
            "SELECT * FROM entries WHERE rollup = ? AND hash = ? ORDER BY number LIMIT 16",
            (rollup, transaction_hash),
        )
        return [_to_entry(row) for row in rows]


def _to_row(entry: Entry) -> _Row:
    record = _Record(
        entry.source.value,
        entry.position,
        entry.batch_index,
        entry.transaction,
        entry.running_hash,
        entry.skipped,
    )
    return (
        entry.rollup_id,
        entry.index,
        entry.transaction_hash,
        entry.l1_block,
        _encoder.encode(record),
    )


def _to_entry(row: _Row) -> Entry:
    rollup, number, transaction_hash, l1_block, record = row
    found = _decoder.decode(record)
    return Entry(
        RollupId(rollup),
        number,
        Source(found.source),
        found.position,
        None if found.batch_index is None else BatchIndex(found.batch_index),
        l1_block,
        Hash32(transaction_hash),
        found.transaction,
        Hash32(found.running_hash),
        found.skipped,
    )
