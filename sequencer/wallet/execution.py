"""What a rollup's own node says of a forced transaction: included is not executed (P30).

Told for a person to read. Nothing that the wallet does depends on it, so a node that lies cannot
make it pay or stop (WALLET-7).
"""

from enum import Enum

import msgspec

from sequencer.errors import PeerFault
from sequencer.ingress.transaction import Transaction
from sequencer.l1.rpc import quantity, to_hex
from sequencer.wallet.blocking import BlockingRpc


class Execution(Enum):
    SUCCEEDED = "executed"
    REVERTED = "executed, and reverted"
    STALE_NONCE = "not executed: its nonce has been used by another transaction"
    EARLY_NONCE = "not executed: its nonce is above the account's next one"
    NO_FUNDS = "not executed: the account cannot pay for it"
    PENDING = "not executed yet"
    UNKNOWN = "not known: this node does not execute, or does not answer"


class _Receipt(msgspec.Struct):
    status: str | None = None


def execution_of(rollup_url: str, transaction: Transaction) -> Execution:
    """Ask the rollup's Ethereum JSON-RPC."""
    rpc = BlockingRpc(rollup_url)
    try:
        receipt = rpc.fetch_optional(
            _Receipt, lambda r: r, "eth_getTransactionReceipt", to_hex(transaction.hash)
        )
        if receipt is None:
            return _why_not(rpc, transaction)
        if receipt.status is None:  # a sequencer's node: it orders
            return Execution.UNKNOWN
        return Execution.SUCCEEDED if quantity(receipt.status) == 1 else Execution.REVERTED
    except (PeerFault, ValueError):
        return Execution.UNKNOWN


def _why_not(rpc: BlockingRpc, transaction: Transaction) -> Execution:
    sender = to_hex(transaction.sender)
    nonce = rpc.fetch(str, quantity, "eth_getTransactionCount", sender, "latest")
    if nonce != transaction.nonce:
        return Execution.STALE_NONCE if nonce > transaction.nonce else Execution.EARLY_NONCE
    balance = rpc.fetch(str, quantity, "eth_getBalance", sender, "latest")
    cost = transaction.value + transaction.gas_limit * transaction.max_fee_per_gas
    return Execution.NO_FUNDS if balance < cost else Execution.PENDING
