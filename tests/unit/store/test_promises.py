"""Open promises on disk (PROMISE-3)."""

import sqlite3
from pathlib import Path

import pytest

from sequencer.errors import LocalFault
from sequencer.store.promises import PromiseStore
from sequencer.types import Hash32, RollupId

ONE, TWO = ((RollupId(n), Hash32(bytes([n]) * 32)) for n in (1, 2))


def reopened(path: Path) -> list[bytes]:
    store = PromiseStore(path)
    records = store.records()
    store.close()
    return records


def test_write__is_there_without_a_close(tmp_path: Path) -> None:
    store = PromiseStore(tmp_path / "promises.sqlite")
    store.write([(TWO, b"two"), (ONE, b"one")], [])
    assert reopened(tmp_path / "promises.sqlite") == [b"one", b"two"]
    store.write([], [TWO])
    store.close()
    assert reopened(tmp_path / "promises.sqlite") == [b"one"]


def test_write__second_record_of_a_transaction__keeps_nothing_of_it(tmp_path: Path) -> None:
    store = PromiseStore(tmp_path / "promises.sqlite")
    store.write([(ONE, b"one")], [])
    with pytest.raises(LocalFault, match="UNIQUE"):
        store.write([(TWO, b"two"), (ONE, b"other")], [])
    assert store.records() == [b"one"]


def test_open__newer_version_or_no_database__is_refused(tmp_path: Path) -> None:
    path = tmp_path / "promises.sqlite"
    PromiseStore(path).close()
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 9")
    db.close()
    with pytest.raises(LocalFault, match="schema version 9, this program knows 1"):
        PromiseStore(path)
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(LocalFault, match="not a database"):
        PromiseStore(path)


def test_open__commits_are_synced(tmp_path: Path) -> None:
    """A power cut cannot be had here: this is what SQLite promises it for."""
    store = PromiseStore(tmp_path / "promises.sqlite")
    full = 2
    assert store._db.execute("PRAGMA synchronous").fetchone() == (full,)
    assert store._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
