"""ForcedInbox.enqueueCall (INBOX-8), and who the sender of a message is (INBOX-7)

enqueueCall
├── when the rollup is unknown, the gas out of range, the fee too small: refused
├── when the content, parts and all, is too long: refused
└── when all is good
    ├── the content is the parts, one after another, and the accumulator moves
    └── the sender is
        ├── an account's own address
        ├── an account's own address if it has delegated code, whoever sends the transaction
        ├── the alias of a contract
        ├── the alias of a contract that is still in its constructor
        ├── the alias of a contract whose code only resembles a delegation
        └── the alias modulo 2^160
"""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils.address import to_checksum_address

from tests.contracts.deployment import create_address
from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Network, events
from tests.contracts.settings import ETHER
from tests.vectors import reference as ref

TO = to_checksum_address("0x" + "ee" * 20)
GAS = 50_000
# The address and the value before the data.
OVERHEAD = 52
HIGHEST_ADDRESS = to_checksum_address("0x" + "ff" * 20)
# Calls whom the first word of its calldata names, with the rest of it.
SMALL_CALLER = bytes.fromhex("365f5f375f5f602036036020345f355af1")
SMALL_ADDRESS = to_checksum_address("0x" + "0e" * 20)


@pytest.fixture
def call(network: Network) -> bytes:
    """The smallest call there is, encoded for a contract to make."""
    return bytes(network.inbox.enqueueCall.encode_input(1, GAS, TO, 0, b""))


def sender_of(receipt: Any) -> str:
    """The sender of the only message of this transaction."""
    (event,) = events(receipt, "MessageEnqueued")
    return str(event["sender"])


@pytest.mark.parametrize(("value", "data"), [(0, b""), (2**256 - 1, b"do this")])
def test_enqueue_call__everything_good__carries_the_parts(
    network: Network, user: Any, value: int, data: bytes
) -> None:
    fee = network.inbox.fee(OVERHEAD + len(data), GAS)
    receipt = network.inbox.enqueueCall(1, GAS, TO, value, data, value=fee, sender=user)
    content = ref.content(TO, amount=value, data=data)
    deadline = receipt.timestamp + network.queue.forceWindowSeconds
    assert events(receipt, "MessageEnqueued") == [
        {
            "index": 0,
            "rollupId": 1,
            "sender": user.address,
            "kind": ref.CALL,
            "gasLimit": GAS,
            "deadline": deadline,
            "content": content,
        }
    ]
    message = ref.ForcedMessage(ref.CALL, 0, 1, user.address, GAS, deadline, ref.keccak(content))
    accumulator = ref.accumulate(bytes(24), message.hash())
    assert bytes(network.inbox.head()[2]) == accumulator


def test_enqueue_call__bounds_of_every_message__hold(
    network: Network, faults: FaultCatalogue, user: Any
) -> None:
    def enqueue(rollup_id: int = 1, gas: int = GAS, length: int = 0, value: int = ETHER) -> None:
        call = (rollup_id, gas, TO, 0, bytes(length))
        network.inbox.enqueueCall(*call, value=value, sender=user)

    with faults.expect("UnknownRollup", rollupId=2):
        enqueue(rollup_id=2)
    with faults.expect("GasLimitOutOfRange", actual=20_999):
        enqueue(gas=20_999)
    longest = network.queue.maxBytes
    with faults.expect("LengthOutOfRange", maximum=longest, actual=longest + 1):
        enqueue(length=longest + 1 - OVERHEAD)
    enqueue(length=longest - OVERHEAD)
    fee = network.inbox.fee(OVERHEAD, GAS)
    with faults.expect("FeeTooSmall", expectedWei=fee, actualWei=fee - 1):
        enqueue(value=fee - 1)


def test_sender__contract__is_its_alias(
    network: Network, user: Any, contract_actor: Any, call: bytes
) -> None:
    receipt = contract_actor.execute(network.inbox, call, value=ETHER, sender=user)
    assert sender_of(receipt) == ref.aliased(contract_actor.address)
    # Of a signed transaction likewise, though it gives no rights there.
    signed = network.inbox.enqueue.encode_input(1, GAS, b"\x02")
    receipt = contract_actor.execute(network.inbox, signed, value=ETHER, sender=user)
    assert sender_of(receipt) == ref.aliased(contract_actor.address)


def test_sender__contract_in_its_constructor__is_its_alias(
    network: Network, project: Any, user: Any, call: bytes
) -> None:
    address = create_address(user.address, user.nonce)
    fee = network.inbox.fee(OVERHEAD, GAS)
    made = user.deploy(project.ConstructorCaller, network.inbox, call, value=fee)
    assert made.address == address
    assert sender_of(made.creation_metadata.receipt) == ref.aliased(address)


def test_sender__account_with_delegated_code__is_its_own_address(
    network: Network,
    project: Any,
    chain: Any,
    user: Any,
    stranger: Any,
    contract_actor: Any,
    call: bytes,
) -> None:
    delegation = bytes.fromhex("ef0100" + contract_actor.address[2:])
    chain.provider.set_code(user.address, delegation)
    as_origin = network.inbox.enqueueCall(1, GAS, TO, 0, b"", value=ETHER, sender=user)
    assert sender_of(as_origin) == user.address
    # Somebody else pays for the transaction, and the delegate makes the call.
    wallet = project.ContractActor.at(user.address)
    sponsored = wallet.execute(network.inbox, call, value=ETHER, sender=stranger)
    assert sender_of(sponsored) == user.address


def test_sender__contract_as_long_as_a_delegation__is_its_alias(
    network: Network, chain: Any, user: Any, call: bytes
) -> None:
    chain.provider.set_code(SMALL_ADDRESS, SMALL_CALLER.ljust(23, b"\0"))
    target = bytes.fromhex(network.inbox.address[2:]).rjust(32, b"\0")
    # The exact fee: with data this short, it could not take anything back.
    fee = network.inbox.fee(OVERHEAD, GAS)
    receipt = user.transfer(SMALL_ADDRESS, fee, data=target + call)
    assert sender_of(receipt) == ref.aliased(SMALL_ADDRESS)


def test_sender__highest_address__wraps(
    network: Network, project: Any, chain: Any, user: Any, contract_actor: Any, call: bytes
) -> None:
    chain.provider.set_code(HIGHEST_ADDRESS, chain.provider.get_code(contract_actor.address))
    wallet = project.ContractActor.at(HIGHEST_ADDRESS)
    fee = network.inbox.fee(OVERHEAD, GAS)
    receipt = wallet.execute(network.inbox, call, value=fee, sender=user)
    assert sender_of(receipt) == "0x1111000000000000000000000000000000001110"
