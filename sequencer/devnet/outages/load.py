"""Transactions sent to all nodes alike, all the time; each from an account of its own.

An account's second transaction would wait for its first, and that one may be lost with the memory
of the node that took it; wallets send again then, and this load goes on with somebody else's.
"""

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Sequence

from sequencer.devnet.node_process import NodeProcess
from sequencer.devnet.rpc import RpcRefused, RpcUnreachable
from sequencer.devnet.wallets import Rollup, Signed, Wallet
from sequencer.types import Address

PER_SECOND = 50
NOBODY = Address(bytes(20))


def transfer(rollup: Rollup) -> Signed:
    """A transaction that never was before."""
    return Wallet(secrets.token_bytes(32)).transfer(rollup, NOBODY, 1)


async def submit(node: NodeProcess, signed: Signed) -> bool:
    """Whether the node took it."""
    try:
        await node.rpc.call("eth_sendRawTransaction", signed.hex, rollup=signed.rollup.id)
    except (RpcRefused, RpcUnreachable):
        return False
    return True


class Load:
    """What was accepted, and by whom no longer matters."""

    def __init__(
        self,
        nodes: Sequence[NodeProcess],
        rollups: Sequence[Rollup],
        per_second: int = PER_SECOND,
    ) -> None:
        self._nodes = nodes
        self._rollups = rollups
        self._per_second = per_second
        self.accepted: list[Signed] = []

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self._feed(node)) for node in self._nodes]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _feed(self, node: NodeProcess) -> None:
        while True:
            await asyncio.sleep(len(self._nodes) / self._per_second)
            signed = transfer(secrets.choice(self._rollups))
            if node.is_running and await submit(node, signed):
                self.accepted.append(signed)
