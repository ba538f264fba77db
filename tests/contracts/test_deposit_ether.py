"""ForcedInbox.depositEther (INBOX-9)

depositEther
├── when the rollup is unknown, or has no vault: refused
├── when nothing is deposited: refused
├── when less than fee and deposit is paid: refused, whatever the amount
├── when the vault takes no ether: refused, and the queue goes on
├── when the caller takes no ether back: refused
└── when all is good
    ├── the vault gets the amount, the queue the fee, the caller the rest
    ├── the sender of a contract's deposit is its alias
    └── a vault or a caller that calls back pays for each message, and each has its place
"""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils.address import to_checksum_address

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Network, events
from tests.contracts.settings import ETHER
from tests.vectors import reference as ref

TO = to_checksum_address("0x" + "ee" * 20)
GAS = 50_000
DATA = b"\x01\x02"
LENGTH = 52 + len(DATA)


@pytest.fixture
def vault(project: Any, deployer: Any) -> Any:
    return deployer.deploy(project.ContractActor)


@pytest.fixture
def rollup(network: Network, user: Any, vault: Any) -> int:
    return network.register(vault, sender=user)


def test_deposit_ether__everything_good__moves_and_queues(
    network: Network, user: Any, vault: Any, rollup: int
) -> None:
    fee = network.inbox.fee(LENGTH, GAS)
    before = user.balance
    receipt = network.inbox.depositEther(
        rollup, GAS, TO, 3 * ETHER, DATA, value=4 * ETHER, sender=user
    )
    assert vault.balance == 3 * ETHER
    assert network.inbox.balance == fee
    assert before - user.balance == 3 * ETHER + fee + receipt.total_fees_paid
    (event,) = events(receipt, "MessageEnqueued")
    assert (event["kind"], event["sender"]) == (ref.ETHER_DEPOSIT, user.address)
    assert bytes(event["content"]) == ref.content(TO, amount=3 * ETHER, data=DATA)


def test_deposit_ether__nowhere_to_go__is_refused(
    network: Network, faults: FaultCatalogue, user: Any, rollup: int
) -> None:
    with faults.expect("UnknownRollup", rollupId=rollup + 1):
        network.inbox.depositEther(rollup + 1, GAS, TO, 1, DATA, value=ETHER, sender=user)
    with faults.expect("NoVault", rollupId=1):
        network.inbox.depositEther(1, GAS, TO, 1, DATA, value=ETHER, sender=user)


def test_deposit_ether__nothing__is_refused(
    network: Network, faults: FaultCatalogue, user: Any, rollup: int
) -> None:
    with faults.expect("NothingDeposited"):
        network.inbox.depositEther(rollup, GAS, TO, 0, DATA, value=ETHER, sender=user)


@pytest.mark.parametrize("amount", [1, ETHER, 2**256 - 1])
def test_deposit_ether__too_little_paid__is_refused(
    network: Network, faults: FaultCatalogue, user: Any, rollup: int, amount: int
) -> None:
    due = min(network.inbox.fee(LENGTH, GAS) + amount, 2**256 - 1)
    paid = min(due - 1, ETHER)
    with faults.expect("FeeTooSmall", expectedWei=due, actualWei=paid):
        network.inbox.depositEther(rollup, GAS, TO, amount, DATA, value=paid, sender=user)


def test_deposit_ether__vault_refuses__stops_the_deposit_and_nothing_else(
    network: Network, faults: FaultCatalogue, user: Any, vault: Any, rollup: int
) -> None:
    vault.refuseEther(True, sender=user)
    with faults.expect("VaultRefused", vault=vault.address, amountWei=1):
        network.inbox.depositEther(rollup, GAS, TO, 1, DATA, value=ETHER, sender=user)
    assert network.inbox.head()[0] == 0
    network.enqueue(user)


def test_deposit_ether__by_a_contract__is_its_alias_s(
    network: Network, faults: FaultCatalogue, user: Any, contract_actor: Any, rollup: int
) -> None:
    contract_actor.refuseEther(True, sender=user)
    call = network.inbox.depositEther.encode_input(rollup, GAS, TO, ETHER, DATA)
    due = network.inbox.fee(LENGTH, GAS) + ETHER
    with faults.expect("CallFailed") as caught:
        contract_actor.execute(network.inbox, call, value=due + 1, sender=user)
    assert faults.decode_bytes(bytes(caught.arguments["reason"]))[0] == "RefundFailed"
    receipt = contract_actor.execute(network.inbox, call, value=due, sender=user)
    (event,) = events(receipt, "MessageEnqueued")
    assert event["sender"] == ref.aliased(contract_actor.address)


@pytest.mark.parametrize("role", ["vault", "caller"])
def test_deposit_ether__called_back__queues_in_order_and_pays_for_each(
    network: Network,
    chain: Any,
    user: Any,
    contract_actor: Any,
    vault: Any,
    rollup: int,
    role: str,
) -> None:
    actor = vault if role == "vault" else contract_actor
    chain.provider.set_balance(actor.address, 2 * ETHER)
    inner = network.inbox.depositEther.encode_input(rollup, GAS, TO, 5, DATA)
    actor.reenterPaying(network.inbox, inner, ETHER, sender=user)
    outer = network.inbox.depositEther.encode_input(rollup, GAS, TO, 7, DATA)
    held = vault.balance + contract_actor.balance
    receipt = contract_actor.execute(network.inbox, outer, value=ETHER, sender=user)

    assert actor.reentered() == 1
    messages = events(receipt, "MessageEnqueued")
    assert [(event["index"], bytes(event["content"])) for event in messages] == [
        (0, ref.content(TO, amount=7, data=DATA)),
        (1, ref.content(TO, amount=5, data=DATA)),
    ]
    fees = sum(network.queue.fee(LENGTH, GAS, pending) for pending in (0, 1))
    assert network.inbox.balance == fees
    assert vault.balance + contract_actor.balance == held + ETHER - fees
