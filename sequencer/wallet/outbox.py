"""One call that is to be on L1 once, whatever happens meanwhile (WALLET-1, WALLET-5)."""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from sequencer.errors import LocalFault, PeerFault
from sequencer.ingress.transaction import Transaction
from sequencer.l1.account import GWEI, MAX_FEE_WEI, Fees
from sequencer.l1.rpc import L1Refused, to_hex
from sequencer.types import Address
from sequencer.wallet.endpoint import Endpoint, Head, Mined
from sequencer.wallet.signers import Signer, Unsigned, sign
from sequencer.wallet.state_file import Attempt, Signed

log = logging.getLogger(__name__)

TIP_WEI = 2 * GWEI
RESUBMIT_SECONDS = 36
"""Three blocks of Ethereum."""
_HARMLESS = ("already known", "already imported", "nonce too low", "underpriced", "base fee")
"""Why L1 may refuse what it has, has had, has a dearer version of, or takes more for by now: the
next look tells, and a replacement pays more."""


class TooDear(PeerFault):
    """L1 takes more than the wallet was told to spend."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A call to be signed, but for nonce and fees."""

    to: Address
    data: bytes
    value: int
    gas_limit: int


class Notes(Protocol):
    """Where the attempts are kept; `save` is durable when it returns."""

    def load(self) -> tuple[Attempt, ...]: ...

    def save(self, attempts: tuple[Attempt, ...]) -> None: ...

    def of_others(self, nonce: int) -> Signed | None:
        """What other errands of the account have signed last at a nonce."""


class Outbox:
    """Sends one call, and replaces it at the same nonce until it is mined.

    `is_repeatable` is for calls that do no harm if L1 carries them out twice: their next nonce
    need not wait until the last one is final.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        chain_id: int,
        signer: Signer,
        notes: Notes,
        *,
        is_repeatable: bool,
        max_fee_wei: int = MAX_FEE_WEI,
        resubmit_seconds: int = RESUBMIT_SECONDS,
    ) -> None:
        self._endpoint = endpoint
        self._chain_id = chain_id
        self._signer = signer
        self._notes = notes
        self._is_repeatable = is_repeatable
        self._max_fee_wei = max_fee_wei
        self._resubmit_seconds = resubmit_seconds

    def succeeded(self) -> Mined | None:
        """The transaction that L1 has carried out. Every one that was ever signed is looked
        for: after a reorg it may be another than before."""
        attempts = self._notes.load()
        found = (one for attempt in attempts for one in self._mined(attempt))
        return next((one for one in found if one.is_success), None)

    def failed(self) -> Mined | None:
        """Of the last attempt, the one that L1 has refused while carrying it out."""
        attempts = self._notes.load()
        found = self._mined(attempts[-1]) if attempts else ()
        return next((one for one in found if not one.is_success), None)

    def last(self) -> Transaction | None:
        """The last one signed."""
        attempts = self._notes.load()
        return attempts[-1].versions[-1].decode(self._chain_id) if attempts else None

    def push(self, data: bytes, draft: Callable[[], Draft]) -> None:
        """Do what is next while nothing has succeeded: sign and send, send again, or replace.
        `data` is what the call is now; `draft`, asked for when it is signed, has the rest.

        Raises `L1Error`, `SignerFault`, `TooDear`.
        """
        attempts = self._notes.load()
        head = self._endpoint.head()
        if not attempts or self._is_over(attempts[-1], head):
            self._begin(attempts, head, draft())
            return
        last = attempts[-1]
        next_nonce = self._endpoint.nonce(self._signer.address)
        if next_nonce > last.nonce:
            return  # mined, by us or by another; wait until that is final
        self._fill_gap(next_nonce, last.nonce)
        newest = last.versions[-1]
        waited = head.timestamp - newest.sent_at
        if newest.decode(self._chain_id).data != data or waited >= self._resubmit_seconds:
            self._replace(attempts, head, draft())
        elif not self._endpoint.is_known(newest.decode(self._chain_id).hash):
            self._send(newest)

    def _mined(self, attempt: Attempt) -> Iterator[Mined]:
        for version in attempt.versions:
            found = self._endpoint.mined(version.decode(self._chain_id).hash)
            if found is not None:
                yield found

    def _is_over(self, attempt: Attempt, head: Head) -> bool:
        """Whether no version of it can do anything any more: another transaction has its nonce,
        or one of its own has failed, for good. Receipts are read after the nonce: what was
        mined in between is seen."""
        settled = head.number if self._is_repeatable else self._endpoint.finalized()
        if self._endpoint.nonce(self._signer.address, settled) <= attempt.nonce:
            return False
        return self._is_repeatable or self.succeeded() is None

    def _fill_gap(self, first: int, end: int) -> None:
        """WALLET-9: before the transaction of nonce `end`, L1 takes those from `first` on."""
        pending = self._endpoint.nonce(self._signer.address, "pending")
        for nonce in range(max(first, pending), end):
            found = self._notes.of_others(nonce)
            if found is None:
                log.warning(
                    "L1 waits for nonce %d of 0x%s before %d, and no errand here has signed it:"
                    " send anything with it",
                    *(nonce, self._signer.address.hex(), end),
                )
                return
            self._send(found)

    def _begin(self, attempts: tuple[Attempt, ...], head: Head, draft: Draft) -> None:
        """At the next free nonce: what else the account has on its way stays."""
        nonce = self._endpoint.nonce(self._signer.address, "pending")
        fees = self._market(head)
        if fees.max_fee > self._max_fee_wei:
            raise TooDear(_too_dear(fees, self._max_fee_wei))
        signed = self._sign(nonce, fees, head, draft)
        self._notes.save((*attempts, Attempt(nonce, (signed,))))
        self._send(signed)

    def _replace(self, attempts: tuple[Attempt, ...], head: Head, draft: Draft) -> None:
        last = attempts[-1]
        before = last.versions[-1].decode(self._chain_id)
        paid = Fees(before.max_fee_per_gas, before.max_priority_fee_per_gas)
        fees = paid.raised().at_least(self._market(head))
        if fees.max_fee > self._max_fee_wei:
            log.info("%s", _too_dear(fees, self._max_fee_wei))
            if not self._endpoint.is_known(before.hash):
                self._send(last.versions[-1])
            return
        signed = self._sign(last.nonce, fees, head, draft)
        self._notes.save((*attempts[:-1], Attempt(last.nonce, (*last.versions, signed))))
        self._send(signed)

    def _market(self, head: Head) -> Fees:
        """Room for the base fee to double, or as much of it as the cap leaves."""
        least = head.base_fee + TIP_WEI
        return Fees(max(least, min(least + head.base_fee, self._max_fee_wei)), TIP_WEI)

    def _sign(self, nonce: int, fees: Fees, head: Head, draft: Draft) -> Signed:
        cost = draft.value + draft.gas_limit * fees.max_fee
        if (balance := self._endpoint.balance(self._signer.address)) < cost:
            raise LocalFault(
                f"0x{self._signer.address.hex()} has {balance} wei on L1, and may need {cost}"
            )
        asked = Unsigned(
            chain_id=self._chain_id,
            nonce=nonce,
            to=draft.to,
            value=draft.value,
            data=draft.data,
            gas_limit=draft.gas_limit,
            max_fee=fees.max_fee,
            tip=fees.tip,
        )
        return Signed(to_hex(sign(self._signer, asked).raw), head.timestamp)

    def _send(self, signed: Signed) -> None:
        try:
            self._endpoint.send_raw(bytes.fromhex(signed.raw[2:]))
        except L1Refused as refusal:
            if not any(words in str(refusal).lower() for words in _HARMLESS):
                raise
            log.info("L1: %s", refusal)


def _too_dear(fees: Fees, most: int) -> str:
    return f"L1 takes {fees.max_fee} wei per gas now, above the {most} that are allowed"
