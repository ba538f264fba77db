"""Faults found in systems of this kind (docs/spec/pitfalls.md), each tried against these contracts

The number in a name is the number of the pitfall. Those without a test here do not concern the
contracts, cannot arise in them, or are in a file of their subject: slashing, stake, the forced
queue.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.contracts.deployment import deploy
from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Actor, Clock, Network, Offence
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
        application = (*network.application(erin)[:-1], high)
        network.registry.bond(application, value=ETHER, sender=erin.account)
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
    network.delegate(1, 10**5 * ETHER, sender=alice.account)

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


def test_p11_leaving_at_the_worst_moment__does_not_outrun_the_evidence(
    project: Any, deployer: Any, network: Network, clock: Clock, reporter: Any
) -> None:
    # The shortest unbonding that TIME-4 allows, and the earliest exit that is still elected:
    # one second after the selection for epoch 3.
    times = replace(network.times, genesis=clock.now + 500)
    tight = deploy(project, deployer, times)
    tight.members = network.members
    leaver = tight.members[0]
    for actor in tight.members:
        tight.bond(actor)
    clock.jump_to(times.genesis + 1)
    tight.committee.snapshot(0, sender=reporter)
    clock.set_next(times.start_of(1) + 1)
    tight.registry.initiateExit(sender=leaver.account)
    clock.set_next(times.start_of(2))
    tight.committee.snapshot(3, sender=reporter)
    assert leaver.key.address[2:].lower() in bytes(tight.committee.committeeBytes(3)).hex()

    first, second = (
        tight.signed(leaver, tight.statement("Notarize", 1, content, epoch=3)) for content in (A, B)
    )
    last_chance = times.end_of(3) + times.commitGraceSeconds + times.evidenceSeconds - 1
    assert tight.registry.operator(1).releaseAt > last_chance
    clock.set_next(last_chance)
    tight.slasher.report(first, second, SALT, sender=reporter)
    assert tight.ledger.partOf(3, 1, Offence.EQUIVOCATION) > 0
