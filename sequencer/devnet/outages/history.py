"""What every node has ever answered as final, and that none of it changes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from itertools import takewhile

import msgspec

from sequencer.devnet.demo.ledger import FinalBlock, blocks, placements
from sequencer.devnet.node_process import NodeProcess
from sequencer.devnet.rpc import Call, RpcRefused, RpcUnreachable
from sequencer.devnet.wallets import Signed

_POLL_SECONDS = 0.2
_PAGE = 50


class History:
    """Heights and the first block that any node showed there."""

    def __init__(self, nodes: Sequence[NodeProcess]) -> None:
        self._nodes = nodes
        self._reached = {node.name: 0 for node in nodes}
        self._places: dict[tuple[int, str], tuple[int, int]] = {}
        self.chain: list[FinalBlock] = []
        self.changed: list[str] = []
        """What was final and is not, or not there: empty as long as all is well."""

    @property
    def height(self) -> int:
        """The highest block that any node has shown."""
        return len(self.chain)

    @contextlib.asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Follow every node meanwhile."""
        tasks = [asyncio.create_task(self._follow(node)) for node in self._nodes]
        try:
            yield
            for task in tasks:
                if task.done():
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def note(self, name: str, found: Sequence[FinalBlock]) -> None:
        """What a node has shown."""
        for block in found:
            if block.height == self.height + 1:
                self.chain.append(block)
                for position, placed in enumerate(block.transactions):
                    self._places[placed.rollup, placed.hash] = (block.height, position)
            elif self.chain[block.height - 1] != block:
                self.changed.append(f"{name} shows another block {block.height}")

    def check_stored(self, name: str, hashes: Sequence[str]) -> None:
        """A node's whole chain; it may have come further than anybody has seen."""
        if [block.hash for block in self.chain] != list(hashes[: self.height]):
            self.changed.append(f"{name} has not stored every block that was final")

    async def check(self, node: NodeProcess, first: int, last: int) -> None:
        """Ask the node for all of it again."""
        self.note(node.name, await blocks(node, first, last))

    async def check_receipts(self, node: NodeProcess, sent: Sequence[Signed], last: int) -> None:
        """Ask the node where each of these stands, as a wallet would; `last` is a block it has."""
        for rollup in {signed.rollup for signed in sent}:
            of_rollup = [signed for signed in sent if signed.rollup == rollup]
            found = await placements(node.rpc, of_rollup)
            for signed, ordering in zip(of_rollup, found, strict=True):
                place = self._places.get((rollup.id, "0x" + signed.hash.hex()))
                if place is None or place[0] > last:
                    continue
                if ordering is None or (ordering.height, ordering.position) != place:
                    self.changed.append(f"{node.name} has no receipt of 0x{signed.hash.hex()}")

    def transactions(self, first: int) -> int:
        """How many are final from this height on."""
        return sum(len(block.transactions) for block in self.chain[first - 1 :])

    async def _follow(self, node: NodeProcess) -> None:
        while True:
            with contextlib.suppress(RpcUnreachable, RpcRefused):
                first = self._reached[node.name] + 1
                calls = [Call("seq_getBlock", (first + i,)) for i in range(_PAGE)]
                answers = await node.rpc.batch(calls)
                # A block may become final while the node answers, and the one below it be missed.
                there = list(takewhile(bool, answers))
                found = msgspec.convert(there, list[FinalBlock])
                self.note(node.name, found)
                self._reached[node.name] += len(found)
            await asyncio.sleep(_POLL_SECONDS)
