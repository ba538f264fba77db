"""BondRegistry.bond (BOND-1, BOND-3)

bond
├── when the caller holds a place: refused
├── when the signing key was used before: refused, also after its operator was released
├── when no place is left: refused
├── when less than minBond is paid: refused
├── when more is paid than 96 bits hold: refused
├── when the endpoint is too long: refused
├── when the possession is not the signer's
│   ├── another key signed: refused
│   ├── signed for another operator: refused
│   └── signed for another transport key: refused
└── when all is good: the next id, with weight from this second on
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Actor, Clock, Network, Status, events
from tests.contracts.settings import ETHER
from tests.vectors import reference as ref


def test_bond__everything_good__takes_a_place(network: Network, clock: Clock, erin: Actor) -> None:
    clock.set_next(clock.now + 5)
    receipt = network.bond(replace(erin, commission_bps=700), 3 * ETHER)

    assert events(receipt, "OperatorBonded") == [
        {
            "id": 5,
            "operator": erin.account.address,
            "signer": erin.key.address,
            "bondWei": 3 * ETHER,
            "commissionBps": 700,
            "transportKey": erin.transport_key,
            "endpoint": erin.endpoint,
        }
    ]
    operator = network.registry.operator(5)
    assert operator.operator == erin.account.address
    assert operator.signer == erin.key.address
    assert (operator.status, operator.releaseAt, operator.jailedUntil) == (Status.ACTIVE, 0, 0)
    assert (operator.minBondWei, operator.commissionBps) == (ETHER, 700)
    assert operator.commissionRaisedAt == receipt.timestamp
    assert network.registry.stakeOf(5, erin.account) == (3 * ETHER, 3 * ETHER, 0)
    assert network.registry.stake(5).heldWei == 3 * ETHER
    assert network.registry.operatorIdOf(erin.account) == 5
    assert network.registry.operatorIdOfSigner(erin.key.address) == 5
    assert network.registry.operatorCount() == 5
    assert sorted(network.registry.operatorIds()) == [1, 2, 3, 4, 5]
    transport_key, endpoint = network.registry.peer(5)
    assert (bytes(transport_key), endpoint) == (erin.transport_key, erin.endpoint)

    clock.jump_to(receipt.timestamp + 1)
    assert network.registry.weightAt(5, receipt.timestamp - 1) == 0
    assert network.registry.weightAt(5, receipt.timestamp) == 3 * ETHER


def test_bond__caller_holds_a_place__is_refused(
    network: Network, faults: FaultCatalogue, alice: Actor, erin: Actor
) -> None:
    again = Actor(alice.account, erin.key)
    with faults.expect("AlreadyBonded", operator=alice.account.address, id=1):
        network.bond(again)


def test_bond__signer_in_use__is_refused(
    network: Network, faults: FaultCatalogue, alice: Actor, erin: Actor
) -> None:
    with faults.expect("SignerUsed", signer=alice.key.address, id=1):
        network.bond(Actor(erin.account, alice.key))


def test_bond__signer_of_a_released_operator__is_refused(
    network: Network, faults: FaultCatalogue, clock: Clock, alice: Actor, erin: Actor
) -> None:
    network.registry.initiateExit(sender=alice.account)
    clock.jump_to(clock.now + network.times.unbondingSeconds)
    network.registry.release(1, sender=alice.account)
    with faults.expect("SignerUsed", signer=alice.key.address, id=1):
        network.bond(Actor(erin.account, alice.key))
    # The cold key may come back with another signing key, under a new id (BOND-8).
    network.bond(Actor(alice.account, erin.key))
    assert network.registry.operatorIdOf(alice.account) == 5


def test_bond__no_place_left__is_refused(
    network: Network,
    faults: FaultCatalogue,
    send_from_anyone: Callable[..., None],
    erin: Actor,
) -> None:
    for number in range(1_000, 1_124):
        actor = Actor(ref.account_of(number), ref.account_of(2 * number))
        call = network.registry.bond.encode_input(network.application(actor))
        send_from_anyone(actor.account.address, network.registry, call, ETHER)
    assert network.registry.operatorCount() == network.registry.MAX_OPERATORS() == 128
    with faults.expect("NoPlaceLeft", maximum=128):
        network.bond(erin)


def test_bond__less_than_minimum__is_refused(
    network: Network, faults: FaultCatalogue, erin: Actor
) -> None:
    with faults.expect("BondTooSmall", minimumWei=ETHER, actualWei=ETHER - 1):
        network.bond(erin, ETHER - 1)
    network.bond(erin, ETHER)


def test_bond__more_than_96_bits__is_refused(
    network: Network, faults: FaultCatalogue, chain: Any, erin: Actor
) -> None:
    chain.provider.set_balance(erin.account.address, 2**98)
    with faults.expect("StakeTooLarge", maximumWei=2**96 - 1, actualWei=2**96):
        network.bond(erin, 2**96)


def test_bond__long_endpoint__is_refused(
    network: Network, faults: FaultCatalogue, erin: Actor
) -> None:
    with faults.expect("EndpointTooLong", maximum=128, actual=129):
        network.bond(replace(erin, endpoint="e" * 129))
    network.bond(replace(erin, endpoint="e" * 128))


def test_bond__possession_not_the_signers__is_refused(
    network: Network, faults: FaultCatalogue, alice: Actor, erin: Actor
) -> None:
    message = {
        "operator": erin.account.address,
        "signer": erin.key.address,
        "transportKey": erin.transport_key,
    }
    forged = ref.sign(alice.key, network.domain.digest("KeyPossession", **message))
    for_another_operator = network.possession(erin, operator=alice.account.address)
    for_another_transport = network.possession(erin, transportKey=bytes(32))
    for possession in (forged, for_another_operator, for_another_transport):
        with faults.expect("WrongPossession", expected=erin.key.address):
            application = (*network.application(erin)[:-1], possession)
            network.registry.bond(application, value=ETHER, sender=erin.account)
