"""PromiseSlasher.challenge (PROMISE-5, REPORT-1)

challenge
├── when the promise names no beneficiary: refused
├── when its heights are not over by the batch: refused, and if they were before: refused
├── when the batch is not the one of L1's ring: refused
├── when the signature is of another chain, registry, epoch, committee or promise: refused
├── when it is not canonical, or of a key that never bonded: refused
├── when the epoch has no committee: refused
├── when there is no time to answer and settle: refused, to the second
├── when it was challenged before: refused, open, kept or broken
├── when less than the price is paid, refused, to the wei
└── when all is good: open until the deadline
    └── what is paid above the price is credited
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, replace
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import ZERO, Actor, Clock, Network, events
from tests.contracts.ordered import OrderedBlock, Placed, blocks_of, inclusion_proof
from tests.contracts.promised import (
    Promise,
    asked_of,
    challenge_promise,
    commit_challenge,
    commit_ordered,
    digest_of,
    id_of,
    price,
    settle_promise,
)
from tests.contracts.settings import ETHER
from tests.vectors import reference as ref

OPEN, KEPT, BROKEN = 1, 2, 3
KEPT_TRANSACTION = b"kept"


@pytest.fixture
def blocks() -> list[OrderedBlock]:
    return blocks_of([[Placed(KEPT_TRANSACTION, 0)], []], 60, first_height=11)


@pytest.fixture
def batch(network: Network, blocks: list[OrderedBlock], submitter: Any) -> ref.Batch:
    """Heights 11 and 12."""
    return commit_ordered(network, blocks, submitter)


@pytest.fixture
def promise(user: Any) -> Promise:
    return Promise(0, 1, keccak(b"left out"), 12, user.address, ETHER)


def plain(values: Any) -> list[Any]:
    """In events addresses within structs have no checksum."""
    return [one.lower() if isinstance(one, str) else one for one in values]


def is_rewarded(network: Network, promise: Promise) -> bool:
    *_, found, _ = asked_of(network, promise)
    return bool(found)


def test_challenge_promise__good__is_open_until_the_deadline(
    network: Network, alice: Actor, batch: ref.Batch, promise: Promise, user: Any
) -> None:
    receipt = challenge_promise(network, alice, promise, batch, user)
    id_ = id_of(network, alice, promise)
    deadline = receipt.timestamp + network.held.answerSeconds
    (event,) = events(receipt, "PromiseChallenged")
    assert (event["id"], event["operatorId"], event["index"]) == (id_, 1, 1)
    assert plain(event["said"]) == plain(astuple(promise))
    wei = price(receipt.block.base_fee)
    asked = (user.address, deadline, wei, False, batch.hash())
    assert plain(event["asked"]) == plain(asked)
    assert tuple(network.promises.statusOf(id_)) == (OPEN, False)
    assert network.promises.credit(user) == ETHER - wei
    assert network.promises.balance == ETHER
    words = ["uint32", "(uint64,uint32,bytes32,uint64,address,uint96)"]
    assert id_ == keccak(encode(words, [1, promise.as_tuple()]))


def test_challenge_promise__exact_price__leaves_no_credit(
    network: Network,
    faults: FaultCatalogue,
    chain: Any,
    alice: Actor,
    batch: ref.Batch,
    promise: Promise,
    user: Any,
) -> None:
    base_fee = 7 * 10**9 + 1
    wei = price(base_fee)

    def next_base_fee() -> None:
        chain.provider.make_request("anvil_setNextBlockBaseFeePerGas", [hex(base_fee)])

    next_base_fee()
    with faults.expect("PriceTooLow", expected=wei, actual=wei - 1):
        challenge_promise(network, alice, promise, batch, user, wei=wei - 1)
    next_base_fee()
    receipt = challenge_promise(network, alice, promise, batch, user, wei=wei)
    assert receipt.block.base_fee == base_fee
    assert network.promises.credit(user) == 0
    assert network.promises.balance == wei


def test_challenge_promise__committed_before__is_remembered(
    network: Network, alice: Actor, batch: ref.Batch, promise: Promise, user: Any, stranger: Any
) -> None:
    commit_challenge(network, alice, promise, user)
    challenge_promise(network, alice, promise, batch, user)
    assert is_rewarded(network, promise)
    # What one committed to is no other challenge's, nor another account's.
    other = promise.but(valueWei=2)
    challenge_promise(network, alice, other, batch, user)
    third = promise.but(valueWei=3)
    commit_challenge(network, alice, third, user)
    challenge_promise(network, alice, third, batch, stranger)
    for one in (other, third):
        assert not is_rewarded(network, one)


def test_challenge_promise__no_beneficiary__is_refused(
    network: Network,
    faults: FaultCatalogue,
    alice: Actor,
    batch: ref.Batch,
    promise: Promise,
    user: Any,
) -> None:
    """The slash would set nothing apart, and leave the victims of others with nothing."""
    with faults.expect("NoBeneficiary"):
        challenge_promise(network, alice, promise.but(beneficiary=ZERO), batch, user)


def test_challenge_promise__heights_not_over__is_refused(
    network: Network,
    faults: FaultCatalogue,
    alice: Actor,
    batch: ref.Batch,
    promise: Promise,
    user: Any,
) -> None:
    for height in (13, 2**64 - 1):
        with faults.expect("NotPassed", lastHeight=height, actual=12):
            challenge_promise(network, alice, promise.but(lastHeight=height), batch, user)
    challenge_promise(network, alice, promise, batch, user)


def test_challenge_promise__heights_over_before__is_refused(
    network: Network,
    faults: FaultCatalogue,
    alice: Actor,
    batch: ref.Batch,
    promise: Promise,
    user: Any,
) -> None:
    """The way down from a later batch could be longer than an answer."""
    with faults.expect("PassedBefore", lastHeight=10, firstHeight=11):
        challenge_promise(network, alice, promise.but(lastHeight=10), batch, user)
    challenge_promise(network, alice, promise.but(lastHeight=11), batch, user)


def test_challenge_promise__batch_not_on_l1__is_refused(
    network: Network,
    faults: FaultCatalogue,
    alice: Actor,
    batch: ref.Batch,
    promise: Promise,
    user: Any,
) -> None:
    forged = batch.but(lastHeight=13)
    with faults.expect("WrongBatch", expected=batch.hash(), actual=forged.hash()):
        challenge_promise(network, alice, promise.but(lastHeight=13), forged, user)
    for index in (2, 2**64 - 1):
        with faults.expect("BatchHashUnavailable", index=index, last=1):
            challenge_promise(network, alice, promise, batch.but(index=index), user)


Signed = Callable[[Network, Promise], bytes]

OTHER_MESSAGES: dict[str, Signed] = {
    "of another chain": lambda network, promise: digest_of(
        replace(network, domain=replace(network.domain, chain_id=1)), promise
    ),
    "of another registry": lambda network, promise: digest_of(
        replace(network, domain=replace(network.domain, registry=network.promises.address)), promise
    ),
    "of another committee": lambda network, promise: digest_of(
        network, promise, committee=b"\x99" * 32
    ),
    "of another epoch": lambda network, promise: digest_of(network, promise, epoch=1),
    "of another rollup": lambda network, promise: digest_of(network, promise, rollupId=2),
    "of another transaction": lambda network, promise: digest_of(
        network, promise, transactionHash=bytes(32)
    ),
    "of another height": lambda network, promise: digest_of(network, promise, lastHeight=11),
    "to somebody else": lambda network, promise: digest_of(network, promise, beneficiary=ZERO),
    "of another value": lambda network, promise: digest_of(network, promise, valueWei=1),
    "a listing": lambda network, promise: network.domain.digest(
        "ListedTransaction",
        epoch=0,
        committee=bytes(network.committee.committeeHash(0)),
        number=0,
        rollupId=promise.rollupId,
        transactionHash=promise.transactionHash,
    ),
}


@pytest.mark.parametrize("case", OTHER_MESSAGES)
def test_challenge_promise__signature_of_something_else__is_nobodys(
    network: Network,
    faults: FaultCatalogue,
    alice: Actor,
    batch: ref.Batch,
    promise: Promise,
    user: Any,
    case: str,
) -> None:
    signature = ref.sign(alice.key, OTHER_MESSAGES[case](network, promise))
    with faults.expect("UnknownSigner"):
        challenge_promise(network, alice, promise, batch, user, signature=signature)


def test_challenge_promise__signature_not_canonical_or_unknown__is_refused(
    network: Network,
    faults: FaultCatalogue,
    alice: Actor,
    erin: Actor,
    batch: ref.Batch,
    promise: Promise,
    user: Any,
) -> None:
    good = ref.sign(alice.key, digest_of(network, promise))
    r = int.from_bytes(good[:32], "big")
    cases: list[tuple[str, bytes]] = [
        ("UnknownSigner", ref.malleated(good)),
        ("NonCanonicalSignature", ref.compact(r, ref.MAX_S + 1, 0)),
        ("InvalidSignatureLength", good + b"\x1b"),
        ("InvalidSignatureLength", good[:63]),
        ("InvalidSignature", ref.compact(0, 1, 0)),
        ("UnknownSigner", ref.sign(erin.key, digest_of(network, promise))),
    ]
    for name, signature in cases:
        with faults.expect(name):
            challenge_promise(network, alice, promise, batch, user, signature=signature)


def test_challenge_promise__epoch_without_committee__is_refused(
    network: Network,
    faults: FaultCatalogue,
    alice: Actor,
    batch: ref.Batch,
    promise: Promise,
    user: Any,
) -> None:
    with faults.expect("NoCommittee", epoch=1):
        signature = ref.sign(alice.key, digest_of(network, promise))
        later = promise.but(epoch=1)
        challenge_promise(network, alice, later, batch, user, signature=signature)


def test_challenge_promise__no_time_to_answer_and_settle__is_refused(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    alice: Actor,
    batch: ref.Batch,
    promise: Promise,
    user: Any,
) -> None:
    times = network.times
    life = times.commitGraceSeconds + times.evidenceSeconds
    expired_at = times.end_of(0) + life - 2 * network.held.answerSeconds
    clock.set_next(expired_at - 1)
    challenge_promise(network, alice, promise, batch, user)
    clock.set_next(expired_at)
    with faults.expect("EvidenceTooOld", expiredAt=expired_at, actual=expired_at):
        challenge_promise(network, alice, promise.but(valueWei=1), batch, user)
    # Who was in time settles while the bond is there.
    clock.jump_to(expired_at + network.held.answerSeconds)
    settle_promise(network, promise, user)


def test_challenge_promise__twice__is_refused_for_ever(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    alice: Actor,
    batch: ref.Batch,
    blocks: list[OrderedBlock],
    promise: Promise,
    user: Any,
    stranger: Any,
) -> None:
    kept = promise.but(transactionHash=keccak(KEPT_TRANSACTION))
    for one in (promise, kept):
        challenge_promise(network, alice, one, batch, user)
        with faults.expect("WrongStatus", expected=0, actual=OPEN):
            challenge_promise(network, alice, one, batch, stranger)
    proof = inclusion_proof([batch], blocks, 0, 0)
    network.promises.answer(1, kept.as_tuple(), asked_of(network, kept), proof, sender=stranger)
    clock.jump_to(clock.now + network.held.answerSeconds)
    settle_promise(network, promise, stranger)
    for one, status in ((promise, BROKEN), (kept, KEPT)):
        with faults.expect("WrongStatus", id=id_of(network, alice, one), expected=0, actual=status):
            challenge_promise(network, alice, one, batch, stranger)


def test_challenge_promise__same_words_of_two_members__are_two_promises(
    network: Network, alice: Actor, bob: Actor, batch: ref.Batch, promise: Promise, user: Any
) -> None:
    for actor in (alice, bob):
        challenge_promise(network, actor, promise, batch, user)
        assert network.promises.statusOf(id_of(network, actor, promise))[0] == OPEN


def test_challenge_promise__committee_kept_from_an_earlier_epoch__counts(
    network: Network,
    clock: Clock,
    alice: Actor,
    bob: Actor,
    batch: ref.Batch,
    promise: Promise,
    user: Any,
) -> None:
    """Its address does not follow from the epoch (COMM-4)."""
    network.registry.initiateExit(sender=alice.account)
    clock.jump_to(network.times.start_of(2))
    network.committee.snapshot(3, sender=user)
    assert network.committee.pointerOf(3) == network.committee.pointerOf(0)
    later = promise.but(epoch=3)
    challenge_promise(network, bob, later, batch, user)
    assert network.promises.statusOf(id_of(network, bob, later))[0] == OPEN
