"""ForcedInbox.forceInclude (INBOX-5, TIME-3)

forceInclude
├── when upTo is not beyond what is consumed: refused
├── when upTo is beyond the queue: refused
├── when message upTo - 1 is not due: refused, one second before
└── when it is due: everything before upTo is consumed, by anyone
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Clock, Network, events


@pytest.fixture
def deadlines(network: Network, clock: Clock, user: Any) -> list[int]:
    """Three messages, enqueued 100 seconds apart."""
    start = clock.now + 10
    for index in range(3):
        clock.set_next(start + 100 * index)
        network.enqueue(user)
    return [network.inbox.message(index)[0] for index in range(3)]


def test_force_include__due__consumes_the_prefix(
    network: Network, clock: Clock, stranger: Any, deadlines: list[int]
) -> None:
    clock.set_next(deadlines[1])
    receipt = network.inbox.forceInclude(2, sender=stranger)
    (event,) = receipt.events
    assert event.event_name == "ForceIncluded"
    assert list(event.event_arguments.values()) == [0, 2, stranger.address]
    assert network.inbox.head()[:2] == (3, 2)


def test_force_include__twice__goes_on_from_there(
    network: Network, clock: Clock, stranger: Any, deadlines: list[int]
) -> None:
    clock.jump_to(deadlines[2])
    network.inbox.forceInclude(1, sender=stranger)
    receipt = network.inbox.forceInclude(3, sender=stranger)
    assert list(receipt.events[0].event_arguments.values())[:2] == [1, 3]
    assert events(receipt, "MessagesConsumed") == []


def test_force_include__not_due__is_refused(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    stranger: Any,
    deadlines: list[int],
) -> None:
    clock.set_next(deadlines[1] - 1)
    with faults.expect("NotDue", index=1, deadline=deadlines[1], actual=deadlines[1] - 1):
        network.inbox.forceInclude(2, sender=stranger)


def test_force_include__nothing_new__is_refused(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    stranger: Any,
    deadlines: list[int],
) -> None:
    clock.jump_to(deadlines[2])
    with faults.expect("NothingToForce", consumed=0, upTo=0):
        network.inbox.forceInclude(0, sender=stranger)
    network.inbox.forceInclude(2, sender=stranger)
    with faults.expect("NothingToForce", consumed=2, upTo=2):
        network.inbox.forceInclude(2, sender=stranger)


def test_force_include__beyond_the_queue__is_refused(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    stranger: Any,
    deadlines: list[int],
) -> None:
    clock.jump_to(deadlines[2])
    for up_to in (4, 2**32, 2**64 - 1):
        with faults.expect("BeyondQueue", length=3, actual=up_to):
            network.inbox.forceInclude(up_to, sender=stranger)
