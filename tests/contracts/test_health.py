"""CommitmentChain.health (CERT-9)

health
├── before the first commit: seconds count from genesis
├── after a commit: seconds count from it
└── with a queue: pending and due messages
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.contracts.network import Clock, Network


def test_health__before_genesis__is_all_zero(
    deploy_network: Callable[..., Network],
) -> None:
    assert set(vars(deploy_network().chain.health()).values()) == {0}


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
