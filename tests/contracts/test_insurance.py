"""InsurancePool (INS-1 to INS-5)

fund
├── by anyone, with something: the balance grows
└── with nothing, or without a call: refused

file
└── by anyone but the ledger: refused

pay
├── when there is nothing to pay, or nothing to pay it with, or no claim may be looked at: refused
└── when there is
    ├── claims are credited in the order they were filed, the first in part if need be
    ├── at most PERIOD_CAP_WEI in each day
    ├── a claim's victim that refuses ether holds up nobody
    └── `count` bounds the work, the next call goes on

claims
├── are at most CLAIM_CAP_WEI, as of the epoch's start
└── of nothing are not filed

coverage
└── counts what operators themselves have staked, while they are active
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import ZERO, Clock, Consequence, Network, Offence, events
from tests.contracts.settings import ETHER, VALUES, Parameter

DAY = 86_400
PERIOD_CAP = VALUES[Parameter.PERIOD_CAP_WEI]
CLAIM_CAP = VALUES[Parameter.CLAIM_CAP_WEI]
SET_APART = 14 * ETHER // 10
"""Of a slash of two ether; what victims get without the pool."""
FUNDED = 3 * ETHER // 10


def wrong(
    network: Network, id_: int, victim: Any, *, sender: Any, loss_wei: int = 100 * ETHER
) -> int:
    """The operator breaks a promise: two ether are slashed, 1.4 paid, and half of one claimed."""
    receipt = network.slash(
        id_,
        offence=Offence.PROMISE,
        consequence=Consequence.NONE,
        victim=victim,
        loss_wei=loss_wei,
        sender=sender,
    )
    return sum(event["amountWei"] for event in events(receipt, "ClaimFiled"))


@pytest.fixture
def claims(
    network: Network, clock: Clock, test_slasher: Any, user: Any, stranger: Any, reporter: Any
) -> int:
    """Each of three victims claims half an ether, at the beginning of a day; the pool has 0.3."""
    network.insurance.fund(value=FUNDED, sender=user)
    clock.jump_to((clock.now // DAY + 1) * DAY)
    for id_, victim in enumerate((user, stranger, reporter), 1):
        assert wrong(network, id_, victim, sender=test_slasher) == ETHER // 2
    return ETHER // 2


def test_fund__by_anyone__adds_to_the_balance(network: Network, stranger: Any) -> None:
    receipt = network.insurance.fund(value=3 * ETHER, sender=stranger)
    assert events(receipt, "Funded") == [{"from": stranger.address, "amountWei": 3 * ETHER}]
    assert tuple(vars(network.insurance.account()).values()) == (3 * ETHER, 0, 0)
    assert network.insurance.balance == 3 * ETHER


def test_fund__with_nothing__is_refused(
    network: Network, faults: FaultCatalogue, stranger: Any
) -> None:
    with faults.expect("NothingPaid"):
        network.insurance.fund(value=0, sender=stranger)


def test_file__by_anybody_but_the_ledger__is_refused(
    network: Network, faults: FaultCatalogue, deployer: Any, test_slasher: Any
) -> None:
    for caller in (deployer, test_slasher):
        with faults.expect("NotTheLedger", caller=caller.address):
            network.insurance.file(1, caller, ETHER, sender=caller)


def test_claim__filed__is_an_obligation(
    network: Network, claims: int, user: Any, stranger: Any
) -> None:
    account = tuple(vars(network.insurance.account()).values())
    assert account == (FUNDED, 3 * claims, FUNDED)
    assert tuple(network.insurance.claimCount()) == (3, 0)
    assert tuple(network.insurance.claim(0)) == (user.address, claims)
    assert tuple(network.insurance.claim(1)) == (stranger.address, claims)


def test_claim__larger_than_the_cap__is_cut(
    network: Network, test_slasher: Any, user: Any, erin: Any
) -> None:
    network.bond(erin, 100 * ETHER)
    # Twenty are slashed: 14 paid, of the five that LEDGER-7 leaves two are promised.
    assert wrong(network, 5, user, sender=test_slasher) == CLAIM_CAP


def test_claim__of_nothing__is_not_filed(network: Network, test_slasher: Any, user: Any) -> None:
    assert wrong(network, 1, user, loss_wei=SET_APART, sender=test_slasher) == 0
    assert wrong(network, 2, ZERO, sender=test_slasher) == 0
    assert wrong(network, 3, user, loss_wei=SET_APART + 1, sender=test_slasher) == 1
    assert tuple(network.insurance.claimCount()) == (1, 0)


def test_pay__pool_too_small__pays_the_first_in_part_and_goes_on(
    network: Network, faults: FaultCatalogue, claims: int, user: Any, stranger: Any
) -> None:
    funded = FUNDED
    receipt = network.insurance.pay(10, sender=stranger)
    assert events(receipt, "ClaimPaid") == [
        {"index": 0, "victim": user.address, "paidWei": funded, "leftWei": claims - funded}
    ]
    assert receipt.return_value == funded
    assert tuple(vars(network.insurance.account()).values()) == (0, 3 * claims - funded, 0)
    with faults.expect("NothingToPay"):
        network.insurance.pay(10, sender=stranger)

    network.insurance.fund(value=2 * ETHER, sender=stranger)
    network.insurance.pay(10, sender=stranger)
    # Two are paid; for the third the day's cap leaves nothing.
    assert network.insurance.credit(user) == claims
    assert network.insurance.credit(stranger) == PERIOD_CAP - claims
    assert tuple(network.insurance.claimCount()) == (3, 2)
    assert tuple(network.insurance.claim(0)) == (user.address, 0)
    with faults.expect("NothingToPay"):
        network.insurance.pay(10, sender=stranger)


def test_pay__cap_of_a_period__opens_again_with_the_next(
    network: Network, faults: FaultCatalogue, clock: Clock, claims: int, stranger: Any
) -> None:
    network.insurance.fund(value=50 * ETHER, sender=stranger)
    assert network.insurance.account().payableWei == PERIOD_CAP
    network.insurance.pay(10, sender=stranger)
    next_day = (clock.now // DAY + 1) * DAY
    clock.set_next(next_day - 1)
    with faults.expect("NothingToPay"):
        network.insurance.pay(10, sender=stranger)
    clock.set_next(next_day)
    assert network.insurance.pay(10, sender=stranger).return_value == 3 * claims - PERIOD_CAP
    account = network.insurance.account()
    assert (account.obligationsWei, account.payableWei) == (0, 0)
    assert tuple(network.insurance.claimCount()) == (3, 3)


def test_pay__count__bounds_the_work(
    network: Network, faults: FaultCatalogue, test_slasher: Any, user: Any, stranger: Any
) -> None:
    network.insurance.fund(value=ETHER, sender=stranger)
    for id_ in (1, 2, 3):
        wrong(network, id_, user, loss_wei=SET_APART + id_, sender=test_slasher)
    with faults.expect("NothingToPay"):
        network.insurance.pay(0, sender=stranger)
    assert network.insurance.pay(2, sender=stranger).return_value == 1 + 2
    assert tuple(network.insurance.claimCount()) == (3, 2)
    assert network.insurance.pay(2**256 - 1, sender=stranger).return_value == 3
    with faults.expect("NothingToPay"):
        network.insurance.pay(1, sender=stranger)
    assert network.insurance.credit(user) == 6


def test_pay__nothing_filed__is_refused(
    network: Network, faults: FaultCatalogue, stranger: Any
) -> None:
    network.insurance.fund(value=ETHER, sender=stranger)
    with faults.expect("NothingToPay"):
        network.insurance.pay(10, sender=stranger)


def test_pay__victim_that_refuses_ether__holds_up_nobody(
    network: Network,
    faults: FaultCatalogue,
    contract_actor: Any,
    test_slasher: Any,
    user: Any,
    stranger: Any,
) -> None:
    contract_actor.refuseEther(True, sender=user)
    network.insurance.fund(value=ETHER, sender=stranger)
    wrong(network, 1, contract_actor, loss_wei=SET_APART + 7, sender=test_slasher)
    wrong(network, 2, user, loss_wei=SET_APART + 8, sender=test_slasher)
    assert network.insurance.pay(10, sender=stranger).return_value == 15
    network.insurance.withdraw(user, sender=user)
    withdraw = network.insurance.withdraw.encode_input(contract_actor)
    with faults.expect("CallFailed"):
        contract_actor.execute(network.insurance, withdraw, sender=user)
    assert network.insurance.credit(contract_actor) == 7
    account = network.insurance.account()
    assert network.insurance.balance == account.balanceWei + 7


def test_pay__victim_that_re_enters__is_paid_once(
    network: Network, contract_actor: Any, test_slasher: Any, user: Any, stranger: Any
) -> None:
    network.insurance.fund(value=ETHER, sender=stranger)
    wrong(network, 1, contract_actor, loss_wei=SET_APART + 7, sender=test_slasher)
    network.insurance.pay(10, sender=stranger)
    withdraw = network.insurance.withdraw.encode_input(contract_actor)
    for again in (withdraw, network.insurance.pay.encode_input(10)):
        contract_actor.reenter(network.insurance, again, sender=user)
    contract_actor.execute(network.insurance, withdraw, sender=user)
    assert contract_actor.reentered() == 0
    assert contract_actor.balance == 7


def test_coverage__what_operators_have_of_their_own(
    network: Network, test_slasher: Any, stranger: Any
) -> None:
    def promisable(own_wei: int) -> int:
        slashed = own_wei * VALUES[Parameter.PROMISE_BASE_BPS] // 10_000
        return slashed * VALUES[Parameter.VICTIM_BPS] // 10_000

    def coverage() -> tuple[int, ...]:
        return tuple(vars(network.insurance.coverage()).values())

    assert coverage() == (40 * ETHER, 0, 4 * promisable(10 * ETHER))
    network.delegate(1, 5 * ETHER, sender=stranger)
    network.insurance.fund(value=ETHER, sender=stranger)
    assert coverage() == (45 * ETHER, ETHER, 4 * promisable(10 * ETHER))
    assert network.insurance.coverageOf(1) == promisable(10 * ETHER)
    # Who is jailed, has left or never was promises nothing.
    network.slash(2, consequence=Consequence.JAIL, sender=test_slasher)
    network.registry.initiateExit(sender=network.members[2].account)
    for id_ in (2, 3, 99):
        assert network.insurance.coverageOf(id_) == 0
    insured = network.insurance.account().balanceWei
    assert coverage() == (25 * ETHER, insured, 2 * promisable(10 * ETHER))


def test_coverage__is_what_a_victim_gets_at_least(
    network: Network, test_slasher: Any, stranger: Any, reporter: Any, user: Any
) -> None:
    network.delegate(1, 31 * ETHER, sender=stranger)
    promised = network.insurance.coverageOf(1)
    network.slash(
        1,
        offence=Offence.PROMISE,
        consequence=Consequence.NONE,
        reporter=reporter,
        victim=user,
        loss_wei=promised,
        sender=test_slasher,
    )
    assert network.ledger.credit(user) == promised


def test_coverage__pool_that_owes__insures_nothing(network: Network, claims: int) -> None:
    assert network.insurance.coverage().insuredWei == 0
