"""The JSON-RPC of the L1 in memory, behind the clients that nodes, followers and wallets have."""

import asyncio
from collections.abc import Callable
from random import Random
from typing import Any

import msgspec

from sequencer.ingress.transaction import decode_transaction
from sequencer.l1.client import L1Client
from sequencer.l1.logs import Log
from sequencer.l1.rpc import JsonRpc, hex_data, to_hex
from sequencer.types import Address, Hash32
from tests.reorgs.contracts import CHAIN_ID, SECONDS, Reverted, execute, view
from tests.reorgs.l1 import Block, Refused, ReorgingL1

BASE_FEE_WEI = 10**9
GAS = 100_000
MOST_YIELDS = 4
"""Turns that others get while an answer is on its way."""


class Endpoint:
    """Answers calls; before each of them `unrest` may do what it likes to L1, or raise."""

    def __init__(self, l1: ReorgingL1, unrest: Callable[[], None]) -> None:
        self._l1 = l1
        self.unrest = unrest
        self.calls = 0

    def make_request(self, method: str, params: Any) -> dict[str, Any]:
        """As a provider of web3.py."""
        self.unrest()
        self.calls += 1
        try:
            return {"result": getattr(self, f"_{method}")(*params)}
        except Refused as refused:
            error = {"code": -32_000, "message": str(refused)}
            return {"error": error | ({"data": to_hex(refused.data)} if refused.data else {})}

    # --- blocks ---

    def _eth_chainId(self) -> str:  # noqa: N802
        return hex(CHAIN_ID)

    def _eth_getBlockByNumber(self, tag: str, _: bool) -> dict[str, str] | None:  # noqa: N802
        number = self._number(tag)
        blocks = self._l1.blocks
        return _block(blocks[number]) if number < len(blocks) else None

    def _eth_getLogs(self, query: dict[str, Any]) -> list[dict[str, Any]]:  # noqa: N802
        if "blockHash" in query:
            block = self._l1.by_hash(Hash32(hex_data(query["blockHash"])))
            if block is None:
                raise Refused("unknown block")
            blocks = [block]
        else:
            first, last = int(query["fromBlock"], 16), int(query["toBlock"], 16)
            if last >= len(self._l1.blocks):
                raise Refused("block range extends beyond current head block")
            blocks = self._l1.blocks[first : last + 1]
        return [_log(log) for block in blocks for log in block.logs]

    def _number(self, tag: str) -> int:
        if tag == "finalized":
            return self._l1.final
        return len(self._l1.blocks) - 1 if tag in ("latest", "pending") else int(tag, 16)

    # --- transactions ---

    def _eth_getTransactionCount(self, account: str, tag: str) -> str:  # noqa: N802
        number, sender = self._number(tag), Address(hex_data(account))
        if number >= len(self._l1.blocks):
            raise Refused(f"BlockOutOfRangeError: block height is {len(self._l1.blocks) - 1}")
        nonce = self._l1.blocks[number].after.nonces.get(sender, 0)
        while tag == "pending" and (sender, nonce) in self._l1.pool:
            nonce += 1
        return hex(nonce)

    def _eth_getBalance(self, _: str, __: str) -> str:  # noqa: N802
        return hex(10**24)

    def _eth_getTransactionReceipt(self, tx_hash: str) -> dict[str, Any] | None:  # noqa: N802
        found = Hash32(hex_data(tx_hash))
        number = self._l1.where.get(found)
        if number is None:
            return None
        block = self._l1.blocks[number]
        return {
            "status": hex(int(found in block.succeeded)),
            "blockNumber": hex(number),
            "blockHash": to_hex(block.header.hash),
            "gasUsed": hex(GAS),
            "logs": [_log(log) for log in block.logs if log.transaction_hash == found],
        }

    def _eth_getTransactionByHash(self, tx_hash: str) -> dict[str, Any] | None:  # noqa: N802
        found = Hash32(hex_data(tx_hash))
        number = self._l1.where.get(found)
        block = None if number is None else self._l1.blocks[number]
        held = self._l1.pool.values() if block is None else block.transactions
        tx = next((tx for tx in held if tx.hash == found), None)
        if tx is None or tx.to is None:
            return None
        return {
            "input": to_hex(tx.data),
            "to": to_hex(tx.to),
            "blockHash": None if block is None else to_hex(block.header.hash),
        }

    def _eth_sendRawTransaction(self, raw: str) -> str:  # noqa: N802
        tx = decode_transaction(hex_data(raw), CHAIN_ID)
        self._l1.accept(tx)
        return to_hex(tx.hash)

    # --- calls ---

    def _eth_call(self, call: dict[str, str], _: str) -> str:
        return to_hex(view(self._l1.head.after, hex_data(call["data"])))

    def _eth_getCode(self, account: str, _: str) -> str:  # noqa: N802
        return to_hex(self._l1.codes.get(Address(hex_data(account)), b""))

    def _eth_estimateGas(self, call: dict[str, str]) -> str:  # noqa: N802
        head = self._l1.head
        tried = _Call(
            Address(hex_data(call["from"])),
            hex_data(call["data"]),
            int(call.get("value", "0x0"), 16),
        )
        try:
            execute(head.after, tried, head.header.timestamp + SECONDS)  # type: ignore[arg-type]
        except Reverted as reverted:
            raise Refused("execution reverted", reverted.data) from None
        return hex(GAS)

    def _eth_blobBaseFee(self) -> str:  # noqa: N802
        raise Refused("the method does not exist")


class _Call:
    """What a transaction would be."""

    def __init__(self, sender: Address, data: bytes, value: int) -> None:
        self.sender, self.data, self.value = sender, data, value
        self.hash = Hash32(bytes(32))


class _MemoryRpc(JsonRpc):
    """Answers come after some turns of the others, and are as old as that."""

    def __init__(self, endpoint: Endpoint, draw: Random) -> None:
        super().__init__("http://l1")
        self._answers = endpoint
        self._draw = draw

    async def _post(self, method: str, body: bytes) -> bytes:
        for _ in range(self._draw.randrange(MOST_YIELDS)):
            await asyncio.sleep(0)
        request = msgspec.json.decode(body)
        answer = self._answers.make_request(request["method"], request["params"])
        await asyncio.sleep(0)
        return msgspec.json.encode({"id": request["id"], **answer})


def client_of(endpoint: Endpoint, draw: Random) -> L1Client:
    """The client of nodes and followers, on this endpoint."""
    made = L1Client("http://l1")
    made._rpc = _MemoryRpc(endpoint, draw)
    return made


def _block(block: Block) -> dict[str, str]:
    header = block.header
    return {
        "number": hex(header.number),
        "hash": to_hex(header.hash),
        "parentHash": to_hex(header.parent_hash),
        "timestamp": hex(header.timestamp),
        "baseFeePerGas": hex(BASE_FEE_WEI),
    }


def _log(log: Log) -> dict[str, Any]:
    return {
        "address": to_hex(log.address),
        "topics": [to_hex(topic) for topic in log.topics],
        "data": to_hex(log.data),
        "blockNumber": hex(log.block_number),
        "blockHash": to_hex(log.block_hash),
        "transactionHash": to_hex(log.transaction_hash),
        "logIndex": hex(log.index),
    }
