"""Parameters (PARAM-1 to PARAM-3)

constructor
└── no timelock, a count that is not theirs, a value out of bounds: refused

set
├── by anyone but the timelock: refused
├── below or above the bounds: refused, by one
└── within: from this second on

valueAt
├── before the first change, the first value; after any, the last at or before
└── of two changes in one second, the later
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import ZERO, Clock, Network, events
from tests.contracts.settings import VALUES, Parameter

FOREVER = 2**64 - 1
INITIAL = [VALUES[key] for key in Parameter]


@pytest.fixture
def parameters(project: Any, deployer: Any, stranger: Any) -> Any:
    """With a plain account in the place of the timelock."""
    return deployer.deploy(project.Parameters, stranger, INITIAL)


def test_deploy__no_timelock__is_refused(
    project: Any, deployer: Any, faults: FaultCatalogue
) -> None:
    with faults.expect("ZeroParameter", name="timelock"):
        deployer.deploy(project.Parameters, ZERO, INITIAL)


@pytest.mark.parametrize("count", [0, len(INITIAL) - 1, len(INITIAL) + 1])
def test_deploy__wrong_count__is_refused(
    project: Any, deployer: Any, faults: FaultCatalogue, count: int
) -> None:
    values = (INITIAL + INITIAL)[:count]
    with faults.expect("WrongCount", expected=len(INITIAL), actual=count):
        deployer.deploy(project.Parameters, deployer, values)


def test_deploy__value_out_of_bounds__is_refused(
    project: Any, deployer: Any, faults: FaultCatalogue
) -> None:
    values = list(INITIAL)
    values[Parameter.REWARD_BPS] = 1_501
    with faults.expect("OutOfBounds", parameter=Parameter.REWARD_BPS, actual=1_501):
        deployer.deploy(project.Parameters, deployer, values)


def test_values__of_a_network__are_those_it_was_deployed_with(network: Network) -> None:
    assert network.parameters.values() == INITIAL
    for key in Parameter:
        assert network.parameters.value(key) == VALUES[key]
        assert network.parameters.valueAt(key, 0) == VALUES[key]
        assert network.parameters.valueAt(key, FOREVER) == VALUES[key]


def test_set__by_anybody_but_the_timelock__is_refused(
    network: Network, faults: FaultCatalogue, deployer: Any, stranger: Any
) -> None:
    timelock = network.timelock.address
    for caller in (deployer, stranger):
        with faults.expect("NotTheTimelock", timelock=timelock, caller=caller.address):
            network.parameters.set(Parameter.JAIL_SECONDS, 7, sender=caller)


@pytest.mark.parametrize("parameter", Parameter, ids=lambda key: key.name)
def test_set__each_parameter__keeps_its_bounds(
    parameters: Any, faults: FaultCatalogue, stranger: Any, parameter: Parameter
) -> None:
    minimum, maximum = (int(bound) for bound in parameters.boundsOf(parameter))
    assert 0 <= minimum < maximum < 2**96 - 1
    bounds = {"parameter": parameter, "minimum": minimum, "maximum": maximum}
    for value in (maximum + 1, 2**96 - 1, *([minimum - 1] if minimum else [])):
        with faults.expect("OutOfBounds", actual=value, **bounds):
            parameters.set(parameter, value, sender=stranger)
    for value in (minimum, maximum):
        receipt = parameters.set(parameter, value, sender=stranger)
        assert events(receipt, "ParameterSet") == [{"parameter": parameter, "value": value}]
        assert parameters.value(parameter) == value
    # No other moved.
    changed = [key for key in Parameter if parameters.value(key) != VALUES[key]]
    assert changed in ([], [parameter])


def test_bounds__of_a_split__leave_a_twentieth(network: Network) -> None:
    greatest = [
        network.parameters.boundsOf(key)[1]
        for key in (Parameter.REWARD_BPS, Parameter.VICTIM_BPS, Parameter.INSURANCE_BPS)
    ]
    assert sum(greatest) == 9_500


def test_value_at__each_second__is_the_last_change_at_or_before(
    parameters: Any, clock: Clock, stranger: Any
) -> None:
    key, first = Parameter.JAIL_SECONDS, VALUES[Parameter.JAIL_SECONDS]
    start = clock.now + 10
    for at, value in ((start, 11), (start + 5, 22)):
        clock.set_next(at)
        parameters.set(key, value, sender=stranger)
    expected = {0: first, start - 1: first, start: 11, start + 4: 11, start + 5: 22}
    for t, value in {**expected, FOREVER: 22, 2**48: 22, 2**48 + start: 22}.items():
        assert parameters.valueAt(key, t) == value, t
    assert parameters.value(key) == 22


def test_value_at__two_changes_in_one_second__is_the_later(
    parameters: Any, chain: Any, clock: Clock, stranger: Any
) -> None:
    key, first = Parameter.JAIL_SECONDS, VALUES[Parameter.JAIL_SECONDS]
    rpc = chain.provider.make_request
    rpc("evm_setAutomine", [False])
    try:
        for nonce, value in enumerate((11, 22), start=stranger.nonce):
            transaction = {"from": stranger.address, "to": parameters.address, "nonce": hex(nonce)}
            transaction |= {"data": parameters.set.encode_input(key, value).hex()}
            rpc("eth_sendTransaction", [{**transaction, "gas": hex(10**6)}])
        clock.jump_to(clock.now + 5)
    finally:
        rpc("evm_setAutomine", [True])
    now = clock.now
    assert parameters.valueAt(key, now - 1) == first
    assert parameters.valueAt(key, now) == 22


def test_value__unknown_parameter__is_refused(network: Network, stranger: Any) -> None:
    """The decoder of L1 refuses a number that is no parameter, for every function alike."""
    data = network.parameters.value.encode_input(Parameter.NOTICE_SECONDS)
    beyond = bytes(data[:-1]) + bytes([len(Parameter)])
    call = {"from": stranger.address, "to": network.parameters.address}
    rpc = stranger.provider.make_request
    assert int(rpc("eth_call", [{**call, "data": data.hex()}, "latest"]), 16) == 600
    with pytest.raises(Exception, match="revert"):
        rpc("eth_call", [{**call, "data": beyond.hex()}, "latest"])
