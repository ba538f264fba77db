"""What a watchtower must not forget: what members said, which batches it has judged, how far each
report has come, and what it has told already. One SQLite file; what a method writes survives a
power cut when it returns.

Bounds: the newest `MAX_STATEMENTS` statements, `MAX_JUDGED` batches and `MAX_TOLD` alerts; the
batches that L1 has, a few hundred bytes each; a report for each evidence file.
"""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import msgspec

from sequencer.batches.batch import Batch
from sequencer.errors import LocalFault
from sequencer.evidence.equivocation import SignedStatement, Statement, StatementKind
from sequencer.evidence.stream import Said
from sequencer.types import Address, BatchIndex, Epoch, Hash32, Height

MAX_STATEMENTS = 500_000
MAX_JUDGED = 50_000
MAX_TOLD = 50_000
VERSION = 2

_SCHEMA = """
CREATE TABLE statements (
    number INTEGER PRIMARY KEY, signer BLOB, kind INTEGER, epoch INTEGER, committee BLOB,
    position INTEGER, content BLOB, signature BLOB,
    UNIQUE (signer, position, kind, epoch, committee, content));
CREATE TABLE judged (
    number INTEGER PRIMARY KEY, batch INTEGER, hash BLOB, is_faulty INTEGER, UNIQUE (batch, hash));
CREATE TABLE commits (number INTEGER PRIMARY KEY, last_height INTEGER, batch BLOB);
CREATE INDEX commits_by_height ON commits (last_height);
CREATE TABLE reports (name TEXT PRIMARY KEY, status TEXT, salt BLOB, note TEXT, reward TEXT,
    sent BLOB);
CREATE TABLE told (number INTEGER PRIMARY KEY, about TEXT UNIQUE);
CREATE TABLE progress (name TEXT PRIMARY KEY, value INTEGER);
"""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Batch)


class Status(Enum):
    """How far a report has come."""

    FOUND = "found"
    """Told, and not brought to L1: nothing is, or it does not pay, or not yet."""
    BEGUN = "begun"
    """Its commitment is on its way to L1, or there; of a promise: it is challenged."""
    PENDING = "pending"
    """L1 has what ends it, ours or another's, and may still take it back."""
    REPORTED = "reported"
    """By this watchtower, for good: the offender is slashed."""
    SETTLED = "settled"
    """For good: slashed for it by another, the promise was kept, or it convicts nobody."""


@dataclass(frozen=True, slots=True)
class Report:
    """What becomes of one evidence file."""

    name: str
    status: Status
    salt: bytes
    note: str = ""
    reward_wei: int = 0
    sent: bytes = b""
    """Hash of the transaction that ends it, if this watchtower sent it."""


class WatchStore:
    """Of one deployment. Raises `LocalFault` for a file that is damaged or in use."""

    def __init__(self, path: Path) -> None:
        try:
            self._db = sqlite3.connect(path, isolation_level=None)
            self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            (version,) = self._db.execute("PRAGMA user_version").fetchone()
            if version == 0:
                self._db.executescript(f"BEGIN;{_SCHEMA}PRAGMA user_version = {VERSION};COMMIT;")
            elif version != VERSION:
                raise LocalFault(f"{path} is of version {version}, expected {VERSION}")
        except sqlite3.Error as error:
            raise LocalFault(f"{path}: {error}") from error

    def close(self) -> None:
        self._db.close()

    # --- what members said ---

    def hear(self, said: Sequence[Said]) -> None:
        """Keep statements whose signatures were checked."""
        rows = [
            (
                one.signer,
                int(one.signed.statement.kind),
                one.signed.statement.epoch,
                one.signed.statement.committee,
                one.signed.statement.position,
                one.signed.statement.content,
                one.signed.signature,
            )
            for one in said
        ]
        with self._db:
            self._db.execute("BEGIN")
            self._db.executemany(
                "INSERT OR IGNORE INTO statements"
                " (signer, kind, epoch, committee, position, content, signature)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                rows,
            )
            self._trim("statements", MAX_STATEMENTS)

    def has_heard(self, said: Said) -> bool:
        """Whether this was kept already, whoever repeats it."""
        s = said.signed.statement
        found = self._db.execute(
            "SELECT 1 FROM statements WHERE signer = ? AND position = ? AND kind = ? AND epoch = ?"
            " AND committee = ? AND content = ?",
            (said.signer, s.position, int(s.kind), s.epoch, s.committee, s.content),
        )
        return found.fetchone() is not None

    def statements_of(self, signer: Address, position: int) -> list[SignedStatement]:
        """What a key said of one view or batch index, in the order it was heard."""
        rows = self._db.execute(
            "SELECT kind, epoch, committee, position, content, signature FROM statements"
            " WHERE signer = ? AND position = ? ORDER BY number",
            (signer, position),
        )
        return [_statement(*row) for row in rows]

    def attestations_of(self, index: BatchIndex, batch_hash: Hash32) -> list[Said]:
        """Who attested a batch."""
        rows = self._db.execute(
            "SELECT signer, kind, epoch, committee, position, content, signature FROM statements"
            " WHERE kind = ? AND position = ? AND content = ? ORDER BY number",
            (int(StatementKind.ATTESTATION), index, batch_hash),
        )
        return [Said(Address(signer), _statement(*row)) for signer, *row in rows]

    def unjudged(self) -> list[tuple[BatchIndex, Hash32]]:
        """Batches that somebody attested, and nobody has looked at."""
        rows = self._db.execute(
            "SELECT DISTINCT position, content FROM statements WHERE kind = ? AND NOT EXISTS"
            " (SELECT 1 FROM judged WHERE batch = position AND hash = content)",
            (int(StatementKind.ATTESTATION),),
        )
        return [(BatchIndex(index), Hash32(content)) for index, content in rows]

    # --- batches ---

    def judge(self, index: BatchIndex, batch_hash: Hash32, is_faulty: bool) -> None:
        """The batch has been looked at."""
        with self._db:
            self._db.execute("BEGIN")
            self._db.execute(
                "INSERT OR REPLACE INTO judged (batch, hash, is_faulty) VALUES (?, ?, ?)",
                (index, batch_hash, is_faulty),
            )
            self._trim("judged", MAX_JUDGED)

    def verdict(self, index: BatchIndex, batch_hash: Hash32) -> bool | None:
        """Whether the batch is faulty; None if it was not looked at."""
        found = self._db.execute(
            "SELECT is_faulty FROM judged WHERE batch = ? AND hash = ?", (index, batch_hash)
        ).fetchone()
        return None if found is None else bool(found[0])

    def put_commit(self, batch: Batch) -> None:
        """A batch that L1 has, on the branch of now."""
        self._db.execute(
            "INSERT OR REPLACE INTO commits VALUES (?, ?, ?)",
            (batch.index, batch.last_height, _encoder.encode(batch)),
        )

    def commit(self, index: BatchIndex) -> Batch | None:
        """A batch that L1 has, or had before a reorg."""
        found = self._db.execute("SELECT batch FROM commits WHERE number = ?", (index,)).fetchone()
        return None if found is None else _decoder.decode(found[0])

    def commit_with(self, height: Height) -> Batch | None:
        """The batch on L1 that has the block of a height."""
        found = self._db.execute(
            "SELECT batch FROM commits WHERE last_height >= ? ORDER BY last_height LIMIT 1",
            (height,),
        ).fetchone()
        batch = None if found is None else _decoder.decode(found[0])
        return batch if batch is not None and batch.first_height <= height else None

    # --- reports ---

    def put_report(self, report: Report) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO reports VALUES (?, ?, ?, ?, ?, ?)",
            (
                report.name,
                report.status.value,
                report.salt,
                report.note,
                str(report.reward_wei),
                report.sent,
            ),
        )

    def report(self, name: str) -> Report | None:
        found = self._db.execute("SELECT * FROM reports WHERE name = ?", (name,)).fetchone()
        return None if found is None else _report(*found)

    def reports(self) -> list[Report]:
        """All of them, by name."""
        rows = self._db.execute("SELECT * FROM reports ORDER BY name")
        return [_report(*row) for row in rows]

    # --- what else ---

    def tell_once(self, about: str) -> bool:
        """Note that something was told; False if it was noted before."""
        with self._db:
            self._db.execute("BEGIN")
            done = self._db.execute("INSERT OR IGNORE INTO told (about) VALUES (?)", (about,))
            self._trim("told", MAX_TOLD)
        return done.rowcount == 1

    def progress(self, name: str) -> int | None:
        """How far something has come, as last noted."""
        found = self._db.execute("SELECT value FROM progress WHERE name = ?", (name,)).fetchone()
        return None if found is None else int(found[0])

    def note_progress(self, name: str, value: int) -> None:
        self._db.execute("INSERT OR REPLACE INTO progress VALUES (?, ?)", (name, value))

    def _trim(self, table: str, most: int) -> None:
        """The oldest rows go."""
        self._db.execute(
            f"DELETE FROM {table} WHERE number <= (SELECT MAX(number) FROM {table}) - {most}"  # noqa: S608
        )


def _statement(
    kind: int, epoch: int, committee: bytes, position: int, content: bytes, signature: bytes
) -> SignedStatement:
    said = Statement(
        StatementKind(kind), Epoch(epoch), Hash32(committee), position, Hash32(content)
    )
    return SignedStatement(said, signature)


def _report(name: str, status: str, salt: bytes, note: str, reward: str, sent: bytes) -> Report:
    return Report(name, Status(status), salt, note, int(reward), sent)
