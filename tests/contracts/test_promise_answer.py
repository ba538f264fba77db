"""PromiseSlasher.answer (PROMISE-6)

answer
├── when nothing was challenged, or it was answered or settled: refused
├── when the challenge is stated otherwise than it was made: refused
├── when the deadline has come: refused, to the second
├── when the proof is of another transaction or rollup: refused
├── when it leads from another batch, or over a gap: refused
├── when the block is above the last height: refused, and one at it heard
├── when the leaf is none: refused
└── when all is good: the promise is kept, and the price is the caller's
    ├── by the batch of the challenge or one below, however it left the ring
    └── so whoever asks for what was kept pays for it
"""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils.crypto import keccak

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Actor, Clock, Network, Offence, events
from tests.contracts.ordered import OrderedBlock, Placed, blocks_of, inclusion_proof
from tests.contracts.promised import (
    Promise,
    asked_of,
    challenge_promise,
    commit_ordered,
    id_of,
    other_challenges,
    price,
    settle_promise,
)
from tests.contracts.settings import ETHER
from tests.vectors import reference as ref

OPEN, KEPT, BROKEN = 1, 2, 3
RAW = b"promised"
OTHERS = [Placed(b"%d" % number, 0) for number in range(4)]


@pytest.fixture
def lower() -> list[OrderedBlock]:
    """Heights 11 to 13; the transaction is in 12, at position 2 of five."""
    return blocks_of([[], [*OTHERS[:2], Placed(RAW, 7), *OTHERS[2:]], []], 60, first_height=11)


@pytest.fixture
def upper() -> list[OrderedBlock]:
    """Heights 14 to 16; it is in 15 once more."""
    return blocks_of([[], [Placed(RAW, 7)], []], 60, first_height=14)


@pytest.fixture
def batches(
    network: Network, lower: list[OrderedBlock], upper: list[OrderedBlock], submitter: Any
) -> list[ref.Batch]:
    """The newer one first, as proofs have them."""
    first = commit_ordered(network, lower, submitter)
    return [commit_ordered(network, upper, submitter), first]


@pytest.fixture
def promise(user: Any) -> Promise:
    return Promise(0, 1, keccak(RAW), 14, user.address, ETHER)


@pytest.fixture
def price_wei(
    network: Network, alice: Actor, batches: list[ref.Batch], promise: Promise, stranger: Any
) -> int:
    """Of the challenge, by the stranger, with the newer batch."""
    receipt = challenge_promise(network, alice, promise, batches[0], stranger)
    return price(receipt.block.base_fee)


def answer(network: Network, promise: Promise, proof: Any, sender: Any) -> Any:
    asked = asked_of(network, promise)
    return network.promises.answer(1, promise.as_tuple(), asked, proof, sender=sender)


def test_answer_promise__kept__pays_who_shows_it(
    network: Network,
    alice: Actor,
    lower: list[OrderedBlock],
    batches: list[ref.Batch],
    promise: Promise,
    price_wei: int,
    user: Any,
    stranger: Any,
) -> None:
    id_ = id_of(network, alice, promise)
    receipt = answer(network, promise, inclusion_proof(batches, lower, 1, 2), user)
    assert events(receipt, "PromiseKept") == [{"id": id_, "height": 12, "answerer": user.address}]
    assert tuple(network.promises.statusOf(id_)) == (KEPT, False)
    # Griefing costs the griefer: the price, and nobody's bond.
    assert network.promises.credit(user) == price_wei
    assert network.promises.credit(stranger) == ETHER - price_wei
    assert network.ledger.partOf(0, 1, Offence.PROMISE) == 0
    # It is more than the answer's gas cost at twice the base fee.
    assert receipt.gas_used * 2 * receipt.block.base_fee < price_wei


def test_answer_promise__in_the_batch_of_the_challenge__is_kept(
    network: Network,
    alice: Actor,
    upper: list[OrderedBlock],
    batches: list[ref.Batch],
    promise: Promise,
    user: Any,
) -> None:
    for height in (15, 16):
        later = promise.but(lastHeight=height)
        challenge_promise(network, alice, later, batches[0], user)
        receipt = answer(network, later, inclusion_proof(batches[:1], upper, 1, 0), user)
        assert events(receipt, "PromiseKept")[0]["height"] == 15


@pytest.mark.usefixtures("price_wei")
def test_answer_promise__above_the_last_height__is_refused(
    network: Network,
    faults: FaultCatalogue,
    upper: list[OrderedBlock],
    batches: list[ref.Batch],
    promise: Promise,
    user: Any,
) -> None:
    with faults.expect("TooHigh", lastHeight=14, actual=15):
        answer(network, promise, inclusion_proof(batches[:1], upper, 1, 0), user)


def test_answer_promise__exact_last_height__is_kept(
    network: Network,
    faults: FaultCatalogue,
    alice: Actor,
    lower: list[OrderedBlock],
    batches: list[ref.Batch],
    promise: Promise,
    user: Any,
) -> None:
    proof = inclusion_proof(batches[1:], lower, 1, 2)
    for height in (11, 12):
        one = promise.but(lastHeight=height)
        challenge_promise(network, alice, one, batches[1], user)
        if height == 12:
            answer(network, one, proof, user)
            continue
        with faults.expect("TooHigh", lastHeight=11, actual=12):
            answer(network, one, proof, user)


@pytest.mark.usefixtures("price_wei")
def test_answer_promise__proof_of_something_else__is_refused(
    network: Network,
    faults: FaultCatalogue,
    lower: list[OrderedBlock],
    upper: list[OrderedBlock],
    batches: list[ref.Batch],
    promise: Promise,
    user: Any,
) -> None:
    with faults.expect("AnotherTransaction", actualHash=keccak(b"1")):
        answer(network, promise, inclusion_proof(batches, lower, 1, 1), user)
    good = inclusion_proof(batches, lower, 1, 2)
    chain, headers, (rollup, position, hash_, key), siblings, sides = good
    entry = (rollup, position, hash_, key)
    with faults.expect("AnotherTransaction", rollupId=1, actualRollupId=2):
        answer(network, promise, (chain, headers, (2, *entry[1:]), siblings, sides), user)
    newer, older = chain
    forged = (*newer[:1], bytes(32), *newer[2:])
    wrong: list[tuple[str, tuple[Any, ...]]] = [
        ("EmptyProof", ([], headers, entry, siblings, sides)),
        ("EmptyProof", (chain, [], entry, siblings, sides)),
        ("WrongBatch", ([older], headers, entry, siblings, sides)),
        ("WrongBatch", ([older, newer], headers, entry, siblings, sides)),
        ("WrongBatch", ([newer, newer, older], headers, entry, siblings, sides)),
        ("WrongBatch", ([forged, older], headers, entry, siblings, sides)),
        ("WrongHeader", ([newer], headers, entry, siblings, sides)),
        ("WrongHeader", (chain, headers[1:], entry, siblings, sides)),
        ("WrongHeader", (chain, headers[::-1], entry, siblings, sides)),
        ("WrongRoot", (chain, headers[:1], entry, siblings, sides)),
        ("WrongRoot", (chain, headers, (rollup, 1, hash_, key), siblings, sides)),
        ("WrongRoot", (chain, headers, (rollup, position, hash_, 6), siblings, sides)),
        ("WrongRoot", (chain, headers, entry, siblings[:-1], sides)),
        ("WrongRoot", (chain, headers, entry, [*siblings, bytes(32)], sides)),
        ("WrongRoot", (chain, headers, entry, siblings, sides ^ 2)),
    ]
    for name, proof in wrong:
        with faults.expect(name):
            answer(network, promise, proof, user)
    answer(network, promise, good, user)


@pytest.mark.usefixtures("price_wei")
def test_answer_promise__another_challenge__is_refused(
    network: Network,
    faults: FaultCatalogue,
    alice: Actor,
    lower: list[OrderedBlock],
    batches: list[ref.Batch],
    promise: Promise,
    user: Any,
) -> None:
    """Each part of it counts: the batch that a proof leads from, the deadline, and the price."""
    id_, good = id_of(network, alice, promise), asked_of(network, promise)
    proof = inclusion_proof(batches[1:], lower, 1, 2)
    for other in other_challenges(good, user, batches[1].hash()):
        with faults.expect("WrongChallenge", id=id_):
            network.promises.answer(1, promise.as_tuple(), other, proof, sender=user)


@pytest.mark.usefixtures("price_wei")
def test_answer_promise__block_below_its_batch__is_refused(
    network: Network,
    faults: FaultCatalogue,
    alice: Actor,
    lower: list[OrderedBlock],
    promise: Promise,
    submitter: Any,
    user: Any,
) -> None:
    """A hostile quorum may state a block again as the last of a batch, not what is below it."""
    again = network.next_batch(firstHeight=13, lastHeight=20, lastBlockHash=lower[-1].hash)
    network.commit(again, sender=submitter)
    one = promise.but(valueWei=1)
    challenge_promise(network, alice, one, again, user)
    with faults.expect("BelowBatch", firstHeight=13, actual=12):
        answer(network, one, inclusion_proof([again], lower, 1, 2), user)


def test_answer_promise__deadline__is_the_first_second_too_late(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    alice: Actor,
    lower: list[OrderedBlock],
    batches: list[ref.Batch],
    promise: Promise,
    user: Any,
) -> None:
    proof = inclusion_proof(batches, lower, 1, 2)
    receipt = challenge_promise(network, alice, promise, batches[0], user)
    deadline = receipt.timestamp + network.held.answerSeconds
    clock.set_next(deadline)
    with faults.expect("AnswerTooLate", deadline=deadline, actual=deadline):
        answer(network, promise, proof, user)
    later = promise.but(valueWei=1)
    receipt = challenge_promise(network, alice, later, batches[0], user)
    clock.set_next(receipt.timestamp + network.held.answerSeconds - 1)
    answer(network, later, proof, user)


def test_answer_promise__not_open__is_refused(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    alice: Actor,
    lower: list[OrderedBlock],
    batches: list[ref.Batch],
    promise: Promise,
    user: Any,
) -> None:
    proof = inclusion_proof(batches, lower, 1, 2)
    with faults.expect("WrongStatus", expected=OPEN, actual=0):
        answer(network, promise, proof, user)
    challenge_promise(network, alice, promise, batches[0], user)
    # Of the same words by another operator nothing was asked.
    with faults.expect("WrongStatus", expected=OPEN, actual=0):
        asked = asked_of(network, promise)
        network.promises.answer(2, promise.as_tuple(), asked, proof, sender=user)
    answer(network, promise, proof, user)
    with faults.expect("WrongStatus", expected=OPEN, actual=KEPT):
        answer(network, promise, proof, user)
    broken = promise.but(lastHeight=11)
    challenge_promise(network, alice, broken, batches[1], user)
    clock.jump_to(clock.now + network.held.answerSeconds)
    settle_promise(network, broken, user)
    with faults.expect("WrongStatus", expected=OPEN, actual=BROKEN):
        answer(network, broken, proof, user)


@pytest.mark.usefixtures("price_wei")
def test_answer_promise__ring_turned_over__still_leads_there(
    network: Network,
    chain: Any,
    lower: list[OrderedBlock],
    batches: list[ref.Batch],
    promise: Promise,
    user: Any,
) -> None:
    # As if 1,024 batches more were there: the challenge has kept the hash it needs.
    word = (1_030 << 64).to_bytes(32, "big")
    chain.provider.set_storage(network.chain.address, 0, word)
    answer(network, promise, inclusion_proof(batches, lower, 1, 2), user)
