"""BondRegistry.rotateSigner (STAKE-11, BOND-1)

rotateSigner
├── when the caller is no operator, or has left: refused
├── when the key was ever used, by this operator too: refused
├── when the possession is not the new key's, for this operator and its transport key: refused
└── when all is good: committees recorded from then on have the new key, the old one stays its own
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Actor, Clock, Network, Status, events
from tests.contracts.settings import ETHER
from tests.vectors import reference as ref


@pytest.fixture
def renewed(alice: Actor) -> Actor:
    """`alice` with a fresh hot key."""
    return replace(alice, key=ref.account_of(77))


def rotate(network: Network, actor: Actor, possession: bytes | None = None) -> Any:
    possession = possession or network.possession(actor)
    return network.registry.rotateSigner(actor.key.address, possession, sender=actor.account)


def test_rotate_signer__fresh_key__sits_in_later_committees(
    network: Network, clock: Clock, user: Any, alice: Actor, renewed: Actor
) -> None:
    receipt = rotate(network, renewed)

    assert events(receipt, "SignerRotated") == [
        {"id": 1, "former": alice.key.address, "signer": renewed.key.address}
    ]
    assert network.registry.operator(1).signer == renewed.key.address
    for key in (alice.key, renewed.key):
        assert network.registry.operatorIdOfSigner(key.address) == 1
    network.committee.snapshot(1, sender=user)
    old = int(alice.key.address, 16).to_bytes(20, "big")
    new = int(renewed.key.address, 16).to_bytes(20, "big")
    assert old in bytes(network.committee.committeeBytes(0))
    assert old not in bytes(network.committee.committeeBytes(1))
    assert new in bytes(network.committee.committeeBytes(1))


def test_rotate_signer__old_key__convicts_its_owner_still(
    network: Network, reporter: Any, alice: Actor, renewed: Actor
) -> None:
    rotate(network, renewed)
    evidence = [
        network.signed(alice, network.statement("Notarize", 5, bytes([number]) * 32))
        for number in (1, 2)
    ]
    network.slasher.report(*evidence, bytes(32), sender=reporter)
    assert network.registry.operator(1).status == Status.EJECTED


def test_rotate_signer__key_ever_used__is_refused(
    network: Network, faults: FaultCatalogue, alice: Actor, bob: Actor, renewed: Actor
) -> None:
    with faults.expect("SignerUsed", signer=bob.key.address, id=2):
        rotate(network, replace(alice, key=bob.key))
    rotate(network, renewed)
    for key in (alice.key, renewed.key):
        with faults.expect("SignerUsed", signer=key.address, id=1):
            rotate(network, replace(alice, key=key))


def test_rotate_signer__old_key__is_nobody_elses(
    network: Network, faults: FaultCatalogue, alice: Actor, renewed: Actor, erin: Actor
) -> None:
    rotate(network, renewed)
    with faults.expect("SignerUsed", signer=alice.key.address, id=1):
        network.bond(replace(erin, key=alice.key))


def test_rotate_signer__possession_not_the_keys__is_refused(
    network: Network, faults: FaultCatalogue, alice: Actor, bob: Actor, renewed: Actor
) -> None:
    for possession in (
        network.possession(replace(renewed, key=alice.key), signer=renewed.key.address),
        network.possession(renewed, operator=bob.account.address),
        network.possession(renewed, transportKey=bytes(32)),
    ):
        with faults.expect("WrongPossession", expected=renewed.key.address):
            rotate(network, renewed, possession)


def test_rotate_signer__no_operator_or_left__is_refused(
    network: Network, faults: FaultCatalogue, stranger: Any, alice: Actor, renewed: Actor
) -> None:
    with faults.expect("NotAnOperator", caller=stranger.address):
        rotate(network, replace(renewed, account=stranger))
    network.registry.initiateExit(sender=alice.account)
    with faults.expect("HasLeft", id=1, actual=Status.EXITING):
        rotate(network, renewed)
    assert network.registry.stake(1).ownWei == 10 * ETHER
