"""A journal that has lost what it held (JOURNAL-6).

as it was, or further on (also rewritten): fine
cut to half, emptied, deleted, or restored from before a rewrite: refused before anything is signed
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from sequencer.consensus.journal import AttestedRecord, Journal
from sequencer.errors import LocalFault
from sequencer.node.journal_guard import JournalGuard
from sequencer.store.blocks import BlockStore
from tests.unit.node.chain import SEPARATOR, SIGNERS

RECORDS = 20


class Files:
    """The files of a node that was stopped."""

    def __init__(self, folder: Path) -> None:
        self.journal = folder / "journal"
        self._store = folder / "blocks.sqlite"

    def run(self, records: int = RECORDS, *, rewrite: bool = False) -> None:
        """Open both, sign, note, stop. Raises what a start raises."""
        store = BlockStore(self._store)
        journal = Journal(self.journal, SEPARATOR, SIGNERS[0].address)
        try:
            guard = JournalGuard(journal, store)
            for index in range(records):
                journal.append(AttestedRecord(index, b"b" * 32))
            journal.sync()
            if rewrite:
                guard.note()
                journal.rewrite([])
            guard.note()
        finally:
            journal.close()
            store.close()


@pytest.mark.parametrize("rewrite", [False, True])
def test_start__journal_as_it_was__goes_on(tmp_path: Path, rewrite: bool) -> None:
    files = Files(tmp_path)
    files.run(rewrite=rewrite)
    files.run(rewrite=rewrite)
    files.run(0)


def test_start__further_on_than_noted__goes_on(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.run()
    journal = Journal(files.journal, SEPARATOR, SIGNERS[0].address)
    journal.append(AttestedRecord(99, b"b" * 32))
    journal.close()
    files.run()


LOSSES: dict[str, Callable[[Path], object]] = {
    "cut to half": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "emptied": lambda path: path.write_bytes(b""),
    "deleted": lambda path: path.unlink(),
}


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES.keys())
def test_start__after_a_loss__is_refused(tmp_path: Path, loss: Callable[[Path], object]) -> None:
    files = Files(tmp_path)
    files.run()
    loss(files.journal)
    with pytest.raises(LocalFault, match="cut, deleted or restored from an old copy"):
        files.run()
    with pytest.raises(LocalFault, match="can be slashed"):
        files.run()


def test_start__with_a_copy_from_before_a_rewrite__is_refused(tmp_path: Path) -> None:
    files = Files(tmp_path)
    files.run(200)
    old = files.journal.read_bytes()
    files.run(rewrite=True)
    assert files.journal.stat().st_size < len(old)
    files.journal.write_bytes(old)
    with pytest.raises(LocalFault, match="restored from an old copy"):
        files.run()
