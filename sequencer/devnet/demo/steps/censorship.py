"""c. Every node censors one account; its owner needs none of them."""

import asyncio
from typing import Any

from sequencer.devnet.accounts import WALLETS, Account, account
from sequencer.devnet.demo.forced import send_by_script, until_listed
from sequencer.devnet.demo.stage import SETTLE_SECONDS, Stage
from sequencer.devnet.rpc import RpcRefused
from sequencer.devnet.waiting import eventually
from sequencer.devnet.wallets import Rollup, Wallet
from sequencer.types import Address

TITLE = "c. Every node is told to censor one account."


async def run(stage: Stage, facts: dict[str, Any]) -> None:
    check = stage.story.check
    owner, rollup = account(WALLETS[0]), stage.network.rollups[0]
    await _restart_all(stage, (owner.address,))
    stage.story.note("all four nodes have restarted with deny_senders set")
    check(
        await _is_refused_everywhere(stage, owner, rollup),
        f"no node takes a transaction of 0x{owner.address.hex()}",
    )
    message = await send_by_script(stage, owner, rollup)
    late = message.included_at - message.deadline
    facts.update(message=message.index, forced_seconds_after_deadline=late)
    check(
        message.is_by_owner and late >= 0,
        f"L1 says: message #{message.index} was forced by its owner, {late} s after its deadline",
    )
    batches = await until_listed(stage, rollup, message)
    check(
        batches == [None] * len(batches), "both followers list it, included by no batch but by L1"
    )
    await _restart_all(stage, ())
    await _until_batches_go_on(stage)
    check(True, "the nodes are honest again, and batches go on where they were")


async def _restart_all(stage: Stage, denied: tuple[Address, ...]) -> None:
    """With this list of senders to deny."""
    await asyncio.gather(*(node.stop() for node in stage.nodes))
    for node in stage.nodes:
        node.deny(denied)
        await node.start()
    await asyncio.gather(*(node.ready() for node in stage.nodes))
    await stage.until_growth()


async def _is_refused_everywhere(stage: Stage, owner: Account, rollup: Rollup) -> bool:
    signed = Wallet(owner.secret).transfer(rollup, stage.wallets[0].address, 1)
    refusals = 0
    for node in stage.nodes:
        try:
            await node.rpc.call("eth_sendRawTransaction", signed.hex, rollup=rollup.id)
        except RpcRefused:
            refusals += 1
    return refusals == len(stage.nodes)


async def _until_batches_go_on(stage: Stage) -> None:
    before = max(await stage.l1.batches(), default=0)

    async def more() -> bool | None:
        return max(await stage.l1.batches(), default=0) > before or None

    await eventually("batches go on", more, seconds=SETTLE_SECONDS)
