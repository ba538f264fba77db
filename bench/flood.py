"""Memory of honest nodes beside a peer that floods them: `make flood MINUTES=60`.

A devnet of its own: Anvil, honest node processes under a steady load of transfers, and one more
operator, bonded and a member of the committee, whose node floods (docs/flood.md). Every few
seconds the memory, open files, data folder and log of each honest node are written to
build/flood/samples.csv. Exit status 1 when the memory of one is not flat after the warm-up, or
when it stopped finalizing.
"""

import argparse
import asyncio
import csv
import os
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import msgspec

from sequencer.devnet.accounts import TRAFFIC, account
from sequencer.devnet.flooding.flooder import ORDERS, Orders
from sequencer.devnet.flooding.growth import MIB, Sample, Verdict, judge, warm_up_seconds
from sequencer.devnet.layout import Layout
from sequencer.devnet.network import DEVNET, Network, running
from sequencer.devnet.node_process import NodeProcess
from sequencer.devnet.progress import Progress
from sequencer.devnet.rpc import RpcUnreachable
from sequencer.devnet.traffic import Traffic
from sequencer.devnet.wallets import Wallet

FOLDER = Path("build/flood")
PROFILE = replace(DEVNET, nodes=5, followers=0)
"""Four honest nodes, and the one that floods."""
FLOODER_MODULE = "sequencer.devnet.flooding.flooder"
ALLOWED_MIB = 16.0
"""What the line may rise by after the warm-up: less than one message of each kind that is kept."""


def measure(node: NodeProcess, started: float, height: int) -> Sample:
    """What the system says about a node's process and files."""
    process = Path(f"/proc/{node.process.pid}")
    pages = int((process / "statm").read_text(encoding="ascii").split()[1])
    data = node.config_path.parent / "data"
    files = [path for path in data.rglob("*") if path.is_file()]
    return Sample(
        at_seconds=round(time.monotonic() - started, 1),
        rss_bytes=pages * os.sysconf("SC_PAGE_SIZE"),
        open_files=len(list((process / "fd").iterdir())),
        disk_bytes=sum(_size(path) for path in files),
        log_bytes=_size(node.process.log),
        height=height,
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # replaced meanwhile
        return 0


class Watch:
    """Samples of each honest node, as they come, into a table."""

    def __init__(self, nodes: list[NodeProcess], every_seconds: float) -> None:
        self._nodes = nodes
        self._every_seconds = every_seconds
        self.samples: dict[str, list[Sample]] = {node.name: [] for node in nodes}
        self.finality: dict[str, dict[str, Any]] = {}

    async def run(self, seconds: float) -> None:
        started = time.monotonic()
        heights = {node.name: 0 for node in self._nodes}
        with (FOLDER / "samples.csv").open("w", encoding="ascii", newline="") as file:
            table: csv.DictWriter[str] | None = None
            while time.monotonic() - started < seconds:
                await asyncio.sleep(self._every_seconds)
                for node in self._nodes:
                    status = await self._status(node)
                    heights[node.name] = status.get("height") or heights[node.name]
                    sample = measure(node, started, heights[node.name])
                    self.samples[node.name].append(sample)
                    row = {"node": node.name, **asdict(sample), **status}
                    if table is None:
                        table = csv.DictWriter(file, list(row), restval="", extrasaction="ignore")
                        table.writeheader()
                    table.writerow(row)
                file.flush()
                self._say()

    async def _status(self, node: NodeProcess) -> dict[str, Any]:
        """Some of what the node says of itself; blank when its RPC has no room for the question."""
        fields = ("height", "view", "p50_ms", "p99_ms", "mempool", "faults", "dropped", "evidence")
        try:
            status = await node.status()
        except RpcUnreachable:
            return dict.fromkeys(fields)
        self.finality[node.name] = status["finalityMs"]
        values = (
            status["height"],
            status["view"],
            status["finalityMs"]["p50"],
            status["finalityMs"]["p99"],
            status["mempool"]["transactions"],
            status["peers"]["faults"],
            status["peers"]["dropped"],
            status["evidence"],
        )
        return dict(zip(fields, values, strict=True))

    def _say(self) -> None:
        last = {name: samples[-1] for name, samples in self.samples.items()}
        sizes = " ".join(f"{sample.rss_bytes / MIB:6.1f}" for sample in last.values())
        files = max(sample.open_files for sample in last.values())
        height = max(sample.height for sample in last.values())
        p50 = max((f["p50"] or 0 for f in self.finality.values()), default=0)
        p99 = max((f["p99"] or 0 for f in self.finality.values()), default=0)
        at = next(iter(last.values())).at_seconds
        print(
            f"{at:7.0f} s  MiB {sizes}  files {files}  height {height}"
            f"  final in p50 {p50:.0f} ms, p99 {p99:.0f} ms",
            flush=True,
        )


def report(watch: Watch, seconds: float, allowed_mib: float) -> bool:
    """Print the table; whether every node's memory is flat and every node went on."""
    warm_up = warm_up_seconds(seconds)
    print(f"\nafter a warm-up of {warm_up:.0f} s, of {seconds:.0f} s:")
    print("| node | MiB at first | at last | slope MiB/h | max - min | files | disk MiB |", end="")
    print(" log KiB/h | blocks | flat |\n| --- |" + " ---: |" * 8 + " --- |")
    is_good = True
    for name, samples in watch.samples.items():
        verdict = judge(samples, warm_up)
        is_flat = verdict.is_flat(allowed_mib) and samples[-1].height > samples[0].height
        is_good &= is_flat
        print(_row(name, verdict, [s for s in samples if s.at_seconds >= warm_up], is_flat))
    return is_good


def _row(name: str, verdict: Verdict, samples: list[Sample], is_flat: bool) -> str:
    first, last = samples[0], samples[-1]
    log_per_hour = (last.log_bytes - first.log_bytes) / 1024 / verdict.span_hours
    return (
        f"| {name} | {verdict.start_mib:.1f} | {verdict.end_mib:.1f}"
        f" | {verdict.slope_mib_per_hour:+.1f} | {verdict.range_mib:.1f}"
        f" | {max(s.open_files for s in samples)} | {last.disk_bytes / MIB:.0f}"
        f" | {log_per_hour:.0f} | {last.height - first.height} | {'yes' if is_flat else 'NO'} |"
    )


async def start_flooder(network: Network, rate: int, only: str) -> list[NodeProcess]:
    """Let the last node flood the others, which are returned."""
    *honest, flooder = network.nodes
    orders = Orders(
        rate, tuple(node.url for node in honest), tuple(r.chain_id for r in network.rollups), only
    )
    os.environ[ORDERS] = msgspec.json.encode(orders).decode()
    await flooder.stop()
    await flooder.start(FLOODER_MODULE)
    await flooder.ready()
    return honest


async def run(args: argparse.Namespace) -> bool:
    seconds = 60 * args.minutes
    async with running(Layout(FOLDER), PROFILE, progress=Progress()) as network:
        honest = await start_flooder(network, args.rate, args.only) if args.rate else network.nodes
        wallets = [Wallet(account(index).secret) for index in TRAFFIC]
        traffic = Traffic(honest, network.rollups, wallets, 1 / args.load)
        load = asyncio.create_task(traffic.run())
        watch = Watch(honest, args.every)
        await network.guard(watch.run(seconds))
        load.cancel()
        await asyncio.gather(load, return_exceptions=True)
        print(f"transfers: {traffic.sent} accepted, {traffic.refused} refused")
    return report(watch, seconds, args.allow)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0)
    parser.add_argument(
        "--rate",
        type=int,
        default=2_000,
        metavar="N",
        help="messages to each node and second; 0: no flooder, for comparison",
    )
    parser.add_argument(
        "--load", type=float, default=5.0, metavar="N", help="honest transfers a second"
    )
    parser.add_argument(
        "--only", default="", metavar="TEXT", help="only legal modes with this in their name"
    )
    parser.add_argument(
        "--every", type=float, default=5.0, metavar="SECONDS", help="between two samples"
    )
    parser.add_argument(
        "--allow",
        type=float,
        default=ALLOWED_MIB,
        metavar="MIB",
        help="growth after the warm-up that still is flat",
    )
    return 0 if asyncio.run(run(parser.parse_args())) else 1


if __name__ == "__main__":
    sys.exit(main())
