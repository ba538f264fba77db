"""The formula of bench/queue_cost.py, from which docs/queue-cost.md has its tables, against
the contract's fee (INBOX-2)"""

from __future__ import annotations

from typing import Any

import pytest

from bench.queue_cost import Message, Queue
from tests.contracts.network import Network

# ForcedInbox keeps (accumulator ‖ consumed ‖ length) in its first slot.
HEAD_SLOT = 0


def queue_of(network: Network) -> Queue:
    p = network.queue
    return Queue(p.baseFeeWei, p.weiPerByte, p.weiPerGas, p.congestionTarget)


@pytest.mark.parametrize("pending", [0, 1, 7, 8, 9, 1_000, 2**31])
def test_fee__at_some_depth__is_the_contracts(network: Network, chain: Any, pending: int) -> None:
    consumed = 5
    head = consumed << 32 | consumed + pending
    chain.provider.set_storage(network.inbox.address, HEAD_SLOT, head.to_bytes(32, "big"))
    assert network.inbox.head()[:2] == (consumed + pending, consumed)
    for length, gas_limit in ((1, 21_000), (112, 100_001), (1_024, 1_000_000)):
        message = Message("any", length, gas_limit, queue_of(network))
        assert message.fee_wei(pending) == network.inbox.fee(length, gas_limit)


def test_fill__by_real_messages__costs_the_sum(network: Network, user: Any) -> None:
    for _ in range(6):
        network.enqueue(user)
    message = Message("small", 112, 21_000, queue_of(network))
    assert network.inbox.balance == message.fill_wei(6)
    assert message.bought_for(message.fill_wei(6)) == 6
    assert message.bought_for(message.fill_wei(6) - 1) == 5
