"""The calls that answer challenges of held data (HELD-3)."""

import logging
from typing import Protocol

from sequencer.l1 import abi
from sequencer.l1.account import L1Account, L1Call
from sequencer.l1.challenges import Challenge
from sequencer.l1.deployment import Contracts
from sequencer.l1.reverts import describe_revert
from sequencer.l1.rpc import L1Refused
from sequencer.types import Hash32

log = logging.getLogger(__name__)

WITHDRAW_GAS = 100_000
"""Above what `withdraw` takes, to an account without code."""

_ANSWER = abi.function("DataAvailabilityChallenge", "answer")
_WITHDRAW = abi.function("DataAvailabilityChallenge", "withdraw")


class HeldSource(Protocol):
    """What is asked of a node that answers."""

    def held(self, content_hash: Hash32) -> bytes | None:
        """The bytes of a held segment; None if this node has none to give (HELD-5)."""


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
        calls: list[L1Call] = []
        refused: L1Refused | None = None
        for challenge in challenges:
            data = self._source.held(challenge.hash)
            if data is None:
                continue
            try:
                calls.append(await self._call(challenge, data))
            except L1Refused as refusal:
                refused = refusal
                why = describe_revert(refusal.data) if refusal.data else str(refusal)
                log.info("L1: no answer to 0x%s: %s", challenge.id.hex(), why)
        if calls:
            to, calldata = self._contract, _WITHDRAW.call(self._account.address)
            return [*calls, L1Call("withdraw", to, calldata, WITHDRAW_GAS)]
        if refused is not None:
            raise refused
        return []

    async def _call(self, challenge: Challenge, data: bytes) -> L1Call:
        to, calldata = self._contract, _ANSWER.call(challenge.id, data)
        await self._account.estimate(to, calldata)
        label = f"answer(0x{challenge.id[:4].hex()}…)"
        return L1Call(label, to, calldata, answer_gas(calldata))


def answer_gas(calldata: bytes) -> int:
    """A limit that any answer stays below: the dearest calldata (EIP-7623), which is more than the
    bytes cost in the event and in the hash."""
    return 21_000 + 40 * len(calldata) + 150_000
