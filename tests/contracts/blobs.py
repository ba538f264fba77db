"""Blob transactions (EIP-4844) on Anvil, which neither ape nor web3's contracts send."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from typing import Any

import rlp
from eth_account.signers.local import LocalAccount
from eth_account.typed_transactions import base as typed_transactions
from eth_utils.crypto import keccak

BLOB_BYTES = 131_072
_FEE_WEI = 10**11

# It would be read for each blob twice, which takes seconds each time.
typed_transactions.load_trusted_setup = cache(typed_transactions.load_trusted_setup)


def make_blob(data: bytes) -> bytes:
    """A blob that begins with ``data``, 31 bytes to a field element."""
    pieces = [data[i : i + 31].ljust(31, b"\0") for i in range(0, len(data), 31)]
    return b"".join(b"\0" + piece for piece in pieces).ljust(BLOB_BYTES, b"\0")


def blobs_hash(signed: Any) -> bytes:
    """ENC-14, by way of the commitments that a signed transaction carries."""
    _, _, commitments, _ = rlp.decode(bytes(signed.raw_transaction)[1:])
    versioned = [b"\x01" + hashlib.sha256(bytes(c)).digest()[1:] for c in commitments]
    return keccak(b"".join(versioned))


class BlobSender:
    """An account of its own that sends blob transactions. ``rpc`` takes a method and its
    parameters and returns the result."""

    def __init__(self, rpc: Callable[[str, list[Any]], Any], key: LocalAccount) -> None:
        self._rpc = rpc
        self._key = key
        rpc("anvil_setBalance", [key.address, hex(10**20)])

    def sign(self, to: str, data: bytes, blobs: list[bytes], value: int = 0) -> Any:
        """The next transaction of the account. Anvil takes the proofs of EIP-4844; the network
        since Osaka wants those of EIP-7594, which take seconds to compute."""
        transaction = {
            "type": 3,
            "chainId": int(self._rpc("eth_chainId", []), 16),
            "nonce": int(self._rpc("eth_getTransactionCount", [self._key.address, "latest"]), 16),
            "maxPriorityFeePerGas": 0,
            "maxFeePerGas": _FEE_WEI,
            "maxFeePerBlobGas": _FEE_WEI,
            "gas": 1_000_000,
            "to": to,
            "value": value,
            "data": data,
            "accessList": [],
        }
        return self._key.sign_transaction(transaction, blobs=blobs)

    def send(self, signed: Any) -> Any:
        """Mine it and return its receipt; a failed one is in the receipt's status."""
        raw = "0x" + bytes(signed.raw_transaction).hex()
        transaction_hash = self._rpc("eth_sendRawTransaction", [raw])
        # Anvil answers before it has mined a transaction with blobs.
        self._rpc("evm_mine", [])
        return self._rpc("eth_getTransactionReceipt", [transaction_hash])
