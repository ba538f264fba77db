"""LIST-6: one honest member of four is enough against three that censor by themselves."""

import asyncio
import io
import time
from dataclasses import replace
from pathlib import Path

import pytest

from sequencer.devnet.accounts import TRAFFIC, account
from sequencer.devnet.layout import Layout
from sequencer.devnet.network import DEMO, running
from sequencer.devnet.node_process import NodeProcess
from sequencer.devnet.outages.load import NOBODY
from sequencer.devnet.progress import Progress
from sequencer.devnet.rpc import RpcRefused
from sequencer.devnet.waiting import eventually
from sequencer.devnet.wallets import Signed, Wallet

PROFILE = replace(DEMO, chain_ids=(7001,), followers=0)
BOUND_SECONDS = 1.0 + 0.5 + 4 * 0.4
"""`list_after_ms`, `list_grace_ms`, and as many views as there are members; the rest is for a busy
machine."""
SLACK_SECONDS = 20.0
SEAT_SECONDS = 180.0


async def height_of(node: NodeProcess, signed: Signed) -> int | None:
    found = await node.rpc.call("eth_getTransactionReceipt", "0x" + signed.hash.hex(), rollup=1)
    return None if found is None else int(found["ordering"]["height"])


async def orders(node: NodeProcess) -> bool | None:
    """Whether it has read L1 since it started."""
    return (await node.status())["member"] is not None or None


async def test_with_all_but_one_censoring__the_victims_transactions_are_in(tmp_path: Path) -> None:
    layout = Layout(tmp_path / "network")
    victim = Wallet(account(TRAFFIC[0]).secret)
    async with running(layout, PROFILE, progress=Progress(io.StringIO())) as network:
        *censors, honest = network.nodes
        for node in censors:
            node.deny((victim.address,))
            await node.kill()
            await node.start()
            await node.ready()
            await eventually("its seat", lambda node=node: orders(node), seconds=SEAT_SECONDS)
        rollup = network.rollups[0]
        proposers: set[str] = set()
        for _ in range(8):
            signed = victim.transfer(rollup, NOBODY, 1)
            for node in censors:
                with pytest.raises(RpcRefused, match="not served"):
                    await node.rpc.call("eth_sendRawTransaction", signed.hex, rollup=rollup.id)
            sent = time.monotonic()
            await honest.rpc.call("eth_sendRawTransaction", signed.hex, rollup=rollup.id)
            height = await eventually(
                "the victim's transaction in a final block",
                lambda signed=signed: height_of(censors[0], signed),
                seconds=BOUND_SECONDS + SLACK_SECONDS,
            )
            block = await honest.rpc.call("seq_getBlock", height)
            proposers.add(block["proposer"])
            await asyncio.sleep(max(0.0, 0.3 - (time.monotonic() - sent)))
        own = (await honest.status())["signer"]
        assert proposers - {own}, "those who censor have put some of them in"
