"""`make rotation`: operators join, leave, raise their bonds, replace their keys and restart, at
random, for many epochs, while transfers flow; in the end nothing may be lost. The same seed makes
the same choices."""

import argparse
import asyncio
import contextlib
import io
import random
import sys
from pathlib import Path

import msgspec

from sequencer.deployment.economy import BPS
from sequencer.deployment.words import WEI_PER_ETHER
from sequencer.devnet.bootstrap import BOND_WEI
from sequencer.devnet.demo.stage import SETTLE_SECONDS, Stage
from sequencer.devnet.demo.story import CheckFailed, Story
from sequencer.devnet.layout import Layout
from sequencer.devnet.membership import Membership
from sequencer.devnet.network import DEMO, Profile, running
from sequencer.devnet.node_process import NodeProcess
from sequencer.devnet.progress import Progress
from sequencer.devnet.waiting import eventually
from sequencer.devnet.witness import Witness
from sequencer.types import Epoch

FEWEST, MOST = 4, 7
"""Operators with a bond that stay: one of four may be restarting."""
INTERVAL_SECONDS = 0.2
_demo = DEMO.parameters
PROFILE = Profile(
    msgspec.structs.replace(
        _demo,
        times=msgspec.structs.replace(
            _demo.times,
            epoch_seconds=4,
            commit_grace_seconds=6,
            evidence_seconds=3,
            unbonding_seconds=21,
        ),
        # Every weight is the stake behind it, however few there are (COMM-5).
        stake=msgspec.structs.replace(_demo.stake, operator_cap_bps=BPS),
        data=msgspec.structs.replace(_demo.data, window_seconds=1, answer_seconds=1),
    ),
    confirmations=2,
)
"""The shortest epochs in which a committee is chosen and recorded with ease."""


class Rotation:
    """One change of the operators for each epoch of L1."""

    def __init__(self, stage: Stage, seed: int, progress: Progress) -> None:
        self._stage = stage
        self._random = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
        self._progress = progress
        self._membership = Membership(stage.network)
        self._witness = Witness(stage, INTERVAL_SECONDS)
        self._bonds = dict.fromkeys(stage.nodes, BOND_WEI)
        self._leaving: list[asyncio.Task[None]] = []

    async def run(self, epochs: int) -> None:
        """Raises `CheckFailed` if anything was lost."""
        for node in self._stage.nodes:
            self._witness.begin(node)
        watching = asyncio.create_task(self._witness.watch())
        for _ in range(epochs):
            await self._until_next_epoch()
            await self._change()
        await asyncio.gather(*self._leaving)
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching
        await self._witness.end()
        chain = await self._witness.check()
        self._progress.say(
            f"{len(self._witness.accepted)} transactions accepted and each ordered once, in"
            f" {len(chain)} blocks of {len({block.epoch for block in chain})} epochs;"
            f" {len(self._leaving)} operators of {len(self._stage.nodes)} left with their bonds"
        )

    async def _change(self) -> None:
        choices = [self._increase, self._rotate, self._restart]
        if len(self._bonds) < MOST:
            choices += [self._join] * 3
        if len(self._bonds) > FEWEST:
            choices += [self._leave] * 3
        await self._random.choice(choices)()

    async def _join(self) -> None:
        wei = self._random.randint(1, 40) * WEI_PER_ETHER
        node = await self._membership.join(wei)
        self._bonds[node] = wei
        self._witness.begin(node)
        self._progress.say(f"{node.name} joins with {wei // WEI_PER_ETHER} ETH")

    async def _leave(self) -> None:
        node = self._anybody()
        wei = self._bonds.pop(node)
        await self._membership.leave(node)
        self._leaving.append(asyncio.create_task(self._see_off(node, wei)))
        self._progress.say(f"{node.name} leaves")

    async def _see_off(self, node: NodeProcess, wei: int) -> None:
        """An operator's node goes on until the bond is back."""
        paid = await self._membership.release(node)
        if paid != wei:
            raise CheckFailed(f"{node.name} is paid {paid} wei of {wei}")
        await self._witness.end(node)
        await node.stop()
        self._progress.say(f"{node.name} has its bond back and is gone")

    async def _increase(self) -> None:
        node = self._anybody()
        await self._membership.increase(node, WEI_PER_ETHER)
        self._bonds[node] += WEI_PER_ETHER
        self._progress.say(f"{node.name} raises its bond")

    async def _rotate(self) -> None:
        """A restart with another key, and with those before it. Until L1 has told its peers of its
        new transport key nobody would hear of what it accepted."""
        node = self._anybody()
        await self._witness.end(node)
        await self._until_block(node)
        await self._membership.rotate(node)
        await self._until_block(node)
        self._witness.begin(node)
        self._progress.say(f"{node.name} has a new signing key")

    async def _restart(self) -> None:
        """What it has accepted it has passed on before; its own memory of it is lost."""
        node = self._anybody()
        await self._witness.end(node)
        await self._until_block(node)
        await node.kill()
        await node.start()
        await node.ready()
        self._witness.begin(node)
        self._progress.say(f"{node.name} was killed and is back")

    async def _until_block(self, node: NodeProcess) -> None:
        before = (await node.status())["height"]

        async def has_grown() -> bool | None:
            return (await node.status())["height"] > before or None

        await eventually(f"a block on {node.name}", has_grown, seconds=SETTLE_SECONDS)

    def _anybody(self) -> NodeProcess:
        return self._random.choice(list(self._bonds))

    async def _until_next_epoch(self) -> None:
        anvil, schedule = self._stage.network.anvil, self._stage.network.deployment.schedule
        now = schedule.epoch_of((await anvil.client.head()).timestamp) or Epoch(0)
        await anvil.until(schedule.end_of(now))


async def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=30, help="of L1, with a change each")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=Path("build/rotation"))
    arguments = parser.parse_args()
    progress = Progress()
    async with running(Layout(arguments.folder), PROFILE, progress=progress) as network:
        stage = Stage(network, Story(io.StringIO()))
        rotation = Rotation(stage, arguments.seed, progress)
        await network.guard(rotation.run(arguments.epochs))
    return 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
