"""L1 goes back again and again, by few blocks and by many, while everybody works."""

import asyncio

from sequencer.devnet.accounts import WALLETS
from sequencer.devnet.drill import fallback
from sequencer.devnet.drill.scene import PATIENCE_SECONDS, Scene
from sequencer.devnet.outages.load import transfer
from sequencer.devnet.waiting import eventually
from sequencer.l1.rpc import L1Error
from sequencer.wallet.receipt import Receipt, Stage

REORGS = 16
DEEPEST = 40
"""Ten times the nodes' confirmations."""
LAST = 64
"""Two epochs of Ethereum: as deep as L1 goes back before it is final. It comes at the end, when L1
is long enough."""
CALM_SECONDS = (2.0, 5.0)
"""From one to the next."""
ASK_SECONDS = 1.0


class _User:
    """Has one transaction, and asks its wallet again and again to see it into the order."""

    def __init__(self, scene: Scene, index: int) -> None:
        self._scene = scene
        self._account = scene.account(index)
        self._transaction = transfer(scene.random.choice(scene.network.rollups))
        self._stage = Stage.SENDING
        self.taken_back = 0
        """How often the message was on L1, and then was not."""

    async def run(self, is_over: asyncio.Event) -> None:
        """Until it is over, and the follower lists the transaction."""
        while not is_over.is_set():
            await self._ask()
            await asyncio.sleep(ASK_SECONDS)
        await eventually("an end of the wallet's work", self._ask, seconds=PATIENCE_SECONDS)
        await fallback.until_listed(self._scene, self._transaction)

    async def _ask(self) -> bool | None:
        """Whether the wallet has done with it. An error of L1 ends its work: asked again, it goes
        on."""
        try:
            await self._account.force(self._transaction, self._note)
        except L1Error:
            return None
        return True

    def _note(self, receipt: Receipt) -> None:
        is_gone = receipt.stage is Stage.SENDING and self._stage is not Stage.SENDING
        self.taken_back += is_gone
        self._stage = receipt.stage


async def run(scene: Scene) -> None:
    await scene.until_batch(1)
    floor = (await scene.network.anvil.client.head()).number
    users = [_User(scene, index) for index in WALLETS]
    is_over = asyncio.Event()
    await asyncio.gather(_storm(scene, floor, is_over), *(user.run(is_over) for user in users))
    scene.say(f"{REORGS + 1} reorganisations are over, the last of {LAST} blocks")
    taken_back = sum(user.taken_back for user in users)
    scene.say(
        f"{len(users)} users have their transactions in the order; their wallets queued them again"
        f" {taken_back} times"
    )
    batch = await scene.last_batch()
    await scene.until_batch(batch + 2)
    scene.say(f"batches go on: {batch + 2} is on L1")


async def _storm(scene: Scene, floor: int, is_over: asyncio.Event) -> None:
    anvil = scene.network.anvil
    for _ in range(REORGS):
        await asyncio.sleep(scene.random.uniform(*CALM_SECONDS))
        head = (await anvil.client.head()).number
        depth = min(scene.random.randint(1, DEEPEST), head - floor)
        await _forget(scene, depth)

    async def is_long_enough() -> bool | None:
        return (await anvil.client.head()).number >= floor + LAST or None

    await eventually(f"{LAST} blocks to forget", is_long_enough, seconds=PATIENCE_SECONDS)
    await _forget(scene, LAST)
    is_over.set()


async def _forget(scene: Scene, depth: int) -> None:
    before = await scene.last_batch()
    await scene.network.anvil.reorg(depth)
    gone = max(0, before - await scene.last_batch())
    scene.say(f"L1 forgets {depth} blocks; batches gone: {gone}")
