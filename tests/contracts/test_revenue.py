"""RevenueSplitter: deposit, pay, rebate, insure, carry (REV-1 to REV-7)

deposit
└── when nothing is paid, or the rollup is unknown: refused

pay
├── when the epoch is not settled, or the counts are others: refused
├── when the member was paid, or has nothing to get: refused
└── when all is good: by batches signed times weight; commission and delegators as a reward

rebate
├── when the epoch has not ended: refused
├── when it was paid, or nothing was paid for the rollup: refused
└── when all is good: a part of what was paid for it, to who owns it now

insure
└── when the epoch has not ended, it was done, or there is nothing: refused

carry
├── when the epoch can be settled, or is, or was carried: refused
└── when it is lost: the operators' part goes to the current epoch; rebates and insurance stay
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Actor, Clock, Network, events
from tests.contracts.settings import ETHER, Parameter
from tests.contracts.work import ALL, close, commit_epoch, set_parameter, settle_epoch, words_of
from tests.vectors import reference as ref

ROWS = [(0, 1, 2), (0, 1, 3), (0, 1, 2), ALL]
COUNTS = (4, 4, 3, 2)
BITMAPS = [ref.bitmap(row) for row in ROWS]


@pytest.fixture
def second(network: Network, stranger: Any) -> int:
    """A rollup of somebody else."""
    return network.register("0x" + "00" * 20, sender=stranger)


def deposit(network: Network, sender: Any, wei: int, rollup_id: int = 0) -> None:
    network.splitter.deposit(rollup_id, value=wei, sender=sender)


def revenue(network: Network, epoch: int) -> tuple[int, ...]:
    """Deposited, from rollups, carried, rebates, insurance, operators."""
    return tuple(vars(network.splitter.revenueOf(epoch)).values())


def test_deposit__nothing_or_for_nobody__is_refused(
    network: Network, user: Any, faults: FaultCatalogue
) -> None:
    with faults.expect("NothingPaid"):
        deposit(network, user, 0, 1)
    for rollup_id in (2, 2**32 - 1):
        with faults.expect("UnknownRollup", rollupId=rollup_id):
            deposit(network, user, 1, rollup_id)


def test_deposit__of_anyone__counts_for_the_epoch_it_comes_in(
    network: Network, clock: Clock, user: Any, stranger: Any
) -> None:
    deposit(network, user, 1_000, 1)
    deposit(network, stranger, 500)
    assert revenue(network, 0) == (1_500, 1_000, 0, 100, 150, 1_250)
    clock.set_next(network.times.start_of(1))
    deposit(network, stranger, 7)
    assert revenue(network, 0)[0] == 1_500
    assert revenue(network, 1) == (7, 0, 0, 0, 0, 7)


def test_pay__settled_epoch__pays_each_by_its_work(
    network: Network, clock: Clock, submitter: Any, user: Any, stranger: Any
) -> None:
    deposit(network, user, 1_300_013)
    operators_wei = revenue(network, 0)[5]
    words = settle_epoch(network, clock, submitter, 0, ROWS)
    paid = 0
    for member, signed in enumerate(COUNTS):
        due = operators_wei * signed // 13
        receipt = network.splitter.pay(0, words, member, sender=stranger)
        assert events(receipt, "OperatorPaid") == [
            {"epoch": 0, "id": member + 1, "member": member, "amountWei": due}
        ]
        assert network.registry.stakeOf(member + 1, network.members[member].account)[2] in (
            due,
            due - 1,
        )
        assert network.splitter.isPaid(0, member)
        paid += due
    assert operators_wei - len(COUNTS) < paid <= operators_wei
    assert network.splitter.balance == 1_300_013 - paid


def test_pay__not_settled_or_other_counts__is_refused(
    network: Network, clock: Clock, submitter: Any, user: Any, faults: FaultCatalogue
) -> None:
    deposit(network, user, ETHER)
    with faults.expect("NotSettled", epoch=0):
        network.splitter.pay(0, words_of(COUNTS), 0, sender=user)
    words = settle_epoch(network, clock, submitter, 0, ROWS)
    for counts in ([], words_of((9, 0, 0, 0)), [*words, 0]):
        with faults.expect("WrongCounts"):
            network.splitter.pay(0, counts, 0, sender=user)
    with faults.expect("NoSuchMember", size=4, member=4):
        network.splitter.pay(0, words, 4, sender=user)


def test_pay__twice_or_for_nothing__is_refused(
    network: Network, clock: Clock, submitter: Any, user: Any, faults: FaultCatalogue
) -> None:
    deposit(network, user, 12)
    words = settle_epoch(network, clock, submitter, 0, [(0, 1, 2)] * 4)
    network.splitter.pay(0, words, 0, sender=user)
    with faults.expect("AlreadyPaid", epoch=0):
        network.splitter.pay(0, words, 0, sender=user)
    with faults.expect("NothingToPay", epoch=0):
        network.splitter.pay(0, words, 3, sender=user)
    words = settle_epoch(network, clock, submitter, 1, ROWS)
    with faults.expect("NothingToPay", epoch=1):
        network.splitter.pay(1, words, 0, sender=user)


def test_pay__released_operator__is_still_paid(
    network: Network, clock: Clock, submitter: Any, user: Any, dave: Actor
) -> None:
    deposit(network, user, 1_300)
    words = settle_epoch(network, clock, submitter, 0, ROWS)
    release_at = network.registry.initiateExit(sender=dave.account).timestamp
    clock.set_next(release_at + network.times.unbondingSeconds)
    network.registry.release(4, sender=user)
    credit = network.registry.credit(dave.account)
    network.splitter.pay(0, words, 3, sender=user)
    assert network.registry.credit(dave.account) == credit + 1_170 * 2 // 13


def test_rebate__ended_epoch__gives_back_a_part_of_its_own(
    network: Network, clock: Clock, user: Any, stranger: Any, second: int, faults: FaultCatalogue
) -> None:
    deposit(network, user, 10_000, 1)
    deposit(network, stranger, 1, second)
    deposit(network, user, 10**9)  # a gift, of which nobody gets a part for a wei
    clock.set_next(network.times.end_of(0) - 1)
    with faults.expect("StillOpen", endsAt=network.times.end_of(0)):
        network.splitter.rebate(0, 1, sender=user)
    clock.set_next(network.times.end_of(0))
    receipt = network.splitter.rebate(0, 1, sender=stranger)
    assert events(receipt, "RollupRebated") == [
        {"epoch": 0, "rollupId": 1, "owner": user.address, "amountWei": 1_000}
    ]
    assert network.splitter.credit(user) == 1_000
    for rollup_id in (1, second, 3):
        with faults.expect("NothingToPay", epoch=0):
            network.splitter.rebate(0, rollup_id, sender=user)


def test_rebate__rollup_sold__goes_to_the_owner_of_now(
    network: Network, clock: Clock, user: Any, stranger: Any
) -> None:
    deposit(network, user, 10_000, 1)
    network.rollups.transferOwnership(1, stranger, sender=user)
    network.rollups.acceptOwnership(1, sender=stranger)
    clock.set_next(network.times.end_of(0))
    network.splitter.rebate(0, 1, sender=user)
    assert (network.splitter.credit(user), network.splitter.credit(stranger)) == (0, 1_000)


def test_insure__ended_epoch__funds_the_pool_once(
    network: Network, clock: Clock, user: Any, faults: FaultCatalogue
) -> None:
    deposit(network, user, 1_999)
    with faults.expect("StillOpen"):
        network.splitter.insure(0, sender=user)
    clock.jump_to(network.times.end_of(0))
    network.splitter.insure(0, sender=user)
    assert network.insurance.account().balanceWei == 199
    with faults.expect("AlreadyPaid", epoch=0):
        network.splitter.insure(0, sender=user)
    clock.jump_to(network.times.end_of(1))
    with faults.expect("NothingToPay", epoch=1):
        network.splitter.insure(1, sender=user)


def test_carry__epoch_that_can_be_settled__is_refused(
    network: Network, clock: Clock, submitter: Any, user: Any, faults: FaultCatalogue
) -> None:
    deposit(network, user, ETHER)
    with faults.expect("NotLost", epoch=0):
        network.splitter.carry(0, sender=user)
    commit_epoch(network, clock, submitter, 0, ROWS)
    close(network, clock, 0)
    with faults.expect("NotLost", epoch=0):
        network.splitter.carry(0, sender=user)
    network.participation.settle(0, BITMAPS, sender=user)
    with faults.expect("NotLost", epoch=0):
        network.splitter.carry(0, sender=user)


def test_carry__lost_epoch__moves_the_operators_part_once(
    network: Network, clock: Clock, submitter: Any, user: Any, faults: FaultCatalogue
) -> None:
    deposit(network, user, 10_000, 1)
    close(network, clock, 0)
    network.splitter.carry(0, sender=user)
    with faults.expect("AlreadyPaid", epoch=0):
        network.splitter.carry(0, sender=user)
    assert revenue(network, 1) == (0, 0, 8_000, 0, 0, 8_000)
    # What is not the operators' stays where it was.
    network.splitter.rebate(0, 1, sender=user)
    network.splitter.insure(0, sender=user)
    words = settle_epoch(network, clock, submitter, 1, [ALL] * 4)
    for member in range(4):
        network.splitter.pay(1, words, member, sender=user)
    assert network.splitter.balance == network.splitter.credit(user) == 1_000


def test_carry__nothing_came_in__is_refused(
    network: Network, clock: Clock, user: Any, faults: FaultCatalogue
) -> None:
    close(network, clock, 0)
    with faults.expect("NothingToPay", epoch=0):
        network.splitter.carry(0, sender=user)


def test_shares_changed_later__do_not_touch_an_epoch_that_began(
    network: Network, chain: Any, user: Any
) -> None:
    deposit(network, user, 10_000, 1)
    set_parameter(network, chain, Parameter.ROLLUPS_SHARE_BPS, 0)
    set_parameter(network, chain, Parameter.INSURANCE_SHARE_BPS, 5_000)
    assert revenue(network, 0) == (10_000, 10_000, 0, 1_000, 1_000, 8_000)


def test_revenue_sniped__costs_a_stake_for_the_whole_unbonding(
    network: Network, clock: Clock, submitter: Any, user: Any, stranger: Any, faults: FaultCatalogue
) -> None:
    """REV-7: half of one epoch, for a stake that waits three epochs and more, without weight."""
    deposit(network, user, 1_300)
    words = settle_epoch(network, clock, submitter, 0, ROWS)
    network.delegate(1, 10 * ETHER, sender=stranger)
    network.splitter.pay(0, words, 0, sender=stranger)
    shares = network.registry.stakeOf(1, stranger)[0]
    receipt = network.registry.undelegate(1, shares, sender=stranger)
    # Half of what alice's pool gets, but for a wei of rounding.
    assert network.registry.credit(stranger) in (179, 180)
    ticket = events(receipt, "Undelegated")[0]["ticket"]
    clock.set_next(receipt.timestamp + network.times.unbondingSeconds - 1)
    with faults.expect("NotYetReleasable"):
        network.registry.claim(ticket, sender=stranger)
    assert network.times.unbondingSeconds > 3 * network.times.epochSeconds
