"""The committee was away for long, with blocks that were final and not on L1 (FALLBACK-5)."""

from sequencer.devnet.demo.ledger import order_of
from sequencer.devnet.drill import fallback
from sequencer.devnet.drill.canon import Canon
from sequencer.devnet.drill.drills.congestion import TOO_DEAR_WEI, USUAL_WEI
from sequencer.devnet.drill.pressure import price
from sequencer.devnet.drill.scene import PATIENCE_SECONDS, Scene
from sequencer.devnet.outages.load import transfer
from sequencer.devnet.waiting import eventually
from sequencer.types import Epoch

BACKLOG = 6


async def run(scene: Scene) -> None:
    """L1 is dearer than the nodes pay; then they die; then it is cheap, and nobody is there."""
    rollup, anvil = scene.network.rollups[0], scene.network.anvil
    canon = Canon(anvil, scene.l1)
    await scene.until_batch(await scene.last_batch() + 2)
    async with price(anvil, TOO_DEAR_WEI):
        cut = await scene.until_backlog(BACKLOG)
        last = await scene.last_batch()
        await scene.kill(scene.nodes)
        scene.say(f"L1 is at batch {last} of {cut} when all nodes are killed")
    async with price(anvil, USUAL_WEI):
        await fallback.enter(scene)
        posted = await fallback.post(scene, rollup)
        forced = await fallback.force(scene, transfer(rollup))
        await _until_closed(scene)
        waiting = order_of(scene.history.chain[await canon.last_height() :], rollup.id)
        fallback.require(bool(waiting), "nothing final was left behind")
        scene.say(f"{len(waiting)} transactions of rollup {rollup.id} are final and not on L1")
        await scene.bring_back(scene.nodes)
        await scene.until_final()
        scene.say("all nodes are back, and order goes on")
        await fallback.until_over(scene)
        before = max(forced.index, *(entry.index for entry in posted))
        await _check_places(scene, waiting, before)


async def _until_closed(scene: Scene) -> None:
    """CERT-3: what the committee signed before is of no use any more, it has to sign again."""
    network = scene.network
    grace = network.deployment.commit_grace_seconds
    epoch = Epoch(scene.history.chain[-1].epoch)
    closes_at = network.deployment.schedule.end_of(epoch) + grace

    async def closed() -> bool | None:
        return (await network.anvil.client.head()).timestamp >= closes_at or None

    await eventually(f"L1 second {closes_at}", closed, seconds=PATIENCE_SECONDS)
    scene.say(f"epoch {epoch} and its grace are over: no signature from before counts on L1")


async def _check_places(scene: Scene, waiting: list[str], before: int) -> None:
    """Where the follower has what was final before the outage."""
    rollup = scene.network.rollups[0].id

    async def listed() -> list[int] | None:
        places = {e.hash: e.index for e in await scene.live.entries(rollup)}
        return [places[one] for one in waiting] if set(waiting) <= set(places) else None

    places = await eventually("what was final is listed", listed, seconds=PATIENCE_SECONDS)
    fallback.require(places == sorted(places), f"another order than was final: {places}")
    fallback.require(places[0] > before, f"in front of what L1 had before: {places[0]}, {before}")
    scene.say(
        f"what was final before the outage keeps its order: entries {places[0]} to {places[-1]},"
        f" behind entry {before}, the last that L1 alone had ordered"
    )
