"""ForcedInbox.enqueue and fee (INBOX-1 to INBOX-4)

enqueue
├── when the rollup is unknown: refused
├── when the transaction is empty or too long: refused
├── when the gas limit is out of range: refused
├── when less than the fee is paid: refused
├── when the excess cannot be returned: refused
└── when all is good
    ├── the deadline is stamped, the accumulator moves, the event carries the bytes
    ├── what is paid beyond the fee comes back
    └── the fee rises with the queue, and falls when it is consumed
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Clock, Network, events
from tests.contracts.settings import ETHER
from tests.vectors import reference as ref

TRANSACTION = b"\x02" * 112


def test_enqueue__everything_good__stamps_and_accumulates(
    network: Network, clock: Clock, user: Any
) -> None:
    accumulator = bytes(24)
    for index in range(3):
        transaction = TRANSACTION + bytes([index])
        receipt = network.enqueue(user, transaction, 50_000)
        deadline = receipt.timestamp + network.queue.forceWindowSeconds
        message = ref.ForcedMessage(
            kind=0,
            index=index,
            rollup_id=1,
            sender=user.address,
            gas_limit=50_000,
            deadline=deadline,
            content_hash=ref.keccak(transaction),
        )
        accumulator = ref.accumulate(accumulator, message.hash())

        assert events(receipt, "MessageEnqueued") == [
            {
                "index": index,
                "rollupId": 1,
                "sender": user.address,
                "kind": 0,
                "gasLimit": 50_000,
                "deadline": deadline,
                "content": transaction,
            }
        ]
        stored_deadline, stored_accumulator = network.inbox.message(index)
        assert (stored_deadline, bytes(stored_accumulator)) == (deadline, accumulator)
        length, consumed, head_accumulator = network.inbox.head()
        assert (length, consumed, bytes(head_accumulator)) == (index + 1, 0, accumulator)


def test_enqueue__unknown_rollup__is_refused(
    network: Network, faults: FaultCatalogue, user: Any
) -> None:
    for rollup_id in (0, 2):
        with faults.expect("UnknownRollup", rollupId=rollup_id):
            network.inbox.enqueue(rollup_id, 21_000, TRANSACTION, value=ETHER, sender=user)


def test_enqueue__length_out_of_range__is_refused(
    network: Network, faults: FaultCatalogue, user: Any
) -> None:
    longest = network.queue.maxBytes
    for length in (0, longest + 1):
        with faults.expect("LengthOutOfRange", minimum=1, maximum=longest, actual=length):
            network.enqueue(user, bytes(length))
    network.enqueue(user, bytes(1))
    network.enqueue(user, bytes(longest))


def test_enqueue__gas_out_of_range__is_refused(
    network: Network, faults: FaultCatalogue, user: Any
) -> None:
    most = network.queue.maxGas
    for gas_limit in (20_999, most + 1):
        with faults.expect("GasLimitOutOfRange", minimum=21_000, maximum=most, actual=gas_limit):
            network.enqueue(user, gas_limit=gas_limit)
    network.enqueue(user, gas_limit=most)


def test_enqueue__too_little_paid__is_refused(
    network: Network, faults: FaultCatalogue, user: Any
) -> None:
    fee = network.inbox.fee(len(TRANSACTION), 21_000)
    with faults.expect("FeeTooSmall", expectedWei=fee, actualWei=fee - 1):
        network.inbox.enqueue(1, 21_000, TRANSACTION, value=fee - 1, sender=user)


def test_enqueue__too_much_paid__returns_the_rest(network: Network, user: Any) -> None:
    fee = network.inbox.fee(len(TRANSACTION), 21_000)
    before = user.balance
    receipt = network.inbox.enqueue(1, 21_000, TRANSACTION, value=ETHER, sender=user)
    assert before - user.balance == fee + receipt.total_fees_paid
    assert network.inbox.balance == fee


def test_enqueue__rest_cannot_be_returned__is_refused(
    network: Network, faults: FaultCatalogue, user: Any, contract_actor: Any
) -> None:
    contract_actor.refuseEther(True, sender=user)
    fee = network.inbox.fee(len(TRANSACTION), 21_000)
    call = network.inbox.enqueue.encode_input(1, 21_000, TRANSACTION)
    with faults.expect("CallFailed") as caught:
        contract_actor.execute(network.inbox, call, value=fee + 1, sender=user)
    inner = faults.decode_bytes(bytes(caught.arguments["reason"]))
    assert inner == ("RefundFailed", {"to": contract_actor.address.lower(), "amountWei": 1})
    # The exact fee needs no return, so a contract that takes no ether can still enqueue.
    contract_actor.execute(network.inbox, call, value=fee, sender=user)


@pytest.mark.parametrize("pending", [0, 1, 5, 8])
def test_fee__queue_of_some_length__follows_the_rule(
    network: Network, user: Any, pending: int
) -> None:
    for _ in range(pending):
        network.enqueue(user)
    for length, gas_limit in ((1, 21_000), (112, 100_000), (1_024, 1_000_000)):
        expected = network.queue.fee(length, gas_limit, pending)
        assert network.inbox.fee(length, gas_limit) == expected


def test_fee__consumed_queue__falls_back(network: Network, clock: Clock, user: Any) -> None:
    base = network.inbox.fee(112, 21_000)
    for _ in range(network.queue.congestionTarget):
        network.enqueue(user)
    assert network.inbox.fee(112, 21_000) == 4 * base
    clock.jump_to(clock.now + network.queue.forceWindowSeconds)
    network.inbox.forceInclude(network.queue.congestionTarget, sender=user)
    assert network.inbox.fee(112, 21_000) == base


def test_message__beyond_the_queue__is_refused(
    network: Network, faults: FaultCatalogue, user: Any
) -> None:
    network.enqueue(user)
    with faults.expect("UnknownMessage", index=1, length=1):
        network.inbox.message(1)
