"""Promises of inclusion that somebody gave to the watchtower (PROMISE-5 to PROMISE-7): whether they
were kept, by the nodes; if not, the challenge, and the settlement once nobody has answered."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from enum import IntEnum

import msgspec

from sequencer.batches.batch import Batch
from sequencer.errors import PeerFault
from sequencer.evidence.fields import report_commitment
from sequencer.evidence.promise import PromiseEvidence
from sequencer.l1 import abi
from sequencer.l1.account import GWEI
from sequencer.promises.challenge import PromiseChallenge, challenge_of
from sequencer.promises.promise import InclusionPromise
from sequencer.types import Hash32, Height
from sequencer.watch.desk import Desk
from sequencer.watch.l1 import Contracts
from sequencer.watch.nodes import WatchedNode
from sequencer.watch.purse import Call, Estimate, Purse, Step
from sequencer.watch.store import Report, Status

log = logging.getLogger(__name__)

LATE_SECONDS = 60
"""From the head to the challenge, in the estimate: whatever is mined in between."""
PRICE_ROOM = 2
"""The base fee may double until the challenge is mined; what is too much is credited."""


class _Challenge(IntEnum):
    """The numbers of `PromiseStatus` in `IPromiseSlasher`."""

    NONE = 0
    OPEN = 1
    KEPT = 2
    BROKEN = 3


class PromiseBook:
    """What becomes of promises."""

    def __init__(self, desk: Desk, contracts: Contracts, nodes: Sequence[WatchedNode]) -> None:
        self._store = desk.store
        self._alerts = desk.alerts
        self._contracts = contracts
        self._nodes = nodes

    async def advance(
        self, report: Report, evidence: PromiseEvidence, purse: Purse | None
    ) -> Report:
        """Do what can be done now. Raises `Refused` and `L1Error`."""
        operator_id = await self._contracts.operator_of(evidence.signer)
        if operator_id == 0:
            return replace(report, note="the key is no operator's on L1")
        promise_id = evidence.id(operator_id)
        status, is_reclaimed = await self._contracts.read("PromiseSlasher", "statusOf", promise_id)
        if status == _Challenge.NONE:
            return await self._challenge(report, evidence, operator_id, purse)
        if status == _Challenge.KEPT:
            is_final = await self._has_stood(promise_id, status)
            return _ended(report, "L1 was shown that it was kept", is_final=is_final)
        asked = await self._contracts.challenge_of(promise_id)
        head = await self._contracts.client.head()
        if head.timestamp < asked.deadline:
            return replace(report, status=Status.BEGUN, note="it may still be answered")
        is_ours = purse is not None and asked.challenger == purse.address
        if purse is not None and is_ours and not is_reclaimed:
            call = self._reclaim_call(promise_id, asked, purse)
            await purse.send(f"price of {report.name}", call)
        if status == _Challenge.BROKEN:
            is_final = await self._has_stood(promise_id, status, is_reclaimed=is_ours)
            if is_final and report.sent and await self._contracts.has_succeeded(report.sent):
                return replace(report, status=Status.REPORTED, note="")
            return _ended(report, "it is settled as broken", is_final=is_final)
        # If it was settled, L1 has taken that back.
        report = replace(report, status=Status.BEGUN, sent=b"")
        if purse is None or not is_ours:  # whoever challenged gets the reward
            return replace(report, note="somebody else has challenged it")
        return await self._settle(report, evidence, operator_id, purse, asked)

    async def _challenge(
        self, report: Report, evidence: PromiseEvidence, operator_id: int, purse: Purse | None
    ) -> Report:
        batch = self._store.commit_with(evidence.promise.last_height)
        if batch is None:
            return replace(report, note="L1 has not come to its last height")
        if await self._is_kept(evidence):
            number = await self._contracts.confirmed()
            last = await self._contracts.read("CommitmentChain", "lastIndex", number=number)
            return _ended(report, "it was kept", is_final=int(last) >= batch.index)
        self._alerts.tell(
            "broken-promise",
            report.name,
            f"0x{evidence.signer.hex()} has not kept its promise of transaction"
            f" 0x{evidence.promise.tx_hash.hex()} up to height {evidence.promise.last_height}",
        )
        if purse is None:
            return report
        commitment = report_commitment(evidence.id(operator_id), purse.address, report.salt)
        commit = self._contracts.call("PromiseSlasher", "commitReport", commitment)
        challenge = await self._challenge_call(report, evidence, batch)
        made = await self._contracts.read("PromiseSlasher", "committedIn", commitment)
        steps = [] if made else [Step((commit,))]
        estimate = await self._estimate(steps, challenge, evidence, operator_id, purse)
        if not estimate.pays:
            return replace(report, status=Status.FOUND, note=str(estimate))
        begun = replace(report, status=Status.BEGUN, reward_wei=estimate.reward_wei)
        self._store.put_report(begun)
        await purse.send(f"challenge of {report.name}", challenge if made else commit)
        return begun

    async def _challenge_call(
        self, report: Report, evidence: PromiseEvidence, batch: Batch
    ) -> Call:
        arguments = *evidence.for_contract(), msgspec.structs.astuple(batch), report.salt
        price = PRICE_ROOM * await self._price()
        return self._contracts.call("PromiseSlasher", "challenge", *arguments, value_wei=price)

    async def _estimate(
        self,
        before: Sequence[Step],
        challenge: Call,
        evidence: PromiseEvidence,
        operator_id: int,
        purse: Purse,
    ) -> Estimate:
        """With all that comes after everybody had time to answer: that states the challenge as it
        was made, so the challenge is simulated alone first."""
        head = await self._contracts.client.head()
        begun = [*before, Step((challenge,), at=head.timestamp + LATE_SECONDS)]
        *_, (result,) = await purse.simulate("challenge", begun)
        told = abi.function("PromiseSlasher", "challenge").returned(result.data)
        asked = challenge_of(tuple(told.values()))
        reclaim = self._reclaim_call(evidence.id(operator_id), asked, purse)
        after = (self._settle_call(evidence, operator_id, asked), reclaim)
        return await purse.estimate("challenge", [*begun, Step(after, at=asked.deadline)])

    def _settle_call(
        self, evidence: PromiseEvidence, operator_id: int, asked: PromiseChallenge
    ) -> Call:
        arguments = operator_id, evidence.promise.for_contract(), asked.for_contract()
        return self._contracts.call("PromiseSlasher", "settle", *arguments)

    def _reclaim_call(self, promise_id: Hash32, asked: PromiseChallenge, purse: Purse) -> Call:
        arguments = promise_id, asked.for_contract(), purse.address
        return self._contracts.call("PromiseSlasher", "reclaim", *arguments)

    async def _settle(
        self,
        report: Report,
        evidence: PromiseEvidence,
        operator_id: int,
        purse: Purse,
        asked: PromiseChallenge,
    ) -> Report:
        call = self._settle_call(evidence, operator_id, asked)
        receipt = await purse.send(f"settlement of {report.name}", call)
        if not receipt.is_success:
            return replace(report, note="the settlement reverted")
        self._alerts.tell(
            "reported", report.name, f"{report.name}: the promise is settled as broken"
        )
        return replace(
            report,
            status=Status.PENDING,
            note="L1 may still take it back",
            sent=receipt.transaction_hash,
        )

    async def _has_stood(
        self, promise_id: Hash32, status: int, *, is_reclaimed: bool = False
    ) -> bool:
        """Whether L1 will not take back that the challenge ended so, and if asked, its price."""
        number = await self._contracts.confirmed()
        stood, was_reclaimed = await self._contracts.read(
            "PromiseSlasher", "statusOf", promise_id, number=number
        )
        return bool(stood == status and (was_reclaimed or not is_reclaimed))

    async def _is_kept(self, evidence: PromiseEvidence) -> bool:
        """Whether a node shows the transaction in a batch of L1: who broke the promise may say that
        it is there. What no node has, that has all of the range, is not in it.
        Raises `PeerFault` while none has."""
        promise, has_all = evidence.promise, False
        for node in self._nodes:
            try:
                if await self._shows(node, promise):
                    return True
                has_all |= await node.height() >= promise.last_height
            except PeerFault as fault:
                log.debug("%s", fault)
        if not has_all:
            raise PeerFault("no node that answers has all blocks of the promise")
        return False

    async def _shows(self, node: WatchedNode, promise: InclusionPromise) -> bool:
        height = await node.height_of(promise.rollup, promise.tx_hash)
        if height is None or height > promise.last_height:
            return False
        batch = self._store.commit_with(Height(height))
        return batch is not None and await node.shows(
            batch, Height(height), promise.rollup, promise.tx_hash
        )

    async def _price(self) -> int:
        """What a challenge costs, a little more than at the head's base fee."""
        base_fee = await self._contracts.client.base_fee_wei()
        gas = int(await self._contracts.read("PromiseSlasher", "ANSWER_GAS"))
        return gas * (2 * base_fee + GWEI)


def _ended(report: Report, how: str, *, is_final: bool) -> Report:
    """Done with, unless L1 may still take it back."""
    return replace(report, status=Status.SETTLED if is_final else Status.PENDING, note=how)
