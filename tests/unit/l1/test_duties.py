"""What a member owes L1 and when it is its turn (SUBMIT-1, SUBMIT-2, COMM-3).

is_turn: rotates by index, then by takeover time
missing_committee
├── before genesis: none; nothing recorded: epoch 0
├── the current epoch is recorded: the next, once its selection time is past
├── the current epoch is missing: the current one, not those that have ended
└── the next one is recorded too: none
batch_duty
├── nothing due beyond the batch: commit
├── due messages beyond it: force those, and no more
└── due messages that L1 consumed already: commit
"""

import pytest

from sequencer.batches.attestations import Attestation, BatchCertificate
from sequencer.batches.batch import Batch
from sequencer.crypto.hashing import keccak, word
from sequencer.l1.duties import (
    CommitBatch,
    ForceMessages,
    batch_duty,
    is_turn,
    missing_committee,
)
from sequencer.l1.events import (
    CommitteeRecorded,
    Event,
    ForceIncluded,
    L1Block,
    L1Header,
    MessageEnqueued,
    RollupRegistered,
)
from sequencer.l1.schedule import Schedule
from sequencer.l1.view import L1View
from sequencer.types import (
    Address,
    BatchIndex,
    Committee,
    Epoch,
    Hash32,
    Height,
    Member,
    RollupId,
)

SCHEDULE = Schedule(genesis=1_000, epoch_seconds=100)
ZERO = Hash32(bytes(32))


def l1_at(*blocks: tuple[int, tuple[Event, ...]]) -> L1View:
    """A view of blocks 1, 2, 3 ... with these timestamps and events."""
    view = L1View(0, SCHEDULE)
    for number, (timestamp, events) in enumerate(blocks, 1):
        parent = keccak(word(number - 1))
        header = L1Header(number, keccak(word(number)), parent, timestamp)
        view.extend(L1Block(header, events))
    return view


def recorded(epoch: int) -> CommitteeRecorded:
    members = (Member(Address(b"\x01" * 20), 1),)
    return CommitteeRecorded(Committee(Epoch(epoch), members, keccak(word(epoch))))


def enqueued(index: int, deadline: int) -> MessageEnqueued:
    return MessageEnqueued(index, RollupId(1), Address(bytes(20)), 21_000, deadline, b"\x02")


@pytest.mark.parametrize(
    ("position", "waited_ms", "member"),
    [(0, 0, 0), (5, 0, 1), (5, 999, 1), (5, 1_000, 2), (5, 3_000, 0)],
)
def test_is_turn__rotates_by_index_then_by_time(position: int, waited_ms: int, member: int) -> None:
    turns = [m for m in range(4) if is_turn(position, waited_ms, 1_000, m, 4)]
    assert turns == [member]


@pytest.mark.parametrize(
    ("timestamp", "epochs", "expected"),
    [
        (999, (), None),
        (1_001, (), 0),
        (1_001, (0,), 1),
        (1_000, (0,), None),
        (1_001, (0, 1), None),
        (1_100, (0, 1), None),
        (1_101, (0, 1), 2),
        (1_150, (0,), 1),
        (1_550, (0, 1), 5),
    ],
)
def test_missing_committee__is_the_one_to_record_now(
    timestamp: int, epochs: tuple[int, ...], expected: int | None
) -> None:
    view = l1_at((900, tuple(recorded(epoch) for epoch in epochs)), (timestamp, ()))
    assert missing_committee(view) == expected


def test_missing_committee__before_any_block__is_none() -> None:
    assert missing_committee(L1View(0, SCHEDULE)) is None


def batch(forced_count: int) -> Batch:
    return Batch(BatchIndex(1), ZERO, Height(1), Height(1), ZERO, forced_count, ZERO)


CERTIFICATE = BatchCertificate(Attestation(Epoch(0), ZERO, BatchIndex(1), ZERO), bytes(32), b"")
QUEUE = tuple(enqueued(index, 1_010 + index) for index in range(5))


@pytest.mark.parametrize(
    ("timestamp", "forced_count", "up_to"),
    [
        (1_009, 0, None),
        (1_010, 0, 1),
        (1_012, 0, 3),
        (1_012, 2, 3),
        (1_012, 3, None),
        (2_000, 1, 5),
    ],
)
def test_batch_duty__forces_what_is_due_beyond_the_batch(
    timestamp: int, forced_count: int, up_to: int | None
) -> None:
    view = l1_at((1_000, (RollupRegistered(RollupId(1), 7), *QUEUE)), (timestamp, ()))
    expected = (
        CommitBatch(batch(forced_count), CERTIFICATE) if up_to is None else ForceMessages(up_to)
    )
    assert batch_duty(view, batch(forced_count), CERTIFICATE) == expected


def test_batch_duty__what_l1_forced_already__is_not_forced_again() -> None:
    view = l1_at(
        (1_000, (RollupRegistered(RollupId(1), 7), *QUEUE)), (1_011, (ForceIncluded(0, 2),))
    )
    assert isinstance(batch_duty(view, batch(0), CERTIFICATE), CommitBatch)
