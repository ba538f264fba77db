"""One planted bug for each promise of the hand-over between epochs, and schedules that catch it."""

from itertools import islice

import pytest

from sequencer.simulation.draw import draw
from sequencer.simulation.world import World
from tests.mutants.mutate import plant
from tests.mutants.planted import Mutant
from tests.mutants.planted_epochs import MUTANTS, crosses_epochs


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_schedules__catch(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    for change in mutant.changes:
        plant(monkeypatch, *change)
    schedules = islice(
        filter(mutant.applies, filter(crosses_epochs, map(draw, range(20_000)))), 600
    )
    assert any(mutant.is_caught(World(scenario).run()) for scenario in schedules)
