"""P36: vote memory without a bound. What one member can make a node keep is a constant, whatever
it signs (SIMPLEX-12)."""

import pytest

from sequencer.blocks.header import genesis
from sequencer.consensus.events import Received, Start
from sequencer.consensus.messages import SignedVote, Vote, VoteKind
from sequencer.consensus.pacemaker import Timing
from sequencer.consensus.simplex import WINDOW, Simplex
from sequencer.crypto.hashing import keccak, word
from sequencer.types import (
    ZERO_HASH,
    Address,
    Committee,
    Epoch,
    Hash32,
    Member,
    MemberIndex,
    View,
)

COMMITTEE = Committee(
    Epoch(1),
    tuple(Member(Address(bytes([number]) * 20), 1) for number in range(1, 5)),
    Hash32(b"c" * 32),
)
FLOODER = MemberIndex(3)


def vote(kind: VoteKind, view: int, block: Hash32) -> SignedVote:
    content = ZERO_HASH if kind is VoteKind.NULLIFY else block
    signed = Vote(kind, COMMITTEE.epoch, COMMITTEE.hash, View(view), content)
    return SignedVote(signed, FLOODER, bytes(64))


def started() -> Simplex:
    core = Simplex(COMMITTEE, MemberIndex(0), genesis(Hash32(b"g" * 32)), Timing())
    core.handle(Start(), 0)
    return core


def kept_votes(core: Simplex) -> int:
    return sum(1 for known in core._rounds.above(View(-1)) for _ in known.own_votes(FLOODER))


@pytest.mark.parametrize("kind", VoteKind)
def test_p36_votes_for_ever_later_views__are_kept_in_the_window_only(kind: VoteKind) -> None:
    core = started()
    for view in range(1, 20_000):
        core.handle(Received(vote(kind, view, keccak(word(view)))), 1)
    assert len(core._rounds) <= WINDOW + 2
    assert kept_votes(core) <= WINDOW + 1


def test_p36_votes_for_ever_other_blocks__are_kept_once_and_convict_once() -> None:
    core = started()
    convictions = 0
    for number in range(1_000):
        for kind in (VoteKind.NOTARIZE, VoteKind.FINALIZE):
            received = Received(vote(kind, 1, keccak(word(number))))
            convictions += len(core.handle(received, 1))
    assert convictions == 1
    assert kept_votes(core) <= len(VoteKind)


def test_p36_a_vote_outside_the_window__is_no_news() -> None:
    core = started()
    assert not core.is_news(vote(VoteKind.NOTARIZE, WINDOW + 2, keccak(b"")))
    assert core.is_news(vote(VoteKind.NOTARIZE, WINDOW, keccak(b"")))
