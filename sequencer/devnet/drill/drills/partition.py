"""The network falls apart: into halves without a quorum, and into most and one."""

from sequencer.devnet.drill import fallback
from sequencer.devnet.drill.scene import Scene
from sequencer.devnet.outages.links import Cut
from sequencer.devnet.outages.load import transfer

STILL_SECONDS = 5.0


async def run(scene: Scene) -> None:
    halves = scene.field.halves(2, Cut.HOLE)
    await halves.strike()
    scene.say("two nodes and two nodes hear nothing of each other")
    height = await scene.stands_still(STILL_SECONDS)
    scene.say(f"no half has a quorum: order stands still at block {height}")
    await fallback.force(scene, transfer(scene.network.rollups[0]))
    await halves.lift()
    await scene.until_level()
    scene.say("the halves hear each other again: all four are level")

    lonely = scene.random.randrange(len(scene.nodes))
    alone = scene.field.reset(lonely)
    await alone.strike()
    scene.say(f"every connection of {scene.nodes[lonely].name} is reset, and each new one")
    batch = await scene.last_batch()
    await scene.until_batch(batch + 2)
    scene.say(f"the three others go on: batches {batch + 1} and {batch + 2} are on L1")
    await alone.lift()
    await scene.until_level()
    scene.say(f"{scene.nodes[lonely].name} is level")
