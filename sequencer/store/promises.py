"""Open promises on disk, with their transactions (PROMISE-3), in one SQLite file.

What `write` was given survives a power cut when it returns. Not for more than one process or
thread.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sequencer.errors import LocalFault
from sequencer.mempool.pool import TransactionKey

VERSION = 1
_SCHEMA = (
    f"PRAGMA user_version = {VERSION}",
    """CREATE TABLE promises (
        rollup INTEGER NOT NULL,
        hash BLOB NOT NULL,
        record BLOB NOT NULL,
        PRIMARY KEY (rollup, hash)
    ) STRICT, WITHOUT ROWID""",
)


class PromiseStore:
    """Records by transaction; what a record holds is the caller's."""

    def __init__(self, path: Path) -> None:
        """Raises `LocalFault` if the file is damaged, or of a newer version."""
        self.path = path
        with self._faults():
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA journal_mode = WAL").fetchone()
            self._db.execute("PRAGMA synchronous = FULL")
            self._prepare()

    def close(self) -> None:
        with self._faults():
            self._db.close()

    def records(self) -> list[bytes]:
        """All that were written and not dropped."""
        with self._faults():
            rows = self._db.execute("SELECT record FROM promises").fetchall()
        return [record for (record,) in rows]

    def write(
        self, put: Sequence[tuple[TransactionKey, bytes]], drop: Sequence[TransactionKey]
    ) -> None:
        """Keep and forget, all or nothing, with one sync."""
        with self._faults():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                self._db.executemany(
                    "INSERT INTO promises VALUES (?, ?, ?)",
                    [(*key, record) for key, record in put],
                )
                self._db.executemany("DELETE FROM promises WHERE rollup = ? AND hash = ?", drop)
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # SQLite has ended it itself when the disk is full
                    self._db.execute("ROLLBACK")
                raise

    def _prepare(self) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            for statement in _SCHEMA:
                self._db.execute(statement)
        elif version != VERSION:
            raise LocalFault(
                f"{self.path} has schema version {version}, this program knows {VERSION}"
            )

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise LocalFault(f"{self.path}: {error}") from error
