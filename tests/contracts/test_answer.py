"""DataAvailabilityChallenge.answer, settle and withdraw (DATA-3, DATA-4, DATA-8)

answer
├── when nothing is asked, or it is answered or void: refused
├── when the deadline has come: refused, and one second earlier heard
├── when the data has another length or hash: refused
└── when all is good: the event has the data, the caller the price, which is more than it cost

settle
├── when nothing is asked, or it is answered or void: refused
├── when the deadline has not come: refused
└── when it has: the segment is void, the challenger has the price back

withdraw
├── when there is no credit, or nowhere to send it: refused
├── when the recipient refuses: refused, and the credit stays
├── when the recipient calls back: it is paid once
└── when all is good: all of it is paid
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.faults import FaultCatalogue
from tests.contracts.held import (
    PRICE_GAS,
    PRICE_GAS_PER_BYTE,
    chain_of,
    challenge_held,
    commit_blocks,
    price,
)
from tests.contracts.network import Clock, Network, events
from tests.contracts.settings import ETHER
from tests.vectors import reference as ref

NONE, OPEN, ANSWERED, VOID = range(4)
LONG = b"\xee" * (52 << 10)
BLOCKS = chain_of([[(1, b"one"), (2, b"\x02"), (3, LONG), (4, b"")]])
IDS = [BLOCKS[0].challenge_id(number) for number in range(4)]
UNKNOWN = b"\x99" * 32


@pytest.fixture
def batch(network: Network, submitter: Any) -> ref.Batch:
    return commit_blocks(network, BLOCKS, submitter)


@pytest.fixture
def deadline(network: Network, batch: ref.Batch, user: Any) -> int:
    """Of a challenge to the first segment, for the exact price to the wei."""
    receipt = challenge_held(network, BLOCKS, 0, 0, user, batches=[batch])
    credit = network.data.credit(user)
    assert credit == ETHER - price(3, receipt.block.base_fee)
    network.data.withdraw(user, sender=user)
    return int(receipt.timestamp) + network.held.answerSeconds


def test_answer__in_time__has_the_data_and_earns_the_price(
    network: Network, clock: Clock, deadline: int, user: Any, stranger: Any
) -> None:
    wei = network.data.balance
    clock.set_next(deadline - 1)
    receipt = network.data.answer(IDS[0], b"one", sender=stranger)
    assert events(receipt, "DataAnswered") == [{"id": IDS[0], "data": b"one"}]
    assert network.data.challengeOf(IDS[0]).status == ANSWERED
    assert (network.data.credit(stranger), network.data.credit(user)) == (wei, 0)
    assert network.data.balance == wei


@pytest.mark.parametrize("number", [0, 2, 3])
def test_answer__of_any_length__costs_less_gas_than_was_paid_for(
    network: Network, batch: ref.Batch, user: Any, stranger: Any, number: int
) -> None:
    data = BLOCKS[0].held[number][1]
    challenge_held(network, BLOCKS, 0, number, user, batches=[batch])
    receipt = network.data.answer(IDS[number], data, sender=stranger)
    assert receipt.gas_used <= PRICE_GAS + PRICE_GAS_PER_BYTE * len(data)


def test_answer__too_late__is_refused(
    network: Network, faults: FaultCatalogue, clock: Clock, deadline: int, stranger: Any
) -> None:
    clock.set_next(deadline)
    with faults.expect("AnswerTooLate", deadline=deadline, actual=deadline):
        network.data.answer(IDS[0], b"one", sender=stranger)


def test_answer__wrong_data__is_refused(
    network: Network, faults: FaultCatalogue, deadline: int, stranger: Any
) -> None:
    for data in (b"", b"on", b"one\0"):
        with faults.expect("WrongLength", expected=3, actual=len(data)):
            network.data.answer(IDS[0], data, sender=stranger)
    with faults.expect("WrongHash", expected=ref.keccak(b"one"), actual=ref.keccak(b"two")):
        network.data.answer(IDS[0], b"two", sender=stranger)
    network.data.answer(IDS[0], b"one", sender=stranger)


def test_answer__not_open__is_refused(
    network: Network, faults: FaultCatalogue, deadline: int, stranger: Any
) -> None:
    with faults.expect("WrongStatus", id=UNKNOWN, expected=OPEN, actual=NONE):
        network.data.answer(UNKNOWN, b"", sender=stranger)
    network.data.answer(IDS[0], b"one", sender=stranger)
    with faults.expect("WrongStatus", id=IDS[0], expected=OPEN, actual=ANSWERED):
        network.data.answer(IDS[0], b"one", sender=stranger)


def test_settle__from_the_deadline_on__voids(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    deadline: int,
    user: Any,
    stranger: Any,
) -> None:
    wei = network.data.balance
    clock.set_next(deadline - 1)
    with faults.expect("NotYetDue", deadline=deadline, actual=deadline - 1):
        network.data.settle(IDS[0], sender=stranger)
    clock.set_next(deadline)
    receipt = network.data.settle(IDS[0], sender=stranger)
    assert events(receipt, "DataVoided") == [{"id": IDS[0], "rollupId": 1}]
    assert network.data.challengeOf(IDS[0]).status == VOID
    assert network.data.credit(user) == network.data.balance == wei
    # Nothing leads back.
    for action in (network.data.answer, network.data.settle):
        arguments = (IDS[0], b"one")[: len(action.abis[0].inputs)]
        with faults.expect("WrongStatus", id=IDS[0], expected=OPEN, actual=VOID):
            action(*arguments, sender=stranger)


def test_settle__answered_or_never_asked__is_refused(
    network: Network, faults: FaultCatalogue, clock: Clock, deadline: int, stranger: Any
) -> None:
    network.data.answer(IDS[0], b"one", sender=stranger)
    clock.jump_to(deadline + 1_000)
    with faults.expect("WrongStatus", id=IDS[0], expected=OPEN, actual=ANSWERED):
        network.data.settle(IDS[0], sender=stranger)
    with faults.expect("WrongStatus", id=UNKNOWN, expected=OPEN, actual=NONE):
        network.data.settle(UNKNOWN, sender=stranger)


def test_withdraw__with_credit__pays_all_of_it(
    network: Network, deadline: int, reporter: Any, stranger: Any
) -> None:
    wei = network.data.balance
    network.data.answer(IDS[0], b"one", sender=stranger)
    before = reporter.balance
    receipt = network.data.withdraw(reporter, sender=stranger)
    (event,) = events(receipt, "CreditWithdrawn")
    assert event == {"account": stranger, "to": reporter, "amountWei": wei}
    assert reporter.balance - before == wei
    assert network.data.balance == network.data.credit(stranger) == 0


def test_withdraw__nothing_to_pay_or_nowhere__is_refused(
    network: Network, faults: FaultCatalogue, deadline: int, stranger: Any
) -> None:
    with faults.expect("NoCredit", account=stranger.address):
        network.data.withdraw(stranger, sender=stranger)
    network.data.answer(IDS[0], b"one", sender=stranger)
    with faults.expect("ZeroRecipient"):
        network.data.withdraw("0x" + "00" * 20, sender=stranger)


def test_withdraw__recipient_refuses__keeps_the_credit(
    network: Network, faults: FaultCatalogue, deadline: int, stranger: Any, contract_actor: Any
) -> None:
    wei = network.data.balance
    network.data.answer(IDS[0], b"one", sender=stranger)
    contract_actor.refuseEther(True, sender=stranger)
    with faults.expect("TransferFailed", to=contract_actor.address, amountWei=wei):
        network.data.withdraw(contract_actor, sender=stranger)
    assert network.data.credit(stranger) == wei


def test_withdraw__recipient_reenters__is_paid_once(
    network: Network, batch: ref.Batch, deadline: int, user: Any, contract_actor: Any
) -> None:
    # Another's wei are there to be stolen.
    challenge_held(network, BLOCKS, 0, 1, user, batches=[batch])
    answer = network.data.answer.encode_input(IDS[0], b"one")
    contract_actor.execute(network.data, answer, sender=user)
    wei, before = network.data.credit(contract_actor), network.data.balance
    withdraw = network.data.withdraw.encode_input(contract_actor)
    contract_actor.reenter(network.data, withdraw, sender=user)
    contract_actor.execute(network.data, withdraw, sender=user)
    assert contract_actor.reentered() == 0
    assert contract_actor.balance == wei
    assert network.data.balance == before - wei
