"""CommitmentChain.enterBased, and how the fallback ends (FALLBACK-1 to FALLBACK-7)

enterBased
├── when the committee is neither silent nor late: refused, one second before either
├── when the chain is based without an end: refused
├── when the silence has lasted since genesis, or since the last commit: entered, by anyone
├── when a message has been due for long enough: entered
├── when the end is set, or over: entered again, for the same reasons
└── when certificates are spent one by one: put off until they expire (FALLBACK-7)

A commit to a based chain
├── when it lags behind what L1 forced: the end stays open
├── when it has caught up: the end is set, tailSeconds later, and the chain is based until then
├── when the end is set already: it does not move
└── is as good as ever, also if it was signed before the outage, and once the end has come
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Clock, Network, events
from tests.contracts.settings import FallbackParameters

FOREVER = 2**40 - 1


@pytest.fixture
def based(network: Network, clock: Clock, stranger: Any) -> Network:
    """The base network after an outage."""
    network.enter_based(clock, stranger)
    return network


@pytest.mark.parametrize("has_commit", [False, True])
def test_enter_based__silence__from_its_very_second(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    submitter: Any,
    stranger: Any,
    has_commit: bool,
) -> None:
    since = network.times.genesis
    if has_commit:
        since = network.commit(sender=submitter).timestamp
    liveness = network.fallback.livenessSeconds
    clock.set_next(since + liveness - 1)
    with faults.expect("CommitteeAlive", livenessSeconds=liveness, silentSeconds=liveness - 1):
        network.chain.enterBased(sender=stranger)
    clock.set_next(since + liveness)
    receipt = network.chain.enterBased(sender=stranger)
    assert events(receipt, "BasedEntered") == [{"caller": stranger.address}]
    assert network.chain.isBased()
    assert network.chain.health().basedUntil == FOREVER


def test_enter_based__overdue_message__from_its_very_second(
    network: Network, faults: FaultCatalogue, clock: Clock, submitter: Any, user: Any
) -> None:
    network.enqueue(user)
    deadline = network.inbox.message(0)[0]
    clock.set_next(deadline - 1)
    network.commit(sender=submitter)
    overdue_at = deadline + network.fallback.overdueSeconds
    clock.set_next(overdue_at - 1)
    with faults.expect("CommitteeAlive", silentSeconds=network.fallback.overdueSeconds):
        network.chain.enterBased(sender=user)
    clock.set_next(overdue_at)
    network.chain.enterBased(sender=user)


def test_enter_based__message_was_forced__is_no_reason_any_more(
    network: Network, faults: FaultCatalogue, clock: Clock, submitter: Any, user: Any
) -> None:
    network.enqueue(user)
    deadline = network.inbox.message(0)[0]
    clock.set_next(deadline - 1)
    network.commit(sender=submitter)
    clock.set_next(deadline + network.fallback.overdueSeconds - 1)
    network.inbox.forceInclude(1, sender=user)
    clock.set_next(deadline + network.fallback.overdueSeconds)
    with faults.expect("CommitteeAlive"):
        network.chain.enterBased(sender=user)


def test_enter_based__before_genesis__nobody_is_silent(
    deploy_network: Callable[..., Network], faults: FaultCatalogue, clock: Clock, user: Any
) -> None:
    young = deploy_network(genesis=clock.now + 1_000)
    clock.set_next(young.times.genesis - 1)
    with faults.expect("CommitteeAlive", silentSeconds=0):
        young.chain.enterBased(sender=user)


def test_enter_based__twice__is_refused(
    based: Network, faults: FaultCatalogue, clock: Clock, stranger: Any
) -> None:
    clock.set_next(clock.now + 10 * based.fallback.livenessSeconds)
    with faults.expect("AlreadyBased"):
        based.chain.enterBased(sender=stranger)


def test_enter_based__hoarded_certificates__put_it_off_until_they_expire(
    network: Network, faults: FaultCatalogue, clock: Clock, submitter: Any, stranger: Any
) -> None:
    liveness = network.fallback.livenessSeconds
    closes_at = network.times.end_of(0) + network.times.commitGraceSeconds
    last, moment = network.times.genesis, network.times.genesis + liveness - 1
    while moment < closes_at:
        clock.set_next(moment)
        last = network.commit(sender=submitter).timestamp
        moment = last + liveness - 1
    assert network.chain.lastIndex() > 1
    clock.set_next(moment)
    with faults.expect("EpochClosed", closesAt=closes_at):
        network.commit(sender=submitter)
    clock.set_next(last + liveness)
    network.chain.enterBased(sender=stranger)
    assert clock.now < closes_at + liveness


def test_commit__caught_up__ends_it_after_the_tail(
    based: Network, clock: Clock, submitter: Any
) -> None:
    receipt = based.commit(sender=submitter)
    until = receipt.timestamp + based.fallback.tailSeconds
    assert events(receipt, "BasedEnding") == [{"until": until}]
    assert based.chain.health().basedUntil == until
    clock.jump_to(until - 1)
    assert based.chain.isBased()
    clock.jump_to(until)
    assert not based.chain.isBased()


def test_commit__behind_what_l1_forced__leaves_the_end_open(
    based: Network, clock: Clock, submitter: Any, user: Any
) -> None:
    for _ in range(2):
        based.enqueue(user)
    clock.set_next(based.inbox.message(1)[0])
    based.inbox.forceInclude(2, sender=user)
    # Signed before the outage, with the counts of then.
    for count in (0, 1):
        receipt = based.commit(based.next_batch(forcedCount=count), sender=submitter)
        assert events(receipt, "BasedEnding") == []
        assert based.chain.health().basedUntil == FOREVER
    receipt = based.commit(based.next_batch(forcedCount=2), sender=submitter)
    assert len(events(receipt, "BasedEnding")) == 1


def test_commit__end_is_set__does_not_move_it(based: Network, clock: Clock, submitter: Any) -> None:
    until = based.commit(sender=submitter).timestamp + based.fallback.tailSeconds
    for moment in (until - 1, until, until + 50):
        clock.set_next(moment)
        receipt = based.commit(sender=submitter)
        assert events(receipt, "BasedEnding") == []
        assert based.chain.health().basedUntil == until
    assert not based.chain.isBased()


def test_commit__chain_was_never_based__says_nothing(network: Network, submitter: Any) -> None:
    receipt = network.commit(sender=submitter)
    assert events(receipt, "BasedEnding") == []
    assert network.chain.health().basedUntil == 0
    assert not network.chain.isBased()


def test_enter_based__again__after_the_end(
    based: Network, clock: Clock, submitter: Any, stranger: Any
) -> None:
    before = based.commit(sender=submitter)
    based.enter_based(clock, stranger)
    health = based.chain.health()
    # Nothing else of the last commit was touched.
    assert (health.basedUntil, health.lastIndex) == (FOREVER, 1)
    assert (health.committedAt, health.participationBps) == (before.timestamp, 7_500)
    receipt = based.commit(sender=submitter)
    assert len(events(receipt, "BasedEnding")) == 1


def test_enter_based__end_is_set__opens_it_again(
    deploy_network: Callable[..., Network],
    network: Network,
    clock: Clock,
    submitter: Any,
    stranger: Any,
) -> None:
    # A tail longer than the patience: the silence begins anew within it.
    fallback = FallbackParameters(livenessSeconds=50, overdueSeconds=50, tailSeconds=500)
    patient = deploy_network(genesis=clock.now + 500, fallback=fallback)
    patient.members = network.members
    for actor in patient.members:
        patient.bond(actor)
    clock.jump_to(patient.times.genesis + 1)
    patient.committee.snapshot(0, sender=submitter)
    patient.enter_based(clock, stranger)
    patient.commit(sender=submitter)
    patient.enter_based(clock, stranger)
    assert patient.chain.health().basedUntil == FOREVER
    assert patient.chain.isBased()
