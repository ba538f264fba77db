"""From a schedule that fails to a smaller one that fails alike: delta debugging over the parts
of a scenario. Every candidate is run; what is kept still fails in the same way."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from sequencer.errors import DecodeError
from sequencer.simulation.application import Temper
from sequencer.simulation.case import Case, check_scenario
from sequencer.simulation.network import Conditions, Link
from sequencer.simulation.scenario import Outage, Scenario
from sequencer.simulation.world import Outcome, World

RUNS = 200
"""Candidates that are tried at most."""
SEEDS = 3
STUCK = "stuck"
_NUMBERS = re.compile(r"0x[0-9a-fA-F]+|\d+")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Shrunk:
    case: Case
    runs: int


def kinds(outcome: Outcome) -> list[str]:
    """What went wrong, without the numbers, the first first; empty if nothing did."""
    found = [_NUMBERS.sub("#", line) for line in outcome.violations]
    return found or ([STUCK] if outcome.is_stuck else [])


def shrink(scenario: Scenario, failed: Outcome, runs: int = RUNS) -> Shrunk:
    """`failed` is what came of `scenario`. The result fails with the first of its violations,
    among others perhaps."""
    search = _Search(scenario, failed, runs)
    while search.sweep():
        pass
    outcome = search.outcome
    case = Case(1, search.kind, outcome.trace, search.scenario)
    return Shrunk(case, runs - search.left)


class _Search:
    def __init__(self, scenario: Scenario, failed: Outcome, runs: int) -> None:
        self.scenario = scenario
        self.outcome = failed
        self.kind = kinds(failed)[0]
        self.left = runs
        self._tried = {repr(scenario)}

    def sweep(self) -> bool:
        """Every way of making it smaller, each as often as it helps; whether one did."""
        before = self.scenario
        for simpler in WAYS:
            while any(self._try(candidate) for candidate in simpler(self.scenario)):
                pass
        return self.scenario != before

    def _try(self, candidate: Scenario) -> bool:
        if self.left == 0 or repr(candidate) in self._tried:
            return False
        self._tried.add(repr(candidate))
        try:
            check_scenario(candidate)
        except DecodeError:
            return False
        self.left -= 1
        outcome = World(candidate).run()
        if self.kind not in kinds(outcome):
            return False
        self.scenario, self.outcome = candidate, outcome
        return True


# The ways, those that save most first. Each yields candidates, larger steps before smaller.


def _fewer(parts: Sequence[_T]) -> Iterator[tuple[_T, ...]]:
    """All gone, then without each half, quarter, ... down to each one."""
    size = len(parts)
    while size:
        for start in range(0, len(parts), size):
            yield (*parts[:start], *parts[start + size :])
        size //= 2


def _one_epoch(scenario: Scenario) -> Iterator[Scenario]:
    for rows in _fewer(scenario.later_weights):
        if rows:
            yield replace(scenario, later_weights=rows)
        else:
            yield replace(
                scenario, later_weights=(), epoch_ms=0, recorded_after_ms=0, l1_lags_ms=()
            )


def _fewer_outages(scenario: Scenario) -> Iterator[Scenario]:
    for outages in _fewer(scenario.outages):
        yield replace(scenario, outages=outages)


def _fewer_attackers(scenario: Scenario) -> Iterator[Scenario]:
    for attackers in _fewer(scenario.attackers):
        yield replace(scenario, attackers=attackers)


def _fewer_nodes(scenario: Scenario) -> Iterator[Scenario]:
    """Without a node every later draw falls differently: a few other seeds are tried, too."""
    for position in reversed(range(len(scenario.weights) + scenario.observers)):
        for seed in range(scenario.seed, scenario.seed + SEEDS):
            yield replace(without(scenario, position), seed=seed)


def _calmer(scenario: Scenario) -> Iterator[Scenario]:
    """Fewer changes of the weather, and less of each."""
    for weather in _fewer(scenario.weather):
        yield replace(scenario, weather=weather)
    for place, (at_ms, now) in enumerate(scenario.weather):
        for milder in _milder(now):
            changed = (*scenario.weather[:place], (at_ms, milder), *scenario.weather[place + 1 :])
            yield replace(scenario, weather=changed)
    for milder in _milder(scenario.calm):
        yield replace(scenario, calm=milder)


def _milder(now: Conditions) -> Iterator[Conditions]:
    usual = Conditions()
    yield usual
    yield replace(now, loss=0.0)
    yield replace(now, duplicates=0.0)
    yield replace(now, slow_rate=0.0, slow_ms=0)
    yield replace(now, delay_ms=usual.delay_ms)
    yield replace(now, cuts=frozenset())


def _shorter(scenario: Scenario) -> Iterator[Scenario]:
    """Chaos that ends sooner, with what was to come after its end left out."""
    for chaos_ms in (0, scenario.chaos_ms // 2, scenario.chaos_ms * 4 // 5):
        yield replace(
            scenario,
            chaos_ms=chaos_ms,
            weather=tuple(part for part in scenario.weather if part[0] < chaos_ms),
            outages=tuple(outage for outage in scenario.outages if outage.at_ms < chaos_ms),
        )


def _plainer(scenario: Scenario) -> Iterator[Scenario]:
    yield replace(scenario, clocks=())
    yield replace(scenario, l1_lags_ms=())
    yield replace(scenario, is_on_disk=False)
    yield replace(scenario, is_encoding=False)
    yield replace(scenario, is_later_epoch=False)
    yield replace(scenario, temper=Temper())
    yield replace(scenario, temper=Temper(latency_ms=scenario.temper.latency_ms))
    yield replace(scenario, weights=(1,) * len(scenario.weights))
    yield replace(scenario, load="idle")
    for place, outage in enumerate(scenario.outages):
        for shorter in (replace(outage, steps=0), replace(outage, down_ms=0)):
            outages = (*scenario.outages[:place], shorter, *scenario.outages[place + 1 :])
            yield replace(scenario, outages=outages)


WAYS: tuple[Callable[[Scenario], Iterator[Scenario]], ...] = (
    _one_epoch,
    _shorter,
    _fewer_outages,
    _fewer_attackers,
    _fewer_nodes,
    _calmer,
    _plainer,
)


def without(scenario: Scenario, gone: int) -> Scenario:
    """The scenario without the node at a position; those behind it move up."""

    def moved(at: int) -> int:
        return at - (at > gone)

    def left(parts: tuple[_T, ...]) -> tuple[_T, ...]:
        return (*parts[:gone], *parts[gone + 1 :])

    def milder(now: Conditions) -> Conditions:
        links: Iterator[Link] = (link for link in now.cuts if gone not in link)
        return replace(now, cuts=frozenset((moved(a), moved(b)) for a, b in links))

    def outage(was: Outage) -> Outage:
        return replace(was, position=moved(was.position))

    is_member = gone < len(scenario.weights)
    return replace(
        scenario,
        weights=left(scenario.weights) if is_member else scenario.weights,
        observers=scenario.observers - (not is_member),
        attackers=tuple((moved(at), kind) for at, kind in scenario.attackers if at != gone),
        outages=tuple(outage(was) for was in scenario.outages if was.position != gone),
        weather=tuple((at_ms, milder(now)) for at_ms, now in scenario.weather),
        calm=milder(scenario.calm),
        later_weights=tuple(left(row) if row else row for row in scenario.later_weights),
        l1_lags_ms=left(scenario.l1_lags_ms),
        clocks=left(scenario.clocks),
    )
