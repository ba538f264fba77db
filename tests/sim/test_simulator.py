"""The command: its last line, its status, and what it says of a failure."""

import pytest

from sequencer import simulator
from sequencer.consensus.simplex import Simplex
from tests.mutants.mutate import plant


def test_nothing_wrong__status_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert simulator.main(["--seeds", "8", "--base", "100", "--jobs", "1"]) == 0
    assert capsys.readouterr().out == "sim: 8 schedules, 0 safety violations, 0 stuck\n"


def test_something_wrong__status_1_and_how_to_see_it_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(monkeypatch, Simplex, "_vote_finalize", "VoteKind.NULLIFY, VoteKind", "VoteKind")
    monkeypatch.setattr(simulator, "Pool", FakePool)
    assert simulator.main(["--seeds", "30", "--jobs", "1"]) == 1
    out = capsys.readouterr().out
    assert "again: make sim SEEDS=1 SEED_BASE=" in out
    last = out.splitlines()[-1]
    assert last.startswith("sim: 30 schedules, ")
    assert not last.startswith("sim: 30 schedules, 0 safety violations")


def test_verbose__every_event(capsys: pytest.CaptureFixture[str]) -> None:
    assert simulator.main(["--seeds", "1", "--base", "3", "--verbose"]) == 0
    out = capsys.readouterr().out
    assert "finalizes 1" in out
    assert "notarize" in out


class FakePool:
    """In this process, where the bug is planted."""

    def __init__(self, jobs: int) -> None:
        self.jobs = jobs

    def __enter__(self) -> "FakePool":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    imap_unordered = staticmethod(lambda run, seeds, _: map(run, seeds))
