"""Blobs that L1 has seen, kept on disk for those who come late (SUBMIT-6), in one SQLite file.

Bounded by age and by bytes; the oldest go first. What a power cut takes away is fetched again.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sequencer.errors import LocalFault
from sequencer.types import Hash32

VERSION = 1
_SCHEMA = (
    f"PRAGMA user_version = {VERSION}",
    """CREATE TABLE blobs (
        hash BLOB PRIMARY KEY,
        seconds INTEGER NOT NULL,
        record BLOB NOT NULL
    ) STRICT""",
    "CREATE INDEX by_age ON blobs (seconds)",
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT",
)
EXPIRED_AT_ONCE = 16
"""Two MiB: a few milliseconds."""
_EXPIRE = (
    "DELETE FROM blobs WHERE rowid IN (SELECT rowid FROM blobs WHERE seconds < ?"
    " ORDER BY seconds LIMIT ?) RETURNING length(record)"
)
_OLDEST = "SELECT rowid, length(record) FROM blobs ORDER BY seconds, rowid LIMIT 1"


class BlobArchive:
    """Records by versioned hash. Not for more than one process or thread."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        """Raises `LocalFault` if the file is damaged, or of a newer version."""
        self.path = path
        self._max_bytes = max_bytes
        with self._faults():
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL").fetchone()
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._prepare()
            self._bytes: int = self._db.execute(
                "SELECT coalesce(sum(length(record)), 0) FROM blobs"
            ).fetchone()[0]

    def __len__(self) -> int:
        with self._faults():
            return int(self._db.execute("SELECT count(*) FROM blobs").fetchone()[0])

    def close(self) -> None:
        with self._faults():
            self._db.close()

    def has(self, versioned_hash: Hash32) -> bool:
        with self._faults():
            found = self._db.execute("SELECT 1 FROM blobs WHERE hash = ?", (versioned_hash,))
            return found.fetchone() is not None

    def get(self, versioned_hash: Hash32) -> bytes | None:
        with self._faults():
            row = self._db.execute(
                "SELECT record FROM blobs WHERE hash = ?", (versioned_hash,)
            ).fetchone()
        return row[0] if row else None

    def put(self, versioned_hash: Hash32, record: bytes, seconds: int) -> None:
        """Keep a record that L1 has since `seconds`; make room for it if there is none."""
        if self.has(versioned_hash):
            return
        with self._faults():
            self._db.execute(
                "INSERT INTO blobs VALUES (?, ?, ?)", (versioned_hash, seconds, record)
            )
            self._bytes += len(record)
            while self._bytes > self._max_bytes:
                self._drop_oldest()

    def expire(self, before_seconds: int) -> None:
        """Forget some of what L1 had before this time; called often, all of it."""
        with self._faults():
            dropped = self._db.execute(_EXPIRE, (before_seconds, EXPIRED_AT_ONCE))
            self._bytes -= sum(length for (length,) in dropped)

    @property
    def position(self) -> int:
        """The L1 block up to which nothing is missing; -1 at first."""
        with self._faults():
            row = self._db.execute("SELECT value FROM meta WHERE key = 'position'").fetchone()
        return row[0] if row else -1

    @position.setter
    def position(self, number: int) -> None:
        with self._faults():
            self._db.execute("INSERT OR REPLACE INTO meta VALUES ('position', ?)", (number,))

    def _drop_oldest(self) -> None:
        rowid, length = self._db.execute(_OLDEST).fetchone()
        self._db.execute("DELETE FROM blobs WHERE rowid = ?", (rowid,))
        self._bytes -= length

    def _prepare(self) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            for statement in _SCHEMA:
                self._db.execute(statement)
        elif version != VERSION:
            raise LocalFault(f"{self.path} has version {version}, this program knows {VERSION}")

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise LocalFault(f"{self.path}: {error}") from error
