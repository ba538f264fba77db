"""NeglectSlasher.report (NEGLECT-1), and what every report of an attested block shows (ATTEST-1)

report
├── when there is no header, or one is missing, changed, twice, or in another place: refused
├── when the block is below the batch: refused
├── when the batch is another one than the attested: refused
├── when the attestation is of another chain, registry, epoch, committee or message: refused
├── when the epoch has no committee, or has not begun: refused
├── when the evidence is too old: refused, and one second earlier heard
├── when the signature is not canonical: refused
├── when the signer never bonded, or was released: refused
├── when no message was left over, or it was not due at the origin: refused, to the second
├── when the operator was slashed for it already: refused
└── when all is good: the operator is jailed and slashed
    ├── also if the message was included since, and the batch never committed
    ├── by its old key too
    └── and the reporter is paid if it committed in an earlier block
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from eth_utils.crypto import keccak

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import ZERO, Actor, Clock, Network, Offence, Status, events
from tests.contracts.ordered import (
    AttestedBlock,
    OrderedBlock,
    attested,
    batch_of,
    blocks_of,
    headers_down_to,
)
from tests.contracts.settings import ETHER
from tests.vectors import reference as ref

SALT = b"\x05" * 32


@pytest.fixture
def deadline(network: Network, user: Any) -> int:
    """Of forced message 0, the only one."""
    network.enqueue(user)
    return int(network.inbox.message(0).deadline)


@pytest.fixture
def blocks(deadline: int) -> list[OrderedBlock]:
    """Four blocks, each of which leaves the message over."""
    return blocks_of([[]] * 4, deadline, first_height=11)


@pytest.fixture
def evidence(network: Network, alice: Actor, blocks: list[OrderedBlock]) -> AttestedBlock:
    """Of the second one."""
    return attested(network, alice, blocks, at=1)


def evidence_hash_of(
    network: Network, evidence: AttestedBlock, blocks: list[OrderedBlock]
) -> bytes:
    """REPORT-1: the attestation and the second block."""
    found = bytes(network.neglect.evidenceHash(evidence[1], blocks[1].hash))
    assert found == keccak(evidence[1] + blocks[1].hash)
    return found


def report(network: Network, evidence: AttestedBlock, sender: Any) -> Any:
    return network.neglect.report(evidence, SALT, sender=sender)


def test_report_neglect__due_and_left_over__jails_and_slashes(
    network: Network,
    reporter: Any,
    alice: Actor,
    blocks: list[OrderedBlock],
    evidence: AttestedBlock,
) -> None:
    receipt = report(network, evidence, reporter)
    assert events(receipt, "NeglectReported") == [
        {"id": 1, "epoch": 0, "message": 0, "blockHash": blocks[1].hash, "reporter": ZERO}
    ]
    assert network.registry.operator(1).status == Status.JAILED
    assert network.ledger.partOf(0, 1, Offence.NEGLECT) == 500
    assert network.registry.stake(1).ownWei == 10 * ETHER * 95 // 100
    assert network.ledger.credit(reporter) == 0


def test_report_neglect__not_due_at_the_origin__is_refused_to_the_second(
    network: Network, faults: FaultCatalogue, reporter: Any, alice: Actor, deadline: int
) -> None:
    early = attested(network, alice, blocks_of([[]], deadline - 1))
    with faults.expect(
        "NotDueAtOrigin", message=0, deadline=deadline, originTimestamp=deadline - 1
    ):
        report(network, early, reporter)
    report(network, attested(network, alice, blocks_of([[]], deadline)), reporter)
    assert network.registry.operator(1).status == Status.JAILED


def test_report_neglect__nothing_left_over__is_refused(
    network: Network, faults: FaultCatalogue, reporter: Any, alice: Actor, deadline: int
) -> None:
    for count in (1, 2**64 - 1):
        blocks = blocks_of([[]], deadline + 10_000, forced_counts=[count])
        with faults.expect("UnknownMessage", index=count):
            report(network, attested(network, alice, blocks), reporter)


def test_report_neglect__the_next_message__is_judged_by_its_own_deadline(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    reporter: Any,
    alice: Actor,
    user: Any,
    deadline: int,
) -> None:
    clock.jump_to(clock.now + 50)
    network.enqueue(user)
    second = network.inbox.message(1).deadline
    assert second >= deadline + 50
    blocks = blocks_of([[], []], second - 1, forced_counts=[1, 0])
    with faults.expect("NotDueAtOrigin", message=1, deadline=second):
        report(network, attested(network, alice, blocks, at=0), reporter)
    report(network, attested(network, alice, blocks, at=1), reporter)


def test_report_neglect__included_since__convicts_all_the_same(
    network: Network,
    clock: Clock,
    reporter: Any,
    user: Any,
    deadline: int,
    evidence: AttestedBlock,
) -> None:
    clock.jump_to(deadline)
    network.inbox.forceInclude(1, sender=user)
    report(network, evidence, reporter)
    assert network.registry.operator(1).status == Status.JAILED
    assert network.chain.lastIndex() == 0


def test_report_neglect__headers_not_a_chain__are_refused(
    network: Network,
    faults: FaultCatalogue,
    reporter: Any,
    blocks: list[OrderedBlock],
    evidence: AttestedBlock,
) -> None:
    epoch, signature, batch, headers = evidence
    third, second, first = headers
    changed = tuple((blocks[2].header | {"forcedCount": 1}).values())
    wrong: list[tuple[int, list[Any]]] = [
        (0, [second, first]),  # without the last block
        (1, [third, first]),  # without one between
        (0, headers[::-1]),
        (1, [third, first, second]),
        (1, [third, third, second, first]),
        (1, [third, changed, first]),
        (0, [first]),
    ]
    for place, tried in wrong:
        with faults.expect("WrongHeader", place=place):
            report(network, (epoch, signature, batch, tried), reporter)
    with faults.expect("EmptyProof"):
        report(network, (epoch, signature, batch, []), reporter)


def test_report_neglect__block_below_the_batch__is_refused(
    network: Network,
    faults: FaultCatalogue,
    reporter: Any,
    alice: Actor,
    blocks: list[OrderedBlock],
) -> None:
    upper = batch_of(network, blocks[2:])
    below = attested(network, alice, blocks, at=1, batch=upper)
    with faults.expect("BelowBatch", firstHeight=13, actual=12):
        report(network, below, reporter)
    report(network, attested(network, alice, blocks, at=2, batch=upper), reporter)


def test_report_neglect__another_batch__is_refused(
    network: Network,
    faults: FaultCatalogue,
    reporter: Any,
    blocks: list[OrderedBlock],
    evidence: AttestedBlock,
) -> None:
    epoch, signature, _, headers = evidence
    batch = batch_of(network, blocks)
    others = [batch.but(index=2), batch.but(firstHeight=1), batch.but(usageHash=bytes(32))]
    for other in others:
        with faults.expect("UnknownSigner"):
            report(network, (epoch, signature, other.as_tuple(), headers), reporter)
    with faults.expect("WrongHeader", place=0, expected=bytes(32)):
        forged = batch.but(lastBlockHash=bytes(32)).as_tuple()
        report(network, (epoch, signature, forged, headers), reporter)


Signed = Callable[[Network, ref.Batch], bytes]


def _attestation(network: Network, batch: ref.Batch, **changes: Any) -> dict[str, Any]:
    committee = bytes(network.committee.committeeHash(0))
    content = {"index": batch.index, "batchHash": batch.hash()}
    return {"epoch": 0, "committee": committee, **content, **changes}


OTHER_MESSAGES: dict[str, Signed] = {
    "of another chain": lambda network, batch: replace(network.domain, chain_id=1).digest(
        "BatchAttestation", **_attestation(network, batch)
    ),
    "of another registry": lambda network, batch: replace(
        network.domain, registry=network.ledger.address
    ).digest("BatchAttestation", **_attestation(network, batch)),
    "of another epoch": lambda network, batch: network.domain.digest(
        "BatchAttestation", **_attestation(network, batch, epoch=1)
    ),
    "of another committee": lambda network, batch: network.domain.digest(
        "BatchAttestation", **_attestation(network, batch, committee=b"\x99" * 32)
    ),
    "of another index": lambda network, batch: network.domain.digest(
        "BatchAttestation", **_attestation(network, batch, index=2)
    ),
    "a vote": lambda network, batch: network.domain.digest(
        "Finalize",
        epoch=0,
        committee=bytes(network.committee.committeeHash(0)),
        view=batch.index,
        blockHash=batch.hash(),
    ),
}


@pytest.mark.parametrize("case", OTHER_MESSAGES)
def test_report_neglect__signature_of_something_else__is_nobodys(
    network: Network,
    faults: FaultCatalogue,
    reporter: Any,
    alice: Actor,
    blocks: list[OrderedBlock],
    case: str,
) -> None:
    batch = batch_of(network, blocks)
    signature = ref.sign(alice.key, OTHER_MESSAGES[case](network, batch))
    with faults.expect("UnknownSigner"):
        forged = (0, signature, batch.as_tuple(), headers_down_to(blocks, 1))
        report(network, forged, reporter)


def test_report_neglect__epoch_stated_falsely__is_refused(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    reporter: Any,
    user: Any,
    alice: Actor,
    blocks: list[OrderedBlock],
    evidence: AttestedBlock,
) -> None:
    later = [replace(block, epoch=1) for block in blocks[:1]]
    batch = batch_of(network, later).as_tuple()
    headers = headers_down_to(later, 0)
    with faults.expect("NoCommittee", epoch=1):
        report(network, (1, evidence[1], batch, headers), reporter)
    network.committee.snapshot(1, sender=user)
    with faults.expect("UnknownSigner"):
        report(network, (1, evidence[1], batch, headers), reporter)
    # Who attests a block of an earlier epoch only goes on from it.
    for epoch, block in ((1, evidence), (0, (0, evidence[1], batch, headers))):
        with faults.expect("LaterEpoch", expected=1 - epoch, actual=epoch):
            report(network, (epoch, *block[1:]), reporter)
    # Truly attested in an epoch that is chosen and has not begun.
    early = attested(network, alice, later, epoch=1)
    with faults.expect("OffenceTooEarly", epoch=1):
        report(network, early, reporter)
    clock.jump_to(network.times.start_of(1) + 1)
    report(network, early, reporter)
    assert network.ledger.partOf(1, 1, Offence.NEGLECT) == 500
    # The other epoch is an offence of its own.
    report(network, evidence, reporter)
    assert network.ledger.partOf(0, 1, Offence.NEGLECT) == 500


def test_report_neglect__too_old__is_refused_to_the_second(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    reporter: Any,
    evidence: AttestedBlock,
) -> None:
    times = network.times
    expired_at = times.end_of(0) + times.commitGraceSeconds + times.evidenceSeconds
    clock.jump_to(expired_at - 2)
    network.neglect.report.call(evidence, SALT, sender=reporter)
    clock.set_next(expired_at)
    with faults.expect("EvidenceTooOld", expiredAt=expired_at, actual=expired_at):
        report(network, evidence, reporter)


def test_report_neglect__signature_not_canonical__is_refused(
    network: Network, faults: FaultCatalogue, reporter: Any, evidence: AttestedBlock
) -> None:
    epoch, good, *rest = evidence
    r = int.from_bytes(good[:32], "big")
    cases: list[tuple[str, bytes]] = [
        # Its top bit is no part of `s` here: what is left is the signature of nobody.
        ("UnknownSigner", ref.malleated(good)),
        ("NonCanonicalSignature", ref.compact(r, ref.MAX_S + 1, 0)),
        ("NonCanonicalSignature", ref.compact(r, 0, 0)),
        ("InvalidSignatureLength", good + b"\x1b"),
        ("InvalidSignatureLength", good[:-1]),
        ("InvalidSignatureLength", b""),
        ("InvalidSignature", ref.compact(0, 1, 0)),
    ]
    for name, signature in cases:
        with faults.expect(name):
            report(network, (epoch, signature, *rest), reporter)


def test_report_neglect__who_never_bonded_or_was_released__is_refused(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    user: Any,
    reporter: Any,
    alice: Actor,
    erin: Actor,
    blocks: list[OrderedBlock],
) -> None:
    with faults.expect("UnknownSigner", signer=erin.key.address):
        report(network, attested(network, erin, blocks), reporter)
    current = network.release(alice, clock, user)
    late = [replace(blocks[0], epoch=current)]
    with faults.expect("NotSlashable", id=1, actual=Status.RELEASED):
        report(network, attested(network, alice, late, epoch=current), reporter)


def test_report_neglect__old_key__convicts_its_operator(
    network: Network,
    reporter: Any,
    alice: Actor,
    erin: Actor,
    evidence: AttestedBlock,
) -> None:
    """STAKE-11."""
    renewed = replace(alice, key=erin.key)
    possession = network.possession(renewed)
    network.registry.rotateSigner(erin.key.address, possession, sender=alice.account)
    report(network, evidence, reporter)
    assert network.registry.operator(1).status == Status.JAILED


def test_report_neglect__twice__is_refused(
    network: Network,
    faults: FaultCatalogue,
    reporter: Any,
    alice: Actor,
    blocks: list[OrderedBlock],
    evidence: AttestedBlock,
) -> None:
    """P9: by the same evidence, of another block of the batch, or with another signature."""
    report(network, evidence, reporter)
    again = [evidence, attested(network, alice, blocks, at=2)]
    again.append(attested(network, alice, blocks, batch=batch_of(network, blocks, index=2)))
    for tried in again:
        with faults.expect("AlreadySlashed", epoch=0, id=1, offence=Offence.NEGLECT):
            report(network, tried, reporter)


def test_report_neglect__committed_before__pays_the_reporter(
    network: Network, reporter: Any, blocks: list[OrderedBlock], evidence: AttestedBlock
) -> None:
    commitment = network.neglect.reportCommitment(
        reporter, SALT, evidence_hash_of(network, evidence, blocks)
    )
    network.neglect.commitReport(commitment, sender=reporter)
    receipt = report(network, evidence, reporter)
    assert events(receipt, "NeglectReported")[0]["reporter"] == reporter.address
    assert network.ledger.credit(reporter) == 10 * ETHER * 5 // 100 // 10


def test_report_neglect__copied__burns_the_reward(
    network: Network,
    reporter: Any,
    stranger: Any,
    blocks: list[OrderedBlock],
    evidence: AttestedBlock,
) -> None:
    """P10."""
    evidence_hash = evidence_hash_of(network, evidence, blocks)
    commitment = network.neglect.reportCommitment(reporter, SALT, evidence_hash)
    network.neglect.commitReport(commitment, sender=reporter)
    # Announcing another's commitment makes it nobody else's.
    network.neglect.commitReport(commitment, sender=stranger)
    report(network, evidence, stranger)
    assert network.ledger.credit(stranger) == network.ledger.credit(reporter) == 0


def test_report_neglect__evidence__does_not_convict_in_another_deployment(
    deploy_network: Callable[..., Network],
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    user: Any,
    reporter: Any,
    blocks: list[OrderedBlock],
) -> None:
    """P5: the same keys, bonded on the same chain with another registry."""
    other = deploy_network(genesis=clock.now + 500)
    for actor in network.members:
        other.bond(actor)
    other.rollups.register(42, ZERO, False, (0, 0), sender=user)
    clock.jump_to(other.times.genesis + 10)
    other.committee.snapshot(0, sender=user)
    other.enqueue(user)
    late = [replace(block, origin_timestamp=2**40) for block in blocks[:1]]
    signature = attested(network, network.members[0], late)[1]
    batch = batch_of(network, late).as_tuple()
    with faults.expect("UnknownSigner"):
        report(other, (0, signature, batch, headers_down_to(late, 0)), reporter)
