"""CommitmentChain.participationOf, Participation.settle, tally and settleFrom (WORK-1 to WORK-5)

participationOf
├── of an epoch without commits: refused
├── of an epoch with some: their signers in order, chained; later epochs leave it alone
└── once the epoch 64 later has been put in its place: refused

settle
├── while commits are possible: refused
├── with other bitmaps, or in another order: refused, and the right ones go through after
├── when the epoch had no commits, or is settled: refused
└── when all is good: counts, work and absent members
    ├── absent is who signed fewer than the floor, rounded down
    └── with fewer than MIN_COMMITS batches nobody is

tally, settleFrom
├── from where no call has ended: refused
├── of nothing: refused
├── of wrong bitmaps: leads nowhere, and hinders nobody
└── of the first batches, then of the rest: as all at once
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Clock, Network, events
from tests.contracts.settings import ETHER, Parameter
from tests.contracts.work import (
    ALL,
    ZERO_TALLY,
    close,
    commit_epoch,
    participation_of,
    settle_epoch,
    words_of,
    work_of,
)
from tests.vectors import reference as ref

ROWS = [(0, 1, 2), (0, 1, 3), (0, 1, 2), ALL]
"""Of members 0 to 3: they sign 4, 4, 3 and 2."""
BITMAPS = [ref.bitmap(row) for row in ROWS]


def test_participation_of__no_commit__is_refused(network: Network, faults: FaultCatalogue) -> None:
    for epoch in (0, 1, 64):
        with faults.expect("ParticipationUnavailable", epoch=epoch):
            network.chain.participationOf(epoch)


def test_participation_of__commits__chains_their_signers(
    network: Network, clock: Clock, submitter: Any
) -> None:
    commit_epoch(network, clock, submitter, 0, ROWS)
    assert bytes(network.chain.participationOf(0)) == participation_of(0, BITMAPS)
    commit_epoch(network, clock, submitter, 2, ROWS[:1])
    assert bytes(network.chain.participationOf(0)) == participation_of(0, BITMAPS)
    assert bytes(network.chain.participationOf(2)) == participation_of(2, BITMAPS[:1])


def test_participation_of__epoch_64_later__takes_its_place(
    network: Network, clock: Clock, submitter: Any, faults: FaultCatalogue
) -> None:
    commit_epoch(network, clock, submitter, 0, ROWS[:1])
    commit_epoch(network, clock, submitter, 64, ROWS[:1])
    assert bytes(network.chain.participationOf(0)) == participation_of(0, BITMAPS[:1])
    assert not network.participation.isLost(0)
    commit_epoch(network, clock, submitter, 65, ROWS[:1])
    with faults.expect("ParticipationUnavailable", epoch=0):
        network.chain.participationOf(0)
    with faults.expect("ParticipationUnavailable", epoch=0):
        network.participation.settle(0, BITMAPS[:1], sender=submitter)
    assert network.participation.isLost(0)
    assert bytes(network.chain.participationOf(64)) == participation_of(64, BITMAPS[:1])


def test_settle__commits_still_possible__is_refused(
    network: Network, clock: Clock, submitter: Any, faults: FaultCatalogue
) -> None:
    commit_epoch(network, clock, submitter, 0, ROWS)
    closes_at = network.times.end_of(0) + network.times.commitGraceSeconds
    clock.set_next(closes_at - 1)
    with faults.expect("EpochOpen", epoch=0):
        network.participation.settle(0, BITMAPS, sender=submitter)
    clock.set_next(closes_at)
    network.participation.settle(0, BITMAPS, sender=submitter)


@pytest.mark.parametrize(
    "bitmaps",
    [[], BITMAPS[:3], [*BITMAPS, 0], BITMAPS[::-1], [15, 15, 15, 15], [2**255, *BITMAPS[1:]]],
    ids=["none", "one short", "one more", "backwards", "everybody", "no member"],
)
def test_settle__wrong_bitmaps__are_refused(
    network: Network,
    clock: Clock,
    submitter: Any,
    stranger: Any,
    faults: FaultCatalogue,
    bitmaps: list[int],
) -> None:
    commit_epoch(network, clock, submitter, 0, ROWS)
    close(network, clock, 0)
    expected, actual = participation_of(0, BITMAPS), participation_of(0, bitmaps)
    with faults.expect("WrongSigners", expected=expected, actual=actual):
        network.participation.settle(0, bitmaps, sender=stranger)
    assert work_of(network, 0).commits == 0
    network.participation.settle(0, BITMAPS, sender=submitter)


def test_settle__no_commits__is_lost(
    network: Network, clock: Clock, stranger: Any, faults: FaultCatalogue
) -> None:
    assert not network.participation.isLost(0)
    close(network, clock, 0)
    assert network.participation.isLost(0)
    with faults.expect("ParticipationUnavailable", epoch=0):
        network.participation.settle(0, [], sender=stranger)


def test_settle__twice__is_refused(
    network: Network, clock: Clock, submitter: Any, faults: FaultCatalogue
) -> None:
    settle_epoch(network, clock, submitter, 0, ROWS)
    with faults.expect("AlreadySettled", epoch=0):
        network.participation.settle(0, BITMAPS, sender=submitter)
    assert not network.participation.isLost(0)


def test_settle__right_bitmaps__counts_and_weighs(
    network: Network, clock: Clock, submitter: Any, faults: FaultCatalogue
) -> None:
    words = settle_epoch(network, clock, submitter, 0, ROWS)
    assert words == words_of([4, 4, 3, 2])
    settled = work_of(network, 0)
    assert settled.counts_hash == ref.keccak(words[0].to_bytes(32, "big"))
    assert (settled.work, settled.commits, settled.absent) == (13 * 10 * ETHER, 4, 0)
    for member, signed in enumerate((4, 4, 3, 2)):
        signer, work = network.participation.workOfMember(0, words, member)
        assert (signer, work) == (network.members[member].key.address, signed * 10 * ETHER)
    with faults.expect("NoSuchMember", size=4, member=4):
        network.participation.workOfMember(0, words, 4)
    with faults.expect("WrongCounts", expected=settled.counts_hash):
        network.participation.workOfMember(0, words_of([4, 4, 4, 2]), 2)
    with faults.expect("NotSettled", epoch=1):
        network.participation.workOfMember(1, words, 0)


@pytest.mark.parametrize(
    ("commits", "signed", "is_absent"), [(9, 0, True), (10, 1, True), (10, 2, False), (4, 0, False)]
)
def test_settle__floor__is_exact_and_rounded_down(
    network: Network, clock: Clock, submitter: Any, commits: int, signed: int, is_absent: bool
) -> None:
    # The floor is a fifth: of 9 batches 1, of 10 batches 2, of 4 none.
    assert network.values[Parameter.FLOOR_BPS] == 2_000
    rows = [ALL] * signed + [(0, 1, 2)] * (commits - signed)
    settle_epoch(network, clock, submitter, 0, rows)
    assert work_of(network, 0).absent == (0b1000 if is_absent else 0)


def test_settle__few_batches__nobody_was_absent(
    deploy_network: Callable[..., Network], clock: Clock, submitter: Any, network: Network
) -> None:
    other = deploy_network(values={Parameter.MIN_COMMITS: 6})
    other.members = network.members
    for actor in other.members:
        other.bond(actor)
    clock.jump_to(other.times.genesis + 10)
    settle_epoch(other, clock, submitter, 0, [(0, 1, 2)] * 5)
    assert work_of(other, 0).absent == 0
    settle_epoch(other, clock, submitter, 3, [(0, 1, 2)] * 6)
    assert work_of(other, 3).absent == 0b1000


def test_tally__from_nowhere_or_of_nothing__is_refused(
    network: Network, clock: Clock, submitter: Any, stranger: Any, faults: FaultCatalogue
) -> None:
    commit_epoch(network, clock, submitter, 0, ROWS)
    with faults.expect("NothingTallied"):
        network.participation.tally(0, ZERO_TALLY, [], sender=stranger)
    made_up = (2, participation_of(0, BITMAPS[:2]), words_of([2, 2, 0, 2]))
    with faults.expect("UnknownTally", epoch=0, commits=2, participation=made_up[1]):
        network.participation.tally(0, made_up, BITMAPS[2:], sender=stranger)
    network.participation.tally(0, ZERO_TALLY, BITMAPS[:2], sender=stranger)
    with faults.expect("UnknownTally", epoch=0):
        network.participation.tally(0, made_up, BITMAPS[2:], sender=stranger)
    close(network, clock, 0)
    with faults.expect("UnknownTally", epoch=0):
        network.participation.settleFrom(0, made_up, BITMAPS[2:], sender=stranger)


def test_p18_epoch_of_any_length__is_settled_in_parts(
    network: Network, clock: Clock, submitter: Any, stranger: Any, faults: FaultCatalogue
) -> None:
    """Whatever others count meanwhile, and however little of it fits in a transaction."""
    commit_epoch(network, clock, submitter, 0, ROWS)
    reached: Any = ZERO_TALLY
    for bitmap in BITMAPS[:3]:
        network.participation.tally(0, ZERO_TALLY, [7, 7, 7, 7], sender=stranger)
        receipt = network.participation.tally(0, reached, [bitmap], sender=submitter)
        commits, participation, counts = events(receipt, "EpochTallied")[0]["tally"]
        reached = (commits, bytes(participation), list(counts))
    assert reached == (3, participation_of(0, BITMAPS[:3]), words_of([3, 3, 2, 1]))
    close(network, clock, 0)
    with faults.expect("WrongSigners"):
        network.participation.settleFrom(0, reached, [], sender=stranger)
    network.participation.settleFrom(0, reached, BITMAPS[3:], sender=submitter)
    settled = work_of(network, 0)
    assert settled.counts_hash == ref.keccak(words_of([4, 4, 3, 2])[0].to_bytes(32, "big"))
    assert (settled.work, settled.commits) == (13 * 10 * ETHER, 4)
