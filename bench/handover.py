"""What a hand-over from one epoch to the next costs: `make handover`.

A devnet of its own with short epochs, and a steady trickle of transfers to all nodes. Two figures:
what the nodes report as finality (from accepting a transaction to its Finalize certificate), and,
from the chain itself, the time from the last block of an epoch to the first of the next, beside
the time between other blocks. With `--tree`, the nodes run from another checkout: given several
times, one run compares them in turns.
"""

import argparse
import asyncio
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import msgspec

from sequencer.devnet.demo.ledger import blocks
from sequencer.devnet.layout import Layout
from sequencer.devnet.network import DEVNET, Network, Profile, running
from sequencer.devnet.progress import Progress
from sequencer.devnet.traffic import Traffic
from sequencer.devnet.wallets import Wallet

EPOCH_SECONDS = 4
TX_PER_SECOND = 48
WALLETS = 12


class Gaps(NamedTuple):
    """Milliseconds from a block to the next, ascending."""

    inside: list[int]
    across: list[int]


async def measure(folder: Path, hand_overs: int) -> None:
    times = msgspec.structs.replace(DEVNET.parameters.times, epoch_seconds=EPOCH_SECONDS)
    profile = Profile(msgspec.structs.replace(DEVNET.parameters, times=times), DEVNET.confirmations)
    async with running(Layout(folder), profile, progress=Progress(io.StringIO())) as network:
        wallets = [Wallet((number + 1).to_bytes(32, "big")) for number in range(WALLETS)]
        traffic = Traffic(network.nodes, network.rollups, wallets, 1 / TX_PER_SECOND)
        first = await epoch_of(network)

        async def until_enough() -> None:
            # L1 says when, and tells nobody.
            while await epoch_of(network) < first + hand_overs:  # noqa: ASYNC110
                await asyncio.sleep(0.5)

        sending = asyncio.create_task(traffic.run())
        await network.guard(until_enough())
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        await report(network)


async def epoch_of(network: Network) -> int:
    return int((await network.nodes[0].status())["epoch"] or 0)


async def report(network: Network) -> None:
    finality = [(await node.status())["finalityMs"] for node in network.nodes]
    p50 = max(found["p50"] for found in finality)
    p99 = max(found["p99"] for found in finality)
    gaps = await gaps_of(network)
    print(
        f"finality ms p50 {p50:.0f} p99 {p99:.0f} ({sum(f['count'] for f in finality)} tx);"
        f" between blocks ms p50 {at(gaps.inside, 50)} p99 {at(gaps.inside, 99)};"
        f" across epochs ms p50 {at(gaps.across, 50)} p90 {at(gaps.across, 90)}"
        f" max {gaps.across[-1]} ({len(gaps.across)} hand-overs)",
        flush=True,
    )


async def gaps_of(network: Network) -> Gaps:
    """From the first transaction on."""
    node = network.nodes[0]
    chain = await blocks(node, 1, int((await node.status())["height"]))
    gaps = Gaps([], [])
    first = next(position for position, block in enumerate(chain) if block.transactions)
    for parent, block in pairwise(chain[first:]):
        found = gaps.inside if parent.epoch == block.epoch else gaps.across
        found.append(block.timestamp_ms - parent.timestamp_ms)
    gaps.inside.sort()
    gaps.across.sort()
    return gaps


def at(ascending: list[int], percent: int) -> int:
    return ascending[min(len(ascending) - 1, len(ascending) * percent // 100)]


@contextmanager
def busy(programs: int) -> Iterator[None]:
    """So many endless loops beside the network."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(programs)]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hand-overs", type=int, default=20, help="of each run")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--load", type=int, default=0, help="programs that keep a core busy")
    parser.add_argument(
        "--tree",
        type=Path,
        action="append",
        help="checkout to run nodes from; one whose nodes take the same configuration",
    )
    arguments = parser.parse_args()
    for _ in range(arguments.rounds):
        for tree in arguments.tree or [Path.cwd()]:
            # With -m Python looks into the working directory first: not so with a safe path.
            os.environ.update(PYTHONSAFEPATH="1", PYTHONPATH=str(tree.resolve()))
            print(f"nodes from {tree}: ", end="", flush=True)
            with busy(arguments.load):
                await measure(Path("build/handover"), arguments.hand_overs)
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
