"""Brings batches to L1 when it is this node's turn (SUBMIT-1 to SUBMIT-5), and keeps the next
committee recorded."""

import asyncio
import logging
from collections.abc import Callable

from sequencer.batches.batch import Batch
from sequencer.errors import PeerFault
from sequencer.l1 import abi
from sequencer.l1.account import L1Account, L1Call, TooDear
from sequencer.l1.client import Receipt
from sequencer.l1.committing import MAX_GAS, Committing, Source
from sequencer.l1.deployment import Contracts
from sequencer.l1.reverts import describe_revert, revert_name
from sequencer.l1.rpc import L1Refused
from sequencer.l1.submission import (
    MAX_TOGETHER,
    Commit,
    Seat,
    Situation,
    Snapshot,
    Step,
    due_up_to,
    next_step,
)
from sequencer.l1.view import L1View
from sequencer.types import BatchIndex, Epoch

log = logging.getLogger(__name__)

POLL_SECONDS = 0.25
_SNAPSHOT = abi.function("Committee", "snapshot")


class Submitter:
    """What L1 has, by `view`, decides each step; nothing is kept over a restart."""

    def __init__(
        self,
        account: L1Account,
        contracts: Contracts,
        view: L1View,
        source: Source,
        takeover_ms: int,
        now_ms: Callable[[], int],
        on_mined: Callable[[], None],
    ) -> None:
        """`on_mined` is called when L1 has something of ours, so that the view looks."""
        self._account = account
        self._contracts = contracts
        self._committing = Committing(account, contracts, source)
        self._view = view
        self._source = source
        self._takeover_ms = takeover_ms
        self._now_ms = now_ms
        self._on_mined = on_mined
        self._poked = asyncio.Event()
        self._ready_index = BatchIndex(0)
        self._ready_since_ms = 0
        self._mined_number = -1
        self._refused: tuple[Step, object] | None = None
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
        situation = self._situation()
        step = None if situation is None else next_step(situation)
        # What L1 refused stays refused until L1 changes.
        if step is None or (step, self._view.head) == self._refused:
            return False
        head = self._view.head
        try:
            receipts = await self._execute(step)
        except PeerFault as fault:
            self._refused = step, head
            self._note(step, fault)
            return False
        self._refused = None
        self._mined_number = max((r.block_number for r in receipts), default=-1)
        is_done = all(receipt.is_success for receipt in receipts)
        if not is_done:
            log.info("L1: %s reverted in block %d", _name(step), self._mined_number)
        self.last_error = None if is_done else f"{_name(step)} reverted"
        self._on_mined()
        return is_done and bool(receipts)

    def _situation(self) -> Situation | None:
        """None while there is nothing to decide on: no seat, no L1, or a view that has not yet
        seen what was mined."""
        seat, head = self._source.seat(), self._view.head
        if seat is None or head is None or head.number < self._mined_number:
            return None
        batches = self._ready_batches()
        return Situation(
            seat=Seat(*seat),
            takeover_ms=self._takeover_ms,
            batches=batches,
            waited_ms=self._now_ms() - self._ready_since_ms,
            consumed=self._view.consumed,
            due_up_to=due_up_to(self._view),
            l1_seconds=head.timestamp,
            latest_epoch=self._view.latest_epoch_recorded_at(head.number),
            schedule=self._view.schedule,
        )

    def _ready_batches(self) -> tuple[Batch, ...]:
        first = BatchIndex(self._view.last_index + 1)
        batches: list[Batch] = []
        for index in range(first, first + MAX_TOGETHER):
            ready = self._source.ready(BatchIndex(index))
            if ready is None:
                break
            batches.append(ready[0])
        if batches and self._ready_index != first:
            self._ready_index, self._ready_since_ms = first, self._now_ms()
        return tuple(batches)

    async def _execute(self, step: Step) -> list[Receipt]:
        match step:
            case Snapshot(epoch):
                calls = [await self._snapshot_call(epoch)]
                return await self._account.send(calls, lambda: self._wants_snapshot(step))
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

    async def _snapshot_call(self, epoch: Epoch) -> L1Call:
        to, data = self._contracts.committee, _SNAPSHOT.call(epoch)
        gas = await self._account.estimate(to, data)
        return L1Call(f"snapshot({epoch})", to, data, min(MAX_GAS, gas + gas // 4))

    def _note(self, step: Step, fault: PeerFault) -> None:
        """That another node was first is the normal end of a race."""
        text = str(fault)
        if isinstance(fault, L1Refused) and fault.data:
            text = describe_revert(fault.data)
        is_race = isinstance(fault, L1Refused) and revert_name(fault.data) in (
            "WrongIndex",
            "EpochNotAscending",
        )
        if text != self.last_error:
            log.log(logging.INFO if is_race else logging.WARNING, "L1: %s: %s", _name(step), text)
        self.last_error = None if is_race else text


def _name(step: Step) -> str:
    match step:
        case Snapshot(epoch):
            return f"snapshot({epoch})"
        case Commit(batches):
            return f"commit({batches[0].index})"
