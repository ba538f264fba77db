"""Whose turn it is to write to L1, and what (SUBMIT-1, SUBMIT-2, SUBMIT-9, SUBMIT-10, COMM-3,
HELD-3, HELD-4, PROMISE-8), and whether as blobs (SUBMIT-5): pure."""

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from sequencer.batches.attestations import NO_BATCH
from sequencer.batches.batch import Batch
from sequencer.l1.challenges import Challenge, Checkpoint
from sequencer.l1.events import PromiseChallenged
from sequencer.l1.fees import Charged
from sequencer.l1.schedule import Schedule
from sequencer.l1.view import L1View
from sequencer.types import BatchIndex, Epoch

MAX_TOGETHER = 4
"""Challenges answered, or messages filled up, in one go: four full transactions are what L1's pools
let one account have waiting when they are full."""
TRANSACTION_GAS = 21_000
EXECUTION_GAS = 30_000
SIGNER_GAS = 3_500
"""docs/gas.md."""
BLOB_GAS = 1 << 17
"""EIP-4844: of one blob."""
_INTERVALS = 8
"""L1 blocks that are looked at for the time between two."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A member of the committee that takes turns: its index and the committee's size."""

    member: int
    size: int

    def has_turn(self, number: int, waited_ms: int, takeover_ms: int) -> bool:
        """SUBMIT-1: member `number + k` with `k` the whole take-over times waited."""
        return (number + waited_ms // takeover_ms) % self.size == self.member


@dataclass(frozen=True, slots=True)
class Commit:
    """Commit these batches, the first of them next on L1, one after another; before that,
    if `force_up_to` is given, `forceInclude` of the messages that would stand in the way."""

    batches: tuple[Batch, ...]
    force_up_to: int | None = None


@dataclass(frozen=True, slots=True)
class Fill:
    """Enqueue messages without effect until there are as many as the next batch counts
    (SUBMIT-7)."""

    up_to: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Record the committee of an epoch."""

    epoch: Epoch


@dataclass(frozen=True, slots=True)
class Answer:
    """Bring the bytes of these held segments to L1 (DATA-3)."""

    challenges: tuple[Challenge, ...]


@dataclass(frozen=True, slots=True)
class ShowKept:
    """Show L1 that these promises of this node were kept (PROMISE-8). Nobody else's turn: it goes
    first, with a seat or without."""

    challenges: tuple[PromiseChallenged, ...]


@dataclass(frozen=True, slots=True)
class NoteCheckpoint:
    """Have L1 note its last batch, `index` or a later one (DATA-6)."""

    index: BatchIndex


@dataclass(frozen=True, slots=True)
class Charge:
    """Charge for the batches from where L1 stands up to `last`, as many as go together (FEE-3)."""

    charged: Charged
    last: BatchIndex


@dataclass(frozen=True, slots=True)
class ShowPresence:
    """Show that this member works in the epoch that runs (IDLE-3)."""

    epoch: Epoch


Step = ShowKept | Answer | Commit | Fill | Snapshot | NoteCheckpoint | Charge | ShowPresence


@dataclass(frozen=True, slots=True)
class Prices:
    """Of L1's head, in wei: a unit of gas with the tip, and a unit of blob gas, if L1 has any."""

    gas: int
    blob_gas: int | None


def commit_wei(prices: Prices, calldata: bytes, signers: int, blobs: int = 0) -> int:
    """What committing by this call costs, about: EIP-7623 for the calldata, and the execution,
    which is nearly the same in both forms."""
    zeros = calldata.count(0)
    tokens = zeros + 4 * (len(calldata) - zeros)
    execution = EXECUTION_GAS + SIGNER_GAS * signers
    gas = TRANSACTION_GAS + max(4 * tokens + execution, 10 * tokens)
    return gas * prices.gas + blobs * BLOB_GAS * (prices.blob_gas or 0)


@dataclass(frozen=True, slots=True)
class Situation:
    """All that a decision depends on. Times of L1 in seconds, others in milliseconds."""

    seat: Seat
    takeover_ms: int
    batches: tuple[Batch, ...]
    """The batches after the last one on L1 that have a quorum, without a gap: as many as may go
    together (SUBMIT-2)."""
    waited_ms: int
    """Since the first of them had its quorum."""
    queue_length: int
    """Forced messages on L1, of which `consumed` are in the order."""
    consumed: int
    due_up_to: int
    """Messages below are due when the next L1 block comes."""
    l1_seconds: int
    """Of L1's head."""
    since_head_ms: int
    """Since this node saw it."""
    latest_epoch: Epoch | None
    """With a committee on L1."""
    schedule: Schedule
    answers: tuple[Challenge, ...]
    """To give now (`turns_to_answer`), of which this node has the bytes."""
    last_index: BatchIndex
    """The last batch on L1."""
    checkpoint: Checkpoint | None
    """The newest one on L1."""
    checkpoint_seconds: int | None
    """From one checkpoint to the next (HELD-4); None while no rollup holds its data."""
    charged: Charged
    """Up to where rollups are charged."""
    charge_due: int | None
    """Since when there is enough to charge for (SUBMIT-9); None if there is not."""
    presence: Epoch | None
    """The epoch in which this member is to show itself (SUBMIT-10); None if it need not."""

    def waited_since(self, l1_seconds: int) -> int:
        """Milliseconds. L1's blocks alone are too coarse a clock: if a slot is a multiple of
        `takeover_ms`, some members would never have a turn."""
        return 1_000 * (self.l1_seconds - l1_seconds) + self.since_head_ms


def next_step(now: Situation, refused: Container[Step] = ()) -> Step | None:
    """What this node should send to L1 now, but for what L1 refuses; None if it is not its turn,
    or nothing is due."""
    return next((step for step in _steps(now) if step not in refused), None)


def _steps(now: Situation) -> Iterator[Step]:
    """All that is due, the most urgent first: an answer has a deadline (HELD-3)."""
    if now.answers:
        yield Answer(now.answers[:MAX_TOGETHER])
    yield from _commit(now)
    yield from _snapshot(now)
    yield from _checkpoint(now)
    yield from _charge(now)
    if now.presence is not None:
        yield ShowPresence(now.presence)


def _commit(now: Situation) -> Iterator[Commit | Fill]:
    """SUBMIT-1, SUBMIT-2; what stands in the way first (SUBMIT-7)."""
    if not now.batches:
        return
    first = now.batches[0]
    if not now.seat.has_turn(first.index, now.waited_ms, now.takeover_ms):
        return
    if first.forced_count > now.queue_length:
        if now.waited_ms >= now.takeover_ms:
            yield Fill(first.forced_count)
        return
    left = max(now.consumed, first.forced_count)
    force_up_to = now.due_up_to if now.due_up_to > left else None
    yield Commit(now.batches, force_up_to)


def _snapshot(now: Situation) -> Iterator[Snapshot]:
    """The committee of this epoch if it was missed, else that of the next: without it no block
    can take an origin from there (EPOCH-2). Turns as for batches, from the epoch's start."""
    epoch = now.schedule.epoch_of(now.l1_seconds)
    if epoch is None or now.latest_epoch is None or now.latest_epoch > epoch:
        return
    target = Epoch(max(epoch, now.latest_epoch + 1))
    started = now.schedule.start_of(epoch)
    if now.l1_seconds <= started:  # COMM-1: the selection must lie in the past
        return
    if now.seat.has_turn(target, now.waited_since(started), now.takeover_ms):
        yield Snapshot(target)


def _checkpoint(now: Situation) -> Iterator[NoteCheckpoint]:
    """HELD-4. Turns as for batches, from the time it is due."""
    if now.checkpoint_seconds is None:
        return
    index, due = NO_BATCH, now.schedule.genesis
    if now.checkpoint is not None:
        index, due = now.checkpoint.index, now.checkpoint.made_at + now.checkpoint_seconds
    if now.last_index <= index or now.l1_seconds < due:
        return
    if now.seat.has_turn(index, now.waited_since(due), now.takeover_ms):
        yield NoteCheckpoint(BatchIndex(index + 1))


def _charge(now: Situation) -> Iterator[Charge]:
    """SUBMIT-9. Turns as for batches, from the time it is due."""
    if now.charge_due is None:
        return
    waited_ms = now.waited_since(now.charge_due)
    if now.seat.has_turn(now.charged.last + 1, waited_ms, now.takeover_ms):
        yield Charge(now.charged, now.last_index)


def turns_to_answer(
    challenges: Iterable[Challenge], seat: Seat, takeover_ms: int, l1_ms: int
) -> Iterator[Challenge]:
    """HELD-3: those whose turn is this member's. `l1_ms` is L1's time now."""
    for challenge in challenges:
        waited_ms = l1_ms - 1_000 * challenge.made_at
        if seat.has_turn(int.from_bytes(challenge.id, "big"), waited_ms, takeover_ms):
            yield challenge


def due_up_to(view: L1View) -> int:
    """How many messages of the queue are due when the next L1 block comes, or before it."""
    expected = next_timestamp(view)
    index = view.consumed
    while (message := view.message(index)) is not None and message.deadline <= expected:
        index += 1
    return index


def next_timestamp(view: L1View) -> int:
    """Of the next L1 block if it comes as soon as one did lately."""
    head = view.head
    if head is None:
        return 0
    numbers = range(head.number - _INTERVALS, head.number + 1)
    times = [block.timestamp for number in numbers if (block := view.block_at(number)) is not None]
    intervals = [after - before for before, after in pairwise(times)]
    return head.timestamp + max(1, min(intervals, default=1))
