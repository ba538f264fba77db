"""What a node knows of L1: the state after each of the last blocks, sans-IO (L1-1, L1-2).

The view takes blocks in order and can go back to any block of its window; what it says then is
what it would say had it never seen the blocks after. It answers "at a block" for origins, which
every node must judge alike, and "at the head" for what is committed.

Bounds: one small state for each block of the window; the messages not consumed before the window
and the commits inside it; the committees from `KEPT_COMMITTEES` epochs before the one this node has
come to (`reach`); 128 operators; and for each rollup ever registered, which its owner pays L1 for,
what it is, its last mode and its last notice. Challenges are bounded by what is paid for them
(`asked.py`).
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from sequencer.batches.attestations import NO_BATCH
from sequencer.batches.seen import NOBODY, Seen
from sequencer.errors import LocalFault, PeerFault
from sequencer.l1.asked import Asked
from sequencer.l1.challenges import Challenges
from sequencer.l1.events import (
    BasedEnding,
    BasedEntered,
    BatchCommitted,
    BatchesCharged,
    BatchPosted,
    Checkpointed,
    CommitteeRecorded,
    DataAnswered,
    DataChallenged,
    DataVoided,
    Event,
    ForceIncluded,
    L1Block,
    L1Header,
    MessageEnqueued,
    MessageKind,
    MessagesConsumed,
    ModeAnnounced,
    ModeCancelled,
    NoticeCleared,
    NoticeGiven,
    PromiseBroken,
    PromiseChallenged,
    PromiseKept,
    ReorgTooDeep,
    RollupRegistered,
)
from sequencer.l1.fees import NOT_CHARGED, Charged, Notice, NoticeHistory, charged_after
from sequencer.l1.modes import ModeHistory, Modes, based_after
from sequencer.l1.operators import Operator, OperatorEvent, apply_operator_event
from sequencer.l1.schedule import Schedule
from sequencer.types import Address, BatchIndex, Committee, Epoch, Hash32, RollupId

WINDOW = 256
"""L1-1: blocks that may be rolled back."""
KEPT_COMMITTEES = 1024
KEPT_DEADLINES = 65_536
"""Of forced messages that L1 has consumed: what a node must not attest depends on them
(NEGLECT-1)."""

_K = TypeVar("_K")
_V = TypeVar("_V")
_Log = dict[_K, tuple[int, _V]]
"""Values with the L1 block that recorded them, in order of blocks."""


@dataclass(frozen=True, slots=True)
class ForcedMessage:
    """A message of the ForcedInbox, `deadline` in seconds."""

    index: int
    rollup_id: RollupId
    sender: Address
    gas_limit: int
    deadline: int
    content: bytes
    kind: MessageKind
    l1_block: int


@dataclass(frozen=True, slots=True)
class Commit:
    """A batch on L1."""

    index: BatchIndex
    batch_hash: Hash32
    epoch: Epoch
    l1_number: int
    transaction_hash: Hash32


@dataclass(frozen=True, slots=True)
class _State:
    """Everything small, after block `number`; `header` is None before the first block."""

    number: int
    header: L1Header | None
    queue_length: int = 0
    consumed: int = 0
    last_index: BatchIndex = NO_BATCH
    seen: Seen = NOBODY
    charged: Charged = NOT_CHARGED
    latest_epoch: Epoch | None = None
    based_until: int = 0
    holders: int = 0
    operators: tuple[Operator, ...] = ()


class L1View:
    """L1 up to its head; `confirmations` and `schedule` are the node's and the deployment's."""

    def __init__(self, confirmations: int, schedule: Schedule, window: int = WINDOW) -> None:
        if not 0 <= confirmations < window:
            raise LocalFault(f"confirmations {confirmations}, expected 0 to {window - 1}")
        self.confirmations = confirmations
        self.schedule = schedule
        self.window = window
        self._states = [_State(-1, None)]
        self._messages: _Log[int, ForcedMessage] = {}
        self._deadlines: _Log[int, int] = {}
        self._commits: _Log[BatchIndex, Commit] = {}
        self._committees: _Log[Epoch, Committee] = {}
        self._reached = Epoch(0)
        self._rollups: _Log[RollupId, RollupRegistered] = {}
        self._modes = ModeHistory()
        self._notices = NoticeHistory()
        self.challenges = Challenges()
        self.promises: Asked[PromiseChallenged] = Asked()

    # --- following the chain ---

    def extend(self, block: L1Block) -> None:
        """Take the next block. A gap says that the blocks in it hold nothing of the deployment.

        Raises `PeerFault`, and changes nothing, if the block does not follow the head or its
        events do not follow the ones before: then logs are missing.
        """
        header, last = block.header, self._states[-1]
        self._check_follows(header, last)
        state = replace(last, number=header.number, header=header)
        try:
            for event in block.events:
                state = self._apply(state, event, header.timestamp)
        except PeerFault:
            self._forget_after(last.number)
            raise
        self._states.append(state)
        self._prune()

    def rollback_to(self, number: int) -> None:
        """Forget every block above `number`; raises `ReorgTooDeep` if that is below the window."""
        if number < self._states[0].number:
            raise ReorgTooDeep(
                f"L1 reorg to block {number} is below block {self._states[0].number},"
                f" the oldest of {self.window} that are kept (L1-1)"
            )
        while self._states[-1].number > number:
            self._states.pop()
        self._forget_after(number)

    @staticmethod
    def _check_follows(header: L1Header, last: _State) -> None:
        if header.number <= last.number:
            raise PeerFault(f"L1 block {header.number} does not follow {last.number}")
        if last.header is None or header.number != last.number + 1:
            return
        if header.parent_hash != last.header.hash:
            raise PeerFault(
                f"L1 block {header.number} has parent 0x{header.parent_hash.hex()},"
                f" expected 0x{last.header.hash.hex()}"
            )

    def _apply(self, state: _State, event: Event, timestamp: int) -> _State:
        match event:
            case MessageEnqueued():
                _expect("message", event.index, state.queue_length)
                self._messages[event.index] = (state.number, _message(event, state.number))
                self._deadlines[event.index] = (state.number, event.deadline)
                return replace(state, queue_length=event.index + 1)
            case ForceIncluded() | MessagesConsumed():
                if not event.first == state.consumed <= event.up_to <= state.queue_length:
                    raise PeerFault(
                        f"L1 consumes messages {event.first} to {event.up_to}, expected from"
                        f" {state.consumed} to at most {state.queue_length}: logs are missing"
                    )
                return replace(state, consumed=event.up_to)
            case BatchCommitted():
                _expect("batch", event.index, state.last_index + 1)
                self._commits[event.index] = (state.number, _commit(event, state.number))
                seen = state.seen.after(event.epoch, event.signers)
                return replace(state, last_index=event.index, seen=seen)
            case CommitteeRecorded():
                self._committees[event.committee.epoch] = (state.number, event.committee)
                return replace(state, latest_epoch=event.committee.epoch)
            case RollupRegistered():
                _expect("rollup", event.rollup_id, len(self._rollups) + 1)
                self._rollups[event.rollup_id] = (state.number, event)
                return replace(state, holders=state.holders + event.holds_data)
            case ModeAnnounced() | ModeCancelled() | NoticeGiven() | NoticeCleared():
                self._note_of_rollup(event, state.number, timestamp)
            case BasedEntered() | BasedEnding():
                return replace(state, based_until=based_after(state.based_until, event))
            case BatchesCharged():
                state = replace(
                    state, charged=charged_after(state.charged, event, state.last_index)
                )
            case DataChallenged() | DataAnswered() | DataVoided() | Checkpointed():
                self.challenges.note(event, state.number, timestamp)
            case BatchPosted():
                pass  # it is nothing to the committee
            case _:
                return self._apply_of_operator(state, event)
        return state

    def _apply_of_operator(
        self, state: _State, event: OperatorEvent | PromiseChallenged | PromiseKept | PromiseBroken
    ) -> _State:
        match event:
            case PromiseChallenged():
                self.promises.note_made(event, state.number)
            case PromiseKept() | PromiseBroken():
                self.promises.note_ended(event.id, state.number)
            case _:
                return replace(state, operators=apply_operator_event(state.operators, event))
        return state

    def _note_of_rollup(
        self,
        event: ModeAnnounced | ModeCancelled | NoticeGiven | NoticeCleared,
        number: int,
        timestamp: int,
    ) -> None:
        if event.rollup_id not in self._rollups:
            raise PeerFault(f"L1 logs show no rollup {event.rollup_id}: logs are missing")
        if isinstance(event, ModeAnnounced | ModeCancelled):
            self._modes.note(event, number, timestamp)
        else:
            self._notices.note(event, number)

    def reach(self, epoch: Epoch) -> None:
        """The finalized chain of this node has come to an epoch: it will not ask for committees
        of much earlier ones. One that learns the chain from its start needs them all."""
        self._reached = epoch

    def _forget_after(self, number: int) -> None:
        _drop_after(self._messages, number)
        _drop_after(self._deadlines, number)
        _drop_after(self._commits, number)
        _drop_after(self._committees, number)
        _drop_after(self._rollups, number)
        self._modes.drop_after(number)
        self._notices.drop_after(number)
        self.challenges.drop_after(number)
        self.promises.drop_after(number)

    def _prune(self) -> None:
        """Drop what no rollback can bring back."""
        states = self._states
        oldest = states[-1].number - self.window
        surplus = bisect_right(states, oldest, key=lambda state: state.number) - 1
        if surplus <= 0:
            return
        del states[:surplus]
        base = states[0]
        self._modes.forget_before(base.number)
        self._notices.forget_before(base.number)
        timestamp = base.header.timestamp if base.header else 0
        self.challenges.forget_before(base.number, timestamp)
        self.promises.forget_before(base.number, timestamp)
        _drop_first(self._messages, lambda index: index < base.consumed)
        _drop_first(self._deadlines, lambda index: index < base.consumed - KEPT_DEADLINES)
        _drop_first(self._commits, lambda index: index < base.last_index)
        oldest_epoch = self._reached - KEPT_COMMITTEES
        _drop_first(
            self._committees,
            lambda epoch: epoch < oldest_epoch and self._committees[epoch][0] <= base.number,
        )

    # --- blocks ---

    @property
    def head(self) -> L1Header | None:
        """The last block; None before the first."""
        return self._states[-1].header

    @property
    def confirmed(self) -> L1Header | None:
        """The last block at depth `confirmations` (L1-2); None if there is none yet."""
        return self.block_at(self._states[-1].number - self.confirmations)

    def block_at(self, number: int) -> L1Header | None:
        """The block of that number on this branch; None if it is not in the window."""
        state = self._state_at(number)
        return state.header if state is not None and state.number == number else None

    # --- at a block: alike on every node that has it ---

    def queue_length_at(self, number: int) -> int | None:
        """Forced messages enqueued up to a block; None outside the window."""
        state = self._state_at(number)
        return None if state is None else state.queue_length

    def chain_id_of(self, rollup_id: RollupId, at_number: int) -> int | None:
        """The chain id of a rollup that was registered at or before a block."""
        found = _recorded(self._rollups, rollup_id, at_number)
        return None if found is None else found.chain_id

    def holds_data(self, rollup_id: RollupId) -> bool:
        """Whether the committee holds the data of a rollup (ROLL-1); False for one not known."""
        found = self.registration_of(rollup_id)
        return found is not None and found.holds_data

    def registration_of(self, rollup_id: RollupId) -> RollupRegistered | None:
        """What a rollup was registered with, which never changes; None for one not known."""
        _, found = self._rollups.get(rollup_id, (0, None))
        return found

    def modes_at(self, rollup_id: RollupId, number: int) -> Modes:
        """Who orders a rollup, by what was announced up to a block (ROLL-3); below the window, up
        to its oldest block."""
        return self._modes.at(rollup_id, number)

    def notice_at(self, rollup_id: RollupId, number: int) -> Notice | None:
        """The notice that a rollup has after a block (FEE-4); below the window, after its oldest
        block."""
        return self._notices.at(rollup_id, number)

    def committee_at(self, epoch: Epoch, at_number: int) -> Committee | None:
        """The committee of an epoch, recorded at or before a block (EPOCH-2)."""
        return _recorded(self._committees, epoch, at_number)

    def latest_epoch_recorded_at(self, number: int) -> Epoch | None:
        """The highest epoch with a committee; None outside the window too."""
        state = self._state_at(number)
        return None if state is None else state.latest_epoch

    def operators_at(self, number: int) -> tuple[Operator, ...]:
        """Everyone who holds a place, by id; nobody outside the window."""
        state = self._state_at(number)
        return () if state is None else state.operators

    def message(self, index: int) -> ForcedMessage | None:
        """A message of the queue; None beyond the queue's end and below `first_message`."""
        recorded = self._messages.get(index)
        return None if recorded is None else recorded[1]

    def deadline(self, index: int) -> int | None:
        """The deadline of a message, in seconds, also of the last `KEPT_DEADLINES` below
        `first_message`; None of others."""
        recorded = self._deadlines.get(index)
        return None if recorded is None else recorded[1]

    @property
    def first_message(self) -> int:
        """Messages below were consumed on L1 before the window and are dropped: their deadline,
        for BLOCK-4, has passed."""
        return self._states[0].consumed

    # --- at the head: what is committed now ---

    @property
    def consumed(self) -> int:
        """Forced messages in the order, by commits or by `forceInclude`."""
        return self._states[-1].consumed

    @property
    def queue_length(self) -> int:
        return self._states[-1].queue_length

    @property
    def based_until(self) -> int:
        """FALLBACK-1: until when the chain is based, in seconds; `FOREVER` without an end."""
        return self._states[-1].based_until

    @property
    def has_held_data(self) -> bool:
        """Whether any rollup holds its data."""
        return self._states[-1].holders > 0

    def rollups_with_modes(self) -> list[RollupId]:
        """Those that have ever announced a mode."""
        return sorted(self._modes)

    @property
    def last_index(self) -> BatchIndex:
        """The last batch on L1; 0 if there is none."""
        return self._states[-1].last_index

    @property
    def seen(self) -> Seen:
        """How often each member was seen in the epoch of the last batch on L1 (SUBMIT-8)."""
        return self._states[-1].seen

    @property
    def charged(self) -> Charged:
        """Up to where rollups were charged (FEE-3)."""
        return self._states[-1].charged

    def rollups_with_notices(self) -> list[RollupId]:
        """Those that have ever been given notice."""
        return sorted(self._notices)

    @property
    def final_index(self) -> BatchIndex:
        """The last batch that no reorg within the window can take back (BATCH-5)."""
        return self._states[0].last_index

    def commit_of(self, index: BatchIndex) -> Commit | None:
        """The commit of a batch, back to `final_index`."""
        recorded = self._commits.get(index)
        return None if recorded is None else recorded[1]

    def _state_at(self, number: int) -> _State | None:
        """The state after block `number`; None above the head and below the window."""
        if not self._states[0].number <= number <= self._states[-1].number:
            return None
        at = bisect_right(self._states, number, key=lambda state: state.number)
        return self._states[at - 1]


def _expect(what: str, found: int, expected: int) -> None:
    if found != expected:
        raise PeerFault(f"L1 logs show {what} {found}, expected {expected}: logs are missing")


def _message(event: MessageEnqueued, l1_block: int) -> ForcedMessage:
    return ForcedMessage(
        event.index,
        event.rollup_id,
        event.sender,
        event.gas_limit,
        event.deadline,
        event.content,
        event.kind,
        l1_block,
    )


def _commit(event: BatchCommitted, l1_number: int) -> Commit:
    return Commit(event.index, event.batch_hash, event.epoch, l1_number, event.transaction_hash)


def _recorded(log: _Log[_K, _V], key: _K, at_number: int) -> _V | None:
    number, value = log.get(key, (at_number + 1, None))
    return value if number <= at_number else None


def _drop_after(log: _Log[_K, _V], number: int) -> None:
    while log:
        key = next(reversed(log))
        if log[key][0] <= number:
            return
        del log[key]


def _drop_first(log: _Log[_K, _V], is_old: Callable[[_K], bool]) -> None:
    while log:
        key = next(iter(log))
        if not is_old(key):
            return
        del log[key]
