"""Jail: a slash with the consequence Jail, and BondRegistry.unjail (LEDGER-5, BOND-7)

slash with Jail
├── when the cold key's shares are worth less than its minimum after it: ejected instead
├── when jailed already: until the later of both times
├── when the operator has left: nothing but the stake changes
└── when active: no weight from this second on

unjail
├── when the caller is no operator, or is not jailed: refused
├── when too early: refused, one second before
└── when due: weight from this second on
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Actor, Clock, Consequence, Network, Offence, Status, events
from tests.contracts.settings import ETHER

JAIL_SECONDS = 500


def jail(network: Network, sender: Any, severity: int = 100, **options: Any) -> Any:
    """A tenth of a percent of operator 1 for each step of severity."""
    options = {"offence": Offence.INACTIVITY, "consequence": Consequence.JAIL, **options}
    return network.slash(1, sender=sender, severity=severity, **options)


def test_slash__jail__takes_the_weight(network: Network, clock: Clock, test_slasher: Any) -> None:
    receipt = jail(network, test_slasher)

    until = receipt.timestamp + JAIL_SECONDS
    assert events(receipt, "OperatorJailed") == [{"id": 1, "until": until}]
    assert events(receipt, "StakeSlashed") == [
        {"id": 1, "takenWei": ETHER, "index": 9 * 10**26, "weight": 0}
    ]
    operator = network.registry.operator(1)
    assert (operator.status, operator.jailedUntil, operator.releaseAt) == (
        Status.JAILED,
        until,
        0,
    )
    clock.jump_to(receipt.timestamp + 1)
    assert network.registry.weightAt(1, receipt.timestamp) == 0
    assert [c.id for c in network.registry.candidatesAt(receipt.timestamp)] == [2, 3, 4]


@pytest.mark.parametrize(("severity", "status"), [(900, Status.JAILED), (901, Status.EJECTED)])
def test_slash__jail__ejects_below_the_minimum(
    network: Network, test_slasher: Any, severity: int, status: Status
) -> None:
    """STAKE-6: ten ether of which less than one is left."""
    jail(network, test_slasher, severity)
    assert network.registry.operator(1).status == status


def test_slash__jailed_twice__until_the_later(
    network: Network, clock: Clock, test_slasher: Any
) -> None:
    jail(network, test_slasher)
    clock.set_next(clock.now + 50)
    receipt = jail(network, test_slasher, offence=Offence.DATA, severity=1)
    until = receipt.timestamp + JAIL_SECONDS
    # A slash that jails nobody moves no jail.
    clock.set_next(clock.now + 50)
    jail(
        network,
        test_slasher,
        offence=Offence.ORDERING,
        severity=1,
        consequence=Consequence.NONE,
    )
    operator = network.registry.operator(1)
    assert (operator.status, operator.jailedUntil) == (Status.JAILED, until)


def test_slash__jail_while_exiting__moves_the_stake_alone(
    network: Network, clock: Clock, test_slasher: Any, alice: Actor
) -> None:
    network.registry.initiateExit(sender=alice.account)
    before = network.registry.operator(1)
    clock.set_next(clock.now + 50)
    jail(network, test_slasher, 950)
    network.slash(1, sender=test_slasher)  # not ejected either: it has left
    assert network.registry.operator(1) == before
    assert network.registry.stake(1).ownWei < ETHER // 2


def test_slash__jail_then_eject__is_for_good(
    network: Network, faults: FaultCatalogue, clock: Clock, test_slasher: Any, alice: Actor
) -> None:
    jail(network, test_slasher)
    receipt = network.slash(1, sender=test_slasher)
    release_at = receipt.timestamp + network.times.unbondingSeconds
    assert events(receipt, "OperatorEjected") == [{"id": 1, "releaseAt": release_at}]
    clock.set_next(clock.now + JAIL_SECONDS)
    with faults.expect("NotJailed", id=1, actual=Status.EJECTED):
        network.registry.unjail(sender=alice.account)


def test_initiate_exit__jailed__leaves(
    network: Network, faults: FaultCatalogue, clock: Clock, test_slasher: Any, alice: Actor
) -> None:
    jail(network, test_slasher)
    receipt = network.registry.initiateExit(sender=alice.account)
    operator = network.registry.operator(1)
    assert operator.status == Status.EXITING
    assert operator.releaseAt == receipt.timestamp + network.times.unbondingSeconds
    clock.set_next(operator.jailedUntil + 1)
    with faults.expect("NotJailed", id=1, actual=Status.EXITING):
        network.registry.unjail(sender=alice.account)


def test_unjail__due__has_weight_again(
    network: Network, faults: FaultCatalogue, clock: Clock, test_slasher: Any, alice: Actor
) -> None:
    jail(network, test_slasher)
    until = network.registry.operator(1).jailedUntil
    clock.set_next(until - 1)
    with faults.expect("JailedUntil", until=until, actual=until - 1):
        network.registry.unjail(sender=alice.account)
    clock.set_next(until)
    receipt = network.registry.unjail(sender=alice.account)
    assert events(receipt, "OperatorUnjailed") == [{"id": 1}]
    clock.jump_to(until + 1)
    assert network.registry.weightAt(1, until - 1) == 0
    assert network.registry.weightAt(1, until) == 9 * ETHER
    with faults.expect("NotJailed", id=1, actual=Status.ACTIVE):
        network.registry.unjail(sender=alice.account)


def test_unjail__least_stake__is_enough(
    network: Network, clock: Clock, test_slasher: Any, alice: Actor
) -> None:
    """Jailed and not ejected means that the minimum is there: nothing else lowers it."""
    jail(network, test_slasher, 900)
    clock.set_next(network.registry.operator(1).jailedUntil)
    network.registry.unjail(sender=alice.account)
    assert network.registry.stake(1).ownWei == ETHER


def test_unjail__no_operator__is_refused(
    network: Network, faults: FaultCatalogue, stranger: Any
) -> None:
    with faults.expect("NotAnOperator", caller=stranger.address):
        network.registry.unjail(sender=stranger)
