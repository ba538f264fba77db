"""ParameterTimelock (PARAM-1)

constructor
├── a delay shorter than a rollup's exit and the margin together: refused, by one second
└── nobody administers it but itself

schedule
├── by anyone but a proposer: refused
└── with a shorter delay: refused

execute
├── before the delay is over, or what nobody scheduled: refused
└── by anyone after it: the parameter is set

cancel
└── by a proposer alone

updateDelay
├── by anyone, though a proposer: refused
└── through the timelock itself, down to the floor and no further
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import ZERO, Clock, Network, events
from tests.contracts.settings import VALUES, Parameter
from tests.contracts.timelock import Change

READY = 1 << 2
JAIL = Parameter.JAIL_SECONDS


@pytest.fixture
def change(network: Network) -> Change:
    return Change.of(network, JAIL, 777)


def test_deploy__short_delay__is_refused(
    project: Any, deployer: Any, faults: FaultCatalogue
) -> None:
    rollups = deployer.deploy(project.RollupRegistry, 300)
    with faults.expect("DelayTooShort", minimumSeconds=2_300, actualSeconds=2_299):
        deployer.deploy(project.ParameterTimelock, 2_299, 2_000, rollups, [deployer])
    timelock = deployer.deploy(project.ParameterTimelock, 2_300, 2_000, rollups, [deployer])
    assert timelock.floorSeconds() == timelock.getMinDelay() == 2_300


def test_roles__of_a_network__give_nobody_the_administration(
    network: Network, deployer: Any, stranger: Any
) -> None:
    timelock = network.timelock
    proposer, canceller = timelock.PROPOSER_ROLE(), timelock.CANCELLER_ROLE()
    administrator, executor = timelock.DEFAULT_ADMIN_ROLE(), timelock.EXECUTOR_ROLE()
    for role in (proposer, canceller):
        assert timelock.hasRole(role, deployer)
        assert not timelock.hasRole(role, stranger)
        assert not timelock.hasRole(role, ZERO)
        assert timelock.getRoleAdmin(role) == administrator
    assert timelock.hasRole(executor, ZERO)
    assert timelock.hasRole(administrator, timelock)
    assert not any(timelock.hasRole(administrator, who) for who in (deployer, stranger, ZERO))


def test_roles__granted_by_a_proposer__is_refused(
    network: Network, faults: FaultCatalogue, deployer: Any, stranger: Any
) -> None:
    role = network.timelock.PROPOSER_ROLE()
    with faults.expect("AccessControlUnauthorizedAccount", account=deployer.address):
        network.timelock.grantRole(role, stranger, sender=deployer)


def test_schedule__by_anybody_but_a_proposer__is_refused(
    network: Network, faults: FaultCatalogue, stranger: Any, change: Change
) -> None:
    with faults.expect("AccessControlUnauthorizedAccount", account=stranger.address):
        change.schedule(network, sender=stranger)


def test_schedule__shorter_delay__is_refused(
    network: Network, faults: FaultCatalogue, deployer: Any, change: Change
) -> None:
    least = network.timelock.getMinDelay()
    with faults.expect("TimelockInsufficientDelay", delay=least - 1, minDelay=least):
        change.schedule(network, sender=deployer, delay=least - 1)


def test_execute__too_early_or_never_scheduled__is_refused(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    deployer: Any,
    stranger: Any,
    change: Change,
) -> None:
    with faults.expect("TimelockUnexpectedOperationState", operationId=change.id(network)):
        change.execute(network, sender=stranger)
    ready_at = change.schedule(network, sender=deployer)
    clock.set_next(ready_at - 1)
    with faults.expect("TimelockUnexpectedOperationState", expectedStates=READY.to_bytes(32)):
        change.execute(network, sender=stranger)
    assert network.parameters.value(JAIL) == VALUES[JAIL]


def test_execute__by_anyone_after_the_delay__sets_the_parameter(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    deployer: Any,
    stranger: Any,
    change: Change,
) -> None:
    ready_at = change.schedule(network, sender=deployer)
    clock.set_next(ready_at)
    receipt = change.execute(network, sender=stranger)
    assert events(receipt, "ParameterSet") == [{"parameter": JAIL, "value": 777}]
    assert network.parameters.value(JAIL) == 777
    assert network.parameters.valueAt(JAIL, ready_at - 1) == VALUES[JAIL]
    with faults.expect("TimelockUnexpectedOperationState"):
        change.execute(network, sender=stranger)


def test_execute__out_of_bounds__is_refused_at_last(
    network: Network, faults: FaultCatalogue, clock: Clock, deployer: Any
) -> None:
    change = Change.of(network, Parameter.REWARD_BPS, 1_501)
    clock.set_next(change.schedule(network, sender=deployer))
    with faults.expect("OutOfBounds", parameter=Parameter.REWARD_BPS, maximum=1_500):
        change.execute(network, sender=deployer)


def test_cancel__by_a_proposer_alone(
    network: Network,
    faults: FaultCatalogue,
    clock: Clock,
    deployer: Any,
    stranger: Any,
    change: Change,
) -> None:
    ready_at = change.schedule(network, sender=deployer)
    with faults.expect("AccessControlUnauthorizedAccount", account=stranger.address):
        change.cancel(network, sender=stranger)
    change.cancel(network, sender=deployer)
    clock.set_next(ready_at)
    with faults.expect("TimelockUnexpectedOperationState"):
        change.execute(network, sender=deployer)


def test_update_delay__by_a_proposer__is_refused(
    network: Network, faults: FaultCatalogue, deployer: Any
) -> None:
    with faults.expect("TimelockUnauthorizedCaller", caller=deployer.address):
        network.timelock.updateDelay(10**6, sender=deployer)
    with faults.expect("DelayTooShort", actualSeconds=0):
        network.timelock.updateDelay(0, sender=deployer)


def test_update_delay__through_the_timelock__stops_at_the_floor(
    network: Network, faults: FaultCatalogue, clock: Clock, deployer: Any
) -> None:
    timelock = network.timelock
    floor = timelock.floorSeconds()
    assert floor == network.times.unbondingSeconds + 2 * network.times.epochSeconds

    def scheduled(seconds: int) -> Change:
        change = Change(timelock, bytes(timelock.updateDelay.encode_input(seconds)))
        clock.set_next(change.schedule(network, sender=deployer))
        return change

    too_short = scheduled(floor - 1)
    with faults.expect("DelayTooShort", minimumSeconds=floor, actualSeconds=floor - 1):
        too_short.execute(network, sender=deployer)
    for seconds in (floor + 10, floor):
        scheduled(seconds).execute(network, sender=deployer)
        assert timelock.getMinDelay() == seconds
