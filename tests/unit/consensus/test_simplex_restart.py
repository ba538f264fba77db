"""JOURNAL-2, 5: a core that is given its records again.

restored
├── votes: none that contradicts them is cast, and they are sent again
├── a vote whose certificate was lost: the view goes on; a quorum of one on its own
├── certificates: the view after them; Finalize is voted if it was not
├── blocks and a finalization, in any order: handed on
├── what is settled by the store: without effect
└── nothing is sent before `Start`
start: asks for final blocks; silence counts from here
live_records
├── what a fresh core needs to be in the same state
└── refused while a vote is on its way back
"""

import msgspec
import pytest

from sequencer.consensus.events import Built, Fetched, Finalized, NeedBlocks, Received, WorkChanged
from sequencer.consensus.evidence import Equivocation
from sequencer.consensus.messages import FinalityProof
from sequencer.simulation.keys import make_committee
from sequencer.types import ZERO_HASH, Height, View
from tests.unit.consensus.builders import (
    FINALIZE,
    NOTARIZE,
    NULLIFY,
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


def test_fresh_start__asks_for_final_blocks() -> None:
    bench = Bench(me=0)
    assert bench.started == [NeedBlocks(ZERO_HASH)]
    assert (bench.core.view, bench.core.root_view) == (1, 0)


def test_restored_notarize__no_other_vote_of_its_kind() -> None:
    bench = Bench(me=0, restored=[ONE, signed(0, NOTARIZE, 1, ONE)])
    assert broadcast(bench.started) == [(NOTARIZE, 1)]
    assert not verified(bench.receive(proposal(OTHER)))
    assert not bench.judge(OTHER)
    assert cast(bench.tick(1_400)) == [(NULLIFY, 1)]


def test_restored_own_proposal__no_second_one() -> None:
    own = signed(1, NOTARIZE, 1, ONE)
    bench = Bench(me=1, restored=[ONE, own])
    assert not only(bench.give(WorkChanged(has_work=True)), NeedBlocks)
    assert not bench.give(Built(OTHER))
    assert cast(bench.tick()) == [(NULLIFY, 1)]


def test_restored_nullify__no_notarize_and_no_finalize() -> None:
    bench = Bench(me=0, restored=[signed(0, NULLIFY, 1)])
    assert not verified(bench.receive(proposal(ONE)))
    assert not cast(bench.receive(certificate(NOTARIZE, 1, ONE)))
    assert bench.core.view == 2


def test_restored_finalize__no_nullify_and_no_other_finalize() -> None:
    bench = Bench(me=0, restored=[certificate(NOTARIZE, 1, ONE), signed(0, FINALIZE, 1, ONE)])
    assert bench.core.view == 2
    assert not cast(bench.receive(certificate(NULLIFY, 1), certificate(NOTARIZE, 1, OTHER)))


def test_restored_certificate__finalize_is_voted_on_start() -> None:
    bench = Bench(me=0, restored=[certificate(NOTARIZE, 1, ONE)])
    assert not cast(bench.replayed)
    assert cast(bench.started) == [(FINALIZE, 1)]
    assert ONE.header.hash in [ask.block for ask in only(bench.started, NeedBlocks)]


def test_restored_vote__view_of_the_vote() -> None:
    bench = Bench(me=0, restored=[signed(0, NULLIFY, 7)])
    assert bench.core.view == 7
    assert broadcast(bench.tick()) == [(NULLIFY, 7)]


def test_quorum_of_one__goes_on_from_its_vote_alone() -> None:
    """The certificate was never recorded, and nobody else's vote will come to complete it."""
    alone = make_committee((1,))
    bench = Bench(me=0, committee=alone, restored=[signed(0, NULLIFY, 3, committee=alone)])
    assert bench.core.view == 4


def test_heavy_member__goes_on_from_its_vote_alone() -> None:
    heavy = make_committee((5, 1, 1))
    bench = Bench(me=0, committee=heavy, restored=[signed(0, NULLIFY, 3, committee=heavy)])
    assert bench.core.view == 4


def test_restored_finalization__handed_on_whatever_the_order() -> None:
    final = certificate(FINALIZE, 2, TWO)
    first = Bench(me=0, restored=[ONE, TWO, final])
    assert [f.blocks for f in only(first.replayed, Finalized)] == [(ONE, TWO)]
    later = Bench(me=0, restored=[final, TWO, ONE])
    assert [f.blocks for f in only(later.started, Finalized)] == [(ONE, TWO)]
    assert later.started[-1] == NeedBlocks(ZERO_HASH)
    assert first.core.root_view == later.core.root_view == 2


def test_restored__settled_by_the_store__without_effect() -> None:
    stored = (TWO.header, certificate(FINALIZE, 2, TWO))
    records = [ONE, signed(0, NOTARIZE, 1, ONE), certificate(NOTARIZE, 1, ONE), TWO]
    bench = Bench(me=0, finalized=stored, restored=records)
    assert bench.started == [NeedBlocks(ZERO_HASH)]
    assert (bench.core.view, bench.core.root_view) == (3, 2)
    assert bench.core.best_parent() == TWO.header


def test_stored_tip_without_certificate__is_built_on_only_below_its_descendant() -> None:
    bench = Bench(me=0, finalized=(ONE.header, None))
    assert bench.core.best_parent() is None
    proof = FinalityProof(certificate(FINALIZE, 2, TWO))
    bench.give(Fetched((TWO,), proof))
    assert bench.core.best_parent() == TWO.header


def test_start__silence_counts_from_here() -> None:
    bench = Bench(me=0, restored=[signed(0, NULLIFY, 400)])
    assert bench.core.deadline() == 1_400


def busy_core() -> Bench:
    bench = Bench(me=0)
    bench.receive(proposal(ONE))
    bench.judge(ONE)
    bench.receive(certificate(NOTARIZE, 1, ONE), certificate(NULLIFY, 2, members=(1, 2, 3)))
    bench.tick(2_000)
    late = block(3, ONE.header)
    bench.receive(proposal(late, certificate(NOTARIZE, 1, ONE), (2,)))
    return bench


def test_live_records__a_fresh_core_stands_where_this_one_does() -> None:
    bench = busy_core()
    again = Bench(me=0, restored=list(bench.core.live_records()))
    assert again.core.view == bench.core.view
    assert again.core.best_parent() == bench.core.best_parent()
    assert set(broadcast(again.started)) == {(NOTARIZE, 1), (FINALIZE, 1), (NULLIFY, 3)}
    assert not cast(again.started)


def test_live_records__of_settled_views_what_convicts() -> None:
    """SIMPLEX-11 after a restart: the journal has no own votes of those views any more."""
    final = block(3, ONE.header)
    proof = certificate(FINALIZE, 3, final)
    bench = busy_core()
    bench.receive(proof)
    kept = list(bench.core.live_records())
    assert kept == [
        certificate(NOTARIZE, 1, ONE),
        certificate(NULLIFY, 2, members=(1, 2, 3)),
        proof,
    ]
    again = Bench(me=0, finalized=(final.header, proof), restored=kept)
    rivals = (
        certificate(NOTARIZE, 1, TWO, members=(1, 2, 3)),
        certificate(FINALIZE, 2, TWO, members=(0, 1, 2)),
        certificate(NULLIFY, 3, members=(0, 2, 3)),
    )
    convicted = [
        {found.first.member for found in only(again.receive(rival), Equivocation)}
        for rival in rivals
    ]
    assert convicted == [{1, 2}, {1, 2}, {0, 2}]


def test_live_records__while_a_vote_is_on_its_way_back__refused() -> None:
    """It is signed and may be sent; a journal rewritten without it would forget it."""
    bench = Bench(me=0)
    bench.handle(Received(certificate(NOTARIZE, 1, ONE)))
    with pytest.raises(AssertionError):
        list(bench.core.live_records())


def test_later_epoch__starts_from_a_block_of_another_numbering() -> None:
    start = msgspec.structs.replace(block(9).header, view=View(77), height=Height(100))
    first = block(1, start)
    bench = Bench(me=0, start=start)
    assert bench.core.view == 1
    assert verified(bench.receive(proposal(first))) == [first.header.hash]
    (final,) = only(bench.receive(certificate(FINALIZE, 1, first)), Finalized)
    assert final.blocks == (first,)
