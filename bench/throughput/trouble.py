"""Networks in which something is wrong, and loads that are too much."""

import asyncio
import contextlib
import signal
import statistics
from collections.abc import AsyncIterator
from dataclasses import replace

from bench.throughput.bed import Bed, Setup
from bench.throughput.context import Context, Result, say, summary
from bench.throughput.figures import distribution
from bench.throughput.plan import batch_for
from bench.throughput.runs import Run
from sequencer.devnet.node_process import NodeProcess
from sequencer.devnet.waiting import eventually

DEFAULT = Setup()
OTHERS = (0, 1, 2)
"""All nodes but the last, which has the trouble."""
STOPPED_SECONDS = RUNNING_SECONDS = 0.1
OVERLOAD = 3
SUSTAINED_PERCENT = 70
RESTART_PERCENT = 30
RESTART_SECONDS = 60.0


async def one_dead(context: Context) -> Result:
    """The peak of three nodes of four, the fourth killed."""
    here = await context.bed(DEFAULT, is_fresh=True)
    await here.network.nodes[-1].kill()
    return await context.saturate(here, context.runs, to=OTHERS)


async def restart(context: Context) -> Result:
    """A node is killed under load and started again: until it answers, and until it has what the
    others have. The load goes on at the others."""
    rate = await context.peak(DEFAULT) * RESTART_PERCENT / 100
    here = await context.bed(DEFAULT)
    node = here.network.nodes[-1]
    await node.kill()
    streams = len(OTHERS) * here.setup.rollups
    load = asyncio.create_task(
        here.load(
            to=OTHERS,
            seconds=max(10.0, 2 * context.seconds),
            rate=rate,
            batch=batch_for(rate, streams),
        )
    )
    try:
        await asyncio.sleep(3)
        clock = asyncio.get_running_loop().time
        started = clock()
        await node.start()
        await node.ready()
        answered = clock() - started
        await _caught_up(node, here.network.nodes[0])
        caught_up = clock() - started
        figures = (await load).figures()
    finally:
        load.cancel()
    say(f"answers after {answered:.1f} s, has all after {caught_up:.1f} s")
    return {
        **figures,
        "answers_seconds": round(answered, 2),
        "caught_up_seconds": round(caught_up, 2),
    }


async def _caught_up(node: NodeProcess, other: NodeProcess) -> None:
    async def has_all() -> bool | None:
        theirs = (await other.status())["height"]
        return (await node.status())["height"] >= theirs - 2 or None

    await eventually("catching up", has_all, seconds=RESTART_SECONDS)


async def one_slow(context: Context) -> Result:
    """The peak with a node that is stopped half of the time."""
    here = await context.bed(DEFAULT)
    async with stumbling(here.network.nodes[-1]):
        return await context.saturate(here, 1, to=OTHERS)


@contextlib.asynccontextmanager
async def stumbling(node: NodeProcess) -> AsyncIterator[None]:
    """Its process stands still for a tenth of a second, and runs for a tenth, by turns."""

    async def stumble() -> None:
        while True:
            node.process.signal(signal.SIGSTOP)
            await asyncio.sleep(STOPPED_SECONDS)
            node.process.signal(signal.SIGCONT)
            await asyncio.sleep(RUNNING_SECONDS)

    task = asyncio.create_task(stumble())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        node.process.signal(signal.SIGCONT)


async def overload(context: Context) -> Result:
    """Three times the peak at a steady rate, nothing offered again; then a light load at once."""
    peak = await context.peak(DEFAULT)
    # One transaction of each account: a nonce that was refused would hold up those after it.
    here = await context.bed(replace(DEFAULT, depth=1), is_fresh=True)
    runs, light = [], []
    for _ in range(context.runs):
        over = await here.load(seconds=context.seconds, rate=OVERLOAD * peak, batch=100)
        after = await here.load(seconds=2.0, rate=max(20.0, peak / 100), batch=1)
        runs.append(over.figures())
        light.append(distribution(after.latencies_ms()))
        say(f"{runs[-1]['final_tx_s']:,} tx/s, {runs[-1]['refusals']:,} refused; then {light[-1]}")
        await here.rest()
    after_p50 = [found["p50"] for found in light if found]
    return {
        **summary(runs),
        "light_after_ms_p50": statistics.median(after_p50) if after_p50 else None,
    }


async def sustained(context: Context) -> Result:
    """70% of the peak for long: the first and the last part of it beside each other."""
    rate = await context.peak(DEFAULT) * SUSTAINED_PERCENT / 100
    here = await context.bed(DEFAULT, is_fresh=True)
    before = await _state(here)
    run = await here.load(
        seconds=context.sustained_seconds, rate=rate, batch=batch_for(rate, here.streams)
    )
    after = await _state(here)
    quarters = [distribution(part) for part in parts(run, 4)]
    millions = len(run.accepted) / 1e6
    growth = {
        f"{name}_per_million_tx": round((after[name] - before[name]) / millions, 1)
        for name in ("rss_mb", "disk_mb")
    }
    say(f"quarters, p50: {[q.get('p50') for q in quarters]}; a node's growth {growth}")
    return {
        **run.figures(),
        "offered_percent_of_peak": SUSTAINED_PERCENT,
        "quarters_ms": quarters,
        "rss_mb_before": before["rss_mb"],
        "rss_mb_after": after["rss_mb"],
        "batches_waiting_for_l1": after["batches_waiting"],
        **growth,
    }


async def _state(here: Bed) -> dict[str, float]:
    """Of the node that has the most."""
    usage = here.usage()
    status = await here.network.nodes[0].status()
    waiting = status["batches"]["cut"] - status["batches"]["committed"]
    return {**usage, "batches_waiting": waiting}


def parts(run: Run, count: int) -> list[list[float]]:
    """Latencies in ms, by when the transaction should have left."""
    start, end = run.outcome.started_ns, run.outcome.ended_ns + 1
    found: list[list[float]] = [[] for _ in range(count)]
    for finals in run.finals.values():
        for tx, final_ns in finals.own.items():
            due_ns = run.accepted[tx][1]
            part = min(count - 1, max(0, due_ns - start) * count // (end - start))
            found[part].append((final_ns - due_ns) / 1e6)
    return found
