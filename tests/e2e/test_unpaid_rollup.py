"""A rollup that has not paid, on a whole network (FEE-2 to FEE-5, BLOCK-8, SUBMIT-9).

Its transactions are ordered until the notice is over, and not a block longer, while those of
others go on; its forced messages are included all the same; once it pays, it is back.
"""

import asyncio
import contextlib
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest_asyncio

from sequencer.devnet.accounts import DEPLOYER, TRAFFIC, WALLETS, account
from sequencer.devnet.demo.l1_facts import Happened
from sequencer.devnet.demo.stage import Stage
from sequencer.devnet.demo.story import Story
from sequencer.devnet.layout import Layout
from sequencer.devnet.network import DEMO, running
from sequencer.devnet.node_process import NodeProcess
from sequencer.devnet.progress import Progress
from sequencer.devnet.rpc import RpcRefused
from sequencer.devnet.waiting import eventually
from sequencer.devnet.wallets import TRANSFER_GAS, Rollup, Signed, Wallet
from sequencer.l1 import abi
from sequencer.types import Address, RollupId

WAIT_SECONDS = 180.0
PAUSE_SECONDS = 0.1
GAS = 1_000_000
QUEUE_FEE_WEI = 10**16
"""More than a message costs; the rest comes back (INBOX-2)."""
_demo = DEMO.parameters
PROFILE = replace(
    DEMO,
    parameters=msgspec.structs.replace(
        _demo,
        times=msgspec.structs.replace(_demo.times, epoch_seconds=6),
        fees=msgspec.structs.replace(_demo.fees, notice_seconds=8),
        inbox=msgspec.structs.replace(_demo.inbox, force_window_seconds=8),
    ),
    confirmations=2,
    followers=1,
)
UNPAID = Rollup(RollupId(len(PROFILE.rollups) + 1), 7_777)


@pytest_asyncio.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    """With one rollup more, for which nobody has prepaid."""
    layout = Layout(tmp_path / "network")
    async with running(layout, PROFILE, progress=Progress(io.StringIO())) as network:
        stage = Stage(network, Story(io.StringIO()))
        register = abi.function("RollupRegistry", "register").call(
            UNPAID.chain_id, bytes(20), False, (0, 0)
        )
        await _send(stage, account(DEPLOYER).address, "RollupRegistry", register)
        yield stage


async def test_unpaid_rollup__is_dropped_after_notice__is_forced__is_back_when_it_pays(
    stage: Stage,
) -> None:
    paying, unpaid = stage.network.rollups[0], Wallet(account(TRAFFIC[0]).secret)
    async with _wallet(stage, paying, Wallet(account(TRAFFIC[1]).secret)):
        notice = await _send_until_dropped(stage, unpaid)
        drop_at = notice.arguments["dropAt"]
        noticed_at = await stage.l1.time_of(notice.block)
        assert drop_at - noticed_at == PROFILE.parameters.fees.notice_seconds
        for node in stage.nodes:
            await _until_refused(node, unpaid)

        forced = _next(unpaid)
        enqueue = abi.function("ForcedInbox", "enqueue").call(UNPAID.id, TRANSFER_GAS, forced.raw)
        sender = account(WALLETS[0]).address
        await _send(stage, sender, "ForcedInbox", enqueue, QUEUE_FEE_WEI)
        assert await _until_listed(stage, forced) == "forced"

        paid_from = (await stage.status(stage.nodes[0])).height + 1
        arrears = notice.arguments["arrearsBytes"] * _demo.fees.fee_wei_per_byte
        prepay = abi.function("SequencingFees", "prepay").call(UNPAID.id)
        await _send(stage, sender, "SequencingFees", prepay, 100 * arrears)
        back = await _until_accepted(stage.nodes[0], unpaid)
        assert await _until_listed(stage, back) == "block"

    chain = await stage.finalized(stage.nodes[0])
    ordered = {
        block.height: block.origin_timestamp < drop_at
        for block in chain
        if any(tx.rollup == UNPAID.id for tx in block.transactions)
    }
    assert all(is_early for height, is_early in ordered.items() if height < paid_from)
    assert any(
        noticed_at <= block.origin_timestamp and ordered.get(block.height) for block in chain
    )
    assert any(
        block.origin_timestamp >= drop_at and block.height < paid_from and block.transactions
        for block in chain
    )


async def _send_until_dropped(stage: Stage, wallet: Wallet) -> Happened:
    """Send to the unpaid rollup, as fast as the others do, until its notice is over."""

    async def noticed() -> Happened | None:
        given = await stage.l1.events("SequencingFees", "NoticeGiven")
        return given[0] if given else None

    await _until_accepted(stage.nodes[0], wallet)
    async with _wallet(stage, UNPAID, wallet):
        notice = await eventually("a notice", noticed, seconds=WAIT_SECONDS)
        assert notice.arguments["rollupId"] == UNPAID.id
        await stage.network.anvil.until(notice.arguments["dropAt"])
    return notice


@contextlib.asynccontextmanager
async def _wallet(stage: Stage, rollup: Rollup, wallet: Wallet) -> AsyncIterator[None]:
    """Transfers on a rollup, each when the one before was taken or refused."""

    async def send() -> None:
        while True:
            with contextlib.suppress(RpcRefused):
                await _submit(stage.nodes[0], wallet, rollup)
            await asyncio.sleep(PAUSE_SECONDS)

    sending = asyncio.create_task(send())
    try:
        yield
    finally:
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sending


async def _submit(node: NodeProcess, wallet: Wallet, rollup: Rollup) -> Signed:
    """Raises `RpcRefused`; the nonce is then the next one again."""
    signed = wallet.transfer(rollup, wallet.address, 1)
    try:
        await node.rpc.call("eth_sendRawTransaction", signed.hex, rollup=rollup.id)
    except RpcRefused:
        wallet.resume(rollup, signed.nonce)
        raise
    return signed


def _next(wallet: Wallet) -> Signed:
    """The next transfer of the unpaid rollup, which no node is shown."""
    return wallet.transfer(UNPAID, wallet.address, 1)


async def _until_accepted(node: NodeProcess, wallet: Wallet) -> Signed:
    async def accepted() -> Signed | None:
        try:
            return await _submit(node, wallet, UNPAID)
        except RpcRefused:
            return None

    return await eventually(f"{node.name} takes it", accepted, seconds=WAIT_SECONDS)


async def _until_refused(node: NodeProcess, wallet: Wallet) -> None:
    async def refused() -> str | None:
        try:
            await _submit(node, wallet, UNPAID)
        except RpcRefused as refusal:
            return refusal.message
        return None

    message = await eventually(f"{node.name} refuses", refused, seconds=WAIT_SECONDS)
    assert f"rollup {UNPAID.id} is dropped since" in message
    assert "prepay ends that" in message


async def _until_listed(stage: Stage, signed: Signed) -> str:
    """Wait until the follower has it in the rollup's list; what brought it there."""

    async def listed() -> str | None:
        found = await stage.network.followers[0].find(UNPAID.id, signed.hash)
        return next((entry.source for entry in found if entry.skipped is None), None)

    return await eventually("the follower lists it", listed, seconds=WAIT_SECONDS)


async def _send(
    stage: Stage, sender: Address, contract: str, data: bytes, value_wei: int = 0
) -> None:
    anvil, to = stage.network.anvil, stage.l1.address(contract)
    sent = await anvil.send(contract, sender, to, data, gas=GAS, value_wei=value_wei)
    await anvil.wait([sent])
