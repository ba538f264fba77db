"""What a watchtower asks of the contracts of one deployment."""

from typing import Any

from sequencer.deployment.plan import snake_case
from sequencer.l1 import abi
from sequencer.l1.client import L1Client
from sequencer.l1.deployment import Deployment
from sequencer.l1.promises import find_challenge
from sequencer.promises.challenge import PromiseChallenge
from sequencer.types import Address, Epoch, Hash32


class Contracts:
    """By the names in the sources. Everything raises `PeerFault`."""

    def __init__(self, client: L1Client, deployment: Deployment, confirmations: int) -> None:
        self.client = client
        self.domain = deployment.domain
        self.confirmations = confirmations
        self._deployment = deployment

    def address(self, contract: str) -> Address:
        found: Address = getattr(self._deployment.contracts, snake_case(contract))
        return found

    def call(
        self, contract: str, function: str, *arguments: Any, value_wei: int = 0
    ) -> tuple[Address, bytes, int]:
        """Contract, data and wei of a call."""
        data = abi.function(contract, function).call(*arguments)
        return self.address(contract), data, value_wei

    async def read(
        self, contract: str, function: str, *arguments: Any, number: int | None = None
    ) -> Any:
        """What a view returns, at the head unless a block is named: structs as dictionaries."""
        to, data, _ = self.call(contract, function, *arguments)
        return abi.function(contract, function).returned(await self.client.call(to, data, number))

    async def confirmed(self) -> int:
        """The last block at depth `confirmations`: what L1 has there is there to stay (WATCH-2).
        On an L1 that has no such block yet, one in which nobody could be slashed."""
        head = await self.client.head()
        return max(self._deployment.start_block, head.number - self.confirmations)

    async def operator_of(self, signer: Address) -> int:
        """Whose signing key this is, or was; 0 if nobody's."""
        return int(await self.read("BondRegistry", "operatorIdOfSigner", signer))

    async def is_slashed(
        self, epoch: Epoch, operator_id: int, offence: int, number: int | None = None
    ) -> bool:
        """LEDGER-1: whether an operator was slashed for this offence of an epoch."""
        asked = epoch, operator_id, offence
        return bool(await self.read("SlashingLedger", "partOf", *asked, number=number))

    async def has_succeeded(self, transaction_hash: bytes) -> bool:
        """Whether L1 has the transaction now, and it went through."""
        receipt = await self.client.receipt(Hash32(transaction_hash))
        return receipt is not None and receipt.is_success

    async def challenge_of(self, promise_id: Hash32) -> PromiseChallenge:
        """As it was made, on L1 as it is now."""
        return await find_challenge(self.client, self._deployment, promise_id)

    async def credit(self, account: Address) -> int:
        """What the ledger owes an account, in wei."""
        return int(await self.read("SlashingLedger", "credit", account))
