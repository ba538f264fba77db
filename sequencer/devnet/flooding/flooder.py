"""A node that floods its peers: `python -m sequencer.devnet.flooding.flooder --config FILE`. It is
no part of `switchyard node`.

It runs like any other node and takes its turns, so that what it sends beside that reaches peers
that have every reason to listen. `SWITCHYARD_FLOOD` in the environment holds its `Orders` as JSON.
"""

import asyncio
import logging
import os
import random
from collections import deque
from collections.abc import Sequence
from functools import partial

import msgspec

from sequencer.config import Config
from sequencer.consensus.messages import BlockRequest, Blocks
from sequencer.devnet.flooding.arsenal import ASKED_BLOCKS, Arsenal, Mode, Target
from sequencer.devnet.flooding.strangers import Strangers
from sequencer.devnet.odd_node import run_odd_node
from sequencer.devnet.wallets import Rollup
from sequencer.l1.deployment import Deployment
from sequencer.node.node import Node
from sequencer.node.wire import decode
from sequencer.types import Address, Height, RollupId

log = logging.getLogger(__name__)

ORDERS = "SWITCHYARD_FLOOD"
TICK_SECONDS = 0.02
SCARCE = 1 / 200
"""Share of the messages that are of scarce modes."""
QUIET_SECONDS = 150.0
"""Between two bursts of a mode that gets the flooder silenced for 60 s."""
BURST = 100
HEARD = 64
FINAL_BLOCKS = 16


class Orders(msgspec.Struct, frozen=True):
    """What to flood."""

    rate: int
    """Messages to each node and second."""
    rpc: tuple[str, ...]
    """URLs of the nodes' JSON-RPC."""
    chain_ids: tuple[int, ...]
    """Of rollups 1, 2, ..."""
    only: str = ""
    """Only modes with this in their name, without bursts of other ones; all if empty."""

    def rollups(self) -> list[Rollup]:
        return [Rollup(RollupId(i), chain_id) for i, chain_id in enumerate(self.chain_ids, 1)]


class FloodingNode(Node):
    """A node with an arsenal."""

    def __init__(
        self, config: Config, deployment: Deployment, secret: bytes, orders: Orders
    ) -> None:
        super().__init__(config, deployment, secret)
        self._orders = orders
        separator = deployment.domain.separator()
        self._arsenal = Arsenal(secret, separator, orders.rollups(), seed=random.getrandbits(32))
        self._strangers = Strangers(secret, orders.rpc)
        self._heard: deque[bytes] = deque(maxlen=HEARD)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(super().run())
            tasks.create_task(self._flood())
            if not self._orders.only:
                tasks.create_task(self._burst())
                tasks.create_task(self._strangers.run(self._endpoints))

    def _receive(self, peer: Address, data: bytes) -> None:
        message = decode(data)
        if isinstance(message, Blocks):
            if message.request is not None and message.request.limit == ASKED_BLOCKS:
                return  # the node did not ask, and would blame an honest peer
        elif not isinstance(message, BlockRequest):  # there are modes for both
            self._heard.append(data)
        super()._receive(peer, data)

    def _receive_transactions(self, messages: Sequence[tuple[Address, bytes]]) -> int:
        self._heard.extend(data for _, data in messages)
        return super()._receive_transactions(messages)

    def _endpoints(self) -> list[tuple[bytes, str]]:
        return [(peer.transport_key, peer.endpoint) for peer in self.transport.peers]

    async def _flood(self) -> None:
        """Legal messages at the rate, mixed."""
        legal = [m for m in self._arsenal.modes if not m.is_fault and self._orders.only in m.name]
        common = [mode for mode in legal if not mode.is_scarce] or legal
        scarce = [mode for mode in legal if mode.is_scarce] or legal
        loop = asyncio.get_running_loop()
        begun, sent = loop.time(), 0
        while True:
            await asyncio.sleep(TICK_SECONDS)
            target = self._target()
            due = int((loop.time() - begun) * self._orders.rate)
            if target is not None:
                for _ in range(min(due - sent, self._orders.rate // 10)):
                    modes = scarce if random.random() < SCARCE else common
                    self._send(random.choice(modes), target)
            sent = due

    async def _burst(self) -> None:
        """Now and then a mode that breaks a rule, each in turn."""
        while True:
            for mode in [mode for mode in self._arsenal.modes if mode.is_fault]:
                await asyncio.sleep(QUIET_SECONDS)
                target = self._target()
                if target is not None:
                    log.info("burst: %s", mode.name)
                    for _ in range(BURST):
                        self._send(mode, target)
                        await asyncio.sleep(TICK_SECONDS)

    def _send(self, mode: Mode, target: Target) -> None:
        message = mode.make(target)
        if message is not None:
            self.transport.broadcast(message)

    def _target(self) -> Target | None:
        instance = self.epochs.instance
        if instance is None:
            return None
        tip = self.ledger.tip.height
        heights = range(max(1, tip - FINAL_BLOCKS), tip + 1)
        blocks = [self.ledger.block(Height(random.choice(heights)))] if tip else []
        return Target(
            committee=instance.committee,
            member=instance.me,
            view=instance.core.view,
            root_view=instance.core.root_view,
            height=tip,
            settled=self.l1.final_index,
            blocks=[block for block in blocks if block is not None],
            heard=tuple(self._heard),
        )


if __name__ == "__main__":
    _orders = msgspec.json.decode(os.environ[ORDERS], type=Orders)
    run_odd_node(partial(FloodingNode, orders=_orders), "A node that floods its peers.")
