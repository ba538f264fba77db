"""SIMPLEX-4: which certificates are passed on, when, and to whom.

Relays
├── a pause after the first that waits; or the rest at once
├── the highest of each kind, in whatever order they come
├── a notarization that no finalization goes past
└── an observer: never

relays_of
├── any committee: everybody is reached in log2(N) steps, from anywhere
├── up to 7 members: also when any third of them passes nothing on
├── one member: nobody
└── an observer: nobody
"""

from itertools import combinations, permutations

import pytest

from sequencer.consensus.events import Send
from sequencer.consensus.relays import Relays, relays_of
from sequencer.simulation.keys import make_committee
from sequencer.types import MemberIndex
from tests.unit.consensus.builders import (
    COMMITTEE,
    FINALIZE,
    NOTARIZE,
    block,
    certificate,
)

NOTARIZED = [certificate(NOTARIZE, view, block(view)) for view in (1, 2, 3)]
FINALIZED = [certificate(FINALIZE, view, block(view)) for view in (1, 2, 3)]


def test_relays__a_pause_after_the_first() -> None:
    relays = Relays(COMMITTEE, MemberIndex(3), 100)
    assert relays.due_ms is None
    relays.later(NOTARIZED[0], 1_000)
    relays.later(NOTARIZED[1], 1_050)
    assert relays.due_ms == 1_100
    assert not relays.due(1_099)
    assert relays.due(1_100) == relays.at_once(NOTARIZED[1])
    assert relays.due_ms is None
    assert not relays.due(2_000)


def test_relays__to_those_after_me() -> None:
    sends = Relays(COMMITTEE, MemberIndex(3), 100).at_once(NOTARIZED[0])
    assert sends == [Send(MemberIndex(member), NOTARIZED[0]) for member in (0, 1)]


@pytest.mark.parametrize("finalized", [1, 2, 3])
def test_relays__any_order__what_says_most(finalized: int) -> None:
    final = FINALIZED[finalized - 1]
    expected = [final, NOTARIZED[2]] if finalized < 3 else [final]
    for order in permutations([*NOTARIZED, FINALIZED[0], final]):
        relays = Relays(COMMITTEE, MemberIndex(0), 100)
        for certified in order:
            relays.later(certified, 0)
        found = relays.rest()
        assert not relays.rest()
        assert len(found) == 2 * len(expected)
        assert {send.message for send in found} == set(expected)


def test_relays__observer__never() -> None:
    relays = Relays(COMMITTEE, None, 100)
    relays.later(NOTARIZED[0], 0)
    assert relays.due_ms is None
    assert not relays.at_once(NOTARIZED[0])


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
