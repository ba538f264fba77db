"""SIMPLEX-3, 5, 6: which votes are cast, and which never are.

Notarize
├── first justified proposal of the view, once the application accepts
│   ├── rejected: never; "not yet": asked again after a while, until the view ends
│   ├── second proposal of the leader: not looked at
│   └── verdict on another block or view: ignored
├── after Nullify: never
├── not in the view any more: never
├── parent, a block below it, or an older nullification missing: when it has come
└── unjustified: the sender's fault, nothing kept
Finalize
├── on a notarization, whatever was voted to Notarize, block here or not
├── also for a view that is over
└── after Nullify, or twice: never
Nullify
├── when the timer ends; the votes of the view again each Δ
└── after Finalize: never
observer: no votes
"""

import pytest

from sequencer.consensus.events import CastVote, Fetched, Judged, Received, Tick, Verdict, Verify
from sequencer.consensus.messages import MAX_NULLIFICATIONS
from sequencer.errors import PeerFault
from sequencer.types import View
from tests.unit.consensus.builders import (
    FINALIZE,
    NOTARIZE,
    NULLIFY,
    START,
    Bench,
    block,
    broadcast,
    cast,
    certificate,
    only,
    proposal,
    signed,
    verified,
)

ONE = block(1)
OTHER = block(1, content=b"other")
TWO = block(2, ONE.header)
THREE = block(3, TWO.header)


# Notarize


def test_notarize__accepted_proposal() -> None:
    bench = Bench(me=0)
    asked = bench.receive(proposal(ONE))
    assert only(asked, Verify) == [Verify(ONE, START, ())]
    (vote,) = only(bench.judge(ONE), CastVote)
    assert (vote.vote.kind, vote.vote.block, vote.block) == (NOTARIZE, ONE.header.hash, ONE)


def test_notarize__twice__never() -> None:
    bench = Bench(me=0)
    bench.receive(proposal(ONE))
    bench.judge(ONE)
    assert not bench.judge(ONE)
    assert not verified(bench.receive(proposal(ONE)))


def test_notarize__second_proposal_of_the_leader__never() -> None:
    bench = Bench(me=0)
    bench.receive(proposal(ONE))
    assert not verified(bench.receive(proposal(OTHER)))
    assert not bench.judge(OTHER)
    assert cast(bench.judge(ONE)) == [(NOTARIZE, 1)]


def test_notarize__rejected__never() -> None:
    bench = Bench(me=0)
    bench.receive(proposal(ONE))
    assert not bench.judge(ONE, Verdict.REJECT)
    assert not verified(bench.receive(proposal(ONE), certificate(NULLIFY, 7)))


def test_notarize__not_yet__asked_again_until_the_view_ends() -> None:
    bench = Bench(me=0)
    bench.receive(proposal(ONE))
    assert not bench.judge(ONE, Verdict.NOT_YET)
    assert bench.core.deadline() == 20
    assert verified(bench.tick()) == [ONE.header.hash]
    assert not bench.judge(ONE, Verdict.NOT_YET)
    assert not verified(bench.receive(signed(2, NULLIFY, 1)))  # not before its time
    assert verified(bench.tick()) == [ONE.header.hash]
    assert cast(bench.judge(ONE)) == [(NOTARIZE, 1)]


def test_notarize__not_yet_when_the_view_ends__no_more() -> None:
    bench = Bench(me=0)
    bench.receive(proposal(ONE))
    bench.judge(ONE, Verdict.NOT_YET)
    bench.receive(certificate(NULLIFY, 1))
    assert not verified(bench.tick(20))
    assert not bench.judge(ONE)


def test_notarize__after_nullify__never() -> None:
    bench = Bench(me=0)
    assert cast(bench.tick(1_400)) == [(NULLIFY, 1)]
    assert not verified(bench.receive(proposal(ONE)))
    assert not bench.give(Judged(View(1), ONE.header.hash, Verdict.ACCEPT))


def test_notarize__nullify_while_the_application_thinks__never() -> None:
    bench = Bench(me=0)
    bench.receive(proposal(ONE))
    assert cast(bench.tick(400)) == [(NULLIFY, 1)]
    assert not bench.judge(ONE)


def test_notarize__view_ended_while_the_application_thinks__never() -> None:
    bench = Bench(me=0)
    bench.receive(proposal(ONE), certificate(NULLIFY, 1))
    assert not bench.judge(ONE)


def test_notarize__proposal_of_a_past_view__never() -> None:
    bench = Bench(me=0)
    bench.receive(certificate(NULLIFY, 1))
    assert not verified(bench.receive(proposal(ONE)))


def test_notarize__proposal_moves_the_node_to_its_view() -> None:
    """The certificates it carries are enough to take part."""
    bench = Bench(me=0)
    late = block(3)
    assert verified(bench.receive(proposal(late, None, (1, 2)))) == [late.header.hash]
    assert bench.core.view == 3
    assert cast(bench.judge(late)) == [(NOTARIZE, 3)]


def test_notarize__parent_missing__when_it_has_come() -> None:
    bench = Bench(me=0)
    asked = bench.receive(proposal(TWO, certificate(NOTARIZE, 1, ONE)))
    assert not verified(asked)
    assert verified(bench.give(Fetched((ONE,), None))) == [TWO.header.hash]


def test_notarize__gap_below_the_parent__when_it_is_closed() -> None:
    bench = Bench(me=0)
    bench.receive(proposal(TWO, certificate(NOTARIZE, 1, ONE)))
    asked = bench.receive(proposal(THREE, certificate(NOTARIZE, 2, TWO)))
    assert not verified(asked)
    (ask,) = only(bench.give(Fetched((ONE,), None)), Verify)
    assert (ask.block, ask.parent, ask.pending) == (THREE, TWO.header, (ONE, TWO))


def test_notarize__older_nullification_missing__when_it_has_come() -> None:
    view = MAX_NULLIFICATIONS + 3
    bench = Bench(me=0)
    late = block(view)
    bench.receive(certificate(NULLIFY, 1))
    carried = range(3, view)
    assert not verified(bench.receive(proposal(late, None, carried)))
    assert bench.core.view == view
    assert verified(bench.receive(certificate(NULLIFY, 2))) == [late.header.hash]


def test_notarize__unjustified__the_senders_fault() -> None:
    bench = Bench(me=0)
    with pytest.raises(PeerFault):
        bench.receive(proposal(block(3), None, (2,)))
    assert bench.core.view == 1
    assert len(bench.core.tree) == 0


# Finalize


def test_finalize__on_notarization__without_proposal_or_block() -> None:
    bench = Bench(me=0)
    assert cast(bench.receive(certificate(NOTARIZE, 1, ONE))) == [(FINALIZE, 1)]
    assert not cast(bench.receive(certificate(NOTARIZE, 1, ONE)))


def test_finalize__whatever_was_voted_to_notarize() -> None:
    bench = Bench(me=0)
    bench.receive(proposal(ONE))
    bench.judge(ONE)
    (vote,) = only(bench.receive(certificate(NOTARIZE, 1, OTHER)), CastVote)
    assert vote.vote.block == OTHER.header.hash


def test_finalize__view_is_over__still() -> None:
    bench = Bench(me=0)
    bench.receive(certificate(NULLIFY, 1), certificate(NULLIFY, 2))
    assert cast(bench.receive(certificate(NOTARIZE, 1, ONE))) == [(FINALIZE, 1)]
    assert bench.core.view == 3


def test_finalize__after_nullify__never() -> None:
    bench = Bench(me=0)
    bench.tick(1_400)
    assert not cast(bench.receive(certificate(NOTARIZE, 1, ONE)))
    assert bench.core.view == 2


def test_finalize__two_notarizations_of_a_view__once() -> None:
    bench = Bench(me=0)
    assert cast(bench.receive(certificate(NOTARIZE, 1, ONE))) == [(FINALIZE, 1)]
    assert not cast(bench.receive(certificate(NOTARIZE, 1, OTHER)))


def test_finalize__settled_view__never() -> None:
    bench = Bench(me=0)
    bench.receive(proposal(ONE), certificate(FINALIZE, 1, ONE))
    assert not cast(bench.receive(certificate(NOTARIZE, 1, ONE)))


# Nullify


def test_nullify__when_the_timer_ends__and_again() -> None:
    bench = Bench(me=0)
    bench.receive(proposal(ONE))
    bench.judge(ONE)
    assert cast(bench.tick()) == [(NULLIFY, 1)]
    assert bench.now_ms == 400
    assert broadcast(bench.tick()) == [(NOTARIZE, 1), (NULLIFY, 1)]
    assert bench.now_ms == 800
    assert broadcast(bench.tick()) == [(NOTARIZE, 1), (NULLIFY, 1)]


def test_nullify__after_finalize__never() -> None:
    """Only a journal that lost a certificate brings a node into that view."""
    bench = Bench(me=0, restored=[signed(0, FINALIZE, 1, ONE)])
    assert bench.core.view == 1
    for _ in range(3):
        repeated = bench.tick()
        assert not cast(repeated)
        assert broadcast(repeated) == [(FINALIZE, 1)]


def test_observer__no_votes() -> None:
    bench = Bench(me=None)
    outputs = bench.receive(proposal(ONE), certificate(NOTARIZE, 1, ONE))
    outputs += bench.tick(1_400) + bench.tick(5_000)
    assert not cast(outputs)
    assert not verified(outputs)
    assert bench.core.view == 2


def test_vote_on_its_way_back__binds_already() -> None:
    """Signing takes a moment; what is cast in it counts before it is fed back."""
    bench = Bench(me=0)
    bench.receive(proposal(ONE))
    bench.now_ms = 400
    assert cast(bench.handle(Tick())) == [(NULLIFY, 1)]
    assert not cast(bench.handle(Judged(View(1), ONE.header.hash, Verdict.ACCEPT)))
    assert not cast(bench.handle(Received(certificate(NOTARIZE, 1, ONE))))
