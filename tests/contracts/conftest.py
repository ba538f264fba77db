"""Actors, the clock, and one network that every test starts from.

Session fixtures run once; ape then takes the chain back to that state after each test.

The base state: four operators of 10 ether each (`alice`, `bob`, `carol`, `dave`: ids 1 to 4 and,
with equal weights, member indices 0 to 3), epoch 0 ten seconds old with its committee recorded,
rollup 1 registered, nothing committed, nothing queued.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from ape.utils import ZERO_ADDRESS

from tests.contracts.deployment import deploy
from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Actor, Clock, Network
from tests.contracts.settings import Times
from tests.vectors import reference as ref

# Long enough for everything the session does before genesis.
_SECONDS_TO_GENESIS = 1_000


@pytest.fixture(scope="session")
def faults(project: Any) -> FaultCatalogue:
    return FaultCatalogue(list(project.contracts.values()))


@pytest.fixture(scope="session")
def clock(chain: Any) -> Clock:
    return Clock(chain)


@pytest.fixture(scope="session")
def deployer(accounts: Any) -> Any:
    return accounts[0]


@pytest.fixture(scope="session")
def submitter(accounts: Any) -> Any:
    """Posts batches; any account does."""
    return accounts[1]


@pytest.fixture(scope="session")
def user(accounts: Any) -> Any:
    return accounts[2]


@pytest.fixture(scope="session")
def reporter(accounts: Any) -> Any:
    return accounts[3]


@pytest.fixture(scope="session")
def stranger(accounts: Any) -> Any:
    """Has no part in anything."""
    return accounts[4]


@pytest.fixture(scope="session")
def test_slasher(accounts: Any) -> Any:
    """An account that the ledger takes for a slasher, so that slashes can be fired directly."""
    return accounts[5]


@pytest.fixture(scope="session")
def alice(accounts: Any) -> Actor:
    return Actor(accounts[10], ref.account_of(1))


@pytest.fixture(scope="session")
def bob(accounts: Any) -> Actor:
    return Actor(accounts[11], ref.account_of(2))


@pytest.fixture(scope="session")
def carol(accounts: Any) -> Actor:
    return Actor(accounts[12], ref.account_of(3))


@pytest.fixture(scope="session")
def dave(accounts: Any) -> Actor:
    return Actor(accounts[13], ref.account_of(4))


@pytest.fixture(scope="session")
def erin(accounts: Any) -> Actor:
    """An operator to be: not bonded in the base state."""
    return Actor(accounts[14], ref.account_of(5))


@pytest.fixture(scope="session")
def contract_actor(project: Any, deployer: Any) -> Any:
    """A contract that acts like an account."""
    return deployer.deploy(project.ContractActor)


@pytest.fixture(scope="session")
def library(project: Any, deployer: Any) -> Any:
    """The libraries' internal functions."""
    return deployer.deploy(project.LibraryHarness)


@pytest.fixture(scope="session")
def deploy_network(project: Any, deployer: Any, clock: Clock) -> Callable[..., Network]:
    """A further network, for tests that need other parameters or an earlier state."""

    def make(genesis: int | None = None, times: Times | None = None, **options: Any) -> Network:
        if genesis is None:
            genesis = clock.now + _SECONDS_TO_GENESIS
        times = replace(times or Times(), genesis=genesis)
        return deploy(project, deployer, times, **options)

    return make


@pytest.fixture(scope="session")
def send_from_anyone(chain: Any) -> Callable[..., None]:
    """A transaction of any account, without its key or ape's receipts: for crowds."""

    def send(sender: str, to: Any, data: Any, value: int) -> None:
        rpc = chain.provider.make_request
        rpc("anvil_setBalance", [sender, hex(value + 10**18)])
        rpc("anvil_impersonateAccount", [sender])
        transaction = {"from": sender, "to": to.address, "data": data.hex(), "value": hex(value)}
        # No estimate: what is written depends on whether the second is the one of the last change.
        transaction["gas"] = hex(1_000_000)
        sent = rpc("eth_sendTransaction", [transaction])
        # Where the processor is shared, the answer may come before the block.
        wait = chain.provider.web3.eth.wait_for_transaction_receipt
        assert wait(sent, poll_latency=0.01)["status"] == 1
        rpc("anvil_stopImpersonatingAccount", [sender])

    return send


@pytest.fixture(scope="session")
def network(
    deploy_network: Callable[..., Network],
    chain: Any,
    clock: Clock,
    user: Any,
    test_slasher: Any,
    library: Any,
    contract_actor: Any,
    alice: Actor,
    bob: Actor,
    carol: Actor,
    dave: Actor,
) -> Network:
    """The base state. Naming the harnesses deploys them before it, once for all tests."""
    # Fees would otherwise go where burned wei go.
    chain.provider.make_request("anvil_setCoinbase", ["0x" + "fe" * 20])
    network = deploy_network(extra_slashers=[test_slasher.address])
    network.members = [alice, bob, carol, dave]
    for actor in network.members:
        network.bond(actor)
    network.rollups.register(42, ZERO_ADDRESS, False, (0, 0), sender=user)
    clock.jump_to(network.times.genesis + 10)
    network.committee.snapshot(0, sender=user)
    return network
