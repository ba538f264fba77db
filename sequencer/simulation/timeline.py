"""The epochs of a scenario: when each begins, and who its members are."""

from sequencer.l1.schedule import Schedule
from sequencer.simulation.keys import FIRST_EPOCH, Keys, make_committee
from sequencer.simulation.l1 import SECOND_MS, Timeline, one_epoch
from sequencer.simulation.scenario import Scenario
from sequencer.types import Epoch


def make_timeline(scenario: Scenario, keys: Keys) -> Timeline:
    """L1 begins with the first epoch. An epoch in which nobody has weight has no committee."""
    first = make_committee(scenario.weights, keys)
    if not any(map(sum, scenario.later_weights)):
        return one_epoch(first)
    seconds = max(1, scenario.epoch_ms // SECOND_MS)
    schedule = Schedule(-FIRST_EPOCH * seconds, seconds)
    known = len(scenario.weights) + scenario.observers
    committees = {FIRST_EPOCH: first}
    recorded = {}
    for later, weights in enumerate(scenario.later_weights, FIRST_EPOCH + 1):
        epoch = Epoch(later)
        if any(weights[:known]):
            committees[epoch] = make_committee(weights[:known], keys, epoch)
            recorded[epoch] = schedule.start_of(epoch) + scenario.recorded_after_ms // SECOND_MS
    return Timeline(schedule, committees, recorded)
