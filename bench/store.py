"""What it costs to remember where transactions were ordered, while a chain grows.

`make bench-store`.

The index of the block store (`runs`), and beside it what it stands against: a row for each
transaction in one table by hash (`rows`). Both in a file with the store's own settings, a block of
1,000 transactions in each SQLite transaction; payloads are not written. Hashes are those of a
counter, so two runs do the same. Times are CPU of this process, user and system, in microseconds
for each transaction; of questions, for each question.
"""

import argparse
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Protocol

from sequencer.store.index import Key, TransactionIndex
from sequencer.store.schema import INDEX_TABLES
from sequencer.types import Hash32, Height, RollupId

MARKS = (10_000, 100_000, 1_000_000, 3_000_000)
BLOCK = 1_000
WINDOW = 200_000
"""Transactions before a mark that are measured."""
QUESTIONS = 2_000
LIST = 100
"""Questions of whether transactions are known come in lists of so many."""
PRAGMAS = ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = NORMAL")


class Scheme(Protocol):
    """A way to remember."""

    def add(self, height: Height, keys: Sequence[Key]) -> None: ...
    def locate(self, key: Key) -> object: ...
    def known(self, keys: Sequence[Key]) -> set[Key]: ...


class Runs(TransactionIndex):
    """The index."""

    def __init__(self, db: sqlite3.Connection) -> None:
        if not db.execute("SELECT 1 FROM sqlite_master WHERE name = 'indexed'").fetchone():
            for statement in INDEX_TABLES:
                db.execute(statement)
        super().__init__(db)

    def known(self, keys: Sequence[Key]) -> set[Key]:
        return {keys[at] for at, slots in self.slots_of(keys) if self.has_lately(keys[at], slots)}


class Rows:
    """A row for each transaction."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        db.execute(
            "CREATE TABLE IF NOT EXISTS transactions (hash BLOB NOT NULL, rollup INTEGER NOT NULL,"
            " height INTEGER NOT NULL, position INTEGER NOT NULL, PRIMARY KEY (hash, rollup))"
            " STRICT, WITHOUT ROWID"
        )

    def add(self, height: Height, keys: Sequence[Key]) -> None:
        self._db.executemany(
            "INSERT OR IGNORE INTO transactions VALUES (?, ?, ?, ?)",
            [(tx_hash, rollup, height, at) for at, (rollup, tx_hash) in enumerate(keys)],
        )

    def locate(self, key: Key) -> object:
        return self._db.execute(
            "SELECT height, position FROM transactions WHERE hash = ? AND rollup = ?",
            (key[1], key[0]),
        ).fetchone()

    def known(self, keys: Sequence[Key]) -> set[Key]:
        return {key for key in keys if self.locate(key) is not None}


SCHEMES: dict[str, Callable[[sqlite3.Connection], Scheme]] = {"rows": Rows, "runs": Runs}


def key(number: int) -> Key:
    return RollupId(number & 1), Hash32(sha256(number.to_bytes(8, "big")).digest())


def opened(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None)
    for pragma in PRAGMAS:
        db.execute(f"PRAGMA {pragma}").fetchone()
    return db


def fill(db: sqlite3.Connection, scheme: Scheme, first: int, last: int) -> list[float]:
    """Seconds of CPU that each block took."""
    took = []
    for start in range(first, last, BLOCK):
        keys = [key(number) for number in range(start, start + BLOCK)]
        before = time.process_time()
        db.execute("BEGIN IMMEDIATE")
        scheme.add(Height(1 + start // BLOCK), keys)
        db.execute("COMMIT")
        took.append(time.process_time() - before)
    return took


def microseconds(ask: Callable[[Key], object], keys: Sequence[Key]) -> float:
    before = time.process_time()
    for one in keys:
        ask(one)
    return 1e6 * (time.process_time() - before) / len(keys)


def questions(scheme: Scheme, total: int) -> Iterator[tuple[str, float]]:
    """Microseconds for each, by what is asked."""
    chance = random.Random(total)
    unknown = [key(number) for number in range(1 << 40, (1 << 40) + 10 * QUESTIONS)]
    lists = [unknown[at : at + LIST] for at in range(0, len(unknown), LIST)]
    before = time.process_time()
    for some in lists:
        assert not scheme.known(some)
    yield "known", 1e6 * (time.process_time() - before) / len(unknown)
    yield "unknown", microseconds(scheme.locate, unknown[:QUESTIONS])
    ordered = [key(chance.randrange(total)) for _ in range(QUESTIONS)]
    yield "found", microseconds(scheme.locate, ordered)


def measure(name: str, folder: Path, marks: Sequence[int]) -> None:
    path = folder / f"{name}.sqlite"
    db = opened(path)
    scheme = SCHEMES[name](db)
    done = 0
    for mark in marks:
        start = max(done, mark - WINDOW)
        fill(db, scheme, done, start)
        took = fill(db, scheme, start, mark)
        done = mark
        asked = dict(questions(scheme, mark))
        db.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
        print(
            f"{name:>5} {mark:>9,} {1e6 * sum(took) / (mark - start):>7.2f}"
            f" {1e3 * max(took):>8.1f} {asked['known']:>7.2f} {asked['unknown']:>9.1f}"
            f" {asked['found']:>7.1f} {path.stat().st_size / mark:>8.0f}",
            flush=True,
        )
    db.close()
    before = time.process_time()
    db = opened(path)
    SCHEMES[name](db)
    print(f"{name:>5} opened in {1e3 * (time.process_time() - before):.0f} ms", flush=True)
    db.close()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=MARKS[-1], help="transactions")
    parser.add_argument("--only", choices=sorted(SCHEMES), help="one of the two")
    parser.add_argument("--folder", type=Path, help="where the files go, instead of /tmp")
    args = parser.parse_args()
    print(f"{os.cpu_count()} processors, SQLite {sqlite3.sqlite_version}")
    print("        transact-   put  one put   known    locate  locate   bytes of")
    print("            ions     us   max ms      us  unknown us found us  disk each")
    with tempfile.TemporaryDirectory(dir=args.folder) as folder:
        for name in [args.only] if args.only else SCHEMES:
            measure(name, Path(folder), [mark for mark in MARKS if mark <= args.most])
    return 0


if __name__ == "__main__":
    sys.exit(main())
