"""SIMPLEX-13: blocks that a node has certificates for and lacks.

missing block
├── asked for at once, and again each Δ until it comes
├── a gap below it: asked for when it shows
├── finalized past it: nobody waits any more; still certified above the root: waited for
└── parent of a proposal: the same
fetched
├── leading to a wanted block: kept; whatever waited goes on
├── with a proof: final up to the last, through blocks above it too
│   ├── known already, or not on the root: ignored
│   └── a rival of the root: every certificate goes out once more
├── final past a view that is known to be final with another block: likewise (SIMPLEX-11)
│   └── the first such view is kept however far the chain has gone on (SIMPLEX-12)
└── beside the root: likewise, and asked for again only after Δ
proposal with bytes that are not its payload: nothing kept
proposal far above the root: kept only if its parent is here (CATCHUP-7)
"""

import msgspec
import pytest

from sequencer.blocks.header import Block
from sequencer.consensus.events import Fetched, Finalized, NeedBlocks, Record
from sequencer.consensus.messages import FinalityProof, Proposal
from sequencer.consensus.simplex import FAR, WINDOW
from sequencer.errors import PeerFault
from sequencer.types import Hash32, Height
from tests.unit.consensus.builders import (
    FINALIZE,
    NOTARIZE,
    NULLIFY,
    Bench,
    block,
    broadcast,
    certificate,
    only,
    proposal,
)

ONE = block(1)
TWO = block(2, ONE.header)
THREE = block(3, TWO.header)
FOUR = block(4, THREE.header)


def needed(outputs: list[object]) -> list[Hash32]:
    return [ask.block for ask in only(outputs, NeedBlocks)]  # type: ignore[arg-type]


def test_missing__asked_for_at_once_and_again() -> None:
    bench = Bench(me=0)
    assert needed(bench.receive(certificate(NOTARIZE, 1, ONE))) == [ONE.header.hash]
    assert bench.core.is_wanted(ONE.header.hash)
    assert bench.core.deadline() == 400
    assert needed(bench.tick()) == [ONE.header.hash]
    assert bench.core.deadline() == 800
    bench.give(Fetched((ONE,), None))
    assert not bench.core.is_wanted(ONE.header.hash)
    assert not needed(bench.tick(800))


def test_missing__gap_below__asked_for_when_it_shows() -> None:
    bench = Bench(me=0)
    bench.receive(certificate(NOTARIZE, 3, THREE))
    assert needed(bench.give(Fetched((THREE,), None))) == [TWO.header.hash]
    assert needed(bench.give(Fetched((TWO,), None))) == [ONE.header.hash]
    assert not needed(bench.give(Fetched((ONE,), None)))


def test_missing__parent_of_a_proposal__asked_for() -> None:
    bench = Bench(me=0)
    assert needed(bench.receive(proposal(TWO, certificate(FINALIZE, 1, ONE)))) == [ONE.header.hash]


def test_missing__proposal_itself_closes_the_gap() -> None:
    bench = Bench(me=0)
    bench.receive(certificate(NOTARIZE, 1, ONE))
    bench.receive(proposal(ONE))
    assert not bench.core.is_wanted(ONE.header.hash)


def test_missing__finalized_past_it__no_more() -> None:
    bench = Bench(me=0)
    dead = block(1, content=b"dead")
    bench.receive(certificate(NOTARIZE, 1, dead), certificate(NULLIFY, 1))
    late = block(2)
    bench.receive(proposal(late, None, (1,)), certificate(FINALIZE, 2, late))
    assert not bench.core.is_wanted(dead.header.hash)


def test_missing__certified_above_the_new_root__still() -> None:
    bench = Bench(me=0)
    bench.receive(proposal(ONE), certificate(NOTARIZE, 3, THREE))
    outputs = bench.receive(certificate(FINALIZE, 1, ONE))
    assert bench.core.root_view == 1
    assert not needed(outputs)
    assert bench.core.is_wanted(THREE.header.hash)
    assert bench.core.deadline() == 400


# Proofs of finality


def test_proof__of_the_last_block__final() -> None:
    bench = Bench(me=0)
    made = certificate(FINALIZE, 2, TWO)
    outputs = bench.give(Fetched((ONE, TWO), FinalityProof(made)))
    assert only(outputs, Finalized) == [Finalized((ONE, TWO), FinalityProof(made))]
    assert only(outputs, Record) == [Record(made)]
    assert (bench.core.root_view, bench.core.view) == (2, 3)
    assert bench.core.finalization == made
    assert bench.core.best_parent() == TWO.header


def test_proof__through_blocks_above__final_and_the_rest_asked_for() -> None:
    bench = Bench(me=0)
    made = certificate(FINALIZE, 4, FOUR)
    proof = FinalityProof(made, (THREE.header, FOUR.header))
    outputs = bench.give(Fetched((ONE, TWO), proof))
    assert only(outputs, Finalized) == [Finalized((ONE, TWO), proof)]
    assert (bench.core.root_view, bench.core.view) == (2, 5)
    assert bench.core.finalization is None
    assert needed(outputs) == [FOUR.header.hash]
    (final,) = only(bench.give(Fetched((THREE, FOUR), None)), Finalized)
    assert final.blocks == (THREE, FOUR)


def test_proof__overlapping_what_is_final__only_the_rest() -> None:
    bench = Bench(me=0)
    bench.receive(proposal(ONE), certificate(FINALIZE, 1, ONE))
    proof = FinalityProof(certificate(FINALIZE, 2, TWO))
    (final,) = only(bench.give(Fetched((ONE, TWO), proof)), Finalized)
    assert final.blocks == (TWO,)
    assert not bench.give(Fetched((ONE, TWO), proof))


def test_proof__not_on_the_root__ignored() -> None:
    bench = Bench(me=0)
    assert not bench.give(Fetched((THREE,), FinalityProof(certificate(FINALIZE, 3, THREE))))
    assert bench.core.view == 1


def test_proof__lets_a_lower_finalization_go_on() -> None:
    bench = Bench(me=0)
    bench.receive(proposal(TWO, certificate(NOTARIZE, 1, ONE)), certificate(FINALIZE, 2, TWO))
    proof = FinalityProof(certificate(FINALIZE, 1, ONE))
    outputs = bench.give(Fetched((ONE,), proof))
    assert [final.blocks for final in only(outputs, Finalized)] == [(ONE,), (TWO,)]


# Rivals


def test_rival_proof__all_certificates_go_out_once() -> None:
    bench = Bench(me=0)
    lower = block(2)
    upper = block(3, lower.header)
    bench.receive(proposal(ONE), certificate(NOTARIZE, 1, ONE), certificate(FINALIZE, 1, ONE))
    rival = Fetched((lower, upper), FinalityProof(certificate(FINALIZE, 3, upper)))
    outputs = bench.give(rival)
    assert not only(outputs, Finalized)
    assert broadcast(outputs) == [(NOTARIZE, 1), (FINALIZE, 1)]
    assert not bench.give(rival)


def test_rival_block__all_certificates_go_out__asked_for_again_later() -> None:
    bench = Bench(me=0)
    other = block(2, block(1, content=b"other").header)
    bench.receive(proposal(ONE), certificate(FINALIZE, 1, ONE))
    bench.receive(certificate(FINALIZE, 3, block(3, other.header)))
    bench.give(Fetched((block(3, other.header),), None))
    bench.give(Fetched((other,), None))
    outputs = bench.give(Fetched((block(1, content=b"other"),), None))
    assert (FINALIZE, 1) in broadcast(outputs)
    assert not needed(outputs)
    assert bench.core.deadline() > bench.now_ms


def test_chain_past_another_final_block__all_certificates_go_out() -> None:
    """What a node finds that was told of `ONE` and lost power before its store had it."""
    bench = Bench(me=0)
    bench.receive(certificate(NOTARIZE, 1, ONE), certificate(FINALIZE, 1, ONE))
    other = block(1, content=b"other")
    proof = FinalityProof(certificate(FINALIZE, 2, block(2, other.header)))
    outputs = bench.give(Fetched((other, block(2, other.header)), proof))
    assert only(outputs, Finalized)
    assert broadcast(outputs) == [(NOTARIZE, 1), (FINALIZE, 1)]


def test_chain_far_past_another_final_block__its_certificates_are_still_there() -> None:
    bench = Bench(me=0)
    bench.receive(certificate(NOTARIZE, 1, ONE), certificate(FINALIZE, 1, ONE))
    other = block(1, content=b"other")
    far = block(3 * WINDOW, other.header)
    bench.receive(certificate(FINALIZE, 5, block(5)), certificate(FINALIZE, 3 * WINDOW, far))
    assert bench.core.sizes()["rounds"] <= 4
    outputs = bench.give(
        Fetched((other, far), FinalityProof(certificate(FINALIZE, far.header.view, far)))
    )
    assert (FINALIZE, 1) in broadcast(outputs)


def test_chain_through_what_is_final__nothing_goes_out() -> None:
    bench = Bench(me=0)
    bench.receive(certificate(FINALIZE, 1, ONE))
    outputs = bench.give(Fetched((ONE, TWO), FinalityProof(certificate(FINALIZE, 2, TWO))))
    assert only(outputs, Finalized)
    assert not broadcast(outputs)


# Payloads


def test_proposal__other_bytes__nothing_kept() -> None:
    """A header is what is voted for; bytes that do not belong to it must not become final."""
    bench = Bench(me=0)
    good = proposal(ONE)
    forged = Proposal(Block(ONE.header, b"?" * len(ONE.payload)), None, (), good.notarize)
    with pytest.raises(PeerFault):
        bench.receive(forged)
    outputs = bench.receive(certificate(FINALIZE, 1, ONE))
    assert not only(outputs, Finalized)
    assert needed(outputs) == [ONE.header.hash]
    (final,) = only(bench.receive(good), Finalized)
    assert final.blocks == (ONE,)


@pytest.mark.parametrize(
    ("height", "has_parent", "is_kept"),
    [(FAR, False, True), (FAR + 1, False, False), (FAR + 1, True, True)],
)
def test_proposal_far_above_the_root(height: int, has_parent: bool, is_kept: bool) -> None:
    bench = Bench(me=0)
    if has_parent:
        bench.receive(proposal(ONE))
    header = msgspec.structs.replace(TWO.header, height=Height(height))
    bench.receive(proposal(Block(header, TWO.payload), certificate(NOTARIZE, 1, ONE)))
    assert (bench.core.tree.block(header.hash) is not None) == is_kept
