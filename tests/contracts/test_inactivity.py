"""InactivitySlasher.punish and notePresence (IDLE-1, IDLE-2, WORK-3)

punish
├── when the epoch is not settled: refused
├── when the member was not absent, or there is no such member: refused
├── when the evidence is too old: refused, one second earlier not
├── when the operator was released: refused
├── when this epoch was punished: refused
└── when all is good: base times 2^s, the caller is the reporter
    ├── s counts absences in a row, and the third in a row jails, in whatever order they come
    ├── presence that is noted, or eight epochs, end a row
    └── an operator is all its keys

notePresence
└── when the member was absent, or is none, or the epoch is not settled: refused
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Actor, Clock, Network, Offence, Status, events
from tests.contracts.settings import Parameter, Times
from tests.contracts.work import ALL, close, commit_epoch, set_parameter, settle_epoch, work_of
from tests.vectors import reference as ref

DAVE = 3
WITHOUT_DAVE = [(0, 1, 2)] * 5
WITH_DAVE = [ALL] * 5


@pytest.fixture
def absent(network: Network, clock: Clock, submitter: Any) -> Callable[[int], None]:
    """An epoch in which a quorum works without dave."""

    def settle(epoch: int) -> None:
        settle_epoch(network, clock, submitter, epoch, WITHOUT_DAVE)

    return settle


@pytest.fixture
def patient(network: Network, deploy_network: Callable[..., Network], clock: Clock) -> Network:
    """Where evidence is heard for five epochs."""
    patient = deploy_network(times=Times(evidenceSeconds=5_000, unbondingSeconds=8_300))
    patient.members = network.members
    for actor in patient.members:
        patient.bond(actor)
    clock.jump_to(patient.times.genesis + 10)
    return patient


def part_of(network: Network, epoch: int, member: int = DAVE) -> int:
    """Basis points of its stake."""
    id_ = network.id_of(network.members[member])
    return int(network.ledger.partOf(epoch, id_, Offence.INACTIVITY))


def streak(network: Network, member: int = DAVE) -> tuple[int, int]:
    found = network.inactivity.streakOf(network.id_of(network.members[member]))
    return int(found[0]), int(found[1])


def test_punish__not_settled__is_refused(
    network: Network, clock: Clock, submitter: Any, reporter: Any, faults: FaultCatalogue
) -> None:
    commit_epoch(network, clock, submitter, 0, WITHOUT_DAVE)
    with faults.expect("NotSettled", epoch=0):
        network.inactivity.punish(0, DAVE, sender=reporter)


def test_punish__not_absent__is_refused(
    network: Network, absent: Any, reporter: Any, faults: FaultCatalogue
) -> None:
    absent(0)
    for member in (0, 4, 127, 128, 256, 2**256 - 1):
        with faults.expect("NotAbsent", epoch=0, member=member):
            network.inactivity.punish(0, member, sender=reporter)


def test_punish__old_evidence__is_refused(
    network: Network, clock: Clock, absent: Any, reporter: Any, faults: FaultCatalogue
) -> None:
    absent(0)
    times = network.times
    expired_at = times.end_of(0) + times.commitGraceSeconds + times.evidenceSeconds
    clock.set_next(expired_at)
    with faults.expect("EvidenceTooOld", expiredAt=expired_at, actual=expired_at):
        network.inactivity.punish(0, DAVE, sender=reporter)
    assert streak(network) == (0, 0)


def test_punish__last_second_of_the_evidence__is_heard(
    network: Network, clock: Clock, absent: Any, reporter: Any
) -> None:
    absent(0)
    times = network.times
    clock.set_next(times.end_of(0) + times.commitGraceSeconds + times.evidenceSeconds - 1)
    network.inactivity.punish(0, DAVE, sender=reporter)


def test_punish__absent_member__costs_the_base_and_pays_the_reporter(
    network: Network, absent: Any, reporter: Any
) -> None:
    absent(0)
    receipt = network.inactivity.punish(0, DAVE, sender=reporter)
    dave = network.id_of(network.members[DAVE])
    assert events(receipt, "InactivityPunished") == [{"epoch": 0, "id": dave, "inARow": 1}]
    assert part_of(network, 0) == network.values[Parameter.INACTIVITY_BASE_BPS]
    to_reporter, *_ = events(receipt, "OperatorSlashed")[0]["split"]
    assert network.ledger.credit(reporter) == to_reporter > 0
    assert network.registry.operator(dave).status == Status.ACTIVE


def test_punish__same_epoch_again__is_refused(
    network: Network, absent: Any, reporter: Any, faults: FaultCatalogue
) -> None:
    absent(0)
    network.inactivity.punish(0, DAVE, sender=reporter)
    with faults.expect("AlreadySlashed", epoch=0, id=4, offence=Offence.INACTIVITY):
        network.inactivity.punish(0, DAVE, sender=reporter)
    assert streak(network) == (0, 1)


@pytest.mark.parametrize("order", [(2, 0, 1), (2, 1, 0), (1, 0, 2), (0, 2, 1)])
def test_punish__in_any_order__costs_as_much(
    patient: Network,
    clock: Clock,
    submitter: Any,
    reporter: Any,
    order: tuple[int, ...],
    dave: Actor,
) -> None:
    """Who was absent cannot have its last absence punished first, to be rid of those before it."""
    for epoch in range(3):
        settle_epoch(patient, clock, submitter, epoch, WITHOUT_DAVE)
    for part, epoch in zip((10, 20, 40), order, strict=True):
        patient.inactivity.punish(epoch, DAVE, sender=dave.account if part == 10 else reporter)
        assert part_of(patient, epoch) == part
    assert streak(patient) == (2, 3)
    assert patient.inactivity.streakOf(4)[2] == 0
    assert patient.registry.operator(4).status == Status.JAILED


def test_punish__earlier_and_apart_from_the_row__stands_alone(
    patient: Network, clock: Clock, submitter: Any, stranger: Any, reporter: Any
) -> None:
    settle_epoch(patient, clock, submitter, 0, WITHOUT_DAVE)
    settle_epoch(patient, clock, submitter, 1, WITH_DAVE)
    patient.inactivity.notePresence(1, DAVE, sender=stranger)
    settle_epoch(patient, clock, submitter, 2, WITHOUT_DAVE)
    for epoch in (2, 0):
        patient.inactivity.punish(epoch, DAVE, sender=reporter)
        assert (part_of(patient, epoch), streak(patient)) == (10, (2, 1))


def test_punish__three_in_a_row__doubles_and_jails(
    network: Network, absent: Any, reporter: Any
) -> None:
    for epoch, part, status in (
        (0, 10, Status.ACTIVE),
        (1, 20, Status.ACTIVE),
        (2, 40, Status.JAILED),
    ):
        absent(epoch)
        network.inactivity.punish(epoch, DAVE, sender=reporter)
        assert (part_of(network, epoch), streak(network)) == (part, (epoch, epoch + 1))
        assert network.registry.operator(4).status == status


def test_punish__presence_between__ends_the_row(
    network: Network, clock: Clock, submitter: Any, absent: Any, reporter: Any, stranger: Any
) -> None:
    absent(0)
    network.inactivity.punish(0, DAVE, sender=reporter)
    settle_epoch(network, clock, submitter, 1, WITH_DAVE)
    receipt = network.inactivity.notePresence(1, DAVE, sender=stranger)
    assert events(receipt, "PresenceNoted") == [{"epoch": 1, "id": 4}]
    assert network.inactivity.isNoted(4, 1)
    absent(2)
    network.inactivity.punish(2, DAVE, sender=reporter)
    assert (streak(network), part_of(network, 2)) == ((2, 1), 10)


def test_punish__presence_elsewhere__does_not_end_the_row(
    network: Network, clock: Clock, submitter: Any, absent: Any, reporter: Any, stranger: Any
) -> None:
    settle_epoch(network, clock, submitter, 0, WITH_DAVE)
    network.inactivity.notePresence(0, DAVE, sender=stranger)
    for epoch in (1, 2):
        absent(epoch)
        network.inactivity.punish(epoch, DAVE, sender=reporter)
    assert streak(network) == (2, 2)


@pytest.mark.parametrize(("second", "in_a_row"), [(9, 2), (10, 1)])
def test_punish__epochs_apart__eight_between_are_a_row(
    network: Network, absent: Any, reporter: Any, second: int, in_a_row: int
) -> None:
    for epoch in (0, second):
        absent(epoch)
        network.inactivity.punish(epoch, DAVE, sender=reporter)
    assert streak(network) == (second, in_a_row)


def test_punish__key_rotated__is_the_same_operator(
    network: Network, clock: Clock, submitter: Any, absent: Any, reporter: Any, dave: Actor
) -> None:
    rotated = replace(dave, key=ref.account_of(40))
    network.registry.rotateSigner(
        rotated.key.address, network.possession(rotated), sender=dave.account
    )
    absent(0)
    network.inactivity.punish(0, DAVE, sender=reporter)
    network.members = [*network.members[:3], rotated]
    try:
        settle_epoch(network, clock, submitter, 1, WITHOUT_DAVE)
        assert network.committee.committeeBytes(1) != network.committee.committeeBytes(0)
        network.inactivity.punish(1, DAVE, sender=reporter)
        assert streak(network) == (1, 2)
    finally:
        network.members = [*network.members[:3], dave]


def test_punish__kept_committee__convicts_its_members(
    network: Network, clock: Clock, submitter: Any, reporter: Any, dave: Actor
) -> None:
    """Who is on its way out is a member until another committee takes over."""
    clock.set_next(network.times.end_of(0) - 10)
    network.registry.initiateExit(sender=dave.account)
    settle_epoch(network, clock, submitter, 3, WITHOUT_DAVE)
    assert network.committee.committeeHash(3) == network.committee.committeeHash(0)
    network.inactivity.punish(3, DAVE, sender=reporter)
    assert part_of(network, 3) == 10


def test_punish__released_operator__is_refused_and_nothing_noted(
    network: Network,
    clock: Clock,
    submitter: Any,
    reporter: Any,
    dave: Actor,
    faults: FaultCatalogue,
) -> None:
    network.registry.initiateExit(sender=dave.account)
    settle_epoch(network, clock, submitter, 3, WITHOUT_DAVE)
    with faults.expect("NotSlashable", id=4):
        network.inactivity.punish(3, DAVE, sender=reporter)
    assert streak(network) == (0, 0)


def test_note_presence__absent_or_none__is_refused(
    network: Network, absent: Any, stranger: Any, faults: FaultCatalogue
) -> None:
    with faults.expect("NotSettled", epoch=0):
        network.inactivity.notePresence(0, DAVE, sender=stranger)
    absent(0)
    for member in (DAVE, 4, 2**256 - 1):
        with faults.expect("NotPresent", epoch=0, member=member):
            network.inactivity.notePresence(0, member, sender=stranger)


def test_p08_left_out_by_a_third__is_not_absent(
    network: Network, clock: Clock, submitter: Any, reporter: Any, faults: FaultCatalogue
) -> None:
    """Whoever commits a third of the batches, in turn or not, leaves nobody below the floor."""
    settle_epoch(network, clock, submitter, 0, [(0, 1, 2), ALL, ALL] * 2)
    assert work_of(network, 0).absent == 0
    with faults.expect("NotAbsent", epoch=0, member=DAVE):
        network.inactivity.punish(0, DAVE, sender=reporter)


def test_p08_parameters_changed_after_the_epoch_began__convict_nobody(
    network: Network,
    chain: Any,
    clock: Clock,
    submitter: Any,
    reporter: Any,
    faults: FaultCatalogue,
) -> None:
    """An upgrade is no reason to count anew (PARAM-3)."""
    rows = [ALL] * 2 + [(0, 1, 2)] * 6  # a quarter: above the floor of a fifth
    commit_epoch(network, clock, submitter, 0, rows)
    set_parameter(network, chain, Parameter.FLOOR_BPS, 3_000)
    close(network, clock, 0)
    network.participation.settle(0, [ref.bitmap(row) for row in rows], sender=submitter)
    with faults.expect("NotAbsent", epoch=0, member=DAVE):
        network.inactivity.punish(0, DAVE, sender=reporter)


def test_p08_epoch_that_nobody_could_work_in__convicts_nobody(
    network: Network, clock: Clock, submitter: Any, reporter: Any, faults: FaultCatalogue
) -> None:
    """Three batches, then no quorum: L1 cannot tell who was dead and who was cut off (WORK-3)."""
    settle_epoch(network, clock, submitter, 0, [(0, 1, 2)] * 3)
    for member in range(4):
        with faults.expect("NotAbsent", epoch=0, member=member):
            network.inactivity.punish(0, member, sender=reporter)
