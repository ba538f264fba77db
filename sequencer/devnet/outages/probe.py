"""Whether order goes on: a transaction that is new now, and when it is final."""

import asyncio
import contextlib
import time
from collections.abc import Iterable

from sequencer.devnet.demo.ledger import placements
from sequencer.devnet.node_process import NodeProcess
from sequencer.devnet.outages.load import submit
from sequencer.devnet.rpc import RpcRefused, RpcUnreachable
from sequencer.devnet.wallets import Signed
from sequencer.errors import LocalFault

_POLL_SECONDS = 0.05


async def until_final(nodes: Iterable[NodeProcess], signed: Signed, limit_seconds: float) -> float:
    """When it is final on some node, by the monotonic clock; raises `LocalFault` at the limit."""
    tasks = {asyncio.create_task(_final_on(node, signed)) for node in nodes}
    try:
        done, _ = await asyncio.wait(
            tasks, timeout=limit_seconds, return_when=asyncio.FIRST_COMPLETED
        )
    finally:
        for task in tasks:
            task.cancel()
    if not done:
        raise LocalFault(f"order: nothing new is final within {limit_seconds:.0f} s")
    return done.pop().result()


async def until_level(nodes: Iterable[NodeProcess], signed: Signed, limit_seconds: float) -> float:
    """When it is final on every node; raises `TimeoutError` at the limit."""
    async with asyncio.timeout(limit_seconds):
        return max(await asyncio.gather(*(_final_on(node, signed) for node in nodes)))


async def _final_on(node: NodeProcess, signed: Signed) -> float:
    """Send until it is accepted, ask until it is final; when it was."""
    is_accepted = False
    while True:
        with contextlib.suppress(RpcUnreachable, RpcRefused):
            is_accepted = is_accepted or await submit(node, signed)
            if (await placements(node.rpc, [signed]))[0] is not None:
                return time.monotonic()
        await asyncio.sleep(_POLL_SECONDS)
