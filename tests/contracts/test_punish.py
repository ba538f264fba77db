"""DataAvailabilityChallenge.punish (DATA-5)

punish
├── when the segment is not void: refused
├── when the epoch has no committee: refused
├── when the evidence is too old: refused, and one second earlier heard
├── when the signer never bonded, or signed another batch or epoch: refused
├── when a signature is not canonical: refused
├── when it was slashed for the epoch's data already: refused
└── when all is good: the signer is slashed and jailed
    ├── each who signed, in whichever epoch
    └── and the challenger rewarded, whoever calls
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.faults import FaultCatalogue
from tests.contracts.held import chain_of, challenge_held, commit_blocks
from tests.contracts.network import Actor, Clock, Network, Offence, Status, events
from tests.contracts.settings import ETHER
from tests.vectors import reference as ref

OPEN, ANSWERED, VOID = 1, 2, 3
BLOCKS = chain_of([[(1, b"one"), (2, b"two")]])
ID = BLOCKS[0].challenge_id(0)


@pytest.fixture
def batch(network: Network, submitter: Any, user: Any) -> ref.Batch:
    """Challenged by the user, not yet void."""
    batch = commit_blocks(network, BLOCKS, submitter)
    challenge_held(network, BLOCKS, 0, 0, user, batches=[batch])
    return batch


@pytest.fixture
def void(network: Network, clock: Clock, batch: ref.Batch, stranger: Any) -> ref.Batch:
    clock.jump_to(clock.now + network.held.answerSeconds)
    network.data.settle(ID, sender=stranger)
    return batch


def attest(network: Network, actor: Actor, batch: ref.Batch, epoch: int = 0) -> bytes:
    return ref.sign(actor.key, network.attestation_digest(batch, epoch))


def test_punish__each_signer__is_slashed_and_the_challenger_paid(
    network: Network, void: ref.Batch, user: Any, stranger: Any
) -> None:
    for number, actor in enumerate(network.members[:2], 1):
        receipt = network.data.punish(ID, 0, attest(network, actor, void), sender=stranger)
        (event,) = events(receipt, "OperatorSlashed")
        assert (event["id"], event["epoch"], event["offence"]) == (number, 0, Offence.DATA)
        assert event["reporter"] == user.address
        assert network.ledger.partOf(0, number, Offence.DATA) > 0
        assert network.ledger.partOf(0, number, Offence.EQUIVOCATION) == 0
        assert network.registry.operator(number).status == Status.JAILED
        assert network.registry.stake(number).ownWei == 10 * ETHER * 98 // 100
        assert network.ledger.credit(user) == number * ETHER // 5 // 10
    assert network.ledger.credit(stranger) == 0


def test_punish__not_void__is_refused(
    network: Network, batch: ref.Batch, faults: FaultCatalogue, alice: Actor, stranger: Any
) -> None:
    signature = attest(network, alice, batch)
    with faults.expect("WrongStatus", id=ID, expected=VOID, actual=OPEN):
        network.data.punish(ID, 0, signature, sender=stranger)
    network.data.answer(ID, b"one", sender=stranger)
    with faults.expect("WrongStatus", id=ID, expected=VOID, actual=ANSWERED):
        network.data.punish(ID, 0, signature, sender=stranger)


def test_punish__twice__is_refused(
    network: Network,
    batch: ref.Batch,
    faults: FaultCatalogue,
    clock: Clock,
    alice: Actor,
    user: Any,
    stranger: Any,
) -> None:
    challenge_held(network, BLOCKS, 0, 1, user, batches=[batch])
    clock.jump_to(clock.now + network.held.answerSeconds)
    signature = attest(network, alice, batch)
    for number in range(2):
        network.data.settle(BLOCKS[0].challenge_id(number), sender=stranger)
    network.data.punish(ID, 0, signature, sender=stranger)
    # Neither for the same segment nor for the other that was withheld.
    for number in range(2):
        with faults.expect("AlreadySlashed", epoch=0, id=1, offence=Offence.DATA):
            id_ = BLOCKS[0].challenge_id(number)
            network.data.punish(id_, 0, signature, sender=stranger)


def test_punish__later_epoch__is_another_offence(
    network: Network, void: ref.Batch, clock: Clock, bob: Actor, user: Any, stranger: Any
) -> None:
    network.committee.snapshot(1, sender=user)
    clock.jump_to(network.times.start_of(1) + 1)
    network.data.punish(ID, 1, attest(network, bob, void, epoch=1), sender=stranger)
    assert network.ledger.partOf(1, 2, Offence.DATA) > 0
    assert network.ledger.partOf(0, 2, Offence.DATA) == 0


def test_punish__signed_something_else__is_refused(
    network: Network,
    void: ref.Batch,
    faults: FaultCatalogue,
    alice: Actor,
    erin: Actor,
    user: Any,
    stranger: Any,
) -> None:
    network.committee.snapshot(1, sender=user)
    other_batch = attest(network, alice, void.but(dataHash=bytes(32)))
    other_index = attest(network, alice, void.but(index=2))
    other_epoch = attest(network, alice, void, epoch=1)
    not_bonded = attest(network, erin, void)
    for signature in (other_batch, other_index, other_epoch, not_bonded):
        with faults.expect("UnknownSigner"):
            network.data.punish(ID, 0, signature, sender=stranger)


def test_punish__signature_in_another_form__is_refused(
    network: Network, void: ref.Batch, faults: FaultCatalogue, alice: Actor, stranger: Any
) -> None:
    signature = attest(network, alice, void)
    with faults.expect("InvalidSignatureLength", expected=64, actual=65):
        network.data.punish(ID, 0, signature + b"\x1b", sender=stranger)
    with faults.expect("NonCanonicalSignature"):
        network.data.punish(ID, 0, signature[:32] + bytes(32), sender=stranger)


def test_punish__no_committee__is_refused(
    network: Network, void: ref.Batch, faults: FaultCatalogue, alice: Actor, stranger: Any
) -> None:
    for epoch in (1, 2**64 - 1):
        with faults.expect("NoCommittee", epoch=epoch):
            network.data.punish(ID, epoch, attest(network, alice, void), sender=stranger)


def test_punish__too_old__is_refused(
    network: Network,
    void: ref.Batch,
    faults: FaultCatalogue,
    clock: Clock,
    alice: Actor,
    stranger: Any,
) -> None:
    bonds = network.times
    expired_at = bonds.end_of(0) + bonds.commitGraceSeconds + bonds.evidenceSeconds
    signature = attest(network, alice, void)
    clock.set_next(expired_at)
    with faults.expect("EvidenceTooOld", expiredAt=expired_at, actual=expired_at):
        network.data.punish(ID, 0, signature, sender=stranger)


def test_punish__last_second__is_heard(
    network: Network, void: ref.Batch, clock: Clock, alice: Actor, stranger: Any
) -> None:
    bonds = network.times
    expired_at = bonds.end_of(0) + bonds.commitGraceSeconds + bonds.evidenceSeconds
    clock.set_next(expired_at - 1)
    network.data.punish(ID, 0, attest(network, alice, void), sender=stranger)
    assert network.ledger.partOf(0, 1, Offence.DATA) > 0
