"""Modes by time (ROLL-3), and their history through reorgs.

at
├── nothing announced: shared
├── announced: the old mode up to the second before, the new one from `effective_at` on
├── announced again before: the first one never comes into effect
├── announced again after: the first one is in effect until the second is
└── cancelled: the old mode stays
history
├── a block: what was announced up to it
├── drop_after: what a history that never saw the blocks says
└── forget_before: the same for every block that is left; memory is bounded
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.errors import PeerFault
from sequencer.l1.events import BasedEnding, BasedEntered, ModeAnnounced, ModeCancelled, RollupMode
from sequencer.l1.modes import FOREVER, INITIAL, ModeHistory, Modes, based_after
from sequencer.types import RollupId
from tests.unit.l1.chains import SECONDS, address, announced, cancelled

SHARED, SOLO, BASED = RollupMode.SHARED, RollupMode.SOLO, RollupMode.BASED
ONE, TWO = RollupId(1), RollupId(2)


def modes_of(*events: tuple[int, ModeAnnounced | ModeCancelled]) -> Modes:
    """After events at these times."""
    modes = Modes()
    for timestamp, event in events:
        modes = modes.after(event, timestamp)
    return modes


class TestModes:
    def test_nothing_announced__is_shared(self) -> None:
        assert (Modes().at(10**9), Modes().pending_at(0)) == (INITIAL, None)

    def test_announced__takes_effect_to_the_second(self) -> None:
        modes = modes_of((100, announced(1, SOLO, 400)))
        assert [modes.at(time).mode for time in (100, 399, 400, 10**9)] == [
            *(SHARED, SHARED, SOLO, SOLO)
        ]
        assert modes.at(400).sequencer == address(1)
        pending = [modes.pending_at(time) for time in (100, 399, 400)]
        assert [order.effective_at if order else None for order in pending] == [400, 400, None]

    def test_announced_again_before_it_is_in_effect__replaces_it(self) -> None:
        modes = modes_of((100, announced(1, SOLO, 400)), (399, announced(1, BASED, 699)))
        assert [modes.at(time).mode for time in (400, 698, 699)] == [SHARED, SHARED, BASED]

    def test_announced_again_when_it_is_in_effect__follows_it(self) -> None:
        modes = modes_of((100, announced(1, SOLO, 400)), (400, announced(1, SHARED, 700)))
        assert [modes.at(time).mode for time in (400, 699, 700)] == [SOLO, SOLO, SHARED]

    def test_cancelled__stays_as_it_was(self) -> None:
        modes = modes_of((100, announced(1, SOLO, 400)), (399, cancelled(1)))
        assert (modes.at(400), modes.pending_at(399)) == (INITIAL, None)
        left = modes_of((1, announced(1, BASED, 50)), (60, announced(1, SHARED, 99)))
        assert left.after(cancelled(1), 98).at(99).mode is BASED

    @pytest.mark.parametrize("timestamp", [400, 401])
    def test_cancelled_when_it_is_in_effect__is_no_event_of_the_contract(
        self, timestamp: int
    ) -> None:
        with pytest.raises(PeerFault, match="missing"):
            modes_of((100, announced(1, SOLO, 400)), (timestamp, cancelled(1)))

    def test_cancelled_without_an_announcement__is_no_event_of_the_contract(self) -> None:
        with pytest.raises(PeerFault, match="missing"):
            modes_of((1, cancelled(1)))

    @pytest.mark.parametrize(
        ("first", "last", "is_shared"),
        [(100, 399, True), (100, 400, False), (400, 500, False), (100, 100, True)],
    )
    def test_is_shared__from_one_time_to_another(
        self, first: int, last: int, is_shared: bool
    ) -> None:
        assert modes_of((100, announced(1, SOLO, 400))).is_shared(first, last) == is_shared

    def test_is_shared__announced_to_stay_so(self) -> None:
        assert modes_of((100, announced(1, SHARED, 400))).is_shared(100, 500)


class TestBased:
    def test_entered__has_no_end_until_one_is_set(self) -> None:
        assert based_after(0, BasedEntered()) == FOREVER
        assert based_after(FOREVER, BasedEnding(900)) == 900
        assert based_after(900, BasedEntered()) == FOREVER

    @pytest.mark.parametrize(
        ("until", "event"), [(FOREVER, BasedEntered()), (0, BasedEnding(5)), (7, BasedEnding(5))]
    )
    def test_events_out_of_turn__are_none_of_the_contract(
        self, until: int, event: BasedEntered | BasedEnding
    ) -> None:
        with pytest.raises(PeerFault, match="missing"):
            based_after(until, event)


class TestHistory:
    def test_at__a_block__is_what_was_announced_up_to_it(self) -> None:
        history = ModeHistory()
        history.note(announced(1, SOLO, 130), 10, 120)
        history.note(announced(1, BASED, 150), 12, 144)
        history.note(announced(2, BASED, 999), 12, 144)
        assert history.at(ONE, 9) == Modes()
        assert history.at(ONE, 11).at(150).mode is SOLO
        assert history.at(ONE, 12).at(150).mode is BASED
        assert list(history) == [1, 2]

    def test_twice_in_a_block__the_last_counts(self) -> None:
        history = ModeHistory()
        history.note(announced(1, SOLO, 200), 10, 120)
        history.note(announced(1, BASED, 200), 10, 120)
        assert history.at(ONE, 10).at(200).mode is BASED
        history.drop_after(9)
        assert list(history) == []

    def test_below_the_oldest_block_kept__is_as_of_that(self) -> None:
        history = ModeHistory()
        history.note(announced(1, SOLO, 130), 10, 120)
        history.forget_before(20)
        assert history.at(ONE, 5) == history.at(ONE, 20) != Modes()

    def test_memory__is_bounded(self) -> None:
        history = ModeHistory()
        for number in range(1_000):
            history.note(announced(1, SOLO, 10**6 + number), number, number)
            history.forget_before(number - 4)
        assert len(history._changes) <= 4
        assert len(history._kept[ONE]) <= 5

    @given(
        st.lists(st.tuples(st.integers(1, 2), st.integers(0, 3), st.sampled_from(RollupMode))),
        st.integers(0, 40),
        st.integers(0, 40),
    )
    def test_drop_and_forget__any_history__is_that_of_the_blocks_left(
        self, moves: list[tuple[int, int, RollupMode]], forgotten: int, kept: int
    ) -> None:
        whole, shorter, number, delay = ModeHistory(), ModeHistory(), 0, 5 * SECONDS
        for rollup, gap, mode in moves:
            number += gap
            event = announced(rollup, mode, number * SECONDS + delay)
            whole.note(event, number, number * SECONDS)
            if number <= kept:
                shorter.note(event, number, number * SECONDS)
        oldest = min(forgotten, kept)
        whole.forget_before(oldest)
        whole.drop_after(kept)
        for rollup_id in (ONE, TWO):
            for at in range(oldest, kept + 1):
                assert whole.at(rollup_id, at) == shorter.at(rollup_id, at)
