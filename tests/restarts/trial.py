"""One case carried out under load: what failed comes back, order resumes, nothing is lost."""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sequencer.deployment.parameters import PARAMETER_SETS
from sequencer.devnet.layout import Layout
from sequencer.devnet.network import Network, Ports, Profile, running
from sequencer.devnet.node_process import NodeProcess
from sequencer.devnet.outages import probe
from sequencer.devnet.outages.faults import Field, Step
from sequencer.devnet.outages.history import History
from sequencer.devnet.outages.links import Links
from sequencer.devnet.outages.load import Load, transfer
from sequencer.devnet.outages.promises import Promises
from sequencer.devnet.outages.stores import stored_blocks
from sequencer.devnet.ports import free_ports
from sequencer.devnet.waiting import eventually
from sequencer.errors import LocalFault
from tests.restarts.cases import Case

STAGGER_SECONDS = 1.0
SETTLE_SECONDS = 1.5
"""What was under way when the quorum was lost may still end."""
PROBE_SECONDS = 60.0
BLOCKS_BEFORE = 100
"""So many blocks from before the fault are asked for again after it."""
RECEIPTS = 100
"""So many of the last transactions are also looked up one by one on each node."""
_POLL_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a case showed; times in seconds."""

    case: Case
    resumed: float
    """From the moment a quorum was back (or, if it was never away, from the fault) until a
    transaction sent after it was final."""
    with_start: float
    """Likewise, from when the last process of that quorum was started."""
    level: float
    """From the moment that the last node was back until all nodes have a transaction sent then."""
    transactions: int
    """Final from the fault on."""
    lost: list[str]
    slashable: list[str]
    load_average: float


class Trial:
    """A network under load, through one case after another."""

    def __init__(self, network: Network, links: Links) -> None:
        self.network = network
        self._nodes: Sequence[NodeProcess] = network.nodes
        self._field = Field(network, links)
        self._load = Load(network.nodes, network.rollups)
        self._history = History(network.nodes)
        self._promises = Promises(network.nodes)

    @classmethod
    @contextlib.asynccontextmanager
    async def prepared(cls, folder: Path, nodes: int) -> AsyncIterator[Self]:
        """A network of its own, level and under load. At the end everything is looked at once
        more, on disk too."""
        profile = Profile(PARAMETER_SETS["devnet"], confirmations=2, nodes=nodes, followers=0)
        listening = tuple(free_ports(nodes))
        async with Links(listening) as links:
            ports = Ports(peers=listening, announced=links.ports)
            async with running(Layout(folder), profile, ports) as network:
                trial = cls(network, links)
                with contextlib.closing(trial._promises):
                    async with trial._load.running(), trial._history.watched():
                        await trial._until_level()
                        yield trial
                    for node in network.nodes:
                        await _has_height(node, trial._history.height)
                    await asyncio.gather(*(node.stop() for node in network.nodes))
                    trial._look_back()

    async def run(self, case: Case) -> Outcome:
        """Raises `LocalFault` when order does not stop, go on or resume as it should."""
        first = self._history.height + 1
        steps = case.steps(self._field)
        struck = time.monotonic()
        for position, step in enumerate(steps):
            if position and case.is_staggered:
                await asyncio.sleep(STAGGER_SECONDS)
            await step.strike()
        back = _Return(steps, case)
        if case.steps_to_quorum == 0:
            final = await self._until_final()
            await asyncio.sleep(case.hold_seconds)
            await back.all()
            resumed, with_start = final - struck, final - struck
        else:
            await self._stands_still(case.hold_seconds)
            lifting = asyncio.create_task(back.all())
            await back.quorum.wait()
            final = await self._until_final()
            resumed, with_start = final - back.quorum_at, final - back.quorum_begun
            await lifting
        last = time.monotonic()
        level = await self._until_level() - last
        self._promises.read_journals()
        return Outcome(
            case=case,
            resumed=resumed,
            with_start=with_start,
            level=level,
            transactions=self._history.transactions(first),
            lost=await self._lost(first),
            slashable=self._promises.evidence(),
            load_average=os.getloadavg()[0],
        )

    async def _stands_still(self, seconds: float) -> None:
        """Nothing becomes final while there is no quorum: the fault is what it says."""
        settle = min(seconds, SETTLE_SECONDS)
        await asyncio.sleep(settle)
        before = self._history.height
        await asyncio.sleep(seconds - settle)
        if self._history.height != before:
            raise LocalFault(f"without a quorum block {self._history.height} became final")

    async def _until_final(self) -> float:
        """When a transaction that is new now is final on some node."""
        signed = transfer(self.network.rollups[0])
        return await probe.until_final(self._nodes, signed, PROBE_SECONDS)

    async def _until_level(self) -> float:
        """When a transaction that is new now is final on every node."""
        signed = transfer(self.network.rollups[0])
        return await probe.until_level(self._nodes, signed, PROBE_SECONDS)

    def _look_back(self) -> None:
        """At all that is on disk, of every case; the nodes have stopped."""
        self._promises.read_journals()
        for node in self._nodes:
            hashes = []
            for stored in stored_blocks(node):
                hashes.append("0x" + stored.block.header.hash.hex())
                if stored.certificate is not None:
                    self._promises.add_certificate(stored.certificate)
            self._history.check_stored(node.name, hashes)
        assert self._history.changed == []
        assert self._promises.evidence() == []

    async def _lost(self, first: int) -> list[str]:
        """What any node had shown as final and some node has not, or elsewhere."""
        last = self._history.height
        for node in self._nodes:
            await _has_height(node, last)
            await self._history.check(node, max(1, first - BLOCKS_BEFORE), last)
            await self._history.check_receipts(node, self._load.accepted[-RECEIPTS:], last)
        return list(self._history.changed)


class _Return:
    """The steps taken back, and when that made a quorum."""

    def __init__(self, steps: Sequence[Step], case: Case) -> None:
        self._steps = steps
        self._case = case
        self._lifted = 0
        self.quorum = asyncio.Event()
        self.quorum_begun = 0.0
        self.quorum_at = 0.0

    async def all(self) -> None:
        pauses = STAGGER_SECONDS if self._case.is_staggered else 0.0
        async with asyncio.TaskGroup() as tasks:
            for position, step in enumerate(self._steps):
                tasks.create_task(self._lift(step, position * pauses))

    async def _lift(self, step: Step, wait_seconds: float) -> None:
        await asyncio.sleep(wait_seconds)
        begun = time.monotonic()
        await step.lift()
        self._lifted += 1
        if self._lifted == self._case.steps_to_quorum:
            self.quorum_begun, self.quorum_at = begun, time.monotonic()
            self.quorum.set()


async def _has_height(node: NodeProcess, height: int) -> None:
    async def has() -> bool | None:
        return (await node.status())["height"] >= height or None

    await eventually(f"block {height} on {node.name}", has, seconds=PROBE_SECONDS)
