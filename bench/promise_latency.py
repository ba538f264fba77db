"""From a POST to a signed promise, on this machine: `make bench-promises`.

A devnet of its own (Anvil L1, four node processes). One wallet sends transfers to one node at a
steady, light rate over loopback, in turn without a promise and with one; what is measured is the
wallet's: from the first byte of the request to the whole answer. A promise is on disk before it is
told; so what a sync of a few hundred bytes takes at the same time is measured beside it.
"""

import argparse
import asyncio
import os
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from sequencer.devnet.accounts import TRAFFIC, account
from sequencer.devnet.layout import Layout
from sequencer.devnet.network import DEVNET, Network, running
from sequencer.devnet.progress import Progress
from sequencer.devnet.waiting import eventually
from sequencer.devnet.wallets import Wallet
from sequencer.types import Address

TO = Address(b"\x11" * 20)
PROFILE = replace(DEVNET, chain_ids=(7001,), followers=0)
COVERAGE_SECONDS = 30.0
RECORD_BYTES = 500
"""About those of a promise with a transfer."""
OPTIONS = {"promise": True, "valueWei": 1}


async def measure(network: Network, count: int, rate: float) -> tuple[dict[str, list[float]], int]:
    """Milliseconds of each request, by what was asked for; and how many promises were refused."""
    node, rollup = network.nodes[0], network.rollups[0]
    wallet = Wallet(account(TRAFFIC[0]).secret)
    took: dict[str, list[float]] = {"sent": [], "promised": [], "a sync alone": []}
    refused, started = 0, time.monotonic()
    for number in range(2 * count):
        signed = wallet.transfer(rollup, TO, 1)
        await asyncio.sleep(max(0.0, started + number / rate - time.monotonic()))
        options: dict[str, Any] = OPTIONS if number % 2 else {}
        before = time.perf_counter()
        answer = await node.rpc.call("seq_sendTransaction", signed.hex, options, rollup=rollup.id)
        milliseconds = 1e3 * (time.perf_counter() - before)
        if options and answer["promise"] is None:
            print(f"refused: {answer['refused']}")
            refused += 1
            continue
        took["promised" if options else "sent"].append(milliseconds)
        if options:
            took["a sync alone"].append(sync(network.layout.folder / "sync"))
    return took, refused


def sync(path: Path) -> float:
    """Milliseconds to append a record to a file and have it on disk."""
    with path.open("ab", buffering=0) as file:
        file.write(bytes(RECORD_BYTES))
        before = time.perf_counter()
        os.fdatasync(file.fileno())
        return 1e3 * (time.perf_counter() - before)


async def until_covered(network: Network) -> None:
    """The first node knows its coverage."""

    async def covered() -> bool | None:
        found = (await network.nodes[0].status())["promises"]["coverageWei"]
        return None if found is None else int(found) > 0 or None

    await eventually("coverage", covered, seconds=COVERAGE_SECONDS)


def report(took: dict[str, list[float]], refused: int, rate: float) -> None:
    print(
        f"\n{rate:g} requests a second, {refused} promises refused; load {os.getloadavg()[0]:.1f}"
    )
    print("| what | times | median ms | p90 ms | p99 ms | max ms |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, values in took.items():
        cuts = statistics.quantiles(values, n=100)
        print(
            f"| {name} | {len(values)} | {statistics.median(values):.1f} | {cuts[89]:.1f}"
            f" | {cuts[98]:.1f} | {max(values):.1f} |"
        )


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=500, metavar="N", help="requests of each kind")
    parser.add_argument("--rate", type=float, default=5.0, metavar="N", help="requests a second")
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path("build/bench-promises"),
        help="of the network: on the disk to be measured",
    )
    args = parser.parse_args()
    async with running(Layout(args.folder), PROFILE, progress=Progress()) as network:
        await until_covered(network)
        report(*await measure(network, args.count, args.rate), args.rate)
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
