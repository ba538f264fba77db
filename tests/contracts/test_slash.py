"""BondRegistry.slash (BOND-7, BOND-8)

slash
├── when the caller is no slasher: refused
├── when the operator never bonded or was released: refused
├── when this (epoch, id, offence) was slashed: refused; another of the three is not
└── when all is good
    ├── slashBps of the bond, rounded up, is taken; the parts sum to it
    ├── the reporter is credited rewardBps, rounded down; the rest is burned
    ├── without a reporter everything is burned
    ├── the operator is ejected, and what is left waits unbondingSeconds from now
    ├── an exit that was nearly over starts anew
    └── an ejected operator never regains weight
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Actor, Clock, Network, events
from tests.contracts.settings import ETHER

ZERO = "0x" + "00" * 20


def test_slash__active__splits_to_the_wei_and_ejects(
    network: Network, clock: Clock, chain: Any, test_slasher: Any, reporter: Any
) -> None:
    burned_before = chain.provider.get_balance(ZERO)
    clock.set_next(clock.now + 5)
    receipt = network.registry.slash(1, 7, Offence.EQUIVOCATION, reporter, sender=test_slasher)

    slashed, reward = ETHER, ETHER // 4
    (event,) = events(receipt, "OperatorSlashed")
    assert (event["id"], event["epoch"], event["offence"]) == (1, 7, Offence.EQUIVOCATION)
    assert event["reporter"] == reporter.address
    split = list(event["split"])
    assert split == [reward, 0, 0, slashed - reward]
    release_at = receipt.timestamp + network.times.unbondingSeconds
    assert (event["bondWei"], event["releaseAt"]) == (9 * ETHER, release_at)

    assert network.registry.credit(reporter) == reward
    assert chain.provider.get_balance(ZERO) - burned_before == slashed - reward
    operator = network.registry.operator(1)
    assert (operator.bondWei, operator.releaseAt, operator.status) == (9 * ETHER, release_at, 3)
    assert network.registry.isSlashed(7, 1, Offence.EQUIVOCATION)
    clock.jump_to(receipt.timestamp + 1)
    assert network.registry.weightAt(1, receipt.timestamp) == 0


@pytest.mark.parametrize("bond_wei", [ETHER, ETHER + 1, ETHER + 9_999, 3 * ETHER + 7])
def test_slash__odd_amounts__round_up_and_sum(
    network: Network,
    clock: Clock,
    test_slasher: Any,
    reporter: Any,
    erin: Actor,
    bond_wei: int,
) -> None:
    network.bond(erin, bond_wei)
    receipt = network.registry.slash(5, 0, Offence.EQUIVOCATION, reporter, sender=test_slasher)

    slashed = -(-bond_wei * network.times.slashBps // 10_000)
    reward = slashed * network.times.rewardBps // 10_000
    split = events(receipt, "OperatorSlashed")[0]["split"]
    assert list(split) == [reward, 0, 0, slashed - reward]
    assert network.registry.operator(5).bondWei == bond_wei - slashed


def test_slash__without_reporter__burns_everything(network: Network, test_slasher: Any) -> None:
    receipt = network.registry.slash(1, 0, Offence.EQUIVOCATION, ZERO, sender=test_slasher)
    split = events(receipt, "OperatorSlashed")[0]["split"]
    assert list(split) == [0, 0, 0, ETHER]
    assert network.registry.credit(ZERO) == 0


def test_slash__no_slasher__is_refused(
    network: Network, faults: FaultCatalogue, deployer: Any, reporter: Any
) -> None:
    with faults.expect("NotASlasher", caller=deployer.address):
        network.registry.slash(1, 0, Offence.EQUIVOCATION, reporter, sender=deployer)


def test_slash__never_bonded_or_released__is_refused(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    test_slasher: Any,
    reporter: Any,
    alice: Actor,
) -> None:
    with faults.expect("NotSlashable", id=99, actual=0):
        network.registry.slash(99, 0, Offence.EQUIVOCATION, reporter, sender=test_slasher)
    network.registry.initiateExit(sender=alice.account)
    clock.jump_to(network.registry.operator(1).releaseAt)
    network.registry.release(1, sender=reporter)
    with faults.expect("NotSlashable", id=1, actual=4):
        network.registry.slash(1, 0, Offence.EQUIVOCATION, reporter, sender=test_slasher)


def test_slash__releasable_but_not_released__still_reaches_the_bond(
    network: Network, clock: Clock, test_slasher: Any, reporter: Any, alice: Actor
) -> None:
    network.registry.initiateExit(sender=alice.account)
    clock.jump_to(network.registry.operator(1).releaseAt + 1)
    network.registry.slash(1, 0, Offence.EQUIVOCATION, reporter, sender=test_slasher)
    assert network.registry.operator(1).bondWei == 9 * ETHER


def test_slash__same_key__is_refused_and_other_keys_are_not(
    network: Network, faults: FaultCatalogue, test_slasher: Any, reporter: Any
) -> None:
    network.registry.slash(1, 0, Offence.EQUIVOCATION, reporter, sender=test_slasher)
    with faults.expect("AlreadySlashed", epoch=0, id=1, offence=Offence.EQUIVOCATION):
        network.registry.slash(1, 0, Offence.EQUIVOCATION, reporter, sender=test_slasher)
    network.registry.slash(1, 1, Offence.EQUIVOCATION, reporter, sender=test_slasher)
    network.registry.slash(1, 0, Offence.EQUIVOCATION + 1, reporter, sender=test_slasher)
    network.registry.slash(2, 0, Offence.EQUIVOCATION, reporter, sender=test_slasher)
    # Each takes its part of what the one before left.
    assert network.registry.operator(1).bondWei == 10 * ETHER * 9**3 // 10**3


def test_slash__exit_nearly_over__starts_the_wait_anew(
    network: Network, clock: Clock, test_slasher: Any, reporter: Any, alice: Actor
) -> None:
    network.registry.initiateExit(sender=alice.account)
    before = network.registry.operator(1).releaseAt
    clock.set_next(before - 1)
    network.registry.slash(1, 0, Offence.EQUIVOCATION, reporter, sender=test_slasher)
    operator = network.registry.operator(1)
    assert operator.releaseAt == before - 1 + network.times.unbondingSeconds
    assert operator.status == 3


def test_slash__ejected__never_regains_weight(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    test_slasher: Any,
    reporter: Any,
    alice: Actor,
    erin: Actor,
) -> None:
    network.registry.slash(1, 0, Offence.EQUIVOCATION, reporter, sender=test_slasher)
    with faults.expect("NotActive", id=1, actual=3):
        network.registry.increaseBond(value=ETHER, sender=alice.account)
    with faults.expect("AlreadyBonded", operator=alice.account.address, id=1):
        network.bond(Actor(alice.account, erin.key))

    clock.jump_to(network.registry.operator(1).releaseAt)
    network.registry.release(1, sender=reporter)
    assert network.registry.credit(alice.account) == 9 * ETHER
    network.bond(Actor(alice.account, erin.key))
    clock.jump_to(clock.now + 2)
    assert network.registry.weightAt(1, clock.now - 1) == 0
    assert network.registry.weightAt(5, clock.now - 1) == 10 * ETHER
