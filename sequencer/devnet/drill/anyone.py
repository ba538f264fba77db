"""Somebody with ether on L1, and no key of any sequencer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode

from sequencer.blocks.payload import encode_payload
from sequencer.deployment.endpoint import Sent
from sequencer.devnet.accounts import account
from sequencer.devnet.anvil import Anvil
from sequencer.devnet.demo.l1_facts import Happened, L1Facts
from sequencer.devnet.waiting import eventually
from sequencer.devnet.wallets import TRANSFER_GAS, Rollup, Signed
from sequencer.errors import LocalFault
from sequencer.l1 import abi
from sequencer.l1.reverts import revert_name
from sequencer.l1.rpc import L1Refused, hex_data, to_hex
from sequencer.types import Address, Hash32, RollupId

GAS = 1_000_000
MAX_FEE_WEI = 10_000 * 10**9
"""Per gas: above any price that a drill makes."""
SHARED, SOLO, BASED = range(3)
"""`RollupMode` of `IRollupRegistry`."""
NOBODY = Address(bytes(20))


@dataclass(frozen=True, slots=True)
class Queued:
    """A message of the forced queue; `deadline` in seconds of L1."""

    index: int
    deadline: int
    transaction: Signed


class Anyone:
    """One account. Every act waits until it is mined, and raises `LocalFault` if L1 refused it."""

    def __init__(self, anvil: Anvil, l1: L1Facts, index: int) -> None:
        self.address = account(index).address
        self._anvil = anvil
        self._l1 = l1

    # --- forced inclusion ---

    async def enqueue(self, transaction: Signed) -> Queued:
        """INBOX-1."""
        await self._anvil.wait([await self.hand_in(transaction)])
        for event in reversed(await self._l1.events("ForcedInbox", "MessageEnqueued")):
            if event.arguments["content"] == transaction.raw:
                return Queued(event.arguments["index"], event.arguments["deadline"], transaction)
        raise LocalFault("what was enqueued is not in the queue")

    async def hand_in(self, transaction: Signed) -> Sent:
        """INBOX-1, without waiting for a block."""
        rollup, raw = transaction.rollup, transaction.raw
        (fee_wei,) = await self._view("ForcedInbox", ["uint256"], "fee", len(raw), TRANSFER_GAS)
        # Others may queue before; what is not needed is returned (INBOX-2).
        return await self._send(
            "ForcedInbox", "enqueue", rollup.id, TRANSFER_GAS, raw, wei=2 * fee_wei
        )

    async def is_known(self, sent: Sent) -> bool:
        """Whether L1 still has it, in a block or waiting for one."""
        found = await self._anvil.client.transaction(Hash32(hex_data(sent.hash)))
        return found is not None

    async def insist(self, message: Queued) -> Happened:
        """Wait for the committee until the deadline, and then do without it (INBOX-5); the event
        that put the message into the order."""
        await self._anvil.until(message.deadline - 1)
        if (found := await self._consumption(message)) is not None:
            return found
        try:
            await self._act("ForcedInbox", "forceInclude", message.index + 1)
        except LocalFault:
            # The committee was faster.
            if await self._consumption(message) is None:
                raise

        async def consumed() -> Happened | None:
            return await self._consumption(message)

        return await eventually(f"message {message.index} in the order", consumed, seconds=30)

    async def _consumption(self, message: Queued) -> Happened | None:
        for name in ("ForceIncluded", "MessagesConsumed"):
            for event in await self._l1.events("ForcedInbox", name):
                if event.arguments["from"] <= message.index < event.arguments["upTo"]:
                    return event
        return None

    # --- the fallback ---

    async def enter_based(self) -> None:
        """FALLBACK-2."""
        await self._act("CommitmentChain", "enterBased")

    async def is_based(self) -> bool:
        """FALLBACK-1, at the head."""
        (found,) = await self._view("CommitmentChain", ["bool"], "isBased")
        return bool(found)

    async def post(self, rollup: Rollup, transactions: Sequence[Signed]) -> None:
        """POST-1, with the floor price if there is one to pay."""
        data = _post_data(rollup, transactions)
        await self._act("RollupInbox", "post", rollup.id, data, wei=await self._floor_wei(data))

    async def why_no_post(self, rollup: Rollup, transactions: Sequence[Signed]) -> str | None:
        """The error with which L1 would refuse a post now; None if it would not."""
        data = _post_data(rollup, transactions)
        wei = await self._floor_wei(data)
        return await self.why_not("RollupInbox", "post", rollup.id, data, wei=wei)

    async def _floor_wei(self, data: bytes) -> int:
        """POST-2; what a sequencer of its own rollup pays is returned."""
        found = await self._view("RollupInbox", ["uint256"], "floorPrice", len(data), 0)
        return int(found[0])

    # --- leaving ---

    async def announce(self, rollup: RollupId, mode: int, sequencer: Address = NOBODY) -> int:
        """ROLL-3, by the owner; the second of L1 from which on it holds."""
        await self._act("RollupRegistry", "announceMode", rollup, mode, sequencer)
        events = await self._l1.events("RollupRegistry", "ModeAnnounced")
        (last,) = [e for e in events if e.arguments["rollupId"] == rollup][-1:]
        return int(last.arguments["effectiveAt"])

    # --- L1 ---

    async def why_not(self, contract: str, name: str, *arguments: Any, wei: int = 0) -> str | None:
        """The name of the error with which L1 would refuse a call now; None if it would not."""
        call = {
            "from": to_hex(self.address),
            "to": to_hex(self._l1.address(contract)),
            "data": to_hex(abi.function(contract, name).call(*arguments)),
            "value": hex(wei),
        }
        try:
            await self._anvil.rpc.ask(str, hex_data, "eth_call", call, "latest")
        except L1Refused as refusal:
            return revert_name(refusal.data) or str(refusal)
        return None

    async def _act(self, contract: str, name: str, *arguments: Any, wei: int = 0) -> None:
        await self._anvil.wait([await self._send(contract, name, *arguments, wei=wei)])

    async def _send(self, contract: str, name: str, *arguments: Any, wei: int) -> Sent:
        data = abi.function(contract, name).call(*arguments)
        to = self._l1.address(contract)
        return await self._anvil.send(
            name, self.address, to, data, gas=GAS, value_wei=wei, max_fee_wei=MAX_FEE_WEI
        )

    async def _view(self, contract: str, types: list[str], name: str, *arguments: Any) -> Any:
        data = abi.function(contract, name).call(*arguments)
        return decode(types, await self._anvil.call(self._l1.address(contract), data))


def _post_data(rollup: Rollup, transactions: Sequence[Signed]) -> bytes:
    """DERIVE-10."""
    return encode_payload([(rollup.id, [signed.raw for signed in transactions])])
