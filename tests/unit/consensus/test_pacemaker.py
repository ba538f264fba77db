"""SIMPLEX-8 to SIMPLEX-10: when a node gives up on a view. Base Δ 400, heartbeat 1,000.

expiry
├── nothing to do: heartbeat + Δ after entering
├── work on entering: Δ after entering
├── work, or a proposal, later: Δ after the first such moment, not past heartbeat + Δ
├── gave up: Δ after that
└── leader inactive: at once
    ├── heard within 2N views: not
    ├── the node itself: not
    └── fewer than 2N views since the start, or since a view was skipped: not
Δ
├── nullified view: half as much again, up to the maximum
├── nullified view of an inactive leader: as before
└── finalization: base, or twice what the views of two thirds of the leaders took
    ├── up to a third of them slow: base
    ├── more: the fastest of the slow, doubled, up to the maximum
    └── a view without work, or a view that is over: does not count
"""

from sequencer.consensus.leaders import leader_table
from sequencer.consensus.pacemaker import Pacemaker
from sequencer.simulation.keys import make_committee
from sequencer.types import MemberIndex, View
from tests.unit.consensus.builders import COMMITTEE, TIMING, leader

HORIZON = 2 * len(COMMITTEE)


def entered(view: int = 1, at_ms: int = 0, has_work: bool = False, me: int | None = 0) -> Pacemaker:
    pace = Pacemaker(COMMITTEE, None if me is None else MemberIndex(me), TIMING)
    pace.start(View(view))
    pace.enter(View(view), at_ms)
    if has_work:
        pace.hurry(at_ms)
    return pace


def walk(pace: Pacemaker, up_to: int, silent: int | None = None) -> None:
    """Through the views one by one, with a vote of each member but one in each."""
    for view in range(2, up_to + 1):
        for member in range(len(COMMITTEE)):
            if member != silent:
                pace.on_vote(MemberIndex(member), View(view - 1))
        pace.enter(View(view), 0)


def test_expiry__idle__heartbeat_and_timeout() -> None:
    pace = entered(at_ms=50)
    assert pace.heartbeat_due() == 1_050
    assert pace.expiry() == 1_450


def test_expiry__work_on_entering__timeout() -> None:
    assert entered(at_ms=50, has_work=True).expiry() == 450


def test_expiry__hurry__from_the_first_moment() -> None:
    pace = entered()
    pace.hurry(300)
    pace.hurry(500)
    assert pace.expiry() == 700


def test_expiry__hurry_late__not_past_the_idle_limit() -> None:
    pace = entered()
    pace.hurry(1_200)
    assert pace.expiry() == 1_400


def test_expiry__gave_up__again_after_timeout() -> None:
    pace = entered()
    pace.give_up(1_400)
    assert pace.expiry() == 1_800


def test_expiry__next_view__starts_over() -> None:
    pace = entered()
    pace.give_up(1_400)
    pace.enter(View(2), 2_000)
    assert pace.expiry() == 3_400


def test_timeout__grows_with_nullified_views_to_the_maximum() -> None:
    pace = entered()
    found = []
    for view in range(1, 7):
        pace.on_nullified(View(view))
        found.append(pace.timeout_ms)
    assert found == [600, 900, 1_350, 2_000, 2_000, 2_000]
    pace.on_finalized()
    assert pace.timeout_ms == 400


def test_expiry__silent_leader__at_once_after_the_horizon() -> None:
    view = HORIZON + 4
    assert leader(view) == 0
    pace = entered(me=1)
    walk(pace, view - 4, silent=0)
    assert pace.expiry() == 1_400  # heard in no view, but only 2N views have passed
    walk(pace, view, silent=0)
    assert pace.expiry() == 0
    before = pace.timeout_ms
    pace.on_nullified(View(view))
    assert pace.timeout_ms == before


def test_expiry__leader_heard_within_the_horizon__as_usual() -> None:
    pace = entered(me=1)
    walk(pace, HORIZON + 4, silent=0)
    pace.on_vote(MemberIndex(0), View(4))
    assert pace.expiry() == 1_400


def test_expiry__leader_heard_long_ago__at_once() -> None:
    pace = entered(me=1)
    pace.on_vote(MemberIndex(0), View(3))
    walk(pace, HORIZON + 4, silent=0)
    assert pace.expiry() == 0


def test_expiry__own_view__never_at_once() -> None:
    pace = entered(me=0)
    walk(pace, HORIZON + 4, silent=0)
    assert pace.expiry() == 1_400


def test_expiry__observer__as_a_member() -> None:
    pace = entered(me=None)
    walk(pace, HORIZON + 4, silent=0)
    assert pace.expiry() == 0


def test_expiry__views_skipped__nobody_was_silent_in_them() -> None:
    pace = entered(me=1)
    pace.enter(View(400), 0)
    assert pace.expiry() == 1_400


def notarized(*took_ms: int, weights: tuple[int, ...] = (1, 1, 1, 1)) -> int:
    """Δ after views that took so long were notarized and finalized, from view 1 on."""
    pace = Pacemaker(make_committee(weights), MemberIndex(0), TIMING)
    for view, took in enumerate(took_ms, start=1):
        pace.enter(View(view), 1_000 * view)
        pace.hurry(1_000 * view)
        pace.on_notarized(View(view), 1_000 * view + took)
        pace.on_nullified(View(view))
        pace.on_finalized()
    return pace.timeout_ms


def test_timeout__one_of_four_leaders_slow__base() -> None:
    assert notarized(100, 100, 100, 390) == 400


def test_timeout__two_of_four_leaders_slow__twice_the_faster() -> None:
    assert notarized(100, 350, 100, 300) == 600
    assert notarized(100, 350, 100, 300, 90, 90, 90, 90) == 400


def test_timeout__many_slow__doubles_up_to_the_maximum() -> None:
    assert notarized(1_500) == 2 * (400)
    assert notarized(1_500, 1_500, 1_500, 1_500) == 2_000


def test_timeout__slow_by_weight__more_than_a_third() -> None:
    assert leader_table((6, 2, 2))[1:4] == (1, 0, 2)
    assert notarized(300, 50, 300, weights=(6, 2, 2)) == 600
    assert notarized(300, 50, 50, weights=(6, 2, 2)) == 400


def test_timeout__few_leaders_seen__two_thirds_of_those() -> None:
    assert notarized(300) == 600
    assert notarized(100, 300) == 600


def test_timeout__no_work_or_not_this_view__does_not_count() -> None:
    pace = entered()
    pace.on_notarized(View(1), 399)
    pace.hurry(0)
    for view in (2, 3, 4, 5):
        pace.on_notarized(View(view), 399)
    pace.on_finalized()
    assert pace.timeout_ms == 400
