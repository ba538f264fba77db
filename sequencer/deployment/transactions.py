"""Send many transactions to L1 without waiting, then wait for all of them (web3)."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from eth_utils.address import to_checksum_address
from hexbytes import HexBytes
from web3 import AsyncHTTPProvider, AsyncWeb3
from web3.exceptions import TransactionNotFound, Web3RPCError
from web3.types import Nonce, TxParams, TxReceipt, Wei

from sequencer.errors import LocalFault
from sequencer.types import Address

L1 = AsyncWeb3[AsyncHTTPProvider]

POLL_SECONDS = 0.1
RECEIPT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Sent:
    """A transaction on its way; `label` says what it does, for messages."""

    label: str
    hash: HexBytes


def connect(url: str) -> L1:
    """A client of an L1 endpoint; nothing is asked yet."""
    return AsyncWeb3(AsyncHTTPProvider(url))


async def send(
    l1: L1,
    label: str,
    sender: Address,
    to: Address | None,
    data: bytes,
    *,
    gas: int,
    value_wei: int = 0,
    nonce: int | None = None,
) -> Sent:
    """Hand a transaction to an endpoint that holds the key of `sender`; `to` None creates a
    contract. Nothing is estimated, so what it calls need not be there yet.

    Raises `LocalFault` when the endpoint refuses it.
    """
    transaction: TxParams = {
        "from": to_checksum_address(sender),
        "data": data,
        "gas": gas,
        "value": Wei(value_wei),
    }
    if to is not None:
        transaction["to"] = to_checksum_address(to)
    if nonce is not None:
        transaction["nonce"] = Nonce(nonce)
    try:
        return Sent(label, await l1.eth.send_transaction(transaction))
    except Web3RPCError as error:
        raise LocalFault(f"{label}: L1 refuses: {error.message}") from error


async def wait(
    l1: L1, sent: Iterable[Sent], timeout_seconds: float = RECEIPT_SECONDS
) -> list[TxReceipt]:
    """The receipts, in order; raises `LocalFault` when one failed or does not come in time."""
    deadline = time.monotonic() + timeout_seconds
    return [await _receipt(l1, one, deadline) for one in sent]


async def _receipt(l1: L1, sent: Sent, deadline: float) -> TxReceipt:
    while True:
        try:
            receipt = await l1.eth.get_transaction_receipt(sent.hash)
        except TransactionNotFound:
            if time.monotonic() > deadline:
                raise LocalFault(f"{sent.label}: not mined in time") from None
            await asyncio.sleep(POLL_SECONDS)
            continue
        if receipt["status"] != 1:
            raise LocalFault(f"{sent.label}: reverted: {await _reason(l1, sent, receipt)}")
        return receipt


async def _reason(l1: L1, sent: Sent, receipt: TxReceipt) -> str:
    """Call it again where it failed: the answer says why."""
    transaction = await l1.eth.get_transaction(sent.hash)
    again: Any = {key: dict(transaction).get(key) for key in ("from", "to", "value", "input")}
    try:
        await l1.eth.call(again, receipt["blockNumber"] - 1)
    except Exception as error:  # whatever it is, it is the reason that is shown
        return str(error)
    return f"transaction 0x{sent.hash.hex()}"
