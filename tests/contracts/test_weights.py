"""BondRegistry.weightAt and candidatesAt (BOND-4)

weightAt, candidatesAt
├── when the time is now or later: refused
└── when it is past: what held after the last change at or before it
"""

from __future__ import annotations

from typing import Any

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Actor, Clock, Network
from tests.contracts.settings import ETHER


def test_weight_at__not_past__is_refused(
    network: Network, faults: FaultCatalogue, clock: Clock
) -> None:
    for t in (clock.now, clock.now + 1, 2**64 - 1):
        with faults.expect("NotInThePast", asked=t, actual=clock.now):
            network.registry.weightAt(1, t)
        with faults.expect("NotInThePast", asked=t, actual=clock.now):
            network.registry.candidatesAt(t)


def test_weight_at__many_changes__gives_each_its_time(
    network: Network, clock: Clock, alice: Actor
) -> None:
    start = clock.now + 100
    for step in range(4):
        clock.set_next(start + 10 * step)
        network.delegate(1, ETHER, sender=alice.account)
    clock.set_next(start + 40)
    network.registry.initiateExit(sender=alice.account)
    clock.jump_to(start + 50)

    expected = {-1: 10, 0: 11, 9: 11, 10: 12, 25: 13, 39: 14, 40: 0, 49: 0}
    for offset, ether in expected.items():
        assert network.registry.weightAt(1, start + offset) == ether * ETHER
    assert network.registry.weightAt(1, 0) == 0
    assert network.registry.weightAt(99, start) == 0


def test_candidates_at__past__lists_those_with_weight(
    network: Network, clock: Clock, test_slasher: Any, alice: Actor, erin: Actor
) -> None:
    before = clock.now
    clock.set_next(before + 10)
    network.registry.initiateExit(sender=alice.account)
    clock.set_next(before + 10)
    network.bond(erin)
    clock.jump_to(before + 11)

    assert [c.id for c in network.registry.candidatesAt(before)] == [1, 2, 3, 4]
    after = network.registry.candidatesAt(before + 10)
    assert sorted((c.id, c.signer, c.weight) for c in after) == [
        (number, network_signer, 10 * ETHER)
        for number, network_signer in enumerate(
            [*(m.key.address for m in network.members[1:]), erin.key.address], start=2
        )
    ]
