"""What a wallet asks of L1 (L1-4: every answer is typed here)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec

from sequencer.l1.logs import Log, RawLog, log_of
from sequencer.l1.rpc import L1Error, L1Refused, L1Unavailable, hex_data, quantity, to_hex
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
    """One endpoint. Every method raises `L1Error`: `L1Unavailable` if it is to be asked again,
    `L1Refused`."""

    def __init__(self, l1: str | Web3Like) -> None:
        self._rpc: BlockingRpc = rpc_of(l1)

    def chain_id(self) -> int:
        return self._rpc.fetch(str, quantity, "eth_chainId")

    def head(self) -> Head:
        return self._rpc.fetch(_Block, _head, "eth_getBlockByNumber", "latest", False)

    def timestamp_of(self, number: int) -> int:
        """Seconds, of a block that is there."""
        with _of_known_blocks():
            return self._rpc.fetch(
                _Block, lambda b: quantity(b.timestamp), "eth_getBlockByNumber", hex(number), False
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
        with _of_known_blocks():
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
            with _of_known_blocks():
                found += self._rpc.fetch(
                    list[RawLog], lambda logs: [log_of(log) for log in logs], "eth_getLogs", query
                )
        return found

    def send_raw(self, raw: bytes) -> None:
        """Give a signed transaction to L1; raises `L1Refused` if it does not want it."""
        self._rpc.fetch(str, hex_data, "eth_sendRawTransaction", to_hex(raw))


@contextmanager
def _of_known_blocks() -> Iterator[None]:
    """For questions about blocks that L1 has just named: if it has not got them, it changes its
    branch, and will answer once it has. Raises `L1Unavailable` for a refusal."""
    try:
        yield
    except L1Unavailable:
        raise
    except L1Error as error:
        raise L1Unavailable(str(error)) from error


def _head(raw: _Block) -> Head:
    return Head(quantity(raw.number), quantity(raw.timestamp), quantity(raw.baseFeePerGas))
