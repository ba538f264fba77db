"""What L1 says about the things the demo checks."""

from dataclasses import dataclass
from typing import Any

from sequencer.crypto.hashing import keccak
from sequencer.deployment.plan import CONTRACTS, snake_case
from sequencer.devnet.anvil import Anvil
from sequencer.l1 import abi
from sequencer.l1.deployment import Deployment
from sequencer.types import Address, Committee, Epoch, decode_committee

JAILED, EJECTED = 2, 4
"""`OperatorStatus` of `IBondRegistry`."""


@dataclass(frozen=True, slots=True)
class Happened:
    """An event with its arguments, and where it stands."""

    arguments: dict[str, Any]
    block: int
    transaction: bytes


@dataclass(frozen=True, slots=True)
class OperatorState:
    staked_wei: int
    """Worth of all that is staked with it, its own included."""
    own_wei: int
    release_at: int
    status: int


class L1Facts:
    """Reads of one deployment, at the head."""

    def __init__(self, anvil: Anvil, deployment: Deployment) -> None:
        self._anvil = anvil
        self._addresses: dict[str, Address] = {
            name: getattr(deployment.contracts, snake_case(name)) for name in CONTRACTS
        }
        self._start_block = deployment.start_block

    def address(self, contract: str) -> Address:
        """By the name in the sources."""
        return self._addresses[contract]

    async def events(self, contract: str, name: str) -> list[Happened]:
        """Every event of this name, in order."""
        entry, address = abi.event(contract, name), self._addresses[contract]
        head = await self._anvil.client.head()
        logs = await self._anvil.client.logs_between([address], self._start_block, head.number)
        return [
            Happened(
                entry.decode_event(log.topics, log.data), log.block_number, log.transaction_hash
            )
            for log in logs
            if log.topics[0] == entry.hash
        ]

    async def batches(self) -> dict[int, Happened]:
        """Commits by batch index."""
        found = await self.events("CommitmentChain", "BatchCommitted")
        return {event.arguments["index"]: event for event in found}

    async def time_of(self, block: int) -> int:
        """Of a block, in seconds."""
        header = await self._anvil.client.header(block)
        assert header is not None, "the block of an event"
        return header.timestamp

    async def operator_id(self, cold: Address) -> int:
        """Of the place that a cold key holds; 0 if it holds none."""
        return int(await self._ask("BondRegistry", "operatorIdOf", cold))

    async def operator(self, operator_id: int) -> OperatorState:
        found = await self._ask("BondRegistry", "operator", operator_id)
        stake = await self._ask("BondRegistry", "stake", operator_id)
        return OperatorState(
            staked_wei=stake["stakedWei"],
            own_wei=stake["ownWei"],
            release_at=found["releaseAt"],
            status=found["status"],
        )

    async def staked_by(self, operator_id: int, account: Address) -> int:
        """Worth of what an account has staked with an operator."""
        _, worth_wei, _ = await self._ask("BondRegistry", "stakeOf", operator_id, account)
        return int(worth_wei)

    async def pool_balance(self) -> int:
        """What the insurance pool has for claims, in wei."""
        return int((await self._ask("InsurancePool", "account"))["balanceWei"])

    async def members(self, epoch: Epoch) -> list[Address]:
        """The signing keys of a committee."""
        return [member.signer for member in (await self.committee(epoch)).members]

    async def committee(self, epoch: Epoch) -> Committee:
        """ENC-4; raises `L1Refused` if none was recorded."""
        data = await self._ask("Committee", "committeeBytes", epoch)
        return decode_committee(epoch, data, keccak(data))

    async def _ask(self, contract: str, name: str, *arguments: Any) -> Any:
        view = abi.function(contract, name)
        answer = await self._anvil.call(self._addresses[contract], view.call(*arguments))
        return view.returned(answer)
