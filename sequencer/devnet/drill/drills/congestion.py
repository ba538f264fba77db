"""L1 becomes fifty times as dear, then dearer than any node pays, then full."""

from sequencer.devnet.drill import fallback
from sequencer.devnet.drill.pressure import GWEI, full_blocks, price
from sequencer.devnet.drill.scene import Scene
from sequencer.devnet.outages.load import transfer
from sequencer.l1.account import MAX_FEE_WEI

USUAL_WEI = 10 * GWEI
TIMES = 50
TOO_DEAR_WEI = 2 * MAX_FEE_WEI
BACKLOG = 3
"""Batches that wait for L1 to become cheaper."""
FULL_BLOCKS = 12


async def run(scene: Scene) -> None:
    anvil = scene.network.anvil
    async with price(anvil, USUAL_WEI):
        await scene.until_batch(await scene.last_batch() + 2)
        scene.say(f"L1 costs {_gwei(USUAL_WEI)}; batches go up")
    async with price(anvil, TIMES * USUAL_WEI):
        last = await scene.last_batch()
        await scene.until_batch(last + 4)
        scene.say(f"L1 costs {_gwei(TIMES * USUAL_WEI)}: still four batches more are on L1")
    async with price(anvil, TOO_DEAR_WEI):
        await _wait_it_out(scene)
    async with price(anvil, USUAL_WEI):
        cut = (await scene.status(scene.nodes[0])).batches.cut
        await scene.until_batch(cut)
        scene.say(f"L1 is cheap again: everything up to batch {cut} is on L1")
    async with full_blocks(anvil, scene.user.address, FULL_BLOCKS):
        cut = (await scene.status(scene.nodes[0])).batches.cut
        scene.say(f"L1's blocks are small, and junk for {FULL_BLOCKS} of them stands in front")
        await scene.until_batch(cut + 2)
        scene.say(f"batch {cut + 2} is through")


async def _wait_it_out(scene: Scene) -> None:
    """Nobody commits above the cap; order goes on, and so does who pays what L1 asks."""
    cut = await scene.until_backlog(BACKLOG)
    last = await scene.last_batch()
    await scene.until_final()
    errors = [(await node.status())["l1"]["lastSubmitError"] for node in scene.nodes]
    fallback.require(
        any(error and "above the cap" in error for error in errors), f"nodes say {errors}"
    )
    scene.say(
        f"L1 costs {_gwei(TOO_DEAR_WEI)}, above the nodes' cap of {_gwei(MAX_FEE_WEI)}: order goes"
        f" on, L1 stays at batch {last} of {cut}"
    )
    transaction = transfer(scene.network.rollups[1])
    await scene.user.force(transaction)
    await fallback.until_listed(scene, transaction)
    scene.say("a user pays what L1 asks, and is in the order without waiting for them")


def _gwei(wei: int) -> str:
    return f"{wei // GWEI} gwei"
