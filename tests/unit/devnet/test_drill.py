"""What the drills write down, and what they expect of followers."""

import io
import json
from pathlib import Path

import pytest

from sequencer.devnet.drill.anyone import BASED, SHARED, SOLO
from sequencer.devnet.drill.canon import Announced, is_shared
from sequencer.devnet.drill.run import DRILLS, DrillOptions, Hashes, Record, write_report
from sequencer.devnet.drill.timeline import Timeline
from sequencer.errors import LocalFault


def options(folder: Path, *only: str) -> DrillOptions:
    return DrillOptions(only, 7, folder, folder / "report" / "drill.json")


def test_a_timeline_tells_and_keeps_what_it_was_told() -> None:
    out = io.StringIO()
    timeline = Timeline(out)
    timeline.say("two nodes are killed")
    timeline.say("order stands still")
    assert [moment.event for moment in timeline.moments] == [
        "two nodes are killed",
        "order stands still",
    ]
    assert 0 <= timeline.moments[0].at_s <= timeline.moments[1].at_s
    assert out.getvalue().splitlines()[1].endswith(" s  order stands still")


def test_a_report_has_each_drill_with_both_followers_hashes(tmp_path: Path) -> None:
    timeline = Timeline(io.StringIO())
    timeline.say("something")
    good = Record("kill-f", True, 12.5, None, [Hashes(1, 3, "0xaa", "0xaa")], timeline.moments)
    bad = Record("storm", False, 2.5, "the followers differ")
    write_report(options(tmp_path), [good, bad])
    report = json.loads(options(tmp_path).report.read_text(encoding="utf-8"))
    assert (report["ok"], report["seed"], report["seconds"]) == (False, 7, 15.0)
    first, second = report["drills"]
    assert first["hashes"] == [{"rollup": 1, "entries": 3, "live": "0xaa", "late": "0xaa"}]
    assert [moment["event"] for moment in first["timeline"]] == ["something"]
    assert (second["ok"], second["error"]) == (False, "the followers differ")


def test_drills_are_chosen_by_name_and_run_in_their_order(tmp_path: Path) -> None:
    assert options(tmp_path).chosen() == list(DRILLS)
    assert [d.name for d in options(tmp_path, "storm", "kill-f").chosen()] == ["kill-f", "storm"]
    with pytest.raises(LocalFault, match="no drill 'kill'; there are kill-f, "):
        options(tmp_path, "kill").chosen()


@pytest.mark.parametrize(
    ("at", "expected"), [(9, True), (10, False), (19, False), (20, True), (99, True)]
)
def test_the_committee_counts_but_for_the_seconds_in_between(at: int, expected: bool) -> None:
    announced = [Announced(1, SOLO, 10), Announced(2, BASED, 0), Announced(1, SHARED, 20)]
    assert is_shared(announced, 1, at) is expected
    assert is_shared(announced, 2, at) is False
    assert is_shared(announced, 3, at) is True
