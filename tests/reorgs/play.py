"""One sequence: unrest, then peace, then everybody is asked for the story."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from sequencer.l1.client import L1Client
from sequencer.l1.events import ReorgTooDeep
from sequencer.l1.rpc import L1Unavailable
from tests.reorgs.checks import check_follower, check_story, check_view
from tests.reorgs.contracts import GENESIS, SECONDS
from tests.reorgs.follower import Follower
from tests.reorgs.l1 import Chances, Figures, ReorgingL1
from tests.reorgs.members import Clock, Node, Peers
from tests.reorgs.promises import Promises
from tests.reorgs.rpc import Endpoint, client_of
from tests.reorgs.users import Killed, Strangers, User, transaction

log = logging.getLogger(__name__)

MEMBERS = 4
FINALITIES = (8, 16, 16, 32, 64, 95)
"""Depths to which L1 goes back; Ethereum's is 64 to 95."""
PEACE_TURNS = 3_000
"""Within so many everybody rests."""
LOOKS = 10
"""Turns of others from one tick of the clock to the next."""
KILL_CHANCE = 0.01
"""Of a wallet, in each call."""
ALL_KILLED = 0.25
"""Of the times at which a node is: all are."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`violation` says what was not kept; None if all was."""

    violation: str | None
    figures: Figures
    calls: int
    kills: int
    too_deep: int
    """Reorgs below the window of a node or the follower."""


class Sequence:
    """Everybody, of one seed."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.draw = draw = Random(seed)
        self.folder = folder
        finality = draw.choice(FINALITIES)
        # Mostly the window is what the nodes have, or just enough; sometimes it is too small.
        self._window = draw.choice((256, 256, finality, finality, max(6, finality // 2)))
        self._confirmations = draw.choice((0, 1, 2, min(4, self._window - 1)))
        self.l1 = ReorgingL1(draw, finality)
        self.clock = Clock()
        self.promises = Promises()
        self.l1.on_mined = self.promises.mined
        self.endpoint = Endpoint(self.l1, self._unrest)
        self.peers = Peers(draw, self.clock, self.promises)
        self._happenings = draw.randint(4, 24)
        self._calls_between = draw.choice((10, 60, 60, 200))
        self._wait = 0
        self._is_wallets_call = False
        self._loops: dict[int, list[asyncio.Task[None]]] = {}
        self._restarts: list[asyncio.Task[None]] = []
        self.kills = self.too_deep = 0
        self._said = 0
        wanted = [transaction(number) for number in range(draw.randint(1, 3))]
        self.promises.wanted = set(wanted)
        split = draw.randint(1, len(wanted))
        self.users = [
            User(number, folder / f"wallet{number}", self.endpoint, errands)
            for number, errands in enumerate((wanted[:split], wanted[split:]))
        ]
        self.strangers = Strangers(draw)
        self.follower = Follower(folder / "live.sqlite", self.client(), self._window)

    def client(self) -> L1Client:
        return client_of(self.endpoint, self.draw)

    # --- what happens to L1 ---

    @property
    def is_calm(self) -> bool:
        return self._happenings <= 0

    def _unrest(self) -> None:
        """Before each answer of L1."""
        if self.is_calm:
            return
        if self._is_wallets_call and self.draw.random() < KILL_CHANCE:
            self.kills += 1
            raise Killed
        self._wait -= 1
        if self._wait > 0:
            return
        self._wait = int(self.draw.expovariate(1 / self._calls_between))
        self._happenings -= 1
        kind = self.draw.random()
        if kind < 0.45:
            self._reorg()
        elif kind < 0.65:
            for _ in range(self.draw.randint(1, self.l1.finality)):
                self._pass(SECONDS)
        elif kind < 0.7:
            self.l1.forget_one()
        elif kind < 0.75:
            self.l1.recall_one()
        elif kind < 0.85:
            raise L1Unavailable("down")
        else:
            self._pass(SECONDS)

    def _reorg(self) -> None:
        """Any depth that finality allows, the greatest often; the new branch may be shorter."""
        most = self.l1.head.header.number - self.l1.final
        if most < 1:
            return
        depth = self.draw.choice(
            (most, self.draw.randint(1, most), self.draw.randint(1, min(4, most)))
        )
        self.l1.chances.forgotten = self.draw.choice((0.0, 0.0, 0.3, 1.0))
        length = max(0, depth + self.draw.choice((-3, -1, 0, 1, 1, 1, 2, 5)))
        self.l1.reorg(depth, length)

    def _pass(self, seconds: int) -> None:
        self.clock.ms += 1000 * seconds
        self.l1.pass_time(seconds)

    # --- who acts ---

    async def run(self) -> Outcome:
        for _ in range(self.draw.randint(GENESIS // SECONDS, 2 * self.l1.finality)):
            self._pass(SECONDS)
        self.l1.chances = Chances(0.2, 0.0, self.draw.choice((0.0, 0.2)))
        for number in range(MEMBERS):
            self._open(number)
        acts = (self._time, self._order, self._follow, self._use, self._say, self._kill)
        tasks = [asyncio.create_task(self._again(act)) for act in acts]
        try:
            try:
                await self._until_rest(tasks)
            finally:
                loops = [task for loops in self._loops.values() for task in loops]
                await _end([*tasks, *loops, *self._restarts])
            if self.promises.violation is None:
                await check_story(self)
        finally:
            for node in self.peers.up:
                node.close()
            self.follower.store.close()
        return Outcome(
            self.promises.violation,
            self.l1.figures,
            self.endpoint.calls,
            self.kills,
            self.too_deep + self.follower.restarts,
        )

    async def _until_rest(self, tasks: list[asyncio.Task[None]]) -> None:
        turns = 0
        while self.promises.violation is None:
            await self.peers.rest()
            loops = [task for loops in self._loops.values() for task in loops]
            for task in [*tasks, *loops, *self._restarts]:
                if task.done() and not task.cancelled() and (error := task.exception()):
                    log.error("%s", error, exc_info=error)
                    self.promises.broken(f"{type(error).__name__}: {error}")
            if not self.is_calm:
                continue
            self.l1.chances = Chances()
            turns += 1
            if turns % 20 == 0 and self._is_at_rest():
                return
            if turns > PEACE_TURNS:
                self.promises.broken(f"no rest: {self._state()}")

    def _is_at_rest(self) -> bool:
        state = self.l1.head.after
        tips = {node.ledger.tip.hash for node in self.peers.up}
        cut = max((node.ledger.last_batch for node in self.peers.up), default=0)
        head = self.l1.head.header
        seen = all(node.view.head == head for node in self.peers.up)
        return (
            len(tips) == 1
            and seen
            and self.follower.reader.tip == head
            and len(self.peers.up) == MEMBERS
            and len(state.batches) == cut
            and state.consumed == len(state.queue)
            and all(user.is_content for user in self.users)
        )

    def _state(self) -> str:
        """What it waits for."""
        state = self.l1.head.after
        found = {
            "batches on L1": len(state.batches),
            "queue": (len(state.queue), state.consumed),
            "committees": state.committees,
            "head": self.l1.head.header.number,
            "follower": self.follower.loop.last_error,
            "wallets": [one.stage.value for user in self.users for one in user.receipts.values()],
        }
        for node in self.peers.up:
            tip, instance, head = node.ledger.tip, node.epochs.instance, node.view.head
            found[f"node {node.number}"] = {
                "height": tip.height,
                "counted": tip.forced_count,
                "cut": node.ledger.last_batch,
                "epoch": instance and instance.committee.epoch,
                "head": head and head.number,
                "errors": (node.watcher.last_error, node.submitter.last_error),
            }
        return str(found)

    async def _again(self, act: Callable[[], Awaitable[None]]) -> None:
        while True:
            await act()
            await self.peers.rest()

    async def _time(self) -> None:
        for _ in range(LOOKS if self.is_calm else 3):
            await asyncio.sleep(0)
        self._pass(4)

    async def _order(self) -> None:
        if self.peers.up:
            self.peers.order()

    async def _follow(self) -> None:
        before = self.follower.reader.tip
        await self.follower.step()
        if self.follower.reader.tip != before:
            check_follower(self.follower, self.l1, self.promises)

    async def _use(self) -> None:
        user = self.draw.choice(self.users)
        if user.errands:
            self._is_wallets_call = True
            user.step(self.draw.choice(user.errands), is_calm=self.is_calm)
            self._is_wallets_call = False

    async def _say(self) -> None:
        """The rollup's users, by the nodes; and strangers, by L1. Some of the former go on in
        peace: an epoch of an idle chain does not end, nor is what it left attested again."""
        if self.draw.random() < (0.02 if self.is_calm else 0.3):
            self._said += 1
            self.peers.add(transaction(1_000 + self._said))
        if not self.is_calm and self.draw.random() < 0.3:
            tx = self.strangers.enqueue()
            self.l1.pool.setdefault((tx.sender, tx.nonce), tx)

    async def _kill(self) -> None:
        if self.is_calm or self.draw.random() < 0.97:
            return
        nodes = list(self.peers.up)
        if nodes and self.draw.random() >= ALL_KILLED:
            nodes = [self.draw.choice(nodes)]
        self.kills += len(nodes)
        await asyncio.gather(*(self._restart(node) for node in nodes))

    # --- nodes ---

    def _open(self, number: int) -> None:
        node = Node(
            number,
            self.folder / f"node{number}",
            self.client(),
            self.clock,
            self.promises,
            confirmations=self._confirmations,
            window=self._window,
            peers=self.peers,
        )
        self.peers.up.append(node)
        self._loops[number] = [
            asyncio.create_task(self._watch(node)),
            asyncio.create_task(self._submit(node)),
        ]

    async def _restart(self, node: Node) -> None:
        if node not in self.peers.up:
            return  # it is about to start again already
        self.peers.up.remove(node)
        await _end(self._loops.pop(node.number))
        node.close()
        await self.peers.rest()
        self._open(node.number)

    async def _watch(self, node: Node) -> None:
        while True:
            before = node.view.head
            try:
                await node.watcher.step()
            except ReorgTooDeep:
                self.too_deep += 1
                self._restarts.append(asyncio.create_task(self._restart(node)))
                return
            if node.view.head != before:
                check_view(node, self.l1, self.promises)
            await self.peers.rest()

    async def _submit(self, node: Node) -> None:
        while True:
            await node.submitter.step()
            await self.peers.rest()


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def play(seed: int) -> Outcome:
    """The same for the same seed."""
    with TemporaryDirectory(prefix="reorgs-") as folder:
        return asyncio.run(_play(seed, Path(folder)))


async def _play(seed: int, folder: Path) -> Outcome:
    return await Sequence(seed, folder).run()
