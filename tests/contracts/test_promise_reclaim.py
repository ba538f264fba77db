"""PromiseSlasher.reclaim (PROMISE-7)

reclaim
├── when nothing was challenged, or it is stated otherwise: refused
├── when the caller is not the challenger: refused
├── when it was answered: refused
├── when the deadline has not come: refused, to the second
├── when it was reclaimed before: refused
├── when the receiver is nobody, or does not take it: refused
└── when all is good: the price is sent, settled or not
    └── also when the operator was released, and nobody can settle
"""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils.crypto import keccak

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import ZERO, Actor, Clock, Network, events
from tests.contracts.ordered import OrderedBlock, Placed, blocks_of, inclusion_proof
from tests.contracts.promised import (
    Promise,
    asked_of,
    challenge_promise,
    commit_ordered,
    id_of,
    other_challenges,
    price,
    reclaim_price,
    settle_promise,
)
from tests.contracts.settings import ETHER
from tests.vectors import reference as ref

OPEN, KEPT, BROKEN = 1, 2, 3
RAW = b"kept"


@pytest.fixture
def blocks() -> list[OrderedBlock]:
    return blocks_of([[Placed(RAW, 7)], []], 60)


@pytest.fixture
def batch(network: Network, blocks: list[OrderedBlock], submitter: Any) -> ref.Batch:
    return commit_ordered(network, blocks, submitter)


@pytest.fixture
def promise(user: Any) -> Promise:
    return Promise(0, 1, keccak(b"left out"), 2, user.address, ETHER // 4)


@pytest.fixture
def price_wei(
    network: Network, alice: Actor, batch: ref.Batch, promise: Promise, stranger: Any
) -> int:
    """Of the challenge, by the stranger, who has drawn what it paid above it."""
    receipt = challenge_promise(network, alice, promise, batch, stranger)
    network.promises.withdraw(stranger, sender=stranger)
    return price(receipt.block.base_fee)


def wait(network: Network, clock: Clock) -> None:
    clock.jump_to(clock.now + network.held.answerSeconds)


@pytest.mark.parametrize("is_settled_first", [True, False])
def test_reclaim__unanswered__sends_the_price_once_settled_or_not(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    alice: Actor,
    promise: Promise,
    price_wei: int,
    stranger: Any,
    submitter: Any,
    is_settled_first: bool,
) -> None:
    id_, other = id_of(network, alice, promise), submitter
    wait(network, clock)
    if is_settled_first:
        settle_promise(network, promise, other)
    before = other.balance
    receipt = reclaim_price(network, promise, stranger, other)
    assert events(receipt, "PriceReclaimed") == [{"id": id_, "to": other.address}]
    assert other.balance == before + price_wei
    with faults.expect("AlreadyReclaimed", id=id_):
        reclaim_price(network, promise, stranger)
    status = BROKEN if is_settled_first else OPEN
    assert tuple(network.promises.statusOf(id_)) == (status, True)
    if not is_settled_first:
        settle_promise(network, promise, other)
    assert tuple(network.promises.statusOf(id_)) == (BROKEN, True)
    with faults.expect("AlreadyReclaimed", id=id_):
        reclaim_price(network, promise, stranger)
    assert network.promises.balance == 0


@pytest.mark.usefixtures("price_wei")
def test_reclaim__before_the_deadline__is_refused_to_the_second(
    network: Network, faults: FaultCatalogue, clock: Clock, promise: Promise, stranger: Any
) -> None:
    _, deadline, *_ = asked_of(network, promise)
    clock.set_next(deadline - 1)
    with faults.expect("NotYetDue", deadline=deadline, actual=deadline - 1):
        reclaim_price(network, promise, stranger)
    clock.set_next(deadline)
    reclaim_price(network, promise, stranger)


def test_reclaim__answered__is_refused_for_ever(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    alice: Actor,
    blocks: list[OrderedBlock],
    batch: ref.Batch,
    promise: Promise,
    user: Any,
    stranger: Any,
) -> None:
    """Who has answered was paid it."""
    kept = promise.but(transactionHash=keccak(RAW))
    challenge_promise(network, alice, kept, batch, stranger)
    proof = inclusion_proof([batch], blocks, 0, 0)
    asked = asked_of(network, kept)
    network.promises.answer(1, kept.as_tuple(), asked, proof, sender=user)
    for _ in range(2):
        with faults.expect("WrongStatus", expected=BROKEN, actual=KEPT):
            reclaim_price(network, kept, stranger)
        wait(network, clock)


@pytest.mark.usefixtures("price_wei")
def test_reclaim__by_another_or_of_another_challenge__is_refused(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    alice: Actor,
    promise: Promise,
    user: Any,
    stranger: Any,
) -> None:
    wait(network, clock)
    id_, good = id_of(network, alice, promise), asked_of(network, promise)
    with faults.expect("NotTheChallenger", expected=stranger.address, actual=user.address):
        reclaim_price(network, promise, user)
    for other in other_challenges(good, user, bytes(32)):
        with faults.expect("WrongChallenge", id=id_):
            network.promises.reclaim(id_, other, user, sender=user)
    unknown = id_of(network, alice, promise.but(valueWei=1))
    for asked in (good, (ZERO, 0, 0, False, bytes(32))):
        with faults.expect("WrongChallenge", id=unknown):
            network.promises.reclaim(unknown, asked, stranger, sender=stranger)


@pytest.mark.usefixtures("price_wei")
def test_reclaim__to_nobody_or_one_who_does_not_take_it__is_refused(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    promise: Promise,
    price_wei: int,
    stranger: Any,
) -> None:
    wait(network, clock)
    with faults.expect("ZeroRecipient"):
        reclaim_price(network, promise, stranger, ZERO)
    to = network.chain.address
    with faults.expect("TransferFailed", to=to, amountWei=price_wei):
        reclaim_price(network, promise, stranger, to)
    reclaim_price(network, promise, stranger)


def test_reclaim__released_operator__the_price_is_not_lost(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    alice: Actor,
    batch: ref.Batch,
    promise: Promise,
    user: Any,
    stranger: Any,
) -> None:
    """What it has promised after its release nobody can settle."""
    current = network.release(alice, clock, user)
    late = promise.but(epoch=current)
    challenge_promise(network, alice, late, batch, stranger)
    wait(network, clock)
    with faults.expect("NotSlashable"):
        settle_promise(network, late, user)
    reclaim_price(network, late, stranger)
    assert network.promises.balance == network.promises.credit(stranger)
