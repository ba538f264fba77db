"""Brings to L1 what is this node's turn: answers to challenges (PROMISE-8, HELD-3), batches
(SUBMIT-1 to SUBMIT-5), the next committee, checkpoints (HELD-4), charges (SUBMIT-9), this
member's presence (SUBMIT-10)."""

import asyncio
import logging
from collections.abc import Callable
from itertools import islice
from typing import Protocol

from sequencer.batches.batch import Batch
from sequencer.errors import PeerFault
from sequencer.l1 import abi
from sequencer.l1.account import L1Account, TooDear
from sequencer.l1.answering import Answering, HeldSource, Keeping, PromiseSource
from sequencer.l1.challenges import Challenge
from sequencer.l1.charging import Charging, UsageSource, charge_due_since
from sequencer.l1.client import Receipt
from sequencer.l1.committing import BatchSource, Committing
from sequencer.l1.deployment import Deployment
from sequencer.l1.events import L1Header, PromiseChallenged
from sequencer.l1.filling import filling
from sequencer.l1.presence import Presence, PresenceSource, presence_due
from sequencer.l1.reverts import describe_revert, revert_name
from sequencer.l1.rpc import L1Refused
from sequencer.l1.submission import (
    MAX_TOGETHER,
    Answer,
    Charge,
    Commit,
    Fill,
    NoteCheckpoint,
    Seat,
    ShowKept,
    ShowPresence,
    Situation,
    Snapshot,
    Step,
    due_up_to,
    next_step,
    next_timestamp,
    turns_to_answer,
)
from sequencer.l1.view import L1View
from sequencer.types import BatchIndex, Epoch, MemberIndex

log = logging.getLogger(__name__)

POLL_SECONDS = 0.25
_SNAPSHOT = abi.function("Committee", "snapshot")
_CHECKPOINT = abi.function("DataAvailabilityChallenge", "checkpoint")


class Source(BatchSource, HeldSource, PromiseSource, UsageSource, PresenceSource, Protocol):
    """What the submitter asks of its node."""

    def seat(self) -> tuple[int, int] | None:
        """This node's member index and the committee's size; None if it has no seat."""


class Submitter:
    """What L1 has, by `view`, decides each step; nothing is kept over a restart."""

    def __init__(
        self,
        account: L1Account,
        deployment: Deployment,
        view: L1View,
        source: Source,
        takeover_ms: int,
        batches_together: int,
        now_ms: Callable[[], int],
        on_mined: Callable[[], None],
    ) -> None:
        """`on_mined` is called when L1 has something of ours, so that the view looks."""
        self._account = account
        self._deployment = deployment
        self._contracts = deployment.contracts
        self._committing = Committing(account, self._contracts, source)
        self._answering = Answering(account, self._contracts, source)
        self._keeping = Keeping(account, self._contracts, source)
        self._charging = Charging(account, self._contracts, source)
        self._presence = Presence(account, self._contracts, source)
        self._view = view
        self._source = source
        self._takeover_ms = takeover_ms
        self._batches_together = batches_together
        self._now_ms = now_ms
        self._on_mined = on_mined
        self._poked = asyncio.Event()
        self._ready_index = BatchIndex(0)
        self._ready_since_ms = 0
        self._head: L1Header | None = None
        self._head_since_ms = 0
        self._refused: set[Step] = set()
        """With this head. What L1 refused stays refused until L1 changes; so does a presence that
        this node cannot show."""
        self._shown: Epoch | None = None
        """The last epoch in which L1 has this member's presence, shown by whomever."""
        self._mined_number = -1
        self.last_error: str | None = None
        """Why the last attempt came to nothing; None if it did not."""

    def poke(self) -> None:
        """Something may have become ready."""
        self._poked.set()

    async def run(self) -> None:
        """For ever. What fails is noted and tried again."""
        while True:
            if await self.step():
                continue
            try:
                async with asyncio.timeout(POLL_SECONDS):
                    await self._poked.wait()
            except TimeoutError:
                pass
            self._poked.clear()

    async def step(self) -> bool:
        """Do what is this node's turn now and wait until it is mined; whether it was."""
        step = self._next()
        if step is None:
            return False
        try:
            receipts = await self._execute(step)
        except PeerFault as fault:
            self._refused.add(step)
            if isinstance(step, ShowPresence) and _reason(fault) == "PresenceShown":
                self._shown = step.epoch
            self._note(step, fault)
            return False
        self._mined_number = max((r.block_number for r in receipts), default=-1)
        is_done = all(receipt.is_success for receipt in receipts)
        if isinstance(step, ShowPresence) and receipts and is_done:
            self._shown = step.epoch
        if not is_done:
            log.info("L1: %s reverted in block %d", _name(step), self._mined_number)
        self.last_error = None if is_done else f"{_name(step)} reverted"
        self._on_mined()
        return is_done and bool(receipts)

    def _next(self) -> Step | None:
        """What this node should send now."""
        self._look_at_head()
        if (kept := self._kept()) and (step := ShowKept(kept)) not in self._refused:
            return step
        situation = self._situation()
        return None if situation is None else next_step(situation, self._refused)

    def _look_at_head(self) -> None:
        if self._view.head != self._head:
            self._head, self._head_since_ms = self._view.head, self._now_ms()
            self._refused.clear()

    @property
    def _current_head(self) -> L1Header | None:
        """None while the view has not yet seen what was mined."""
        head = self._view.head
        return None if head is None or head.number < self._mined_number else head

    def _situation(self) -> Situation | None:
        """None while there is nothing to decide on: no seat, no L1."""
        place, head, view = self._source.seat(), self._current_head, self._view
        if place is None or head is None:
            return None
        seat, since_head_ms = Seat(*place), self._now_ms() - self._head_since_ms
        batches = self._ready_batches()
        presence = presence_due(view, MemberIndex(seat.member))
        return Situation(
            seat=seat,
            takeover_ms=self._takeover_ms,
            batches=batches,
            waited_ms=self._now_ms() - self._ready_since_ms,
            queue_length=view.queue_length,
            consumed=view.consumed,
            due_up_to=due_up_to(view),
            l1_seconds=head.timestamp,
            since_head_ms=since_head_ms,
            latest_epoch=view.latest_epoch_recorded_at(head.number),
            schedule=view.schedule,
            answers=self._answers(seat, 1_000 * head.timestamp + since_head_ms),
            last_index=view.last_index,
            checkpoint=view.challenges.checkpoint,
            checkpoint_seconds=self._deployment.data_window_seconds // 2
            if view.has_held_data
            else None,
            charged=view.charged,
            charge_due=charge_due_since(view),
            presence=presence if presence != self._shown else None,
        )

    def _kept(self) -> tuple[PromiseChallenged, ...]:
        """PROMISE-8: as many as go together, of those that this node has kept."""
        if self._current_head is None:
            return ()
        waiting = self._view.promises.open_at(next_timestamp(self._view))
        return tuple(islice(filter(self._source.has_kept, waiting), MAX_TOGETHER))

    def _answers(self, seat: Seat, l1_ms: int) -> tuple[Challenge, ...]:
        """As many as go together, of those that this node has."""
        waiting = self._view.challenges.open_at(next_timestamp(self._view))
        due = turns_to_answer(waiting, seat, self._takeover_ms, l1_ms)
        held = (challenge for challenge in due if self._source.held(challenge.hash) is not None)
        return tuple(islice(held, MAX_TOGETHER))

    def _ready_batches(self) -> tuple[Batch, ...]:
        first = BatchIndex(self._view.last_index + 1)
        batches: list[Batch] = []
        for index in range(first, first + self._batches_together):
            ready = self._source.ready(BatchIndex(index))
            if ready is None:
                break
            batches.append(ready[0])
        if batches and self._ready_index != first:
            self._ready_index, self._ready_since_ms = first, self._now_ms()
        return tuple(batches)

    async def _execute(self, step: Step) -> list[Receipt]:
        match step:
            case ShowKept(promises):
                calls = await self._keeping.calls(promises)
                return await self._account.send(
                    calls, lambda: not set(promises).isdisjoint(self._kept())
                )
            case Answer(challenges):
                calls = await self._answering.calls(challenges)
                return await self._account.send(calls, lambda: self._wants_answer(challenges))
            case Snapshot(epoch):
                to, data = self._contracts.committee, _SNAPSHOT.call(epoch)
                call = await self._account.tried(_name(step), to, data)
                return await self._account.send([call], lambda: self._wants_snapshot(step))
            case NoteCheckpoint(index):
                to, data = self._contracts.data_availability_challenge, _CHECKPOINT.call()
                call = await self._account.tried(_name(step), to, data)
                return await self._account.send([call], lambda: self._wants_checkpoint(index))
            case Charge():
                calls = await self._charging.calls(step)
                return await self._account.send(calls, lambda: self._wants_charge(step))
            case ShowPresence(epoch):
                calls = await self._presence.calls(epoch, self._view)
                if not calls:
                    self._refused.add(step)
                return await self._account.send(calls, lambda: self._next() == step)
            case Fill(up_to):
                count = min(MAX_TOGETHER, up_to - self._view.queue_length)
                log.warning(
                    "L1 has %d forced messages, batch %d counts %d: %d are filled up (SUBMIT-7)",
                    *(self._view.queue_length, self._view.last_index + 1, up_to, count),
                )
                calls = await filling(self._account, self._contracts, count)
                return await self._account.send(calls, lambda: self._view.queue_length < up_to)
            case Commit():
                calls = await self._committing.calls(step)
                last = step.batches[-1].index
                try:
                    return await self._account.send(calls, lambda: self._view.last_index < last)
                except (L1Refused, TooDear):
                    self._committing.refused(step, calls)
                    raise

    def _wants_snapshot(self, step: Snapshot) -> bool:
        head = self._view.head
        recorded = None if head is None else self._view.latest_epoch_recorded_at(head.number)
        return recorded is None or recorded < step.epoch

    def _wants_answer(self, challenges: tuple[Challenge, ...]) -> bool:
        waiting = self._view.challenges.open_at(next_timestamp(self._view))
        return not set(challenges).isdisjoint(waiting)

    def _wants_checkpoint(self, index: BatchIndex) -> bool:
        noted = self._view.challenges.checkpoint
        return noted is None or noted.index < index

    def _wants_charge(self, step: Charge) -> bool:
        """Until it is done, or something else is due: that then takes its nonce."""
        return self._view.charged == step.charged and self._next() in (None, step)

    def _note(self, step: Step, fault: PeerFault) -> None:
        """That another node was first is the normal end of a race."""
        text = str(fault)
        if isinstance(fault, L1Refused) and fault.data:
            text = describe_revert(fault.data)
        is_race = _reason(fault) in (
            "WrongIndex",
            "EpochNotAscending",
            "WrongStatus",
            "NothingToCharge",
            "PresenceShown",
        )
        if text != self.last_error:
            log.log(logging.INFO if is_race else logging.WARNING, "L1: %s: %s", _name(step), text)
        self.last_error = None if is_race else text


def _reason(fault: PeerFault) -> str | None:
    """The error by whose name L1 refused a call; None if it did not."""
    return revert_name(fault.data) if isinstance(fault, L1Refused) else None


def _name(step: Step) -> str:
    match step:
        case ShowKept(promises):
            return f"kept(0x{promises[0].id[:4].hex()}…)"
        case Answer(challenges):
            return f"answer(0x{challenges[0].id[:4].hex()}…)"
        case NoteCheckpoint(index):
            return f"checkpoint({index})"
        case Charge(charged):
            return f"charge({charged.last + 1})"
        case ShowPresence(epoch):
            return f"showPresence({epoch})"
        case Fill(up_to):
            return f"fill({up_to})"
        case Snapshot(epoch):
            return f"snapshot({epoch})"
        case Commit(batches):
            return f"commit({batches[0].index})"
