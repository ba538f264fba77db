"""ForcedInbox.consume (INBOX-6), called as the CommitmentChain

consume
├── when the caller is not the chain: refused
├── when count is beyond the queue: refused
├── when the first message left over is due: refused, at its very second
└── when all is good
    ├── ahead of what is consumed: consumed moves to count
    └── behind it (L1 has forced meanwhile): nothing changes
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Clock, Network, events


@pytest.fixture
def as_chain(network: Network, accounts: Any, chain: Any) -> Any:
    """The CommitmentChain as a sender."""
    chain.provider.set_balance(network.chain.address, 10**18)
    return accounts[network.chain.address]


@pytest.fixture
def deadlines(network: Network, clock: Clock, user: Any) -> list[int]:
    """Three messages, enqueued 100 seconds apart."""
    start = clock.now + 10
    for index in range(3):
        clock.set_next(start + 100 * index)
        network.enqueue(user)
    return [network.inbox.message(index)[0] for index in range(3)]


@pytest.mark.usefixtures("deadlines")
def test_consume__ahead__moves(network: Network, as_chain: Any) -> None:
    receipt = network.inbox.consume(2, sender=as_chain)
    (event,) = receipt.events
    assert event.event_name == "MessagesConsumed"
    assert list(event.event_arguments.values()) == [0, 2]
    assert network.inbox.head()[:2] == (3, 2)


def test_consume__behind_a_force__changes_nothing(
    network: Network, clock: Clock, as_chain: Any, user: Any, deadlines: list[int]
) -> None:
    clock.set_next(deadlines[1])
    network.inbox.forceInclude(2, sender=user)
    receipt = network.inbox.consume(1, sender=as_chain)
    assert events(receipt, "MessagesConsumed") == []
    assert network.inbox.head()[:2] == (3, 2)


def test_consume__due_message_left__is_refused(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    as_chain: Any,
    deadlines: list[int],
) -> None:
    clock.set_next(deadlines[1] - 1)
    network.inbox.consume(1, sender=as_chain)
    clock.set_next(deadlines[1])
    with faults.expect("DueMessageLeft", index=1, deadline=deadlines[1], actual=deadlines[1]):
        network.inbox.consume(1, sender=as_chain)
    clock.set_next(deadlines[1])
    network.inbox.consume(2, sender=as_chain)


def test_consume__all_of_a_due_queue__is_good(
    network: Network, clock: Clock, as_chain: Any, deadlines: list[int]
) -> None:
    clock.set_next(deadlines[2] + 1_000)
    network.inbox.consume(3, sender=as_chain)
    assert network.inbox.backlog() == (0, 0)


def test_consume__beyond_the_queue__is_refused(
    network: Network, faults: FaultCatalogue, as_chain: Any
) -> None:
    for count in (1, 2**32, 2**64 - 1):
        with faults.expect("BeyondQueue", length=0, actual=count):
            network.inbox.consume(count, sender=as_chain)


def test_consume__not_the_chain__is_refused(
    network: Network, faults: FaultCatalogue, stranger: Any
) -> None:
    with faults.expect("NotTheChain", expected=network.chain.address, actual=stranger.address):
        network.inbox.consume(0, sender=stranger)


def test_backlog__each_second__counts_what_is_due(
    network: Network, clock: Clock, as_chain: Any, deadlines: list[int]
) -> None:
    assert network.inbox.backlog() == (3, 0)
    for due, deadline in enumerate(deadlines):
        clock.jump_to(deadline - 1)
        assert network.inbox.backlog() == (3, due)
        clock.jump_to(deadline)
        assert network.inbox.backlog() == (3, due + 1)
    network.inbox.consume(3, sender=as_chain)
    assert network.inbox.backlog() == (0, 0)
