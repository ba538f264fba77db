"""PromiseSlasher.settle (PROMISE-7, LEDGER-9)

settle
├── when nothing was challenged, or it was answered or settled: refused
├── when the deadline has not come: refused, to the second
├── when the challenge is stated otherwise than it was made: refused
├── when the operator was released: refused
└── when all is good: the promise is broken
    ├── the first of an epoch slashes, without jail
    ├── the beneficiary is paid first: before anything of it is burned
    ├── each further one of the epoch is paid from what the first set apart, and claims the rest
    ├── that of another epoch slashes again
    └── who is the reporter if it had committed, whoever settles
"""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils.crypto import keccak

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import ZERO, Actor, Clock, Network, Offence, Status, events
from tests.contracts.ordered import blocks_of
from tests.contracts.promised import (
    Promise,
    asked_of,
    break_promise,
    challenge_promise,
    commit_challenge,
    commit_ordered,
    id_of,
    other_challenges,
    reclaim_price,
    settle_promise,
)
from tests.contracts.settings import ETHER
from tests.vectors import reference as ref

OPEN, BROKEN = 1, 3
SLASH = 10 * ETHER * 2_000 // 10_000
"""What an operator with ten ether of its own loses."""
POT = SLASH * 7 // 10
"""What is set apart of it: the victims' part, and what will be the insurance's."""
CLAIMABLE = SLASH * 95 // 100


@pytest.fixture
def batch(network: Network, submitter: Any) -> ref.Batch:
    return commit_ordered(network, blocks_of([[], []], 60), submitter)


@pytest.fixture
def promise(user: Any) -> Promise:
    return Promise(0, 1, keccak(b"left out"), 2, user.address, POT // 4)


def test_settle_promise__broken__pays_the_beneficiary_and_slashes(
    network: Network,
    clock: Clock,
    chain: Any,
    alice: Actor,
    batch: ref.Batch,
    promise: Promise,
    user: Any,
    stranger: Any,
) -> None:
    burned = chain.provider.get_balance(ZERO)
    receipt = break_promise(network, clock, alice, promise, batch, stranger)
    id_ = id_of(network, alice, promise)
    assert events(receipt, "PromiseBroken") == [{"id": id_, "operatorId": 1, "epoch": 0}]
    (paid,) = events(receipt, "VictimCompensated")
    assert (paid["victim"], paid["paidWei"], paid["filedWei"]) == (user.address, POT // 4, 0)
    assert network.ledger.credit(user) == POT // 4
    left = tuple(network.ledger.potOf(0, 1, Offence.PROMISE))
    assert left == (POT - POT // 4, CLAIMABLE - POT // 4)
    assert chain.provider.get_balance(ZERO) - burned == SLASH - POT
    assert network.registry.stake(1).ownWei == 10 * ETHER - SLASH
    # Who promises what it cannot keep pays, and goes on.
    assert network.registry.operator(1).status == Status.ACTIVE
    # Nobody had committed to the report.
    assert network.ledger.credit(stranger) == 0


def test_settle_promise__value_above_the_part__is_paid_before_anything_is_burned(
    network: Network,
    clock: Clock,
    alice: Actor,
    batch: ref.Batch,
    promise: Promise,
    user: Any,
) -> None:
    receipt = break_promise(network, clock, alice, promise.but(valueWei=POT + 1), batch, user)
    reward, victim, insurance, burned = events(receipt, "OperatorSlashed")[0]["split"]
    assert (reward, victim, insurance, burned) == (0, POT, 0, SLASH - POT)
    assert network.ledger.credit(user) == POT
    # One wei is missing: the insurance owes it.
    assert tuple(network.insurance.claim(0)) == (user.address, 1)


def test_settle_promise__several_victims__share_what_one_slash_set_apart(
    network: Network,
    clock: Clock,
    accounts: Any,
    alice: Actor,
    batch: ref.Batch,
    promise: Promise,
    stranger: Any,
) -> None:
    victims = accounts[15:19]
    worth = POT * 3 // 8
    promises = [
        promise.but(beneficiary=victim.address, valueWei=worth, lastHeight=1 + number % 2)
        for number, victim in enumerate(victims)
    ]
    for one in promises:
        challenge_promise(network, alice, one, batch, stranger)
    clock.jump_to(clock.now + network.held.answerSeconds)
    receipts = [settle_promise(network, one, stranger) for one in promises]
    assert [len(events(receipt, "OperatorSlashed")) for receipt in receipts] == [1, 0, 0, 0]
    assert network.registry.stake(1).ownWei == 10 * ETHER - SLASH
    paid = [network.ledger.credit(victim) for victim in victims]
    assert paid == [worth, worth, POT - 2 * worth, 0]
    # The rest is claimed, as far as LEDGER-7 goes: 95 parts in a hundred less what was set apart.
    filed = [event["filedWei"] for one in receipts for event in events(one, "VictimCompensated")]
    claimable = CLAIMABLE - POT
    missing = 3 * worth - POT
    assert filed == [0, 0, missing, min(worth, claimable - missing)]
    assert filed[3] == worth or sum(filed) == claimable
    assert network.insurance.account().obligationsWei == sum(filed)
    assert network.ledger.balance == POT


def test_settle_promise__nothing_left_at_all__is_broken_all_the_same(
    network: Network,
    clock: Clock,
    alice: Actor,
    batch: ref.Batch,
    promise: Promise,
    user: Any,
    stranger: Any,
) -> None:
    break_promise(network, clock, alice, promise.but(valueWei=2 * SLASH), batch, stranger)
    assert tuple(network.ledger.potOf(0, 1, Offence.PROMISE)) == (0, 0)
    again = promise.but(beneficiary=stranger.address)
    receipt = break_promise(network, clock, alice, again, batch, stranger)
    (paid,) = events(receipt, "VictimCompensated")
    assert (paid["paidWei"], paid["filedWei"]) == (0, 0)
    assert network.promises.statusOf(id_of(network, alice, again))[0] == BROKEN
    assert network.ledger.credit(user) == POT


def test_settle_promise__of_another_epoch_or_operator__slashes_again(
    network: Network,
    clock: Clock,
    alice: Actor,
    bob: Actor,
    batch: ref.Batch,
    promise: Promise,
    user: Any,
) -> None:
    break_promise(network, clock, alice, promise, batch, user)
    break_promise(network, clock, bob, promise, batch, user)
    network.committee.snapshot(1, sender=user)
    clock.jump_to(network.times.start_of(1))
    later = promise.but(epoch=1)
    break_promise(network, clock, alice, later, batch, user)
    for epoch, id_ in ((0, 1), (0, 2), (1, 1)):
        assert network.ledger.partOf(epoch, id_, Offence.PROMISE) == 2_000
    assert network.ledger.credit(user) == 3 * (POT // 4)


def test_settle_promise__before_the_deadline__is_refused_to_the_second(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    alice: Actor,
    batch: ref.Batch,
    promise: Promise,
    user: Any,
) -> None:
    receipt = challenge_promise(network, alice, promise, batch, user)
    deadline = receipt.timestamp + network.held.answerSeconds
    clock.set_next(deadline - 1)
    with faults.expect("NotYetDue", deadline=deadline, actual=deadline - 1):
        settle_promise(network, promise, user)
    clock.set_next(deadline)
    settle_promise(network, promise, user)


def test_settle_promise__not_open__is_refused(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    alice: Actor,
    batch: ref.Batch,
    promise: Promise,
    user: Any,
) -> None:
    """P9: a promise is settled once, and words of it that were not challenged never."""
    with faults.expect("WrongStatus", expected=OPEN, actual=0):
        settle_promise(network, promise, user)
    break_promise(network, clock, alice, promise, batch, user)
    with faults.expect("WrongStatus", expected=OPEN, actual=BROKEN):
        settle_promise(network, promise, user)
    for one, id_ in ((promise.but(valueWei=ETHER), 1), (promise, 2), (promise.but(epoch=0), 0)):
        with faults.expect("WrongStatus", expected=OPEN, actual=0):
            settle_promise(network, one, user, id_)
    assert network.ledger.credit(user) == POT // 4


def test_settle_promise__another_challenge__is_refused(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    alice: Actor,
    batch: ref.Batch,
    promise: Promise,
    user: Any,
    stranger: Any,
) -> None:
    """Nobody but who challenged, and had committed to it, is rewarded."""
    challenge_promise(network, alice, promise, batch, user)
    id_, good = id_of(network, alice, promise), asked_of(network, promise)
    clock.jump_to(clock.now + network.held.answerSeconds)
    for other in other_challenges(good, stranger, bytes(32)):
        with faults.expect("WrongChallenge", id=id_):
            network.promises.settle(1, promise.as_tuple(), other, sender=stranger)
    network.promises.settle(1, promise.as_tuple(), good, sender=stranger)


def test_settle_promise__committed_before__pays_the_challenger_whoever_settles(
    network: Network,
    clock: Clock,
    alice: Actor,
    batch: ref.Batch,
    promise: Promise,
    reporter: Any,
    stranger: Any,
) -> None:
    """P10, REPORT-1."""
    commit_challenge(network, alice, promise, reporter)
    challenge_promise(network, alice, promise, batch, reporter)
    clock.jump_to(clock.now + network.held.answerSeconds)
    receipt = settle_promise(network, promise, stranger)
    assert events(receipt, "OperatorSlashed")[0]["reporter"] == reporter.address
    assert network.ledger.credit(reporter) == SLASH // 10
    assert network.ledger.credit(stranger) == 0


def test_settle_promise__copied_challenge__burns_the_reward_and_pays_the_victim(
    network: Network,
    clock: Clock,
    alice: Actor,
    batch: ref.Batch,
    promise: Promise,
    reporter: Any,
    stranger: Any,
    user: Any,
) -> None:
    """P10: who sees the challenge in the mempool is first, and has gas to pay for it."""
    commit_challenge(network, alice, promise, reporter)
    receipt = break_promise(network, clock, alice, promise, batch, stranger)
    assert events(receipt, "OperatorSlashed")[0]["reporter"] == ZERO
    assert network.ledger.credit(stranger) == network.ledger.credit(reporter) == 0
    assert network.ledger.credit(user) == POT // 4


def test_settle_promise__operator_that_leaves__pays_all_the_same(
    network: Network,
    clock: Clock,
    alice: Actor,
    batch: ref.Batch,
    promise: Promise,
    user: Any,
) -> None:
    """P11: it gives notice when it promised; the answer is due before the bond is free."""
    network.registry.initiateExit(sender=alice.account)
    times = network.times
    life = times.commitGraceSeconds + times.evidenceSeconds
    clock.set_next(times.end_of(0) + life - 2 * network.held.answerSeconds - 1)
    challenge_promise(network, alice, promise, batch, user)
    clock.jump_to(times.end_of(0) + life)
    settle_promise(network, promise, user)
    assert network.ledger.credit(user) == POT // 4


def test_settle_promise__released_operator__is_refused(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    alice: Actor,
    batch: ref.Batch,
    promise: Promise,
    user: Any,
) -> None:
    current = network.release(alice, clock, user)
    with faults.expect("NotSlashable", id=1, actual=Status.RELEASED):
        break_promise(network, clock, alice, promise.but(epoch=current), batch, user)


def test_settle_promise__credits__are_drawn_to_the_last_wei(
    network: Network,
    clock: Clock,
    alice: Actor,
    batch: ref.Batch,
    promise: Promise,
    stranger: Any,
    user: Any,
) -> None:
    break_promise(network, clock, alice, promise, batch, stranger)
    network.promises.withdraw(stranger, sender=stranger)
    reclaim_price(network, promise, stranger)
    network.ledger.withdraw(user, sender=user)
    assert network.promises.balance == 0
    assert network.ledger.balance == network.ledger.potOf(0, 1, Offence.PROMISE).leftWei
