"""SIMPLEX-4: who passes certificates on to whom.

relays_of
├── any committee: everybody is reached in log2(N) steps, from anywhere
├── up to 7 members: also when any third of them passes nothing on
├── one member: nobody
└── an observer: nobody
"""

from itertools import combinations

import pytest

from sequencer.consensus.relays import relays_of
from sequencer.simulation.keys import make_committee
from sequencer.types import MemberIndex


def reached(size: int, first: int, steps: int, mute: frozenset[int] = frozenset()) -> set[int]:
    """Who has a certificate that `first` made, after so many steps."""
    committee = make_committee((1,) * size)
    have = {first}
    for _ in range(steps):
        have |= {m for at in have - mute for m in relays_of(committee, MemberIndex(at))}
    return have


@pytest.mark.parametrize("size", [2, 3, 4, 5, 7, 16, 31, 100, 128])
def test_relays_of__any_committee__logarithmic(size: int) -> None:
    steps = (size - 1).bit_length()
    for first in range(size):
        relays = relays_of(make_committee((1,) * size), MemberIndex(first))
        assert len(relays) == steps
        assert first not in relays
        assert len(reached(size, first, steps)) == size


@pytest.mark.parametrize("size", [4, 5, 6, 7])
def test_relays_of__small_committee_a_third_mute__everybody_else(size: int) -> None:
    for mute in combinations(range(size), (size - 1) // 3):
        for first in set(range(size)) - set(mute):
            assert len(reached(size, first, size, frozenset(mute))) == size


def test_relays_of__alone_or_observer__nobody() -> None:
    assert relays_of(make_committee((1,)), MemberIndex(0)) == ()
    assert relays_of(make_committee((1,) * 4), None) == ()
