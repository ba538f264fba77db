"""Traffic to every node of a network, and what must hold of all that was accepted."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from itertools import count

from sequencer.consensus.leaders import leader_of
from sequencer.crypto.hashing import keccak
from sequencer.devnet.demo.ledger import FinalBlock, Ordering, placements
from sequencer.devnet.demo.stage import Stage
from sequencer.devnet.demo.story import CheckFailed
from sequencer.devnet.node_process import NodeProcess
from sequencer.devnet.rpc import RpcRefused, RpcUnreachable
from sequencer.devnet.traffic import Traffic
from sequencer.devnet.wallets import Rollup, Signed, Wallet
from sequencer.types import Epoch, Hash32, View

WALLETS = 3
"""Of each node."""
WATCH_SECONDS = 0.5

Place = tuple[int, int]
"""Height, and position in the block."""


class Witness:
    """Notes what nodes accept, and where they first say it was ordered. Each check raises
    `CheckFailed`."""

    def __init__(self, stage: Stage, interval_seconds: float) -> None:
        """`interval_seconds` is the pause between transactions to one node."""
        self._stage = stage
        self._interval_seconds = interval_seconds
        self._keys = count(1)
        self._senders: dict[str, asyncio.Task[None]] = {}
        self._waiting: dict[Rollup, dict[Hash32, Signed]] = {}
        self.accepted: dict[Hash32, Signed] = {}
        self.placed: dict[Hash32, Place] = {}

    def begin(self, node: NodeProcess) -> None:
        """Send to this node until `end`."""
        wallets = [
            Wallet(keccak(b"switchyard witness", next(self._keys).to_bytes(4, "big")))
            for _ in range(WALLETS)
        ]
        traffic = Traffic(
            [node],
            self._stage.network.rollups,
            wallets,
            self._interval_seconds,
            lambda _, signed: self._on_accepted(signed),
        )
        self._senders[node.name] = asyncio.create_task(traffic.run())

    async def end(self, *nodes: NodeProcess) -> None:
        """Send nothing to these nodes any more; by default to none at all."""
        names = [node.name for node in nodes] or list(self._senders)
        tasks = [self._senders.pop(name) for name in names]
        for task in tasks:
            task.cancel()
        for ended in await asyncio.gather(*tasks, return_exceptions=True):
            if not isinstance(ended, asyncio.CancelledError):
                raise CheckFailed("traffic ended by itself") from ended

    async def watch(self) -> None:
        """Ask the nodes in turn for receipts, for as long as it takes."""
        for turn in count():
            await asyncio.sleep(WATCH_SECONDS)
            nodes = self._stage.running_nodes
            try:
                await self._look(nodes[turn % len(nodes)])
            except (RpcUnreachable, RpcRefused):
                continue  # it is being stopped or started, or has not read the rollups yet

    async def check(self) -> list[FinalBlock]:
        """Nothing may be sent any more. Every accepted transaction is ordered once, and where it
        was first said to be; every node has the same chain, which is returned; so do the
        followers, from L1; nobody has evidence."""
        stage = self._stage
        await stage.until_placed(list(self.accepted.values()), committed=True)
        for node in stage.running_nodes:
            await self._look(node)
            await self._check_places(node)
        chain = await stage.finalized(stage.running_nodes[0])
        self._check_once(chain)
        await self._check_same(chain)
        await self._check_proposers(chain)
        await stage.until_derived()
        if found := [path for node in stage.nodes for path in node.evidence_files()]:
            raise CheckFailed(f"evidence against honest nodes: {found}")
        return chain

    def _on_accepted(self, signed: Signed) -> None:
        self.accepted[signed.hash] = signed
        self._waiting.setdefault(signed.rollup, {})[signed.hash] = signed

    async def _look(self, node: NodeProcess) -> None:
        """Where this node says that things are which nobody was asked about before."""
        # Wallets go on meanwhile, perhaps for a rollup that had nothing yet.
        for waiting in tuple(self._waiting.values()):
            asked = list(waiting.values())
            for signed, found in zip(asked, await placements(node.rpc, asked), strict=True):
                if found is not None:
                    self.placed.setdefault(signed.hash, _place(found))
                    waiting.pop(signed.hash, None)  # another look may have been faster

    async def _check_places(self, node: NodeProcess) -> None:
        for rollup in self._waiting:
            sent = [signed for signed in self.accepted.values() if signed.rollup == rollup]
            for signed, found in zip(sent, await placements(node.rpc, sent), strict=True):
                first = self.placed.get(signed.hash)
                if found is None or _place(found) != first:
                    raise CheckFailed(
                        f"{node.name}: 0x{signed.hash.hex()} was at {first}, now at {found}"
                    )

    def _check_once(self, chain: Sequence[FinalBlock]) -> None:
        """What was on its way to a node when `end` came may be there beside what was accepted."""
        times = Counter((tx.rollup, tx.hash) for block in chain for tx in block.transactions)
        expected = {(tx.rollup.id, "0x" + tx.hash.hex()) for tx in self.accepted.values()}
        if lost := expected - times.keys():
            raise CheckFailed(f"accepted and not ordered: {lost}")
        if repeated := [transaction for transaction, found in times.items() if found > 1]:
            raise CheckFailed(f"ordered more than once: {repeated}")

    async def _check_same(self, chain: Sequence[FinalBlock]) -> None:
        for node in self._stage.running_nodes[1:]:
            found = await self._stage.finalized(node)
            for mine, other in zip(chain, found, strict=False):
                if mine != other:
                    raise CheckFailed(f"{node.name} has {other} where another has {mine}")

    async def _check_proposers(self, chain: Sequence[FinalBlock]) -> None:
        """SIMPLEX-1, with the committees that L1 has recorded: weights count."""
        for epoch in {block.epoch for block in chain}:
            committee = await self._stage.l1.committee(Epoch(epoch))
            for block in (block for block in chain if block.epoch == epoch):
                leader = committee.members[leader_of(committee, View(block.view))].signer
                if block.proposer != "0x" + leader.hex():
                    raise CheckFailed(f"{block} is not by the leader of its view, {leader.hex()}")


def _place(found: Ordering) -> Place:
    return found.height, found.position
