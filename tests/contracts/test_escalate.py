"""SlashingLedger.escalate (LEDGER-3)

escalate
├── when nothing was slashed: refused
├── when the part taken is the one due, because nobody else offended, or the operator is not
│   ejected, or the whole is gone: refused
├── when the operator's release has come: refused
└── when others offended since: the difference is taken
    ├── all lose the same part in whatever order they were reported
    ├── the caller is the reporter of the difference
    └── who came after the offence is not hit
"""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Clock, Consequence, Network, Offence, Status, events
from tests.contracts.settings import ETHER

EQUIVOCATION = Offence.EQUIVOCATION


def escalate(network: Network, id_: int, sender: Any, epoch: int = 0) -> Any:
    return network.ledger.escalate(epoch, id_, EQUIVOCATION, sender=sender)


def test_escalate__nothing_slashed__is_refused(
    network: Network, faults: FaultCatalogue, test_slasher: Any, stranger: Any
) -> None:
    network.slash(1, sender=test_slasher)
    for epoch, id_ in ((0, 2), (1, 1), (2**64 - 1, 1), (0, 99)):
        with faults.expect("NotSlashed", epoch=epoch, id=id_, offence=EQUIVOCATION):
            escalate(network, id_, stranger, epoch=epoch)


def test_escalate__nothing_due__is_refused(
    network: Network, faults: FaultCatalogue, test_slasher: Any, stranger: Any
) -> None:
    network.slash(1, sender=test_slasher)
    with faults.expect("NothingToEscalate", partBps=3_500):
        escalate(network, 1, stranger)
    # Jailed for the same offence: it neither counts nor is counted.
    network.slash(2, consequence=Consequence.JAIL, sender=test_slasher)
    for id_, part in ((1, 3_500), (2, 1_000)):
        with faults.expect("NothingToEscalate", partBps=part):
            escalate(network, id_, stranger)
    network.slash(3, severity=10, sender=test_slasher)
    with faults.expect("NothingToEscalate", partBps=10_000):
        escalate(network, 3, stranger)
    escalate(network, 1, stranger)
    with faults.expect("NothingToEscalate", partBps=6_000):
        escalate(network, 1, stranger)


def test_escalate__released__is_refused(
    network: Network, faults: FaultCatalogue, clock: Clock, test_slasher: Any, stranger: Any
) -> None:
    network.slash(1, sender=test_slasher)
    release_at = network.registry.operator(1).releaseAt
    network.slash(2, sender=test_slasher)
    clock.set_next(release_at)
    with faults.expect("NotSlashable", id=1, actual=Status.EJECTED):
        escalate(network, 1, stranger)


def test_escalate__last_second__is_heard(
    network: Network, clock: Clock, test_slasher: Any, stranger: Any
) -> None:
    network.slash(1, sender=test_slasher)
    network.slash(2, sender=test_slasher)
    clock.set_next(network.registry.operator(1).releaseAt - 1)
    escalate(network, 1, stranger)
    assert network.registry.stake(1).stakedWei == 4 * ETHER


@pytest.mark.parametrize("order", permutations((1, 2, 3)), ids=str)
def test_escalate__in_whatever_order__leaves_all_with_the_same_part(
    network: Network, test_slasher: Any, stranger: Any, order: tuple[int, ...]
) -> None:
    # Somebody lost stake for something else before, and one was delegated to.
    network.slash(2, offence=Offence.ORDERING, consequence=Consequence.NONE, sender=test_slasher)
    network.delegate(3, 10 * ETHER, sender=stranger)
    before = {id_: network.registry.stake(id_).stakedWei for id_ in order}
    for id_ in order:
        network.slash(id_, sender=test_slasher)
    for id_ in order[:-1]:
        escalate(network, id_, stranger)
    for id_ in order:
        assert network.ledger.partOf(0, id_, EQUIVOCATION) == 8_500
        assert abs(network.registry.stake(id_).stakedWei - before[id_] * 1_500 // 10_000) <= 1


def test_escalate__after_each_report__comes_to_the_same(
    network: Network, test_slasher: Any, stranger: Any
) -> None:
    for last in (1, 2, 3):
        network.slash(last, sender=test_slasher)
        for id_ in range(1, last):
            escalate(network, id_, stranger)
    left = [network.registry.stake(id_).stakedWei for id_ in (1, 2, 3)]
    assert max(left) - min(left) <= 2
    assert abs(left[2] - 10 * ETHER * 1_500 // 10_000) <= 1


def test_escalate__by_anyone__pays_its_caller_for_the_difference(
    network: Network, test_slasher: Any, reporter: Any, stranger: Any
) -> None:
    network.slash(1, reporter=reporter, sender=test_slasher)
    paid = network.ledger.credit(reporter)
    network.slash(2, sender=test_slasher)
    receipt = escalate(network, 1, stranger)
    # From 3,500 to 6,000 basis points of ten ether.
    (event,) = events(receipt, "OperatorSlashed")
    assert (event["partBps"], event["reporter"]) == (6_000, stranger.address)
    assert sum(event["split"]) == 25 * ETHER // 10
    assert network.ledger.credit(stranger) == 25 * ETHER // 100
    assert network.ledger.credit(reporter) == paid
    # It stays ejected as it was.
    first = network.registry.operator(1)
    assert (first.status, first.releaseAt) < (Status.RELEASED, receipt.timestamp + 3_800)


def test_escalate__new_place_of_the_same_cold_key__is_not_hit(
    network: Network, clock: Clock, test_slasher: Any, stranger: Any, erin: Any, alice: Any
) -> None:
    network.slash(1, sender=test_slasher)
    clock.jump_to(network.registry.operator(1).releaseAt)
    network.registry.release(1, sender=stranger)
    network.bond(type(alice)(alice.account, erin.key))
    network.slash(2, sender=test_slasher)
    assert network.registry.stake(5).stakedWei == 10 * ETHER
