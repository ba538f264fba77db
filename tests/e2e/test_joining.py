"""A new operator needs L1 and one peer (CATCHUP-1 to CATCHUP-5, EPOCH-4).

It bonds on L1 and starts with an empty folder; of all the operators that L1 names it can reach
one. It learns the chain from that one through the epochs gone by, becomes a member, and when one
of the others is killed nothing is final without its vote.
"""

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest_asyncio

from sequencer.devnet.accounts import TRAFFIC, account
from sequencer.devnet.bootstrap import BOND_WEI
from sequencer.devnet.layout import Layout
from sequencer.devnet.membership import Membership
from sequencer.devnet.network import DEMO, Network, running
from sequencer.devnet.node_process import NodeProcess
from sequencer.devnet.progress import Progress
from sequencer.devnet.traffic import Traffic
from sequencer.devnet.waiting import eventually
from sequencer.devnet.wallets import Wallet

HERMIT = "sequencer.devnet.hermit"
EPOCHS_BEFORE = 2
WAIT_SECONDS = 180.0
_TIMES = msgspec.structs.replace(
    DEMO.parameters.times,
    epoch_seconds=6,
    commit_grace_seconds=8,
    evidence_seconds=3,
    unbonding_seconds=30,
)
PROFILE = replace(
    DEMO,
    parameters=msgspec.structs.replace(
        DEMO.parameters,
        times=_TIMES,
        data=msgspec.structs.replace(DEMO.parameters.data, window_seconds=1, answer_seconds=1),
    ),
    confirmations=2,
    followers=0,
)


@pytest_asyncio.fixture
async def network(tmp_path: Path) -> AsyncIterator[Network]:
    layout = Layout(tmp_path / "network")
    async with running(layout, PROFILE, progress=Progress(io.StringIO())) as network:
        wallets = [Wallet(account(index).secret) for index in TRAFFIC]
        traffic = Traffic(list(network.nodes), network.rollups, wallets, 0.2)
        sending = asyncio.create_task(traffic.run())
        try:
            yield network
        finally:
            sending.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sending


async def until(what: str, node: NodeProcess, field: str, least: int) -> int:
    """Wait until a number in the node's status is that high; what it is."""

    async def is_there() -> int | None:
        found = (await node.status())[field]
        return found if found is not None and found >= least else None

    return await eventually(what, is_there, seconds=WAIT_SECONDS)


async def test_a_new_operator_joins_through_one_peer(network: Network) -> None:
    peer, *_, last = network.nodes
    await until("epochs to learn about", peer, "epoch", EPOCHS_BEFORE)
    before = (await peer.status())["height"]
    newcomer = await Membership(network).join(BOND_WEI, HERMIT)
    await until("the chain learnt", newcomer, "height", before)
    await until("a seat", newcomer, "member", 0)
    status = await newcomer.status()
    assert status["peers"]["known"] == 1
    assert status["epoch"] > EPOCHS_BEFORE
    await last.kill()
    height = (await peer.status())["height"]
    await until("more blocks, by a quorum of four of five", peer, "height", height + 5)
    await until("the same on the newcomer", newcomer, "height", height + 5)
    assert (await newcomer.status())["member"] is not None
