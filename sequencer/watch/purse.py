"""The key that reports, and whether that pays: a call is simulated before anything is sent, so that
nobody pays for one that L1 refuses (WATCH-2)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sequencer.errors import PeerFault
from sequencer.l1.account import L1Account, L1Call
from sequencer.l1.client import Receipt, Simulated, SimulatedBlock
from sequencer.l1.reverts import describe_revert, revert_name
from sequencer.types import Address
from sequencer.watch.l1 import Contracts

Call = tuple[Address, bytes, int]
"""Contract, data, and wei to go with it."""


class Refused(PeerFault):
    """L1 would refuse the call, and why."""

    def __init__(self, label: str, data: bytes) -> None:
        super().__init__(f"{label}: {describe_revert(data)}")
        self.name = revert_name(data)


@dataclass(frozen=True, slots=True)
class Step:
    """Calls of one block to come. `at` is its time in seconds, if it has to be late."""

    calls: Sequence[Call]
    at: int = 0


@dataclass(frozen=True, slots=True)
class Estimate:
    """In wei: what the ledger would owe us for it, and what the gas costs at today's price."""

    reward_wei: int
    gas_wei: int

    @property
    def pays(self) -> bool:
        return self.reward_wei > self.gas_wei

    def __str__(self) -> str:
        return f"it earns {self.reward_wei} wei and costs {self.gas_wei}"


class Purse:
    """Of one key."""

    def __init__(self, account: L1Account, contracts: Contracts) -> None:
        self._account = account
        self._contracts = contracts

    @property
    def address(self) -> Address:
        return self._account.address

    async def estimate(self, label: str, steps: Sequence[Step]) -> Estimate:
        """What comes of these calls, one after another. Raises `Refused`, and `L1Error`."""
        credit = self._contracts.call("SlashingLedger", "credit", self.address)
        before = await self._contracts.credit(self.address)
        *done, ((after,)) = await self.simulate(label, [*steps, Step((credit,))])
        gas = sum(result.gas_used for block in done for result in block)
        earned = int.from_bytes(after.data, "big") - before
        prices = await self._account.prices()
        return Estimate(earned, gas * prices.gas)

    async def simulate(self, label: str, steps: Sequence[Step]) -> list[list[Simulated]]:
        """The result of each call. Raises `Refused` for the first that fails, and `L1Error`."""
        done = await self._simulated(steps)
        for result in (result for block in done for result in block):
            if not result.is_success:
                raise Refused(label, result.data)
        return done

    async def send(self, label: str, call: Call) -> Receipt:
        """Send a call that goes through now, and wait until it is mined. Raises `Refused` before
        anything is paid, and `L1Error`."""
        ((result,),) = await self.simulate(label, [Step((call,))])
        to, data, value = call
        # Half above what was used: that is what is left after what L1 gives back.
        gas = result.gas_used * 3 // 2
        (receipt,) = await self._account.send(
            [L1Call(label, to, data, gas, value_wei=value)], lambda: True
        )
        return receipt

    async def _simulated(self, steps: Sequence[Step]) -> list[list[Simulated]]:
        client = self._contracts.client
        head = await client.head()
        time, blocks = head.timestamp, []
        for ahead, step in enumerate(steps, 1):
            time = max(time + 1, step.at)
            blocks.append(SimulatedBlock(head.number + ahead, time, step.calls))
        return await client.simulate(self.address, blocks)
