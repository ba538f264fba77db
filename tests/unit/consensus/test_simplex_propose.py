"""SIMPLEX-2: when a leader proposes, on what, and with which justification.

enter a view this node leads
├── work: builds at once, if it is of this view; no work: builds when the heartbeat has passed
├── not its view, an observer, Nullify already voted: never
├── once in a view
├── on the highest notarized block with only nullified views above it
│   ├── notarized but not here: the next lower, if every view above that is nullified
│   ├── a gap further down: the same, and the gap is asked for
│   ├── nothing justified: waits, without being due; goes on when certificate or block arrives
│   └── a finalized root whose own certificate is not known: waits
├── the block built is for another view, or its parent was overtaken: dropped, asked anew
└── more than 64 views nullified: the older nullifications go ahead
"""

from sequencer.consensus.events import (
    Broadcast,
    Build,
    Built,
    Fetched,
    Propose,
    Received,
    WorkChanged,
)
from sequencer.consensus.messages import MAX_NULLIFICATIONS, FinalityProof
from tests.unit.consensus.builders import (
    FINALIZE,
    NOTARIZE,
    NULLIFY,
    START,
    Bench,
    block,
    cast,
    certificate,
    nullifications,
    only,
    proposal,
)

ONE = block(1)
TWO = block(2, ONE.header)


def with_work(bench: Bench) -> Bench:
    bench.give(WorkChanged(has_work=True))
    return bench


def test_work__builds_at_once() -> None:
    bench = Bench(me=1)
    asked = bench.give(WorkChanged(has_work=True))
    assert only(asked, Build) == [Build(ONE.header.view, START, ())]


def test_work_of_the_view_before__builds_when_it_is_told_again() -> None:
    """The last block may have taken all there was."""
    bench = Bench(me=2)
    bench.handle(WorkChanged(has_work=True))
    assert not only(bench.handle(Received(certificate(NOTARIZE, 1, ONE))), Build)
    bench.receive(proposal(ONE))
    assert bench.core.view == 2
    assert not only(bench.tick(999), Build)
    assert only(bench.give(WorkChanged(has_work=True)), Build)


def test_no_work__builds_when_the_heartbeat_has_passed() -> None:
    bench = Bench(me=1)
    assert bench.core.deadline() == 1_000
    assert not only(bench.tick(999), Build)
    assert only(bench.tick(1_000), Build)
    assert not only(bench.tick(1_001), Build)


def test_another_leads__never_builds() -> None:
    for me in (0, 2, 3, None):
        bench = Bench(me)
        assert not only(bench.give(WorkChanged(has_work=True)), Build)
        assert not only(bench.tick(1_000), Build)


def test_built__proposes_once_with_its_vote() -> None:
    bench = Bench(me=1)
    outputs = bench.build(bench.give(WorkChanged(has_work=True)))
    (proposed,) = only(outputs, Propose)
    assert proposed.parent_certificate is None
    assert proposed.nullifications == ()
    assert cast(outputs) == [(NOTARIZE, 1)]
    assert not bench.give(Built(block(1, content=b"again")))


def test_built__for_another_view__dropped() -> None:
    bench = with_work(Bench(me=1))
    assert not bench.give(Built(TWO))


def test_built__after_nullify__dropped() -> None:
    bench = with_work(Bench(me=1))
    assert cast(bench.tick()) == [(NULLIFY, 1)]
    assert not bench.give(Built(ONE))
    assert not only(bench.give(WorkChanged(has_work=True)), Build)


def test_next_view__on_the_notarized_block_with_its_certificate() -> None:
    bench = with_work(Bench(me=2))
    bench.receive(proposal(ONE))
    asked = bench.receive(certificate(NOTARIZE, 1, ONE))
    (ask,) = only(asked, Build)
    assert (ask.parent, ask.pending) == (ONE.header, (ONE,))
    (proposed,) = only(bench.build(asked), Propose)
    assert proposed.parent_certificate == certificate(NOTARIZE, 1, ONE)


def test_nullified_views_between__carried() -> None:
    bench = with_work(Bench(me=0))
    bench.receive(proposal(ONE), certificate(NOTARIZE, 1, ONE), certificate(NULLIFY, 2))
    asked = bench.receive(certificate(NULLIFY, 3))
    (proposed,) = only(bench.build(asked), Propose)
    assert proposed.block.header.parent_hash == ONE.header.hash
    assert proposed.nullifications == nullifications((2, 3))


def test_notarized_and_nullified__on_the_notarized_block() -> None:
    bench = with_work(Bench(me=2))
    bench.receive(proposal(ONE))
    bench.receive(certificate(NULLIFY, 1))
    late = bench.receive(certificate(NOTARIZE, 1, ONE))
    assert not only(late, Build)  # has asked already, on the start
    assert bench.core.best_parent() == ONE.header


def test_built_on_an_overtaken_parent__asked_anew() -> None:
    """Built while a notarization came in: the view is not lost for that."""
    bench = with_work(Bench(me=2))
    bench.receive(proposal(ONE))
    asked = bench.receive(certificate(NULLIFY, 1))
    bench.receive(certificate(NOTARIZE, 1, ONE))
    again = bench.build(asked)
    assert not only(again, Propose)
    (ask,) = only(again, Build)
    assert ask.parent == ONE.header
    assert only(bench.build(again), Propose)


def test_notarized_block_missing__next_lower_if_nullified() -> None:
    bench = with_work(Bench(me=2))
    asked = bench.receive(certificate(NOTARIZE, 1, ONE))
    assert not only(asked, Build)
    (ask,) = only(bench.receive(certificate(NULLIFY, 1)), Build)
    assert ask.parent == START


def test_notarized_block_missing__builds_when_it_comes() -> None:
    bench = with_work(Bench(me=2))
    bench.receive(certificate(NOTARIZE, 1, ONE))
    (ask,) = only(bench.give(Fetched((ONE,), None)), Build)
    assert ask.parent == ONE.header


def test_gap_below_the_notarized_block__builds_when_it_is_closed() -> None:
    bench = with_work(Bench(me=3))
    bench.receive(proposal(TWO, certificate(NOTARIZE, 1, ONE)))
    asked = bench.receive(certificate(NOTARIZE, 2, TWO))
    assert not only(asked, Build)
    assert bench.core.best_parent() is None
    (ask,) = only(bench.give(Fetched((ONE,), None)), Build)
    assert (ask.parent, ask.pending) == (TWO.header, (ONE, TWO))


def test_nothing_justified__waits_without_being_due() -> None:
    """A leader that skipped views lacks their certificates. It must not spin until it gives up."""
    bench = Bench(me=1)
    bench.receive(certificate(NULLIFY, 4))
    assert bench.core.view == 5
    assert not only(bench.tick(1_000), Build)
    assert bench.core.deadline() > 1_000
    missing = [certificate(NULLIFY, view) for view in (1, 2)]
    assert not only(bench.receive(*missing), Build)
    assert only(bench.receive(certificate(NULLIFY, 3)), Build)


def test_root_without_own_certificate__waits_for_the_block_above_it() -> None:
    """Caught up through a descendant: that one is final too and has to be built on."""
    bench = with_work(Bench(me=3))
    proof = FinalityProof(certificate(FINALIZE, 2, TWO), (TWO.header,))
    outputs = bench.give(Fetched((ONE,), proof))
    assert bench.core.view == 3
    assert not only(outputs, Build)
    (ask,) = only(bench.give(Fetched((TWO,), None)), Build)
    assert ask.parent == TWO.header


def test_finalized_parent__justified_by_its_finalization() -> None:
    bench = with_work(Bench(me=2))
    bench.receive(proposal(ONE))
    asked = bench.receive(certificate(FINALIZE, 1, ONE))
    (proposed,) = only(bench.build(asked), Propose)
    assert proposed.parent_certificate == certificate(FINALIZE, 1, ONE)


def test_long_run_of_nullified_views__older_nullifications_ahead() -> None:
    view = MAX_NULLIFICATIONS + 5
    bench = with_work(Bench(me=view % 4))
    asked = bench.receive(*nullifications(range(1, view)))
    outputs = bench.build(asked[asked.index(only(asked, Build)[-1]) :])
    ahead = outputs[: outputs.index(only(outputs, Propose)[0])]
    assert [o.message for o in only(ahead, Broadcast)] == list(nullifications(range(1, 5)))
    (proposed,) = only(outputs, Propose)
    assert proposed.nullifications == nullifications(range(5, view))
