"""Anvil, as whoever makes L1's blocks would like it: what waits is mined when it is told to, in
the order of arrival, at any time; blocks can be taken back."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from http.client import HTTPConnection
from typing import Any

import msgspec

from sequencer.deployment.artifacts import Artifact, load_artifact
from sequencer.l1.client import L1Client
from sequencer.l1.rpc import hex_data, quantity, to_hex
from sequencer.types import Address
from tests.integration.l1_world import Anvil

_OPTIONS = (
    *("--base-fee", "0", "--disable-min-priority-fee", "--disable-pool-balance-checks"),
    *("--order", "fifo", "--auto-impersonate", "--prune-history", "8"),
)
BLOCK_GAS = 300_000_000
TIMEOUT_SECONDS = 300


@dataclass(frozen=True, slots=True)
class Call:
    """A transaction of an unlocked account. Gas costs nothing: balances move by values alone."""

    sender: Address
    to: Address | None
    """None creates a contract."""
    data: bytes
    value_wei: int = 0
    gas: int = 1_000_000


@cache
def _execute() -> Artifact:
    return load_artifact("ContractActor")


def through(contract: Address, call: Call) -> Call:
    """The same call made by a ContractActor."""
    assert call.to is not None
    data = _execute().call_data("execute", (to_hex(call.to), call.data))
    return replace(call, to=contract, data=data)


class HostileL1:
    """One Anvil. Its calls go many at a time: what costs is the way there and back."""

    def __init__(self, anvil: Anvil) -> None:
        self.anvil = anvil
        self.client = L1Client(anvil.url)
        self._connection = HTTPConnection("127.0.0.1", anvil.port, timeout=TIMEOUT_SECONDS)
        self._marks: list[str] = []
        self._branches = 0

    @staticmethod
    async def start() -> "HostileL1":
        return HostileL1(await Anvil.start(options=_OPTIONS))

    async def stop(self) -> None:
        self._connection.close()
        await self.client.close()
        await self.anvil.stop()

    # --- blocks ---

    def mine(self, calls: Sequence[Call], timestamp: int) -> list[bool | None]:
        """A block of these, in their order: whether each succeeded; None if L1 refuses it at
        once. The new head is remembered."""
        sends = [("eth_sendTransaction", _fields(call)) for call in calls]
        *sent, _ = self.ask(*sends, ("evm_setNextBlockTimestamp", timestamp))
        self.ask(("evm_mine",))
        mark, receipts = self.ask(("evm_snapshot",), ("eth_getBlockReceipts", "latest"))
        self._marks.append(mark)
        hashes = [one for one in sent if isinstance(one, str)]
        if [one["transactionHash"] for one in receipts] != hashes:
            raise AssertionError(f"{len(receipts)} of {len(hashes)} mined, or in another order")
        succeeded = {one["transactionHash"]: one["status"] == "0x1" for one in receipts}
        return [succeeded.get(one) if isinstance(one, str) else None for one in sent]

    @property
    def mark(self) -> int:
        """Of the present head."""
        return len(self._marks) - 1

    def return_to(self, mark: int) -> None:
        """L1 goes on from the head that was remembered as the `mark`th, as in a reorg. Those above
        are forgotten, and no block is ever mined again byte for byte: an L1 that repeats a branch
        and stops is one that lags, not one that went back."""
        # Not anvil_rollback: it needs states that Anvil drops after a while.
        self._branches += 1
        is_done, *_ = self.ask(
            ("evm_revert", self._marks[mark]),
            ("anvil_setCoinbase", f"0x{self._branches:040x}"),
        )
        assert is_done is True, f"evm_revert: {is_done}"
        del self._marks[mark:]
        self._marks += self.ask(("evm_snapshot",))

    # --- answers ---

    def view(self, to: Address, data: bytes) -> bytes | None:
        """What a view answers; None if it reverts."""
        return self.views((to, data))[0]

    def views(self, *calls: tuple[Address, bytes]) -> list[bytes | None]:
        """What views answer, in order."""
        asked = (
            ("eth_call", {"to": to_hex(to), "data": to_hex(data)}, "latest") for to, data in calls
        )
        return [hex_data(one) if isinstance(one, str) else None for one in self.ask(*asked)]

    def balances(self, *addresses: Address) -> list[int]:
        asked = (("eth_getBalance", to_hex(address), "latest") for address in addresses)
        return [quantity(one) for one in self.ask(*asked)]

    def ask(self, *calls: tuple[Any, ...]) -> list[Any]:
        """Results in order, as JSON; an error is the object that JSON-RPC makes of it."""
        request = [
            {"jsonrpc": "2.0", "id": number, "method": method, "params": parameters}
            for number, (method, *parameters) in enumerate(calls)
        ]
        self._connection.request(
            "POST", "/", msgspec.json.encode(request), {"Content-Type": "application/json"}
        )
        answers = msgspec.json.decode(self._connection.getresponse().read())
        assert [one["id"] for one in answers] == list(range(len(calls))), "answers out of order"
        return [one.get("result", one.get("error")) for one in answers]


def _fields(call: Call) -> dict[str, str]:
    """Of a transaction without a price."""
    fields = {
        "from": to_hex(call.sender),
        "data": to_hex(call.data),
        "value": hex(call.value_wei),
        "gas": hex(call.gas),
        "maxFeePerGas": "0x0",
        "maxPriorityFeePerGas": "0x0",
    }
    return fields if call.to is None else fields | {"to": to_hex(call.to)}
