"""Open challenges and the newest checkpoint, as a view of L1 has them (DATA-1, DATA-6).

challenges
├── made: open until its deadline, in the order of deadlines
├── answered or void: open no more
├── reorganised away: as if never made, answered or settled; and back again
├── past its deadline before the window: forgotten
└── logs that the contract does not write: refused
"""

import pytest

from sequencer.errors import PeerFault
from sequencer.l1.challenges import Checkpoint
from sequencer.l1.events import Checkpointed, DataAnswered, DataChallenged, DataVoided, Event
from sequencer.l1.schedule import Schedule
from sequencer.l1.view import L1View
from sequencer.types import BatchIndex, Hash32
from tests.unit.l1 import chains
from tests.unit.l1.chains import SECONDS, block, branch_on

WINDOW = 8


def challenged(number: int, deadline: int = 99) -> DataChallenged:
    return chains.challenged(1, number, b"data", deadline)


ONE, TWO = challenged(1).id, challenged(2).id


def view_of(*blocks: tuple[Event, ...]) -> L1View:
    """Blocks 0, 1, ... with these events."""
    view = L1View(0, Schedule(0, 600), window=WINDOW)
    for number, events in enumerate(blocks):
        view.extend(block(number, *events))
    return view


def waiting(view: L1View, timestamp: int = 0) -> list[Hash32]:
    return [challenge.id for challenge in view.challenges.open_at(timestamp)]


def test_challenge__is_open_until_its_deadline() -> None:
    view = view_of((), (challenged(1, deadline=40),))
    assert waiting(view, 39) == [ONE]
    assert waiting(view, 40) == []
    (found,) = view.challenges.open_at(0)
    assert (found.length, found.hash, found.made_at) == (4, challenged(1).hash, SECONDS)


def test_challenges__the_most_urgent_first() -> None:
    view = view_of((challenged(2, deadline=50), challenged(1, deadline=60)))
    assert waiting(view) == [TWO, ONE]


@pytest.mark.parametrize(
    "end", [DataAnswered(ONE, b"data"), DataVoided(ONE, challenged(1).rollup_id)]
)
def test_end__closes_it(end: Event) -> None:
    view = view_of((challenged(1), challenged(2)), (end,))
    assert waiting(view) == [TWO]


class TestReorg:
    def test_challenge__away_and_back(self) -> None:
        view = view_of((), ())
        base = view.head
        assert base is not None
        first, second = (branch_on(base, name, [(challenged(1),)]) for name in ("a", "b"))
        for made in first:
            view.extend(made)
        assert waiting(view) == [ONE]
        view.rollback_to(base.number)
        assert waiting(view) == []
        for made in second:
            view.extend(made)
        assert waiting(view) == [ONE]

    def test_answer__away__is_open_again(self) -> None:
        view = view_of((challenged(1),), (DataAnswered(ONE, b""),), ())
        view.rollback_to(0)
        assert waiting(view) == [ONE]
        view.extend(block(1, DataAnswered(ONE, b"")))
        assert waiting(view) == []

    def test_checkpoint__away__is_the_one_before(self) -> None:
        view = view_of((Checkpointed(BatchIndex(3)),), (Checkpointed(BatchIndex(5)),))
        assert view.challenges.checkpoint == Checkpoint(BatchIndex(5), SECONDS)
        view.rollback_to(0)
        assert view.challenges.checkpoint == Checkpoint(BatchIndex(3), 0)

    def test_refused_block__leaves_nothing(self) -> None:
        view = view_of(())
        with pytest.raises(PeerFault, match="twice"):
            view.extend(block(1, challenged(1), challenged(1)))
        assert waiting(view) == []


class TestBounds:
    def test_answered_before_the_window__is_forgotten(self) -> None:
        view = view_of((challenged(1),), (DataAnswered(ONE, b""),))
        for number in range(2, 2 * WINDOW):
            view.extend(block(number))
        assert view.challenges.size == 0

    def test_past_its_deadline_before_the_window__is_forgotten(self) -> None:
        view = view_of((challenged(1, deadline=2 * SECONDS),))
        for number in range(1, WINDOW + 2):
            view.extend(block(number))
        assert view.challenges.size == 1
        view.extend(block(WINDOW + 2))
        assert view.challenges.size == 0
        view.extend(block(WINDOW + 3, DataVoided(ONE, challenged(1).rollup_id)))
        assert waiting(view) == []

    def test_open_for_longer_than_the_window__is_kept(self) -> None:
        view = view_of((challenged(1, deadline=10**6),))
        for number in range(1, 3 * WINDOW):
            view.extend(block(number))
        assert waiting(view) == [ONE]

    def test_checkpoint_before_the_window__is_kept(self) -> None:
        view = view_of((Checkpointed(BatchIndex(3)),), (Checkpointed(BatchIndex(4)),))
        for number in range(2, 3 * WINDOW):
            view.extend(block(number))
        assert view.challenges.checkpoint == Checkpoint(BatchIndex(4), SECONDS)
