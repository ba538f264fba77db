"""What is kept of one view.

add_vote
├── first of its kind for the member: kept
└── second: dropped, also for another block
try_certify
├── exactly two thirds: none
├── above two thirds: signatures ascending by member
├── votes for different blocks: not added up
└── exists already: none
conflict_of: once for a member, however many follow
is_news: unknown vote; a contradiction by a member not yet convicted
"""

from sequencer.consensus.evidence import Equivocation
from sequencer.consensus.rounds import Round
from sequencer.simulation.keys import make_committee
from sequencer.types import MemberIndex, View
from tests.unit.consensus.builders import (
    COMMITTEE,
    FINALIZE,
    NOTARIZE,
    NULLIFY,
    block,
    certificate,
    signed,
)

A = block(1)
B = block(1, content=b"other")


def round_of(*votes: object) -> Round:
    known = Round(View(1))
    for each in votes:
        known.add_vote(each)  # type: ignore[arg-type]
    return known


def test_add_vote__second_of_its_kind__first_counts() -> None:
    known = round_of()
    assert known.add_vote(signed(0, NOTARIZE, 1, A))
    assert not known.add_vote(signed(0, NOTARIZE, 1, B))
    assert list(known.own_votes(MemberIndex(0))) == [signed(0, NOTARIZE, 1, A)]


def test_try_certify__above_two_thirds__ascending_signatures() -> None:
    known = round_of(*(signed(member, NOTARIZE, 1, A) for member in (3, 0, 2)))
    made = known.try_certify(NOTARIZE, A.header.hash, COMMITTEE)
    assert made == certificate(NOTARIZE, 1, A, members=(0, 2, 3))


def test_try_certify__exactly_two_thirds__none() -> None:
    committee = make_committee((1, 1, 1))
    known = round_of(*(signed(m, NOTARIZE, 1, A, committee) for m in (0, 1)))
    assert known.try_certify(NOTARIZE, A.header.hash, committee) is None
    known.add_vote(signed(2, NOTARIZE, 1, A, committee))
    assert known.try_certify(NOTARIZE, A.header.hash, committee) is not None


def test_try_certify__split_votes__none() -> None:
    votes = [signed(0, NOTARIZE, 1, A), signed(1, NOTARIZE, 1, A), signed(2, NOTARIZE, 1, B)]
    known = round_of(*votes, signed(3, FINALIZE, 1, A))
    assert known.try_certify(NOTARIZE, A.header.hash, COMMITTEE) is None
    assert known.try_certify(NOTARIZE, B.header.hash, COMMITTEE) is None


def test_try_certify__exists__none() -> None:
    known = round_of(*(signed(member, NULLIFY, 1) for member in range(4)))
    made = known.try_certify(NULLIFY, signed(0, NULLIFY, 1).vote.block, COMMITTEE)
    assert made is not None
    known.certificates[NULLIFY] = made
    assert known.try_certify(NULLIFY, made.vote.block, COMMITTEE) is None


def test_conflict_of__once_for_a_member() -> None:
    first, second = signed(1, FINALIZE, 1, A), signed(1, NULLIFY, 1)
    known = round_of(first)
    assert known.conflict_of(second) == Equivocation(first, second)
    assert known.conflict_of(signed(1, FINALIZE, 1, B)) is None


def test_is_news() -> None:
    known = round_of(signed(0, NOTARIZE, 1, A))
    assert not known.is_news(signed(0, NOTARIZE, 1, A))
    assert known.is_news(signed(0, NOTARIZE, 1, B))
    assert known.is_news(signed(0, NULLIFY, 1))
    assert known.is_news(signed(1, NOTARIZE, 1, A))
    known.conflict_of(signed(0, NOTARIZE, 1, B))
    assert not known.is_news(signed(0, NOTARIZE, 1, B))
