"""The calls that answer challenges: of held data (HELD-3), and of promises (PROMISE-8)."""

import logging
from collections.abc import Iterable
from typing import Protocol

from sequencer.l1 import abi
from sequencer.l1.account import L1Account, L1Call
from sequencer.l1.challenges import Challenge
from sequencer.l1.deployment import Contracts
from sequencer.l1.events import PromiseChallenged
from sequencer.l1.reverts import describe_revert
from sequencer.l1.rpc import L1Refused
from sequencer.promises.inclusion import InclusionProof
from sequencer.types import Address, Hash32

log = logging.getLogger(__name__)

WITHDRAW_GAS = 100_000
"""Above what `withdraw` takes, to an account without code."""

_ANSWER = abi.function("DataAvailabilityChallenge", "answer")
_WITHDRAW = abi.function("DataAvailabilityChallenge", "withdraw")
_SHOW_KEPT = abi.function("PromiseSlasher", "answer")


class HeldSource(Protocol):
    """What is asked of a node that answers."""

    def held(self, content_hash: Hash32) -> bytes | None:
        """The bytes of a held segment; None if this node has none to give (HELD-5)."""


class PromiseSource(Protocol):
    """What is asked of a node that promises."""

    def has_kept(self, asked: PromiseChallenged) -> bool:
        """Whether the promise is this node's, and was kept as far as it knows."""

    def kept(self, asked: PromiseChallenged) -> InclusionProof | None:
        """That it was, from the challenge's batch down; None if it cannot be shown."""


class Answering:
    """Each answer is tried out, so that what L1 would refuse is known before it is paid for. What
    they earn is drawn behind them: otherwise whoever challenges enough would leave the accounts of
    all nodes without gas, for twice as much (DATA-2)."""

    def __init__(self, account: L1Account, contracts: Contracts, source: HeldSource) -> None:
        self._account = account
        self._contract = contracts.data_availability_challenge
        self._source = source

    async def calls(self, challenges: tuple[Challenge, ...]) -> list[L1Call]:
        """In order. Raises `L1Error`; `L1Refused` if L1 takes none of them."""
        found = ((one, self._source.held(one.hash)) for one in challenges)
        answers = (_answer(one, self._contract, data) for one, data in found if data is not None)
        return await _with_withdrawal(self._account, answers)


class Keeping:
    """The same for promises: what was kept is shown, and the price drawn."""

    def __init__(self, account: L1Account, contracts: Contracts, source: PromiseSource) -> None:
        self._account = account
        self._contract = contracts.promise_slasher
        self._source = source

    async def calls(self, challenges: tuple[PromiseChallenged, ...]) -> list[L1Call]:
        """In order. Raises `L1Error`; `L1Refused` if L1 takes none of them."""
        found = ((one, self._source.kept(one)) for one in challenges)
        answers = (self._show(one, proof) for one, proof in found if proof is not None)
        return await _with_withdrawal(self._account, answers)

    def _show(self, asked: PromiseChallenged, proof: InclusionProof) -> L1Call:
        calldata = _SHOW_KEPT.call(
            asked.operator_id,
            asked.promise.for_contract(),
            asked.challenge.for_contract(),
            proof.for_contract(),
        )
        label = f"kept(0x{asked.id[:4].hex()}…)"
        return L1Call(label, self._contract, calldata, answer_gas(calldata))


def _answer(challenge: Challenge, contract: Address, data: bytes) -> L1Call:
    calldata = _ANSWER.call(challenge.id, data)
    label = f"answer(0x{challenge.id[:4].hex()}…)"
    return L1Call(label, contract, calldata, answer_gas(calldata))


async def _with_withdrawal(account: L1Account, answers: Iterable[L1Call]) -> list[L1Call]:
    """Those that L1 would take now, all to one contract, and the withdrawal of what they earn.
    Raises `L1Refused` if it would take none of them."""
    calls: list[L1Call] = []
    refused: L1Refused | None = None
    for call in answers:
        try:
            await account.estimate(call.to, call.data)
            calls.append(call)
        except L1Refused as refusal:
            refused = refusal
            why = describe_revert(refusal.data) if refusal.data else str(refusal)
            log.info("L1: %s is not taken: %s", call.label, why)
    if calls:
        calldata = _WITHDRAW.call(account.address)
        return [*calls, L1Call("withdraw", calls[0].to, calldata, WITHDRAW_GAS)]
    if refused is not None:
        raise refused
    return []


def answer_gas(calldata: bytes) -> int:
    """A limit that any answer stays below: the dearest calldata (EIP-7623), which is more than what
    its bytes cost in events and hashes."""
    return 21_000 + 40 * len(calldata) + 150_000
