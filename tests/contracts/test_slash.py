"""SlashingLedger.slash: how much is taken, and what becomes of the operator (LEDGER-1, LEDGER-2)

slash
├── when the caller is no slasher: refused
├── when severity is zero, or the offence has no parameter: refused
├── when the epoch has not begun, or begins in this very second: refused
├── when it ejects, and the epoch has no committee: refused
├── when the operator never bonded, or its release has come: refused; one second earlier not
├── when this (epoch, operator, offence) was slashed: refused; another of the three is not
└── when all is good
    ├── the part is base times severity, never more than the whole
    ├── if it ejects, also correlation times the offenders' part of the committee
    │   ├── in which who is no member has none, and a rotated key has its operator's
    │   └── that is the kept one's, if it was kept
    ├── the consequence: none, jail, no place any more
    └── too little left of the cold key's own: no place any more
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import (
    ZERO,
    Actor,
    Clock,
    Consequence,
    Network,
    Offence,
    Status,
    events,
)
from tests.contracts.settings import ETHER, VALUES, Parameter

BPS = 10_000
# One of four equal members (settings.VALUES).
EQUIVOCATION_BPS = 1_000 + 10_000 // 4
BASES = {
    Offence.EQUIVOCATION: Parameter.EQUIVOCATION_BASE_BPS,
    Offence.DATA: Parameter.DATA_BASE_BPS,
    Offence.INACTIVITY: Parameter.INACTIVITY_BASE_BPS,
    Offence.ORDERING: Parameter.ORDERING_BASE_BPS,
    Offence.PROMISE: Parameter.PROMISE_BASE_BPS,
    Offence.NEGLECT: Parameter.NEGLECT_BASE_BPS,
}


def test_slash__no_slasher__is_refused(
    network: Network, faults: FaultCatalogue, deployer: Any, stranger: Any
) -> None:
    # The deployer has no more to say than anybody.
    for caller in (deployer, stranger):
        with faults.expect("NotASlasher", caller=caller.address):
            network.slash(1, sender=caller)


def test_slash__no_severity_or_offence__is_refused(
    network: Network, faults: FaultCatalogue, test_slasher: Any
) -> None:
    with faults.expect("ZeroSeverity"):
        network.slash(1, severity=0, sender=test_slasher)
    with faults.expect("UnknownOffence", offence=Offence.NONE):
        network.slash(1, offence=Offence.NONE, sender=test_slasher)


def test_slash__epoch_not_begun__is_refused(
    network: Network, faults: FaultCatalogue, clock: Clock, test_slasher: Any
) -> None:
    start = network.times.start_of(1)
    for moment in (start - 1, start):
        clock.set_next(moment)
        with faults.expect("OffenceTooEarly", epoch=1, actual=moment):
            network.slash(1, epoch=1, consequence=Consequence.JAIL, sender=test_slasher)
    with faults.expect("OffenceTooEarly", epoch=2**64 - 1):
        network.slash(1, epoch=2**64 - 1, sender=test_slasher)
    clock.set_next(start + 1)
    network.slash(1, epoch=1, consequence=Consequence.JAIL, sender=test_slasher)


def test_slash__before_genesis__is_refused(
    deploy_network: Callable[..., Network], faults: FaultCatalogue, test_slasher: Any, erin: Actor
) -> None:
    young = deploy_network(extra_slashers=[test_slasher.address])
    young.bond(erin)
    with faults.expect("BeforeGenesis", genesis=young.times.genesis):
        young.slash(erin, sender=test_slasher)


def test_slash__ejecting_without_a_committee__is_refused(
    network: Network, faults: FaultCatalogue, clock: Clock, test_slasher: Any
) -> None:
    clock.jump_to(network.times.start_of(1) + 1)
    with faults.expect("NoCommittee", epoch=1):
        network.slash(1, epoch=1, sender=test_slasher)


def test_slash__not_liable__is_refused(
    network: Network, faults: FaultCatalogue, clock: Clock, test_slasher: Any, alice: Actor
) -> None:
    with faults.expect("NotSlashable", id=99, actual=Status.NONE):
        network.slash(99, sender=test_slasher)
    network.registry.initiateExit(sender=alice.account)
    release_at = network.registry.operator(1).releaseAt
    clock.set_next(release_at)
    with faults.expect("NotSlashable", id=1, actual=Status.EXITING):
        network.slash(1, sender=test_slasher)
    network.registry.release(1, sender=test_slasher)
    with faults.expect("NotSlashable", id=1, actual=Status.RELEASED):
        network.slash(1, sender=test_slasher)
    assert network.ledger.partOf(0, 1, Offence.EQUIVOCATION) == 0


def test_slash__last_second_before_release__is_heard(
    network: Network, clock: Clock, test_slasher: Any, alice: Actor
) -> None:
    network.registry.initiateExit(sender=alice.account)
    release_at = network.registry.operator(1).releaseAt
    clock.set_next(release_at - 1)
    network.slash(1, sender=test_slasher)
    operator = network.registry.operator(1)
    # Slashing oneself neither shortens an exit nor prolongs one.
    assert (operator.status, operator.releaseAt) == (Status.EXITING, release_at)
    assert network.registry.stake(1).ownWei == 10 * ETHER * (BPS - EQUIVOCATION_BPS) // BPS


def test_slash__again__is_refused_and_another_of_the_three_is_not(
    network: Network, faults: FaultCatalogue, clock: Clock, test_slasher: Any
) -> None:
    clock.jump_to(network.times.start_of(1) + 1)
    options: dict[str, Any] = {"consequence": Consequence.NONE, "sender": test_slasher}
    network.slash(1, **options)
    with faults.expect("AlreadySlashed", epoch=0, id=1, offence=Offence.EQUIVOCATION):
        network.slash(1, severity=2, **options)
    network.slash(1, epoch=1, **options)
    network.slash(1, offence=Offence.ORDERING, **options)
    network.slash(2, **options)
    # Each takes its part of what the one before left.
    assert network.registry.stake(1).stakedWei == 10 * ETHER * 90 * 90 * 95 // 100**3
    assert network.registry.stake(2).stakedWei == 9 * ETHER


@pytest.mark.parametrize("offence", BASES)
def test_slash__each_offence__takes_its_base_times_severity(
    network: Network, test_slasher: Any, offence: Offence
) -> None:
    receipt = network.slash(
        1, offence=offence, severity=3, consequence=Consequence.NONE, sender=test_slasher
    )
    part = 3 * VALUES[BASES[offence]]
    assert network.ledger.partOf(0, 1, offence) == part
    (event,) = events(receipt, "OperatorSlashed")
    assert (event["id"], event["epoch"], event["offence"]) == (1, 0, offence)
    assert (event["consequence"], event["partBps"]) == (Consequence.NONE, part)
    assert sum(event["split"]) == 10 * ETHER * part // BPS
    operator = network.registry.operator(1)
    assert operator.status == Status.ACTIVE
    assert network.registry.stake(1).stakedWei == 10 * ETHER * (BPS - part) // BPS


def test_slash__huge_severity__takes_the_whole_and_no_more(
    network: Network, test_slasher: Any
) -> None:
    receipt = network.slash(1, severity=2**16 - 1, sender=test_slasher)
    assert sum(events(receipt, "OperatorSlashed")[0]["split"]) == 10 * ETHER
    assert network.ledger.partOf(0, 1, Offence.EQUIVOCATION) == BPS
    assert network.registry.stake(1).stakedWei == network.registry.stake(1).heldWei == 0


def test_slash__ejecting__adds_the_offenders_part_of_the_committee(
    network: Network, test_slasher: Any
) -> None:
    for count in (1, 2, 3, 4):
        network.slash(count, sender=test_slasher)
        part = min(BPS, 1_000 + BPS * count // 4)
        assert network.ledger.partOf(0, count, Offence.EQUIVOCATION) == part
        assert network.registry.operator(count).status == Status.EJECTED


def test_slash__other_offences_and_epochs__do_not_correlate(
    network: Network, clock: Clock, test_slasher: Any, user: Any
) -> None:
    network.committee.snapshot(1, sender=user)
    clock.jump_to(network.times.start_of(1) + 1)
    network.slash(1, sender=test_slasher)
    network.slash(2, epoch=1, sender=test_slasher)
    network.slash(3, offence=Offence.ORDERING, sender=test_slasher)
    # Who is not ejected is not counted either.
    network.slash(4, consequence=Consequence.JAIL, sender=test_slasher)
    assert network.ledger.partOf(1, 2, Offence.EQUIVOCATION) == EQUIVOCATION_BPS
    assert network.ledger.partOf(0, 3, Offence.ORDERING) == 500 + BPS // 4
    assert network.ledger.partOf(0, 4, Offence.EQUIVOCATION) == 1_000
    assert network.ledger.partOf(0, 1, Offence.EQUIVOCATION) == EQUIVOCATION_BPS


def test_slash__no_member__weighs_nothing(network: Network, test_slasher: Any, erin: Actor) -> None:
    network.bond(erin, 1_000 * ETHER)
    network.slash(erin, sender=test_slasher)
    assert network.ledger.partOf(0, network.id_of(erin), Offence.EQUIVOCATION) == 1_000
    network.slash(1, sender=test_slasher)
    assert network.ledger.partOf(0, 1, Offence.EQUIVOCATION) == EQUIVOCATION_BPS


def test_slash__stake_that_came_later__weighs_nothing_and_is_liable(
    network: Network, test_slasher: Any, stranger: Any
) -> None:
    network.delegate(1, 90 * ETHER, sender=stranger)
    network.slash(1, sender=test_slasher)
    assert network.ledger.partOf(0, 1, Offence.EQUIVOCATION) == EQUIVOCATION_BPS
    assert network.registry.stake(1).stakedWei == 100 * ETHER * (BPS - EQUIVOCATION_BPS) // BPS


@pytest.mark.parametrize("named", ["none", "former", "present"])
def test_slash__member_under_a_former_key__weighs_what_it_did(
    network: Network, test_slasher: Any, alice: Actor, erin: Actor, named: str
) -> None:
    """Whichever of its keys the slasher names, or none (LEDGER-2)."""
    signer = {"none": ZERO, "former": alice.key.address, "present": erin.key.address}[named]
    successor = Actor(alice.account, erin.key)
    network.registry.rotateSigner(
        erin.key.address, network.possession(successor), sender=alice.account
    )
    network.slash(1, signer=signer, sender=test_slasher)
    assert network.ledger.partOf(0, 1, Offence.EQUIVOCATION) == EQUIVOCATION_BPS


def test_slash__kept_committee__counts_by_the_weights_it_was_chosen_by(
    network: Network, clock: Clock, test_slasher: Any, user: Any
) -> None:
    # All but the first leave, so that the committee of epoch 0 serves epoch 3 too.
    for actor in network.members[1:]:
        network.registry.initiateExit(sender=actor.account)
    clock.jump_to(network.times.start_of(3) + 1)
    network.committee.snapshot(3, sender=user)
    assert network.committee.pointerOf(3) == network.committee.pointerOf(0)
    for id_ in (2, 3, 4):
        network.slash(id_, epoch=3, sender=test_slasher)
    assert network.ledger.partOf(3, 4, Offence.EQUIVOCATION) == 1_000 + 3 * BPS // 4


def test_slash__jail__takes_the_weight_until_the_time_is_over(
    network: Network, clock: Clock, test_slasher: Any
) -> None:
    receipt = network.slash(1, consequence=Consequence.JAIL, sender=test_slasher)
    operator = network.registry.operator(1)
    until = receipt.timestamp + VALUES[Parameter.JAIL_SECONDS]
    assert (operator.status, operator.jailedUntil) == (Status.JAILED, until)
    clock.jump_to(receipt.timestamp + 1)
    assert network.registry.weightAt(1, receipt.timestamp) == 0


def test_slash__too_little_left__ejects_whatever_the_consequence(
    network: Network, test_slasher: Any, stranger: Any, erin: Actor
) -> None:
    network.bond(erin, ETHER)
    # What others delegated does not stand in for the operator's own.
    network.delegate(5, 100 * ETHER, sender=stranger)
    network.slash(5, offence=Offence.INACTIVITY, consequence=Consequence.NONE, sender=test_slasher)
    assert network.registry.operator(5).status == Status.EJECTED


def test_accept_slash__from_anybody_else__is_refused(
    network: Network, faults: FaultCatalogue, stranger: Any
) -> None:
    with faults.expect("NotTheRegistry", caller=stranger.address):
        network.ledger.acceptSlash(value=ETHER, sender=stranger)
    assert network.ledger.credit(ZERO) == network.ledger.balance == 0
