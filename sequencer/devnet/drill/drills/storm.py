"""L1 goes back again and again, by few blocks and by many, while everybody works."""

import asyncio

from sequencer.deployment.endpoint import Sent
from sequencer.devnet.drill import fallback
from sequencer.devnet.drill.scene import Scene
from sequencer.devnet.outages.load import transfer
from sequencer.devnet.wallets import Signed

REORGS = 16
DEEPEST = 40
"""Ten times the nodes' confirmations."""
CALM_SECONDS = (2.0, 5.0)
"""From one to the next."""
USER_SECONDS = 3.0
"""From one transaction of the user to the next."""


class _User:
    """Puts a transaction into the forced queue every few seconds, and again if L1 forgets it."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.sent: list[Signed] = []
        self._on_l1: dict[Signed, Sent] = {}
        self.repeated = 0

    async def run(self) -> None:
        rollups = self._scene.network.rollups
        while True:
            transaction = transfer(self._scene.random.choice(rollups))
            self.sent.append(transaction)
            await self.insist()
            await asyncio.sleep(USER_SECONDS)

    async def insist(self) -> None:
        """Queue what neither a block nor the pool of L1 has."""
        user = self._scene.user
        for transaction in self.sent:
            known = self._on_l1.get(transaction)
            if known is None or not await user.is_known(known):
                self.repeated += known is not None
                self._on_l1[transaction] = await user.hand_in(transaction)

    async def until_listed(self) -> None:
        """Wait until the follower has all of it; L1 may have forgotten some once more."""
        for transaction in self.sent:
            await self.insist()
            await fallback.until_listed(self._scene, transaction)


async def run(scene: Scene) -> None:
    await scene.until_batch(1)
    floor = (await scene.network.anvil.client.head()).number
    user = _User(scene)
    task = asyncio.create_task(user.run())
    try:
        deepest = await _storm(scene, floor)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    batch = await scene.last_batch()
    scene.say(f"{REORGS} reorganisations, the deepest of {deepest} blocks; L1 is at batch {batch}")
    await user.until_listed()
    scene.say(
        f"all {len(user.sent)} transactions that a user put into the forced queue are in the order,"
        f" after {user.repeated} that L1 had forgotten were queued again"
    )
    await scene.until_batch(batch + 2)
    scene.say("batches go on")


async def _storm(scene: Scene, floor: int) -> int:
    """The deepest there was."""
    anvil, deepest = scene.network.anvil, 0
    for _ in range(REORGS):
        await asyncio.sleep(scene.random.uniform(*CALM_SECONDS))
        head = (await anvil.client.head()).number
        depth = min(scene.random.randint(1, DEEPEST), head - floor)
        await anvil.reorg(depth)
        scene.say(f"L1 forgets {depth} blocks, and is at batch {await scene.last_batch()}")
        deepest = max(deepest, depth)
    return deepest
