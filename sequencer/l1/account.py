"""An account that pays for L1 transactions and gets each of them mined (SUBMIT-3)."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

from eth_account import Account
from eth_utils.address import to_checksum_address

from sequencer.errors import PeerFault
from sequencer.l1.client import L1Client, Receipt
from sequencer.l1.reverts import describe_revert
from sequencer.l1.rpc import L1Refused
from sequencer.types import Address, Hash32

log = logging.getLogger(__name__)

TIP_WEI = 10**9
POLL_SECONDS = 0.2
MAX_FEE_WEI = 5_000 * 10**9
"""Per gas: what is dearer waits."""
MAX_ATTEMPTS = 12
_GAS_MARGIN_PERCENT = 130
_BUMP = (1125, 1000)


class Reverted(PeerFault):
    """L1 would refuse, or has refused, the call; the message says why."""


@dataclass(frozen=True, slots=True)
class Fees:
    """Wei per gas, as EIP-1559 names them."""

    max_fee: int
    max_priority_fee: int

    def bumped(self) -> "Fees":
        """12.5% more of both, rounded up: what L1's pools ask of a replacement."""
        up, down = _BUMP
        return Fees(-(-self.max_fee * up // down), -(-self.max_priority_fee * up // down))


class L1Account:
    """One key on one endpoint, one transaction at a time."""

    def __init__(
        self,
        client: L1Client,
        chain_id: int,
        secret: bytes,
        resubmit_ms: int,
        now_ms: Callable[[], int],
    ) -> None:
        self._client = client
        self._chain_id = chain_id
        self._secret = secret
        self._resubmit_ms = resubmit_ms
        self._now_ms = now_ms
        self.address = Address(bytes.fromhex(Account.from_key(secret).address[2:]))

    async def send(self, to: Address, data: bytes) -> Receipt:
        """Call a contract and return when the call is mined.

        Raises `Reverted` if it fails (most often before anything is paid), and `L1Error` when
        the endpoint cannot do what is asked; whether a transaction was sent is then open, and
        the next `send` uses the account's nonce as L1 has it.
        """
        gas = await self._estimate(to, data)
        nonce = await self._client.nonce(self.address)
        base_fee = await self._client.base_fee_wei()
        fees = Fees(2 * base_fee + TIP_WEI, TIP_WEI)
        sent: list[Hash32] = []
        for _ in range(MAX_ATTEMPTS):
            if fees.max_fee > MAX_FEE_WEI:
                raise PeerFault(f"L1 asks for {fees.max_fee} wei a gas, at most {MAX_FEE_WEI} paid")
            await self._broadcast(self._sign(to, data, gas, nonce, fees), sent)
            receipt = await self._wait(sent)
            if receipt is not None:
                if not receipt.is_success:
                    raise Reverted(f"transaction failed in L1 block {receipt.block_number}")
                return receipt
            fees = fees.bumped()
            log.warning("not mined in %d ms: replaced at nonce %d", self._resubmit_ms, nonce)
        raise PeerFault(f"transaction at nonce {nonce} was not mined in {MAX_ATTEMPTS} attempts")

    async def _estimate(self, to: Address, data: bytes) -> int:
        try:
            gas = await self._client.estimate_gas(self.address, to, data)
        except L1Refused as refused:
            if refused.data:
                raise Reverted(describe_revert(refused.data)) from refused
            raise
        return gas * _GAS_MARGIN_PERCENT // 100

    def _sign(self, to: Address, data: bytes, gas: int, nonce: int, fees: Fees) -> bytes:
        signed = Account.sign_transaction(
            {
                "type": 2,
                "chainId": self._chain_id,
                "nonce": nonce,
                "to": to_checksum_address(to),
                "data": data,
                "gas": gas,
                "maxFeePerGas": fees.max_fee,
                "maxPriorityFeePerGas": fees.max_priority_fee,
                "value": 0,
            },
            self._secret,
        )
        return bytes(signed.raw_transaction)

    async def _broadcast(self, raw: bytes, sent: list[Hash32]) -> None:
        """A replacement that is refused because the first one was just mined is no fault."""
        try:
            sent.append(await self._client.send_raw(raw))
        except L1Refused:
            if not sent:
                raise

    async def _wait(self, sent: list[Hash32]) -> Receipt | None:
        """The receipt of whichever was mined; None when it is time to replace them."""
        until = self._now_ms() + self._resubmit_ms
        while self._now_ms() < until:
            for transaction_hash in sent:
                receipt = await self._client.receipt(transaction_hash)
                if receipt is not None:
                    return receipt
            await asyncio.sleep(POLL_SECONDS)
        return None
