"""What a watchtower finds in statements and blocks, and what it must not find.

find_faults
├── blocks in order with nothing due: nothing, by any policy that they state
├── nonces of a sender turned round: NONCES
├── a dear transaction behind a cheap one of another sender: UNEARNED; of its own: nothing
├── by another policy than the block states: OVERSTATED or UNEARNED
├── a rollup that cannot be judged yet, an unreadable payload, another root: nothing
├── a message due at the origin: neglect; due a second later, or unknown: nothing
├── faults in several blocks: the last one, with the fewest headers
└── everyone who attested in the block's epoch, and nobody else
find_conflict
└── the first statement that contradicts the new one
"""

import pytest

from sequencer.blocks.order import PRIORITY, Ordering, OrderingPolicy
from sequencer.crypto.hashing import keccak
from sequencer.evidence.disorder import DisorderEvidence, OrderFault, check_disorder
from sequencer.evidence.equivocation import SignedStatement, Statement, StatementKind
from sequencer.evidence.neglect import NeglectEvidence, check_neglect
from sequencer.types import Epoch
from sequencer.watch.faults import find_conflict, find_disorder, find_faults, find_neglect
from tests.unit.evidence import cases
from tests.unit.evidence.cases import BEHIND, DOMAIN, GWEI, IN_ORDER, OTHER, SWAPPED, by, transfer

SHUFFLED = Ordering(OrderingPolicy.SHUFFLED)
ARRIVAL = Ordering(OrderingPolicy.ARRIVAL)
DEAR = Ordering(OrderingPolicy.PRIORITY, 10 * GWEI)
"""At this base fee nothing is worth anything."""


def test_find__blocks_in_order__nothing() -> None:
    blocks = cases.chain(IN_ORDER, (), IN_ORDER[:1])
    assert list(find_faults(DOMAIN, cases.attested(blocks), by(), lambda _: None)) == []


@pytest.mark.parametrize(
    ("raws", "fault"), [(SWAPPED, OrderFault.NONCES), (BEHIND, OrderFault.UNEARNED)]
)
def test_find__out_of_order__evidence_that_holds(
    raws: tuple[bytes, ...], fault: OrderFault
) -> None:
    evidence = cases.disorder(raws)
    assert evidence.fault is fault
    check_disorder(evidence)


def test_find__dear_behind_the_cheap_one_of_its_own_sender__nothing() -> None:
    block = cases.chain((transfer(0, GWEI // 2), transfer(1, GWEI)))[0]
    assert find_disorder(block, by()) is None


def test_find__nonces_apart__names_both() -> None:
    between = (transfer(0, GWEI, OTHER), transfer(1, GWEI, OTHER))
    block = cases.chain((transfer(3), *between, transfer(2)))
    found = find_disorder(block[0], by())
    assert found is not None
    assert (found.fault, [entry.position for entry in found.entries]) == (OrderFault.NONCES, [0, 3])


@pytest.mark.parametrize("ordering", [DEAR, ARRIVAL])
def test_find__keys_above_what_l1_says__overstated(ordering: Ordering) -> None:
    found = find_disorder(cases.chain(IN_ORDER)[0], by(ordering))
    assert found is not None
    assert found.fault is OrderFault.OVERSTATED
    assert len(found.entries) == 1


def test_find__keys_below_what_l1_says__unearned_at_the_very_first() -> None:
    found = find_disorder(cases.chain(IN_ORDER)[0], by(SHUFFLED))
    assert found is not None
    assert (found.fault, found.entries[-1].position) == (OrderFault.UNEARNED, 0)


def test_find__rollup_that_cannot_be_judged__nothing() -> None:
    assert find_disorder(cases.chain(SWAPPED)[0], by(None)) is None


def test_find__leaves_unknown__nothing() -> None:
    block = cases.chain(SWAPPED)[0]
    another_root = cases.with_header(block, transaction_root=keccak(b"root"))
    assert find_disorder(another_root, by()) is None
    assert find_disorder(type(block)(block.header, b"\xff"), by()) is None


def test_find__no_transaction_in_between__convicts_for_what_l1_reads_only() -> None:
    block = cases.chain((b"\x02no transaction", transfer(0)))[0]
    found = find_disorder(block, by())
    assert found is None  # the key of the second is that of the first, which L1 cannot read


def test_find__faults_in_two_blocks__the_last_one() -> None:
    blocks = cases.chain(SWAPPED, SWAPPED, IN_ORDER)
    (found,) = find_faults(DOMAIN, cases.attested(blocks), by(), lambda _: None)
    assert [header.height for header in found.attested.headers] == [3, 2]


def test_neglect__due_at_the_origin__evidence_that_holds() -> None:
    evidence = cases.neglect()
    check_neglect(evidence)
    assert evidence.deadline == 1_000


@pytest.mark.parametrize("deadline", [1_001, None])
def test_neglect__due_later_or_unknown__nothing(deadline: int | None) -> None:
    header = cases.chain(())[0].header
    assert find_neglect(header, lambda _: deadline) is None


def test_find__two_kinds__evidence_of_both_against_everyone_of_the_epoch() -> None:
    signers = (cases.OFFENDER, cases.BYSTANDER)
    blocks = cases.chain(SWAPPED)
    found = list(find_faults(DOMAIN, cases.attested(blocks, signers), by(), {0: 1_000}.get))
    accused = {(type(one), one.signer) for one in found}
    assert accused == {
        (kind, signer.address) for kind in (DisorderEvidence, NeglectEvidence) for signer in signers
    }


def test_find__attested_in_a_later_epoch__nobody() -> None:
    """ATTEST-1."""
    later = cases.attested(cases.chain(SWAPPED), epoch=Epoch(4))
    assert list(find_faults(DOMAIN, later, by(PRIORITY), {0: 1_000}.get)) == []


def test_conflict__among_many__the_one_that_contradicts() -> None:
    def said(kind: StatementKind, content: bytes) -> SignedStatement:
        statement = Statement(kind, cases.EPOCH, cases.COMMITTEE, 9, keccak(content))
        return SignedStatement(statement, bytes(64))

    known = [said(StatementKind.FINALIZE, b"a"), said(StatementKind.NOTARIZE, b"a")]
    new = said(StatementKind.NOTARIZE, b"b")
    assert find_conflict(new, known) == (known[1], new)
    assert find_conflict(known[1], known) is None
