"""The L1 of a local network: Anvil, one block a second by the clock on the wall."""

import asyncio
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_account import Account
from web3.types import RPCEndpoint

from sequencer.deployment.transactions import L1, connect
from sequencer.devnet.processes import Process, start
from sequencer.errors import LocalFault

MNEMONIC = "test test test test test test test test test test test junk"
"""Known to everybody, like the accounts it makes; ape calls them TEST::0 to TEST::19."""
ACCOUNTS = 20
GAS_LIMIT = 300_000_000
START_SECONDS = 20.0
_LISTENING = re.compile(rb"Listening on 127\.0\.0\.1:(\d+)")


@dataclass(slots=True)
class Anvil:
    """A running L1."""

    process: Process
    url: str
    l1: L1

    async def rpc(self, method: str, *parameters: Any) -> Any:
        """Call a method that only Anvil has; raises `LocalFault` when it refuses."""
        answer = await self.l1.provider.make_request(RPCEndpoint(method), list(parameters))
        if "error" in answer:
            raise LocalFault(f"anvil: {method}: {answer['error']}")
        return answer["result"]

    async def fund(self, address: bytes, wei: int) -> None:
        await self.rpc("anvil_setBalance", "0x" + address.hex(), hex(wei))


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
    url = f"http://127.0.0.1:{int(listening[1])}"
    return Anvil(process, url, connect(url))


def account_secret(index: int) -> bytes:
    """The key of one of Anvil's accounts."""
    Account.enable_unaudited_hdwallet_features()
    account = Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{index}")
    return bytes(account.key)
