"""A failing schedule is shrunk to a file that fails alike whenever it is run.

load_case
├── of what was dumped: the same case
└── of anything else: refused, with what is wrong
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sequencer import simulator
from sequencer.consensus.simplex import Simplex
from sequencer.errors import DecodeError
from sequencer.simulation.case import Case, check_scenario, dump_case, load_case
from sequencer.simulation.draw import draw
from sequencer.simulation.scenario import Scenario
from sequencer.simulation.shrink import kinds, shrink, without
from sequencer.simulation.world import World
from tests.mutants.mutate import plant
from tests.sim.scenarios import scenario


def parts(made: Scenario) -> int:
    """How much there is to read."""
    conditions = [now for _, now in made.weather]
    return (
        len(made.weights)
        + made.observers
        + len((*made.attackers, *made.outages, *made.weather, *made.later_weights))
        + sum(len(now.cuts) + (now.loss > 0) + (now.slow_rate > 0) for now in conditions)
    )


@pytest.fixture
def planted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Finalize after Nullify (SIMPLEX-5)."""
    old = "{VoteKind.NULLIFY, VoteKind.FINALIZE}"
    plant(monkeypatch, Simplex, "_vote_finalize", old, "{VoteKind.FINALIZE}")


@pytest.mark.usefixtures("planted")
def test_planted_bug__found_shrunk_and_replayed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seeds = (seed for seed in range(200) if World(draw(seed)).run().violations)
    seed = next(seeds)
    options = ["--jobs", "1", "--cases", str(tmp_path)]
    assert simulator.main(["--seeds", "1", "--base", str(seed), *options]) == 1
    path = tmp_path / f"seed-{seed}.json"
    assert f"make sim CASE={path} ARGS=--verbose" in capsys.readouterr().out

    case = simulator.read_case(path)
    assert 3 * parts(case.scenario) <= 2 * parts(draw(seed))
    assert "signed a contradiction" in case.failure

    assert simulator.main(["--case", str(path)]) == 1
    out = capsys.readouterr().out
    assert f"trace {case.trace}, the same" in out
    assert "signed a contradiction" in out
    assert out.splitlines()[-1] == "sim: 1 schedules, 1 safety violations, 0 stuck"


@pytest.mark.usefixtures("planted")
def test_shrink__no_more_runs_than_allowed() -> None:
    seed = next(seed for seed in range(200) if World(draw(seed)).run().violations)
    failed = World(draw(seed)).run()
    found = shrink(draw(seed), failed, runs=5)
    assert found.runs == 5
    assert kinds(World(found.case.scenario).run())


def test_case__of_a_bug_that_is_gone__passes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "case.json"
    path.write_bytes(dump_case(Case(1, "something", "00", scenario())))
    assert simulator.main(["--case", str(path)]) == 0
    assert "00 when it was written" in capsys.readouterr().out


# The file


def test_every_drawn_scenario__is_read_as_it_was_written() -> None:
    for seed in range(300):
        case = Case(1, "failure", "trace", draw(seed))
        assert load_case(dump_case(case)) == case


def test_without_a_node__the_others_keep_their_parts() -> None:
    for seed in range(60):
        made = draw(seed)
        if len(made.weights) < 5 or made.is_overrun or made.later_weights:
            continue
        smaller = without(made, 4)
        assert smaller.weights == made.weights[:4] + made.weights[5:]
        kept = [o for o in made.outages if o.position != 4]
        assert [(o.at_ms, o.position) for o in smaller.outages] == [
            (o.at_ms, o.position - (o.position > 4)) for o in kept
        ]


def changed(change: Callable[[Any], object]) -> bytes:
    raw = msgspec.json.decode(dump_case(Case(1, "failure", "trace", scenario())))
    change(raw)
    return msgspec.json.encode(raw)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda raw: raw.update(version=2), "version"),
        (lambda raw: raw.update(extra=1), "'extra'"),
        (lambda raw: raw["scenario"].update(wether=[]), "'wether'"),
        (lambda raw: raw["scenario"].update(weights=[]), "0 members"),
        (lambda raw: raw["scenario"].update(weights=[1, 2]), "descend"),
        (lambda raw: raw["scenario"].update(weights=[1, -2]), "weights must"),
        (lambda raw: raw["scenario"].update(weights="1"), "weights"),
        (lambda raw: raw["scenario"].update(attackers=[[0, "Nobody"]]), "Nobody"),
        (lambda raw: raw["scenario"].update(attackers=[[9, "Silent"]]), "position"),
        (lambda raw: raw["scenario"].update(attackers=[[0, "Silent"]] * 2), "two attackers"),
        (lambda raw: raw["scenario"].update(is_overrun=True), "is_overrun"),
        (lambda raw: raw["scenario"].update(load="heavy"), "heavy"),
        (lambda raw: raw["scenario"].update(chaos_ms=10**12), "time"),
        (lambda raw: raw["scenario"]["calm"].update(loss=2.0), "share"),
        (lambda raw: raw["scenario"]["calm"].update(delay_ms=[9, 3]), "delays"),
        (lambda raw: raw["scenario"]["timing"].update(timeout_ms=0), "time-out"),
        (lambda raw: raw["scenario"].update(later_weights=[[1]], epoch_ms=9), "later weights"),
    ],
)
def test_case__changed_by_hand__is_refused(change: Callable[[Any], object], complaint: str) -> None:
    with pytest.raises(DecodeError, match=complaint):
        load_case(changed(change))


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff", b"[" * 10_000, b" " * (1 << 20 | 1)])
def test_case__no_case_at_all__is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError, match="case: "):
        load_case(data)


def test_case__file_that_is_not_there__status_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        simulator.main(["--case", str(tmp_path / "none.json")])
    assert ended.value.code == 2
    assert "No such file" in capsys.readouterr().err


def test_drawn_scenarios__pass_the_check() -> None:
    for seed in range(2_000):
        check_scenario(draw(seed))
