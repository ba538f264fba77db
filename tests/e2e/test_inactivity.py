"""WORK-3, IDLE-1: a member whose process is away for an epoch is slashed on L1 by anyone."""

import asyncio
import io
from dataclasses import replace
from pathlib import Path

import msgspec

from sequencer.devnet.accounts import WALLETS, account
from sequencer.devnet.demo.ape import run_script
from sequencer.devnet.demo.stage import Stage
from sequencer.devnet.demo.story import Story
from sequencer.devnet.layout import Layout
from sequencer.devnet.network import DEMO, running
from sequencer.devnet.outages.load import NOBODY
from sequencer.devnet.progress import Progress
from sequencer.devnet.wallets import Wallet
from sequencer.evidence.offence import Offence
from sequencer.l1 import abi
from sequencer.types import Epoch

EPOCH_SECONDS, GRACE_SECONDS = 20, 13
_demo = DEMO.parameters
PROFILE = replace(
    DEMO,
    parameters=msgspec.structs.replace(
        _demo,
        times=msgspec.structs.replace(
            _demo.times, epoch_seconds=EPOCH_SECONDS, commit_grace_seconds=GRACE_SECONDS
        ),
        network=msgspec.structs.replace(_demo.network, batch_age_ms=500),
    ),
    chain_ids=(7001,),
    followers=0,
)


async def test_away_for_an_epoch__is_slashed_and_who_says_so_is_paid(tmp_path: Path) -> None:
    async with running(Layout(tmp_path / "network"), PROFILE, progress=Progress(io.StringIO())) as (
        network
    ):
        stage = Stage(network, Story(io.StringIO()))
        anvil, schedule = network.anvil, network.deployment.schedule
        *others, away = network.nodes
        wallet, caller = Wallet(account(WALLETS[3]).secret), account(WALLETS[1])
        await away.stop()
        head = await anvil.client.head()
        epoch = Epoch((schedule.epoch_of(head.timestamp) or 0) + 1)

        async def send() -> None:
            while True:
                signed = wallet.transfer(network.rollups[0], NOBODY, 1)
                await others[0].rpc.call(
                    "eth_sendRawTransaction", signed.hex, rollup=network.rollups[0].id
                )
                await asyncio.sleep(0.2)

        sending = asyncio.create_task(send())
        await anvil.until(schedule.end_of(epoch))
        sending.cancel()
        before = [(await stage.l1.operator(node.number)).own_wei for node in network.nodes]
        await anvil.until(schedule.end_of(epoch) + GRACE_SECONDS)
        await run_script(stage, "epoch settle", caller, str(epoch))
        await run_script(stage, "epoch punish", caller, str(epoch))

        found = await stage.l1.events("SlashingLedger", "OperatorSlashed")
        (slash,) = [one for one in found if one.arguments["offence"] == Offence.INACTIVITY]
        assert (slash.arguments["id"], slash.arguments["epoch"]) == (away.number, epoch)
        after = [(await stage.l1.operator(node.number)).own_wei for node in network.nodes]
        assert after[:-1] == before[:-1]
        assert after[-1] < before[-1]
        data = abi.function("SlashingLedger", "credit").call(caller.address)
        answer = await anvil.call(stage.l1.address("SlashingLedger"), data)
        assert int.from_bytes(answer, "big") == slash.arguments["split"][0] > 0
