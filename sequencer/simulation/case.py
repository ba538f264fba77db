"""A scenario as JSON, for one schedule that is to be seen again. The file is outside input."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from sequencer.errors import DecodeError
from sequencer.simulation import epoch_attackers
from sequencer.simulation.attackers import Attacker, Twin
from sequencer.simulation.attacks import EACH_ALONE
from sequencer.simulation.network import Conditions
from sequencer.simulation.scenario import LOADS, Scenario
from sequencer.types import MAX_MEMBERS

MAX_CASE_BYTES = 1 << 20
MAX_MS = 3_600_000
_NAMES: dict[str, type[Attacker]] = {
    kind.__name__: kind for kind in (*EACH_ALONE, Twin, *epoch_attackers.BREAKERS)
}


@dataclass(frozen=True, slots=True)
class Case:
    """A schedule, and what came of it when it was written down."""

    version: Literal[1]
    failure: str
    trace: str
    scenario: Scenario


def dump_case(case: Case) -> bytes:
    plain = msgspec.json.encode(case, enc_hook=_name, order="deterministic")
    return msgspec.json.format(plain, indent=1) + b"\n"


def load_case(data: bytes) -> Case:
    """Raises `DecodeError` that names what is wrong with the text or with the scenario in it."""
    if len(data) > MAX_CASE_BYTES:
        raise DecodeError(f"case: {len(data)} bytes, at most {MAX_CASE_BYTES} expected")
    try:
        raw = msgspec.json.decode(data)
        case = msgspec.convert(raw, Case, dec_hook=_find)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DecodeError(f"case: {error}") from error
    for unknown in _unknown(raw, msgspec.to_builtins(case, enc_hook=_name)):
        raise DecodeError(f"case: nothing is called {unknown!r}")
    check_scenario(case.scenario)
    return case


def check_scenario(scenario: Scenario) -> None:
    """Raises `DecodeError` unless the simulator can run it and judge it."""
    for problem in _problems(scenario):
        raise DecodeError(f"case: {problem}")


def _name(value: Any) -> str:
    if isinstance(value, type):
        return value.__name__
    raise NotImplementedError(f"no JSON for {value!r}")


def _find(kind: Any, value: Any) -> type[Attacker]:
    found = _NAMES.get(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"no attacker is called {value!r}")
    return found


def _unknown(raw: Any, known: Any) -> Iterator[str]:
    """Names in the text that mean nothing."""
    if isinstance(raw, dict) and isinstance(known, dict):
        for name, value in raw.items():
            if name not in known:
                yield name
            else:
                yield from _unknown(value, known[name])
    elif isinstance(raw, list) and isinstance(known, list | tuple):
        for value, other in zip(raw, known, strict=False):
            yield from _unknown(value, other)


def _problems(scenario: Scenario) -> Iterator[str]:
    count = len(scenario.weights) + scenario.observers
    if not 1 <= len(scenario.weights) <= MAX_MEMBERS or not 0 <= scenario.observers <= MAX_MEMBERS:
        yield f"{len(scenario.weights)} members and {scenario.observers} observers"
    if scenario.load not in LOADS:
        yield f"load {scenario.load!r} is none of {', '.join(LOADS)}"
    yield from _problems_of_weights(scenario, count)
    yield from _problems_of_places(scenario, count)
    yield from _problems_of_times(scenario)
    for at_ms, conditions in (*scenario.weather, (0, scenario.calm)):
        yield from _problems_of_weather(conditions, at_ms)


def _problems_of_weights(scenario: Scenario, count: int) -> Iterator[str]:
    """Who has a third or more of the weight decides what is asked of the others."""
    first = (*scenario.weights, *[0] * scenario.observers)
    bad = {at for at, _ in scenario.attackers}
    if not all(0 < weight < 1 << 96 for weight in scenario.weights):
        yield "weights must be from 1 to 2^96 - 1"
    if list(scenario.weights) != sorted(scenario.weights, reverse=True):
        yield "weights must descend"
    for row in (first, *scenario.later_weights):
        if row and (len(row) != count or not all(0 <= weight < 1 << 96 for weight in row)):
            yield f"later weights {row}: {count} from 0 to 2^96 - 1 expected"
            return
        is_overrun = bool(row) and 3 * sum(row[at] for at in bad if at < count) >= sum(row)
        if is_overrun != (scenario.is_overrun and bool(row)):
            yield f"is_overrun is {scenario.is_overrun}, of weights {row} it is {is_overrun}"
        if sum(map(bool, row)) == 1 and not scenario.temper.latency_ms:
            yield "a member alone needs an application with latency"
    if len(bad) == count:
        yield "nobody is honest"


def _problems_of_places(scenario: Scenario, count: int) -> Iterator[str]:
    seats = [at for at, _ in scenario.attackers]
    cuts = [link for _, now in scenario.weather for link in now.cuts]
    positions = [*seats, *(outage.position for outage in scenario.outages)]
    positions += [at for link in (*cuts, *scenario.calm.cuts) for at in link]
    if any(not 0 <= at < count for at in positions):
        yield f"a position is not from 0 to {count - 1}"
    if len(set(seats)) < len(seats):
        yield "two attackers have one position"
    if max(len(scenario.l1_lags_ms), len(scenario.clocks)) > count:
        yield f"more clocks or lags than the {count} positions"


def _problems_of_times(scenario: Scenario) -> Iterator[str]:
    timing, temper = scenario.timing, scenario.temper
    least_1 = [timing.timeout_ms, timing.max_timeout_ms, timing.heartbeat_ms, timing.retry_ms]
    least_1 += [scenario.epoch_ms] if scenario.later_weights else []
    least_1 += [speed for _, speed in scenario.clocks]
    least_1 += [temper.hesitation_ms] if temper.hesitation else []
    least_0 = [scenario.chaos_ms, temper.latency_ms, temper.hesitation_ms]
    least_0 += [number for o in scenario.outages for number in (o.at_ms, o.steps, o.down_ms)]
    least_0 += [at_ms for at_ms, _ in scenario.weather]
    least_0 += [abs(offset) for offset, _ in scenario.clocks]
    least_0 += [*scenario.l1_lags_ms, scenario.epoch_ms, abs(scenario.recorded_after_ms)]
    if not all(1 <= time <= MAX_MS for time in least_1):
        yield f"a time-out, interval or speed is not from 1 to {MAX_MS}"
    if not all(0 <= time <= MAX_MS for time in least_0):
        yield f"a time is not from 0 to {MAX_MS}"
    if not all(0 <= share <= 1 for share in (temper.hesitation, temper.refusal)):
        yield "a share of the temper is not from 0 to 1"


def _problems_of_weather(now: Conditions, at_ms: int) -> Iterator[str]:
    low, high = now.delay_ms
    if not 0 <= low <= high <= MAX_MS or not 0 <= now.slow_ms <= MAX_MS:
        yield f"delays of the weather at {at_ms} ms are not ordered, or not from 0 to {MAX_MS}"
    if not all(0 <= share <= 1 for share in (now.slow_rate, now.loss, now.duplicates)):
        yield f"a share of the weather at {at_ms} ms is not from 0 to 1"
