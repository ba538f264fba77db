"""Drawing what comes after a schedule's first epoch: who decides then, and who sees L1 when."""

from dataclasses import replace
from random import Random

from sequencer.simulation.application import Temper
from sequencer.simulation.epoch_attackers import BREAKERS
from sequencer.simulation.network import Conditions
from sequencer.simulation.scenario import Scenario

WEIGHT = 10**18


def with_later_epochs(scenario: Scenario, random: Random) -> Scenario:
    """The same schedule with more observers, who take seats as members leave and return."""
    observers = scenario.observers + random.choice((0, 1, 2, 2))
    count = len(scenario.weights) + observers
    attackers = tuple(
        (at, random.choice(BREAKERS) if random.random() < 0.4 else kind)
        for at, kind in scenario.attackers
    )
    bad = {at for at, _ in attackers}
    rows: list[tuple[int, ...]] = []
    last = (*scenario.weights, *[0] * observers)
    for _ in range(random.choice((1, 2, 3, 4))):
        row = _draw_row(random, last, bad)
        rows.append(row)
        last = row if any(row) else last
    epoch_ms = random.choice((500, 1_000, 2_000, 3_000))
    alone = any(sum(map(bool, row)) == 1 for row in (scenario.weights, *rows))
    return replace(
        scenario,
        observers=observers,
        attackers=attackers,
        later_weights=tuple(rows),
        epoch_ms=epoch_ms,
        recorded_after_ms=random.randint(-epoch_ms, epoch_ms // 2),
        l1_lags_ms=tuple(random.choice((0, 0, 100, 300, 800)) for _ in range(count)),
        temper=Temper(latency_ms=20) if alone else scenario.temper,
        calm=Conditions(delay_ms=scenario.calm.delay_ms),
    )


def _draw_row(random: Random, last: tuple[int, ...], bad: set[int]) -> tuple[int, ...]:
    """The next committee by position; now and then nobody's epoch."""
    style = random.choice(("same", "weights", "churn", "churn", "replaced", "nobody"))
    if style == "nobody":
        return ()
    if style == "same":
        return last
    if style == "weights":
        row = [random.randint(10, 40) if weight else 0 for weight in last]
    elif style == "churn":
        row = [WEIGHT if random.random() < 0.7 else 0 for _ in last]
    else:
        row = [0 if weight and random.random() < 0.8 else WEIGHT for weight in last]
    return _with_honest_quorum(random, row, bad)


def _with_honest_quorum(random: Random, row: list[int], bad: set[int]) -> tuple[int, ...]:
    """Attackers have less than a third of the weight, and somebody has some."""
    honest = [at for at in range(len(row)) if at not in bad]
    if not any(row[at] for at in honest):
        row[random.choice(honest)] = WEIGHT
    seated = [at for at in bad if row[at]]
    while seated and 3 * sum(row[at] for at in seated) >= sum(row):
        row[seated.pop()] = 0
    return tuple(row)
