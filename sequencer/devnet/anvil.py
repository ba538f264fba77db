"""The L1 of a local network: Anvil, one block a second by the clock on the wall."""

import re
import time
from pathlib import Path
from typing import Any

from sequencer.deployment.endpoint import UnlockedEndpoint
from sequencer.devnet.accounts import ACCOUNTS, MNEMONIC
from sequencer.devnet.processes import Process, start
from sequencer.devnet.waiting import eventually
from sequencer.l1.client import L1Client
from sequencer.l1.events import L1Header
from sequencer.l1.rpc import to_hex
from sequencer.types import Address

GAS_LIMIT = 300_000_000
START_SECONDS = 20.0
BLOCK_SECONDS = 15.0
"""Longer than any block takes on a busy machine."""
_LISTENING = re.compile(rb"Listening on 127\.0\.0\.1:(\d+)")


class Anvil(UnlockedEndpoint):
    """A running L1, with the methods that only Anvil has."""

    def __init__(self, process: Process, url: str) -> None:
        super().__init__(url)
        self.process = process
        self.client = L1Client(url)

    async def close(self) -> None:
        await super().close()
        await self.client.close()

    async def stop(self) -> None:
        """Leave the chain in the state file and end."""
        await self.close()
        await self.process.stop()

    async def until(self, timestamp: int) -> L1Header:
        """Wait for the first block of this second or a later one."""

        async def come() -> L1Header | None:
            head = await self.client.head()
            return head if head.timestamp >= timestamp else None

        wait_seconds = max(0.0, timestamp - time.time()) + BLOCK_SECONDS
        return await eventually(f"L1 second {timestamp}", come, seconds=wait_seconds)

    async def fund(self, address: Address, wei: int) -> None:
        await self._order("anvil_setBalance", to_hex(address), hex(wei))

    async def adopt(self, address: Address) -> None:
        """Send what is said to come from this account, whoever has its key."""
        await self._order("anvil_impersonateAccount", to_hex(address))

    async def reorg(self, depth: int) -> None:
        """Replace the last `depth` blocks by empty ones; their transactions are gone."""
        await self._order("anvil_reorg", depth, [])

    async def set_base_fee(self, wei: int) -> None:
        """Of the next block; those after it follow EIP-1559."""
        await self._order("anvil_setNextBlockBaseFeePerGas", hex(wei))

    async def set_gas_limit(self, gas: int) -> None:
        """Of the blocks to come."""
        await self._order("evm_setBlockGasLimit", hex(gas))

    async def _order(self, method: str, *parameters: Any) -> None:
        await self.rpc.ask_optional(object, lambda _: None, method, *parameters)


async def start_anvil(log: Path, state: Path, port: int = 0) -> Anvil:
    """Start Anvil and wait until it answers. Port 0 lets the system choose one; `state` is a
    file to begin from, if it exists, and to leave the chain in at the end."""
    command = ["anvil", "--port", str(port), "--block-time", "1", "--order", "fifo"]
    command += ["--hardfork", "osaka", "--gas-limit", str(GAS_LIMIT), "--accounts", str(ACCOUNTS)]
    command += ["--mnemonic", MNEMONIC, "--state", str(state)]
    process = await start("anvil", command, log)

    async def listening() -> int | None:
        process.require_running()
        found = _LISTENING.search(process.written())
        return None if found is None else int(found[1])

    try:
        bound = await eventually("starting anvil", listening, seconds=START_SECONDS)
    except BaseException:
        await process.stop()
        raise
    return Anvil(process, f"http://127.0.0.1:{bound}")
