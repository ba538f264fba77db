"""SIMPLEX-4, 7, 8, 9, 10: from view to view, and what is final.

certificate of view w
├── w at or above the current view: enters w + 1; below: stays
├── recorded, once; made from votes or received
├── nullification, or one that was passed on to this node: passed on at once
├── of a block, made from votes: passed on a quarter of the base Δ later, if none made it old
└── with exactly two thirds of the votes: there is none
finalization
├── block and ancestors here: handed on ascending, each once, with the proof
├── something missing: when it has come
├── two at once: the higher one takes the lower along
├── lower one complete, higher one not: the lower one is handed on
└── moves past its view, drops what is settled
timer
├── idle: heartbeat + Δ; work or proposal: Δ
├── Δ grows with nullified views and falls back
└── inactive leader: Nullify at once, and the deadline does not stay in the past
"""

import pytest

from sequencer.consensus.events import (
    Fetched,
    Finalized,
    Record,
    Send,
    WorkChanged,
)
from sequencer.consensus.messages import FinalityProof, VoteKind
from sequencer.simulation.keys import make_committee
from sequencer.types import MemberIndex
from tests.unit.consensus.builders import (
    FINALIZE,
    NOTARIZE,
    NULLIFY,
    Bench,
    block,
    cast,
    certificate,
    only,
    proposal,
    sent,
    signed,
)

ONE = block(1)
TWO = block(2, ONE.header)
THREE = block(3, TWO.header)
TWO_ALONE = block(2)


@pytest.mark.parametrize("kind", [NOTARIZE, NULLIFY, FINALIZE])
@pytest.mark.parametrize("view", [1, 2, 9, 10**6])
def test_certificate__at_or_above__enters_the_next_view(kind: VoteKind, view: int) -> None:
    bench = Bench(me=0)
    made = certificate(kind, view) if kind is NULLIFY else certificate(kind, view, block(view))
    outputs = bench.receive(made)
    assert bench.core.view == view + 1
    assert only(outputs, Record) == [Record(made)]
    assert not bench.receive(made)


def test_certificate__below__stays() -> None:
    bench = Bench(me=0)
    bench.receive(certificate(NULLIFY, 5))
    outputs = bench.receive(certificate(NULLIFY, 3))
    assert bench.core.view == 6
    assert sent(outputs) == [(1, NULLIFY, 3), (2, NULLIFY, 3)]


@pytest.mark.parametrize("kind", [NOTARIZE, FINALIZE])
def test_certificate__made_from_votes__passed_on_once_and_later(kind: VoteKind) -> None:
    """However long Δ has become: it is to outgrow this."""
    bench = Bench(me=0)
    bench.receive(certificate(NULLIFY, 1), proposal(TWO_ALONE, None, (1,)))
    votes = [signed(member, kind, 2, TWO_ALONE) for member in (1, 2, 3)]
    made = certificate(kind, 2, TWO_ALONE, members=(1, 2, 3))
    assert made in [o.certificate for o in only(bench.receive(*votes), Record)]
    assert bench.core.deadline() == 100
    assert not only(bench.tick(99), Send)
    assert only(bench.pass_on(), Send) == [Send(MemberIndex(m), made) for m in (1, 2)]
    assert not only(bench.pass_on(), Send)


@pytest.mark.parametrize("kind", [NOTARIZE, NULLIFY, FINALIZE])
def test_certificate__passed_on__is_so_again_at_once(kind: VoteKind) -> None:
    """Somebody lacked it, so others may: each step of log2(N) takes no pause of its own."""
    bench = Bench(me=0)
    made = certificate(kind, 1) if kind is NULLIFY else certificate(kind, 1, ONE)
    assert only(bench.receive(made), Send) == [Send(MemberIndex(m), made) for m in (1, 2)]
    assert not only(bench.pass_on(), Send)


def test_certificate__within_a_proposal__waits() -> None:
    """The others have the proposal too."""
    bench = Bench(me=0)
    outputs = bench.receive(proposal(TWO, certificate(NOTARIZE, 1, ONE)))
    assert not only(outputs, Send)
    assert sent(bench.pass_on()) == [(1, NOTARIZE, 1), (2, NOTARIZE, 1)]


def test_certificates__of_views_that_went_by__the_last_passed_on() -> None:
    """Whoever lags waits no longer for it because views go by."""
    bench = Bench(me=0)
    bench.receive(proposal(ONE), proposal(TWO, certificate(NOTARIZE, 1, ONE)))
    bench.now_ms = 60
    bench.receive(*[signed(member, FINALIZE, 1, ONE) for member in (1, 2, 3)])
    bench.receive(*[signed(member, NOTARIZE, 2, TWO) for member in (1, 2, 3)])
    assert sent(bench.tick(100)) == [
        (member, kind, view) for kind, view in ((FINALIZE, 1), (NOTARIZE, 2)) for member in (1, 2)
    ]


def test_votes__above_two_thirds__certificate() -> None:
    bench = Bench(me=0)
    assert not bench.receive(signed(1, NULLIFY, 1), signed(2, NULLIFY, 1))
    outputs = bench.receive(signed(3, NULLIFY, 1))
    assert only(outputs, Record) == [Record(certificate(NULLIFY, 1, members=(1, 2, 3)))]
    assert bench.core.view == 2
    assert not bench.receive(signed(0, NULLIFY, 1))


def test_votes__exactly_two_thirds__none() -> None:
    committee = make_committee((1, 1, 1))
    bench = Bench(me=2, committee=committee)
    votes = [signed(member, NULLIFY, 1, committee=committee) for member in range(3)]
    bench.receive(*votes[:2])
    assert bench.core.view == 1
    bench.receive(votes[2])
    assert bench.core.view == 2


def test_own_vote__counts() -> None:
    bench = Bench(me=0)
    bench.receive(signed(1, NULLIFY, 1), signed(2, NULLIFY, 1))
    outputs = bench.tick(1_400)
    assert cast(outputs) == [(NULLIFY, 1)]
    assert bench.core.view == 2


def test_notarize_votes__through_to_finality() -> None:
    bench = Bench(me=0)
    bench.receive(proposal(ONE), signed(2, NOTARIZE, 1, ONE))
    outputs = bench.judge(ONE)
    assert cast(outputs) == [(NOTARIZE, 1), (FINALIZE, 1)]
    assert bench.core.view == 2
    outputs = bench.receive(signed(1, FINALIZE, 1, ONE), signed(2, FINALIZE, 1, ONE))
    (final,) = only(outputs, Finalized)
    assert final.blocks == (ONE,)
    assert final.proof == FinalityProof(certificate(FINALIZE, 1, ONE))


# Finalized


def test_finalized__ancestors_with_it_ascending() -> None:
    bench = Bench(me=0)
    bench.receive(proposal(ONE), proposal(TWO, certificate(NOTARIZE, 1, ONE)))
    (final,) = only(bench.receive(certificate(FINALIZE, 2, TWO)), Finalized)
    assert final.blocks == (ONE, TWO)
    assert (bench.core.root_view, bench.core.view, len(bench.core.tree)) == (2, 3, 0)
    assert not only(bench.receive(certificate(FINALIZE, 1, ONE)), Finalized)


def test_finalized__block_missing__when_it_has_come() -> None:
    bench = Bench(me=0)
    outputs = bench.receive(proposal(ONE), certificate(FINALIZE, 2, TWO))
    assert not only(outputs, Finalized)
    assert bench.core.view == 3
    (final,) = only(bench.give(Fetched((TWO,), None)), Finalized)
    assert final.blocks == (ONE, TWO)


def test_finalized__higher_first__one_handing_on() -> None:
    bench = Bench(me=0)
    bench.receive(certificate(FINALIZE, 1, ONE), certificate(FINALIZE, 2, TWO))
    (final,) = only(bench.give(Fetched((ONE, TWO), None)), Finalized)
    assert final.blocks == (ONE, TWO)
    assert final.proof.certificate.vote.view == 2


def test_finalized__lower_complete__not_held_up_by_the_higher() -> None:
    bench = Bench(me=0)
    bench.receive(certificate(FINALIZE, 1, ONE), certificate(FINALIZE, 3, THREE))
    (final,) = only(bench.give(Fetched((ONE,), None)), Finalized)
    assert final.blocks == (ONE,)
    (final,) = only(bench.give(Fetched((TWO, THREE), None)), Finalized)
    assert final.blocks == (TWO, THREE)


# Timers


def test_timer__idle__heartbeat_and_timeout() -> None:
    bench = Bench(me=0)
    assert bench.core.deadline() == 1_400
    assert not cast(bench.tick(1_399))
    assert cast(bench.tick(1_400)) == [(NULLIFY, 1)]


def test_timer__work__timeout_from_then() -> None:
    bench = Bench(me=0)
    bench.now_ms = 100
    bench.give(WorkChanged(has_work=True))
    assert bench.core.deadline() == 500
    bench.give(WorkChanged(has_work=False))
    bench.receive(certificate(NULLIFY, 1))
    assert bench.core.deadline() == 100 + 1_000 + 600


def test_timer__proposal__timeout_from_then() -> None:
    bench = Bench(me=0)
    bench.now_ms = 300
    bench.receive(proposal(ONE))
    assert bench.core.deadline() == 700


def test_timer__nullified_views__longer_until_finalized() -> None:
    bench = Bench(me=0)
    bench.give(WorkChanged(has_work=True))
    bench.receive(certificate(NULLIFY, 1), certificate(NULLIFY, 2))
    assert bench.core.deadline() == 900
    late = block(3)
    bench.receive(proposal(late, None, (1, 2)), certificate(FINALIZE, 3, late))
    assert bench.core.deadline() == 400


def test_timer__inactive_leader__nullify_at_once_and_not_due_again() -> None:
    """Member 3 is silent; after 2N views its views end as soon as they begin."""
    bench = Bench(me=0)
    for view in range(1, 11):
        for member in (1, 2):
            bench.receive(signed(member, NULLIFY, view))
        bench.receive(certificate(NULLIFY, view))
    assert bench.core.view == 11
    assert bench.core.deadline() == bench.now_ms
    assert cast(bench.tick()) == [(NULLIFY, 11)]
    assert bench.core.deadline() > bench.now_ms
    bench.receive(certificate(NULLIFY, 11))
    assert bench.core.deadline() > bench.now_ms
