"""BondRegistry.reward, collect and setCommission (STAKE-9, STAKE-10)

reward
├── when the operator was never bonded: refused
├── when nothing is paid: refused
├── when nothing is staked: all to the cold key
└── when there are shares: commission to the cold key, the rest by shares

collect
├── when nothing was rewarded: nothing
└── when there was: the caller's part, once

setCommission
├── when the caller is no operator: refused
├── downwards: at any time
└── upwards
    ├── above the maximum, or by more than the greatest rise: refused
    └── sooner than a week after the last rise or the bond: refused, by one second
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Actor, Clock, Consequence, Network, Offence, events
from tests.contracts.settings import ETHER

TEN = 10 * ETHER
WEEK = 7 * 24 * 3600


@pytest.fixture
def fifth(network: Network, erin: Actor, user: Any) -> int:
    """An operator with a commission of a fifth, two ether of its own and six of `user`."""
    network.bond(replace(erin, commission_bps=2_000), 2 * ETHER)
    network.delegate(5, 6 * ETHER, sender=user)
    return 5


def test_reward__with_shares__pays_commission_and_shares(
    network: Network, fifth: int, user: Any, stranger: Any, erin: Actor
) -> None:
    receipt = network.registry.reward(fifth, value=TEN, sender=stranger)

    assert events(receipt, "Rewarded") == [{"id": 5, "amountWei": TEN, "commissionWei": 2 * ETHER}]
    assert network.registry.credit(erin.account) == 2 * ETHER
    assert network.registry.stakeOf(fifth, user).rewardWei == 6 * ETHER
    assert network.registry.stakeOf(fifth, erin.account).rewardWei == 2 * ETHER
    assert network.registry.stake(fifth).heldWei == 16 * ETHER
    receipt = network.registry.collect(fifth, sender=user)
    assert events(receipt, "RewardCollected") == [
        {"id": 5, "account": user.address, "amountWei": 6 * ETHER}
    ]
    assert network.registry.credit(user) == 6 * ETHER
    assert network.registry.stake(fifth).heldWei == TEN
    assert events(network.registry.collect(fifth, sender=user), "RewardCollected") == []
    assert network.registry.credit(user) == 6 * ETHER


def test_reward__shares_change__keeps_to_those_of_the_time(
    network: Network, fifth: int, user: Any, stranger: Any
) -> None:
    network.registry.reward(fifth, value=TEN, sender=stranger)
    network.delegate(fifth, 8 * ETHER, sender=stranger)
    network.registry.reward(fifth, value=TEN, sender=stranger)
    assert network.registry.stakeOf(fifth, stranger).rewardWei == 4 * ETHER
    assert network.registry.stakeOf(fifth, user).rewardWei == 9 * ETHER
    network.registry.undelegate(fifth, 8 * ETHER, sender=stranger)
    assert network.registry.credit(stranger) == 4 * ETHER
    network.registry.reward(fifth, value=TEN, sender=stranger)
    assert network.registry.stakeOf(fifth, stranger).rewardWei == 0
    assert network.registry.stakeOf(fifth, user).rewardWei == 15 * ETHER
    network.delegate(fifth, ETHER, sender=user)
    assert network.registry.credit(user) == 15 * ETHER


def test_reward__a_wei_for_many_shares__is_owed_to_nobody_twice(
    network: Network, fifth: int, user: Any, stranger: Any, erin: Actor
) -> None:
    """Parts below a wei add up, and what rounding leaves stays held."""
    for _ in range(4):
        network.registry.reward(fifth, value=1, sender=stranger)
    assert network.registry.credit(erin.account) == 0  # a fifth of a wei each time
    assert network.registry.stakeOf(fifth, user).rewardWei == 2
    assert network.registry.stakeOf(fifth, erin.account).rewardWei == 0
    network.registry.collect(fifth, sender=user)
    network.registry.collect(fifth, sender=erin.account)
    paid = network.registry.credit(user) + network.registry.credit(erin.account)
    assert network.registry.stake(fifth).heldWei == 8 * ETHER + 4 - paid


def test_reward__shares_worth_nothing__still_go_by_shares(
    network: Network, fifth: int, test_slasher: Any, user: Any, stranger: Any
) -> None:
    network.slash(
        fifth,
        sender=test_slasher,
        offence=Offence.INACTIVITY,
        severity=1_000,
        consequence=Consequence.NONE,
    )
    assert network.registry.stake(fifth).stakedWei == 0
    network.registry.reward(fifth, value=TEN, sender=stranger)
    assert network.registry.stakeOf(fifth, user).rewardWei == 6 * ETHER


def test_reward__nothing_staked__is_the_cold_keys(
    network: Network, clock: Clock, stranger: Any, alice: Actor
) -> None:
    network.registry.initiateExit(sender=alice.account)
    clock.set_next(network.registry.operator(1).releaseAt)
    network.registry.release(1, sender=stranger)
    network.registry.reward(1, value=TEN, sender=stranger)
    assert network.registry.credit(alice.account) == 20 * ETHER


def test_reward__nothing_or_for_nobody__is_refused(
    network: Network, faults: FaultCatalogue, stranger: Any
) -> None:
    with faults.expect("NothingRewarded"):
        network.registry.reward(1, value=0, sender=stranger)
    with faults.expect("UnknownOperator", id=99):
        network.registry.reward(99, value=1, sender=stranger)


def test_release__with_a_reward__credits_it_too(
    network: Network, fifth: int, clock: Clock, stranger: Any, erin: Actor
) -> None:
    network.registry.reward(fifth, value=TEN, sender=stranger)
    network.registry.initiateExit(sender=erin.account)
    clock.set_next(network.registry.operator(fifth).releaseAt)
    network.registry.release(fifth, sender=stranger)
    assert network.registry.credit(erin.account) == 6 * ETHER


def test_set_commission__upwards__once_a_week(
    network: Network, fifth: int, faults: FaultCatalogue, clock: Clock, erin: Actor
) -> None:
    bonded = network.registry.operator(fifth).commissionRaisedAt
    clock.set_next(bonded + WEEK - 1)
    with faults.expect("CommissionRaisedTooOften", next=bonded + WEEK, actual=bonded + WEEK - 1):
        network.registry.setCommission(2_001, sender=erin.account)
    clock.set_next(bonded + WEEK)
    with faults.expect("CommissionTooHigh", maximumBps=2_100, actualBps=2_101):
        network.registry.setCommission(2_101, sender=erin.account)
    clock.set_next(bonded + WEEK + 1)
    receipt = network.registry.setCommission(2_100, sender=erin.account)
    assert events(receipt, "CommissionSet") == [{"id": 5, "commissionBps": 2_100}]
    # Down and up again is a rise, too.
    network.registry.setCommission(2_000, sender=erin.account)
    with faults.expect("CommissionRaisedTooOften", next=receipt.timestamp + WEEK):
        network.registry.setCommission(2_001, sender=erin.account)


def test_set_commission__at_the_maximum__rises_no_further(
    network: Network, faults: FaultCatalogue, clock: Clock, erin: Actor
) -> None:
    with faults.expect("CommissionTooHigh", maximumBps=5_000, actualBps=5_001):
        network.bond(replace(erin, commission_bps=5_001))
    network.bond(replace(erin, commission_bps=5_000))
    clock.set_next(clock.now + WEEK)
    with faults.expect("CommissionTooHigh", maximumBps=5_000, actualBps=5_001):
        network.registry.setCommission(5_001, sender=erin.account)


def test_set_commission__changed__leaves_what_was_rewarded(
    network: Network, fifth: int, user: Any, stranger: Any, erin: Actor
) -> None:
    network.registry.reward(fifth, value=TEN, sender=stranger)
    network.registry.setCommission(0, sender=erin.account)
    assert network.registry.stakeOf(fifth, user).rewardWei == 6 * ETHER
    network.registry.reward(fifth, value=8 * ETHER, sender=stranger)
    assert network.registry.stakeOf(fifth, user).rewardWei == 12 * ETHER
    assert network.registry.credit(erin.account) == 2 * ETHER


def test_set_commission__no_operator__is_refused(
    network: Network, faults: FaultCatalogue, stranger: Any
) -> None:
    with faults.expect("NotAnOperator", caller=stranger.address):
        network.registry.setCommission(0, sender=stranger)
