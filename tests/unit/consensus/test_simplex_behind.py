"""SIMPLEX-11, 12, 14: what is answered, kept, and taken for news.

Nullify of a view below the current one
├── answered with what ended that view, what ended the last one, what is final
├── however old; also when this node skipped that view
├── at most twice in a Δ for a member
└── the current view, another kind, its own vote: no answer
observer whose timer ends: asks for final blocks
votes
├── up to 64 views ahead, and 64 behind the last finalized one: kept; beyond: dropped
└── contradictions, alone or in certificates: evidence once, the first counts
is_news
├── a statement that is known: no; one that contradicts it: yes
├── a proposal: the first of its view, and another one as evidence
└── a certificate of a settled view: once
bounds: rounds, blocks, wishes under all of this
finalization far above the last final block: what is below it is settled
├── nothing is kept of it, however long catching up takes
├── no vote is cast there, after a restart neither
└── blocks that come with a proof: final, and voting goes on above
"""

import pytest

from sequencer.blocks.header import Block
from sequencer.consensus.events import Fetched, Finalized, NeedBlocks, Send
from sequencer.consensus.evidence import Equivocation
from sequencer.consensus.messages import FinalityProof
from sequencer.consensus.simplex import WINDOW
from sequencer.types import ZERO_HASH, MemberIndex, View
from tests.unit.consensus.builders import (
    COMMITTEE,
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
    verified,
)

ONE = block(1)
TWO = block(2, ONE.header)


def finalized_to(bench: Bench, last: int) -> Bench:
    """A chain of finalized blocks of the views 1 to `last`."""
    parent, justification = None, None
    for view in range(1, last + 1):
        made = block(view, parent.header) if parent else block(view)
        justification_of_next = certificate(FINALIZE, view, made)
        bench.receive(proposal(made, justification), justification_of_next)
        parent, justification = made, justification_of_next
    return bench


# Answers


def test_stale_nullify__answered() -> None:
    bench = Bench(me=0)
    bench.receive(proposal(ONE), certificate(FINALIZE, 1, ONE))
    bench.receive(certificate(NULLIFY, 2), certificate(NULLIFY, 3))
    answer = bench.receive(signed(2, NULLIFY, 2))
    assert sent(answer) == [(2, NULLIFY, 2), (2, NULLIFY, 3), (2, FINALIZE, 1)]


def test_stale_nullify__each_certificate_once() -> None:
    bench = Bench(me=0)
    bench.receive(proposal(ONE), certificate(FINALIZE, 1, ONE))
    assert sent(bench.receive(signed(2, NULLIFY, 1))) == [(2, FINALIZE, 1)]


def test_stale_nullify__of_a_view_skipped_here__answered_with_the_last_end() -> None:
    bench = Bench(me=0)
    bench.receive(certificate(NULLIFY, 8))
    assert sent(bench.receive(signed(2, NULLIFY, 3))) == [(2, NULLIFY, 8)]


def test_stale_nullify__however_old__answered() -> None:
    """Without this, a member back from a long partition is never told, and its weight is lost."""
    bench = finalized_to(Bench(me=0), WINDOW + 20)
    call = signed(2, NULLIFY, 3)
    assert bench.core.is_news(call)
    assert sent(bench.receive(call)) == [(2, FINALIZE, WINDOW + 20)]


def test_stale_nullify__at_most_twice_in_a_timeout() -> None:
    bench = Bench(me=0)
    bench.receive(certificate(NULLIFY, 1))
    call = signed(2, NULLIFY, 1)
    assert sent(bench.receive(call))
    bench.now_ms = 199
    assert not sent(bench.receive(call))
    assert not bench.core.is_news(call)
    assert sent(bench.receive(signed(3, NULLIFY, 1)))  # another member
    bench.now_ms = 200
    bench.tick(200)
    assert bench.core.is_news(call)
    assert sent(bench.receive(call))


def test_no_call__no_answer() -> None:
    bench = Bench(me=0)
    bench.receive(certificate(NULLIFY, 1))
    assert not only(bench.receive(signed(2, NULLIFY, 2)), Send)
    assert not only(bench.receive(signed(2, NOTARIZE, 1, ONE)), Send)
    assert not only(bench.receive(signed(0, NULLIFY, 1)), Send)


def test_answer__brings_the_caller_to_the_current_view() -> None:
    ahead = finalized_to(Bench(me=0), 5)
    ahead.receive(certificate(NULLIFY, 6), certificate(NULLIFY, 7))
    behind = Bench(me=2)
    answer = ahead.receive(signed(2, NULLIFY, 1))
    behind.receive(*(send.message for send in only(answer, Send)))
    assert behind.core.view == ahead.core.view == 8


def test_observer__timer_ends__asks_for_final_blocks() -> None:
    bench = Bench(me=None)
    assert only(bench.tick(), NeedBlocks) == [NeedBlocks(ZERO_HASH)]
    assert bench.core.deadline() > bench.now_ms
    assert only(bench.tick(), NeedBlocks) == [NeedBlocks(ZERO_HASH)]


# Window


@pytest.mark.parametrize(
    ("view", "is_kept"),
    [(1, True), (1 + WINDOW, True), (2 + WINDOW, False), (10**9, False)],
)
def test_vote_ahead(view: int, is_kept: bool) -> None:
    bench = Bench(me=0)
    votes = [signed(member, NULLIFY, view) for member in (1, 2, 3)]
    assert all(bench.core.is_news(each) is is_kept for each in votes)
    bench.receive(*votes)
    assert bench.core.view == (view + 1 if is_kept else 1)


def test_vote_behind__kept_for_evidence_only() -> None:
    last = WINDOW + 5
    bench = finalized_to(Bench(me=0), last)
    old, older = last - WINDOW + 1, last - WINDOW
    first, second = (signed(3, NOTARIZE, old, block(old, content=c)) for c in (b"1", b"2"))
    assert not bench.receive(first)
    assert bench.receive(second) == [Equivocation(first, second)]
    gone = signed(3, NOTARIZE, older, ONE)
    assert not bench.core.is_news(gone)
    assert not bench.receive(gone, signed(3, NOTARIZE, older, TWO))


def test_votes_behind__no_certificate_from_them() -> None:
    bench = finalized_to(Bench(me=0), 5)
    other = block(4, content=b"other")
    bench.receive(*(signed(member, NOTARIZE, 4, other) for member in (1, 2, 3)))
    assert (bench.core.view, bench.core.root_view) == (6, 5)


def test_bounds__held_under_a_flood() -> None:
    bench = finalized_to(Bench(me=0), 3)
    for view in range(WINDOW * 3):
        for member in (1, 2):
            name = block(view, content=b"%d" % member)
            bench.receive(signed(member, NOTARIZE, view, name))
            bench.receive(signed(member, NULLIFY, view))
    parent = bench.core.best_parent()
    for content in range(20):
        made = block(4, parent, b"%d" % content)
        bench.receive(proposal(made, bench.core.finalization))
    sizes = bench.core.sizes()
    assert sizes["rounds"] <= 2 * WINDOW + 2
    assert sizes["blocks"] <= 1
    assert sizes["missing"] <= 1
    assert sizes["answered"] <= len(COMMITTEE)


def test_bounds__settled_views_are_dropped() -> None:
    bench = finalized_to(Bench(me=0), 3 * WINDOW)
    assert bench.core.sizes()["rounds"] <= WINDOW + 1
    assert bench.core.sizes()["blocks"] == 0


def test_old_proposals__one_block_a_view() -> None:
    bench = Bench(me=0)
    bench.receive(certificate(NULLIFY, 1), certificate(NULLIFY, 2))
    for content in range(5):
        bench.receive(proposal(block(1, content=b"%d" % content)))
    assert bench.core.sizes()["blocks"] == 1


# Evidence and news


def test_evidence__two_votes__once() -> None:
    bench = Bench(me=0)
    first, second = signed(3, NOTARIZE, 1, ONE), signed(3, NOTARIZE, 1, TWO)
    bench.receive(first)
    assert bench.core.is_news(second)
    assert bench.receive(second) == [Equivocation(first, second)]
    assert not bench.core.is_news(second)
    assert not bench.receive(second, signed(3, NOTARIZE, 1, block(5)))


def test_evidence__two_proposals() -> None:
    bench = Bench(me=0)
    bench.receive(proposal(ONE))
    (found,) = only(bench.receive(proposal(block(1, content=b"other"))), Equivocation)
    assert found.first.member == found.second.member == MemberIndex(1)


def test_evidence__in_certificates__everyone_in_both() -> None:
    bench = Bench(me=0)
    bench.receive(certificate(FINALIZE, 1, ONE, members=(0, 1, 2)))
    other = certificate(NULLIFY, 1, members=(1, 2, 3))
    assert bench.core.is_news(other)
    found = only(bench.receive(other), Equivocation)
    assert [pair.first.member for pair in found] == [1, 2]
    assert not only(bench.receive(other), Equivocation)


def test_evidence__vote_against_certificate() -> None:
    bench = Bench(me=0)
    bench.receive(certificate(NULLIFY, 1, members=(1, 2, 3)))
    (found,) = only(bench.receive(signed(3, FINALIZE, 1, ONE)), Equivocation)
    assert found == Equivocation(signed(3, NULLIFY, 1), signed(3, FINALIZE, 1, ONE))


def test_evidence__certificate_against_one_of_the_same_kind() -> None:
    bench = Bench(me=0)
    bench.receive(certificate(NOTARIZE, 1, ONE))
    rival = certificate(NOTARIZE, 1, TWO, members=(1, 2, 3))
    assert [e.first.member for e in only(bench.receive(rival), Equivocation)] == [1, 2]
    assert bench.core.view == 2


def test_news__proposal__first_of_its_view_and_a_contradiction() -> None:
    """Each costs a hash over its payload."""
    bench = Bench(me=0)
    first, second, third = (proposal(block(1, content=content)) for content in (b"1", b"2", b"3"))
    bench.receive(first.notarize)
    assert bench.core.is_news(first)
    bench.receive(first)
    assert not bench.core.is_news(first)
    assert bench.core.is_news(second)
    bench.receive(second)
    assert not bench.core.is_news(third)
    bench.receive(certificate(FINALIZE, 1, first.block))
    assert not bench.core.is_news(first)
    late = proposal(TWO, certificate(FINALIZE, 1, ONE))
    assert bench.core.is_news(late)


def test_news__certificate_of_a_settled_view__once() -> None:
    """Every member passes it on: verifying each copy would cost N times N signatures."""
    bench = finalized_to(Bench(me=0), 2)
    late = certificate(NOTARIZE, 1, ONE)
    assert bench.core.is_news(late)
    assert not bench.receive(late)
    assert not bench.core.is_news(late)
    assert not bench.core.is_news(certificate(NOTARIZE, 1, ONE, members=(1, 2, 3)))


def test_news__certificates_of_two_windows_ago__no() -> None:
    bench = finalized_to(Bench(me=0), WINDOW + 5)
    assert not bench.core.is_news(certificate(NOTARIZE, 5, ONE))
    assert bench.core.is_news(certificate(NOTARIZE, 6, ONE))
    assert not bench.receive(certificate(NOTARIZE, 5, ONE))


# Far behind

FAR = 5 * WINDOW


def live_views(bench: Bench, last: int = FAR) -> list[Block]:
    """What a node hears that joins a chain that goes on: certificates of blocks it lacks."""
    chain = [block(1)]
    for view in range(2, last + 1):
        chain.append(block(view, chain[-1].header))
    for made in chain:
        view = made.header.view
        bench.receive(certificate(NOTARIZE, view, made), certificate(FINALIZE, view, made))
    return chain


def test_far_behind__only_the_newest_views_are_kept() -> None:
    bench = Bench(me=0)
    live_views(bench)
    sizes = bench.core.sizes()
    assert sizes["rounds"] <= WINDOW + 2
    assert sizes["missing"] <= 2 * WINDOW
    assert bench.core.is_settled(View(FAR - WINDOW))
    assert not bench.core.is_settled(View(FAR - WINDOW + 1))
    assert not bench.core.is_news(certificate(NULLIFY, FAR - WINDOW))


def test_far_behind__no_finalize_where_nullify_was_forgotten() -> None:
    bench = Bench(me=0)
    assert cast(bench.tick(1_400)) == [(NULLIFY, 1)]
    chain = live_views(bench)
    assert not cast(bench.receive(certificate(NOTARIZE, 1, chain[0])))
    again = Bench(me=0, restored=list(bench.core.live_records()))
    assert not cast(again.started)
    assert not cast(again.receive(certificate(NOTARIZE, 1, chain[0])))
    assert again.core.view == FAR + 1


def test_far_behind__blocks_with_proofs__final_and_on() -> None:
    bench = Bench(me=0)
    chain = live_views(bench)
    half = chain[: FAR // 2]
    tip = half[-1]
    proof = FinalityProof(certificate(FINALIZE, tip.header.view, tip))
    outputs = bench.handle(Fetched(tuple(half), proof))
    assert [f.blocks[-1] for f in only(outputs, Finalized)] == [tip]
    assert bench.core.sizes()["rounds"] <= 2 * WINDOW + 2
    outputs = bench.handle(
        Fetched(tuple(chain[FAR // 2 :]), FinalityProof(certificate(FINALIZE, FAR, chain[-1])))
    )
    assert [f.blocks[-1] for f in only(outputs, Finalized)] == [chain[-1]]
    following = block(FAR + 1, chain[-1].header)
    assert verified(bench.receive(proposal(following, certificate(FINALIZE, FAR, chain[-1]))))
