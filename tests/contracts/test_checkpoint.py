"""DataAvailabilityChallenge.checkpoint and the window of challenges (DATA-6)

checkpoint
├── when no batch is new: nothing happens
└── when one is: it is noted, under this second

challenge
├── when no checkpoint has the batch: heard, however old it is
├── when the first that has it is younger than the window: heard
├── when it is as old as the window: refused, whatever came after it
└── when a later batch states a settled block: heard, of another segment
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.faults import FaultCatalogue
from tests.contracts.held import chain_of, challenge_held, commit_blocks
from tests.contracts.network import Clock, Network, events
from tests.vectors import reference as ref

FIRST = chain_of([[(1, b"one"), (2, b"two")]])
SECOND = chain_of([[(1, b"three")]], first_height=2)


@pytest.fixture
def first(network: Network, submitter: Any) -> ref.Batch:
    return commit_blocks(network, FIRST, submitter)


def test_checkpoint__new_batch__is_noted_once(
    network: Network, first: ref.Batch, submitter: Any, stranger: Any
) -> None:
    receipt = network.data.checkpoint(sender=stranger)
    assert events(receipt, "Checkpointed") == [{"index": 1}]
    assert events(network.data.checkpoint(sender=stranger), "Checkpointed") == []
    commit_blocks(network, SECOND, submitter)
    assert network.data.checkpointedIndex() == 1
    assert events(network.data.checkpoint(sender=stranger), "Checkpointed") == [{"index": 2}]
    assert (network.data.checkpointedIndex(), network.data.settledIndex()) == (2, 0)


def test_checkpoint__no_batch__is_nothing(network: Network, stranger: Any) -> None:
    assert events(network.data.checkpoint(sender=stranger), "Checkpointed") == []
    assert network.data.checkpointedIndex() == 0


def test_challenge__no_checkpoint__is_open_however_late(
    network: Network, first: ref.Batch, clock: Clock, user: Any
) -> None:
    clock.jump_to(clock.now + 1_000 * network.held.windowSeconds)
    challenge_held(network, FIRST, 0, 0, user, batches=[first])


def test_challenge__window__closes_to_the_second(
    network: Network,
    first: ref.Batch,
    faults: FaultCatalogue,
    clock: Clock,
    submitter: Any,
    user: Any,
    stranger: Any,
) -> None:
    noted = network.data.checkpoint(sender=stranger).timestamp
    closes = noted + network.held.windowSeconds
    # A later batch and its checkpoint neither lengthen nor shorten the window of the first.
    clock.set_next(noted + 50)
    second = commit_blocks(network, SECOND, submitter)
    clock.set_next(noted + 51)
    network.data.checkpoint(sender=stranger)

    clock.set_next(closes - 1)
    challenge_held(network, FIRST, 0, 0, user, batches=[second, first])
    clock.set_next(closes)
    with faults.expect("WindowClosed", settled=1, actual=1):
        challenge_held(network, FIRST, 0, 1, user, batches=[second, first])
    assert network.data.settledIndex() == 1
    # What was challenged in time stays open, and the second batch is.
    network.data.answer(FIRST[0].challenge_id(0), b"one", sender=stranger)
    challenge_held(network, SECOND, 0, 0, user, batches=[second])


def test_challenge__settled_block_stated_by_a_later_batch__is_another_segment(
    network: Network,
    first: ref.Batch,
    clock: Clock,
    submitter: Any,
    user: Any,
    stranger: Any,
) -> None:
    # A quorum can state any block as its batch's last. What was settled stays as it is.
    noted = network.data.checkpoint(sender=stranger).timestamp
    clock.jump_to(noted + network.held.windowSeconds)
    later = network.next_batch(firstHeight=0, lastHeight=9, lastBlockHash=FIRST[-1].hash)
    network.commit(later, sender=submitter)
    challenge_held(network, FIRST, 0, 0, user, batches=[later])
    clock.jump_to(clock.now + network.held.answerSeconds)
    network.data.settle(FIRST[0].challenge_id(0, later.index), sender=stranger)
    assert network.data.challengeOf(FIRST[0].challenge_id(0, first.index)).status == 0


def test_challenge__many_checkpoints__settle_one_after_another(
    network: Network, clock: Clock, submitter: Any, stranger: Any
) -> None:
    start = clock.now
    for step in range(1, 8):
        clock.set_next(start + 20 * step - 1)
        commit_blocks(network, FIRST, submitter)
        clock.set_next(start + 20 * step)
        network.data.checkpoint(sender=stranger)
    for step in range(1, 8):
        closes = start + 20 * step + network.held.windowSeconds
        clock.jump_to(closes - 1)
        assert network.data.settledIndex() == step - 1
        clock.jump_to(closes)
        assert network.data.settledIndex() == step
