"""Carries out what this node owes L1, one duty at a time (SUBMIT-1 to SUBMIT-4).

What is on L1 decides: nothing is remembered of what was sent. After a restart or a reorg the
view says which batch is next, and the same signed batch goes out again.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Protocol

from sequencer.batches.attestations import BatchCertificate
from sequencer.batches.batch import Batch
from sequencer.errors import PeerFault
from sequencer.l1 import abi
from sequencer.l1.account import L1Account, Reverted
from sequencer.l1.calldata import encode_commit
from sequencer.l1.client import Receipt
from sequencer.l1.deployment import Contracts
from sequencer.l1.duties import (
    CommitBatch,
    Duty,
    ForceMessages,
    RecordCommittee,
    batch_duty,
    is_turn,
    missing_committee,
    next_index,
)
from sequencer.l1.view import L1View
from sequencer.types import BatchIndex

log = logging.getLogger(__name__)

IDLE_SECONDS = 0.2
BACKOFF_SECONDS = 1.0
_SNAPSHOT = abi.function("Committee", "snapshot")
_FORCE_INCLUDE = abi.function("ForcedInbox", "forceInclude")


class Source(Protocol):
    """What the node behind the submitter has."""

    def seat(self) -> tuple[int, int] | None:
        """This node's member index and the size of its committee; None without a seat."""

    def ready(self, index: BatchIndex) -> tuple[Batch, BatchCertificate] | None:
        """A batch that has its quorum."""

    def data(self, batch: Batch) -> bytes:
        """ENC-13."""


class Submitter:
    """One node's hand on L1."""

    def __init__(
        self,
        account: L1Account,
        contracts: Contracts,
        l1: L1View,
        source: Source,
        takeover_ms: int,
        now_ms: Callable[[], int],
        poke_watcher: Callable[[], None],
    ) -> None:
        self._account = account
        self._contracts = contracts
        self._l1 = l1
        self._source = source
        self._takeover_ms = takeover_ms
        self._now_ms = now_ms
        self._poke_watcher = poke_watcher
        self._since: dict[str, tuple[int, int]] = {}
        """For each kind of duty, which one is next and since when it could be done."""
        self._no_committee_before_ms = 0
        self.last_error: str | None = None

    async def run(self) -> None:
        """For ever; faults of L1 are noted and tried again."""
        while True:
            duty = self.next_duty()
            if duty is None:
                await asyncio.sleep(IDLE_SECONDS)
                continue
            try:
                receipt = await self._carry_out(duty)
            except Reverted as reverted:
                # Most often another member was faster; the view will say.
                log.info("L1 refuses %s: %s", _name(duty), reverted)
                if isinstance(duty, RecordCommittee):  # too few bonds, say: batches go on
                    self._no_committee_before_ms = self._now_ms() + self._takeover_ms
                await self._pause(str(reverted))
            except PeerFault as fault:
                log.warning("%s: %s", _name(duty), fault)
                await self._pause(str(fault))
            else:
                log.info("%s: in L1 block %d", _name(duty), receipt.block_number)
                await self._until_seen(receipt)

    def next_duty(self) -> Duty | None:
        """What this node should send now, if it is its turn."""
        seat = self._source.seat()
        if seat is None:
            return None
        epoch = missing_committee(self._l1)
        is_open = self._now_ms() >= self._no_committee_before_ms
        if epoch is not None and is_open and self._is_turn("epoch", epoch, seat):
            return RecordCommittee(epoch)
        index = next_index(self._l1)
        found = self._source.ready(index)
        if found is None or not self._is_turn("batch", index, seat):
            return None
        return batch_duty(self._l1, *found)

    def _is_turn(self, kind: str, position: int, seat: tuple[int, int]) -> bool:
        now_ms = self._now_ms()
        known, since_ms = self._since.get(kind, (None, now_ms))
        if known != position:
            since_ms = now_ms
            self._since[kind] = (position, now_ms)
        return is_turn(position, now_ms - since_ms, self._takeover_ms, *seat)

    async def _carry_out(self, duty: Duty) -> Receipt:
        match duty:
            case RecordCommittee():
                call = _SNAPSHOT.call(duty.epoch)
                return await self._account.send(self._contracts.committee, call)
            case ForceMessages():
                call = _FORCE_INCLUDE.call(duty.up_to)
                return await self._account.send(self._contracts.forced_inbox, call)
            case CommitBatch():
                call = encode_commit(duty.batch, duty.certificate, self._source.data(duty.batch))
                return await self._account.send(self._contracts.commitment_chain, call)

    async def _pause(self, error: str) -> None:
        self.last_error = error
        self._poke_watcher()
        await asyncio.sleep(BACKOFF_SECONDS)

    async def _until_seen(self, receipt: Receipt) -> None:
        """Wait until the view has the block, or L1 has dropped it."""
        self.last_error = None
        until = self._now_ms() + self._takeover_ms
        while self._now_ms() < until:
            head = self._l1.head
            if head is not None and head.number >= receipt.block_number:
                return
            self._poke_watcher()
            await asyncio.sleep(IDLE_SECONDS)


def _name(duty: Duty) -> str:
    match duty:
        case RecordCommittee():
            return f"recording the committee of epoch {duty.epoch}"
        case ForceMessages():
            return f"forcing messages up to {duty.up_to}"
        case CommitBatch():
            return f"committing batch {duty.batch.index}"
