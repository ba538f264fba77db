"""BondRegistry.initiateExit, release and withdraw (BOND-5, BOND-6)

initiateExit
├── when the caller is no operator: refused
├── when already exiting or ejected: refused
└── when active (jailed: test_jail.py): weight zero at once, releasable after unbondingSeconds

release
├── when active, released, or never bonded: refused
├── when releaseAt has not come: refused, one second before
└── when releaseAt has come: anyone frees the place, the cold key is credited

withdraw
├── when the recipient is zero: refused
├── when there is no credit: refused
├── when the recipient does not take it: refused, and the credit stays
├── when the recipient re-enters: it gets its credit once
└── when there is credit: all of it is paid to the recipient
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Actor, Clock, Network, Status, delegate_call, events
from tests.contracts.settings import ETHER


def test_initiate_exit__active__loses_weight_at_once(
    network: Network, clock: Clock, alice: Actor
) -> None:
    clock.set_next(clock.now + 5)
    receipt = network.registry.initiateExit(sender=alice.account)

    release_at = receipt.timestamp + network.times.unbondingSeconds
    assert events(receipt, "ExitInitiated") == [{"id": 1, "releaseAt": release_at}]
    operator = network.registry.operator(1)
    assert (operator.releaseAt, operator.status) == (release_at, Status.EXITING)
    assert network.registry.stake(1).ownWei == 10 * ETHER
    clock.jump_to(receipt.timestamp + 1)
    assert network.registry.weightAt(1, receipt.timestamp - 1) == 10 * ETHER
    assert network.registry.weightAt(1, receipt.timestamp) == 0


def test_initiate_exit__no_operator__is_refused(
    network: Network, faults: FaultCatalogue, stranger: Any
) -> None:
    with faults.expect("NotAnOperator", caller=stranger.address):
        network.registry.initiateExit(sender=stranger)


def test_initiate_exit__twice__is_refused(
    network: Network, faults: FaultCatalogue, alice: Actor
) -> None:
    network.registry.initiateExit(sender=alice.account)
    with faults.expect("HasLeft", id=1, actual=Status.EXITING):
        network.registry.initiateExit(sender=alice.account)


def test_initiate_exit__ejected__is_refused(
    network: Network, faults: FaultCatalogue, test_slasher: Any, alice: Actor
) -> None:
    network.slash(1, sender=test_slasher)
    with faults.expect("HasLeft", id=1, actual=Status.EJECTED):
        network.registry.initiateExit(sender=alice.account)


def test_release__not_leaving__is_refused(
    network: Network, faults: FaultCatalogue, stranger: Any
) -> None:
    with faults.expect("NotLeaving", id=1, actual=1):
        network.registry.release(1, sender=stranger)
    with faults.expect("NotLeaving", id=99, actual=0):
        network.registry.release(99, sender=stranger)


def test_release__too_early__is_refused(
    network: Network, faults: FaultCatalogue, clock: Clock, stranger: Any, alice: Actor
) -> None:
    network.registry.initiateExit(sender=alice.account)
    release_at = network.registry.operator(1).releaseAt
    clock.set_next(release_at - 1)
    with faults.expect("NotYetReleasable", releaseAt=release_at, actual=release_at - 1):
        network.registry.release(1, sender=stranger)


def test_release__due__frees_the_place_and_credits_the_cold_key(
    network: Network, faults: FaultCatalogue, clock: Clock, stranger: Any, alice: Actor
) -> None:
    network.registry.initiateExit(sender=alice.account)
    clock.set_next(network.registry.operator(1).releaseAt)
    receipt = network.registry.release(1, sender=stranger)

    assert events(receipt, "OperatorReleased") == [
        {"id": 1, "operator": alice.account.address, "creditedWei": 10 * ETHER}
    ]
    assert network.registry.credit(alice.account) == 10 * ETHER
    operator = network.registry.operator(1)
    assert operator.status == Status.RELEASED
    assert network.registry.stake(1) == (0, 0, 0, 0, 10**27, 0)
    assert network.registry.operatorIdOf(alice.account) == 0
    assert sorted(network.registry.operatorIds()) == [2, 3, 4]
    with faults.expect("NotLeaving", id=1, actual=Status.RELEASED):
        network.registry.release(1, sender=stranger)


def test_release__with_delegators__leaves_them_theirs(
    network: Network, clock: Clock, user: Any, stranger: Any, alice: Actor
) -> None:
    network.delegate(1, 4 * ETHER, sender=user)
    network.registry.initiateExit(sender=alice.account)
    clock.set_next(network.registry.operator(1).releaseAt)
    network.registry.release(1, sender=stranger)
    assert network.registry.credit(alice.account) == 10 * ETHER
    assert network.registry.stake(1) == (4 * ETHER, 0, 0, 4 * ETHER, 10**27, 4 * ETHER)


def test_release__ejected__pays_what_is_left(
    network: Network, clock: Clock, test_slasher: Any, stranger: Any, alice: Actor
) -> None:
    network.slash(1, sender=test_slasher)
    clock.set_next(network.registry.operator(1).releaseAt)
    network.registry.release(1, sender=stranger)
    assert network.registry.credit(alice.account) == 10 * ETHER * 6_500 // 10_000


def test_slash__last_second_before_release__takes_its_part(
    network: Network, clock: Clock, test_slasher: Any, alice: Actor
) -> None:
    network.registry.initiateExit(sender=alice.account)
    release_at = network.registry.operator(1).releaseAt
    clock.set_next(release_at - 1)
    network.slash(1, sender=test_slasher)
    clock.set_next(release_at)
    network.registry.release(1, sender=alice.account)
    assert network.registry.credit(alice.account) == 10 * ETHER * 6_500 // 10_000


def test_slash__second_of_release__is_refused(
    network: Network, faults: FaultCatalogue, clock: Clock, test_slasher: Any, alice: Actor
) -> None:
    network.registry.initiateExit(sender=alice.account)
    clock.set_next(network.registry.operator(1).releaseAt)
    with faults.expect("NotSlashable", id=1, actual=Status.EXITING):
        network.slash(1, sender=test_slasher)


def test_slash__not_the_ledger__is_refused(
    network: Network, faults: FaultCatalogue, test_slasher: Any
) -> None:
    with faults.expect("NotTheLedger", caller=test_slasher.address):
        network.registry.slash(1, 0, 1, 0, 0, sender=test_slasher)


@pytest.fixture
def with_credit(network: Network, reporter: Any) -> int:
    """The reporter has this much credit: a reward collected."""
    network.delegate(1, 6 * ETHER, sender=reporter)
    network.registry.reward(1, value=16 * ETHER, sender=reporter)
    network.registry.collect(1, sender=reporter)
    return int(network.registry.credit(reporter))


def test_withdraw__with_credit__pays_all_of_it(
    network: Network, with_credit: int, reporter: Any, stranger: Any
) -> None:
    before = stranger.balance
    receipt = network.registry.withdraw(stranger, sender=reporter)

    assert events(receipt, "CreditWithdrawn") == [
        {"account": reporter.address, "to": stranger.address, "amountWei": with_credit}
    ]
    assert stranger.balance - before == with_credit
    assert network.registry.credit(reporter) == 0


def test_withdraw__nothing_to_pay__is_refused(
    network: Network, faults: FaultCatalogue, stranger: Any
) -> None:
    with faults.expect("NoCredit", account=stranger.address):
        network.registry.withdraw(stranger, sender=stranger)


@pytest.mark.usefixtures("with_credit")
def test_withdraw__to_zero__is_refused(
    network: Network, faults: FaultCatalogue, reporter: Any
) -> None:
    with faults.expect("ZeroRecipient"):
        network.registry.withdraw("0x" + "00" * 20, sender=reporter)


def test_withdraw__recipient_refuses__keeps_the_credit(
    network: Network,
    faults: FaultCatalogue,
    with_credit: int,
    reporter: Any,
    contract_actor: Any,
) -> None:
    contract_actor.refuseEther(True, sender=reporter)
    with faults.expect("TransferFailed", to=contract_actor.address, amountWei=with_credit):
        network.registry.withdraw(contract_actor, sender=reporter)
    assert network.registry.credit(reporter) == with_credit


def test_withdraw__recipient_reenters__is_paid_once(
    network: Network, user: Any, stranger: Any, contract_actor: Any
) -> None:
    delegate = delegate_call(1)
    contract_actor.execute(network.registry, delegate, value=6 * ETHER, sender=user)
    network.registry.reward(1, value=16 * ETHER, sender=user)
    collect = network.registry.collect.encode_input(1)
    contract_actor.execute(network.registry, collect, sender=user)
    credit = network.registry.credit(contract_actor)
    assert credit == 6 * ETHER
    withdraw = network.registry.withdraw.encode_input(contract_actor)
    contract_actor.reenter(network.registry, withdraw, sender=stranger)
    contract_actor.execute(network.registry, withdraw, sender=stranger)

    assert contract_actor.balance == credit
    assert contract_actor.reentered() == 0
