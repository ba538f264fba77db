"""One drill with short windows, as `make drill` carries it out (FALLBACK-1 to FALLBACK-5)."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from sequencer.deployment.parameters import FallbackSection
from sequencer.devnet.drill.profile import DRILL
from sequencer.devnet.drill.run import DRILLS, Record, carry_out
from sequencer.devnet.outages.links import ARE_POSSIBLE

pytestmark = pytest.mark.skipif(not ARE_POSSIBLE, reason="needs socket filters of Linux")

PROFILE = replace(
    DRILL,
    parameters=msgspec.structs.replace(
        DRILL.parameters,
        inbox=msgspec.structs.replace(DRILL.parameters.inbox, force_window_seconds=6),
        fallback=FallbackSection(liveness_seconds=10, overdue_seconds=5, tail_seconds=2),
    ),
)


async def test_every_node_dies_and_l1_goes_on(tmp_path: Path) -> None:
    (drill,) = [drill for drill in DRILLS if drill.name == "kill-all"]
    record = Record(drill.name)
    await carry_out(drill, tmp_path / "network", seed=0, record=record, profile=PROFILE)
    assert record.ok, record.error
    assert [one.rollup for one in record.hashes] == [1, 2]
    assert all(one.live == one.late and one.entries > 0 for one in record.hashes)
