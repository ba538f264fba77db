"""A rollup leaves the committee under load, is ordered by its own key, and comes back (ROLL-3)."""

from sequencer.devnet.accounts import DEPLOYER, WALLETS
from sequencer.devnet.demo.ledger import order_of
from sequencer.devnet.drill import fallback
from sequencer.devnet.drill.anyone import SHARED, SOLO, Anyone
from sequencer.devnet.drill.canon import Canon
from sequencer.devnet.drill.drills.congestion import TOO_DEAR_WEI, USUAL_WEI
from sequencer.devnet.drill.pressure import price
from sequencer.devnet.drill.scene import Scene
from sequencer.devnet.outages.load import transfer
from sequencer.devnet.wallets import Signed

POSTS = 4
POSTED = 5
"""Transactions in each."""


async def run(scene: Scene) -> None:
    rollup = scene.network.rollups[1]
    anvil = scene.network.anvil
    owner, sequencer = scene.account(DEPLOYER), scene.account(WALLETS[1])
    await scene.until_batch(2)

    left_at = await owner.announce(rollup.id, SOLO, sequencer.address)
    scene.say(f"rollup {rollup.id} says that it leaves at L1 second {left_at}")
    why = await sequencer.why_no_post(rollup, [transfer(rollup)])
    fallback.require(why == "NotOpen", f"before that second a post is refused with {why}")
    late = await _miss_the_second(scene, left_at)
    scene.say(f"that second has come: {late} of its transactions that are final come too late")

    posted = await _order_alone(scene, sequencer)
    await fallback.through_l1(scene, transfer(rollup))
    why = await scene.user.why_no_post(rollup, [transfer(rollup)])
    fallback.require(why == "NotTheSequencer", f"a stranger's post is refused with {why}")
    scene.say("a stranger's post is refused")

    back_at = await owner.announce(rollup.id, SHARED)
    scene.say(f"rollup {rollup.id} says that it comes back at L1 second {back_at}")
    posted += await _order_alone(scene, sequencer)
    await anvil.until(back_at)
    why = await sequencer.why_no_post(rollup, [transfer(rollup)])
    fallback.require(why == "NotOpen", f"back again a post is refused with {why}")
    await _check(scene, posted, left_at, back_at)


async def _miss_the_second(scene: Scene, left_at: int) -> int:
    """L1 is too dear for the nodes until then: so many transactions of the rollup are final and
    not on L1 when it leaves."""
    anvil, rollup = scene.network.anvil, scene.network.rollups[1]
    async with price(anvil, TOO_DEAR_WEI):
        await anvil.until(left_at)
        on_l1 = await Canon(anvil, scene.l1).last_height()
    async with price(anvil, USUAL_WEI):
        await scene.until_batch(await scene.last_batch() + 1)
    late = len(order_of(scene.history.chain[on_l1:], rollup.id))
    fallback.require(late > 0, "no batch came too late")
    return late


async def _order_alone(scene: Scene, sequencer: Anyone) -> list[Signed]:
    """Its own sequencer posts, while the committee goes on for the others."""
    rollup = scene.network.rollups[1]
    posted: list[Signed] = []
    for _ in range(POSTS):
        transactions = [transfer(rollup) for _ in range(POSTED)]
        await sequencer.post(rollup, transactions)
        posted += transactions
        await scene.until_batch(await scene.last_batch() + 1)
    for transaction in posted:
        await fallback.until_listed(scene, transaction)
    scene.say(f"its own sequencer has posted {len(posted)} transactions, and batches go on")
    return posted


async def _check(scene: Scene, posted: list[Signed], left_at: int, back_at: int) -> None:
    """What each source brought, by the second in which L1 had it."""
    rollup = scene.network.rollups[1]
    again = await scene.until_final(rollup)
    entry = await fallback.until_listed(scene, again)
    fallback.require(entry.source == "block", f"listed as {entry}")
    scene.say(f"the committee orders rollup {rollup.id} again: entry {entry.index}")
    entries = await scene.live.entries(rollup.id)
    own = [e.hash for e in entries if e.source not in ("block", "forced")]
    expected = ["0x" + signed.hash.hex() for signed in posted]
    fallback.require(own == expected, f"{len(expected)} were posted, {len(own)} are listed")
    for e in entries:
        if e.source == "block":
            at = await scene.l1.time_of(e.l1_block)
            fallback.require(not left_at <= at < back_at, f"{e} is from second {at}")
    scene.say(f"nothing of batches from second {left_at} to {back_at - 1} counts for it")
