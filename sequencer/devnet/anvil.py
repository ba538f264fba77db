"""The L1 of a local network: Anvil, one block a second by the clock on the wall."""

import asyncio
import re
import time
from pathlib import Path
from typing import Any

from eth_account import Account

from sequencer.deployment.endpoint import UnlockedEndpoint
from sequencer.devnet.processes import Process, start
from sequencer.l1.rpc import to_hex
from sequencer.types import Address

MNEMONIC = "test test test test test test test test test test test junk"
"""Known to everybody, like the accounts it makes; ape calls them TEST::0 to TEST::19."""
ACCOUNTS = 20
GAS_LIMIT = 300_000_000
START_SECONDS = 20.0
_LISTENING = re.compile(rb"Listening on 127\.0\.0\.1:(\d+)")


class Anvil(UnlockedEndpoint):
    """A running L1, with the methods that only Anvil has."""

    def __init__(self, process: Process, url: str) -> None:
        super().__init__(url)
        self.process = process

    async def stop(self) -> None:
        await self.close()
        await self.process.stop()

    async def fund(self, address: Address, wei: int) -> None:
        await self._order("anvil_setBalance", to_hex(address), hex(wei))

    async def reorg(self, depth: int) -> None:
        """Replace the last `depth` blocks by empty ones; their transactions are gone."""
        await self._order("anvil_reorg", depth, [])

    async def _order(self, method: str, *parameters: Any) -> None:
        await self.rpc.ask_optional(object, lambda _: None, method, *parameters)


async def start_anvil(folder: Path, port: int = 0, state: Path | None = None) -> Anvil:
    """Start Anvil and wait until it answers. Port 0 lets the system choose one; `state` is a
    file to begin from, if it exists, and to leave the chain in at the end."""
    log = folder / "anvil.log"
    offset = log.stat().st_size if log.exists() else 0
    command = ["anvil", "--port", str(port), "--block-time", "1", "--order", "fifo"]
    command += ["--hardfork", "osaka", "--gas-limit", str(GAS_LIMIT), "--accounts", str(ACCOUNTS)]
    command += ["--mnemonic", MNEMONIC]
    if state is not None:
        command += ["--state", str(state)]
    process = await start("anvil", command, log)
    deadline = time.monotonic() + START_SECONDS
    while (listening := _LISTENING.search(log.read_bytes(), offset)) is None:
        process.require_running()
        if time.monotonic() > deadline:
            await process.stop()
            raise process.fault("did not start in time")
        await asyncio.sleep(0.05)
    return Anvil(process, f"http://127.0.0.1:{int(listening[1])}")


def account_secret(index: int) -> bytes:
    """The key of one of Anvil's accounts."""
    Account.enable_unaudited_hdwallet_features()
    account = Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{index}")
    return bytes(account.key)
