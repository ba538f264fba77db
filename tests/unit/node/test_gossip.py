"""Passing transactions on, and counting faults (POOL-5, NET-4)."""

import asyncio

import pytest

from sequencer.node import gossip as gossip_module
from sequencer.node.gossip import (
    FAULT_WINDOW_MS,
    FAULTS_ALLOWED,
    MAX_PAUSE_SECONDS,
    PeerFaults,
    TransactionGossip,
)
from sequencer.node.wire import MAX_GOSSIPED, GossipedTransaction, decode
from sequencer.types import Address, RollupId

PEER = Address(b"\x01" * 20)


def transaction(number: int, size: int = 10) -> GossipedTransaction:
    return GossipedTransaction(RollupId(1), number.to_bytes(4, "big") + bytes(size))


async def sent_of(transactions: list[GossipedTransaction]) -> list[tuple[object, ...]]:
    sent: list[bytes] = []
    gossip = TransactionGossip(sent.append)
    for each in transactions:
        gossip.add(each)
    assert sent == []
    await asyncio.sleep(0.001)
    return [tuple(decode(data)) for data in sent]  # type: ignore[arg-type]


async def test_add__several_in_one_turn__go_out_as_one_message() -> None:
    some = [transaction(number) for number in range(5)]
    assert await sent_of(some) == [tuple(some)]


async def test_add__more_than_fit__go_out_in_order_in_several() -> None:
    many = [transaction(number) for number in range(MAX_GOSSIPED + 1)]
    parts = await sent_of(many)
    assert [len(part) for part in parts] == [MAX_GOSSIPED, 1]
    assert [each for part in parts for each in part] == many


async def test_add__soon_after_many__goes_out_with_others_or_when_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gossip_module, "MAX_PAUSE_SECONDS", 60.0)
    monkeypatch.setattr(gossip_module, "PAUSE_SECONDS_EACH", 0.06)
    sent: list[bytes] = []
    gossip = TransactionGossip(sent.append)
    for number in range(1_000):
        gossip.add(transaction(number))
    await asyncio.sleep(0.001)
    many = len(sent)
    gossip.add(transaction(1_000))
    await asyncio.sleep(0.05)
    gossip.add(transaction(1_001))
    assert len(sent) == many
    gossip.flush()
    gossip.flush()
    assert [len(tuple(decode(data))) for data in sent[many:]] == [2]  # type: ignore[arg-type]
    gossip.add(transaction(1_002))
    await asyncio.sleep(4 * gossip_module.PAUSE_SECONDS_EACH)
    assert len(sent) == many + 2


async def test_add__long_after_many__goes_out_at_once() -> None:
    sent: list[bytes] = []
    gossip = TransactionGossip(sent.append)
    for number in range(1_000):
        gossip.add(transaction(number))
    await asyncio.sleep(2 * MAX_PAUSE_SECONDS)
    before = len(sent)
    gossip.add(transaction(1_000))
    await asyncio.sleep(0.001)
    assert len(sent) == before + 1


async def test_add__large_ones__are_split_by_size() -> None:
    large = [transaction(number, 100_000) for number in range(30)]
    assert len(await sent_of(large)) > 1


def test_faults__fewer_than_allowed_in_a_window__silence_nobody() -> None:
    faults = PeerFaults()
    for at in range(FAULTS_ALLOWED - 1):
        faults.add(PEER, at)
    faults.add(PEER, FAULT_WINDOW_MS)
    assert not faults.is_silenced(PEER, FAULT_WINDOW_MS)
    assert faults.total == FAULTS_ALLOWED


def test_faults__too_many_in_a_window__silence_the_peer_for_one() -> None:
    faults = PeerFaults()
    for at in range(FAULTS_ALLOWED):
        faults.add(PEER, at)
    last = FAULTS_ALLOWED - 1
    assert faults.is_silenced(PEER, last + FAULT_WINDOW_MS - 1)
    assert not faults.is_silenced(PEER, last + FAULT_WINDOW_MS)
    assert not faults.is_silenced(Address(b"\x02" * 20), last)
