"""What the view says at the head and at a block (L1-2); a rollback leaves no trace (L1-1)."""

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sequencer.errors import LocalFault, PeerFault
from sequencer.l1.events import (
    BasedEnding,
    BasedEntered,
    Event,
    ExitInitiated,
    L1Block,
    OperatorEjected,
    OperatorReleased,
    PeerAnnounced,
    RollupMode,
)
from sequencer.l1.modes import FOREVER
from sequencer.l1.operators import OperatorStatus
from sequencer.l1.schedule import Schedule
from sequencer.l1.view import KEPT_COMMITTEES, L1View
from sequencer.types import BatchIndex, Epoch, RollupId
from tests.unit.l1.chains import (
    address,
    announced,
    block,
    bonded,
    branch_on,
    cancelled,
    committed,
    committee,
    consumed,
    enqueued,
    forced,
    header,
    posted,
    recorded,
    registered,
)

SCHEDULE = Schedule(genesis=0, epoch_seconds=60)


def view_of(*held: tuple[Event, ...], window: int = 256, confirmations: int = 2) -> L1View:
    """A view of blocks 10, 11, ... with these events."""
    view = L1View(confirmations, SCHEDULE, window)
    for number, events in enumerate(held, start=10):
        view.extend(block(number, *events))
    return view


class TestBlocks:
    def test_empty_view__knows_nothing(self) -> None:
        view = view_of()
        assert (view.head, view.confirmed, view.last_index, view.consumed) == (None, None, 0, 0)
        assert view.block_at(0) is None
        assert view.queue_length_at(0) is None

    def test_head_and_confirmed(self) -> None:
        view = view_of((), (), ())
        assert view.head == header(12)
        assert view.confirmed == header(10)
        assert view_of((), ()).confirmed is None
        assert view_of((), (), confirmations=0).confirmed == header(11)

    def test_extend__other_parent__is_refused(self) -> None:
        view = view_of(())
        with pytest.raises(PeerFault, match="parent"):
            view.extend(block(11, branch="other"))
        assert view.head == header(10)

    @pytest.mark.parametrize("number", [9, 10])
    def test_extend__not_above_the_head__is_refused(self, number: int) -> None:
        with pytest.raises(PeerFault, match="does not follow"):
            view_of(()).extend(block(number))

    def test_extend__over_a_gap__has_no_blocks_in_it(self) -> None:
        view = view_of((enqueued(0),))
        view.extend(block(20, enqueued(1)))
        assert view.block_at(15) is None
        assert [view.queue_length_at(number) for number in (10, 15, 20)] == [1, 1, 2]

    @pytest.mark.parametrize(
        "events",
        [
            (enqueued(1),),
            (enqueued(0), enqueued(2)),
            (committed(2),),
            (forced(0, 1),),
            (enqueued(0), forced(1, 1)),
            (registered(2),),
        ],
    )
    def test_extend__logs_are_missing__is_refused_and_changes_nothing(
        self, events: tuple[Event, ...]
    ) -> None:
        view = view_of(())
        with pytest.raises(PeerFault, match="missing"):
            view.extend(block(11, *events))
        assert snapshot(view) == snapshot(view_of(()))
        view.extend(block(11, enqueued(0)))
        assert view.queue_length == 1

    @pytest.mark.parametrize(
        "events",
        [
            (announced(1, RollupMode.SOLO, 999),),
            (announced(1, RollupMode.SOLO, 999), cancelled(1)),
            (posted(1, 0, b"data"),),
            (BasedEntered(), BasedEnding(99)),
        ],
    )
    def test_extend__modes_posts_and_the_fallback__take_nobody_s_place(
        self, events: tuple[Event, ...]
    ) -> None:
        """A node that dies of a post could not come back after an outage."""
        view = view_of((bonded(1), registered(1)), events)
        assert view.operators_at(11) == view.operators_at(10) != ()

    def test_confirmations__beyond_the_window__are_refused(self) -> None:
        with pytest.raises(LocalFault):
            L1View(256, SCHEDULE, 256)


class TestContents:
    def test_messages(self) -> None:
        view = view_of((registered(1), enqueued(0, deadline=77)), (), (enqueued(1),))
        message = view.message(0)
        assert message is not None
        assert (message.index, message.l1_block, message.deadline) == (0, 10, 77)
        assert view.message(2) is None
        assert [view.queue_length_at(number) for number in (9, 10, 11, 12, 13)] == [
            *(0, 1, 1, 2, None)
        ]

    def test_consumed__by_commit_and_by_force(self) -> None:
        view = view_of((enqueued(0), enqueued(1), enqueued(2)), (forced(0, 1),))
        assert view.consumed == 1
        view.extend(block(12, committed(1), consumed(1, 3)))
        assert (view.consumed, view.last_index) == (3, 1)

    def test_commits(self) -> None:
        view = view_of((committed(1),), (committed(2),))
        commit = view.commit_of(BatchIndex(2))
        assert commit is not None
        assert (commit.l1_number, commit.batch_hash) == (11, committed(2).batch_hash)
        assert commit.transaction_hash == committed(2).transaction_hash
        assert view.commit_of(BatchIndex(3)) is None
        assert view.last_index == 2

    def test_rollups__exist_from_their_block_on(self) -> None:
        view = view_of((), (registered(1, 7001),), (registered(2, 7001),))
        asked = [(1, 10), (1, 11), (2, 11), (2, 12), (3, 12)]
        found = [view.chain_id_of(RollupId(rollup), number) for rollup, number in asked]
        assert found == [None, 7001, None, 7001, None]

    def test_holds_data__is_the_rollups_and_goes_with_it(self) -> None:
        """ROLL-1; after a reorg another may have the id."""
        view = view_of((registered(1),), (registered(2, holds_data=True),))
        assert [view.holds_data(RollupId(rollup)) for rollup in (1, 2, 3)] == [False, True, False]
        view.rollback_to(10)
        assert not view.holds_data(RollupId(2))

    def test_modes__as_of_a_block(self) -> None:
        """ROLL-3: every node judges an origin by what was announced up to it."""
        one = RollupId(1)
        view = view_of(
            (registered(1),), (announced(1, RollupMode.SOLO, 140),), (posted(1, 0, b"data"),)
        )
        assert [view.modes_at(one, number).announced is None for number in (9, 10, 11, 12)] == [
            *(True, True, False, False)
        ]
        assert view.modes_at(one, 12).at(140).sequencer == address(1)
        assert view.rollups_with_modes() == [1]

    def test_modes__below_the_window__are_those_of_its_oldest_block(self) -> None:
        """An origin of long ago: of two answers the one that keeps a leaving rollup out."""
        one = RollupId(1)
        view = view_of((registered(1),), (announced(1, RollupMode.SOLO, 140),), *[()] * 9, window=4)
        assert view.modes_at(one, 10) == view.modes_at(one, 20)
        assert view.modes_at(RollupId(2), 10).announced is None

    def test_modes_of_an_unknown_rollup__are_refused(self) -> None:
        with pytest.raises(PeerFault, match="missing"):
            view_of((announced(1, RollupMode.SOLO, 140),))

    def test_based_until__at_the_head(self) -> None:
        """FALLBACK-1."""
        view = view_of((BasedEntered(),), (BasedEnding(500),))
        assert view.based_until == 500
        view.rollback_to(10)
        assert view.based_until == FOREVER

    def test_committees__exist_from_their_block_on(self) -> None:
        view = view_of((recorded(0),), (recorded(1),), ())
        assert view.committee_at(Epoch(1), 10) is None
        assert view.committee_at(Epoch(1), 11) == committee(1)
        assert [view.latest_epoch_recorded_at(number) for number in (9, 10, 11, 12)] == [
            *(None, 0, 1, 1)
        ]

    def test_operators__through_their_lives(self) -> None:
        announced = PeerAnnounced(1, b"\x09" * 32, "tcp://moved:2")
        view = view_of(
            (bonded(1), bonded(2)),
            (announced,),
            (ExitInitiated(1),),
            (OperatorEjected(2),),
            (OperatorReleased(2),),
        )
        assert [len(view.operators_at(number)) for number in (9, 10, 13, 14)] == [0, 2, 2, 1]
        first, second = view.operators_at(11)
        assert (first.endpoint, first.transport_key) == ("tcp://moved:2", b"\x09" * 32)
        assert first.is_active
        first, second = view.operators_at(13)
        assert first.status is OperatorStatus.EXITING
        assert first.is_peer
        assert not first.is_active
        assert second.status is OperatorStatus.EJECTED
        assert not second.is_peer


class TestWindow:
    def test_rollback__to_the_oldest_state_kept__works(self) -> None:
        view = view_of(*[()] * 10, window=4, confirmations=0)
        view.rollback_to(15)
        assert view.head == header(15)

    def test_rollback__below_it__is_a_fault(self) -> None:
        view = view_of(*[()] * 10, window=4, confirmations=0)
        with pytest.raises(LocalFault, match="L1-1"):
            view.rollback_to(14)
        assert view.head == header(19)

    def test_rollback__below_the_first_block_of_a_young_chain__empties_it(self) -> None:
        view = view_of((enqueued(0),), (committed(1),))
        view.rollback_to(9)
        assert snapshot(view) == snapshot(view_of())

    def test_memory__consumed_messages_and_old_commits_are_dropped(self) -> None:
        view = L1View(0, SCHEDULE, window=4)
        for number in range(1000):
            events = (enqueued(number), committed(number + 1), consumed(number, number + 1))
            view.extend(block(number, *events))
        assert view.message(995) is None
        assert view.first_message == 996
        assert [view.commit_of(BatchIndex(index)) is None for index in (995, 996)] == [True, False]
        assert view.final_index == 996
        assert len(view._messages) <= 5
        assert len(view._commits) <= 5
        assert len(view._states) <= 5

    def test_memory__messages_that_nobody_consumes_stay(self) -> None:
        view = L1View(0, SCHEDULE, window=4)
        for number in range(50):
            view.extend(block(number, enqueued(number)))
        assert view.message(0) is not None

    def test_memory__committees_not_reached_yet_stay(self) -> None:
        """EPOCH-1: whoever learns the chain from its start needs the first committee first."""
        view = L1View(0, SCHEDULE, window=4)
        for number in range(KEPT_COMMITTEES + 100):
            view.extend(block(number, recorded(number)))
        assert view.committee_at(Epoch(0), KEPT_COMMITTEES + 99) is not None

    def test_memory__committees_of_epochs_long_past_go(self) -> None:
        view = L1View(0, SCHEDULE, window=4)
        for number in range(KEPT_COMMITTEES + 100):
            view.extend(block(number, recorded(number)))
            view.reach(Epoch(number))
        assert len(view._committees) <= KEPT_COMMITTEES + 5
        assert view.committee_at(Epoch(KEPT_COMMITTEES + 99), KEPT_COMMITTEES + 99) is not None

    def test_rollback__brings_back_a_message_consumed_inside_the_window(self) -> None:
        view = view_of((enqueued(0),), (forced(0, 1),), (), (), window=4, confirmations=0)
        view.rollback_to(10)
        assert view.message(0) is not None
        assert view.consumed == 0


@dataclass
class Counters:
    """What the next events of a chain have to be numbered."""

    messages: int = 0
    consumed: int = 0
    batches: int = 0
    rollups: int = 0
    epochs: int = 0
    operators: int = 0
    announcements: int = 0
    is_based: bool = False

    def event(self, kind: int) -> Event | None:
        return self.later_event(kind) if kind > 5 else self.first_event(kind)

    def first_event(self, kind: int) -> Event | None:
        match kind:
            case 0:
                self.messages += 1
                return enqueued(self.messages - 1)
            case 1 if self.consumed < self.messages:
                self.consumed += 1
                return forced(self.consumed - 1, self.consumed)
            case 2:
                self.batches += 1
                return committed(self.batches)
            case 3:
                self.rollups += 1
                return registered(self.rollups)
            case 4:
                self.epochs += 1
                return recorded(self.epochs - 1)
            case 5:
                self.operators += 1
                return bonded(self.operators)
        return None

    def later_event(self, kind: int) -> Event | None:
        match kind:
            case 6 if self.operators:
                return OperatorReleased(self.operators)
            case 7 if self.rollups:
                self.announcements += 1
                rollup = 1 + self.announcements % self.rollups
                return announced(rollup, RollupMode.SOLO, 100 + self.announcements)
            case 8:
                self.is_based = not self.is_based
                return BasedEntered() if self.is_based else BasedEnding(7)
        return None


def snapshot(view: L1View) -> dict[str, object]:
    """Everything the view answers."""
    numbers = range(-1, 40)
    return {
        "head": (view.head, view.confirmed, view.consumed, view.queue_length, view.last_index),
        "blocks": [view.block_at(number) for number in numbers],
        "queue": [view.queue_length_at(number) for number in numbers],
        "operators": [view.operators_at(number) for number in numbers],
        "epochs": [view.latest_epoch_recorded_at(number) for number in numbers],
        "messages": [view.message(index) for index in range(40)],
        "modes": [view.modes_at(RollupId(rollup), n) for rollup in range(10) for n in numbers],
        "mode rollups": view.rollups_with_modes(),
        "based": view.based_until,
        "commits": [view.commit_of(BatchIndex(index)) for index in range(40)],
        "rollups": [
            view.chain_id_of(RollupId(rollup), number)
            for rollup in range(10)
            for number in (5, 15, 30)
        ],
        "committees": [
            view.committee_at(Epoch(epoch), number) for epoch in range(10) for number in (5, 15, 30)
        ],
    }


KINDS = st.lists(st.lists(st.integers(0, 8), max_size=4), max_size=8)
"""Events of each block of a branch."""


@settings(max_examples=200)
@given(st.lists(st.tuples(st.integers(0, 30), KINDS), min_size=1, max_size=6))
def test_view__after_any_reorgs__is_the_view_that_never_saw_them(
    moves: list[tuple[int, list[list[int]]]],
) -> None:
    view = L1View(1, SCHEDULE)
    chain: list[L1Block] = [block(0)]
    view.extend(chain[0])
    for turn, (depth, branch) in enumerate(moves):
        chain = chain[: max(1, len(chain) - depth)]
        view.rollback_to(chain[-1].header.number)
        chain += _grow(chain, str(turn), branch)
        for added in chain[view.head.number + 1 :]:  # type: ignore[union-attr]
            view.extend(added)
    fresh = L1View(1, SCHEDULE)
    for known in chain:
        fresh.extend(known)
    assert snapshot(view) == snapshot(fresh)


def _grow(chain: list[L1Block], name: str, branch: list[list[int]]) -> list[L1Block]:
    counters = Counters()
    for known in chain:
        for event in known.events:
            count_event(counters, event)
    held = [
        tuple(event for kind in kinds if (event := counters.event(kind)) is not None)
        for kinds in branch
    ]
    return branch_on(chain[-1].header, name, held)


def count_event(counters: Counters, event: Event) -> None:
    """Advance the counters as the event that is already there did."""
    kinds = [
        "MessageEnqueued",
        "ForceIncluded",
        "BatchCommitted",
        "RollupRegistered",
        "CommitteeRecorded",
        "OperatorBonded",
        "",
        "ModeAnnounced",
        "BasedEntered",
        "BasedEnding",
    ]
    name = type(event).__name__
    if name in kinds:
        counters.event(min(8, kinds.index(name)))


@settings(max_examples=200)
@given(KINDS, st.integers(0, 8), st.integers(1, 6))
def test_view__pruned_window__answers_what_a_wide_one_answers(
    branch: list[list[int]], depth: int, window: int
) -> None:
    """Dropping what is old changes no answer about what is kept."""
    narrow, wide = L1View(0, SCHEDULE, window), L1View(0, SCHEDULE)
    chain = [block(0), *_grow([block(0)], "b", branch)]
    for known in chain:
        narrow.extend(known)
        wide.extend(known)
    target = max(0, len(chain) - 1 - min(depth, window))
    narrow.rollback_to(target)
    wide.rollback_to(target)
    oldest = narrow._states[0].number
    mine, full = snapshot(narrow), snapshot(wide)
    assert mine["head"] == full["head"]
    for name in ("blocks", "queue", "operators", "epochs"):
        assert mine[name][oldest + 1 :] == full[name][oldest + 1 :]  # type: ignore[index]
    first = narrow.first_message
    assert mine["messages"][first:] == full["messages"][first:]  # type: ignore[index]
    last = narrow.final_index
    assert mine["commits"][last:] == full["commits"][last:]  # type: ignore[index]
    assert (mine["rollups"], mine["committees"]) == (full["rollups"], full["committees"])
