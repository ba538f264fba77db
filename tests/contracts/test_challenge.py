"""DataAvailabilityChallenge.challenge and priceOf (DATA-1, DATA-2)

challenge
├── when there is no batch or no header in the proof: refused
├── when a batch is not the one of L1's ring, or not the parent of the one before it: refused
├── when the first batch is not in the ring: refused, and by a later one that is: heard
├── when a header is not the batch's last, or not the parent of the one before it: refused
├── when the block is below the batch: refused, and its first one heard
├── when the entry is not a leaf: refused, whatever word of it or of its path is another
├── when it was challenged before: refused, open, answered or void
├── when less than the price is paid: refused, to the wei
└── when all is good: open until the deadline
    ├── for every leaf of every number of leaves
    ├── what is paid above the price is credited
    └── data longer than any transaction costs no more than the longest
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sequencer.blocks import merkle
from tests.contracts.faults import FaultCatalogue
from tests.contracts.held import chain_of, challenge_held, commit_blocks, price, proof_of
from tests.contracts.network import Clock, Network, events
from tests.contracts.settings import ETHER
from tests.vectors import reference as ref

OPEN, ANSWERED, VOID = 1, 2, 3
DATA = b"\x07" * 300
BLOCKS = chain_of(
    [[(1, b"one")], [(1, DATA), (3, b"three")], [(1, b"two")], []],
    first_height=11,
    transactions=[0, 3, 0, 0],
)
AT, NUMBER = 1, 0
"""The segment of most tests: in the second block, behind three transactions."""


@pytest.fixture
def batch(network: Network, submitter: Any) -> ref.Batch:
    return commit_blocks(network, BLOCKS, submitter)


def challenge(network: Network, sender: Any, batches: Any, at: int = AT, wei: int = ETHER) -> Any:
    return challenge_held(network, BLOCKS, at, NUMBER, sender, batches=batches, wei=wei)


def test_challenge__good_proof__is_open_until_the_deadline(
    network: Network, batch: ref.Batch, user: Any
) -> None:
    receipt = challenge(network, user, [batch])
    id_, deadline = BLOCKS[AT].challenge_id(NUMBER), receipt.timestamp + network.held.answerSeconds
    rollup, _, length, hash_ = BLOCKS[AT].entry(NUMBER)
    (event,) = events(receipt, "DataChallenged")
    assert event == {
        "id": id_,
        "rollupId": rollup,
        "index": 1,
        "challenger": user.address,
        "length": length,
        "hash": hash_,
        "deadline": deadline,
    }
    wei = price(length, receipt.block.base_fee)
    asked = tuple(vars(network.data.challengeOf(id_)).values())
    assert asked == (user, deadline, length, wei, rollup, 1, OPEN, hash_, batch.hash())
    assert network.data.credit(user) == ETHER - wei
    assert network.data.balance == ETHER


def test_challenge__exact_price__leaves_no_credit(
    network: Network, batch: ref.Batch, faults: FaultCatalogue, chain: Any, user: Any
) -> None:
    base_fee = 7 * 10**9
    wei = price(len(DATA), base_fee)

    def next_base_fee() -> None:
        chain.provider.make_request("anvil_setNextBlockBaseFeePerGas", [hex(base_fee)])

    next_base_fee()
    with faults.expect("PriceTooLow", actual=wei - 1):
        challenge(network, user, [batch], wei=wei - 1)
    next_base_fee()
    receipt = challenge(network, user, [batch], wei=wei)
    assert receipt.block.base_fee == base_fee
    assert network.data.credit(user) == 0
    assert network.data.balance == wei


def test_challenge__every_leaf_of_every_count__is_found(
    network: Network, submitter: Any, user: Any
) -> None:
    blocks = chain_of([[(rollup, b"%d" % rollup) for rollup in range(n)] for n in range(1, 8)])
    batch = commit_blocks(network, blocks, submitter)
    for at, block in enumerate(blocks):
        for number in range(len(block.held)):
            proof = proof_of([batch], blocks, at, number)
            # The program's own tree gives the same path.
            assert tuple(proof[2]) == merkle.prove(block.leaves, number)
            entry = block.entry(number)
            found = network.data.challenge.call(entry, proof, value=ETHER, sender=user)
            assert bytes(found) == block.challenge_id(number)


def test_challenge__no_batch_or_no_header__is_refused(
    network: Network, batch: ref.Batch, faults: FaultCatalogue, user: Any
) -> None:
    entry = BLOCKS[AT].entry(NUMBER)
    batches, headers, siblings, sides = proof_of([batch], BLOCKS, AT, NUMBER)
    for proof in (([], headers, siblings, sides), (batches, [], siblings, sides)):
        with faults.expect("EmptyProof"):
            network.data.challenge(entry, proof, value=ETHER, sender=user)


def test_challenge__another_batch__is_refused(
    network: Network, batch: ref.Batch, faults: FaultCatalogue, submitter: Any, user: Any
) -> None:
    forged = batch.but(firstHeight=1)
    with faults.expect("WrongBatch", place=0, expected=batch.hash(), actual=forged.hash()):
        challenge(network, user, [forged])
    later = commit_blocks(network, BLOCKS[:1], submitter)
    with faults.expect("WrongBatch", place=1, expected=batch.hash(), actual=forged.hash()):
        challenge(network, user, [later, forged])
    with faults.expect("BatchHashUnavailable", index=3, last=2):
        challenge(network, user, [batch.but(index=3)])


def test_challenge__ring_turned_over__leads_there_by_parents(
    network: Network,
    batch: ref.Batch,
    faults: FaultCatalogue,
    chain: Any,
    submitter: Any,
    user: Any,
) -> None:
    later = [
        commit_blocks(network, chain_of([[]], first_height=20 + n), submitter) for n in range(2)
    ]
    # As if there were 1,023 batches more, all in other places of the ring than that of batch 2.
    word = (1_025 << 64).to_bytes(32, "big")
    chain.provider.set_storage(network.chain.address, 0, word)
    with faults.expect("BatchHashUnavailable", index=1, last=1_025):
        challenge(network, user, [batch])
    challenge(network, user, [later[0], batch], at=0)
    challenge(network, user, [*reversed(later), batch])


def test_challenge__another_header__is_refused(
    network: Network, batch: ref.Batch, faults: FaultCatalogue, user: Any
) -> None:
    entry = BLOCKS[AT].entry(NUMBER)
    batches, headers, siblings, sides = proof_of([batch], BLOCKS, AT, NUMBER)
    for place in range(3):
        forged = replace(BLOCKS[3 - place], height=12)
        changed = [*headers]
        changed[place] = tuple((forged.header | {"view": 1}).values())
        with faults.expect("WrongHeader", place=place, expected=BLOCKS[3 - place].hash):
            proof = (batches, changed, siblings, sides)
            network.data.challenge(entry, proof, value=ETHER, sender=user)


def test_challenge__block_below_the_batch__is_refused(
    network: Network, faults: FaultCatalogue, submitter: Any, user: Any
) -> None:
    upper = BLOCKS[2:]
    batch = commit_blocks(network, upper, submitter)
    with faults.expect("BelowBatch", firstHeight=13, actual=12):
        challenge(network, user, [batch])
    network.data.challenge(
        upper[0].entry(0), proof_of([batch], upper, 0, 0), value=ETHER, sender=user
    )


def test_challenge__not_a_leaf__is_refused(
    network: Network, batch: ref.Batch, faults: FaultCatalogue, user: Any
) -> None:
    rollup, position, length, hash_ = entry = BLOCKS[AT].entry(NUMBER)
    batches, headers, siblings, sides = proof_of([batch], BLOCKS, AT, NUMBER)
    root = BLOCKS[AT].header["transactionRoot"]
    good = (siblings, sides)
    # Three leaves in front, one behind: the last sibling stands on the right, the others left.
    assert (len(siblings), sides) == (3, 0b011)
    wrong: list[tuple[Any, Any]] = [
        ((rollup + 1, position, length, hash_), good),
        ((rollup, position + 1, length, hash_), good),
        ((rollup, position, length - 1, hash_), good),
        ((rollup, position, length, bytes(32)), good),
        (entry, (siblings, sides ^ 1)),
        (entry, (siblings, sides ^ 4)),
        (entry, (siblings[:-1], sides)),
        (entry, ([*siblings, bytes(32)], sides)),
        # A transaction's leaf is none of held data.
        ((1, 2, 32, ref.keccak(b"tx2")), proof_of([batch], BLOCKS, AT, -1)[2:]),
    ]
    for changed, path in wrong:
        with faults.expect("WrongRoot", expected=root):
            proof = (batches, headers, *path)
            network.data.challenge(changed, proof, value=ETHER, sender=user)


def test_challenge__sides_above_the_path__change_no_id(
    network: Network, batch: ref.Batch, faults: FaultCatalogue, user: Any
) -> None:
    challenge(network, user, [batch])
    proof = proof_of([batch], BLOCKS, AT, NUMBER)
    varied = (*proof[:3], proof[3] | 1 << 200)
    with faults.expect("WrongStatus", id=BLOCKS[AT].challenge_id(NUMBER)):
        network.data.challenge(BLOCKS[AT].entry(NUMBER), varied, value=ETHER, sender=user)


def test_challenge__twice__is_refused_for_ever(
    network: Network,
    batch: ref.Batch,
    faults: FaultCatalogue,
    clock: Clock,
    user: Any,
    stranger: Any,
) -> None:
    for at in (0, 1):
        challenge(network, user, [batch], at=at)
        with faults.expect("WrongStatus", expected=0, actual=OPEN):
            challenge(network, stranger, [batch], at=at)
    network.data.answer(BLOCKS[0].challenge_id(0), b"one", sender=stranger)
    clock.jump_to(clock.now + network.held.answerSeconds)
    network.data.settle(BLOCKS[1].challenge_id(0), sender=stranger)
    for at, status in ((0, ANSWERED), (1, VOID)):
        with faults.expect("WrongStatus", expected=0, actual=status):
            challenge(network, stranger, [batch], at=at)


def test_price_of__longer_than_a_transaction__costs_no_more(network: Network, clock: Clock) -> None:
    clock.jump_to(clock.now + 1)
    longest = 128 << 10
    for length in (longest + 1, 2**32 - 1):
        assert network.data.priceOf(length) == network.data.priceOf(longest)
    assert network.data.priceOf(longest) - network.data.priceOf(longest - 1) > 0
