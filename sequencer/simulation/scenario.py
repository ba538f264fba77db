"""What a seed means: committee, faults, disturbances, load."""

from dataclasses import dataclass
from random import Random

from sequencer.consensus.pacemaker import Timing
from sequencer.simulation.application import Temper
from sequencer.simulation.attackers import Attacker, Twin
from sequencer.simulation.attacks import EACH_ALONE
from sequencer.simulation.network import Conditions, Link

LOADS = ("idle", "busy", "bursts")


@dataclass(frozen=True, slots=True)
class Outage:
    """A node that dies `steps` outputs after `at_ms` and comes back."""

    at_ms: int
    position: int
    steps: int
    down_ms: int


@dataclass(frozen=True, slots=True)
class Scenario:
    seed: int
    weights: tuple[int, ...]
    attackers: tuple[tuple[int, type[Attacker]], ...]
    observers: int
    timing: Timing
    chaos_ms: int
    weather: tuple[tuple[int, Conditions], ...]
    """From when on which conditions, until `chaos_ms`."""
    outages: tuple[Outage, ...]
    calm: Conditions
    """What the weather is from then on: kind enough for progress."""
    temper: Temper
    load: str
    is_overrun: bool
    """Whether the attackers have a third of the weight or more."""
    is_later_epoch: bool
    is_encoding: bool
    later_weights: tuple[tuple[int, ...], ...] = ()
    """By position, members and observers of the first epoch, for each epoch after it."""
    epoch_ms: int = 0
    recorded_after_ms: int = 0
    """From when on L1 knows the committee of a later epoch, counted from the epoch's start."""
    l1_lags_ms: tuple[int, ...] = ()
    """How late each position sees L1; positions beyond see it at once."""
    clocks: tuple[tuple[int, int], ...] = ()
    """What each position's clock is off by in ms, and its speed in percent; others are right."""
    is_on_disk: bool = False
    """Whether journals are files, and crashes cut them at any byte."""

    def line(self) -> str:
        """For a person: what this schedule is about."""
        names = " ".join(f"{at}:{kind.__name__}" for at, kind in self.attackers) or "none"
        return (
            f"weights {self.weights} attackers {names} observers {self.observers}"
            f" load {self.load} chaos {self.chaos_ms} ms outages {len(self.outages)}"
            f"{' OVERRUN' if self.is_overrun else ''}{self._later_line()}"
        )

    def _later_line(self) -> str:
        epochs = f" then {self.later_weights} each {self.epoch_ms} ms" if self.later_weights else ""
        return f"{epochs}{' clocks' if self.clocks else ''}{' on disk' if self.is_on_disk else ''}"


def draw_overrun(seed: int, random: Random) -> Scenario:
    """Twins with a third of the weight or more, and the others cut in two."""
    weights = random.choice(((1,) * 3, (1,) * 4, (1,) * 6, (1,) * 7, (3, 2, 2, 1, 1), (5, 4, 3, 3)))
    seats: list[int] = []
    while 3 * sum(weights[seat] for seat in seats) < sum(weights) or random.random() < 0.4:
        left = [seat for seat in range(len(weights)) if seat not in seats]
        if len(left) <= 2:
            break
        seats.append(random.choice(left))
    is_late = random.random() < 0.3
    chaos_ms = random.randint(6_000, 9_000) if is_late else random.randint(500, 4_000)
    honest = [seat for seat in range(len(weights)) if seat not in seats]
    return Scenario(
        seed=seed,
        weights=weights,
        attackers=tuple((seat, Twin) for seat in sorted(seats)),
        observers=0,
        timing=Timing(timeout_ms=150, max_timeout_ms=1_000),
        chaos_ms=chaos_ms,
        weather=((0, Conditions()),),
        outages=_draw_long_outage(random, honest, chaos_ms) if is_late else (),
        calm=Conditions(),
        temper=Temper(),
        load="busy" if is_late else random.choice(LOADS),
        is_overrun=True,
        is_later_epoch=False,
        is_encoding=False,
    )


def _draw_long_outage(random: Random, honest: list[int], chaos_ms: int) -> tuple[Outage, ...]:
    """Some have forked off and are gone until the others have settled many views (SIMPLEX-15)."""
    away = random.sample(honest, random.randint(1, len(honest) - 1))
    return tuple(Outage(random.randint(200, 900), seat, 0, chaos_ms) for seat in away)


def draw_usual(seed: int, random: Random) -> Scenario:
    weights = _draw_weights(random)
    attackers = _draw_attackers(random, weights)
    observers = random.choice((0, 0, 0, 1))
    count = len(weights) + observers
    load = random.choice(LOADS)
    if random.random() < 0.02:
        return _draw_siege(seed, random)
    chaos_ms = random.randint(0, 3_000 if load == "busy" else 9_000)
    return Scenario(
        seed=seed,
        weights=weights,
        attackers=attackers,
        observers=observers,
        timing=Timing(timeout_ms=random.choice((150, 250, 400)), max_timeout_ms=2_000),
        chaos_ms=chaos_ms,
        weather=_draw_weather(random, count, chaos_ms),
        outages=_draw_outages(random, count, chaos_ms),
        calm=_draw_calm(random, count, bool(attackers)),
        temper=_draw_temper(random, len(weights)),
        load=load,
        is_overrun=False,
        is_later_epoch=random.random() < 0.3,
        is_encoding=random.random() < 0.05,
    )


def _draw_siege(seed: int, random: Random) -> Scenario:
    """Every block is refused for so long that no proposal can carry all nullifications."""
    return Scenario(
        seed=seed,
        weights=(1, 1, 1, 1),
        attackers=(),
        observers=0,
        timing=Timing(timeout_ms=50, max_timeout_ms=100, heartbeat_ms=100),
        chaos_ms=random.randint(10_000, 25_000),
        weather=((0, Conditions(loss=random.choice((0.0, 0.1)))),),
        outages=_draw_outages(random, 4, 10_000),
        calm=Conditions(),
        temper=Temper(refusal=1.0),
        load="busy",
        is_overrun=False,
        is_later_epoch=False,
        is_encoding=False,
    )


def _draw_calm(random: Random, count: int, is_attacked: bool) -> Conditions:
    """At times slower than the base time-out, or with two nodes that never hear each other."""
    style = random.random()
    if style < 0.15:
        return Conditions(delay_ms=(50, 250))
    if style < 0.25 and count >= 4 and not is_attacked:
        a, b = random.sample(range(count), 2)
        return Conditions(cuts=frozenset({(a, b), (b, a)}))
    return Conditions()


def _draw_weights(random: Random) -> tuple[int, ...]:
    count = random.choice((1, 4, 4, 4, 4, 5, 6, 7))
    style = random.choice(("equal", "equal", "close", "wild"))
    if style == "equal":
        return (10**18,) * count
    high = 13 if style == "close" else 60
    return tuple(sorted((random.randint(10, high) for _ in range(count)), reverse=True))


def _draw_attackers(
    random: Random, weights: tuple[int, ...]
) -> tuple[tuple[int, type[Attacker]], ...]:
    """Less than a third of the weight, often as much as fits."""
    if random.random() < 0.3:
        return ()
    kinds = (*EACH_ALONE, Twin)
    seats = list(range(len(weights)))
    random.shuffle(seats)
    chosen: list[tuple[int, type[Attacker]]] = []
    weight = 0
    for seat in seats:
        if 3 * (weight + weights[seat]) < sum(weights):
            weight += weights[seat]
            chosen.append((seat, random.choice(kinds)))
    return tuple(sorted(chosen, key=lambda pair: pair[0]))


def _draw_weather(random: Random, count: int, chaos_ms: int) -> tuple[tuple[int, Conditions], ...]:
    changes = []
    at_ms = 0
    while at_ms < chaos_ms:
        changes.append((at_ms, _draw_conditions(random, count)))
        at_ms += random.randint(200, 2_500)
    return tuple(changes)


def _draw_conditions(random: Random, count: int) -> Conditions:
    low = random.choice((1, 5, 20))
    return Conditions(
        delay_ms=(low, low + random.choice((5, 30, 120))),
        slow_rate=random.choice((0.0, 0.0, 0.05, 0.3)),
        slow_ms=random.choice((300, 2_000)),
        loss=random.choice((0.0, 0.0, 0.02, 0.15, 0.5)),
        duplicates=random.choice((0.0, 0.0, 0.1)),
        cuts=_draw_cuts(random, count),
    )


def _draw_cuts(random: Random, count: int) -> frozenset[Link]:
    links = [(a, b) for a in range(count) for b in range(count) if a != b]
    style = random.choice(("none", "none", "halves", "one away", "one way", "total"))
    if style == "halves":
        side = {p for p in range(count) if random.random() < 0.5}
        return frozenset((a, b) for a, b in links if (a in side) != (b in side))
    if style == "one away":
        away = random.randrange(count)
        return frozenset((a, b) for a, b in links if away in (a, b))
    if style == "one way":
        return frozenset(link for link in links if random.random() < 0.3)
    return frozenset(links) if style == "total" else frozenset()


def _draw_outages(random: Random, count: int, chaos_ms: int) -> tuple[Outage, ...]:
    style = random.choice(("none", "some", "some", "all at once"))
    if style == "none" or chaos_ms == 0:
        return ()
    if style == "all at once":
        at_ms = random.randrange(chaos_ms)
        down_ms = random.choice((1, 500))
        return tuple(
            Outage(at_ms, position, random.randint(0, 8), down_ms) for position in range(count)
        )
    return tuple(
        Outage(
            at_ms=random.randrange(chaos_ms),
            position=random.randrange(count),
            steps=random.randint(0, 12),
            down_ms=random.choice((0, 100, 1_000, 4_000)),
        )
        for _ in range(random.randint(1, 2 * count))
    )


def _draw_temper(random: Random, members: int) -> Temper:
    style = random.choice(("prompt", "prompt", "slow", "moody"))
    if members == 1:
        return Temper(latency_ms=20)  # alone and busy it would decide without end in no time
    if style == "prompt":
        return Temper()
    if style == "slow":
        return Temper(latency_ms=random.choice((5, 60)))
    return Temper(latency_ms=5, hesitation=0.4, hesitation_ms=200, refusal=0.1)
