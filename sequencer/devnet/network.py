"""A whole network on this machine: an L1, some nodes, some followers, each a process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from sequencer.deployment.parameters import PARAMETER_SETS, Parameters
from sequencer.devnet.anvil import Anvil, start_anvil
from sequencer.devnet.bootstrap import Operator, make_operators, prepare_l1, snapshot
from sequencer.devnet.follower_process import FollowerProcess
from sequencer.devnet.layout import Layout, Memory
from sequencer.devnet.node_process import NODE_MODULE, NodeProcess, NodeSettings
from sequencer.devnet.ports import free_ports, require_free
from sequencer.devnet.processes import Process
from sequencer.devnet.progress import Progress
from sequencer.devnet.waiting import eventually
from sequencer.devnet.wallets import Rollup
from sequencer.errors import LocalFault
from sequencer.l1.deployment import Deployment, load_deployment
from sequencer.types import Epoch, RollupId

FIRST_BLOCK_SECONDS = 60.0
WATCH_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Profile:
    """What kind of network; `chain_ids` are those of rollups 1, 2, ..., and `held` the chain ids
    of those whose data the committee keeps. `module` is the program that is a node."""

    parameters: Parameters
    confirmations: int
    chain_ids: tuple[int, ...] = (7001, 7002)
    held: tuple[int, ...] = ()
    nodes: int = 4
    followers: int = 2
    module: str = NODE_MODULE

    @property
    def rollups(self) -> tuple[Rollup, ...]:
        return tuple(
            Rollup(RollupId(i), chain_id, chain_id in self.held)
            for i, chain_id in enumerate(self.chain_ids, 1)
        )


DEVNET = Profile(PARAMETER_SETS["devnet"], confirmations=2)
DEMO = Profile(PARAMETER_SETS["demo"], confirmations=4)
"""Deeper than the reorganisation it shows."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Ports asked for; 0 is any free one. Several nodes take consecutive ports."""

    l1: int = 0
    rpc: int = 0
    follower: int = 0
    peers: tuple[int, ...] = ()
    """Where the nodes listen to each other; empty is anywhere."""
    announced: tuple[int, ...] = ()
    """Where peers find the nodes, if not at the nodes themselves: whoever listens there passes on
    what comes. Each node then connects from an address of its own, 127.0.0.2 and up, by which
    it can be told."""

    def check(self, profile: Profile) -> None:
        """Raises `LocalFault` naming the option whose port is in use."""
        wanted = [("--l1-port", self.l1, 1), ("--rpc-port", self.rpc, profile.nodes)]
        wanted.append(("--follower-port", self.follower, profile.followers))
        for option, first, count in wanted:
            for port in range(first, first + count) if first else ():
                require_free(port, option)


class Network:
    """Made by `running`. Whatever it has started, `stop` stops."""

    def __init__(self, layout: Layout, profile: Profile, ports: Ports, progress: Progress) -> None:
        self.layout = layout
        self.profile = profile
        self._ports = ports
        self._progress = progress
        self._anvil: Anvil | None = None
        self._deployment: Deployment | None = None
        self.operators: list[Operator] = []
        self.nodes: list[NodeProcess] = []
        self.followers: list[FollowerProcess] = []

    @property
    def anvil(self) -> Anvil:
        assert self._anvil is not None, "the network was started"
        return self._anvil

    @property
    def deployment(self) -> Deployment:
        assert self._deployment is not None, "the network was started"
        return self._deployment

    @property
    def rollups(self) -> tuple[Rollup, ...]:
        return self.profile.rollups

    def require_running(self) -> None:
        """Raises `LocalFault` about a process that has ended without being told to."""
        for process in self._processes():
            process.require_running()

    async def guard(self, work: Coroutine[Any, Any, None]) -> None:
        """Run `work` for as long as every process runs.

        Raises what it raises, or `LocalFault` about the first process that ends by itself.
        """
        tasks = {asyncio.create_task(work), asyncio.create_task(self._watch())}
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def start(self, keep: bool) -> None:
        """Set everything up, with a line for each step; raises `LocalFault`."""
        step, layout, profile = self._progress.step, self.layout, self.profile
        if keep:
            memory = layout.recall()
        else:
            layout.begin()
            memory = Memory(self._ports.peers or tuple(free_ports(profile.nodes)))
        for port in memory.peer_ports:
            require_free(port, "peer port")
        with step("L1: Anvil, a block each second"):
            self._anvil = await start_anvil(layout.log("anvil"), layout.l1_state, self._ports.l1)
        self.operators = make_operators(layout, self._ports.announced or memory.peer_ports)
        await (self._resume_l1() if keep else self._prepare_l1())
        layout.remember(memory)
        with step(f"{profile.nodes} nodes"):
            await self._start_nodes(memory.peer_ports)
        with step("first committee" if not keep else "committee of this epoch"):
            await self._record_committee(keep)
        with step(f"{profile.followers} followers, and a first final block on every node"):
            await asyncio.gather(self._start_followers(), self._first_blocks())

    async def stop(self) -> None:
        """L1 last, so that nobody complains that it is gone."""
        nodes = (node.stop() for node in self.nodes)
        followers = (follower.stop() for follower in self.followers)
        await asyncio.gather(*nodes, *followers)
        if self._anvil is not None:
            await self._anvil.stop()

    async def _watch(self) -> None:
        while True:
            self.require_running()
            await asyncio.sleep(WATCH_SECONDS)

    def _processes(self) -> list[Process]:
        nodes = [node.process for node in self.nodes]
        followers = [follower.process for follower in self.followers]
        return [self.anvil.process, *nodes, *followers]

    async def _prepare_l1(self) -> None:
        profile = self.profile
        chain_ids = ", ".join(map(str, profile.chain_ids))
        with self._progress.step(
            f"contracts, {profile.nodes} bonded operators, rollups with chain ids {chain_ids}"
        ):
            self._deployment = await prepare_l1(
                self.anvil, self.layout, profile.parameters, self.operators, profile.rollups
            )

    async def _resume_l1(self) -> None:
        self._deployment = load_deployment(self.layout.deployment)
        chain = self.deployment.contracts.commitment_chain
        if not await self.anvil.client.code(chain):
            raise LocalFault(f"{self.layout.l1_state} does not hold the contracts; start afresh")

    async def _start_nodes(self, peer_ports: Sequence[int]) -> None:
        for operator, peer_port in zip(self.operators, peer_ports, strict=True):
            first = self._ports.rpc
            settings = NodeSettings(
                l1_url=self.anvil.url,
                peer_port=peer_port,
                peer_source=f"127.0.0.{1 + operator.number}" if self._ports.announced else "",
                confirmations=self.profile.confirmations,
                rpc_port=first and first + operator.number - 1,
            )
            signer, module = operator.hot.address, self.profile.module
            node = NodeProcess(self.layout, operator.number, signer, settings, module)
            self.nodes.append(node)
            await node.start()
        await asyncio.gather(*(node.ready() for node in self.nodes))

    async def _start_followers(self) -> None:
        first = self._ports.follower
        for number in range(1, self.profile.followers + 1):
            port = first and first + number - 1
            follower = FollowerProcess(self.layout, number, self.anvil.url, port)
            self.followers.append(follower)
            await follower.start()
        await asyncio.gather(*(follower.ready() for follower in self.followers))

    async def _record_committee(self, keep: bool = False) -> None:
        """Of epoch 0, with which the chain begins however long the start took (COMM-3); or of the
        epoch that a network kept for a while has come to."""
        head = await self.anvil.client.head()
        now = self.deployment.schedule.epoch_of(head.timestamp) or Epoch(0)
        await snapshot(self.anvil, self.deployment, now if keep else Epoch(0))

    async def _first_blocks(self) -> None:
        heights = {node.name: (await node.status())["height"] for node in self.nodes}

        async def have_grown() -> bool | None:
            self.require_running()
            for node in self.nodes:
                if (await node.status())["height"] <= heights[node.name]:
                    return None
            return True

        await eventually("a first final block", have_grown, seconds=FIRST_BLOCK_SECONDS)


@contextlib.asynccontextmanager
async def running(
    layout: Layout,
    profile: Profile,
    ports: Ports = Ports(),
    progress: Progress | None = None,
    *,
    keep: bool = False,
) -> AsyncIterator[Network]:
    """A network for the length of the block; its logs stay in the folder."""
    ports.check(profile)
    network = Network(layout, profile, ports, progress or Progress())
    with layout.lock():
        try:
            await network.start(keep)
            yield network
        finally:
            await network.stop()
