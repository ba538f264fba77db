"""SIMPLEX-1: the leader schedule.

leader_table
├── equal weights: plain rotation
├── any weights
│   ├── 16 turns for each member in all
│   ├── turns in proportion to weight, none off by a turn
│   └── no member waits longer than its share asks for
└── one member: always it
"""

from hypothesis import given
from hypothesis import strategies as st

from sequencer.consensus.leaders import TURNS_PER_MEMBER, leader_of, leader_table
from sequencer.simulation.keys import make_committee
from sequencer.types import View

WEIGHTS = st.lists(st.integers(1, 10**24), min_size=1, max_size=24).map(tuple)


def test_equal_weights__rotation() -> None:
    assert leader_table((5, 5, 5)) == (0, 1, 2) * TURNS_PER_MEMBER


def test_leader_of__view_past_the_table__starts_over() -> None:
    committee = make_committee((7, 3, 2))
    table = leader_table((7, 3, 2))
    assert [leader_of(committee, View(v)) for v in (0, 1, len(table), len(table) + 1)] == [
        table[0],
        table[1],
        table[0],
        table[1],
    ]


def test_known_weights__known_order() -> None:
    assert leader_table((3, 2, 1))[:6] == (0, 1, 0, 2, 1, 0)


@given(WEIGHTS)
def test_turns__in_proportion(weights: tuple[int, ...]) -> None:
    table = leader_table(weights)
    assert len(table) == TURNS_PER_MEMBER * len(weights)
    for member, weight in enumerate(weights):
        share = len(table) * weight / sum(weights)
        assert abs(table.count(member) - share) <= 1  # type: ignore[arg-type]


@given(WEIGHTS)
def test_every_prefix__in_proportion(weights: tuple[int, ...]) -> None:
    """Spread, not in blocks: after any number of turns nobody is far from its share."""
    table = leader_table(weights)
    taken = [0] * len(weights)
    for turns, member in enumerate(table, 1):
        taken[member] += 1
        for other, weight in enumerate(weights):
            assert abs(taken[other] - turns * weight / sum(weights)) < len(weights)


def test_single_member() -> None:
    assert set(leader_table((9,))) == {0}
