"""BondRegistry.announce (BOND-9)

announce
├── when the caller is no operator: refused
├── when the endpoint is too long: refused
└── when the caller holds a place, leaving or not: transport key and endpoint are replaced
"""

from __future__ import annotations

from typing import Any

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Actor, Network, events


def test_announce__operator__replaces_the_peer(network: Network, alice: Actor) -> None:
    key = bytes.fromhex("dd" * 32)
    receipt = network.registry.announce(key, "tcp://elsewhere:1", sender=alice.account)

    assert events(receipt, "PeerAnnounced") == [
        {"id": 1, "transportKey": key, "endpoint": "tcp://elsewhere:1"}
    ]
    transport_key, endpoint = network.registry.peer(1)
    assert (bytes(transport_key), endpoint) == (key, "tcp://elsewhere:1")


def test_announce__leaving__is_still_reachable(network: Network, alice: Actor) -> None:
    network.registry.initiateExit(sender=alice.account)
    network.registry.announce(bytes(32), "", sender=alice.account)
    assert network.registry.peer(1)[1] == ""


def test_announce__no_operator__is_refused(
    network: Network, faults: FaultCatalogue, stranger: Any
) -> None:
    with faults.expect("NotAnOperator", caller=stranger.address):
        network.registry.announce(bytes(32), "", sender=stranger)


def test_announce__hot_key__is_refused(
    network: Network, faults: FaultCatalogue, accounts: Any, chain: Any, alice: Actor
) -> None:
    hot = accounts[alice.key.address]
    chain.provider.set_balance(hot.address, 10**18)
    with faults.expect("NotAnOperator", caller=hot.address):
        network.registry.announce(bytes(32), "", sender=hot)


def test_announce__long_endpoint__is_refused(
    network: Network, faults: FaultCatalogue, alice: Actor
) -> None:
    with faults.expect("EndpointTooLong", maximum=128, actual=129):
        network.registry.announce(bytes(32), "e" * 129, sender=alice.account)
