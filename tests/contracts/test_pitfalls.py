"""Faults found in systems of this kind (docs/spec/pitfalls.md), each tried against these contracts

The number in a name is the number of the pitfall. Those without a test here do not concern the
contracts, or cannot arise in them (no delegation, no parameter that changes, no oracle of fees).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.contracts.deployment import deploy
from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Actor, Clock, Network, events
from tests.contracts.settings import ETHER
from tests.vectors import reference as ref

A, B = b"\xaa" * 32, b"\xbb" * 32
SALT = b"\x05" * 32
DATA = b"\x01data"


@pytest.fixture
def commit_raw(network: Network, submitter: Any) -> Callable[[int, bytes], Any]:
    """Commit the next batch with any bitmap and signatures."""

    def commit(signers: int, signatures: bytes) -> Any:
        batch = network.next_batch(DATA).as_tuple()
        return network.chain.commit(batch, 0, signers, signatures, DATA, sender=submitter)

    return commit


@pytest.fixture
def double_vote(network: Network, alice: Actor) -> tuple[Any, Any]:
    first, second = (
        network.signed(alice, network.statement("Notarize", 3, content)) for content in (A, B)
    )
    return first, second


def signatures_over_next(network: Network) -> list[bytes]:
    digest = network.attestation_digest(network.next_batch(DATA), 0)
    return [ref.sign(actor.key, digest) for actor in network.members]


def test_p01_one_canonical_form__wherever_a_signature_is_read(
    network: Network,
    faults: FaultCatalogue,
    commit_raw: Callable[[int, bytes], Any],
    erin: Actor,
    double_vote: tuple[Any, Any],
    reporter: Any,
) -> None:
    good = signatures_over_next(network)
    r = good[0][:32]
    high = ref.compact(int.from_bytes(r, "big"), ref.MAX_S + 1, 0)

    with faults.expect("NonCanonicalSignature", actual=ref.MAX_S + 1):
        commit_raw(0b111, high + good[1] + good[2])
    with faults.expect("NonCanonicalSignature", actual=ref.MAX_S + 1):
        arguments = network.bond_arguments(erin)[:3]
        network.registry.bond(*arguments, high, value=ETHER, sender=erin.account)
    with faults.expect("NonCanonicalSignature", actual=ref.MAX_S + 1):
        second = (double_vote[1][0], high)
        network.slasher.report(double_vote[0], second, SALT, sender=reporter)


def test_p02_malleated_copy__forges_no_quorum(
    network: Network, faults: FaultCatalogue, commit_raw: Callable[[int, bytes], Any]
) -> None:
    first, second, *_ = signatures_over_next(network)
    # Two honest signatures and a third that differs in bytes only.
    with faults.expect("WrongSigner", memberIndex=2):
        commit_raw(0b111, first + second + first)
    with faults.expect("WrongSigner", "InvalidSignature"):
        commit_raw(0b111, first + second + ref.malleated(first))
    assert network.chain.lastIndex() == 0


def test_p03_duplicates_apart__count_once(
    network: Network, faults: FaultCatalogue, commit_raw: Callable[[int, bytes], Any]
) -> None:
    # Not next to each other: 0, 1, 0.
    first, second, *_ = signatures_over_next(network)
    with faults.expect("WrongSigner", memberIndex=3):
        commit_raw(0b1011, first + second + first)


def test_p04_exactly_two_thirds__is_no_quorum(
    deploy_network: Callable[..., Network],
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    submitter: Any,
) -> None:
    three = deploy_network(genesis=clock.now + 500, min_size=3)
    three.members = network.members[:3]
    for actor in three.members:
        three.bond(actor, 3 * ETHER)
    clock.jump_to(three.times.genesis + 1)
    three.committee.snapshot(0, sender=submitter)
    with faults.expect("QuorumNotReached", totalWeight=9 * ETHER, signedWeight=6 * ETHER):
        three.commit(signers=[0, 1], sender=submitter)
    three.commit(signers=[0, 1, 2], sender=submitter)


def test_p05_digest__binds_chain_contract_type_epoch_and_position(
    network: Network, library: Any
) -> None:
    vote = {"epoch": 1, "committee": A, "view": 2, "blockHash": B}
    nullify = {"epoch": 1, "committee": A, "view": 2}
    attestation = {"epoch": 1, "committee": A, "index": 2, "batchHash": B}
    here = network.domain
    elsewhere = [
        ref.Domain(here.chain_id + 1, here.registry),
        ref.Domain(here.chain_id, network.chain.address),
    ]
    digests = [domain.digest("Notarize", **vote) for domain in (here, *elsewhere)]
    digests += [here.digest("Notarize", **{**vote, key: 9}) for key in ("epoch", "view")]
    digests += [
        here.digest("Notarize", **{**vote, "committee": B}),
        here.digest("Notarize", **{**vote, "blockHash": A}),
        here.digest("Finalize", **vote),
        here.digest("Nullify", **nullify),
        here.digest("BatchAttestation", **attestation),
    ]
    assert len(set(digests)) == len(digests)
    domain = bytes(network.registry.domainSeparator())
    assert bytes(library.notarize(domain, 1, A, 2, B)) == digests[0]


def test_p05_certificate_of_another_deployment__is_refused(
    deploy_network: Callable[..., Network],
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    submitter: Any,
) -> None:
    # The same members in the same chain, under another registry.
    twin = deploy_network(genesis=clock.now + 500)
    twin.members = network.members
    for actor in twin.members:
        twin.bond(actor)
    clock.jump_to(twin.times.genesis + 1)
    twin.committee.snapshot(0, sender=submitter)
    batch = twin.next_batch()
    there = network.domain.digest(
        "BatchAttestation",
        epoch=0,
        committee=bytes(network.committee.committeeHash(0)),
        index=1,
        batchHash=batch.hash(),
    )
    signatures = b"".join(ref.sign(actor.key, there) for actor in twin.members)
    with faults.expect("WrongSigner", memberIndex=0):
        twin.chain.commit(batch.as_tuple(), 0, 0b1111, signatures, DATA, sender=submitter)


def test_p06_committee__does_not_follow_live_bonds(
    network: Network, clock: Clock, chain: Any, submitter: Any, user: Any, alice: Actor
) -> None:
    before = bytes(network.committee.committeeHash(0))
    chain.provider.set_balance(alice.account.address, 10**6 * ETHER)
    clock.set_next(network.times.start_of(1))
    network.registry.increaseBond(value=10**5 * ETHER, sender=alice.account)

    # Bought at the boundary, it counts neither now nor in the epoch whose selection is past.
    assert bytes(network.committee.committeeHash(0)) == before
    network.committee.snapshot(1, sender=user)
    assert bytes(network.committee.committeeHash(1)) == before
    network.commit(signers=[1, 2, 3], sender=submitter)


def test_p07_no_signature_of_a_member__commits_nothing(
    network: Network, faults: FaultCatalogue, submitter: Any
) -> None:
    outsiders = [ref.account_of(number) for number in range(100, 104)]
    digest = network.attestation_digest(network.next_batch(DATA), 0)
    forged = b"".join(ref.sign(key, digest) for key in outsiders)
    with faults.expect("WrongSigner", memberIndex=0):
        network.chain.commit(
            network.next_batch(DATA).as_tuple(), 0, 0b1111, forged, DATA, sender=submitter
        )


def test_p09_evidence__convicts_once(
    network: Network, faults: FaultCatalogue, reporter: Any, alice: Actor
) -> None:
    votes = [
        network.signed(alice, network.statement("Notarize", view, content))
        for view in (3, 4)
        for content in (A, B)
    ]
    network.slasher.report(votes[0], votes[1], SALT, sender=reporter)
    # Again, the other way round, and for another view of the same epoch.
    for pair in (votes[:2], votes[1::-1], votes[2:]):
        with faults.expect("AlreadySlashed", epoch=0, id=1, offence=Offence.EQUIVOCATION):
            network.slasher.report(*pair, SALT, sender=reporter)
    assert network.registry.operator(1).bondWei == 9 * ETHER


def test_p10_copied_report__earns_nothing(
    network: Network, reporter: Any, stranger: Any, double_vote: tuple[Any, Any]
) -> None:
    evidence = network.slasher.evidenceHash(*double_vote)
    mine = network.slasher.reportCommitment(reporter, SALT, evidence)
    network.slasher.commitReport(mine, sender=reporter)
    # The copy is in front, salt and all, but the commitment names its reporter.
    receipt = network.slasher.report(*double_vote, SALT, sender=stranger)
    assert network.registry.credit(stranger) == 0
    assert list(events(receipt, "OperatorSlashed")[0]["split"]) == [0, 0, 0, ETHER]


def test_p10_commitment_in_the_block_of_the_report__earns_nothing(
    network: Network, chain: Any, stranger: Any, double_vote: tuple[Any, Any]
) -> None:
    evidence = network.slasher.evidenceHash(*double_vote)
    commitment = network.slasher.reportCommitment(stranger, SALT, evidence)
    calls = [
        network.slasher.commitReport.encode_input(commitment),
        network.slasher.report.encode_input(*double_vote, SALT),
    ]
    rpc = chain.provider.make_request
    rpc("evm_setAutomine", [False])
    try:
        for nonce, call in enumerate(calls, start=stranger.nonce):
            transaction = {"from": stranger.address, "to": network.slasher.address}
            transaction |= {"data": call.hex(), "nonce": hex(nonce), "gas": hex(10**6)}
            rpc("eth_sendTransaction", [transaction])
        chain.mine()
    finally:
        rpc("evm_setAutomine", [True])
    assert network.slasher.committedIn(commitment) == chain.blocks.head.number
    assert network.registry.isSlashed(0, 1, Offence.EQUIVOCATION)
    assert network.registry.credit(stranger) == 0


def test_p10_slashing_oneself__costs_and_does_not_shorten_an_exit(
    network: Network, clock: Clock, alice: Actor, double_vote: tuple[Any, Any]
) -> None:
    network.registry.initiateExit(sender=alice.account)
    release_at = network.registry.operator(1).releaseAt
    evidence = network.slasher.evidenceHash(*double_vote)
    commitment = network.slasher.reportCommitment(alice.account, SALT, evidence)
    network.slasher.commitReport(commitment, sender=alice.account)
    clock.set_next(clock.now + 100)
    network.slasher.report(*double_vote, SALT, sender=alice.account)

    operator = network.registry.operator(1)
    assert operator.releaseAt > release_at
    assert operator.bondWei + network.registry.credit(alice.account) < 10 * ETHER


def test_p11_leaving_at_the_worst_moment__does_not_outrun_the_evidence(
    project: Any, deployer: Any, network: Network, clock: Clock, reporter: Any
) -> None:
    # The shortest unbonding that TIME-4 allows, and the earliest exit that is still elected:
    # one second after the selection for epoch 2.
    bonds = replace(network.times, genesis=clock.now + 500)
    tight = deploy(project, deployer, bonds)
    tight.members = network.members
    leaver = tight.members[0]
    for actor in tight.members:
        tight.bond(actor)
    clock.jump_to(bonds.genesis + 1)
    tight.committee.snapshot(0, sender=reporter)
    clock.set_next(bonds.start_of(1) + 1)
    tight.registry.initiateExit(sender=leaver.account)
    tight.committee.snapshot(2, sender=reporter)
    assert leaver.key.address[2:].lower() in bytes(tight.committee.committeeBytes(2)).hex()

    first, second = (
        tight.signed(leaver, tight.statement("Notarize", 1, content, epoch=2)) for content in (A, B)
    )
    last_chance = bonds.end_of(2) + bonds.commitGraceSeconds + bonds.evidenceSeconds - 1
    assert tight.registry.operator(1).releaseAt > last_chance
    clock.set_next(last_chance)
    tight.slasher.report(first, second, SALT, sender=reporter)
    assert tight.registry.operator(1).status == 3


def test_p17_slasher_of_the_deployment__reaches_a_bond(
    deploy_network: Callable[..., Network], network: Network, clock: Clock, reporter: Any
) -> None:
    # Wired as in production: the slasher alone, at its predicted address.
    real = deploy_network(genesis=clock.now + 500)
    real.members = network.members
    for actor in real.members:
        real.bond(actor)
    clock.jump_to(real.times.genesis + 1)
    real.committee.snapshot(0, sender=reporter)
    assert real.registry.isSlasher(real.slasher)
    first, second = (
        real.signed(real.members[2], real.statement("Finalize", 1, content)) for content in (A, B)
    )
    real.slasher.report(first, second, SALT, sender=reporter)
    assert real.registry.operator(3).status == 3
