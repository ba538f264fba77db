"""Somebody with ether on L1, and no key of any sequencer."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from eth_abi.abi import decode

from sequencer.blocks.payload import encode_payload
from sequencer.devnet.accounts import account
from sequencer.devnet.anvil import Anvil
from sequencer.devnet.demo.l1_facts import L1Facts
from sequencer.devnet.wallets import Rollup, Signed
from sequencer.l1 import abi
from sequencer.l1.deployment import Deployment
from sequencer.l1.reverts import revert_name
from sequencer.l1.rpc import L1Refused, hex_data, to_hex
from sequencer.types import Address, RollupId
from sequencer.wallet.forced import ForcedInclusion
from sequencer.wallet.options import Options
from sequencer.wallet.receipt import Receipt
from sequencer.wallet.signers import KeySigner

GAS = 1_000_000
MAX_FEE_WEI = 10_000 * 10**9
"""Per gas: above any price that a drill makes."""
_OPTIONS = Options(max_fee_wei=MAX_FEE_WEI, poll_seconds=0.5, confirmations=1)
SHARED, SOLO, BASED = range(3)
"""`RollupMode` of `IRollupRegistry`."""
NOBODY = Address(bytes(20))


class Anyone:
    """One account. Every act waits until it is mined, and raises `LocalFault` if L1 refused it."""

    def __init__(
        self, anvil: Anvil, l1: L1Facts, deployment: Deployment, folder: Path, index: int
    ) -> None:
        """The account of this index keeps what it has under way in a folder."""
        who = account(index)
        self.address = who.address
        self._anvil = anvil
        self._l1 = l1
        self._wallet = ForcedInclusion(
            anvil.url, deployment, KeySigner(who.secret), folder / f"wallet-{index}", _OPTIONS
        )

    # --- forced inclusion ---

    async def force(
        self, transaction: Signed, told: Callable[[Receipt], None] | None = None
    ) -> Receipt:
        """See it into the order by L1, whatever the committee does; asked again, it goes on."""
        rollup, raw = transaction.rollup.id, transaction.raw
        return await asyncio.to_thread(self._wallet.force, rollup, raw, told=told)

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
        data = abi.function(contract, name).call(*arguments)
        to = self._l1.address(contract)
        sent = await self._anvil.send(
            name, self.address, to, data, gas=GAS, value_wei=wei, max_fee_wei=MAX_FEE_WEI
        )
        await self._anvil.wait([sent])

    async def _view(self, contract: str, types: list[str], name: str, *arguments: Any) -> Any:
        data = abi.function(contract, name).call(*arguments)
        return decode(types, await self._anvil.call(self._l1.address(contract), data))


def _post_data(rollup: Rollup, transactions: Sequence[Signed]) -> bytes:
    """DERIVE-10."""
    return encode_payload([(rollup.id, [signed.raw for signed in transactions])])
