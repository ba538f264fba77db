"""An account that pays for L1 transactions (SUBMIT-3)."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address

from sequencer.crypto.hashing import keccak
from sequencer.l1.client import L1Client, Receipt
from sequencer.l1.rpc import L1Error, L1Refused
from sequencer.l1.sidecar import Sidecar, wrap
from sequencer.l1.submission import Prices
from sequencer.types import Address, Hash32

log = logging.getLogger(__name__)

GWEI = 10**9
TIP_WEI = GWEI
MAX_FEE_WEI = 1_000 * GWEI
"""Per gas, and per gas of blobs: above it the account waits instead of paying."""
MAX_RAISES = 64
"""Of a fee in one attempt, when an unknown transaction holds the nonce: 12.5% each, so enough
for any price up to the cap."""
POLL_SECONDS = 0.25
MAX_GAS = 1 << 24
"""EIP-7825: of one transaction."""
KNOWN = ("already known", "already imported")
"""What clients say to a transaction that is in their pool."""


@dataclass(frozen=True, slots=True)
class L1Call:
    """A call to send, with blobs or without; `label` says what it does."""

    label: str
    to: Address
    data: bytes
    gas_limit: int
    sidecar: Sidecar | None = None
    value_wei: int = 0


@dataclass(frozen=True, slots=True)
class Fees:
    """EIP-1559 and EIP-4844, wei per gas. `blob_fee` is zero without blobs."""

    max_fee: int
    tip: int
    blob_fee: int = 0

    def raised(self) -> "Fees":
        """The least that replaces a transaction with these (SUBMIT-3)."""
        if self.blob_fee:
            return Fees(2 * self.max_fee, 2 * self.tip, 2 * self.blob_fee)
        return Fees(self.max_fee + -(-self.max_fee // 8), self.tip + -(-self.tip // 8))

    def at_least(self, other: "Fees") -> "Fees":
        return Fees(
            max(self.max_fee, other.max_fee),
            max(self.tip, other.tip),
            max(self.blob_fee, other.blob_fee),
        )


FREE = Fees(0, 0)


@dataclass(slots=True)
class _Sent:
    """A call on its way, under every hash it was sent with."""

    call: L1Call
    nonce: int
    fees: Fees
    hashes: list[Hash32]
    sent_ms: int
    receipt: Receipt | None = None


class TooDear(L1Error):
    """L1 asks for more than the cap."""


class L1Account:
    """Sends calls of one key, and replaces them until they are mined.

    The nonce is what L1 says at each `send`, so a restart loses nothing: a transaction from
    before holds the same nonce, and is outbid.
    """

    def __init__(
        self,
        client: L1Client,
        chain_id: int,
        secret: bytes,
        resubmit_ms: int,
        now_ms: Callable[[], int],
        *,
        max_fee_wei: int = MAX_FEE_WEI,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._client = client
        self._chain_id = chain_id
        self._account: LocalAccount = Account.from_key(secret)
        self.address = Address(bytes.fromhex(self._account.address[2:]))
        self._resubmit_ms = resubmit_ms
        self._now_ms = now_ms
        self._max_fee_wei = max_fee_wei
        self._pause = pause

    async def estimate(self, to: Address, data: bytes) -> int:
        """The gas of a call as of now; raises `L1Refused` with the revert data if it fails, so
        that nothing is paid for it."""
        return await self._client.estimate_gas(self.address, to, data)

    async def tried(self, label: str, to: Address, data: bytes) -> L1Call:
        """A call, with room for what changes until it is mined; raises as `estimate`."""
        gas = await self.estimate(to, data)
        return L1Call(label, to, data, min(MAX_GAS, gas + gas // 4))

    async def read(self, to: Address, data: bytes) -> bytes:
        """What a view of a contract returns."""
        return await self._client.call(to, data)

    async def prices(self) -> Prices:
        """What gas and blob gas cost at L1's head (SUBMIT-5)."""
        gas = await self._client.base_fee_wei() + TIP_WEI
        try:
            return Prices(gas, await self._client.blob_base_fee_wei())
        except L1Refused:
            return Prices(gas, None)

    async def send(self, calls: Sequence[L1Call], is_wanted: Callable[[], bool]) -> list[Receipt]:
        """Send the calls one after another and wait until all are mined.

        Gives up when `is_wanted` says so, leaving what is not mined to be replaced by the next
        call; then the receipts are fewer than the calls. Raises `L1Error`.
        """
        nonce = await self._client.nonce(self.address)
        sent = [await self._send(call, nonce + at, FREE) for at, call in enumerate(calls)]
        while True:
            await self._settle(sent)
            receipts = [entry.receipt for entry in sent if entry.receipt is not None]
            if len(receipts) == len(sent) or not is_wanted():
                return receipts
            await self._pause(POLL_SECONDS)

    async def _settle(self, sent: list[_Sent]) -> None:
        """Look for receipts; replace what has waited too long."""
        mined = await self._client.nonce(self.address)
        for entry in sent:
            if entry.receipt is not None:
                continue
            for known in reversed(entry.hashes):
                entry.receipt = await self._client.receipt(known)
                if entry.receipt is not None:
                    break
            else:
                if entry.nonce < mined:
                    raise L1Error(f"{entry.call.label}: nonce {entry.nonce} went to another one")
                if self._now_ms() - entry.sent_ms >= self._resubmit_ms:
                    await self._replace(entry)

    async def _replace(self, entry: _Sent) -> None:
        entry.sent_ms = self._now_ms()
        try:
            again = await self._send(entry.call, entry.nonce, entry.fees.raised())
        except L1Refused as refusal:  # most often: the first one was mined just now
            log.info("L1: %s is not replaced: %s", entry.call.label, refusal)
            return
        log.info("L1: %s is not mined, sent again at a higher fee", entry.call.label)
        entry.hashes += again.hashes
        entry.fees = again.fees

    async def _send(self, call: L1Call, nonce: int, least: Fees) -> _Sent:
        """Sign and send at the market's price, or what it takes to outbid whatever holds the
        nonce, but at least `least`."""
        fees = (await self._market(call)).at_least(least)
        for _ in range(MAX_RAISES):
            if (dearest := max(fees.max_fee, fees.blob_fee)) > self._max_fee_wei:
                raise TooDear(
                    f"{call.label}: {dearest} wei per gas is above the cap of {self._max_fee_wei}"
                )
            raw = self._sign(call, nonce, fees)
            sent = raw if call.sidecar is None else wrap(raw, call.sidecar)
            try:
                await self._client.send_raw(sent)
            except L1Refused as refusal:
                if "underpriced" in str(refusal):
                    fees = fees.raised()
                    continue
                # Not "already reserved": by transactions of the other form (SUBMIT-5).
                if not any(text in str(refusal) for text in KNOWN):
                    raise
            return _Sent(call, nonce, fees, [keccak(raw)], self._now_ms())
        raise L1Error(f"{call.label}: underpriced at {fees.max_fee} wei per gas")

    async def _market(self, call: L1Call) -> Fees:
        """Room for the base fees to double, or as much of it as the cap leaves."""
        base_fee = await self._client.base_fee_wei()
        blob_fee = 0
        if call.sidecar is not None:
            blob_fee = self._with_room(await self._client.blob_base_fee_wei(), 1)
        return Fees(self._with_room(base_fee, TIP_WEI), TIP_WEI, blob_fee)

    def _with_room(self, base_fee: int, above: int) -> int:
        least = base_fee + above
        return max(least, min(least + base_fee, self._max_fee_wei))

    def _sign(self, call: L1Call, nonce: int, fees: Fees) -> bytes:
        """The transaction as a block holds it; blobs stand beside it."""
        blobs: dict[str, Any] = {"type": 2}
        if call.sidecar is not None:
            hashes = list(call.sidecar.versioned_hashes)
            blobs = {
                "type": 3,
                "blobVersionedHashes": hashes,
                "maxFeePerBlobGas": fees.blob_fee,
            }
        signed = self._account.sign_transaction(
            {
                **blobs,
                "chainId": self._chain_id,
                "nonce": nonce,
                "to": to_checksum_address(call.to),
                "value": call.value_wei,
                "data": call.data,
                "gas": call.gas_limit,
                "maxFeePerGas": fees.max_fee,
                "maxPriorityFeePerGas": fees.tip,
            }
        )
        return bytes(signed.raw_transaction)
