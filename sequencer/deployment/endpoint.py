"""An L1 endpoint that holds its senders' keys, as Anvil does: send many, then wait for all."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from sequencer.errors import LocalFault
from sequencer.l1.reverts import describe_revert
from sequencer.l1.rpc import JsonRpc, L1Refused, hex_data, quantity, to_hex
from sequencer.types import Address

POLL_SECONDS = 0.1
RECEIPT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Sent:
    """A transaction on its way; `label` says what it does, for messages."""

    label: str
    hash: str
    call: dict[str, str]


@dataclass(frozen=True, slots=True)
class Mined:
    """A transaction that succeeded."""

    block_number: int
    created: Address | None
    """The contract it created."""


class _Receipt(msgspec.Struct, rename="camel"):
    status: str
    block_number: str
    contract_address: str | None = None


class UnlockedEndpoint:
    """Raises `L1Error` from every method when the endpoint does not do what is asked."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.rpc = JsonRpc(url)

    async def close(self) -> None:
        await self.rpc.close()

    async def send(
        self,
        label: str,
        sender: Address,
        to: Address | None,
        data: bytes,
        *,
        gas: int,
        value_wei: int = 0,
        nonce: int | None = None,
        max_fee_wei: int | None = None,
    ) -> Sent:
        """Hand over a transaction; `to` None creates a contract. Nothing is estimated, so what
        it calls need not be there yet; without `max_fee_wei` per gas the endpoint chooses, by the
        price of now. Raises `LocalFault` when it is refused."""
        call = {"from": to_hex(sender), "data": to_hex(data), "value": hex(value_wei)}
        if to is not None:
            call["to"] = to_hex(to)
        rest = {"gas": hex(gas)} | ({} if nonce is None else {"nonce": hex(nonce)})
        if max_fee_wei is not None:
            rest["maxFeePerGas"] = hex(max_fee_wei)
        try:
            sent = await self.rpc.ask(str, str, "eth_sendTransaction", call | rest)
        except L1Refused as error:
            raise LocalFault(f"{label}: {error}") from error
        return Sent(label, sent, call)

    async def wait(
        self, sent: Iterable[Sent], timeout_seconds: float = RECEIPT_SECONDS
    ) -> list[Mined]:
        """What became of them, in order; raises `LocalFault` when one reverted or is not mined
        in time."""
        deadline = time.monotonic() + timeout_seconds
        return [await self._wait(one, deadline) for one in sent]

    async def call(self, to: Address, data: bytes, block: str = "latest") -> bytes:
        """What a view returns, undecoded."""
        call = {"to": to_hex(to), "data": to_hex(data)}
        return await self.rpc.ask(str, hex_data, "eth_call", call, block)

    async def balance(self, address: Address) -> int:
        """In wei."""
        return await self.rpc.ask(str, quantity, "eth_getBalance", to_hex(address), "latest")

    async def _wait(self, sent: Sent, deadline: float) -> Mined:
        while True:
            receipt = await self.rpc.ask_optional(
                _Receipt, lambda found: found, "eth_getTransactionReceipt", sent.hash
            )
            if receipt is not None:
                break
            if time.monotonic() > deadline:
                raise LocalFault(f"{sent.label}: transaction {sent.hash} is not mined in time")
            await asyncio.sleep(POLL_SECONDS)
        block = quantity(receipt.block_number)
        if quantity(receipt.status) != 1:
            raise LocalFault(f"{sent.label}: {await self._reason(sent.call, block)}")
        created = receipt.contract_address
        return Mined(block, None if created is None else Address(hex_data(created, 20)))

    async def _reason(self, call: dict[str, Any], block: int) -> str:
        """Call again where it failed: the answer says why."""
        try:
            await self.rpc.ask(str, hex_data, "eth_call", call, hex(block - 1))
        except L1Refused as refusal:
            return describe_revert(refusal.data)
        return "reverted"
