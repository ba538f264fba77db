"""What survives a restart of a watchtower, and what bounds it."""

from pathlib import Path

import pytest

from sequencer.crypto.hashing import keccak
from sequencer.errors import LocalFault
from sequencer.evidence.equivocation import StatementKind
from sequencer.types import BatchIndex, Height
from sequencer.watch import store as store_module
from sequencer.watch.store import Report, Status, WatchStore
from tests.unit.evidence import cases
from tests.unit.watch.world import said

ONE, ANOTHER = keccak(b"one"), keccak(b"another")


def test_restart__everything__is_there(tmp_path: Path) -> None:
    store = WatchStore(tmp_path / "watch.sqlite")
    heard = said(ONE, kind=StatementKind.ATTESTATION)
    report = Report("a.json", Status.BEGUN, b"salt", "note", 10**24, ONE)
    batch = cases.batch_of(cases.chain((), ()))
    store.hear([heard, heard])
    store.judge(BatchIndex(9), ONE, True)
    store.put_commit(batch)
    store.put_report(report)
    store.note_progress("logs", 12)
    assert store.tell_once("something")
    store.close()

    store = WatchStore(tmp_path / "watch.sqlite")
    assert store.attestations_of(BatchIndex(9), ONE) == [heard]
    assert store.has_heard(heard)
    assert not store.has_heard(said(ANOTHER, kind=StatementKind.ATTESTATION))
    assert (store.verdict(BatchIndex(9), ONE), store.verdict(BatchIndex(9), ANOTHER)) == (
        True,
        None,
    )
    assert store.commit(batch.index) == batch
    assert store.reports() == [report]
    assert (store.progress("logs"), store.progress("else")) == (12, None)
    assert not store.tell_once("something")
    store.close()


def test_commit_with__the_batch_of_a_height__or_none(tmp_path: Path) -> None:
    store = WatchStore(tmp_path / "watch.sqlite")
    batch = cases.batch_of(cases.chain((), (), ()))
    store.put_commit(batch)
    assert [store.commit_with(Height(height)) for height in (0, 1, 3, 4)] == [
        None,
        batch,
        batch,
        None,
    ]
    store.close()


def test_unjudged__attested_and_not_looked_at(tmp_path: Path) -> None:
    store = WatchStore(tmp_path / "watch.sqlite")
    store.hear([said(content, kind=StatementKind.ATTESTATION) for content in (ONE, ANOTHER)])
    store.hear([said(ONE)])
    store.judge(BatchIndex(9), ONE, False)
    assert store.unjudged() == [(9, ANOTHER)]
    store.close()


def test_statements__more_than_fit__the_oldest_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "MAX_STATEMENTS", 3)
    store = WatchStore(tmp_path / "watch.sqlite")
    for view in range(5):
        store.hear([said(ONE, position=view)])
    kept = [len(store.statements_of(cases.OFFENDER.address, view)) for view in range(5)]
    assert kept == [0, 0, 1, 1, 1]
    store.close()


def test_open__in_use_damaged_or_newer__says_so(tmp_path: Path) -> None:
    path = tmp_path / "watch.sqlite"
    store = WatchStore(path)
    with pytest.raises(LocalFault, match="database is locked"):
        WatchStore(path)
    store._db.execute("PRAGMA user_version = 9")
    store.close()
    with pytest.raises(LocalFault, match="version 9"):
        WatchStore(path)
    path.write_bytes(b"no database at all, but long enough" * 100)
    with pytest.raises(LocalFault, match="watch"):
        WatchStore(path)
