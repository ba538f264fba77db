"""BondRegistry.undelegate and claim (STAKE-3 to STAKE-6)

undelegate
├── when no shares are named, or more than the caller has: refused
├── when the caller is the cold key
│   ├── and keeps less than its minimum bond: refused
│   └── and the operator has left: refused, `release` pays it
├── when the operator has left: a ticket of the operator's own release time
└── when it has not: a ticket, and less weight from this second on

claim
├── when there is no such ticket, or it was claimed: refused
├── when its release has not come: refused, one second before
├── when slashed in the last second before: it pays its part
├── when slashed in the second of its release: it pays nothing
└── when released: the owner is credited, whoever calls
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Actor, Clock, Consequence, Network, Offence, Status, events
from tests.contracts.settings import ETHER


@pytest.fixture
def delegated(network: Network, user: Any) -> Network:
    """`user` has four ether with operator 1."""
    network.delegate(1, 4 * ETHER, sender=user)
    return network


def slash_half(network: Network, sender: Any, consequence: Consequence = Consequence.NONE) -> Any:
    return network.slash(
        1, sender=sender, offence=Offence.INACTIVITY, severity=500, consequence=consequence
    )


def test_undelegate__active__makes_a_ticket(delegated: Network, clock: Clock, user: Any) -> None:
    clock.set_next(clock.now + 5)
    receipt = delegated.registry.undelegate(1, ETHER, sender=user)

    release_at = receipt.timestamp + delegated.times.unbondingSeconds
    assert events(receipt, "Undelegated") == [
        {
            "id": 1,
            "account": user.address,
            "ticket": 1,
            "shares": ETHER,
            "releaseAt": release_at,
        }
    ]
    assert delegated.registry.ticketOf(1) == (user.address, 1, ETHER, release_at)
    assert delegated.registry.ticketWei(1) == ETHER
    assert delegated.registry.stakeOf(1, user).shares == 3 * ETHER
    stake = delegated.registry.stake(1)
    assert (stake.stakedWei, stake.leavingWei, stake.heldWei) == (
        13 * ETHER,
        ETHER,
        14 * ETHER,
    )
    clock.jump_to(receipt.timestamp + 1)
    assert delegated.registry.weightAt(1, receipt.timestamp - 1) == 14 * ETHER
    assert delegated.registry.weightAt(1, receipt.timestamp) == 13 * ETHER


def test_undelegate__nothing_or_too_much__is_refused(
    delegated: Network, faults: FaultCatalogue, user: Any, stranger: Any
) -> None:
    with faults.expect("NoShares"):
        delegated.registry.undelegate(1, 0, sender=user)
    with faults.expect("TooManyShares", maximum=4 * ETHER, actual=4 * ETHER + 1):
        delegated.registry.undelegate(1, 4 * ETHER + 1, sender=user)
    for number in (1, 2, 99):
        with faults.expect("TooManyShares", maximum=0, actual=1):
            delegated.registry.undelegate(number, 1, sender=stranger)


def test_undelegate__cold_key__keeps_its_minimum(
    delegated: Network, faults: FaultCatalogue, alice: Actor
) -> None:
    with faults.expect("OwnStakeTooSmall", minimumWei=ETHER, actualWei=ETHER - 1):
        delegated.registry.undelegate(1, 9 * ETHER + 1, sender=alice.account)
    delegated.registry.undelegate(1, 9 * ETHER, sender=alice.account)
    assert delegated.registry.stake(1).ownWei == ETHER


def test_undelegate__cold_key_that_left__is_refused(
    delegated: Network, faults: FaultCatalogue, clock: Clock, alice: Actor
) -> None:
    delegated.registry.initiateExit(sender=alice.account)
    with faults.expect("HasLeft", id=1, actual=Status.EXITING):
        delegated.registry.undelegate(1, 1, sender=alice.account)
    clock.set_next(delegated.registry.operator(1).releaseAt)
    delegated.registry.release(1, sender=alice.account)
    with faults.expect("HasLeft", id=1, actual=Status.RELEASED):
        delegated.registry.undelegate(1, 1, sender=alice.account)


def test_undelegate__jailed__leaves_as_any(
    delegated: Network, test_slasher: Any, user: Any
) -> None:
    slash_half(delegated, test_slasher, Consequence.JAIL)
    receipt = delegated.registry.undelegate(1, 4 * ETHER, sender=user)
    ticket = delegated.registry.ticketOf(1)
    assert ticket.releaseAt == receipt.timestamp + delegated.times.unbondingSeconds
    assert delegated.registry.ticketWei(1) == 2 * ETHER


def test_undelegate__operator_left__waits_no_longer_than_it(
    delegated: Network, clock: Clock, user: Any, alice: Actor
) -> None:
    delegated.registry.initiateExit(sender=alice.account)
    release_at = delegated.registry.operator(1).releaseAt
    clock.set_next(release_at - 100)
    delegated.registry.undelegate(1, ETHER, sender=user)
    assert delegated.registry.ticketOf(1).releaseAt == release_at


def test_undelegate__operator_released__is_paid_at_once(
    delegated: Network, clock: Clock, user: Any, stranger: Any, alice: Actor
) -> None:
    delegated.registry.initiateExit(sender=alice.account)
    clock.set_next(delegated.registry.operator(1).releaseAt)
    delegated.registry.release(1, sender=stranger)
    delegated.registry.undelegate(1, 4 * ETHER, sender=user)
    delegated.registry.claim(1, sender=stranger)
    assert delegated.registry.credit(user) == 4 * ETHER
    assert delegated.registry.stake(1).heldWei == 0


def test_claim__due__credits_the_owner_once(
    delegated: Network, faults: FaultCatalogue, clock: Clock, user: Any, stranger: Any
) -> None:
    delegated.registry.undelegate(1, ETHER, sender=user)
    release_at = delegated.registry.ticketOf(1).releaseAt
    clock.set_next(release_at - 1)
    with faults.expect("NotYetReleasable", releaseAt=release_at, actual=release_at - 1):
        delegated.registry.claim(1, sender=user)
    clock.set_next(release_at)
    receipt = delegated.registry.claim(1, sender=stranger)
    assert events(receipt, "TicketClaimed") == [
        {"ticket": 1, "owner": user.address, "amountWei": ETHER}
    ]
    assert delegated.registry.credit(user) == ETHER
    assert delegated.registry.stake(1).heldWei == 13 * ETHER
    assert delegated.registry.ticketWei(1) == 0
    with faults.expect("NoTicket", ticket=1):
        delegated.registry.claim(1, sender=user)


def test_claim__never_given__is_refused(
    delegated: Network, faults: FaultCatalogue, user: Any
) -> None:
    for ticket in (0, 1):
        with faults.expect("NoTicket", ticket=ticket):
            delegated.registry.claim(ticket, sender=user)


@pytest.mark.parametrize(("early", "left"), [(1, ETHER), (0, 2 * ETHER)])
def test_claim__slashed_at_the_boundary__pays_until_the_last_second(
    delegated: Network, clock: Clock, test_slasher: Any, user: Any, early: int, left: int
) -> None:
    """STAKE-5: liable at `t` is a ticket with `t < releaseAt`."""
    delegated.registry.undelegate(1, 2 * ETHER, sender=user)
    release_at = delegated.registry.ticketOf(1).releaseAt
    clock.set_next(release_at - early)
    receipt = slash_half(delegated, test_slasher)
    taken = events(receipt, "StakeSlashed")[0]["takenWei"]
    assert taken == (12 * ETHER + (2 * ETHER if early else 0)) // 2
    clock.set_next(release_at + 1)
    delegated.registry.claim(1, sender=user)
    assert delegated.registry.credit(user) == left


@pytest.mark.parametrize("slashed_first", [True, False])
def test_undelegate__in_the_second_of_a_slash__pays_its_part_once(
    delegated: Network,
    clock: Clock,
    chain: Any,
    test_slasher: Any,
    user: Any,
    slashed_first: bool,
) -> None:
    """Both in one block, in either order."""
    calls = [
        lambda: slash_half(delegated, test_slasher),
        lambda: delegated.registry.undelegate(1, 4 * ETHER, sender=user),
    ]
    now = clock.now + 5
    for call in calls if slashed_first else reversed(calls):
        clock.set_next(now)
        call()
    assert delegated.registry.ticketWei(1) == 2 * ETHER
    assert delegated.registry.stake(1).heldWei == 7 * ETHER
    clock.set_next(delegated.registry.ticketOf(1).releaseAt)
    delegated.registry.claim(1, sender=user)
    assert delegated.registry.credit(user) == 2 * ETHER


def test_claim__after_two_slashes__has_lost_both(
    delegated: Network, clock: Clock, test_slasher: Any, user: Any
) -> None:
    slash_half(delegated, test_slasher)
    delegated.registry.undelegate(1, 4 * ETHER, sender=user)
    clock.jump_to(delegated.times.start_of(1) + 1)
    delegated.slash(
        1,
        sender=test_slasher,
        epoch=1,
        offence=Offence.INACTIVITY,
        severity=500,
        consequence=Consequence.NONE,
    )
    assert delegated.registry.ticketWei(1) == ETHER
