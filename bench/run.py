"""Finality latency and accepted load of four nodes on this machine: `make bench`.

A devnet of its own (Anvil L1, four node processes), pre-signed EIP-1559 transfers from many
accounts to two rollups, in JSON-RPC batches to all nodes at a steady rate. Latency is what the
nodes report: from accepting a transaction to its Finalize certificate. Everything, the load
generator too, shares this machine, so figures are for comparing with each other, not with another
machine's. Writes bench/results.json.
"""

import argparse
import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from sequencer.devnet.layout import Layout
from sequencer.devnet.network import DEVNET, Network, running
from sequencer.devnet.node_process import NodeProcess
from sequencer.devnet.progress import Progress
from sequencer.devnet.rpc import Call
from sequencer.devnet.wallets import Signed, Wallet
from sequencer.types import Address

RATES = (20, 200, 500, 1_000, 2_000)
SECONDS = 10
LANE = 32
"""Transactions of one account on one rollup: within the mempool's lane limit."""
TO = Address(b"\x11" * 20)
SETTLE_SECONDS = 30.0
TICK_SECONDS = 0.1


def sign(network: Network, count: int, first: int) -> list[list[Signed]]:
    """`count` transactions in lanes; accounts are numbered from `first` on."""
    lanes: list[list[Signed]] = []
    while count > 0:
        wallet = Wallet((first + len(lanes) + 1).to_bytes(32, "big"))
        rollup = network.rollups[len(lanes) % len(network.rollups)]
        lanes.append([wallet.transfer(rollup, TO, 1) for _ in range(min(LANE, count))])
        count -= LANE
    return lanes


def interleave(lanes: list[list[Signed]], nodes: int) -> list[list[Signed]]:
    """A queue for each node: whole lanes, round by round, so that nonces arrive in order."""
    queues: list[list[Signed]] = [[] for _ in range(nodes)]
    for turn in range(LANE):
        for number, lane in enumerate(lanes):
            if turn < len(lane):
                queues[number % nodes].append(lane[turn])
    return queues


async def offer(node: NodeProcess, queue: list[Signed], rate: float) -> int:
    """Send a queue at `rate` per second in batches; how many were accepted."""
    accepted, sent, started = 0, 0, time.monotonic()
    while sent < len(queue):
        due = min(len(queue), int((time.monotonic() - started) * rate) + 1)
        for rollup in {signed.rollup for signed in queue[sent:due]}:
            part = [signed for signed in queue[sent:due] if signed.rollup == rollup]
            calls = [Call("eth_sendRawTransaction", (signed.hex,)) for signed in part]
            answers = await node.rpc.batch(calls, rollup=rollup.id)
            accepted += sum(1 for answer in answers if not isinstance(answer, Exception))
        sent = due
        await asyncio.sleep(TICK_SECONDS if rate > 1 / TICK_SECONDS else 1 / rate)
    return accepted


async def measure(network: Network, rate: int, first: int) -> dict[str, Any]:
    lanes = sign(network, rate * SECONDS, first)
    queues = interleave(lanes, len(network.nodes))
    before = [await counted(node) for node in network.nodes]
    started = time.monotonic()
    share = rate / len(network.nodes)
    accepted = sum(
        await asyncio.gather(
            *(offer(node, queue, share) for node, queue in zip(network.nodes, queues, strict=True))
        )
    )
    offered_seconds = time.monotonic() - started
    while True:
        final = sum([await counted(node) for node in network.nodes]) - sum(before)
        if final >= accepted or time.monotonic() - started > offered_seconds + SETTLE_SECONDS:
            break
        await asyncio.sleep(0.05)
    took = time.monotonic() - started
    finality = [(await node.status())["finalityMs"] for node in network.nodes]
    return {
        "offered_tx_s": rate,
        "accepted": accepted,
        "final": final,
        "final_tx_s": round(final / took),
        "finality_ms_p50": max(f["p50"] for f in finality),
        "finality_ms_p99": max(f["p99"] for f in finality),
        "rss_mb_max": max([(await node.status())["rssMb"] for node in network.nodes]),
    }


async def counted(node: NodeProcess) -> int:
    """Transactions of its own wallets that this node has seen final."""
    return int((await node.status())["finalityMs"]["count"])


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rates", type=int, nargs="+", default=RATES, metavar="TX_S")
    rates = parser.parse_args().rates
    results = []
    async with running(Layout(Path("build/bench")), DEVNET, progress=Progress()) as network:
        first = 0
        print(f"\n{'offered':>8} {'final':>8} {'tx/s':>7} {'p50 ms':>8} {'p99 ms':>8} {'MB':>6}")
        for rate in rates:
            row = await measure(network, rate, first)
            first += rate * SECONDS
            results.append(row)
            print(
                f"{rate:>8} {row['final']:>8} {row['final_tx_s']:>7} {row['finality_ms_p50']:>8}"
                f" {row['finality_ms_p99']:>8} {row['rss_mb_max']:>6}",
                flush=True,
            )
    write_report(results)
    return 0


def write_report(results: list[dict[str, Any]]) -> None:
    load = round(os.getloadavg()[0], 1)
    report = {"cpus": os.cpu_count(), "load_after": load, "runs": results}
    Path("bench/results.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
