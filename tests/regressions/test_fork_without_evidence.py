"""Forks by two members of four that convicted nobody: the only honest witness lost power.

Before its certificate was on disk (JOURNAL-8, seed 1031794); and before it was certified, to come
back far behind and forget what it had voted to finalize (SIMPLEX-12, SIMPLEX-15, seed 1183107).
"""

from pathlib import Path

import pytest

from sequencer.simulation.case import load_case
from sequencer.simulation.world import World

CASES = sorted((Path(__file__).parent / "cases").glob("seed-*.json"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_fork__evidence_against_more_than_a_third(path: Path) -> None:
    case = load_case(path.read_bytes())
    assert case.scenario.is_overrun
    assert World(case.scenario).run().violations == ()
