"""A network under test, and what one load did to it."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec

from bench.throughput.finals import count_finals, read_finals
from bench.throughput.machine import cpu_seconds, folder_mb, resident_mb
from bench.throughput.observed_node import MODULE, finals_file
from bench.throughput.plan import Node, Outcome, Plan
from bench.throughput.runs import Run, accepted_of, finals_of
from bench.throughput.transactions import DEPTH, ID_BYTES, SMALL, Pool
from sequencer.deployment.parameters import Parameters, TimelockSection
from sequencer.devnet.follower_process import DerivedEntry, FollowerProcess
from sequencer.devnet.layout import Layout
from sequencer.devnet.network import DEVNET, Network, Profile, running
from sequencer.devnet.node_process import NodeProcess
from sequencer.devnet.progress import Progress
from sequencer.devnet.rpc import RpcUnreachable
from sequencer.errors import LocalFault

FOLDER = Path("build/bench")
TRANSACTIONS = str(FOLDER / "transactions")
FIRST_CHAIN_ID = 7_001
NO_BLOBS = 2**53
"""Longer than any batch."""
EPOCH_SECONDS = 7_200
"""No committee changes while something is measured."""
SETTLE_SECONDS = 60.0
"""How long what was accepted may take to be final once the load has ended."""
QUIET_SECONDS = 6.0
"""After so long without a final transaction no more are waited for: longer than any view takes."""
REST_SECONDS = 20.0
"""How long L1 is given to have all batches before the next load."""
DERIVE_SECONDS = 20.0
"""How long a follower may be without a new transaction."""


@dataclass(frozen=True, slots=True)
class Setup:
    """A kind of network, and of transactions."""

    nodes: int = 4
    rollups: int = 2
    size: int = SMALL
    depth: int = DEPTH
    has_blobs: bool = False

    @property
    def pool(self) -> Pool:
        chain_ids = tuple(range(FIRST_CHAIN_ID, FIRST_CHAIN_ID + self.rollups))
        return Pool(TRANSACTIONS, chain_ids, self.size, self.depth)

    @property
    def profile(self) -> Profile:
        """Followers would take processors from what is measured: they come later."""
        chain_ids = self.pool.chain_ids
        profile = replace(DEVNET, nodes=self.nodes, chain_ids=chain_ids, followers=0, module=MODULE)
        return replace(profile, parameters=parameters(self))


def parameters(setup: Setup) -> Parameters:
    """Those of the devnet, with one epoch that outlasts a measurement, the longest blocks that fit
    an L1 transaction, and batches in calldata unless blobs are asked for: a commitment to a blob
    takes a tenth of a second of each node (`make bench-kzg`), and here four share two processors
    with the load."""
    base = DEVNET.parameters
    network = msgspec.structs.replace(
        base.network,
        batch_bytes=36 << 10,
        block_bytes=79 << 10,
        blob_bytes_min=base.network.blob_bytes_min if setup.has_blobs else NO_BLOBS,
    )
    times = msgspec.structs.replace(
        base.times, epoch_seconds=EPOCH_SECONDS, unbonding_seconds=4 * EPOCH_SECONDS
    )
    committee = msgspec.structs.replace(
        base.committee, min_size=min(setup.nodes, base.committee.min_size)
    )
    timelock = TimelockSection(delay_seconds=6 * EPOCH_SECONDS)
    return msgspec.structs.replace(
        base, times=times, committee=committee, timelock=timelock, network=network
    )


class Bed:
    """A running network, and which transactions it has not had yet."""

    def __init__(self, setup: Setup, network: Network) -> None:
        self.setup = setup
        self.network = network
        self.accepted: set[bytes] = set()
        """Of all loads so far."""
        self._next_group = 0

    async def load(
        self,
        *,
        to: Sequence[int] | None = None,
        counting: Sequence[int] | None = None,
        expect_tx_s: float = 25_000,
        **options: Any,
    ) -> Run:
        """Offer a load to the nodes with these indices (all), and return when all that was
        accepted is final at those that count (all), or will not be. `options` are a plan's; so many
        transactions a second are made ready where they give no rate."""
        network = self.network
        targets = range(len(network.nodes)) if to is None else to
        counted = targets if counting is None else counting
        watched = {index: finals_file(network.nodes[index].data_dir) for index in counted}
        plan = Plan(
            nodes=tuple(_address(network.nodes[index]) for index in targets),
            paths=tuple(f"/rollup/{rollup.id}" for rollup in network.rollups),
            pool=self.setup.pool,
            first_group=self._next_group,
            finals=tuple(map(str, watched.values())),
            **options,
        )
        rate = plan.rate or expect_tx_s
        groups = plan.groups_for(rate * plan.seconds * 1.2)
        await asyncio.to_thread(plan.pool.ensure, plan.first_group, groups)
        for file in watched.values():
            file.touch()
        before = {index: count_finals(file) for index, file in watched.items()}
        async with generator(plan) as go:
            cpu = self._cpu()
            outcome = await go()
            accepted = accepted_of(plan, outcome, targets)
            await self._settled(watched, before, len(accepted))
            # A node that was started meanwhile had used nothing.
            used = {name: spent - cpu.get(name, 0.0) for name, spent in self._cpu().items()}
        used["generator"] = outcome.cpu_seconds
        self._next_group += -(-outcome.groups_used // plan.streams) * plan.streams
        self.accepted.update(accepted)
        finals = {
            index: finals_of(index, accepted, read_finals(file, before[index]))
            for index, file in watched.items()
        }
        rss = {name: resident_mb(group) for name, group in self._groups().items()}
        return Run(plan, outcome, accepted, finals, used, rss)

    @property
    def streams(self) -> int:
        """Connections of a load that goes to all nodes, one to each for each rollup."""
        return self.setup.nodes * self.setup.rollups

    def usage(self) -> dict[str, float]:
        """Memory and disk in MB, of the node that has the most."""
        nodes = [node for node in self.network.nodes if node.is_running]
        return {
            "rss_mb": max(resident_mb(node.process.pid) for node in nodes),
            "disk_mb": max(folder_mb(node.data_dir) for node in nodes),
        }

    @property
    def is_whole(self) -> bool:
        """Whether all nodes run."""
        return all(node.is_running for node in self.network.nodes)

    async def has_websocket(self) -> bool:
        """Whether a node upgrades a connection on the path of a rollup."""
        node, rollup = self.network.nodes[0], self.network.rollups[0]
        async with aiohttp.ClientSession(node.url) as session:
            try:
                async with session.ws_connect(f"/rollup/{rollup.id}"):
                    return True
            except aiohttp.ClientError:
                return False

    async def rest(self) -> bool:
        """Wait until L1 has every batch, so that posting one load does not slow the next; whether
        it came to that."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + REST_SECONDS
        while loop.time() < deadline:
            node = next(node for node in self.network.nodes if node.is_running)
            with contextlib.suppress(RpcUnreachable):
                status = await node.status()
                batches = status["batches"]
                if not status["mempool"]["transactions"] and batches["committed"] == batches["cut"]:
                    return True
            await asyncio.sleep(0.5)
        return False

    async def derived(self) -> dict[str, Any]:
        """What a follower, which knows L1 and nothing else, has of all that was accepted: how many,
        how many are missing, in the list but left out, or there twice."""
        follower = FollowerProcess(self.network.layout, 1, self.network.anvil.url)
        await follower.start()
        try:
            await follower.ready()
            entries = await self._all_entries(follower)
        finally:
            await follower.stop()
        included = [bytes.fromhex(e.hash[2:])[:ID_BYTES] for e in entries if e.skipped is None]
        return {
            "accepted": len(self.accepted),
            "derived": len(included),
            "missing": len(self.accepted.difference(included)),
            "left_out": len(entries) - len(included),
            "twice": len(included) - len(set(included)),
        }

    async def _all_entries(self, follower: FollowerProcess) -> list[DerivedEntry]:
        """Its lists, once they hold as much as was accepted, or grow no more."""
        loop = asyncio.get_running_loop()
        quiet, last = loop.time() + DERIVE_SECONDS, -1
        while loop.time() < quiet:
            count = sum(rollup.entries for rollup in (await follower.status()).rollups)
            if count >= len(self.accepted):
                break
            if count != last:
                last, quiet = count, loop.time() + DERIVE_SECONDS
            await asyncio.sleep(0.2)
        rollups = self.network.rollups
        return [entry for rollup in rollups for entry in await follower.entries(rollup.id)]

    def _groups(self) -> dict[str, int]:
        groups = {node.name: node.process.pid for node in self.network.nodes if node.is_running}
        return {**groups, "anvil": self.network.anvil.process.pid}

    def _cpu(self) -> dict[str, float]:
        return {name: cpu_seconds(group) for name, group in self._groups().items()}

    async def _settled(
        self, watched: dict[int, Path], before: dict[int, int], accepted: int
    ) -> None:
        """Until so many are final everywhere, or nothing more becomes final."""
        loop = asyncio.get_running_loop()
        deadline, quiet = loop.time() + SETTLE_SECONDS, loop.time() + QUIET_SECONDS
        last = -1
        while loop.time() < min(deadline, quiet):
            final = min(count_finals(file) - before[index] for index, file in watched.items())
            if final >= accepted:
                return
            if final != last:
                last, quiet = final, loop.time() + QUIET_SECONDS
            await asyncio.sleep(0.02)


def _address(node: NodeProcess) -> Node:
    parts = urlsplit(node.url)
    assert parts.hostname is not None
    assert parts.port is not None
    return Node(parts.hostname, parts.port)


def _files(plan: Plan) -> tuple[Path, Path]:
    """Of a plan, which is written, and of its outcome."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    files = FOLDER / "plan.bin", FOLDER / "outcome.bin"
    files[0].write_bytes(msgspec.msgpack.encode(plan))
    return files


@contextlib.asynccontextmanager
async def generator(plan: Plan) -> AsyncIterator[Any]:
    """A load generator that is connected; calling what is given makes it begin, and gives the
    outcome. Raises `LocalFault` when it fails."""
    files = _files(plan)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bench.throughput.generator", *map(str, files)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    stdin, stdout = process.stdin, process.stdout

    async def go() -> Outcome:
        stdin.write(b"go\n")
        await stdin.drain()
        if await process.wait():
            raise LocalFault("the load generator failed, see above")
        return msgspec.msgpack.decode(files[1].read_bytes(), type=Outcome)

    try:
        if await stdout.readline() != b"ready\n":
            raise LocalFault("the load generator did not connect, see above")
        yield go
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@contextlib.asynccontextmanager
async def bed(setup: Setup, name: str) -> AsyncIterator[Bed]:
    """A network of its own."""
    layout = Layout(FOLDER / name)
    async with running(layout, setup.profile, progress=Progress()) as network:
        yield Bed(setup, network)
