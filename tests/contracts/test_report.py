"""EquivocationSlasher.commitReport and report (SLASH-1 to SLASH-4)

report
├── when the statements do not contradict each other: refused
├── when a Nullify carries content: refused
├── when a statement names another committee than its epoch's: refused
├── when the epoch has no committee: refused
├── when the evidence is too old: refused, and one second earlier heard
├── when two keys signed: refused
├── when the signer never bonded: refused
├── when a signature is not canonical: refused
├── when the operator was slashed for it already: refused, in either order
└── when all is good: the operator is slashed
    ├── for each pair of SLASH-1
    ├── under the lower of two epochs
    └── and the reporter
        ├── is paid if it committed in an earlier block
        ├── is not if it committed in the same block, or not at all
        └── is not if it copied another's report
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import ZERO, Actor, Clock, Network, Offence, Status, events
from tests.contracts.settings import ETHER
from tests.vectors import reference as ref

A, B = b"\xaa" * 32, b"\xbb" * 32
SALT = b"\x05" * 32

Evidence = tuple[tuple[Any, ...], tuple[Any, ...]]


@pytest.fixture
def double_vote(network: Network, alice: Actor) -> Evidence:
    """Alice notarized two blocks of view 3."""
    return (
        network.signed(alice, network.statement("Notarize", 3, A)),
        network.signed(alice, network.statement("Notarize", 3, B)),
    )


def commit_report(network: Network, evidence: Evidence, reporter: Any, sender: Any) -> bytes:
    evidence_hash = network.slasher.evidenceHash(*evidence)
    commitment = bytes(network.slasher.reportCommitment(reporter, SALT, evidence_hash))
    network.slasher.commitReport(commitment, sender=sender)
    return commitment


PAIRS = [
    (("Notarize", 3, A), ("Notarize", 3, B)),
    (("Finalize", 3, A), ("Finalize", 3, B)),
    (("Finalize", 3, A), ("Nullify", 3, ref.ZERO_HASH)),
    (("Nullify", 3, ref.ZERO_HASH), ("Finalize", 3, A)),
    (("BatchAttestation", 3, A), ("BatchAttestation", 3, B)),
]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: f"{pair[0][0]}-{pair[1][0]}")
def test_report__each_contradiction__slashes(
    network: Network, reporter: Any, alice: Actor, pair: Any
) -> None:
    first, second = (network.signed(alice, network.statement(*one)) for one in pair)
    receipt = network.slasher.report(first, second, SALT, sender=reporter)

    (event,) = events(receipt, "EquivocationReported")
    assert (event["id"], event["signer"], event["epoch"]) == (1, alice.key.address, 0)
    assert event["reporter"] == ZERO
    assert network.ledger.partOf(0, 1, Offence.EQUIVOCATION) > 0
    assert network.registry.operator(1).status == Status.EJECTED
    assert network.registry.stake(1).ownWei == 10 * ETHER * 65 // 100
    # Nobody had committed to the report: the reward is burned.
    assert network.ledger.credit(reporter) == 0


NOT_CONTRADICTIONS = [
    (("Notarize", 3, A), ("Notarize", 3, A)),
    (("Notarize", 3, A), ("Notarize", 4, B)),
    (("Notarize", 3, A), ("Finalize", 3, B)),
    (("Notarize", 3, A), ("Nullify", 3, ref.ZERO_HASH)),
    (("Nullify", 3, ref.ZERO_HASH), ("Nullify", 3, ref.ZERO_HASH)),
    (("Finalize", 3, A), ("Nullify", 4, ref.ZERO_HASH)),
    (("Finalize", 3, A), ("Finalize", 3, A)),
    (("BatchAttestation", 3, A), ("BatchAttestation", 3, A)),
    (("BatchAttestation", 3, A), ("BatchAttestation", 4, B)),
    (("BatchAttestation", 3, A), ("Notarize", 3, B)),
    (("Finalize", 3, A), ("BatchAttestation", 3, B)),
]


@pytest.mark.parametrize("pair", NOT_CONTRADICTIONS)
def test_report__no_contradiction__is_refused(
    network: Network, faults: FaultCatalogue, reporter: Any, alice: Actor, pair: Any
) -> None:
    first, second = (network.signed(alice, network.statement(*one)) for one in pair)
    with faults.expect("NoConflict"):
        network.slasher.report(first, second, SALT, sender=reporter)
    with faults.expect("NoConflict"):
        network.slasher.report(second, first, SALT, sender=reporter)


@pytest.fixture
def epoch_1(network: Network, clock: Clock, user: Any) -> None:
    """Epoch 1 has begun, with a committee of its own."""
    network.committee.snapshot(1, sender=user)
    clock.jump_to(network.times.start_of(1))


@pytest.mark.usefixtures("epoch_1")
def test_report__votes_of_different_epochs__are_no_conflict(
    network: Network, faults: FaultCatalogue, reporter: Any, alice: Actor
) -> None:
    first = network.signed(alice, network.statement("Notarize", 3, A, epoch=0))
    second = network.signed(alice, network.statement("Notarize", 3, B, epoch=1))
    with faults.expect("NoConflict"):
        network.slasher.report(first, second, SALT, sender=reporter)


@pytest.mark.usefixtures("epoch_1")
def test_report__attestations_of_different_epochs__are_keyed_by_the_lower(
    network: Network, faults: FaultCatalogue, reporter: Any, alice: Actor
) -> None:
    later = network.signed(alice, network.statement("BatchAttestation", 3, A, epoch=1))
    earlier = network.signed(alice, network.statement("BatchAttestation", 3, B, epoch=0))
    network.slasher.report(later, earlier, SALT, sender=reporter)
    assert network.ledger.partOf(0, 1, Offence.EQUIVOCATION) > 0
    assert network.ledger.partOf(1, 1, Offence.EQUIVOCATION) == 0
    with faults.expect("AlreadySlashed", epoch=0, id=1, offence=Offence.EQUIVOCATION):
        network.slasher.report(earlier, later, SALT, sender=reporter)


@pytest.mark.usefixtures("epoch_1")
def test_report__same_batch_attested_again_later__is_no_conflict(
    network: Network, faults: FaultCatalogue, reporter: Any, alice: Actor
) -> None:
    first = network.signed(alice, network.statement("BatchAttestation", 3, A, epoch=0))
    again = network.signed(alice, network.statement("BatchAttestation", 3, A, epoch=1))
    with faults.expect("NoConflict"):
        network.slasher.report(first, again, SALT, sender=reporter)


def test_report__nullify_with_content__is_refused(
    network: Network, faults: FaultCatalogue, reporter: Any, alice: Actor
) -> None:
    finalize = network.signed(alice, network.statement("Finalize", 3, A))
    nullify = network.signed(alice, network.statement("Nullify", 3, B))
    with faults.expect("NullifyWithContent", content=B):
        network.slasher.report(finalize, nullify, SALT, sender=reporter)


def test_report__other_committee__is_refused(
    network: Network, faults: FaultCatalogue, reporter: Any, alice: Actor
) -> None:
    elsewhere = b"\x99" * 32
    first, second = (
        network.signed(alice, network.statement("Notarize", 3, content, committee=elsewhere))
        for content in (A, B)
    )
    with faults.expect(
        "WrongCommittee", expected=bytes(network.committee.committeeHash(0)), actual=elsewhere
    ):
        network.slasher.report(first, second, SALT, sender=reporter)


def test_report__epoch_without_committee__is_refused(
    network: Network, faults: FaultCatalogue, reporter: Any, alice: Actor
) -> None:
    committee = bytes(network.committee.committeeHash(0))
    first, second = (
        network.signed(alice, network.statement("Notarize", 3, content, 5, committee))
        for content in (A, B)
    )
    with faults.expect("NoCommittee", epoch=5):
        network.slasher.report(first, second, SALT, sender=reporter)


def test_report__too_old__is_refused(
    network: Network, faults: FaultCatalogue, clock: Clock, reporter: Any, double_vote: Evidence
) -> None:
    bonds = network.times
    expired_at = bonds.end_of(0) + bonds.commitGraceSeconds + bonds.evidenceSeconds
    clock.set_next(expired_at)
    with faults.expect("EvidenceTooOld", expiredAt=expired_at, actual=expired_at):
        network.slasher.report(*double_vote, SALT, sender=reporter)


def test_report__last_second__is_heard(
    network: Network, clock: Clock, reporter: Any, double_vote: Evidence
) -> None:
    bonds = network.times
    clock.set_next(bonds.end_of(0) + bonds.commitGraceSeconds + bonds.evidenceSeconds - 1)
    network.slasher.report(*double_vote, SALT, sender=reporter)
    assert network.registry.operator(1).status == Status.EJECTED


def test_report__two_signers__is_refused(
    network: Network,
    faults: FaultCatalogue,
    reporter: Any,
    alice: Actor,
    bob: Actor,
    double_vote: Evidence,
) -> None:
    bobs = network.signed(bob, network.statement("Notarize", 3, B))
    with faults.expect("DifferentSigners", first=alice.key.address, second=bob.key.address):
        network.slasher.report(double_vote[0], bobs, SALT, sender=reporter)


def test_report__unknown_signer__is_refused(
    network: Network, faults: FaultCatalogue, reporter: Any, erin: Actor
) -> None:
    first, second = (
        network.signed(erin, network.statement("Notarize", 3, content)) for content in (A, B)
    )
    with faults.expect("UnknownSigner", signer=erin.key.address):
        network.slasher.report(first, second, SALT, sender=reporter)


def test_report__released_operator__is_refused(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    reporter: Any,
    alice: Actor,
    user: Any,
) -> None:
    current = network.release(alice, clock, user)
    first, second = (
        network.signed(alice, network.statement("Notarize", 3, content, epoch=current))
        for content in (A, B)
    )
    with faults.expect("NotSlashable", id=1, actual=Status.RELEASED):
        network.slasher.report(first, second, SALT, sender=reporter)


def test_report__signature_not_canonical__is_refused(
    network: Network, faults: FaultCatalogue, reporter: Any, double_vote: Evidence
) -> None:
    first, (statement, good) = double_vote
    r = int.from_bytes(good[:32], "big")
    high_s = ref.compact(r, ref.MAX_S + 1, 0)
    with faults.expect("NonCanonicalSignature", maximum=ref.MAX_S, actual=ref.MAX_S + 1):
        network.slasher.report(first, (statement, high_s), SALT, sender=reporter)
    with faults.expect("InvalidSignatureLength", expected=64, actual=65):
        network.slasher.report(first, (statement, good + b"\x1b"), SALT, sender=reporter)
    no_point = ref.compact(0, 1, 0)
    with faults.expect("InvalidSignature"):
        network.slasher.report(first, (statement, no_point), SALT, sender=reporter)


def test_report__twice__is_refused_in_either_order(
    network: Network, faults: FaultCatalogue, reporter: Any, double_vote: Evidence
) -> None:
    network.slasher.report(*double_vote, SALT, sender=reporter)
    for evidence in (double_vote, double_vote[::-1]):
        with faults.expect("AlreadySlashed", epoch=0, id=1, offence=Offence.EQUIVOCATION):
            network.slasher.report(*evidence, SALT, sender=reporter)


def test_report__committed_before__pays_the_reporter(
    network: Network, reporter: Any, double_vote: Evidence
) -> None:
    commitment = commit_report(network, double_vote, reporter, sender=reporter)
    made_in = network.slasher.committedIn(commitment)
    receipt = network.slasher.report(*double_vote, SALT, sender=reporter)
    assert receipt.block_number > made_in > 0
    assert events(receipt, "EquivocationReported")[0]["reporter"] == reporter.address
    assert network.ledger.credit(reporter) == 10 * ETHER * 35 // 100 // 10


def test_report__other_salt__burns_the_reward(
    network: Network, reporter: Any, double_vote: Evidence
) -> None:
    commit_report(network, double_vote, reporter, sender=reporter)
    network.slasher.report(*double_vote, b"\x06" * 32, sender=reporter)
    assert network.ledger.credit(reporter) == 0


def test_commit_report__again__keeps_the_first_block(
    network: Network, reporter: Any, stranger: Any, double_vote: Evidence
) -> None:
    commitment = commit_report(network, double_vote, reporter, sender=reporter)
    made_in = network.slasher.committedIn(commitment)
    receipt = network.slasher.commitReport(commitment, sender=stranger)
    assert network.slasher.committedIn(commitment) == made_in
    assert events(receipt, "ReportCommitted") == []


def test_commit_report__first__is_announced(network: Network, reporter: Any) -> None:
    receipt = network.slasher.commitReport(SALT, sender=reporter)
    assert events(receipt, "ReportCommitted") == [{"commitment": SALT, "caller": reporter.address}]
