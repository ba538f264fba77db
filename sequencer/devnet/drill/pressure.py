"""What makes L1 expensive."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from sequencer.devnet.anvil import GAS_LIMIT, Anvil
from sequencer.l1.rpc import L1Unavailable
from sequencer.types import Address

GWEI = 10**9
SMALL_GAS_LIMIT = 6_000_000
"""Room for a commit or two in each block."""
_POLL_SECONDS = 0.1
_JUNK_GAS = SMALL_GAS_LIMIT // 2
_JUNK_FEE_WEI = 1_000 * GWEI
_ENDLESS = bytes.fromhex("5b600056")
"""A contract whose creation jumps to its start until the gas is used up."""


@contextlib.asynccontextmanager
async def price(anvil: Anvil, base_fee_wei: int) -> AsyncIterator[None]:
    """Every block has this base fee, whatever is in it."""
    await anvil.set_base_fee(base_fee_wei)
    task = asyncio.create_task(_hold(anvil, base_fee_wei))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _hold(anvil: Anvil, base_fee_wei: int) -> None:
    seen = -1
    while True:
        with contextlib.suppress(L1Unavailable):
            head = (await anvil.client.head()).number
            if head != seen:
                seen = head
                await anvil.set_base_fee(base_fee_wei)
        await asyncio.sleep(_POLL_SECONDS)


@contextlib.asynccontextmanager
async def full_blocks(anvil: Anvil, sender: Address, blocks: int) -> AsyncIterator[None]:
    """Small blocks, and junk for so many of them before anybody else's turn."""
    await anvil.set_gas_limit(SMALL_GAS_LIMIT)
    for number in range(blocks * SMALL_GAS_LIMIT // _JUNK_GAS):
        label = f"junk {number}"
        await anvil.send(label, sender, None, _ENDLESS, gas=_JUNK_GAS, max_fee_wei=_JUNK_FEE_WEI)
    try:
        yield
    finally:
        await anvil.set_gas_limit(GAS_LIMIT)
