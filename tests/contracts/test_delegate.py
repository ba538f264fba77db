"""BondRegistry.delegate (STAKE-1, STAKE-2, BOND-2)

delegate
├── when the operator was never bonded, is leaving or has left: refused
├── when the operator is jailed
│   ├── by its cold key: shares, and no weight
│   └── by anyone else: refused
├── when less than the minimum is paid: refused
├── when what is held does not fit 96 bits: refused
├── when a share is worth too little: refused
└── when active: shares at their worth now, with weight from this second on
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Actor, Clock, Consequence, Network, Offence, Status, events
from tests.contracts.settings import ETHER

MINIMUM = ETHER // 100


def slash(network: Network, sender: Any, severity: int, consequence: Consequence, **of: Any) -> Any:
    """A tenth of a percent of operator 1 for each step of severity."""
    return network.slash(
        1,
        sender=sender,
        offence=Offence.INACTIVITY,
        severity=severity,
        consequence=consequence,
        **of,
    )


def test_delegate__active__adds_shares_and_weight(
    network: Network, clock: Clock, user: Any
) -> None:
    clock.set_next(clock.now + 5)
    receipt = network.delegate(1, 2 * ETHER, sender=user)

    assert events(receipt, "Delegated") == [
        {"id": 1, "account": user.address, "amountWei": 2 * ETHER, "shares": 2 * ETHER}
    ]
    assert network.registry.stakeOf(1, user) == (2 * ETHER, 2 * ETHER, 0)
    stake = network.registry.stake(1)
    assert (stake.stakedWei, stake.ownWei, stake.leavingWei) == (12 * ETHER, 10 * ETHER, 0)
    assert (stake.shares, stake.index, stake.heldWei) == (12 * ETHER, 10**27, 12 * ETHER)
    clock.jump_to(receipt.timestamp + 1)
    assert network.registry.weightAt(1, receipt.timestamp - 1) == 10 * ETHER
    assert network.registry.weightAt(1, receipt.timestamp) == 12 * ETHER


def test_delegate__cold_key__adds_to_its_own(network: Network, alice: Actor) -> None:
    network.delegate(1, 2 * ETHER, sender=alice.account)
    assert network.registry.stake(1).ownWei == 12 * ETHER


def test_delegate__after_a_slash__buys_shares_at_their_worth(
    network: Network, test_slasher: Any, user: Any
) -> None:
    slash(network, test_slasher, 250, Consequence.NONE)  # a quarter
    network.delegate(1, 3 * ETHER, sender=user)
    assert network.registry.stakeOf(1, user) == (4 * ETHER, 3 * ETHER, 0)
    assert network.registry.stake(1).stakedWei == 75 * ETHER // 10 + 3 * ETHER


def test_delegate__never_bonded__is_refused(
    network: Network, faults: FaultCatalogue, user: Any
) -> None:
    for number in (0, 99):
        with faults.expect("NotActive", id=number, actual=Status.NONE):
            network.delegate(number, ETHER, sender=user)


def test_delegate__leaving_or_released__is_refused(
    network: Network, faults: FaultCatalogue, clock: Clock, user: Any, alice: Actor
) -> None:
    network.registry.initiateExit(sender=alice.account)
    for account in (user, alice.account):
        with faults.expect("NotActive", id=1, actual=Status.EXITING):
            network.delegate(1, ETHER, sender=account)
    clock.set_next(network.registry.operator(1).releaseAt)
    network.registry.release(1, sender=user)
    with faults.expect("NotActive", id=1, actual=Status.RELEASED):
        network.delegate(1, ETHER, sender=user)


def test_delegate__ejected__is_refused(
    network: Network, faults: FaultCatalogue, test_slasher: Any, alice: Actor
) -> None:
    network.slash(1, sender=test_slasher)
    with faults.expect("NotActive", id=1, actual=Status.EJECTED):
        network.delegate(1, ETHER, sender=alice.account)


def test_delegate__jailed__is_for_the_cold_key_alone(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    test_slasher: Any,
    user: Any,
    alice: Actor,
) -> None:
    slash(network, test_slasher, 500, Consequence.JAIL)
    with faults.expect("NotActive", id=1, actual=Status.JAILED):
        network.delegate(1, ETHER, sender=user)
    receipt = network.delegate(1, ETHER, sender=alice.account)
    assert network.registry.stake(1).ownWei == 6 * ETHER
    clock.jump_to(receipt.timestamp + 1)
    assert network.registry.weightAt(1, receipt.timestamp) == 0


@pytest.mark.parametrize("amount", [0, 1, MINIMUM - 1])
def test_delegate__less_than_minimum__is_refused(
    network: Network, faults: FaultCatalogue, user: Any, amount: int
) -> None:
    with faults.expect("DelegationTooSmall", minimumWei=MINIMUM, actualWei=amount):
        network.delegate(1, amount, sender=user)


def test_delegate__minimum__is_taken(network: Network, user: Any) -> None:
    network.delegate(1, MINIMUM, sender=user)
    assert network.registry.stakeOf(1, user).stakedWei == MINIMUM


def test_delegate__more_than_96_bits_held__is_refused(
    network: Network, faults: FaultCatalogue, chain: Any, user: Any
) -> None:
    """What leaves counts too: the worth of all that is liable fits 96 bits."""
    chain.provider.set_balance(user.address, 2**98)
    network.delegate(1, 2**95, sender=user)
    network.registry.undelegate(1, 2**95, sender=user)
    room = 2**95 - 1 - 10 * ETHER
    with faults.expect("StakeTooLarge", maximumWei=2**96 - 1, actualWei=2**96):
        network.delegate(1, room + 1, sender=user)
    network.delegate(1, room, sender=user)
    assert network.registry.stake(1).heldWei == 2**96 - 1


def test_delegate__shares_worth_nearly_nothing__is_refused(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    chain: Any,
    test_slasher: Any,
    user: Any,
    alice: Actor,
) -> None:
    """Only who has five milliards of ether can be slashed so low without being ejected."""
    chain.provider.set_balance(alice.account.address, 2**98)
    network.delegate(1, 6 * 10**9 * ETHER, sender=alice.account)
    for epoch in range(3):
        clock.jump_to(network.times.start_of(epoch) + 20)
        slash(network, test_slasher, 999, Consequence.NONE, epoch=epoch)
    network.delegate(1, ETHER, sender=user)
    assert network.registry.stakeOf(1, user).shares == 10**9 * ETHER
    network.slash(
        1,
        sender=test_slasher,
        offence=Offence.PROMISE,
        severity=4,
        consequence=Consequence.NONE,
    )
    with faults.expect("PoolDepleted", minimumIndex=10**27 // 2**32 + 1, actualIndex=2 * 10**17):
        network.delegate(1, ETHER, sender=user)
