"""Faults that others had with stake, as tests (docs/spec/pitfalls.md): P8, P11 to P16, P18

P9, P10 and P17 are in test_pitfalls.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import (
    Actor,
    Clock,
    Consequence,
    Network,
    Offence,
    Status,
    delegate_call,
    events,
)
from tests.contracts.settings import ETHER, Parameter
from tests.vectors import reference as ref


def leak(network: Network, operator: int, severity: int, sender: Any, **options: Any) -> Any:
    """Take a tenth of a percent for each step of severity, and nothing else."""
    options = {"offence": Offence.INACTIVITY, "consequence": Consequence.NONE, **options}
    return network.slash(operator, sender=sender, severity=severity, **options)


def test_p11_undelegating_at_the_worst_moment__does_not_outrun_the_evidence(
    network: Network, clock: Clock, test_slasher: Any, user: Any
) -> None:
    """TIME-4 with the shortest unbonding: what leaves a second after the selection for epoch 3 has
    a vote in all of epoch 3, and pays for what was signed in its last second."""
    network.delegate(1, 30 * ETHER, sender=user)
    clock.set_next(network.times.start_of(1) + 1)
    network.registry.undelegate(1, 30 * ETHER, sender=user)
    clock.jump_to(network.times.start_of(2))
    network.committee.snapshot(3, sender=user)
    assert int.from_bytes(bytes(network.committee.committeeBytes(3))[:32], "big") == 70 * ETHER

    # The last second in which evidence of epoch 3 is heard (SLASH-2).
    times = network.times
    heard_until = times.end_of(3) + times.commitGraceSeconds + times.evidenceSeconds - 1
    assert heard_until < network.registry.ticketOf(1).releaseAt
    clock.set_next(heard_until)
    leak(network, 1, 500, test_slasher, epoch=3)
    assert network.registry.ticketWei(1) == 15 * ETHER


def test_p12_place_and_cold_key_reused__answer_for_nothing_of_before(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    test_slasher: Any,
    user: Any,
    alice: Actor,
    erin: Actor,
) -> None:
    """Ids and signing keys are of one operator for ever: a late slash finds nobody else."""
    network.registry.initiateExit(sender=alice.account)
    clock.set_next(network.registry.operator(1).releaseAt)
    network.registry.release(1, sender=user)
    network.bond(replace(alice, key=erin.key))
    network.delegate(5, ETHER, sender=user)
    with faults.expect("NotSlashable", id=1, actual=Status.RELEASED):
        network.slash(network.id_of(alice), sender=test_slasher)
    assert network.registry.stake(5).stakedWei == 11 * ETHER


def test_p12_slash_of_one__leaves_the_same_delegators_stake_with_others(
    network: Network, test_slasher: Any, user: Any
) -> None:
    for number in (1, 2):
        network.delegate(number, ETHER, sender=user)
        network.registry.undelegate(number, ETHER // 2, sender=user)
    network.slash(1, sender=test_slasher)
    assert network.registry.stakeOf(2, user).stakedWei == ETHER // 2
    assert network.registry.ticketWei(2) == ETHER // 2
    assert network.registry.ticketWei(1) == ETHER // 2 * 65 // 100


def test_p13_several_undelegations__all_count(
    network: Network, clock: Clock, user: Any, stranger: Any
) -> None:
    network.delegate(1, 6 * ETHER, sender=user)
    for ether in (1, 2, 3):
        clock.set_next(clock.now + 100)
        network.registry.undelegate(1, ether * ETHER, sender=user)
    assert [network.registry.ticketOf(t).shares for t in (1, 2, 3)] == [
        ETHER,
        2 * ETHER,
        3 * ETHER,
    ]
    clock.jump_to(network.registry.ticketOf(3).releaseAt)
    for ticket in (2, 3, 1):
        network.registry.claim(ticket, sender=stranger)
    assert network.registry.credit(user) == 6 * ETHER


def test_p14_first_depositor__inflates_no_share(
    network: Network, user: Any, stranger: Any, alice: Actor
) -> None:
    """Whatever is paid in besides, a share is worth what it was: there is nothing to inflate it."""
    network.delegate(1, 10**16, sender=user)
    network.registry.undelegate(1, 10**16 - 1, sender=user)
    network.registry.reward(1, value=1_000 * ETHER, sender=user)
    network.delegate(1, 10**16 + 7, sender=stranger)
    assert network.registry.stakeOf(1, stranger) == (10**16 + 7, 10**16 + 7, 0)
    assert network.registry.stake(1).index == 10**27


def test_p14_dust__takes_part_in_each_slash_and_blocks_nothing(
    network: Network, clock: Clock, test_slasher: Any, user: Any
) -> None:
    """A slash is one number for all shares: splitting stake into dust rounds none of it away."""
    network.delegate(1, ETHER, sender=user)
    for _ in range(5):
        network.registry.undelegate(1, 1, sender=user)
    receipt = leak(network, 1, 1, test_slasher)
    assert events(receipt, "StakeSlashed")[0]["takenWei"] == 11 * ETHER // 1_000
    assert [network.registry.ticketWei(ticket) for ticket in range(1, 6)] == [0] * 5
    clock.jump_to(network.registry.ticketOf(5).releaseAt)
    for ticket in range(1, 6):
        network.registry.claim(ticket, sender=user)
    stake = network.registry.stake(1)
    assert stake.stakedWei <= stake.heldWei <= stake.stakedWei + 5


def test_p14_small_slash_of_small_stake__is_not_nothing(
    deploy_network: Callable[..., Network],
    network: Network,
    clock: Clock,
    test_slasher: Any,
    user: Any,
) -> None:
    """The least bond that bounds allow, the least part: a hundred thousand wei."""
    small = deploy_network(
        genesis=clock.now + 500,
        values={Parameter.MIN_BOND_WEI: 10**9, Parameter.INACTIVITY_BASE_BPS: 1},
        extra_slashers=[test_slasher.address],
    )
    for actor in network.members:
        small.bond(actor, 10**9)
    clock.jump_to(small.times.genesis + 1)
    receipt = leak(small, 1, 1, test_slasher)
    assert events(receipt, "StakeSlashed")[0]["takenWei"] == 10**5


@pytest.mark.parametrize("first", ["slash", "claim"])
def test_p15_slash_racing_a_claim__takes_from_others_nothing_more(
    network: Network, clock: Clock, test_slasher: Any, user: Any, first: str
) -> None:
    """In the second of the release the ticket is free, whichever comes first."""
    network.delegate(1, 6 * ETHER, sender=user)
    network.registry.undelegate(1, 6 * ETHER, sender=user)
    release_at = network.registry.ticketOf(1).releaseAt
    calls = {
        "slash": lambda: leak(network, 1, 500, test_slasher),
        "claim": lambda: network.registry.claim(1, sender=user),
    }
    for name in (first, "claim" if first == "slash" else "slash"):
        clock.set_next(release_at)
        calls[name]()
    assert network.registry.credit(user) == 6 * ETHER
    assert network.registry.stake(1).heldWei == 5 * ETHER


def test_p15_slash_racing_an_exit__does_the_same_in_either_order(
    network: Network, clock: Clock, test_slasher: Any, alice: Actor, bob: Actor
) -> None:
    now = clock.now + 5
    clock.set_next(now)
    network.registry.initiateExit(sender=alice.account)
    clock.set_next(now)
    leak(network, 1, 500, test_slasher)
    clock.set_next(now)
    leak(network, 2, 500, test_slasher)
    clock.set_next(now)
    network.registry.initiateExit(sender=bob.account)
    one, two = (network.registry.operator(number) for number in (1, 2))
    assert (one.status, one.releaseAt) == (two.status, two.releaseAt)
    assert network.registry.stake(1) == network.registry.stake(2)


def test_p16_minimum_bond_raised__binds_those_who_come_later(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    test_slasher: Any,
    deployer: Any,
    alice: Actor,
    erin: Actor,
) -> None:
    change = network.parameters.set.encode_input(Parameter.MIN_BOND_WEI, 20 * ETHER)
    call = (network.parameters, 0, change, bytes(32), bytes(32))
    delay = network.timelock.getMinDelay()
    network.timelock.schedule(*call, delay, sender=deployer)
    clock.set_next(clock.now + delay)
    network.timelock.execute(*call, sender=deployer)

    leak(network, 1, 100, test_slasher)
    assert network.registry.operator(1).status == Status.ACTIVE
    network.registry.undelegate(1, 8 * ETHER, sender=alice.account)
    with faults.expect("BondTooSmall", minimumWei=20 * ETHER, actualWei=10 * ETHER):
        network.bond(erin)


def gas_of(call: Callable[[], Any]) -> int:
    return int(call().gas_used)


def test_p18_more_delegators__make_nothing_dearer(
    network: Network,
    clock: Clock,
    test_slasher: Any,
    send_from_anyone: Callable[..., None],
    user: Any,
) -> None:
    """Slash and reward with one delegator and ticket, and with forty more of each."""
    registry = network.registry
    for number in (1, 2):
        network.delegate(number, ETHER, sender=user)
        registry.undelegate(number, ETHER // 2, sender=user)
        registry.reward(number, value=ETHER, sender=user)
    delegate = delegate_call(2)
    undelegate = registry.undelegate.encode_input(2, ETHER // 2)
    for number in range(5_000, 5_040):
        account = ref.account_of(number).address
        send_from_anyone(account, registry, delegate, ETHER)
        send_from_anyone(account, registry, undelegate, 0)
    assert registry.stake(2).shares == registry.stake(1).shares + 20 * ETHER

    rewards = [gas_of(lambda n=n: registry.reward(n, value=ETHER, sender=user)) for n in (1, 2)]
    assert rewards[0] == rewards[1]
    # Of tickets there is a history by seconds, searched by halves: six steps for forty entries.
    slashes = [gas_of(lambda n=n: leak(network, n, 10, test_slasher)) for n in (1, 2)]
    assert slashes[1] - slashes[0] < 6 * 2_500


def test_p18_full_house_of_long_histories__still_gets_its_committee(
    network: Network, clock: Clock, send_from_anyone: Callable[..., None], user: Any
) -> None:
    """BOND-3: 128 places, some with hundreds of changes of weight, within an eighth of a block."""
    for number in range(1_000, 1_124):
        actor = Actor(ref.account_of(number), ref.account_of(2 * number))
        call = network.registry.bond.encode_input(network.application(actor))
        send_from_anyone(actor.account.address, network.registry, call, ETHER)
    again = delegate_call(1)
    for _ in range(100):
        send_from_anyone(user.address, network.registry, again, ETHER // 100)
    clock.jump_to(network.times.start_of(2))
    receipt = network.committee.snapshot(3, sender=user)
    assert len(bytes(network.committee.committeeBytes(3))) == 32 * 65
    assert receipt.gas_used < 60_000_000 // 8
