"""The command: its last line, its status, and what it says of a failure."""

from pathlib import Path

import pytest

from sequencer import simulator
from sequencer.consensus.simplex import Simplex
from tests.mutants.mutate import plant


def test_nothing_wrong__status_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert simulator.main(["--seeds", "8", "--base", "100", "--jobs", "1"]) == 0
    assert capsys.readouterr().out == "sim: 8 schedules, 0 safety violations, 0 stuck\n"


def test_something_wrong__status_1_and_how_to_see_it_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plant(monkeypatch, Simplex, "_vote_finalize", "VoteKind.NULLIFY, VoteKind", "VoteKind")
    cases = ["--cases", str(tmp_path)]
    assert simulator.main(["--seeds", "30", "--jobs", "1", "--shrink-runs", "2", *cases]) == 1
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


def test_long_run__progress_with_where_to_go_on(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulator, "PROGRESS_SECONDS", 0.0)
    assert simulator.main(["--seeds", "3", "--base", "40", "--jobs", "2"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert [line.rpartition("SEED_BASE=")[2] for line in lines] == ["41", "42"]
