"""b. The leader is killed under load, and comes back."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import Any

from sequencer.devnet.demo.ledger import blocks
from sequencer.devnet.demo.stage import Stage
from sequencer.devnet.node_process import NodeProcess
from sequencer.devnet.traffic import Traffic
from sequencer.devnet.waiting import eventually
from sequencer.devnet.wallets import Signed

TITLE = "b. Under load, the current leader is killed with SIGKILL."
LOAD_INTERVAL_SECONDS = 0.02
BEFORE_SECONDS = 2.0
AFTER_SECONDS = 6.0
GAP_BOUND_MS = 3_000
CATCH_UP_SECONDS = 60.0
_SAMPLE_SECONDS = 0.01


async def run(stage: Stage, facts: dict[str, Any]) -> None:
    check = stage.story.check
    accepted: list[tuple[str, Signed]] = []
    async with _load(stage, accepted):
        await asyncio.sleep(BEFORE_SECONDS)
        victim = await _kill_leader(stage)
        stage.story.note(f"{victim.name} led; it is dead now")
        gap_ms = await _longest_gap_ms(stage, AFTER_SECONDS)
    facts["leader_kill_gap_ms"] = gap_ms
    check(gap_ms < GAP_BOUND_MS, f"order went on: the longest gap was {gap_ms} ms")

    sent = [signed for name, signed in accepted if name != victim.name]
    await stage.until_placed(sent, committed=False)
    facts["accepted_under_load"] = len(sent)
    check(True, f"all {len(sent)} transactions that the other three accepted are final")

    began = time.monotonic()
    await victim.start()
    await victim.ready()
    height = await _until_caught_up(stage, victim)
    facts["catch_up_seconds"] = round(time.monotonic() - began, 3)
    check(True, f"{victim.name} is back and has caught up, {facts['catch_up_seconds']:.1f} s later")
    await _until_it_proposes(stage, victim, height)
    check(True, "it votes and leads again: a block of its own is final")
    await _until_it_attests(stage, victim)
    check(True, "and its signature is under a batch on L1")
    evidence = sum(status.evidence for status in await stage.statuses())
    check(evidence == 0, "it has contradicted nothing it signed before: no node holds evidence")


@contextlib.asynccontextmanager
async def _load(stage: Stage, accepted: list[tuple[str, Signed]]) -> AsyncIterator[None]:
    """Transactions all the time, remembered with the node that accepted them."""
    traffic = Traffic(
        stage.nodes,
        stage.network.rollups,
        stage.wallets,
        LOAD_INTERVAL_SECONDS,
        lambda node, signed: accepted.append((node.name, signed)),
    )
    task = asyncio.create_task(traffic.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _kill_leader(stage: Stage) -> NodeProcess:
    leader = (await stage.status(stage.nodes[0])).leader
    victim = next(n for n in stage.nodes if "0x" + n.signer.hex() == leader)
    await victim.kill()
    return victim


async def _longest_gap_ms(stage: Stage, seconds: float) -> int:
    """The longest time in which no block became final, seen from a node that lives."""
    observer = stage.running_nodes[0]
    height = (await stage.status(observer)).height
    since = began = time.monotonic()
    longest = 0.0
    while time.monotonic() - began < seconds:
        seen = (await stage.status(observer)).height
        now = time.monotonic()
        longest = max(longest, now - since)
        if seen > height:
            height, since = seen, now
        await asyncio.sleep(_SAMPLE_SECONDS)
    return round(longest * 1e3)


async def _until_caught_up(stage: Stage, victim: NodeProcess) -> int:
    """Its height, once it is that of the others."""

    async def level() -> int | None:
        others = [await stage.status(node) for node in stage.nodes if node is not victim]
        own = await stage.status(victim)
        is_level = own.height >= min(status.height for status in others) - 1
        return own.height if is_level and own.member is not None else None

    return await eventually(f"{victim.name} catches up", level, seconds=CATCH_UP_SECONDS)


async def _until_it_proposes(stage: Stage, victim: NodeProcess, height: int) -> None:
    observer = next(node for node in stage.nodes if node is not victim)
    proposer = "0x" + victim.signer.hex()

    async def leads() -> bool | None:
        tip = (await stage.status(observer)).height
        recent = await blocks(observer, height + 1, tip)
        return any(block.proposer == proposer for block in recent) or None

    await eventually(f"a block by {victim.name}", leads, seconds=CATCH_UP_SECONDS)


async def _until_it_attests(stage: Stage, victim: NodeProcess) -> None:
    before = max(await stage.l1.batches(), default=0)

    async def attests() -> bool | None:
        for index, commit in (await stage.l1.batches()).items():
            if index > before:
                members = await stage.l1.members(commit.arguments["epoch"])
                position = members.index(victim.signer) if victim.signer in members else None
                if position is not None and commit.arguments["signers"] >> position & 1:
                    return True
        return None

    await eventually(f"{victim.name} attests", attests, seconds=CATCH_UP_SECONDS)
