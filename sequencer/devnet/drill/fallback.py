"""From a committee that is gone to anyone's batches, and back (FALLBACK-1 to FALLBACK-5)."""

from sequencer.devnet.demo.story import CheckFailed
from sequencer.devnet.drill.scene import PATIENCE_SECONDS, Scene
from sequencer.devnet.follower_process import DerivedEntry
from sequencer.devnet.outages.load import transfer
from sequencer.devnet.waiting import eventually
from sequencer.devnet.wallets import Rollup, Signed

POSTED = 5
"""Transactions in a post."""


def require(condition: bool, otherwise: str) -> None:
    """Raises `CheckFailed`."""
    if not condition:
        raise CheckFailed(otherwise)


async def check_closed(scene: Scene) -> None:
    """While the committee commits, nobody can enter the fallback, and nobody can post."""
    why = await scene.user.why_not("CommitmentChain", "enterBased")
    require(why == "CommitteeAlive", f"the fallback is refused with {why}")
    rollup = scene.network.rollups[1]
    why = await scene.user.why_no_post(rollup, [transfer(rollup)])
    require(why == "NotOpen", f"a post is refused with {why}")
    scene.say("the committee is alive: L1 lets nobody enter the fallback, or post")


async def force(scene: Scene, transaction: Signed) -> DerivedEntry:
    """A user's transaction by L1 alone, and where the follower lists it."""
    entry = await through_l1(scene, transaction)
    require(entry.batch is None, f"the committee consumed it: {entry}")
    return entry


async def through_l1(scene: Scene, transaction: Signed) -> DerivedEntry:
    """A user's transaction by the forced queue, whoever takes it from there."""
    scene.say(f"a user's wallet queues a transaction of rollup {transaction.rollup.id} on L1")
    receipt = await scene.user.force(transaction)
    message, consumption = receipt.message, receipt.consumption
    if message is None or consumption is None:
        raise CheckFailed(f"the wallet has done with {receipt}")
    late = await scene.l1.time_of(consumption.block) - message.deadline
    if consumption.batch is None:
        scene.say(f"L1 includes message {message.index} by itself, {late} s after its deadline")
    else:
        scene.say(f"the committee consumes message {message.index}, {-late} s before its deadline")
    entry = await until_listed(scene, transaction)
    require(entry.source == "forced", f"listed as {entry}")
    require(entry.batch == consumption.batch, f"by batch {consumption.batch}, listed as {entry}")
    scene.say(f"the follower lists it: entry {entry.index} of rollup {transaction.rollup.id}")
    return entry


async def enter(scene: Scene) -> None:
    """FALLBACK-2, as soon as L1 allows it."""

    async def is_open() -> bool | None:
        return await scene.user.why_not("CommitmentChain", "enterBased") is None or None

    await eventually("the fallback can be entered", is_open, seconds=PATIENCE_SECONDS)
    await scene.user.enter_based()
    require(await scene.user.is_based(), "L1 is not in the fallback")
    scene.say("silence was long enough: anyone enters the fallback")


async def post(scene: Scene, rollup: Rollup) -> list[DerivedEntry]:
    """POST-1; what was posted, as the follower lists it."""
    transactions = [transfer(rollup) for _ in range(POSTED)]
    await scene.user.post(rollup, transactions)
    entries = [await until_listed(scene, one) for one in transactions]
    first = entries[0].index
    require(
        [entry.index for entry in entries] == list(range(first, first + POSTED)),
        f"posted in order, and listed as {entries}",
    )
    scene.say(f"anyone posts {POSTED} transactions of rollup {rollup.id}: entries {first} and on")
    return entries


async def until_over(scene: Scene) -> None:
    """FALLBACK-4: the returning committee ends it, by a commit and nothing else."""

    async def is_over() -> bool | None:
        return (not await scene.user.is_based()) or None

    await eventually("the fallback ends", is_over, seconds=PATIENCE_SECONDS)
    ending = (await scene.l1.events("CommitmentChain", "BasedEnding"))[-1]
    found = await scene.l1.batches()
    batch = next(i for i, one in found.items() if one.transaction == ending.transaction)
    rollup = scene.network.rollups[1]
    why = await scene.user.why_no_post(rollup, [transfer(rollup)])
    require(why == "NotOpen", f"after the fallback a post is refused with {why}")
    scene.say(f"the fallback is over, ended by batch {batch}; a post is refused again")


async def until_listed(scene: Scene, transaction: Signed) -> DerivedEntry:
    """Wait for the live follower."""

    async def listed() -> DerivedEntry | None:
        found = await scene.live.find(transaction.rollup.id, transaction.hash)
        return found[0] if found else None

    entry = await eventually("the follower lists it", listed, seconds=PATIENCE_SECONDS)
    require(entry.skipped is None, f"the follower skips it: {entry.skipped}")
    return entry
