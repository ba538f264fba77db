"""OrderingSlasher.report (ORDER-6, ORDER-7, ATTEST-1, ATTEST-3, REPORT-1)

report
├── when the block is not shown to be attested (test_report_neglect.py): refused
├── when an entry is no leaf, or a node, or of another depth: refused
├── when the number of entries, their rollups, or their places do not fit the fault: refused
├── when the transaction is another one, or none that L1 can read: refused
├── when the rollup is unknown, or registered too shortly before: refused, to the second
├── when the entries are in order, by any policy: refused
├── when the operator was slashed for it already: refused, with other faults too
└── when all is good: the operator is jailed and slashed
    ├── for each fault of ORDER-6, by each policy
    └── and the reporter is paid if it committed in an earlier block, whoever copies it
"""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from eth_utils.crypto import keccak

from sequencer.blocks.order import Ordering, OrderingPolicy, order_keys, value_of
from sequencer.ingress.transaction import Transaction, decode_transaction, read_fees
from sequencer.ordering.order import arrange, check_order
from sequencer.types import Hash32, RollupId
from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import ZERO, Actor, Network, Offence, Status, events
from tests.contracts.ordered import (
    AttestedBlock,
    OrderedBlock,
    OrderFault,
    Placed,
    ProvedEntry,
    attested,
    blocks_of,
    transaction,
)
from tests.contracts.settings import ETHER
from tests.vectors import reference as ref

SALT = b"\x05" * 32
PARENT = keccak(b"earlier")
ANN, BEN, CAT = (ref.account_of(900 + number) for number in range(3))
SHUFFLED_ROLLUP, ARRIVAL_ROLLUP = 2, 3
RISING, OVERSTATED, UNEARNED, NONCES = OrderFault


@pytest.fixture
def rollups(network: Network, user: Any) -> None:
    """Rollup 2 is shuffled, rollup 3 by arrival."""
    for policy in (OrderingPolicy.SHUFFLED, OrderingPolicy.ARRIVAL):
        network.rollups.register(43, ZERO, False, (int(policy), 0), sender=user)


def of_policy(raw: bytes, policy: OrderingPolicy) -> int:
    """ORDER-2 in a block on PARENT, without a base fee."""
    return ref.value(raw, int(policy), 0, PARENT)


def evidence_of(
    network: Network, actor: Actor, placed: list[Placed], at: list[int]
) -> tuple[AttestedBlock, list[ProvedEntry]]:
    """That `actor` attested a block of these transactions, and the ones at these positions."""
    (block,) = blocks = blocks_of([placed], network.times.genesis + 900)
    return attested(network, actor, blocks), [block.proved(position) for position in at]


def evidence_hash_of(
    network: Network, placed: list[Placed], evidence: tuple[AttestedBlock, list[ProvedEntry]]
) -> bytes:
    """REPORT-1: of the block of `evidence_of`."""
    (block,) = blocks_of([placed], network.times.genesis + 900)
    return bytes(network.ordering.evidenceHash(evidence[0][1], block.hash))


A5, A7, A9_AGAIN = transaction(ANN, 3, 5), transaction(ANN, 4, 7), transaction(ANN, 3, 9)
B5, B7 = transaction(BEN, 0, 5), transaction(BEN, 1, 7)
SHUFFLED_VALUE = of_policy(A5, OrderingPolicy.SHUFFLED)

FAULTS: dict[str, tuple[OrderFault, list[Placed], list[int]]] = {
    "rising": (RISING, [Placed(A5, 5), Placed(B7, 7)], [0, 1]),
    "rising, far apart": (
        RISING,
        [Placed(A5, 5), Placed(A5, 9, rollup=2), Placed(B5, 5), Placed(B7, 7)],
        [0, 3],
    ),
    "overstated": (OVERSTATED, [Placed(A5, 6)], [0]),
    "overstated by the last bit": (OVERSTATED, [Placed(A5, 2**128 - 1)], [0]),
    "first and below its value": (UNEARNED, [Placed(A5, 4)], [0]),
    "behind another rollup": (UNEARNED, [Placed(A5, 4, rollup=2), Placed(A7, 4)], [0, 1]),
    "behind another sender": (UNEARNED, [Placed(B5, 5), Placed(A7, 5)], [0, 1]),
    "behind another key": (UNEARNED, [Placed(A5, 5), Placed(A7, 4)], [0, 1]),
    "a nonce again": (NONCES, [Placed(A9_AGAIN, 9), Placed(A5, 5)], [0, 1]),
    "nonces that fall": (NONCES, [Placed(A7, 7), Placed(B5, 5), Placed(A5, 5)], [0, 2]),
    "a shuffled key overstated": (
        OVERSTATED,
        [Placed(A5, SHUFFLED_VALUE + 1, rollup=SHUFFLED_ROLLUP)],
        [0],
    ),
    "a shuffled key unearned": (
        UNEARNED,
        [Placed(A5, SHUFFLED_VALUE - 1, rollup=SHUFFLED_ROLLUP)],
        [0],
    ),
    "a key by arrival": (OVERSTATED, [Placed(A5, 1, rollup=ARRIVAL_ROLLUP)], [0]),
    "nonces that fall by arrival": (
        NONCES,
        [Placed(A7, 0, rollup=ARRIVAL_ROLLUP), Placed(A5, 0, rollup=ARRIVAL_ROLLUP)],
        [0, 1],
    ),
}


@pytest.mark.usefixtures("rollups")
@pytest.mark.parametrize("case", FAULTS)
def test_report_ordering__each_fault__jails_and_slashes(
    network: Network, alice: Actor, reporter: Any, case: str
) -> None:
    fault, placed, at = FAULTS[case]
    evidence = evidence_of(network, alice, placed, at)
    receipt = network.ordering.report(fault, *evidence, SALT, sender=reporter)
    (event,) = events(receipt, "DisorderReported")
    (block,) = blocks_of([placed], network.times.genesis + 900)
    assert event == {
        "id": 1,
        "epoch": 0,
        "rollupId": placed[at[-1]].rollup,
        "fault": fault,
        "blockHash": block.hash,
        "reporter": ZERO,
    }
    assert network.registry.operator(1).status == Status.JAILED
    assert network.ledger.partOf(0, 1, Offence.ORDERING) == 500
    # Nobody had committed to the report: the reward is burned.
    assert network.ledger.credit(reporter) == 0


def honest_block(policy: OrderingPolicy, rollup: int) -> list[Placed]:
    """As a node orders it: ties, several of one sender, and keys lowered to those before them."""
    tips = [(ANN, 0, 5), (ANN, 1, 9), (ANN, 2, 9), (BEN, 7, 5), (BEN, 8, 5), (CAT, 0, 8)]
    pooled = [
        decode_transaction(transaction(sender, nonce, tip), 7001) for sender, nonce, tip in tips
    ]
    ordering = Ordering(policy)
    ordered: list[Transaction] = arrange(pooled, ordering, Hash32(PARENT))
    check_order(ordered, ordering, Hash32(PARENT))
    values = [
        (RollupId(rollup), value_of(ordering, read_fees(tx.raw), tx.hash, Hash32(PARENT)))
        for tx in ordered
    ]
    keys = order_keys(values)
    assert policy != OrderingPolicy.PRIORITY or sorted(keys) != sorted(v for _, v in values)
    return [Placed(tx.raw, key, rollup) for tx, key in zip(ordered, keys, strict=True)]


@pytest.mark.usefixtures("rollups")
@pytest.mark.parametrize("policy", list(OrderingPolicy), ids=lambda policy: policy.name)
def test_report_ordering__honest_block__convicts_of_nothing(
    network: Network, faults: FaultCatalogue, alice: Actor, reporter: Any, policy: OrderingPolicy
) -> None:
    placed = honest_block(policy, int(policy) + 1)
    (block,) = blocks = blocks_of([placed], network.times.genesis + 900)
    proof = attested(network, alice, blocks)
    places = range(len(placed))
    attempts = [(fault, [*pair]) for fault in (RISING, NONCES) for pair in combinations(places, 2)]
    attempts += [(OVERSTATED, [at]) for at in places]
    attempts += [(UNEARNED, [at - 1, at] if at else [0]) for at in places]
    for fault, at in attempts:
        entries = [block.proved(position) for position in at]
        with faults.expect("InOrder", fault=fault):
            network.ordering.report.call(fault, proof, entries, SALT, sender=reporter)


def test_report_ordering__base_fee__is_taken_off(
    network: Network, faults: FaultCatalogue, user: Any, alice: Actor, reporter: Any
) -> None:
    network.rollups.register(43, ZERO, False, (0, 10**12 - 3), sender=user)
    for key, fault in ((3, None), (4, OVERSTATED), (2, UNEARNED)):
        evidence = evidence_of(network, alice, [Placed(A5, key, rollup=2)], [0])
        for tried in (OVERSTATED, UNEARNED):
            if tried == fault:
                network.ordering.report.call(tried, *evidence, SALT, sender=reporter)
                continue
            with faults.expect("InOrder", fault=tried):
                network.ordering.report.call(tried, *evidence, SALT, sender=reporter)


@pytest.mark.parametrize("fault", list(OrderFault), ids=lambda fault: fault.name)
def test_report_ordering__wrong_number_of_entries__is_refused(
    network: Network, faults: FaultCatalogue, alice: Actor, reporter: Any, fault: OrderFault
) -> None:
    proof, entries = evidence_of(network, alice, [Placed(A7, 7), Placed(A5, 4), Placed(B5, 4)], [0])
    wanted = {RISING: 2, OVERSTATED: 1, UNEARNED: 2, NONCES: 2}[fault]
    _, three = evidence_of(network, alice, [Placed(A7, 7), Placed(A5, 4), Placed(B5, 4)], [0, 1, 2])
    with faults.expect("WrongEntryCount", expected=1, actual=0):
        network.ordering.report(fault, proof, [], SALT, sender=reporter)
    with faults.expect("WrongEntryCount", expected=wanted, actual=3):
        network.ordering.report(fault, proof, three, SALT, sender=reporter)
    if fault in (RISING, NONCES):
        with faults.expect("WrongEntryCount", expected=2, actual=1):
            network.ordering.report(fault, proof, entries, SALT, sender=reporter)


def test_report_ordering__unearned_without_the_one_before__is_refused(
    network: Network, faults: FaultCatalogue, alice: Actor, reporter: Any
) -> None:
    placed = [Placed(A5, 5), Placed(B5, 5), Placed(B7, 5)]
    for at in ([0, 2], [2, 2]):
        evidence = evidence_of(network, alice, placed, at)
        with faults.expect("WrongPlaces", first=at[0], second=2):
            network.ordering.report(UNEARNED, *evidence, SALT, sender=reporter)
    evidence = evidence_of(network, alice, placed, [2])
    with faults.expect("WrongEntryCount", expected=2, actual=1):
        network.ordering.report(UNEARNED, *evidence, SALT, sender=reporter)


@pytest.mark.usefixtures("rollups")
def test_report_ordering__entries_reversed_or_of_two_rollups__are_refused(
    network: Network, faults: FaultCatalogue, alice: Actor, reporter: Any
) -> None:
    placed = [Placed(A7, 7), Placed(B5, 5), Placed(B7, 9, rollup=2)]
    for fault in (RISING, NONCES):
        for at in ([1, 0], [1, 1]):
            evidence = evidence_of(network, alice, placed, at)
            with faults.expect("WrongPlaces", first=at[0], second=at[1]):
                network.ordering.report(fault, *evidence, SALT, sender=reporter)
        evidence = evidence_of(network, alice, placed, [1, 2])
        with faults.expect("DifferentRollups", first=1, second=2):
            network.ordering.report(fault, *evidence, SALT, sender=reporter)


def test_report_ordering__no_leaf__is_refused(
    network: Network, faults: FaultCatalogue, alice: Actor, reporter: Any
) -> None:
    placed = [Placed(A7, 7), Placed(B7, 7), Placed(A5, 6), Placed(B5, 5), Placed(A5, 5)]
    proof, (good,) = evidence_of(network, alice, placed, [2])
    (rollup, position, hash_, key), siblings, sides, raw = good
    assert (len(siblings), sides) == (3, 0b010)
    entry = good[0]
    inner = keccak(b"\1" + siblings[0] + siblings[1])
    wrong: list[tuple[Any, list[bytes], int]] = [
        ((2, position, hash_, key), siblings, sides),
        ((rollup, 3, hash_, key), siblings, sides),
        ((rollup, position, keccak(b""), key), siblings, sides),
        ((rollup, position, hash_, key + 1), siblings, sides),
        (entry, siblings, sides ^ 1),
        (entry, siblings[::-1], sides),
        # Of the wrong depth, both ways.
        (entry, siblings[:-1], sides),
        (entry, [], 0),
        (entry, [*siblings, bytes(32)], sides),
        # A node given out for a leaf, and a leaf for a node.
        ((rollup, position, inner, key), siblings[2:], 0),
        ((rollup, position, siblings[0], key), siblings, sides),
    ]
    (block,) = blocks_of([placed], network.times.genesis + 900)
    root = block.header["transactionRoot"]
    for changed in wrong:
        with faults.expect("WrongRoot", expected=root):
            network.ordering.report.call(
                OVERSTATED, proof, [(*changed, raw)], SALT, sender=reporter
            )
    network.ordering.report.call(OVERSTATED, proof, [good], SALT, sender=reporter)


def test_report_ordering__node_as_long_as_a_leaf__does_not_exist(
    network: Network, faults: FaultCatalogue, alice: Actor, reporter: Any
) -> None:
    """A transaction whose bytes are the two children of a node is a leaf of its own and nothing
    else: leaves hash 57 bytes behind 0x00, nodes 65 behind 0x01."""
    placed = [Placed(A7, 7), Placed(B5, 5)]
    (block,) = blocks = blocks_of([placed], network.times.genesis + 900)
    left, right = block.leaves
    proof = attested(network, alice, blocks)
    for raw in (left + right, b"\1" + left + right):
        forged = ((1, 0, keccak(raw), 0), [], 0, raw)
        with faults.expect("WrongRoot", expected=block.header["transactionRoot"]):
            network.ordering.report(OVERSTATED, proof, [forged], SALT, sender=reporter)


def test_report_ordering__another_transaction_or_none__is_refused(
    network: Network, faults: FaultCatalogue, alice: Actor, reporter: Any
) -> None:
    proof, (entry, *path, _) = _flat(evidence_of(network, alice, [Placed(A5, 6)], [0]))
    for raw in (B5, A5[:-1], A5 + b"\0", b""):
        with faults.expect("WrongTransaction", expected=keccak(A5), actual=keccak(raw)):
            network.ordering.report(OVERSTATED, proof, [(entry, *path, raw)], SALT, sender=reporter)
    for raw in (b"\x03" + A5[1:], b""):
        evidence = evidence_of(network, alice, [Placed(raw, 6)], [0])
        with faults.expect("UnknownTransactionType", actual=raw[0] if raw else 0):
            network.ordering.report(OVERSTATED, *evidence, SALT, sender=reporter)


def _flat(evidence: tuple[AttestedBlock, list[ProvedEntry]]) -> tuple[Any, Any]:
    return evidence[0], evidence[1][0]


def test_report_ordering__rising__needs_no_transactions(
    network: Network, alice: Actor, reporter: Any
) -> None:
    proof, entries = evidence_of(network, alice, [Placed(b"\0", 5), Placed(b"\1", 7)], [0, 1])
    bare = [(*entry[:3], b"") for entry in entries]
    network.ordering.report(RISING, proof, bare, SALT, sender=reporter)
    assert network.registry.operator(1).status == Status.JAILED


def test_report_ordering__rollup_registered_lately__is_refused_to_the_second(
    network: Network, faults: FaultCatalogue, user: Any, alice: Actor, reporter: Any
) -> None:
    registered = network.rollups.register(43, ZERO, False, (0, 0), sender=user).timestamp
    provable_from = registered + network.exit_delay
    for origin in (provable_from - 1, provable_from):
        (block,) = blocks = blocks_of([[Placed(A5, 6, rollup=2)]], origin)
        evidence = (attested(network, alice, blocks), [block.proved(0)])
        if origin == provable_from:
            network.ordering.report(OVERSTATED, *evidence, SALT, sender=reporter)
            continue
        with faults.expect("NotYetProvable", provableFrom=provable_from, actual=origin):
            network.ordering.report(OVERSTATED, *evidence, SALT, sender=reporter)
    for rollup in (0, 3):
        evidence = evidence_of(network, alice, [Placed(A5, 6, rollup=rollup)], [0])
        with faults.expect("UnknownRollup", rollupId=rollup):
            network.ordering.report(OVERSTATED, *evidence, SALT, sender=reporter)


def test_report_ordering__block_deep_in_its_batch__convicts_each_attester(
    network: Network, alice: Actor, bob: Actor, reporter: Any
) -> None:
    blocks: list[OrderedBlock] = blocks_of(
        [[Placed(A5, 5)], [Placed(A5, 6), Placed(B5, 5)], [], []], network.times.genesis + 900
    )
    for id_, actor in ((1, alice), (2, bob)):
        proof = attested(network, actor, blocks, at=1)
        network.ordering.report(OVERSTATED, proof, [blocks[1].proved(0)], SALT, sender=reporter)
        assert network.registry.operator(id_).status == Status.JAILED
    assert network.registry.operator(3).status == Status.ACTIVE


def test_report_ordering__again__is_refused_with_other_faults_too(
    network: Network, faults: FaultCatalogue, alice: Actor, reporter: Any
) -> None:
    """P9: a fault, its copy, and another fault of the epoch are one offence."""
    for number, case in enumerate(("overstated", "overstated", "nonces that fall", "rising")):
        fault, placed, at = FAULTS[case]
        evidence = evidence_of(network, alice, placed, at)
        if number == 0:
            network.ordering.report(fault, *evidence, SALT, sender=reporter)
            continue
        with faults.expect("AlreadySlashed", epoch=0, id=1, offence=Offence.ORDERING):
            network.ordering.report(fault, *evidence, SALT, sender=reporter)


def test_report_ordering__committed_before__pays_the_reporter_and_no_copyist(
    network: Network, faults: FaultCatalogue, alice: Actor, reporter: Any, stranger: Any
) -> None:
    """P10, REPORT-1."""
    fault, placed, at = FAULTS["overstated"]
    evidence = evidence_of(network, alice, placed, at)
    evidence_hash = evidence_hash_of(network, placed, evidence)
    commitment = network.ordering.reportCommitment(reporter, SALT, evidence_hash)
    network.ordering.commitReport(commitment, sender=reporter)
    receipt = network.ordering.report(fault, *evidence, SALT, sender=reporter)
    assert events(receipt, "DisorderReported")[0]["reporter"] == reporter.address
    assert network.ledger.credit(reporter) == 10 * ETHER * 5 // 100 // 10
    with faults.expect("AlreadySlashed"):
        network.ordering.report(fault, *evidence, SALT, sender=stranger)


def test_report_ordering__copied__burns_the_reward(
    network: Network, alice: Actor, reporter: Any, stranger: Any
) -> None:
    fault, placed, at = FAULTS["overstated"]
    evidence = evidence_of(network, alice, placed, at)
    evidence_hash = evidence_hash_of(network, placed, evidence)
    commitment = network.ordering.reportCommitment(reporter, SALT, evidence_hash)
    network.ordering.commitReport(commitment, sender=reporter)
    # Whoever sees it in the mempool has its evidence and its salt, and no commitment of its own.
    receipt = network.ordering.report(fault, *evidence, SALT, sender=stranger)
    assert events(receipt, "DisorderReported")[0]["reporter"] == ZERO
    assert network.ledger.credit(stranger) == network.ledger.credit(reporter) == 0
