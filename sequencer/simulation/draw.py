"""The schedule of a seed."""

from dataclasses import replace
from random import Random

from sequencer.simulation.later_epochs import with_later_epochs
from sequencer.simulation.scenario import Scenario, draw_overrun, draw_usual

SLOW_CLOCK, FAST_CLOCK = 80, 120
MAX_CLOCK_OFFSET_MS = 3_000


def draw(seed: int) -> Scenario:
    """Less than one in ten is an overrun; a third of the others cross epochs."""
    random = Random(seed)
    if random.random() < 0.06:
        return draw_overrun(seed, random)
    scenario = draw_usual(seed, random)
    if random.random() < 0.35:
        scenario = with_later_epochs(scenario, random)
    if random.random() < 0.25:
        scenario = with_wrong_clocks(scenario, random)
    return replace(scenario, is_on_disk=random.random() < 0.03)


def with_wrong_clocks(scenario: Scenario, random: Random) -> Scenario:
    count = len(scenario.weights) + scenario.observers
    clocks = tuple(
        (random.randint(0, MAX_CLOCK_OFFSET_MS), random.randint(SLOW_CLOCK, FAST_CLOCK))
        for _ in range(count)
    )
    return replace(scenario, clocks=clocks)
