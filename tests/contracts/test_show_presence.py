"""InactivitySlasher.showPresence (IDLE-3)

showPresence
├── when the epoch does not run, or has not come to its middle: refused
├── when there is no such member: refused
├── when the batch is none, or far below the last one: refused; 64 below it is not
├── when the signature is another member's, or of another epoch or batch, or none: refused
├── when it was shown before: refused, and nothing changes
└── when all is good, by whomever: the member is not punished for the epoch
    ├── others are, and it is for other epochs
    ├── no row of absences goes over the epoch
    └── an operator is all its keys
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Actor, Clock, Network, events
from tests.contracts.work import close, commit_epoch, settle_epoch
from tests.vectors import reference as ref

DAVE = 3
WITHOUT_DAVE = [(0, 1, 2)] * 5
MIDDLE, LAST_SECOND = 500, 999
"""Of an epoch, in seconds from its start."""


def shown(
    network: Network,
    epoch: int = 0,
    *,
    index: int | None = None,
    of_epoch: int | None = None,
    of_index: int | None = None,
    signer: int = DAVE,
    member: int = DAVE,
) -> tuple[int, int, int, bytes]:
    """Arguments: a member's attestation of the last batch, or of that at `index`. `of_epoch`,
    `of_index` and `signer` are what is signed, and by whom."""
    index = int(network.chain.lastIndex()) if index is None else index
    signed_epoch = epoch if of_epoch is None else of_epoch
    signed_index = index if of_index is None else of_index
    digest = network.domain.digest(
        "BatchAttestation",
        epoch=signed_epoch,
        committee=bytes(network.committee.committeeHash(signed_epoch)),
        index=signed_index,
        batchHash=bytes(network.chain.batchHashAt(signed_index)),
    )
    return epoch, member, index, ref.sign(network.members[signer].key, digest)


@pytest.fixture
def left_out(network: Network, clock: Clock, submitter: Any) -> Callable[[int], list[int]]:
    """A quorum works without dave; it is the middle of that epoch. The bitmaps."""

    def commit(epoch: int) -> list[int]:
        bitmaps = commit_epoch(network, clock, submitter, epoch, WITHOUT_DAVE)
        clock.set_next(network.times.start_of(epoch) + MIDDLE)
        return bitmaps

    return commit


def settle(network: Network, clock: Clock, epoch: int, bitmaps: list[int], sender: Any) -> None:
    close(network, clock, epoch)
    network.participation.settle(epoch, bitmaps, sender=sender)


def test_show_presence__left_out__is_not_punished(
    network: Network,
    clock: Clock,
    left_out: Any,
    submitter: Any,
    stranger: Any,
    reporter: Any,
    faults: FaultCatalogue,
) -> None:
    bitmaps = left_out(0)
    receipt = network.inactivity.showPresence(*shown(network), sender=stranger)
    assert events(receipt, "PresenceNoted") == [{"epoch": 0, "id": 4}]
    assert network.inactivity.isNoted(4, 0)
    settle(network, clock, 0, bitmaps, submitter)
    with faults.expect("PresenceShown", epoch=0, id=4):
        network.inactivity.punish(0, DAVE, sender=reporter)


def test_show_presence__in_another_epoch__is_punished(
    network: Network, clock: Clock, left_out: Any, submitter: Any, reporter: Any
) -> None:
    for epoch in (0, 1):
        bitmaps = left_out(epoch)
        if epoch == 0:
            network.inactivity.showPresence(*shown(network), sender=submitter)
        settle(network, clock, epoch, bitmaps, submitter)
    receipt = network.inactivity.punish(1, DAVE, sender=reporter)
    assert events(receipt, "InactivityPunished") == [{"epoch": 1, "id": 4, "inARow": 1}]


def test_show_presence__between_two_absences__ends_the_row(
    network: Network, clock: Clock, left_out: Any, submitter: Any, reporter: Any
) -> None:
    for epoch in (0, 1, 2):
        bitmaps = left_out(epoch)
        if epoch == 1:
            network.inactivity.showPresence(*shown(network, 1), sender=submitter)
        settle(network, clock, epoch, bitmaps, submitter)
        if epoch != 1:
            receipt = network.inactivity.punish(epoch, DAVE, sender=reporter)
            assert events(receipt, "InactivityPunished")[0]["inARow"] == 1


@pytest.mark.parametrize("second", [MIDDLE - 1, MIDDLE, LAST_SECOND])
def test_show_presence__in_the_second_half__is_heard(
    network: Network,
    clock: Clock,
    left_out: Any,
    submitter: Any,
    faults: FaultCatalogue,
    second: int,
) -> None:
    left_out(0)
    arguments = shown(network)
    start = network.times.start_of(0)
    clock.set_next(start + second)
    if second < MIDDLE:
        with faults.expect("TooEarlyToShow", opensAt=start + MIDDLE, actual=start + second):
            network.inactivity.showPresence(*arguments, sender=submitter)
    else:
        network.inactivity.showPresence(*arguments, sender=submitter)


def test_show_presence__after_the_epoch__is_refused(
    network: Network, clock: Clock, left_out: Any, submitter: Any, faults: FaultCatalogue
) -> None:
    """Whoever was dead in it could sign for it then."""
    left_out(0)
    arguments = shown(network)
    clock.set_next(network.times.end_of(0))
    with faults.expect("NotCurrentEpoch", expected=1, actual=0):
        network.inactivity.showPresence(*arguments, sender=submitter)


def test_show_presence__before_the_epoch__is_refused(
    network: Network, left_out: Any, submitter: Any, faults: FaultCatalogue
) -> None:
    left_out(0)
    network.committee.snapshot(1, sender=submitter)
    with faults.expect("NotCurrentEpoch", expected=0, actual=1):
        network.inactivity.showPresence(*shown(network, 1), sender=submitter)


@pytest.mark.parametrize("member", [4, 2**256 - 1])
def test_show_presence__no_member__is_refused(
    network: Network, left_out: Any, submitter: Any, faults: FaultCatalogue, member: int
) -> None:
    left_out(0)
    with faults.expect("NoSuchMember", size=4, member=member):
        network.inactivity.showPresence(*shown(network, member=member), sender=submitter)


@pytest.mark.parametrize(
    "wrong", [{"member": 2}, {"signer": 2}, {"of_epoch": 1}, {"of_index": 4}], ids=str
)
def test_show_presence__foreign_signature__is_refused(
    network: Network,
    left_out: Any,
    submitter: Any,
    faults: FaultCatalogue,
    wrong: dict[str, int],
) -> None:
    """Of another member, or of the same one for another epoch or batch."""
    left_out(0)
    network.committee.snapshot(1, sender=submitter)
    expected = network.members[wrong.get("member", DAVE)].key.address
    with faults.expect("WrongSigner", memberIndex=wrong.get("member", DAVE), expected=expected):
        network.inactivity.showPresence(*shown(network, **wrong), sender=submitter)
    assert not network.inactivity.isNoted(4, 0)


def test_show_presence__no_signature__is_refused(
    network: Network, left_out: Any, submitter: Any, faults: FaultCatalogue
) -> None:
    left_out(0)
    for signature in (b"", shown(network)[3] + b"\x00"):
        with faults.expect("InvalidSignatureLength", expected=64, actual=len(signature)):
            network.inactivity.showPresence(*shown(network)[:3], signature, sender=submitter)


@pytest.mark.parametrize("index", [0, 6, 2**64 - 1])
def test_show_presence__no_batch__is_refused(
    network: Network, left_out: Any, submitter: Any, faults: FaultCatalogue, index: int
) -> None:
    """The hash that stands in the place of batch 0 was always known."""
    left_out(0)
    arguments = shown(network, index=index, of_index=0 if index == 0 else 5)
    with faults.expect("NotRecent", last=5, actual=index):
        network.inactivity.showPresence(*arguments, sender=submitter)


def test_show_presence__old_batch__is_refused_and_64_below_the_last_is_not(
    network: Network, clock: Clock, submitter: Any, faults: FaultCatalogue
) -> None:
    commit_epoch(network, clock, submitter, 0, [(0, 1, 2)] * 66)
    clock.set_next(network.times.start_of(0) + MIDDLE)
    with faults.expect("NotRecent", last=66, actual=1):
        network.inactivity.showPresence(*shown(network, index=1), sender=submitter)
    network.inactivity.showPresence(*shown(network, index=2), sender=submitter)


def test_show_presence__again__is_refused_and_changes_nothing(
    network: Network, left_out: Any, submitter: Any, stranger: Any, faults: FaultCatalogue
) -> None:
    left_out(0)
    arguments = shown(network)
    network.inactivity.showPresence(*arguments, sender=submitter)
    with faults.expect("PresenceShown", epoch=0, id=4):
        network.inactivity.showPresence(*arguments, sender=stranger)
    assert network.inactivity.isNoted(4, 0)


def test_show_presence__key_rotated__signs_with_the_one_that_has_the_seat(
    network: Network,
    clock: Clock,
    left_out: Any,
    submitter: Any,
    faults: FaultCatalogue,
    dave: Actor,
) -> None:
    """STAKE-11: of epoch 0 the old key is the member, of epoch 1 the new one."""
    rotated = replace(dave, key=ref.account_of(40))
    left_out(0)
    network.registry.rotateSigner(
        rotated.key.address, network.possession(rotated), sender=dave.account
    )
    network.inactivity.showPresence(*shown(network), sender=submitter)
    assert network.inactivity.isNoted(4, 0)
    left_out(1)
    with faults.expect("WrongSigner", memberIndex=DAVE, expected=rotated.key.address):
        network.inactivity.showPresence(*shown(network, 1), sender=submitter)
    former, network.members = network.members, [*network.members[:3], rotated]
    try:
        network.inactivity.showPresence(*shown(network, 1), sender=submitter)
    finally:
        network.members = former
    assert network.inactivity.isNoted(4, 1)


def test_p08_left_out_of_all_batches__works_and_is_not_punished(
    network: Network, clock: Clock, submitter: Any, reporter: Any, faults: FaultCatalogue
) -> None:
    """Whoever commits before everybody else leaves out whom it likes (WORK-4); it alone is
    punished who does not show itself."""
    bitmaps = commit_epoch(network, clock, submitter, 0, [(0, 1, 2)] * 5)
    clock.set_next(network.times.end_of(0) - 1)
    network.inactivity.showPresence(*shown(network), sender=submitter)
    settle(network, clock, 0, bitmaps, submitter)
    with faults.expect("PresenceShown", epoch=0, id=4):
        network.inactivity.punish(0, DAVE, sender=reporter)
    settle_epoch(network, clock, submitter, 1, WITHOUT_DAVE)
    network.inactivity.punish(1, DAVE, sender=reporter)
