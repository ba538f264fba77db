"""What a wallet asks of L1 (L1-4: every answer is typed here)."""

from dataclasses import dataclass

import msgspec

from sequencer.l1.logs import Log, RawLog, log_of
from sequencer.l1.rpc import L1Refused, hex_data, quantity, to_hex
from sequencer.types import Address, Hash32
from sequencer.wallet.blocking import BlockingRpc, Web3Like, rpc_of

FINALITY_BLOCKS = 64
"""For an endpoint that does not know the tag `finalized`: two epochs of Ethereum."""
_LOG_BLOCKS = 1_000
"""Asked for at once; providers bound it."""


@dataclass(frozen=True, slots=True)
class Head:
    """The last block; `timestamp` in seconds, `base_fee` in wei per gas."""

    number: int
    timestamp: int
    base_fee: int


@dataclass(frozen=True, slots=True)
class Mined:
    """A transaction in a block."""

    hash: Hash32
    block: int
    is_success: bool
    logs: tuple[Log, ...]


class _Block(msgspec.Struct):
    number: str
    timestamp: str
    baseFeePerGas: str = "0x0"  # noqa: N815


class _Receipt(msgspec.Struct):
    status: str
    blockNumber: str  # noqa: N815
    logs: list[RawLog]


class Endpoint:
    """One endpoint. Every method raises `L1Error` (`L1Unavailable`, `L1Refused`)."""

    def __init__(self, l1: str | Web3Like) -> None:
        self._rpc: BlockingRpc = rpc_of(l1)

    def chain_id(self) -> int:
        return self._rpc.fetch(str, quantity, "eth_chainId")

    def head(self) -> Head:
        return self._rpc.fetch(_Block, _head, "eth_getBlockByNumber", "latest", False)

    def timestamp_of(self, number: int) -> int:
        """Seconds, of a block that is there."""
        block = hex(number)
        return self._rpc.fetch(
            _Block, lambda b: quantity(b.timestamp), "eth_getBlockByNumber", block, False
        )

    def finalized(self) -> int:
        """The last block that no reorg takes back."""
        try:
            found = self._rpc.fetch_optional(
                _Block, lambda b: quantity(b.number), "eth_getBlockByNumber", "finalized", False
            )
        except L1Refused:
            found = None
        return max(0, self.head().number - FINALITY_BLOCKS) if found is None else found

    def nonce(self, account: Address, block: int | str = "latest") -> int:
        """Transactions of the account up to a block, or those that wait too (`pending`)."""
        at = block if isinstance(block, str) else hex(block)
        return self._rpc.fetch(str, quantity, "eth_getTransactionCount", to_hex(account), at)

    def balance(self, account: Address) -> int:
        """Wei."""
        return self._rpc.fetch(str, quantity, "eth_getBalance", to_hex(account), "latest")

    def mined(self, transaction: Hash32) -> Mined | None:
        """Where a transaction is in the chain; None if it is in no block."""
        return self._rpc.fetch_optional(
            _Receipt,
            lambda raw: Mined(
                transaction,
                quantity(raw.blockNumber),
                quantity(raw.status) == 1,
                tuple(log_of(log) for log in raw.logs),
            ),
            "eth_getTransactionReceipt",
            to_hex(transaction),
        )

    def is_known(self, transaction: Hash32) -> bool:
        """In a block, or waiting for one."""
        found = self._rpc.fetch_optional(
            dict, lambda _: True, "eth_getTransactionByHash", to_hex(transaction)
        )
        return found is not None

    def call(self, to: Address, data: bytes) -> bytes:
        """What a view returns; raises `L1Refused` with the revert data."""
        call = {"to": to_hex(to), "data": to_hex(data)}
        return self._rpc.fetch(str, hex_data, "eth_call", call, "latest")

    def estimate_gas(self, sender: Address, to: Address, data: bytes, value_wei: int) -> int:
        """Raises `L1Refused` with the revert data if the call would fail."""
        call = {"from": to_hex(sender), "to": to_hex(to), "data": to_hex(data)}
        call["value"] = hex(value_wei)
        return self._rpc.fetch(str, quantity, "eth_estimateGas", call)

    def logs(self, addresses: list[Address], first: int, last: int) -> list[Log]:
        """The logs of blocks `first` to `last`, in order."""
        found: list[Log] = []
        for start in range(first, last + 1, _LOG_BLOCKS):
            query = {
                "address": [to_hex(address) for address in addresses],
                "fromBlock": hex(start),
                "toBlock": hex(min(start + _LOG_BLOCKS - 1, last)),
            }
            found += self._rpc.fetch(
                list[RawLog], lambda logs: [log_of(log) for log in logs], "eth_getLogs", query
            )
        return found

    def send_raw(self, raw: bytes) -> None:
        """Give a signed transaction to L1; raises `L1Refused` if it does not want it."""
        self._rpc.fetch(str, hex_data, "eth_sendRawTransaction", to_hex(raw))


def _head(raw: _Block) -> Head:
    return Head(quantity(raw.number), quantity(raw.timestamp), quantity(raw.baseFeePerGas))
