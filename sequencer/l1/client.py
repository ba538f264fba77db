"""What this program asks of L1, each answer typed at the edge (L1-4)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from sequencer.l1.events import L1Header
from sequencer.l1.logs import Log, RawLog, log_of
from sequencer.l1.rpc import (
    MAX_ANSWER_BYTES,
    TIMEOUT_SECONDS,
    JsonRpc,
    hex_data,
    quantity,
    to_hex,
)
from sequencer.types import Address, Hash32

VIEW_GAS = 100_000
"""Enough for a view that is called with a gas price."""


@dataclass(frozen=True, slots=True)
class L1Transaction:
    """A transaction in a block, or waiting for one."""

    to: Address | None
    data: bytes
    block_hash: Hash32 | None
    blob_hashes: tuple[Hash32, ...] = ()
    """Versioned hashes of its blobs, in order."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a transaction."""

    transaction_hash: Hash32
    is_success: bool
    block_number: int
    block_hash: Hash32
    gas_used: int


@dataclass(frozen=True, slots=True)
class Simulated:
    """What would become of a call: `data` is what it returns, or its revert data."""

    is_success: bool
    gas_used: int
    data: bytes


@dataclass(frozen=True, slots=True)
class SimulatedBlock:
    """Calls in one block to come, by one sender; `timestamp` in seconds."""

    number: int
    timestamp: int
    calls: Sequence[tuple[Address, bytes, int]]
    """Contract, data, and wei to go with it."""


class _Block(msgspec.Struct):
    number: str
    hash: str
    parentHash: str  # noqa: N815
    timestamp: str
    baseFeePerGas: str = "0x0"  # noqa: N815


class _Transaction(msgspec.Struct):
    input: str
    to: str | None = None
    blockHash: str | None = None  # noqa: N815
    blobVersionedHashes: list[str] | None = None  # noqa: N815


class _Receipt(msgspec.Struct):
    status: str
    blockNumber: str  # noqa: N815
    blockHash: str  # noqa: N815
    gasUsed: str  # noqa: N815


class _SimulatedError(msgspec.Struct):
    data: str = "0x"


class _SimulatedCall(msgspec.Struct):
    status: str
    gasUsed: str  # noqa: N815
    returnData: str  # noqa: N815
    error: _SimulatedError | None = None


class _SimulatedBlock(msgspec.Struct):
    calls: list[_SimulatedCall]


class L1Client:
    """One endpoint. Every method raises `L1Error` (`L1Unavailable`, `L1Refused`)."""

    def __init__(
        self,
        url: str,
        timeout_seconds: float = TIMEOUT_SECONDS,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        self._rpc = JsonRpc(url, timeout_seconds, max_answer_bytes)
        self.endpoint = self._rpc.endpoint
        """The URL as it may be shown."""

    async def close(self) -> None:
        await self._rpc.close()

    # --- reading ---

    async def chain_id(self) -> int:
        return await self._rpc.ask(str, quantity, "eth_chainId")

    async def head(self) -> L1Header:
        return await self._rpc.ask(_Block, _header, "eth_getBlockByNumber", "latest", False)

    async def header(self, number: int) -> L1Header | None:
        """The block of that number on the endpoint's branch; None if there is none yet."""
        header = await self._rpc.ask_optional(
            _Block, _header, "eth_getBlockByNumber", hex(number), False
        )
        if header is not None and header.number != number:
            raise self._rpc.fault("eth_getBlockByNumber", f"block {header.number}, asked {number}")
        return header

    async def logs_of(self, addresses: Iterable[Address], block_hash: Hash32) -> list[Log]:
        """The logs of one block, whichever branch it is on."""
        return await self._logs(addresses, blockHash=to_hex(block_hash))

    async def logs_between(self, addresses: Iterable[Address], first: int, last: int) -> list[Log]:
        """The logs of blocks `first` to `last` of the endpoint's branch, in order."""
        found = await self._logs(addresses, fromBlock=hex(first), toBlock=hex(last))
        if any(not first <= log.block_number <= last for log in found):
            raise self._rpc.fault("eth_getLogs", f"logs outside blocks {first} to {last}")
        return found

    async def call(self, to: Address, data: bytes, number: int | None = None) -> bytes:
        """What a view returns at a block, the last one if none is named; raises `L1Refused` with
        the revert data."""
        call = {"to": to_hex(to), "data": to_hex(data)}
        block = "latest" if number is None else hex(number)
        return await self._rpc.ask(str, hex_data, "eth_call", call, block)

    async def call_priced(self, sender: Address, to: Address, data: bytes, gas_price: int) -> bytes:
        """As `call`, for a view that asks for the base fee: clients take it for zero unless a gas
        price is stated. The sender must have enough for it."""
        call = {"from": to_hex(sender), "to": to_hex(to), "data": to_hex(data)}
        call |= {"gas": hex(VIEW_GAS), "gasPrice": hex(gas_price)}
        return await self._rpc.ask(str, hex_data, "eth_call", call, "latest")

    async def code(self, address: Address) -> bytes:
        return await self._rpc.ask(str, hex_data, "eth_getCode", to_hex(address), "latest")

    async def transaction(self, transaction_hash: Hash32) -> L1Transaction | None:
        return await self._rpc.ask_optional(
            _Transaction, _transaction, "eth_getTransactionByHash", to_hex(transaction_hash)
        )

    async def receipt(self, transaction_hash: Hash32) -> Receipt | None:
        return await self._rpc.ask_optional(
            _Receipt,
            lambda raw: _receipt(transaction_hash, raw),
            "eth_getTransactionReceipt",
            to_hex(transaction_hash),
        )

    async def nonce(self, address: Address) -> int:
        """Transactions of the account in mined blocks (SUBMIT-3)."""
        return await self._rpc.ask(
            str, quantity, "eth_getTransactionCount", to_hex(address), "latest"
        )

    async def base_fee_wei(self) -> int:
        """Per gas, of the last block."""
        return await self._rpc.ask(
            _Block, lambda b: quantity(b.baseFeePerGas), "eth_getBlockByNumber", "latest", False
        )

    async def blob_base_fee_wei(self) -> int:
        """Per gas of blobs, as of the last block (EIP-4844)."""
        return await self._rpc.ask(str, quantity, "eth_blobBaseFee")

    async def blob(self, versioned_hash: Hash32) -> bytes | None:
        """The blob, from an endpoint that keeps them; Ethereum's clients refuse the call."""
        return await self._rpc.ask_optional(
            str, hex_data, "anvil_getBlobByHash", to_hex(versioned_hash)
        )

    # --- writing ---

    async def estimate_gas(self, sender: Address, to: Address, data: bytes) -> int:
        """What the call would cost now; raises `L1Refused` with the revert data if it fails."""
        call = {"from": to_hex(sender), "to": to_hex(to), "data": to_hex(data)}
        return await self._rpc.ask(str, quantity, "eth_estimateGas", call)

    async def simulate(
        self, sender: Address, blocks: Sequence[SimulatedBlock]
    ) -> list[list[Simulated]]:
        """What these calls would do in blocks to come (`eth_simulateV1`). Nothing is sent."""
        asked = [
            {
                "blockOverrides": {"number": hex(block.number), "time": hex(block.timestamp)},
                "calls": [
                    {
                        "from": to_hex(sender),
                        "to": to_hex(to),
                        "data": to_hex(data),
                        "value": hex(value),
                    }
                    for to, data, value in block.calls
                ],
            }
            for block in blocks
        ]
        found = await self._rpc.ask(
            list[_SimulatedBlock],
            lambda raw: [[_simulated(call) for call in block.calls] for block in raw],
            "eth_simulateV1",
            {"blockStateCalls": asked},
            "latest",
        )
        if [len(block) for block in found] != [len(block.calls) for block in blocks]:
            raise self._rpc.fault("eth_simulateV1", "other calls than were asked")
        return found

    async def send_raw(self, transaction: bytes) -> Hash32:
        return await self._rpc.ask(str, _word, "eth_sendRawTransaction", to_hex(transaction))

    async def _logs(self, addresses: Iterable[Address], **where: str) -> list[Log]:
        query = {"address": [to_hex(address) for address in addresses], **where}
        logs = await self._rpc.ask(list[RawLog], _convert_logs, "eth_getLogs", query)
        return sorted(logs, key=lambda log: (log.block_number, log.index))


def _simulated(call: _SimulatedCall) -> Simulated:
    """Endpoints differ in where they put revert data."""
    data = hex_data(call.returnData)
    if not data and call.error is not None:
        data = hex_data(call.error.data)
    return Simulated(quantity(call.status) == 1, quantity(call.gasUsed), data)


def _word(text: str) -> Hash32:
    return Hash32(hex_data(text, 32))


def _address(text: str) -> Address:
    return Address(hex_data(text, 20))


def _convert_logs(raw: list[RawLog]) -> list[Log]:
    return [log_of(entry) for entry in raw]


def _header(raw: _Block) -> L1Header:
    return L1Header(
        quantity(raw.number), _word(raw.hash), _word(raw.parentHash), quantity(raw.timestamp)
    )


def _transaction(raw: _Transaction) -> L1Transaction:
    return L1Transaction(
        to=None if raw.to is None else _address(raw.to),
        data=hex_data(raw.input),
        block_hash=None if raw.blockHash is None else _word(raw.blockHash),
        blob_hashes=tuple(map(_word, raw.blobVersionedHashes or ())),
    )


def _receipt(transaction_hash: Hash32, raw: _Receipt) -> Receipt:
    return Receipt(
        transaction_hash=transaction_hash,
        is_success=quantity(raw.status) == 1,
        block_number=quantity(raw.blockNumber),
        block_hash=_word(raw.blockHash),
        gas_used=quantity(raw.gasUsed),
    )
