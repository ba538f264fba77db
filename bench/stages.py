"""What each stage of a node does for a transaction: CPU microseconds, and calls of functions.

`make bench-stages`. Two nodes in one process, without sockets and without consensus: what wallets
send to one is passed on to the other; each builds and judges blocks of 280 transactions of 166
bytes, and takes them as final. Times are of the best of some rounds. Calls are counted by the
interpreter, Python's and C's alike: nearly the same in every run on every machine, so a test holds
them to `snapshots/calls.json` (`--write` makes it anew).
"""

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec

from bench.throughput.transactions import DEPTH, SMALL, Pool
from sequencer.blocks.header import Block
from sequencer.ingress.methods import SEND_RAW, Methods
from sequencer.ingress.rpc import Rpc
from sequencer.l1.events import L1Block, L1Header
from sequencer.native import bulk
from sequencer.node.node import Node
from sequencer.ordering.turn import Turn
from sequencer.types import Epoch, View
from tests.unit.ingress.builders import CHAIN_ID
from tests.unit.l1.chains import registered
from tests.unit.node.chain import ROLLUP, l1_hash, proof_of
from tests.unit.node.test_node import SECRET, config, deployment

SNAPSHOT = Path("snapshots/calls.json")
BLOCK = 280
BATCH = 100
"""Calls in a body."""
GROUPS = 8
ORIGIN_SECONDS = 1_000
STAGES = ("rpc", "gossip", "build", "judge", "final")


class Meter:
    """Runs work, and notes what it took, for each transaction."""

    def __init__(self, is_counting: bool) -> None:
        self._is_counting = is_counting
        self._calls = 0
        self.found: dict[str, list[float]] = {}

    def run(self, stage: str, count: int, work: Callable[[], Any]) -> Any:
        """`work` on so many transactions."""
        self._calls = 0
        begun = time.process_time()
        if self._is_counting:
            sys.setprofile(self._note)
        try:
            result = work()
        finally:
            sys.setprofile(None)
        took = self._calls if self._is_counting else (time.process_time() - begun) * 1e6
        self.found.setdefault(stage, []).append(took / count)
        return result

    def _note(self, _frame: object, event: str, _argument: object) -> None:
        if event in {"call", "c_call"}:
            self._calls += 1


class Pair:
    """A node that wallets talk to, and one of its peers."""

    def __init__(self, folder: Path) -> None:
        self.wallets, self.peer = (self._node(folder / name) for name in ("wallets", "peer"))
        self.sent: list[bytes] = []
        self.wallets._gossip._broadcast = self.sent.append
        self.rpc = Rpc(Methods(self.wallets._backend, lambda: 0))
        self.loop = asyncio.new_event_loop()

    @staticmethod
    def _node(folder: Path) -> Node:
        folder.mkdir()
        node = Node(config(folder), deployment(), SECRET)
        for number in range(1, 12):
            header = L1Header(number, l1_hash(number), l1_hash(number - 1), ORIGIN_SECONDS + number)
            node.l1.extend(L1Block(header, (registered(1, CHAIN_ID),) if number == 1 else ()))
        return node

    def close(self) -> None:
        self.wallets.close()
        self.peer.close()
        self.loop.close()

    def pass_through(self, raws: list[bytes], meter: Meter) -> None:
        """One block's transactions, from a wallet's request to finality at both."""
        bodies = [_body(raws[at : at + BATCH]) for at in range(0, len(raws), BATCH)]
        meter.run("rpc", len(raws), lambda: self.loop.run_until_complete(self._offer(bodies)))
        meter.run("gossip", len(raws), self._hear)
        parent = self.wallets.ledger.tip
        turn = Turn(Epoch(0), View(parent.view + 1), self.wallets.keys.current.address)
        now_ms = ORIGIN_SECONDS * 1_000 + 10_000
        prepare = self.wallets.application.prepare
        block: Block = meter.run("build", len(raws), lambda: prepare(turn, parent, (), now_ms))
        judge = self.peer.application.process
        meter.run("judge", len(raws), lambda: judge(turn, block, parent, (), now_ms))
        proof = proof_of(block)
        meter.run("final", len(raws), lambda: self.peer.ledger.append((block,), proof))
        self.wallets.ledger.append((block,), proof)
        if len(self.wallets.mempool):
            raise SystemExit(f"{len(self.wallets.mempool)} transactions did not fit the block")

    async def _offer(self, bodies: list[bytes]) -> None:
        for body in bodies:
            answer = await self.rpc.answer(str(ROLLUP), body)
            if b"error" in answer:
                raise SystemExit(answer[:200].decode())
        self.wallets._gossip.flush()

    def _hear(self) -> None:
        """All in one: what is over the budget of a peer (NET-8) would not be heard."""
        inbound, sender = self.peer._inbound, self.wallets.keys.current.address
        inbound._admit([*inbound._decode_transactions([(sender, data) for data in self.sent])], 0)
        self.sent.clear()


def _body(raws: list[bytes]) -> bytes:
    return msgspec.json.encode(
        [
            {"jsonrpc": "2.0", "id": at, "method": SEND_RAW, "params": ["0x" + raw.hex()]}
            for at, raw in enumerate(raws)
        ]
    )


def blocks() -> Iterator[list[bytes]]:
    """Transactions, a block's at a time."""
    pool = Pool("", (CHAIN_ID,), SMALL, DEPTH)
    raws = [raw for group in range(GROUPS) for raw in pool.sign_group(group)]
    for at in range(0, len(raws) - BLOCK, BLOCK):
        yield raws[at : at + BLOCK]


def measure(*, is_counting: bool) -> dict[str, float]:
    """By stage, for each transaction: calls, or microseconds."""
    meter = Meter(is_counting)
    with tempfile.TemporaryDirectory() as folder:
        pair = Pair(Path(folder))
        try:
            for raws in blocks():
                pair.pass_through(raws, meter)
        finally:
            pair.close()
    return {stage: round(min(meter.found[stage]), 2) for stage in STAGES}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write {SNAPSHOT}")
    arguments = parser.parse_args()
    took, calls = measure(is_counting=False), measure(is_counting=True)
    print(f"with{'' if bulk else 'out'} the C helper, for a transaction:")
    print(f"{'stage':>8} {'us':>8} {'calls':>8}")
    for stage in STAGES:
        print(f"{stage:>8} {took[stage]:>8} {calls[stage]:>8}")
    if arguments.write:
        SNAPSHOT.write_text(json.dumps(calls, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
