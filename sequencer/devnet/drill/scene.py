"""What every drill works with: a network under load that is watched all the time."""

import asyncio
import contextlib
import io
import random
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from typing import Self

from sequencer.devnet.accounts import WALLETS
from sequencer.devnet.demo.l1_facts import L1Facts
from sequencer.devnet.drill.anyone import Anyone
from sequencer.devnet.drill.timeline import Timeline
from sequencer.devnet.follower_process import FollowerProcess
from sequencer.devnet.layout import Layout
from sequencer.devnet.network import Network, Ports, Profile, running
from sequencer.devnet.node_process import NodeProcess
from sequencer.devnet.node_status import NodeStatus, decode_status
from sequencer.devnet.outages import probe
from sequencer.devnet.outages.faults import Field
from sequencer.devnet.outages.history import History
from sequencer.devnet.outages.links import Links
from sequencer.devnet.outages.load import Load, transfer
from sequencer.devnet.outages.promises import Promises
from sequencer.devnet.ports import free_ports
from sequencer.devnet.progress import Progress
from sequencer.devnet.waiting import eventually
from sequencer.devnet.wallets import Rollup, Signed
from sequencer.errors import LocalFault

PATIENCE_SECONDS = 180.0
"""For what must happen sooner or later: a busy machine is given time."""
PER_SECOND = 20
"""Transactions of the load."""
SETTLE_SECONDS = 2.0
"""What was under way when a quorum was lost may still end."""


class Scene:
    """One drill's network; `random` is drawn from the seed."""

    def __init__(self, network: Network, links: Links, seed: int) -> None:
        self.network = network
        self.timeline = Timeline()
        self.random = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
        self.l1 = L1Facts(network.anvil, network.deployment)
        self.user = self.account(WALLETS[0])
        self.field = Field(network, links)
        self.load = Load(network.nodes, network.rollups, PER_SECOND)
        self.history = History(network.nodes)
        self.promises = Promises(network.nodes)

    @classmethod
    @contextlib.asynccontextmanager
    async def prepared(cls, folder: Path, profile: Profile, seed: int) -> AsyncIterator[Self]:
        """A network of its own for the length of the block."""
        listening = tuple(free_ports(profile.nodes))
        async with Links(listening) as links:
            ports = Ports(peers=listening, announced=links.ports)
            async with running(Layout(folder), profile, ports, Progress(io.StringIO())) as network:
                scene = cls(network, links, seed)
                with contextlib.closing(scene.promises):
                    yield scene

    @property
    def nodes(self) -> list[NodeProcess]:
        return self.network.nodes

    @property
    def live(self) -> FollowerProcess:
        """The follower that was there all the time."""
        return self.network.followers[0]

    def account(self, index: int) -> Anyone:
        """Somebody with ether on L1."""
        network = self.network
        return Anyone(network.anvil, self.l1, network.deployment, network.layout.folder, index)

    def say(self, event: str) -> None:
        self.timeline.say(event)

    async def status(self, node: NodeProcess) -> NodeStatus:
        return decode_status(await node.status())

    @staticmethod
    def names(nodes: Sequence[NodeProcess]) -> str:
        """For people."""
        return ", ".join(sorted(node.name for node in nodes))

    # --- nodes that go and come ---

    def victims(self, count: int) -> list[NodeProcess]:
        """Some nodes, by the seed."""
        return self.random.sample(self.nodes, count)

    async def kill(self, nodes: Iterable[NodeProcess]) -> None:
        for node in nodes:
            await node.kill()

    async def bring_back(self, nodes: Iterable[NodeProcess]) -> None:
        """Start them from their files, and wait until they answer."""
        chosen = list(nodes)
        for node in chosen:
            await node.start()
        await asyncio.gather(*(node.ready() for node in chosen))

    # --- order ---

    async def until_final(self, rollup: Rollup | None = None) -> Signed:
        """Wait until a transaction that is new now is final on some node; it is returned."""
        signed = transfer(rollup or self.network.rollups[0])
        await probe.until_final(self.nodes, signed, PATIENCE_SECONDS)
        return signed

    async def until_level(self) -> None:
        """Wait until every node has a transaction that is new now."""
        signed = transfer(self.network.rollups[0])
        await probe.until_level(self.nodes, signed, PATIENCE_SECONDS)

    async def until_height(self, node: NodeProcess, height: int) -> None:
        """Wait until a node has finalized this block."""

        async def has() -> bool | None:
            return (await self.status(node)).height >= height or None

        await eventually(f"block {height} on {node.name}", has, seconds=PATIENCE_SECONDS)

    async def stands_still(self, seconds: float) -> int:
        """The height at which order stopped; raises `LocalFault` if it goes on."""
        await asyncio.sleep(SETTLE_SECONDS)
        before = self.history.height
        await asyncio.sleep(seconds)
        if self.history.height != before:
            raise LocalFault(f"without a quorum block {self.history.height} became final")
        return before

    # --- batches ---

    async def until_backlog(self, batches: int) -> int:
        """Wait until so many batches are cut and not on L1; the last one cut."""

        async def waits() -> int | None:
            found = (await self.status(self.nodes[0])).batches
            return found.cut if found.cut >= found.committed + batches else None

        return await eventually(f"{batches} batches waiting", waits, seconds=PATIENCE_SECONDS)

    async def last_batch(self) -> int:
        """On L1."""
        return max(await self.l1.batches(), default=0)

    async def until_batch(self, index: int) -> None:
        """Wait until L1 has it."""

        async def committed() -> bool | None:
            return await self.last_batch() >= index or None

        await eventually(f"batch {index} on L1", committed, seconds=PATIENCE_SECONDS)
