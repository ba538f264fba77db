"""Committee.snapshot (COMM-1 to COMM-4; the cap, COMM-5, is in test_cap.py)

snapshot
├── when genesis has not come: refused
├── when the selection time is not past: refused
├── when the epoch is beyond the next: refused
├── when the epoch has ended: refused
│   └── unless it is epoch 0 and the first
├── when the epoch is not above the last recorded one: refused
├── when too few are eligible
│   ├── with a committee before: it is kept
│   └── with none: refused
└── when all is good: the heaviest, ties by lower id, as of the selection time, as code
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Actor, Clock, Network, events
from tests.contracts.settings import ETHER
from tests.vectors import reference as ref


def members_of(network: Network, weights: list[int]) -> list[ref.Member]:
    return [
        ref.Member(number, actor.key.address, weight)
        for number, (actor, weight) in enumerate(
            zip(network.members, weights, strict=True), start=1
        )
    ]


def test_snapshot__equal_weights__orders_by_id(network: Network, chain: Any) -> None:
    expected = ref.committee_bytes(members_of(network, [10 * ETHER] * 4))
    assert bytes(network.committee.committeeBytes(0)) == expected
    assert bytes(network.committee.committeeHash(0)) == ref.keccak(expected)
    code = chain.provider.get_code(network.committee.pointerOf(0))
    assert bytes(code) == b"\x00" + expected


def test_snapshot__next_epoch__takes_weights_of_the_selection_time(
    network: Network, clock: Clock, user: Any, alice: Actor, dave: Actor
) -> None:
    # Epoch 3 is chosen from the weights at the start of epoch 1 (COMM-1).
    selection = network.times.start_of(1)
    assert network.committee.selectionTime(3) == selection
    clock.set_next(selection)
    network.delegate(4, ETHER, sender=dave.account)
    clock.set_next(selection + 1)
    network.delegate(1, 5 * ETHER, sender=alice.account)
    clock.set_next(network.times.start_of(2))
    receipt = network.committee.snapshot(3, sender=user)

    members = members_of(network, [10 * ETHER, 10 * ETHER, 10 * ETHER, 11 * ETHER])
    expected = ref.committee_bytes(ref.select(members, 64))
    assert bytes(network.committee.committeeBytes(3)) == expected
    assert events(receipt, "CommitteeRecorded") == [
        {
            "epoch": 3,
            "pointer": network.committee.pointerOf(3),
            "committeeHash": ref.keccak(expected),
        }
    ]
    assert network.committee.lastEpoch() == 3


def test_selection_time__first_epochs__is_genesis(network: Network) -> None:
    offsets = [network.committee.selectionTime(e) - network.times.genesis for e in range(5)]
    assert offsets == [0, 0, 0, 1_000, 2_000]


def test_snapshot__skipped_epoch__has_no_committee(
    network: Network, faults: FaultCatalogue, clock: Clock, user: Any
) -> None:
    clock.jump_to(network.times.start_of(1) + 1)
    network.committee.snapshot(2, sender=user)
    assert int(network.committee.pointerOf(1), 16) == 0
    with faults.expect("NoCommittee", epoch=1):
        network.committee.committeeHash(1)
    with faults.expect("EpochNotAscending", last=2, actual=1):
        network.committee.snapshot(1, sender=user)


def test_snapshot__same_epoch_twice__is_refused(
    network: Network, faults: FaultCatalogue, user: Any
) -> None:
    with faults.expect("EpochNotAscending", last=0, actual=0):
        network.committee.snapshot(0, sender=user)


def test_snapshot__too_far__is_refused(network: Network, faults: FaultCatalogue, user: Any) -> None:
    for epoch in (2, 2**64 - 1):
        with faults.expect("EpochTooFar", maximum=1, actual=epoch):
            network.committee.snapshot(epoch, sender=user)


def test_snapshot__selection_not_past__is_refused(
    deploy_network: Callable[..., Network],
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    user: Any,
) -> None:
    """Two epochs back, only genesis itself can be too early."""
    fresh = deploy_network(genesis=clock.now + 500)
    for actor in network.members:
        fresh.bond(actor)
    genesis = fresh.times.genesis
    clock.set_next(genesis)
    with faults.expect("SelectionNotInThePast", selection=genesis, actual=genesis):
        fresh.committee.snapshot(0, sender=user)
    clock.set_next(genesis + 1)
    fresh.committee.snapshot(0, sender=user)


def test_snapshot__ended__is_refused(
    network: Network, faults: FaultCatalogue, clock: Clock, user: Any
) -> None:
    end = network.times.end_of(1)
    clock.set_next(end)
    with faults.expect("EpochEnded", endedAt=end, actual=end):
        network.committee.snapshot(1, sender=user)


def test_snapshot__last_second_of_the_epoch__is_taken(
    network: Network, clock: Clock, user: Any
) -> None:
    clock.set_next(network.times.end_of(1) - 1)
    network.committee.snapshot(1, sender=user)


def test_snapshot__before_genesis__is_refused(
    deploy_network: Callable[..., Network], faults: FaultCatalogue, clock: Clock, user: Any
) -> None:
    early = deploy_network(genesis=clock.now + 500)
    clock.set_next(early.times.genesis - 1)
    with faults.expect(
        "BeforeGenesis", genesis=early.times.genesis, actual=early.times.genesis - 1
    ):
        early.committee.snapshot(0, sender=user)


@pytest.fixture
def late(deploy_network: Callable[..., Network], network: Network, clock: Clock) -> Network:
    """Bonded before genesis; now is epoch 5, and nobody ever took a snapshot."""
    late = deploy_network(genesis=clock.now + 500)
    late.members = network.members
    for actor in late.members:
        late.bond(actor)
    clock.jump_to(late.times.start_of(5) + 1)
    return late


def test_snapshot__epoch_0_first__may_be_late(late: Network, user: Any) -> None:
    late.committee.snapshot(0, sender=user)
    assert late.committee.pointerOf(0) != "0x" + "00" * 20
    late.committee.snapshot(6, sender=user)


def test_snapshot__another_epoch_first__is_refused(
    late: Network, faults: FaultCatalogue, user: Any
) -> None:
    """COMM-3: whoever could record a later epoch first would stop the chain before it begins."""
    with faults.expect("EpochZeroMissing", actual=5):
        late.committee.snapshot(5, sender=user)
    late.committee.snapshot(0, sender=user)
    late.committee.snapshot(5, sender=user)


def test_snapshot__too_few_and_none_before__is_refused(
    deploy_network: Callable[..., Network],
    faults: FaultCatalogue,
    clock: Clock,
    user: Any,
    alice: Actor,
) -> None:
    small = deploy_network(genesis=clock.now + 500, min_size=2)
    small.bond(alice)
    clock.jump_to(small.times.genesis + 1)
    with faults.expect("TooFewEligible", minimum=2, actual=1):
        small.committee.snapshot(0, sender=user)


def test_snapshot__too_few__keeps_the_last_committee(
    network: Network, clock: Clock, user: Any, submitter: Any, alice: Actor
) -> None:
    network.registry.initiateExit(sender=alice.account)
    clock.jump_to(network.times.start_of(2))
    receipt = network.committee.snapshot(3, sender=user)

    assert events(receipt, "CommitteeKept") == [
        {
            "epoch": 3,
            "pointer": network.committee.pointerOf(0),
            "committeeHash": bytes(network.committee.committeeHash(0)),
            "eligible": 3,
        }
    ]
    assert network.committee.pointerOf(3) == network.committee.pointerOf(0)
    # A commit finds a kept committee too, though its address follows from another epoch.
    clock.set_next(network.times.start_of(3))
    network.commit(epoch=3, sender=submitter)


def test_snapshot__more_than_max_size__takes_the_heaviest(
    deploy_network: Callable[..., Network], network: Network, clock: Clock, user: Any, erin: Actor
) -> None:
    small = deploy_network(genesis=clock.now + 500, min_size=1, max_size=3)
    small.members = [*network.members, erin]
    weights = [2 * ETHER, 3 * ETHER, ETHER, 3 * ETHER, 2 * ETHER]
    for actor, weight in zip(small.members, weights, strict=True):
        small.bond(replace(actor), weight)
    clock.jump_to(small.times.genesis + 1)
    small.committee.snapshot(0, sender=user)

    chosen = ref.select(members_of(small, weights), 3)
    assert [member.id for member in chosen] == [2, 4, 1]
    assert bytes(small.committee.committeeBytes(0)) == ref.committee_bytes(chosen)
