"""RollupRegistry.register (ROLL-1)

register
├── when the chain id is zero or does not fit 64 bits: refused
├── when a base fee is named for a policy other than PRIORITY: refused (ORDER-1)
└── otherwise: the next id, whoever asks and whatever chain id others took
"""

from __future__ import annotations

from typing import Any

from ape.utils import ZERO_ADDRESS

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Network, events


def test_register__good_chain_id__gives_the_next_id(
    network: Network, user: Any, stranger: Any
) -> None:
    receipt = network.rollups.register(2**64 - 1, user, True, (1, 0), sender=stranger)
    assert events(receipt, "RollupRegistered") == [
        {
            "rollupId": 2,
            "owner": stranger.address,
            "chainId": 2**64 - 1,
            "vault": user.address,
            "holdsData": True,
            "policy": 1,
            "baseFeeWei": 0,
            "provableFrom": receipt.timestamp + network.rollups.exitDelaySeconds(),
        }
    ]
    assert network.rollups.rollupCount() == 2
    assert tuple(network.rollups.rollup(1)) == (user.address, 42, ZERO_ADDRESS)
    assert tuple(network.rollups.rollup(2)) == (stranger.address, 2**64 - 1, user.address)
    assert [network.rollups.holdsData(i) for i in (0, 1, 2, 3)] == [False, False, True, False]


def test_register__taken_chain_id__is_not_squatted(network: Network, stranger: Any) -> None:
    network.rollups.register(42, ZERO_ADDRESS, False, (0, 5), sender=stranger)
    assert tuple(network.rollups.rollup(2)) == (stranger.address, 42, ZERO_ADDRESS)


def test_register__bad_chain_id__is_refused(
    network: Network, faults: FaultCatalogue, stranger: Any
) -> None:
    for chain_id in (0, 2**64):
        with faults.expect("InvalidChainId", maximum=2**64 - 1, actual=chain_id):
            network.rollups.register(chain_id, ZERO_ADDRESS, False, (0, 0), sender=stranger)


def test_register__ordering__is_the_rollups_for_ever(network: Network, stranger: Any) -> None:
    """ORDER-1."""
    network.rollups.register(7, ZERO_ADDRESS, False, (0, 10**9), sender=stranger)
    network.rollups.register(7, ZERO_ADDRESS, False, (2, 0), sender=stranger)
    found = [tuple(network.rollups.orderingOf(i).ordering) for i in (1, 2, 3, 4)]
    assert found == [(0, 0), (0, 10**9), (2, 0), (0, 0)]


def test_register__base_fee_without_use__is_refused(
    network: Network, faults: FaultCatalogue, stranger: Any
) -> None:
    for policy in (1, 2):
        with faults.expect("BaseFeeUnexpected", policy=policy, actual=1):
            network.rollups.register(7, ZERO_ADDRESS, False, (policy, 1), sender=stranger)


def test_is_registered__only_given_ids(network: Network) -> None:
    assert [network.rollups.isRegistered(i) for i in (0, 1, 2)] == [False, True, False]
