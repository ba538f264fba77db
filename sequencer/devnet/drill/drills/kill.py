"""Nodes die: as many as order survives, one more, and all."""

from collections.abc import Sequence

from sequencer.devnet.drill import fallback
from sequencer.devnet.drill.scene import Scene
from sequencer.devnet.node_process import NodeProcess
from sequencer.devnet.outages.load import transfer

FEW = 1
"""f of four."""
STILL_SECONDS = 3.0


async def few(scene: Scene) -> None:
    """Order goes on without f nodes, and they catch up."""
    victims = scene.victims(FEW)
    await scene.kill(victims)
    scene.say(f"{scene.names(victims)} is killed")
    await scene.until_final()
    batch = await scene.last_batch()
    await scene.until_batch(batch + 2)
    scene.say(f"order goes on, and batches {batch + 1} and {batch + 2} are on L1")
    await scene.bring_back(victims)
    await scene.until_level()
    scene.say(f"{scene.names(victims)} is back and level")


async def too_many(scene: Scene) -> None:
    """f + 1: order stops, and L1 goes on."""
    await _lose_quorum(scene, scene.victims(FEW + 1))


async def everybody(scene: Scene) -> None:
    """Nothing is left but L1."""
    await _lose_quorum(scene, scene.nodes)


async def _lose_quorum(scene: Scene, victims: Sequence[NodeProcess]) -> None:
    one, other = scene.network.rollups
    await scene.until_batch(1)
    await fallback.check_closed(scene)
    await scene.kill(victims)
    scene.say(f"{scene.names(victims)} are killed")
    height = await scene.stands_still(STILL_SECONDS)
    scene.say(f"order stands still at block {height}")
    await fallback.force(scene, transfer(one))
    await fallback.enter(scene)
    await fallback.post(scene, other)
    await scene.bring_back(victims)
    await scene.until_final()
    scene.say(f"{scene.names(victims)} are back, and order goes on")
    await fallback.until_over(scene)
