"""BondRegistry.increaseBond (BOND-2)

increaseBond
├── when the caller is no operator: refused
├── when the operator is leaving: refused
├── when the sum does not fit 96 bits: refused
└── when active: bond and weight grow from this second on
"""

from __future__ import annotations

from typing import Any

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Actor, Clock, Network, events
from tests.contracts.settings import ETHER


def test_increase_bond__active__adds_weight(network: Network, clock: Clock, alice: Actor) -> None:
    clock.set_next(clock.now + 5)
    receipt = network.registry.increaseBond(value=2 * ETHER, sender=alice.account)

    assert events(receipt, "BondIncreased") == [
        {"id": 1, "addedWei": 2 * ETHER, "bondWei": 12 * ETHER}
    ]
    clock.jump_to(receipt.timestamp + 1)
    assert network.registry.weightAt(1, receipt.timestamp - 1) == 10 * ETHER
    assert network.registry.weightAt(1, receipt.timestamp) == 12 * ETHER


def test_increase_bond__no_operator__is_refused(
    network: Network, faults: FaultCatalogue, stranger: Any
) -> None:
    with faults.expect("NotAnOperator", caller=stranger.address):
        network.registry.increaseBond(value=1, sender=stranger)


def test_increase_bond__leaving__is_refused(
    network: Network, faults: FaultCatalogue, alice: Actor
) -> None:
    network.registry.initiateExit(sender=alice.account)
    with faults.expect("NotActive", id=1, actual=2):
        network.registry.increaseBond(value=1, sender=alice.account)


def test_increase_bond__sum_too_large__is_refused(
    network: Network, faults: FaultCatalogue, chain: Any, alice: Actor
) -> None:
    chain.provider.set_balance(alice.account.address, 2**98)
    room = 2**96 - 1 - 10 * ETHER
    with faults.expect("BondTooLarge", maximumWei=2**96 - 1, actualWei=2**96):
        network.registry.increaseBond(value=room + 1, sender=alice.account)
    network.registry.increaseBond(value=room, sender=alice.account)
