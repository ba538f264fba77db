"""What a member owes L1 and when it is its turn (SUBMIT-1, SUBMIT-2, COMM-3, HELD-3, HELD-4).

next_step
├── challenges to answer: those first, at most four
├── a batch is ready
│   ├── not this member's turn: nothing
│   ├── its turn: commit it, and what follows it, at most four
│   ├── L1 has fewer messages than it counts: nothing for a while, then fill up (SUBMIT-7)
│   └── messages due beyond it when the next block comes: forced first, and no more
└── no batch, or another's turn
    ├── this epoch's committee is missing: record it
    ├── the next one's is missing: record that, once its selection time is past
    ├── a rollup holds its data, the newest checkpoint is old, and there are batches since: note one
    └── none of these: nothing
"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.batches.batch import Batch
from sequencer.l1.challenges import Challenge, Checkpoint
from sequencer.l1.events import Event, L1Block, L1Header
from sequencer.l1.fees import NOT_CHARGED, Charged
from sequencer.l1.schedule import Schedule
from sequencer.l1.submission import (
    Answer,
    Charge,
    Commit,
    Fill,
    NoteCheckpoint,
    Seat,
    ShowPresence,
    Situation,
    Snapshot,
    due_up_to,
    next_step,
    turns_to_answer,
)
from sequencer.l1.view import L1View
from sequencer.types import ZERO_HASH, BatchIndex, Epoch, Hash32, Height, RollupId
from tests.unit.l1.chains import block_hash, enqueued, forced

SCHEDULE = Schedule(genesis=1_000, epoch_seconds=100)
TAKEOVER_MS = 4_000


def batch(index: int, forced_count: int = 0) -> Batch:
    return Batch(
        BatchIndex(index),
        ZERO_HASH,
        Height(index),
        Height(index),
        ZERO_HASH,
        forced_count,
        ZERO_HASH,
        ZERO_HASH,
        ZERO_HASH,
    )


def situation(**changes: object) -> Situation:
    """Member 1 of 4, batch 5 just ready, every committee recorded."""
    calm = Situation(
        seat=Seat(1, 4),
        takeover_ms=TAKEOVER_MS,
        batches=(batch(5),),
        waited_ms=0,
        queue_length=9,
        consumed=0,
        due_up_to=0,
        l1_seconds=1_150,
        since_head_ms=0,
        latest_epoch=Epoch(2),
        schedule=SCHEDULE,
        answers=(),
        last_index=BatchIndex(4),
        checkpoint=None,
        checkpoint_seconds=None,
        charged=NOT_CHARGED,
        charge_due=None,
        presence=None,
    )
    return replace(calm, **changes)  # type: ignore[arg-type]


class TestTurns:
    @pytest.mark.parametrize(
        ("index", "waited_ms", "member"),
        [(0, 0, 0), (5, 0, 1), (5, 3_999, 1), (5, 4_000, 2), (5, 12_000, 0), (5, 16_000, 1)],
    )
    def test_turn__rotates_by_index_then_by_time(
        self, index: int, waited_ms: int, member: int
    ) -> None:
        turns = [n for n in range(4) if Seat(n, 4).has_turn(index, waited_ms, TAKEOVER_MS)]
        assert turns == [member]

    @given(st.integers(1, 128), st.integers(0, 10**6), st.integers(0, 10**9))
    def test_turn__exactly_one_member_has_it(self, size: int, index: int, waited: int) -> None:
        turns = [Seat(n, size).has_turn(index, waited, TAKEOVER_MS) for n in range(size)]
        assert turns.count(True) == 1

    def test_next_step__another_members_turn__nothing(self) -> None:
        assert next_step(situation(seat=Seat(2, 4))) is None

    def test_next_step__a_member_that_does_nothing__is_taken_over(self) -> None:
        late = situation(seat=Seat(2, 4), waited_ms=TAKEOVER_MS)
        assert next_step(late) == Commit((batch(5),))


class TestCommit:
    def test_next_step__its_turn__commits(self) -> None:
        assert next_step(situation()) == Commit((batch(5),))

    def test_next_step__more_are_ready__go_together(self) -> None:
        batches = tuple(batch(index) for index in range(5, 11))
        assert next_step(situation(batches=batches)) == Commit(batches)

    @pytest.mark.parametrize(
        ("consumed", "counted", "due", "forced_to"),
        [
            (0, 0, 0, None),
            (0, 0, 3, 3),
            (0, 2, 3, 3),
            (0, 3, 3, None),
            (3, 0, 3, None),
            (0, 4, 3, None),
        ],
    )
    def test_next_step__messages_due_beyond_the_batch__are_forced_first(
        self, consumed: int, counted: int, due: int, forced_to: int | None
    ) -> None:
        """SUBMIT-2."""
        now = situation(batches=(batch(5, counted),), consumed=consumed, due_up_to=due)
        assert next_step(now) == Commit((batch(5, counted),), forced_to)

    def test_next_step__l1_has_lost_messages_it_counts__fills_up_after_a_takeover(self) -> None:
        """SUBMIT-7: L1 itself or their owners may bring them again first."""
        lost = situation(batches=(batch(5, 9), batch(6, 9)), queue_length=7)
        assert next_step(lost) is None
        late = replace(lost, seat=Seat(2, 4), waited_ms=TAKEOVER_MS)
        assert next_step(late) == Fill(9)
        assert next_step(replace(late, seat=Seat(1, 4))) is None
        assert next_step(replace(late, queue_length=9)) == Commit(late.batches)

    def test_next_step__waits_for_lost_messages__still_records_a_committee(self) -> None:
        lost = situation(batches=(batch(5, 9),), queue_length=7, latest_epoch=Epoch(1))
        seats = [next_step(replace(lost, seat=Seat(member, 4))) for member in range(4)]
        assert seats.count(Snapshot(Epoch(2))) == 1


class TestSnapshot:
    @pytest.mark.parametrize(
        ("seconds", "latest", "target"),
        [
            (999, 0, None),  # before genesis
            (1_000, 0, None),  # the selection time is not past
            (1_001, 0, 1),
            (1_050, None, None),  # nobody has a seat: whoever deploys takes the first
            (1_150, 1, 2),
            (1_150, 2, None),
            (1_150, 0, 1),  # this epoch was missed
            (1_550, 1, 5),  # those that have ended stay without
        ],
    )
    def test_next_step__without_batches__records_the_missing_committee(
        self, seconds: int, latest: int | None, target: int | None
    ) -> None:
        steps = {
            next_step(
                situation(batches=(), seat=Seat(n, 4), l1_seconds=seconds, latest_epoch=latest)
            )
            for n in range(4)
        }
        assert steps - {None} == (set() if target is None else {Snapshot(Epoch(target))})

    def test_next_step__turns_are_taken_by_l1_time(self) -> None:
        def turn(seconds: int) -> list[int]:
            missing = {"batches": (), "latest_epoch": Epoch(1), "l1_seconds": seconds}
            return [n for n in range(4) if next_step(situation(seat=Seat(n, 4), **missing))]

        assert [turn(seconds) for seconds in (1_101, 1_103, 1_104, 1_108)] == [[2], [2], [3], [0]]

    def test_s11_slots_of_whole_takeovers__leave_nobody_without_a_turn(self) -> None:
        """L1's blocks come three take-over times apart, and there are three members."""
        missing = {"batches": (), "latest_epoch": Epoch(1), "l1_seconds": 1_112}
        turns = [
            [
                n
                for n in range(3)
                if next_step(situation(seat=Seat(n, 3), since_head_ms=ms, **missing))
            ]
            for ms in (0, 4_000, 8_000)
        ]
        assert turns == [[2], [0], [1]]

    def test_next_step__anothers_turn_to_commit__leaves_time_for_it(self) -> None:
        now = situation(seat=Seat(2, 4), latest_epoch=Epoch(1), l1_seconds=1_101)
        assert next_step(now) == Snapshot(Epoch(2))


def challenge(number: int, made_at: int = 1_100) -> Challenge:
    """Challenge `number` is member `number`'s at once."""
    digest = Hash32(number.to_bytes(32, "big"))
    return Challenge(digest, RollupId(1), 100, digest, made_at, made_at + 500)


class TestAnswer:
    """HELD-3."""

    @pytest.mark.parametrize(
        ("waited_ms", "ids"), [(0, [1, 5]), (3_999, [1, 5]), (4_000, [0, 4]), (16_000, [1, 5])]
    )
    def test_turns__by_the_id_then_by_time(self, waited_ms: int, ids: list[int]) -> None:
        challenges = [challenge(number) for number in range(7)]
        l1_ms = 1_100_000 + waited_ms
        due = turns_to_answer(challenges, Seat(1, 4), TAKEOVER_MS, l1_ms)
        assert list(due) == [challenges[number] for number in ids]

    def test_next_step__goes_before_a_commit(self) -> None:
        now = situation(answers=(challenge(1),))
        assert next_step(now) == Answer((challenge(1),))

    def test_next_step__at_most_four_together(self) -> None:
        challenges = tuple(challenge(number) for number in range(6))
        assert next_step(situation(answers=challenges)) == Answer(challenges[:4])

    def test_next_step__refused__does_not_hold_up_commits(self) -> None:
        now = situation(answers=(challenge(1),))
        assert next_step(now, {Answer((challenge(1),))}) == Commit((batch(5),))


class TestCheckpoint:
    """HELD-4: of this world, every 50 seconds."""

    @pytest.mark.parametrize(
        ("checkpoint", "seconds", "last", "noted"),
        [
            (None, 1_150, 4, 1),  # there is none yet
            (None, 1_150, 0, None),  # nor a batch
            (Checkpoint(BatchIndex(2), 1_100), 1_149, 4, None),  # it is not old enough
            (Checkpoint(BatchIndex(2), 1_100), 1_150, 4, 3),
            (Checkpoint(BatchIndex(4), 1_100), 1_150, 4, None),  # it has every batch
        ],
    )
    def test_next_step__old_and_batches_since__notes_one(
        self, checkpoint: Checkpoint | None, seconds: int, last: int, noted: int | None
    ) -> None:
        old = {"checkpoint": checkpoint, "checkpoint_seconds": 50, "last_index": BatchIndex(last)}
        steps = {
            next_step(situation(batches=(), seat=Seat(n, 4), l1_seconds=seconds, **old))
            for n in range(4)
        }
        expected = set() if noted is None else {NoteCheckpoint(BatchIndex(noted))}
        assert steps - {None} == expected

    def test_next_step__no_rollup_holds_its_data__none(self) -> None:
        assert {next_step(situation(batches=(), seat=Seat(n, 4))) for n in range(4)} == {None}

    def test_next_step__turns_are_taken_by_time(self) -> None:
        old = {"checkpoint": Checkpoint(BatchIndex(2), 1_100), "checkpoint_seconds": 50}
        turns = [
            [
                n
                for n in range(4)
                if next_step(situation(batches=(), seat=Seat(n, 4), since_head_ms=ms, **old))
            ]
            for ms in (0, 4_000, 8_000)
        ]
        assert turns == [[2], [3], [0]]


class TestCharge:
    """SUBMIT-9."""

    TWO = Charged(BatchIndex(2), 0)

    def test_next_step__due__one_member_after_another(self) -> None:
        due = {"batches": (), "charged": self.TWO, "charge_due": 1_150}
        turns = [
            [n for n in range(4) if next_step(situation(seat=Seat(n, 4), since_head_ms=ms, **due))]
            for ms in (0, 4_000, 8_000)
        ]
        assert turns == [[3], [0], [1]]
        step = next_step(situation(seat=Seat(3, 4), **due))
        assert step == Charge(self.TWO, BatchIndex(4))

    def test_next_step__not_due__none(self) -> None:
        quiet = {"batches": (), "charged": self.TWO}
        assert {next_step(situation(seat=Seat(n, 4), **quiet)) for n in range(4)} == {None}

    def test_next_step__anything_else__goes_before(self) -> None:
        due = {"charged": Charged(BatchIndex(0), 0), "charge_due": 1_150}
        assert next_step(situation(**due)) == Commit((batch(5),))
        charge = Charge(Charged(BatchIndex(0), 0), BatchIndex(4))
        assert next_step(situation(**due), {Commit((batch(5),))}) == charge


def view_at(*blocks: tuple[int, tuple[Event, ...]]) -> L1View:
    """Blocks 1, 2, ... at these times with these events."""
    view = L1View(0, SCHEDULE)
    for number, (seconds, events) in enumerate(blocks, start=1):
        header = L1Header(number, block_hash(number, "t"), block_hash(number - 1, "t"), seconds)
        view.extend(L1Block(header, events))
    return view


QUEUE = tuple(enqueued(index, deadline=1_100 + 10 * index) for index in range(4))


class TestDue:
    @pytest.mark.parametrize(
        ("seconds", "due"), [(1_087, 0), (1_088, 1), (1_098, 2), (1_117, 3), (2_000, 4)]
    )
    def test_due_up_to__looks_one_block_ahead(self, seconds: int, due: int) -> None:
        """The commit is judged by the time of the block it comes in, 12 seconds from now."""
        view = view_at((seconds - 24, QUEUE), (seconds - 12, ()), (seconds, ()))
        assert due_up_to(view) == due

    def test_due_up_to__after_a_missed_slot__expects_the_usual_interval(self) -> None:
        view = view_at((1_000, QUEUE), (1_012, ()), (1_024, ()), (1_090, ()))
        assert due_up_to(view) == 1

    def test_due_up_to__counts_from_what_is_consumed(self) -> None:
        view = view_at((1_000, QUEUE), (1_200, (forced(0, 3),)))
        assert due_up_to(view) == 4

    def test_due_up_to__messages_consumed_long_ago__are_not_looked_for(self) -> None:
        view = L1View(0, SCHEDULE, window=2)
        for number in range(6):
            events = {0: QUEUE, 1: (forced(0, 2),)}.get(number, ())
            seconds = 1_115 if number == 5 else 1_000 + number
            parent = block_hash(number - 1, "t")
            view.extend(L1Block(L1Header(number, block_hash(number, "t"), parent, seconds), events))
        assert view.message(0) is None
        assert due_up_to(view) == 2

    def test_due_up_to__empty_view(self) -> None:
        assert due_up_to(L1View(0, SCHEDULE)) == 0


class TestPresence:
    def test_next_step__presence_to_show__comes_after_everything_else(self) -> None:
        """SUBMIT-10: whoever's turn it is."""
        charge_due = {"charged": Charged(BatchIndex(0), 0), "charge_due": 1_150}
        busy = situation(presence=Epoch(1), seat=Seat(1, 4), **charge_due)
        charge, show = Charge(Charged(BatchIndex(0), 0), BatchIndex(4)), ShowPresence(Epoch(1))
        assert next_step(busy) == Commit((batch(5),))
        assert next_step(replace(busy, batches=())) == charge
        assert next_step(replace(busy, batches=()), {charge}) == show
        assert next_step(replace(busy, seat=Seat(3, 4))) == show
