"""The call of an errand on L1: what it costs, and its way into a block."""

from collections.abc import Callable

import msgspec

from sequencer.errors import PeerFault
from sequencer.l1.deployment import Deployment
from sequencer.l1.reverts import describe_revert
from sequencer.l1.rpc import L1Refused
from sequencer.types import Address
from sequencer.wallet.endpoint import Endpoint
from sequencer.wallet.errands import Errand, Kind
from sequencer.wallet.options import Options
from sequencer.wallet.outbox import Draft, Outbox, TooDear
from sequencer.wallet.queue import Queue
from sequencer.wallet.signers import Signer
from sequencer.wallet.state_file import Attempt, Signed, State, StateFile, signed_at

_GAS_MARGIN_PERCENT = 20


class Refused(PeerFault):
    """The contract would not carry a call out; nothing was sent."""


class FileNotes:
    """The attempts of one kind in a state file: `enqueue` or `force`."""

    def __init__(self, file: StateFile, fresh: State, name: str) -> None:
        self._file = file
        self._fresh = fresh
        self._name = name

    def load(self) -> tuple[Attempt, ...]:
        found: tuple[Attempt, ...] = getattr(self._file.load() or self._fresh, self._name)
        return found

    def save(self, attempts: tuple[Attempt, ...]) -> None:
        state = self._file.load() or self._fresh
        self._file.save(msgspec.structs.replace(state, **{self._name: attempts}))

    def of_others(self, nonce: int) -> Signed | None:
        """In all errands of this account and deployment that are kept in the same folder."""
        return signed_at(self._file.path.parent, self._fresh, nonce)


def outbox(
    endpoint: Endpoint,
    deployment: Deployment,
    signer: Signer,
    notes: FileNotes,
    options: Options,
    *,
    is_repeatable: bool = False,
) -> Outbox:
    """For one kind of transaction of an errand."""
    return Outbox(
        endpoint,
        deployment.chain_id,
        signer,
        notes,
        is_repeatable=is_repeatable,
        max_fee_wei=options.max_fee_wei,
        resubmit_seconds=options.resubmit_seconds,
    )


def price_wei(errand: Errand, queue: Queue) -> int:
    """What L1 takes for the errand now, besides gas and a deposit."""
    if errand.kind is Kind.POST:
        return queue.price_wei(len(errand.content))
    return queue.fee_wei(len(errand.content), errand.gas_limit)


def payment_wei(errand: Errand, queue: Queue, options: Options) -> int:
    """WALLET-3; raises `TooDear`."""
    price = price_wei(errand, queue)
    if price > options.max_queue_fee_wei:
        raise TooDear(
            f"the contract takes {price} wei now, above the {options.max_queue_fee_wei} that are"
            " allowed"
        )
    if errand.kind is Kind.POST:
        return price  # it does not rise
    return min(price * options.fee_margin, options.max_queue_fee_wei)


def drafting(
    endpoint: Endpoint, to: Address, sender: Address, errand: Errand, value: Callable[[], int]
) -> Callable[[], Draft]:
    """Drafts of the errand's call at the price and gas of the moment; they raise `Refused`."""
    data = errand.call_data()

    def draft() -> Draft:
        value_wei = value()
        try:
            gas = endpoint.estimate_gas(sender, to, data, value_wei)
        except L1Refused as refusal:
            if not refusal.data:
                raise
            raise Refused(f"the contract refuses: {describe_revert(refusal.data)}") from refusal
        return Draft(to, data, value_wei, gas * (100 + _GAS_MARGIN_PERCENT) // 100)

    return draft
