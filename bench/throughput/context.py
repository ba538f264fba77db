"""What scenarios share: the network that is running, and what has been found about it."""

import contextlib
import statistics
import sys
from dataclasses import dataclass, field
from typing import Any

from bench.throughput.bed import Bed, Setup, bed
from bench.throughput.figures import spread_percent

Result = dict[str, Any]
"""Of values that JSON has."""

WINDOWS = (500, 1_000, 2_000, 4_000, 8_000, 16_000)
"""Transactions on their way at a time, of which the best for throughput is taken."""
SEARCH_SECONDS = 2.5
AS_GOOD = 0.9
"""Of the best rate: the smallest window with that is taken, as what waits longer only waits."""
WORSE = 0.8
"""Of the best rate so far: after two windows with less than that no larger one is tried."""
WARM_UP = 300
"""Transactions that a network has before it is measured first."""


@dataclass(slots=True)
class Context:
    """`seconds` is the length of one load, `runs` how often what goes into the headline is
    measured."""

    seconds: float
    runs: int
    sustained_seconds: float
    window: int | None = None
    """Instead of the best that is found."""
    peaks: dict[Setup, float] = field(default_factory=dict)
    """Transactions a second."""
    _windows: dict[Setup, int] = field(default_factory=dict)
    _stack: contextlib.AsyncExitStack = field(default_factory=contextlib.AsyncExitStack)
    _bed: Bed | None = None

    async def bed(self, setup: Setup, *, is_fresh: bool = False) -> Bed:
        """The network of this kind: the one that is running, if it is of this kind, whole, and need
        not be a fresh one. It rests."""
        here = self._bed
        if here is not None and here.setup == setup and here.is_whole and not is_fresh:
            await here.rest()
            return here
        await self.close()
        say(f"a network: {setup.nodes} nodes, {setup.rollups} rollups, {setup.size} B")
        self._bed = await self._stack.enter_async_context(bed(setup, "network"))
        await self._bed.load(seconds=1.0, rate=WARM_UP, batch=10)
        return self._bed

    async def close(self) -> None:
        """End what is running."""
        self._bed = None
        await self._stack.aclose()

    async def peak(self, setup: Setup) -> float:
        """The rate of a kind of network through batched JSON-RPC, as last found; found shortly if
        it was not yet."""
        if setup not in self.peaks:
            await self.saturate(await self.bed(setup), 1)
        return self.peaks[setup]

    async def saturate(self, here: Bed, runs: int, **options: Any) -> Result:
        """Loads that keep as many transactions on their way as is best. What a whole network of a
        kind does without options is its peak."""
        window = self.window or await self._best_window(here, **options)
        measured = await self.repeat(
            here, runs, seconds=self.seconds, window=window, **self._ready(here), **options
        )
        result = {"window": window, **summary(measured)}
        if not options:
            self.peaks[here.setup], self._windows[here.setup] = result["final_tx_s"], window
        return result

    async def _best_window(self, here: Bed, **options: Any) -> int:
        known = self._windows.get(here.setup)
        rates: dict[int, float] = {}
        for window in WINDOWS:
            if known is not None and not known / 2 <= window <= known * 2:
                continue
            run = await here.load(
                seconds=SEARCH_SECONDS, window=window, **self._ready(here), **options
            )
            await here.rest()
            rate, refused = run.final_tx_s(), run.outcome.refusals
            say(f"window {window}: {rate:,.0f} tx/s, {refused:,} refused")
            if rates and refused > len(run.accepted):
                break  # the network lets no more wait (POOL-7)
            rates[window] = rate
            if is_past_best(list(rates.values())):
                break
        return smallest_good(rates)

    def _ready(self, here: Bed) -> dict[str, Any]:
        """So many transactions are signed beforehand."""
        known = self.peaks.get(here.setup)
        return {} if known is None else {"expect_tx_s": 2 * known + 1_000}

    async def repeat(self, here: Bed, runs: int, **options: Any) -> list[Result]:
        """The figures of some loads of one kind, one after another."""
        measured = []
        for _ in range(runs):
            run = await here.load(**options)
            say(line_of(run.figures()))
            measured.append({**run.figures(), "is_on_l1_in_time": await here.rest()})
        return measured


def smallest_good(rates: dict[int, float]) -> int:
    """The smallest window whose rate is nearly the best."""
    best = max(rates.values())
    return min(window for window, rate in rates.items() if rate >= AS_GOOD * best)


def is_past_best(rates: list[float]) -> bool:
    """Whether the last two rates were clearly below the best."""
    return len(rates) > 2 and max(rates[-2:]) < WORSE * max(rates)


def summary(runs: list[Result]) -> Result:
    """The figures of the median run by throughput, with medians of the figures that stand for
    all, every run's throughput, and how far these are from each other."""
    middle = sorted(runs, key=lambda run: run["final_tx_s"])[(len(runs) - 1) // 2]
    latencies = [run["finality_ms"] for run in runs if run["finality_ms"]]
    medians = {
        name: round(statistics.median([run[name] for run in latencies]), 2)
        for name in ("p50", "p99")
        if latencies
    }
    rates = [run["final_tx_s"] for run in runs]
    return {
        **middle,
        "final_tx_s": statistics.median(rates),
        "finality_ms": {**middle["finality_ms"], **medians},
        "rates_of_runs": rates,
        "rates_spread_percent": round(spread_percent(rates), 1),
    }


def line_of(figures: Result) -> str:
    """A run in a line."""
    latency = figures["finality_ms"]
    finality = f"{latency['p50']:.1f} / {latency['p99']:.1f} ms" if latency else "-"
    return (
        f"{figures['final_tx_s']:>7,} tx/s, finality {finality} (p50 / p99),"
        f" {figures['accepted']:,} accepted, {figures['final']:,} final,"
        f" {figures['refusals']:,} refused, {figures['cpu_us_per_tx_all']:.0f} us CPU each"
    )


def say(text: str) -> None:
    """To whoever waits."""
    print(f"    {text}", file=sys.stderr, flush=True)
