"""The derived entries, the forced messages and the answers to challenges in a SQLite file, so that
lists of any length take little memory.

The file is a cache of L1: it is made afresh at each start (P37).
"""

import sqlite3
from collections.abc import Iterable
from pathlib import Path

import msgspec

from sequencer.blocks.held import HeldEntry
from sequencer.derivation.entries import Entry, QueuedMessage, Source
from sequencer.errors import LocalFault
from sequencer.l1.events import MessageKind
from sequencer.types import Address, BatchIndex, Hash32, RollupId

_SCHEMA = """
CREATE TABLE entries (
    rollup INTEGER, number INTEGER, hash BLOB, l1_block INTEGER, message INTEGER, record BLOB,
    held BLOB, voids BLOB,
    PRIMARY KEY (rollup, number)
) WITHOUT ROWID;
CREATE TABLE messages (number INTEGER PRIMARY KEY, l1_block INTEGER, record BLOB);
CREATE TABLE answers (
    hash BLOB, l1_block INTEGER, data BLOB, PRIMARY KEY (hash, l1_block)
) WITHOUT ROWID;
CREATE INDEX by_hash ON entries (rollup, hash);
CREATE INDEX by_l1_block ON entries (l1_block);
CREATE INDEX by_message ON entries (message) WHERE message IS NOT NULL;
CREATE INDEX by_held ON entries (rollup, held) WHERE held IS NOT NULL;
CREATE INDEX by_voids ON entries (rollup, voids) WHERE voids IS NOT NULL;
CREATE INDEX messages_by_l1_block ON messages (l1_block);
CREATE INDEX answers_by_l1_block ON answers (l1_block);
"""


class _Record(msgspec.Struct, frozen=True, array_like=True):
    source: str
    position: int
    batch_index: int | None
    transaction: bytes
    running_hash: bytes
    skipped: str | None
    kind: int
    sender: bytes | None
    gas_limit: int | None
    held: tuple[int, bytes] | None
    """Length and hash of a held segment."""


class _Queued(msgspec.Struct, frozen=True, array_like=True):
    rollup: int
    kind: int
    sender: bytes
    gas_limit: int
    due_at: int
    hash: bytes


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(_Record)
_queued_decoder = msgspec.msgpack.Decoder(_Queued)

_Row = tuple[int, int, bytes, int, int | None, bytes, bytes | None, bytes | None]
_MessageRow = tuple[int, int, bytes]
Answer = tuple[Hash32, int, bytes]
"""The hash of the data, the L1 block that has it, and the data."""


class EntryStore:
    """Entries by rollup and position, messages by index. One thread."""

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

    def add(
        self,
        entries: Iterable[Entry],
        messages: Iterable[QueuedMessage] = (),
        answers: Iterable[Answer] = (),
    ) -> None:
        """All or none."""
        self._db.execute("BEGIN")
        self._db.executemany(
            "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?)", map(_to_row, entries)
        )
        self._db.executemany(
            "INSERT INTO messages VALUES (?, ?, ?)", map(_to_message_row, messages)
        )
        self._db.executemany("INSERT OR IGNORE INTO answers VALUES (?, ?, ?)", answers)
        self._db.execute("COMMIT")

    def drop_after(self, l1_block: int) -> None:
        """Forget what L1 blocks above this one had added (DERIVE-9). Answers too, though their
        bytes would still be right: so the file holds what L1 does, and no storm of reorgs fills it.
        """
        self._db.execute("BEGIN")
        self._db.execute("DELETE FROM entries WHERE l1_block > ?", (l1_block,))
        self._db.execute("DELETE FROM messages WHERE l1_block > ?", (l1_block,))
        self._db.execute("DELETE FROM answers WHERE l1_block > ?", (l1_block,))
        self._db.execute("COMMIT")

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

    def counterpart(self, entry: Entry) -> int | None:
        """Of a held segment, the position of the void mark that has its id; of a void mark, that of
        the segment (DERIVE-16). None if the list has none.

        Not by the hash in the list: anyone can enqueue bytes that hash to it, though not as a
        transaction that is included.
        """
        match entry:
            case Entry(held=HeldEntry()):
                query = "SELECT number FROM entries WHERE rollup = ? AND voids = ?"
                held_id = entry.transaction_hash
            case Entry(voids=bytes(held_id)):
                query = "SELECT number FROM entries WHERE rollup = ? AND held = ?"
            case _:
                return None
        row = self._db.execute(query, (entry.rollup_id, held_id)).fetchone()
        return None if row is None else int(row[0])

    def answer(self, data_hash: Hash32) -> bytes | None:
        """Bytes of that hash which L1 has as an answer (DATA-3)."""
        row = self._db.execute("SELECT data FROM answers WHERE hash = ?", (data_hash,)).fetchone()
        return None if row is None else bytes(row[0])

    def message(self, index: int) -> tuple[QueuedMessage, Entry | None] | None:
        """A forced message, and its entry once it is in the order (DERIVE-13)."""
        found = self._db.execute("SELECT * FROM messages WHERE number = ?", (index,)).fetchone()
        if found is None:
            return None
        row = self._db.execute("SELECT * FROM entries WHERE message = ?", (index,)).fetchone()
        return _to_message(found), None if row is None else _to_entry(row)


def _to_row(entry: Entry) -> _Row:
    record = _Record(
        entry.source.value,
        entry.position,
        entry.batch_index,
        entry.transaction,
        entry.running_hash,
        entry.skipped,
        entry.kind.value,
        entry.sender,
        entry.gas_limit,
        None if entry.held is None else (entry.held.length, entry.held.hash),
    )
    return (
        entry.rollup_id,
        entry.index,
        entry.transaction_hash,
        entry.l1_block,
        entry.position if entry.source is Source.FORCED else None,
        _encoder.encode(record),
        None if entry.held is None else entry.transaction_hash,
        entry.voids,
    )


def _to_entry(row: _Row) -> Entry:
    rollup, number, transaction_hash, l1_block, _, record, _, voids = row
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
        MessageKind(found.kind),
        None if found.sender is None else Address(found.sender),
        found.gas_limit,
        None if found.held is None else _held(RollupId(rollup), *found.held),
        None if voids is None else Hash32(voids),
    )


def _held(rollup: RollupId, length: int, data_hash: bytes) -> HeldEntry:
    return HeldEntry(rollup, length, Hash32(data_hash))


def _to_message_row(message: QueuedMessage) -> _MessageRow:
    record = _Queued(
        message.rollup_id,
        message.kind.value,
        message.sender,
        message.gas_limit,
        message.due_at,
        message.transaction_hash,
    )
    return message.index, message.l1_block, _encoder.encode(record)


def _to_message(row: _MessageRow) -> QueuedMessage:
    index, l1_block, record = row
    found = _queued_decoder.decode(record)
    return QueuedMessage(
        index,
        RollupId(found.rollup),
        MessageKind(found.kind),
        Address(found.sender),
        found.gas_limit,
        found.due_at,
        l1_block,
        Hash32(found.hash),
    )
