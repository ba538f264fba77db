"""FEE-3 and FEE-4 as L1's view has them: notices, and up to where rollups were charged."""

import pytest

from sequencer.errors import PeerFault
from sequencer.l1.events import BatchesCharged, NoticeCleared, NoticeGiven
from sequencer.l1.fees import NOT_CHARGED, Charged, Notice
from sequencer.l1.schedule import Schedule
from sequencer.l1.view import L1View
from sequencer.types import BatchIndex, RollupId
from tests.unit.l1.chains import block, committed, registered

ONE, TWO = RollupId(1), RollupId(2)


def view_of(*, window: int = 256) -> L1View:
    view = L1View(0, Schedule(0, 60), window)
    view.extend(block(1, registered(1), registered(2), committed(1), committed(2)))
    return view


def charged(last: int, entries: int = 0) -> BatchesCharged:
    return BatchesCharged(BatchIndex(last), entries)


class TestNotices:
    def test_notice__holds_from_its_block_on(self) -> None:
        view = view_of()
        view.extend(block(2, NoticeGiven(ONE, 500)))
        view.extend(block(3))
        assert [view.notice_at(ONE, at) for at in (1, 2, 3)] == [None, Notice(500), Notice(500)]
        assert view.notice_at(TWO, 3) is None
        assert [Notice(500).is_due(time) for time in (499, 500)] == [False, True]

    def test_cleared__and_given_again(self) -> None:
        view = view_of()
        view.extend(block(2, NoticeGiven(ONE, 500), NoticeCleared(ONE)))
        view.extend(block(3, NoticeGiven(ONE, 900)))
        assert [view.notice_at(ONE, at) for at in (2, 3)] == [None, Notice(900)]
        assert view.rollups_with_notices() == [ONE]

    def test_rollback__takes_it_back(self) -> None:
        view = view_of()
        view.extend(block(2, NoticeGiven(ONE, 500)))
        view.extend(block(3, NoticeCleared(ONE)))
        view.rollback_to(2)
        assert view.notice_at(ONE, 2) == Notice(500)
        view.rollback_to(1)
        assert (view.notice_at(ONE, 1), view.rollups_with_notices()) == (None, [])

    def test_below_the_window__is_remembered(self) -> None:
        view = view_of(window=2)
        view.extend(block(2, NoticeGiven(ONE, 500)))
        for number in range(3, 9):
            view.extend(block(number))
        assert view.notice_at(ONE, 8) == Notice(500)

    @pytest.mark.parametrize(
        "events",
        [
            [NoticeCleared(ONE)],
            [NoticeGiven(ONE, 500), NoticeGiven(ONE, 600)],
            [NoticeGiven(ONE, 500), NoticeCleared(ONE), NoticeCleared(ONE)],
            [NoticeGiven(RollupId(3), 500)],
        ],
    )
    def test_none_of_the_contract__logs_are_missing(
        self, events: list[NoticeGiven | NoticeCleared]
    ) -> None:
        view = view_of()
        with pytest.raises(PeerFault, match="logs are missing"):
            view.extend(block(2, *events))
        assert view.notice_at(ONE, 1) is None
        view.extend(block(2))


class TestCharged:
    def test_charged__follows_the_last_event(self) -> None:
        view = view_of()
        assert view.charged == NOT_CHARGED
        view.extend(block(2, charged(0, 5), charged(1), charged(1, 3)))
        assert view.charged == Charged(BatchIndex(1), 3)
        view.extend(block(3, charged(2)))
        view.rollback_to(2)
        assert view.charged == Charged(BatchIndex(1), 3)

    @pytest.mark.parametrize("after", [(0, 9), (1, 3), (3, 0)])
    def test_none_of_the_contract__logs_are_missing(self, after: tuple[int, int]) -> None:
        """Back, on the spot, or beyond what is committed."""
        view = view_of()
        view.extend(block(2, charged(1, 3)))
        with pytest.raises(PeerFault, match="logs are missing"):
            view.extend(block(3, charged(*after)))
