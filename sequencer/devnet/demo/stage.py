"""What every step of the demo works with."""

import asyncio
from collections.abc import Sequence

from sequencer.crypto.hashing import keccak
from sequencer.devnet.demo.l1_facts import L1Facts
from sequencer.devnet.demo.ledger import (
    FinalBlock,
    Ordering,
    blocks,
    derived_order,
    order_of,
    placements,
)
from sequencer.devnet.demo.story import CheckFailed, Story
from sequencer.devnet.follower_process import FollowerProcess
from sequencer.devnet.network import Network
from sequencer.devnet.node_process import NodeProcess
from sequencer.devnet.node_status import NodeStatus, decode_status
from sequencer.devnet.waiting import eventually
from sequencer.devnet.wallets import Rollup, Signed, Wallet

ACCOUNTS = 20
SETTLE_SECONDS = 180.0


class Stage:
    """The network, the story told about it, and wallets whose nonces go on from step to step."""

    def __init__(self, network: Network, story: Story) -> None:
        self.network = network
        self.story = story
        self.l1 = L1Facts(network.anvil, network.deployment)
        self.wallets = [
            Wallet(keccak(b"switchyard demo wallet", bytes([i]))) for i in range(ACCOUNTS)
        ]
        self.rss_mb_max = 0.0

    @property
    def nodes(self) -> Sequence[NodeProcess]:
        return self.network.nodes

    @property
    def running_nodes(self) -> list[NodeProcess]:
        return [node for node in self.nodes if node.is_running]

    async def status(self, node: NodeProcess) -> NodeStatus:
        return decode_status(await node.status())

    async def statuses(self) -> list[NodeStatus]:
        """Of the nodes that run; notes the largest memory seen."""
        found = await asyncio.gather(*map(self.status, self.running_nodes))
        self.rss_mb_max = max(self.rss_mb_max, *(status.rss_mb for status in found))
        return list(found)

    async def finalized(self, node: NodeProcess) -> list[FinalBlock]:
        """A node's whole chain."""
        return await blocks(node, 1, (await self.status(node)).height)

    async def until_placed(self, sent: Sequence[Signed], *, committed: bool) -> list[Ordering]:
        """Wait until all of `sent` are final, or committed on L1; where each of them stands."""

        async def placed() -> list[Ordering] | None:
            found: list[Ordering] = []
            for rollup in self.network.rollups:
                of_rollup = [tx for tx in sent if tx.rollup == rollup]
                for one in await placements(self.running_nodes[0].rpc, of_rollup):
                    if one is None or (committed and one.state != "committed"):
                        return None
                    found.append(one)
            return found

        what = f"{len(sent)} transactions {'on L1' if committed else 'final'}"
        return await eventually(what, placed, seconds=SETTLE_SECONDS)

    async def until_growth(self, blocks_more: int = 2) -> None:
        """Wait until every running node has finalized more blocks."""
        before = [status.height for status in await self.statuses()]

        async def grown() -> bool | None:
            after = [status.height for status in await self.statuses()]
            pairs = zip(before, after, strict=True)
            return all(new >= old + blocks_more for old, new in pairs) or None

        await eventually("finality goes on", grown, seconds=SETTLE_SECONDS)

    async def until_derived(self) -> None:
        """Wait until both followers list, rollup by rollup, exactly the order that the nodes
        finalized; nothing may be sent meanwhile.

        What blocks brought is compared; messages of the forced queue stand in between, where L1
        has put them. Raises `CheckFailed` at the first entry that differs.
        """

        async def complete() -> bool | None:
            chain = await self.finalized(self.running_nodes[0])
            found = [
                await self._is_complete(follower, rollup, order_of(chain, rollup.id))
                for follower in self.network.followers
                for rollup in self.network.rollups
            ]
            return all(found) or None

        await eventually(
            "the followers list everything", complete, seconds=SETTLE_SECONDS, poll_seconds=0.5
        )

    async def _is_complete(
        self, follower: FollowerProcess, rollup: Rollup, order: Sequence[str]
    ) -> bool:
        derived = await derived_order(follower, rollup.id)
        for position, (listed, final) in enumerate(zip(derived, order, strict=False)):
            if listed != final:
                raise CheckFailed(
                    f"{follower.name} has {listed} at position {position} of rollup"
                    f" {rollup.id}, finalized was {final}"
                )
        return len(derived) == len(order)
