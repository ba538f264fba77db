"""CommitmentChain.health (CERT-9, COMM-6, INS-5)

health
├── before the first commit: seconds count from genesis
├── after a commit: seconds count from it
├── with a queue: pending and due messages
├── the committee of this epoch: its own, kept from before, or missing
└── what stands behind promises
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.contracts.network import Actor, Clock, Network
from tests.contracts.settings import ETHER

# In the order of the contract's enum.
MISSING, KEPT, RECORDED = 0, 1, 2


def test_health__before_genesis__is_all_zero(
    deploy_network: Callable[..., Network],
) -> None:
    health = vars(deploy_network().chain.health())
    assert set(vars(health.pop("coverage")).values()) == {0}
    assert set(health.values()) == {0}


def test_health__no_commit_yet__counts_from_genesis(network: Network, clock: Clock) -> None:
    clock.jump_to(network.times.genesis + 77)
    health = network.chain.health()
    assert (health.lastIndex, health.committedAt, health.secondsSince) == (0, 0, 77)


def test_health__after_a_commit__counts_from_it(
    network: Network, clock: Clock, submitter: Any
) -> None:
    receipt = network.commit(sender=submitter)
    clock.jump_to(receipt.timestamp + 33)
    health = network.chain.health()
    assert (health.committedAt, health.secondsSince) == (receipt.timestamp, 33)


def test_health__with_a_queue__shows_what_waits(network: Network, clock: Clock, user: Any) -> None:
    network.enqueue(user)
    clock.set_next(clock.now + 50)
    network.enqueue(user)
    clock.jump_to(network.inbox.message(0)[0])
    health = network.chain.health()
    assert (health.pending, health.due) == (2, 1)


def test_health__committee__is_its_own_kept_or_missing(
    network: Network, clock: Clock, user: Any, dave: Actor
) -> None:
    assert network.chain.health().committee == RECORDED
    network.registry.initiateExit(sender=dave.account)
    clock.jump_to(network.times.start_of(3))
    assert network.chain.health().committee == MISSING
    network.committee.snapshot(3, sender=user)
    assert network.chain.health().committee == KEPT
    clock.jump_to(network.times.start_of(4))
    assert network.chain.health().committee == MISSING


def test_health__coverage__is_that_of_the_pool(network: Network, user: Any) -> None:
    network.insurance.fund(value=ETHER, sender=user)
    coverage = network.chain.health().coverage
    assert coverage == network.insurance.coverage()
    assert (coverage.bondedWei, coverage.insuredWei) == (40 * ETHER, ETHER)
    # A fifth of each bond is slashed, of which half is the victim's (settings.VALUES).
    assert coverage.promisableWei == 4 * ETHER
