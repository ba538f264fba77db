"""RollupRegistry: modes and ownership (ROLL-2 to ROLL-5)

announceMode
├── when the caller is not the owner, or the rollup is unknown: refused
├── when SOLO names no sequencer, or another mode names one: refused
└── when all is good
    ├── it takes effect by itself, in the very second of effectiveAt
    ├── a second announcement replaces a pending one, and starts the delay anew
    ├── one in effect stays so while the next one is pending
    ├── the rollup can return
    └── a chain that is based, messages that are due and dead members put nothing off

cancelMode
├── when the caller is not the owner: refused
├── when nothing is announced, or it is in effect: refused
└── when pending: the mode in effect stays

transferOwnership, acceptOwnership
├── by others: refused
├── until accepted the owner stays; the offer can be taken back
└── accepted: the old owner has no say, and what it announced can be cancelled
"""

from __future__ import annotations

from typing import Any

import pytest
from ape.utils import ZERO_ADDRESS

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Clock, Network, events

SHARED, SOLO, BASED = range(3)
UNKNOWN = 9


@pytest.fixture
def owner(user: Any) -> Any:
    """Registered rollup 1 in the base state."""
    return user


def mode_of(network: Network) -> tuple[int, str]:
    mode, sequencer = network.rollups.modeOf(1)
    return int(mode), str(sequencer)


@pytest.mark.parametrize("mode", [SOLO, BASED])
def test_announce_mode__delay_over__is_in_effect_in_that_second(
    network: Network, clock: Clock, owner: Any, stranger: Any, mode: int
) -> None:
    sequencer = stranger.address if mode == SOLO else ZERO_ADDRESS
    receipt = network.rollups.announceMode(1, mode, sequencer, sender=owner)
    effective_at = receipt.timestamp + network.exit_delay
    assert events(receipt, "ModeAnnounced") == [
        {"rollupId": 1, "mode": mode, "sequencer": sequencer, "effectiveAt": effective_at}
    ]
    clock.jump_to(effective_at - 1)
    assert mode_of(network) == (SHARED, ZERO_ADDRESS)
    assert tuple(network.rollups.announcementOf(1)) == (mode, sequencer, effective_at)
    clock.jump_to(effective_at)
    assert mode_of(network) == (mode, sequencer)
    assert tuple(network.rollups.announcementOf(1)) == (SHARED, ZERO_ADDRESS, 0)


def test_announce_mode__not_the_owner__is_refused(
    network: Network, faults: FaultCatalogue, owner: Any, stranger: Any
) -> None:
    with faults.expect("NotTheOwner", expected=owner.address, actual=stranger.address):
        network.rollups.announceMode(1, BASED, ZERO_ADDRESS, sender=stranger)
    with faults.expect("NotTheOwner", expected=ZERO_ADDRESS, actual=owner.address):
        network.rollups.announceMode(UNKNOWN, BASED, ZERO_ADDRESS, sender=owner)


def test_announce_mode__sequencer_and_mode_do_not_fit__is_refused(
    network: Network, faults: FaultCatalogue, owner: Any
) -> None:
    with faults.expect("SequencerMissing", mode=SOLO):
        network.rollups.announceMode(1, SOLO, ZERO_ADDRESS, sender=owner)
    for mode in (SHARED, BASED):
        with faults.expect("SequencerUnexpected", mode=mode, sequencer=owner.address):
            network.rollups.announceMode(1, mode, owner, sender=owner)


def test_announce_mode__again_while_pending__replaces_and_waits_anew(
    network: Network, clock: Clock, owner: Any
) -> None:
    first = network.rollups.announceMode(1, SOLO, owner, sender=owner).timestamp
    clock.set_next(first + network.exit_delay - 1)
    second = network.rollups.announceMode(1, BASED, ZERO_ADDRESS, sender=owner).timestamp
    clock.jump_to(second + network.exit_delay - 1)
    assert mode_of(network) == (SHARED, ZERO_ADDRESS)
    clock.jump_to(second + network.exit_delay)
    assert mode_of(network) == (BASED, ZERO_ADDRESS)


def test_announce_mode__in_effect__stays_until_the_next_is(
    network: Network, clock: Clock, owner: Any
) -> None:
    solo = network.rollups.announceMode(1, SOLO, owner, sender=owner).timestamp
    clock.set_next(solo + network.exit_delay)
    back = network.rollups.announceMode(1, SHARED, ZERO_ADDRESS, sender=owner).timestamp
    assert mode_of(network) == (SOLO, owner.address)
    clock.jump_to(back + network.exit_delay - 1)
    assert mode_of(network) == (SOLO, owner.address)
    clock.jump_to(back + network.exit_delay)
    assert mode_of(network) == (SHARED, ZERO_ADDRESS)


def test_announce_mode__everything_in_disorder__is_on_time(
    network: Network, clock: Clock, owner: Any, stranger: Any
) -> None:
    network.enqueue(stranger)
    for actor in network.members:
        network.registry.initiateExit(sender=actor.account)
    announced = network.rollups.announceMode(1, SOLO, owner, sender=owner).timestamp
    network.enter_based(clock, stranger)
    clock.jump_to(max(clock.now, announced + network.exit_delay))
    assert network.chain.isBased()
    assert mode_of(network) == (SOLO, owner.address)


def test_mode_of__unknown_rollup__is_shared_by_nobody(network: Network) -> None:
    assert tuple(network.rollups.modeOf(UNKNOWN)) == (SHARED, ZERO_ADDRESS)
    assert not network.rollups.isRegistered(UNKNOWN)


def test_cancel_mode__pending__the_mode_in_effect_stays(
    network: Network, clock: Clock, owner: Any
) -> None:
    solo = network.rollups.announceMode(1, SOLO, owner, sender=owner).timestamp
    clock.set_next(solo + network.exit_delay)
    based = network.rollups.announceMode(1, BASED, ZERO_ADDRESS, sender=owner).timestamp
    # The last second in which it is pending.
    clock.set_next(based + network.exit_delay - 1)
    receipt = network.rollups.cancelMode(1, sender=owner)
    assert events(receipt, "ModeCancelled") == [{"rollupId": 1}]
    clock.jump_to(based + 10 * network.exit_delay)
    assert mode_of(network) == (SOLO, owner.address)


def test_cancel_mode__nothing_pending__is_refused(
    network: Network, faults: FaultCatalogue, clock: Clock, owner: Any
) -> None:
    with faults.expect("NothingAnnounced", rollupId=1):
        network.rollups.cancelMode(1, sender=owner)
    announced = network.rollups.announceMode(1, SOLO, owner, sender=owner).timestamp
    clock.set_next(announced + network.exit_delay)
    with faults.expect("NothingAnnounced", rollupId=1):
        network.rollups.cancelMode(1, sender=owner)


def test_cancel_mode__not_the_owner__is_refused(
    network: Network, faults: FaultCatalogue, owner: Any, stranger: Any
) -> None:
    network.rollups.announceMode(1, SOLO, owner, sender=owner)
    with faults.expect("NotTheOwner", expected=owner.address, actual=stranger.address):
        network.rollups.cancelMode(1, sender=stranger)


def test_ownership__accepted__moves_with_all_rights(
    network: Network, faults: FaultCatalogue, owner: Any, stranger: Any
) -> None:
    network.rollups.announceMode(1, SOLO, owner, sender=owner)
    receipt = network.rollups.transferOwnership(1, stranger, sender=owner)
    assert events(receipt, "OwnershipOffered") == [
        {"rollupId": 1, "owner": owner.address, "to": stranger.address}
    ]
    assert network.rollups.rollup(1)[0] == owner.address
    receipt = network.rollups.acceptOwnership(1, sender=stranger)
    assert events(receipt, "OwnershipAccepted") == [{"rollupId": 1, "owner": stranger.address}]
    assert tuple(network.rollups.rollup(1)) == (stranger.address, 42, ZERO_ADDRESS)
    with faults.expect("NotTheOwner", expected=stranger.address, actual=owner.address):
        network.rollups.announceMode(1, BASED, ZERO_ADDRESS, sender=owner)
    network.rollups.cancelMode(1, sender=stranger)
    # An offer is good once.
    network.rollups.transferOwnership(1, owner, sender=stranger)
    network.rollups.acceptOwnership(1, sender=owner)
    with faults.expect("NotTheNextOwner", expected=ZERO_ADDRESS, actual=stranger.address):
        network.rollups.acceptOwnership(1, sender=stranger)


def test_ownership__by_others__is_refused(
    network: Network, faults: FaultCatalogue, owner: Any, stranger: Any, reporter: Any
) -> None:
    with faults.expect("NotTheOwner", expected=owner.address, actual=stranger.address):
        network.rollups.transferOwnership(1, stranger, sender=stranger)
    network.rollups.transferOwnership(1, stranger, sender=owner)
    with faults.expect("NotTheNextOwner", expected=stranger.address, actual=reporter.address):
        network.rollups.acceptOwnership(1, sender=reporter)
    network.rollups.transferOwnership(1, ZERO_ADDRESS, sender=owner)
    with faults.expect("NotTheNextOwner", expected=ZERO_ADDRESS, actual=stranger.address):
        network.rollups.acceptOwnership(1, sender=stranger)
