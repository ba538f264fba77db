"""Members come and go at epoch boundaries while transfers flow, until nobody is left who began.

COMM-1 to COMM-3, BOND-2, BOND-5, BOND-6, EPOCH-1 to EPOCH-5. One story on one network:

1. four equal members; four with more weight join
2. two of the first leave and a newcomer raises its bond; an epoch later the other two leave
3. two newcomers leave, too: L1 keeps the committee, and they go on signing
4. the first four take their bonds and are gone; somebody new learns the chain without them,
   and with three again the committee changes as before
"""

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from sequencer.deployment.words import WEI_PER_ETHER
from sequencer.devnet.bootstrap import BOND_WEI
from sequencer.devnet.demo.stage import Stage
from sequencer.devnet.demo.story import Story
from sequencer.devnet.layout import Layout
from sequencer.devnet.membership import Membership
from sequencer.devnet.network import running
from sequencer.devnet.node_process import NodeProcess
from sequencer.devnet.progress import Progress
from sequencer.devnet.rotation import INTERVAL_SECONDS, PROFILE
from sequencer.devnet.waiting import eventually
from sequencer.devnet.witness import Witness
from sequencer.types import Epoch

CHANGE_SECONDS = 180.0
"""For a change to show in the committee; a busy machine is given time."""


class Play:
    """The network, who comes and goes on it, and who watches."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.membership = Membership(stage.network)
        self.witness = Witness(stage, INTERVAL_SECONDS)

    async def join(self, ether: int) -> NodeProcess:
        node = await self.membership.join(ether * WEI_PER_ETHER)
        self.witness.begin(node)
        return node

    async def until_members(self, ether: dict[NodeProcess, int]) -> Epoch:
        """Wait until blocks are ordered by exactly these members with these bonds; the epoch."""
        expected = {node.signer: bond * WEI_PER_ETHER for node, bond in ether.items()}

        async def are_members() -> Epoch | None:
            found = [await self.stage.status(node) for node in ether]
            epochs = {status.epoch for status in found}
            if len(epochs) != 1 or None in epochs or any(s.member is None for s in found):
                return None
            epoch = Epoch(max(found, key=lambda status: status.height).epoch or 0)
            committee = await self.stage.l1.committee(epoch)
            weights = {member.signer: member.weight for member in committee.members}
            return epoch if weights == expected else None

        names = ", ".join(node.name for node in ether)
        return await eventually(f"a committee of {names}", are_members, seconds=CHANGE_SECONDS)

    async def until_next_epoch(self) -> None:
        """By L1's clock, which consensus follows a few blocks behind."""
        anvil, schedule = self.stage.network.anvil, self.stage.network.deployment.schedule
        now = schedule.epoch_of((await anvil.client.head()).timestamp) or Epoch(0)
        await anvil.until(schedule.end_of(now))

    async def until_kept(self) -> Epoch:
        """Wait until L1 has kept a committee (COMM-3); for which epoch."""

        async def is_kept() -> Epoch | None:
            kept = await self.stage.l1.events("Committee", "CommitteeKept")
            return Epoch(kept[0].arguments["epoch"]) if kept else None

        return await eventually("a committee kept", is_kept, seconds=CHANGE_SECONDS)


@pytest_asyncio.fixture
async def play(tmp_path: Path) -> AsyncIterator[Play]:
    layout = Layout(tmp_path / "network")
    async with running(layout, PROFILE, progress=Progress(io.StringIO())) as network:
        play = Play(Stage(network, Story(io.StringIO())))
        for node in network.nodes:
            play.witness.begin(node)
        watching = asyncio.create_task(play.witness.watch())
        try:
            yield play
        finally:
            watching.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await watching
            await play.witness.end()


async def test_everybody_is_replaced_and_nothing_is_lost(play: Play) -> None:
    stage, membership = play.stage, play.membership
    first = list(stage.nodes)
    five, six, seven, eight = await asyncio.gather(*map(play.join, (12, 17, 23, 31)))
    newcomers = {five: 12, six: 17, seven: 23, eight: 31}
    await play.until_members({**dict.fromkeys(first, 10), **newcomers})

    await asyncio.gather(*map(membership.leave, first[:2]))
    await membership.increase(five, 2 * WEI_PER_ETHER)
    await play.until_next_epoch()
    await asyncio.gather(*map(membership.leave, first[2:]))
    last = {**newcomers, five: 14}
    await play.until_members(last)

    await asyncio.gather(membership.leave(five), membership.leave(six))
    await play.witness.end(*first)
    kept = await play.until_kept()
    members = (await stage.l1.committee(kept)).members
    assert {member.signer: member.weight for member in members} == {
        node.signer: ether * WEI_PER_ETHER for node, ether in last.items()
    }
    paid = await asyncio.gather(*map(membership.release, first))
    assert paid == [BOND_WEI] * len(first)
    await asyncio.gather(*(node.stop() for node in first))

    nine = await play.join(19)
    await play.until_members({seven: 23, eight: 31, nine: 19})
    await play.witness.end()
    chain = await play.witness.check()
    leavers = {"0x" + node.signer.hex() for node in (five, six)}
    assert leavers <= {block.proposer for block in chain if block.epoch == kept}
    assert {"0x" + node.signer.hex() for node in stage.nodes} == {b.proposer for b in chain}
