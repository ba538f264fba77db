"""SlashingLedger: where a slash goes (LEDGER-6 to LEDGER-8, INS-2), and credits (CREDIT-1)

split
├── the parts sum to the slash, whatever the amounts and parameters
├── the reporter's is of what the operator's own shares lost; without a reporter it is burned
├── the victims', with what will be the insurance's, is set apart; without one it is burned
└── what comes back
    ├── is at most RETURN_BPS of what the operator's own shares lost, with claims, over all slashes
    └── so an operator with delegators does not sell them out to itself

withdraw
├── pays the caller's credit of the ledger, once
└── a receiver that refuses or re-enters harms itself only
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import ZERO, Actor, Clock, Consequence, Network, Offence, events
from tests.contracts.settings import ETHER, Parameter

BPS = 10_000
RETURN_BPS = 9_500


def split_of(receipt: Any) -> list[int]:
    """Reporter, victim, insurance, burned."""
    return list(events(receipt, "OperatorSlashed")[0]["split"])


def filed(receipt: Any) -> int:
    return sum(event["amountWei"] for event in events(receipt, "ClaimFiled"))


def test_split__reporter_and_victim__each_part_arrives(
    network: Network, chain: Any, test_slasher: Any, reporter: Any, user: Any
) -> None:
    burned_before = chain.provider.get_balance(ZERO)
    receipt = network.slash(
        1, reporter=reporter, victim=user, loss_wei=100 * ETHER, sender=test_slasher
    )
    slashed = 10 * ETHER * 35 // 100
    reward, victim = slashed // 10, slashed * 7 // 10
    burned = slashed - reward - victim
    assert split_of(receipt) == [reward, victim, 0, burned]

    assert network.ledger.credit(reporter) == reward
    assert network.ledger.credit(user) == victim
    assert network.ledger.balance == reward + victim
    assert network.insurance.balance == network.insurance.account().balanceWei == 0
    assert chain.provider.get_balance(ZERO) - burned_before == burned
    # What LEDGER-7 leaves of 9,500 basis points was promised.
    assert filed(receipt) == slashed * RETURN_BPS // BPS - reward - victim


def test_split__nobody_reports_or_suffers__is_burned(network: Network, test_slasher: Any) -> None:
    slashed = 10 * ETHER * 35 // 100
    receipt = network.slash(1, sender=test_slasher)
    assert split_of(receipt) == [0, 0, slashed // 5, slashed - slashed // 5]
    # A loss of nobody's does not count; somebody's loss of nothing may have others beside it.
    receipt = network.slash(2, loss_wei=ETHER, victim=ZERO, sender=test_slasher)
    assert (split_of(receipt)[1], filed(receipt)) == (0, 0)
    receipt = network.slash(3, loss_wei=0, victim=test_slasher, sender=test_slasher)
    assert (split_of(receipt)[1], filed(receipt)) == (sum(split_of(receipt)) * 7 // 10, 0)
    assert network.ledger.balance == network.ledger.potOf(0, 3, Offence.EQUIVOCATION).leftWei
    assert network.ledger.credit(test_slasher) == 0


def test_split__small_loss__is_paid_whole_and_no_more(
    network: Network, test_slasher: Any, user: Any
) -> None:
    receipt = network.slash(1, victim=user, loss_wei=ETHER, sender=test_slasher)
    apart = split_of(receipt)[1]
    assert (apart, filed(receipt)) == (10 * ETHER * 35 // 100 * 7 // 10, 0)
    assert network.ledger.credit(user) == ETHER
    assert network.ledger.potOf(0, 1, Offence.EQUIVOCATION).leftWei == apart - ETHER


@pytest.mark.parametrize("bond_wei", [ETHER, ETHER + 1, ETHER + 9_999, 3 * ETHER + 7])
@pytest.mark.parametrize("severity", [1, 3])
def test_split__odd_amounts__sum_to_the_wei(
    network: Network,
    test_slasher: Any,
    reporter: Any,
    user: Any,
    erin: Actor,
    bond_wei: int,
    severity: int,
) -> None:
    network.bond(erin, bond_wei)
    receipt = network.slash(
        erin,
        severity=severity,
        reporter=reporter,
        victim=user,
        loss_wei=2**96 - 1,
        sender=test_slasher,
    )
    (taken,) = [event["takenWei"] for event in events(receipt, "StakeSlashed")]
    parts = split_of(receipt)
    assert sum(parts) == taken
    assert parts[:3] == [taken // 10, taken // 2 + taken // 5, 0]
    assert network.ledger.balance == parts[0] + parts[1]
    stake = network.registry.stake(5)
    assert stake.heldWei == bond_wei - taken
    assert 0 <= stake.heldWei - stake.stakedWei <= 1


@pytest.mark.parametrize("least", [True, False])
def test_split__parameters_at_their_bounds__sum_and_burn_a_twentieth(
    deploy_network: Callable[..., Network],
    network: Network,
    clock: Clock,
    test_slasher: Any,
    reporter: Any,
    user: Any,
    least: bool,
) -> None:
    parameters = (Parameter.REWARD_BPS, Parameter.VICTIM_BPS, Parameter.INSURANCE_BPS)
    bounds = {key: network.parameters.boundsOf(key) for key in parameters}
    values = {key: int(bound[0 if least else 1]) for key, bound in bounds.items()}
    other = deploy_network(
        genesis=clock.now + 500, values=values, extra_slashers=[test_slasher.address]
    )
    other.bond(network.members[0], ETHER + 7)
    clock.jump_to(other.times.genesis + 1)
    receipt = other.slash(
        1,
        consequence=Consequence.NONE,
        reporter=reporter,
        victim=user,
        loss_wei=10 * ETHER,
        sender=test_slasher,
    )
    taken = events(receipt, "StakeSlashed")[0]["takenWei"]
    parts = split_of(receipt)
    assert sum(parts) == taken
    reward, victims, insured = (taken * values[key] // BPS for key in parameters)
    assert parts[:3] == [reward, victims + insured, 0]
    assert parts[3] * 20 >= taken
    if least:
        assert parts[3] == taken


def test_split__delegators__do_not_pay_their_operators_reporter(
    network: Network, test_slasher: Any, stranger: Any, alice: Actor, user: Any
) -> None:
    # Ten of its own and ninety of others: a tenth of the whole slash would be all it loses.
    network.delegate(1, 90 * ETHER, sender=stranger)
    own = 10 * ETHER * 35 // 100
    receipt = network.slash(
        1, reporter=alice.account, victim=user, loss_wei=100 * ETHER, sender=test_slasher
    )
    reward, victim, insurance, burned = split_of(receipt)
    assert reward + victim + insurance + burned == 10 * own
    assert (reward, victim, insurance) == (own // 10, 7 * own, 0)
    paid = network.ledger.credit(user)
    assert reward + paid + filed(receipt) == own * RETURN_BPS // BPS


def test_split__many_slashes_and_escalations__return_less_than_was_lost(
    network: Network, clock: Clock, test_slasher: Any, stranger: Any, alice: Actor, user: Any
) -> None:
    # Alice is reporter and victim, others delegated to it, and the pool has money of others.
    network.insurance.fund(value=50 * ETHER, sender=user)
    network.delegate(1, 2 * ETHER + 1, sender=stranger)
    account = alice.account
    own_before = network.registry.stake(1).ownWei
    options: dict[str, Any] = {"reporter": account, "victim": account, "loss_wei": 2**96 - 1}
    for offence in (Offence.ORDERING, Offence.PROMISE, Offence.DATA):
        network.slash(
            1, offence=offence, consequence=Consequence.NONE, sender=test_slasher, **options
        )
    network.slash(1, sender=test_slasher, **options)
    network.slash(2, sender=test_slasher)
    network.ledger.escalate(0, 1, Offence.EQUIVOCATION, sender=account)
    for _ in range(8):
        clock.set_next(clock.now + 86_400)
        network.insurance.pay(9, sender=account)
        if network.insurance.account().obligationsWei == 0:
            break
    assert network.insurance.account().obligationsWei == 0

    lost = own_before - network.registry.stake(1).ownWei
    back = network.ledger.credit(account) + network.insurance.credit(account)
    assert 0 < back <= lost * RETURN_BPS // BPS


def test_split__ether_forced_in__stays_apart(
    network: Network, chain: Any, test_slasher: Any, reporter: Any
) -> None:
    # As a contract that destroys itself, or a block's fees, would leave it there.
    chain.provider.set_balance(network.ledger.address, 3 * ETHER)
    chain.provider.set_balance(network.insurance.address, 5 * ETHER)
    parts = split_of(network.slash(1, reporter=reporter, sender=test_slasher))
    assert sum(parts) == 10 * ETHER * 35 // 100
    assert network.ledger.balance == 3 * ETHER + parts[0]
    assert network.insurance.account().balanceWei == parts[2]


def test_withdraw__of_stake_to_the_ledger__is_refused(
    network: Network, faults: FaultCatalogue, stranger: Any, user: Any
) -> None:
    """LEDGER-8: credit of the registry is no slash, so it would be nobody's."""
    network.delegate(1, ETHER, sender=stranger)
    network.registry.invoke_transaction("reward", 1, value=ETHER, sender=user)
    network.registry.collect(1, sender=stranger)
    credit = network.registry.credit(stranger)
    with faults.expect("TransferFailed", to=network.ledger.address, amountWei=credit):
        network.registry.withdraw(network.ledger, sender=stranger)
    assert network.registry.credit(stranger) == credit > 0
    assert network.ledger.balance == 0


@pytest.fixture
def credit(network: Network, test_slasher: Any, contract_actor: Any, reporter: Any) -> int:
    """Of a contract that reported; another reporter has as much."""
    network.slash(1, reporter=contract_actor, sender=test_slasher)
    network.slash(2, consequence=Consequence.NONE, reporter=reporter, sender=test_slasher)
    return int(network.ledger.credit(contract_actor))


def test_withdraw__refusing_receiver__keeps_its_credit(
    network: Network,
    faults: FaultCatalogue,
    contract_actor: Any,
    user: Any,
    reporter: Any,
    credit: int,
) -> None:
    withdraw = network.ledger.withdraw.encode_input(contract_actor)
    contract_actor.refuseEther(True, sender=user)
    with faults.expect("CallFailed"):
        contract_actor.execute(network.ledger, withdraw, sender=user)
    assert network.ledger.credit(contract_actor) == credit
    # Nobody else waits for it.
    network.ledger.withdraw(reporter, sender=reporter)
    assert network.ledger.balance == credit
    contract_actor.refuseEther(False, sender=user)
    contract_actor.execute(network.ledger, withdraw, sender=user)
    assert network.ledger.balance == 0


def test_withdraw__re_entering_receiver__is_paid_once(
    network: Network, contract_actor: Any, user: Any, reporter: Any, credit: int
) -> None:
    withdraw = network.ledger.withdraw.encode_input(contract_actor)
    contract_actor.reenter(network.ledger, withdraw, sender=user)
    contract_actor.execute(network.ledger, withdraw, sender=user)
    assert contract_actor.reentered() == 0
    assert contract_actor.balance == credit
    assert network.ledger.balance == network.ledger.credit(reporter) > 0


def test_withdraw__nothing_or_to_nobody__is_refused(
    network: Network, faults: FaultCatalogue, test_slasher: Any, reporter: Any, stranger: Any
) -> None:
    network.slash(1, reporter=reporter, sender=test_slasher)
    for contract in (network.ledger, network.insurance):
        with faults.expect("NoCredit", account=stranger.address):
            contract.withdraw(stranger, sender=stranger)
    with faults.expect("ZeroRecipient"):
        network.ledger.withdraw(ZERO, sender=reporter)
