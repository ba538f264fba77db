"""What is measured. Each scenario is a function from the context to figures, with a line that says
what it is; `SCENARIOS` has them in the order in which they run: those of one network follow each
other."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from bench.throughput import l1_cost, peers, trouble
from bench.throughput.bed import Setup
from bench.throughput.context import Context, Result, say, summary
from bench.throughput.plan import batch_for
from bench.throughput.transactions import LARGE

DEFAULT = Setup()
LOADS = (1, 10, 50, 90)
"""Percent of the peak."""
LIGHT_TX_S = 20.0
"""The least that a load in percent of the peak comes to."""
CPU_RATES = (1_000, 5_000, 10_000, 20_000)
L1_LOADS = (1, 10, 50)
SINGLES = 8
"""Connections to each node for each rollup with one call in a request."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """`what` is told before it runs."""

    name: str
    what: str
    run: Callable[[Context], Awaitable[Result]]


async def saturation(context: Context) -> Result:
    """The peak: batches of 100 over HTTP, spread over all nodes."""
    return await context.saturate(await context.bed(DEFAULT), context.runs)


async def latency(context: Context) -> Result:
    """Finality at parts of the peak."""
    peak = await context.peak(DEFAULT)
    here = await context.bed(DEFAULT)
    result: Result = {}
    for percent in LOADS:
        rate = max(LIGHT_TX_S, peak * percent / 100)
        batch = batch_for(rate, here.streams)
        runs = await context.repeat(
            here, context.runs, seconds=context.seconds, rate=rate, batch=batch
        )
        result[f"{percent}%"] = {"batch": batch, **summary(runs)}
    return result


async def cpu(context: Context) -> Result:
    """CPU of each process for a transaction, at growing rates."""
    peak = await context.peak(DEFAULT)
    here = await context.bed(DEFAULT)
    result: Result = {}
    for rate in CPU_RATES:
        if rate > peak:
            result[f"{rate}"] = {"skipped": f"above the peak of {peak:,.0f} tx/s"}
            continue
        batch = batch_for(rate, here.streams)
        (result[f"{rate}"],) = await context.repeat(
            here, 1, seconds=context.seconds, rate=rate, batch=batch
        )
    return result


async def websocket(context: Context) -> Result:
    """The peak through WebSocket messages of 100 calls."""
    here = await context.bed(DEFAULT)
    if not await here.has_websocket():
        return {"skipped": "nodes do not speak WebSocket"}
    return await context.saturate(here, 1, protocol="websocket")


async def single(context: Context) -> Result:
    """The peak with one call in a POST."""
    here = await context.bed(DEFAULT)
    return await context.saturate(here, 1, batch=1, connections=SINGLES, depth=4)


async def l1(context: Context) -> Result:
    """What L1 is given for a transaction in calldata, in small batches and large ones."""
    return await l1_of(context, DEFAULT)


async def l1_blobs(context: Context) -> Result:
    """The same in blobs, where a batch is not too small for them."""
    return await l1_of(context, replace(DEFAULT, has_blobs=True))


async def l1_of(context: Context, setup: Setup) -> Result:
    peak = await context.peak(DEFAULT)
    here = await context.bed(setup)
    result: Result = {}
    for percent in L1_LOADS:
        rate = max(LIGHT_TX_S, peak * percent / 100)
        first = await l1_cost.head(here)
        run = await here.load(
            seconds=context.seconds, rate=rate, batch=batch_for(rate, here.streams)
        )
        # The last batch is cut by its age (BATCH-2).
        await asyncio.sleep(setup.profile.parameters.network.batch_age_ms / 1_000)
        await here.rest()
        cost = await l1_cost.posted(here, first, await l1_cost.head(here), len(run.accepted))
        say(f"{rate:,.0f} tx/s: {cost}")
        result[f"{percent}%"] = {**run.figures(), **cost}
    return result


async def derived(context: Context) -> Result:
    """Whether a follower derives from L1 all that this network has accepted so far."""
    await context.peak(DEFAULT)
    here = await context.bed(DEFAULT)
    result = await here.derived()
    say(str(result))
    return {"derivation": result}


async def peak_of(context: Context, setup: Setup, runs: int) -> Result:
    return await context.saturate(await context.bed(setup), runs)


async def large(context: Context) -> Result:
    """The peak with transactions of 1 KB."""
    return await peak_of(context, replace(DEFAULT, size=LARGE), 1)


async def seven(context: Context) -> Result:
    """The peak of seven nodes."""
    return await peak_of(context, replace(DEFAULT, nodes=7), 1)


async def alone(context: Context) -> Result:
    """The peak of a committee of one: what agreement costs is the rest."""
    return await peak_of(context, replace(DEFAULT, nodes=1), 1)


async def twenty(context: Context) -> Result:
    """The peak over twenty rollups."""
    return await peak_of(context, replace(DEFAULT, rollups=20), context.runs)


async def anvil(context: Context) -> Result:
    """Anvil alone, a block each second."""
    await context.close()
    runs = []
    for _ in range(context.runs):
        async with peers.anvil(is_automining=False) as peer:
            runs.append(await peers.offer(peer, peers.plan_for(peer, context.seconds)))
            say(str(runs[-1]))
    return peers.median_run(runs)


async def anvil_automine(context: Context) -> Result:
    """Anvil alone, a block for each transaction, one request at a time."""
    await context.close()
    async with peers.anvil(is_automining=True) as peer:
        plan = peers.plan_for(peer, context.seconds, connections=1, depth=1, batch=10)
        return await peers.offer(peer, plan)


async def cometbft(context: Context) -> Result:
    """CometBFT with four validators and its kvstore, as it comes and hurried; the better one."""
    program = await peers.install_cometbft()
    if isinstance(program, str):
        return {"skipped": program}
    await context.close()
    kinds = {}
    for name, is_hurried in (("as it comes", False), ("hurried", True)):
        runs = []
        for _ in range(context.runs):
            async with peers.cometbft(program, is_hurried=is_hurried) as peer:
                runs.append(await peers.offer(peer, peers.plan_for(peer, context.seconds)))
                say(f"{name}: {runs[-1]}")
        kinds[name] = peers.median_run(runs)
    best = max(kinds, key=lambda kind: float(kinds[kind]["tx_s"]))
    return {**kinds[best], "best": best, "kinds": kinds}


SCENARIOS = (
    Scenario("saturation", "throughput at saturation, JSON-RPC batches of 100", saturation),
    Scenario("latency", "finality at 1, 10, 50 and 90% of the peak", latency),
    Scenario("cpu", "CPU for a transaction at 1k, 5k, 10k and 20k tx/s", cpu),
    Scenario("websocket", "throughput at saturation, WebSocket messages of 100", websocket),
    Scenario("single", "throughput at saturation, single POSTs", single),
    Scenario("l1", "what L1 is given for a transaction in calldata, by batch size", l1),
    Scenario("derived", "all that was accepted is derived from L1", derived),
    Scenario("one-slow", "throughput with one node stopped half of the time", trouble.one_slow),
    Scenario("one-dead", "throughput with one node of four dead", trouble.one_dead),
    Scenario("restart", "a node killed and started again under load", trouble.restart),
    Scenario("overload", "three times the peak, then a light load", trouble.overload),
    Scenario("sustained", "70% of the peak for long", trouble.sustained),
    Scenario("large", "throughput with transactions of 1 KB", large),
    Scenario("rollups-20", "throughput over 20 rollups", twenty),
    Scenario("nodes-7", "throughput of seven nodes", seven),
    Scenario("alone", "throughput of a committee of one", alone),
    Scenario("l1-blobs", "what L1 is given for a transaction in blobs, by batch size", l1_blobs),
    Scenario("anvil", "Anvil alone, a block each second", anvil),
    Scenario("anvil-automine", "Anvil alone, a block for each transaction", anvil_automine),
    Scenario("cometbft", "CometBFT, four validators and kvstore", cometbft),
)
