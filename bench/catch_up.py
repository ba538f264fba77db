"""How fast a node that is far behind catches up, and what the committee feels of it:
`make bench-catch-up`.

A devnet of its own with a history of that many blocks, really signed, in the stores of its four
nodes; then a steady load of transfers to all four. In each round the committee's finality is
measured alone, while a fifth operator's node with an empty store fetches the whole history, and
while that node has nothing left to fetch: it is one more peer to send everything to.
Everything shares this machine's processors, where a network of its own has a machine for each node:
the node that catches up takes only what the committee leaves (`--share` lets it compete).
Writes build/bench-catch-up/results.json.
"""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import statistics
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from sequencer.deployment.parameters import NetworkSection, TimelockSection
from sequencer.devnet.accounts import TRAFFIC, account
from sequencer.devnet.bootstrap import BOND_WEI
from sequencer.devnet.history import History
from sequencer.devnet.layout import Layout
from sequencer.devnet.membership import Membership
from sequencer.devnet.network import DEVNET, Network, Ports, Profile
from sequencer.devnet.node_process import NodeProcess
from sequencer.devnet.progress import Progress
from sequencer.devnet.traffic import Traffic
from sequencer.devnet.waiting import eventually
from sequencer.devnet.wallets import Wallet
from sequencer.l1.view import L1View
from sequencer.l1.watcher import L1Watcher
from sequencer.types import Epoch

FOLDER = Path("build/bench-catch-up")
REPORT = FOLDER / "results.json"
EPOCH_SECONDS = 7_200
"""The newcomer stays an observer, and the history lies in one epoch."""
CLOSE = 32
"""Blocks below the committee's tip at which a node has caught up."""
COMMIT_SECONDS = 1_200.0
SAMPLE_SECONDS = 0.5


def profile() -> Profile:
    """Few batches for a long history, so that L1 has taken them all before the measurement."""
    parameters = DEVNET.parameters
    times = msgspec.structs.replace(
        parameters.times, epoch_seconds=EPOCH_SECONDS, unbonding_seconds=4 * EPOCH_SECONDS
    )
    timelock = TimelockSection(delay_seconds=6 * EPOCH_SECONDS)
    network = NetworkSection(batch_bytes=96 << 10, block_bytes=16 << 10, batch_age_ms=60_000)
    parameters = msgspec.structs.replace(
        parameters, times=times, timelock=timelock, network=network
    )
    return replace(DEVNET, parameters=parameters, followers=0)


class HistoricNetwork(Network):
    """Its nodes start with a history."""

    def __init__(self, layout: Layout, blocks: int) -> None:
        super().__init__(layout, profile(), Ports(), Progress())
        self._blocks = blocks

    async def _start_nodes(self, peer_ports: Sequence[int]) -> None:
        await self._record_committee()
        with self._progress.step(f"{self._blocks} blocks of history"):
            await self._write_history()
        await super()._start_nodes(peer_ports)

    async def _write_history(self) -> None:
        deployment = self.deployment
        view = L1View(self.profile.confirmations, deployment.schedule)
        watcher = L1Watcher(self.anvil.client, view, deployment, 1.0, lambda: None)

        async def has_committee() -> bool | None:
            await watcher.step()
            confirmed = view.confirmed
            return (confirmed and view.committee_at(Epoch(0), confirmed.number) and True) or None

        await eventually("the first committee confirmed", has_committee, seconds=30.0)
        assert view.confirmed is not None
        committee = view.committee_at(Epoch(0), view.confirmed.number)
        assert committee is not None
        history = History(
            deployment.domain.separator(),
            committee,
            [operator.hot for operator in self.operators],
            view.confirmed,
            self.rollups,
        )
        first, *others = [self._store(operator.number) for operator in self.operators]
        cut = deployment.batch_parameters
        await asyncio.to_thread(history.write, first, self._blocks, cut)
        for other in others:
            other.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(first, other)

    def _store(self, number: int) -> Path:
        return self.layout.process(f"node-{number}") / "data" / "blocks.sqlite"


@contextlib.asynccontextmanager
async def running(blocks: int) -> AsyncIterator[Network]:
    layout = Layout(FOLDER)
    network = HistoricNetwork(layout, blocks)
    with layout.lock():
        try:
            await network.start(keep=False)
            yield network
        finally:
            await network.stop()


def cpu_seconds(node: NodeProcess) -> float:
    """Processor time that the node's process has had."""
    stat = Path(f"/proc/{node.process.pid}/stat").read_text(encoding="ascii")
    user, system = stat.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


class Watch:
    """What the committee does from `start` on, asked for often enough to see each figure."""

    def __init__(self, nodes: list[NodeProcess]) -> None:
        self._nodes = nodes
        self._took: list[float] = []
        self._counts = [0] * len(nodes)
        self.height = 0

    async def start(self) -> None:
        await self.sample()
        self._took = []
        self._started, self._first = time.monotonic(), self.height
        self._cpu = sum(map(cpu_seconds, self._nodes))

    async def sample(self) -> None:
        for number, node in enumerate(self._nodes):
            status = await node.status()
            finality = status["finalityMs"]
            new = min(finality["count"] - self._counts[number], len(finality["last"]))
            self._counts[number] = finality["count"]
            self._took += finality["last"][len(finality["last"]) - new :]
            self.height = max(self.height, status["height"])

    async def during(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            await asyncio.sleep(SAMPLE_SECONDS)
            await self.sample()

    def figures(self) -> dict[str, float]:
        seconds = time.monotonic() - self._started
        return {
            "seconds": round(seconds, 1),
            "blocks_s": round((self.height - self._first) / seconds, 1),
            "cpu_percent_each": round(
                100 * (sum(map(cpu_seconds, self._nodes)) - self._cpu) / seconds / len(self._nodes),
                1,
            ),
            "transactions": len(self._took),
            "finality_ms_p50": round(statistics.median(self._took), 2),
            "finality_ms_p99": round(statistics.quantiles(self._took, n=100)[-1], 2),
        }


def give_way(pid: int) -> None:
    """The least share of the processors for a process, also where Linux shares between sessions
    (sched(7), autogroup)."""
    os.setpriority(os.PRIO_PROCESS, pid, 19)
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text("19", encoding="ascii")


async def steady(watch: Watch, seconds: float) -> dict[str, float]:
    await watch.start()
    await watch.during(seconds)
    return watch.figures()


async def beside(watch: Watch, laggard: NodeProcess, is_sharing: bool) -> dict[str, float]:
    """Until the laggard, which starts with nothing, is where the others are."""
    await laggard.stop()
    shutil.rmtree(laggard.config_path.parent / "data", ignore_errors=True)
    await laggard.start()
    if not is_sharing:
        give_way(laggard.process.pid)
    await laggard.ready()

    async def laggard_height() -> tuple[int, float] | None:
        height = (await laggard.status())["height"]
        return (height, time.monotonic()) if height else None

    await watch.start()
    first, started = await eventually("a first block", laggard_height, seconds=60.0)
    while (status := await laggard.status())["height"] < watch.height - CLOSE:
        await asyncio.sleep(SAMPLE_SECONDS)
        await watch.sample()
    rate = (status["height"] - first) / (time.monotonic() - started)
    figures = watch.figures()
    cpu = cpu_seconds(laggard)
    return {
        **figures,
        "fetched_blocks_s": round(rate),
        "times_production": round(rate / figures["blocks_s"], 1),
        "laggard_cpu_ms_per_1000_blocks": round(1e6 * cpu / status["height"]),
        "laggard_rss_mb": status["rssMb"],
    }


async def all_on_l1(network: Network) -> None:
    """Batches of the history are posted by the committee itself; nothing of it is left to do."""

    async def is_done() -> bool | None:
        batches = (await network.nodes[0].status())["batches"]
        return batches["committed"] >= batches["cut"] - 2 or None

    await eventually("the history on L1", is_done, seconds=COMMIT_SECONDS, poll_seconds=1.0)


async def measure(network: Network, args: argparse.Namespace) -> list[dict[str, Any]]:
    await all_on_l1(network)
    watch = Watch(list(network.nodes))
    laggard = await Membership(network).join(BOND_WEI)
    rounds: list[dict[str, Any]] = []
    await laggard.stop()
    await steady(watch, 5.0)  # wallets are known, caches are warm
    print(f"{'':>11} {'blocks/s':>9} {'p50 ms':>8} {'p99 ms':>8} {'fetched/s':>10} {'ratio':>6}")
    for _ in range(args.rounds):
        row = {"alone": await steady(watch, args.seconds)}
        say("alone", row["alone"])
        row["catching up"] = await beside(watch, laggard, args.share)
        say("catching up", row["catching up"])
        row["caught up"] = await steady(watch, args.seconds)
        say("caught up", row["caught up"])
        await laggard.stop()
        growth = {name: growth_percent(row, name) for name in ("alone", "caught up")}
        for name, percent in growth.items():
            print(f"median finality {percent:+.1f} % against {name}", flush=True)
        rounds.append({**row, "p50_growth_percent": growth})
    return rounds


def growth_percent(row: dict[str, dict[str, float]], base: str) -> float:
    return round(
        100 * (row["catching up"]["finality_ms_p50"] / row[base]["finality_ms_p50"] - 1), 1
    )


def say(what: str, row: dict[str, float]) -> None:
    print(
        f"{what:>11} {row['blocks_s']:>9} {row['finality_ms_p50']:>8} {row['finality_ms_p99']:>8}"
        f" {row.get('fetched_blocks_s', ''):>10} {row.get('times_production', ''):>6}",
        flush=True,
    )


async def run(args: argparse.Namespace) -> None:
    async with running(args.blocks) as network:
        wallets = [Wallet(account(index).secret) for index in TRAFFIC]
        traffic = Traffic(list(network.nodes), network.rollups, wallets, 1 / args.rate)
        load = asyncio.create_task(traffic.run())
        try:
            rounds = await measure(network, args)
        finally:
            load.cancel()
            await asyncio.gather(load, return_exceptions=True)
    write_report(args.blocks, rounds)


def write_report(blocks: int, rounds: list[dict[str, Any]]) -> None:
    report = {"cpus": os.cpu_count(), "blocks": blocks, "rounds": rounds}
    REPORT.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blocks", type=int, default=100_000, help="of the history")
    parser.add_argument("--rate", type=float, default=20.0, help="transfers offered a second")
    parser.add_argument("--seconds", type=float, default=30.0, help="that the committee is alone")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--share", action="store_true", help="the laggard competes for processors")
    asyncio.run(run(parser.parse_args()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
