"""SIMPLEX-2: what a proposal must carry.

check_proposal
├── signed by another member, or for another view or block: refused
├── payload
│   ├── other bytes, or another length, than the header commits to: refused
│   └── without the held segments it names, or with others: refused (BLOCK-7)
├── parent
│   ├── start, without certificate: fine
│   ├── notarized or finalized: fine
│   ├── nullified: refused
│   ├── another block than the certificate's, or than the start: refused
│   └── of this view or a later one: refused
└── nullifications
    ├── one missing, one twice, one more, out of order, or of another kind: refused
    ├── more than 64 views between: the newest 64, no more
    └── a view of 2^62: refused without counting up to it
"""

import msgspec
import pytest

from sequencer.blocks.header import Block
from sequencer.consensus.justification import check_proposal
from sequencer.consensus.messages import MAX_NULLIFICATIONS, Proposal
from sequencer.errors import PeerFault
from sequencer.types import Height, View
from tests.unit.consensus.builders import (
    COMMITTEE,
    FINALIZE,
    NOTARIZE,
    NULLIFY,
    START,
    block,
    certificate,
    leader,
    nullifications,
    proposal,
    signed,
)

ONE = block(1)
FIVE = block(5, ONE.header)
GOOD = proposal(FIVE, certificate(NOTARIZE, 1, ONE), range(2, 5))


def check(candidate: Proposal) -> None:
    check_proposal(candidate, COMMITTEE, START)


def refuse(**changes: object) -> None:
    with pytest.raises(PeerFault):
        check(msgspec.structs.replace(GOOD, **changes))


def test_start_as_parent() -> None:
    check(proposal(ONE))
    check(proposal(block(3), None, range(1, 3)))


def test_start_of_a_later_epoch_as_parent() -> None:
    start = msgspec.structs.replace(START, view=View(77), height=Height(100))
    check_proposal(proposal(block(1, start)), COMMITTEE, start)


def test_notarized_or_finalized_parent() -> None:
    check(GOOD)
    check(msgspec.structs.replace(GOOD, parent_certificate=certificate(FINALIZE, 1, ONE)))


def test_signature__of_another_member_view_block_or_kind__refused() -> None:
    refuse(notarize=signed(leader(5) + 1, NOTARIZE, 5, FIVE))
    refuse(notarize=signed(leader(5), NOTARIZE, 6, FIVE))
    refuse(notarize=signed(leader(5), NOTARIZE, 5, ONE))
    refuse(notarize=signed(leader(5), FINALIZE, 5, FIVE))


def test_payload__not_the_headers__refused() -> None:
    refuse(block=Block(FIVE.header, b"x" * len(FIVE.payload)))
    refuse(block=Block(FIVE.header, FIVE.payload + b"x"))


def test_held_segments__not_those_the_payload_names__refused() -> None:
    check(proposal(block(1, held=b"held")))
    for held in (b"", b"hel", b"held.", b"dleh"):
        hollow = msgspec.structs.replace(block(1, held=b"held"), held=held)
        with pytest.raises(PeerFault, match="another payload or held data"):
            check(proposal(hollow))
    refuse(block=msgspec.structs.replace(FIVE, held=b"held"))


def test_parent__not_the_certified_one__refused() -> None:
    refuse(parent_certificate=certificate(NOTARIZE, 1, block(1, content=b"other")))
    refuse(parent_certificate=None)
    refuse(parent_certificate=None, nullifications=nullifications(range(1, 5)))


def test_parent__nullified__refused() -> None:
    refuse(parent_certificate=certificate(NULLIFY, 1))


@pytest.mark.parametrize("view", [5, 6, 70])
def test_parent__of_this_view_or_later__refused(view: int) -> None:
    late = certificate(NOTARIZE, view, ONE)
    refuse(parent_certificate=late, nullifications=())


def test_first_view__nothing_before_it() -> None:
    with pytest.raises(PeerFault):
        check(proposal(block(0)))


@pytest.mark.parametrize(
    "views", [(), (2, 3), (3, 4), (2, 4), (2, 3, 3, 4), (1, 2, 3, 4), (2, 3, 4, 5), (4, 3, 2)]
)
def test_nullifications__not_exactly_those_between__refused(views: tuple[int, ...]) -> None:
    refuse(nullifications=nullifications(views))


def test_nullifications__of_another_kind__refused() -> None:
    wrong = certificate(NOTARIZE, 3, ONE)
    first, _, last = GOOD.nullifications
    refuse(nullifications=(first, wrong, last))
    refuse(nullifications=(*GOOD.nullifications, wrong))


def test_nullifications__a_long_run__newest_64() -> None:
    view = MAX_NULLIFICATIONS + 10
    late = block(view, ONE.header)
    parent = certificate(NOTARIZE, 1, ONE)
    check(proposal(late, parent, range(view - MAX_NULLIFICATIONS, view)))
    for first in (2, view - MAX_NULLIFICATIONS - 1, view - MAX_NULLIFICATIONS + 1):
        with pytest.raises(PeerFault):
            check(proposal(late, parent, range(first, view)))


def test_view_without_end__refused_at_once() -> None:
    with pytest.raises(PeerFault):
        check(proposal(block(2**62, ONE.header), certificate(NOTARIZE, 1, ONE)))
