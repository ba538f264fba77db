"""Promises of a running node (PROMISE-3, PROMISE-4, PROMISE-9).

make
├── first time: written, told when it is on disk, and then listed
├── again: the one that there is
├── another of its nonce is listed: refused
├── several at a time: one sync for all that wait
├── the disk fails: the node stops, and nothing is told
└── breaks: promised, on disk, and in no pool and no list

restart
├── open ones: in the pool again, counting, the same when asked for
├── final meanwhile: forgotten
└── breaks: counting, in no pool
"""

import asyncio
from collections.abc import Iterable
from pathlib import Path

import pytest

from sequencer.errors import LocalFault
from sequencer.ingress.refusal import NoPromise
from sequencer.ingress.transaction import Transaction
from sequencer.mempool.pool import TransactionKey
from sequencer.node.listing import Lister
from sequencer.node.promising import Promising
from sequencer.promises.book import Standing
from sequencer.store.promises import PromiseStore
from sequencer.types import Epoch, RollupId
from tests.unit.promises.test_book import (
    COVERAGE,
    LIST_BYTES,
    NOW_MS,
    ROLLUP,
    TIP,
    World,
    committee_of,
)


class Listed(Lister):
    """Remembers what it was asked to list."""

    def __init__(self) -> None:
        self.keys: list[TransactionKey] = []
        self.rivals: list[TransactionKey] = []

    def has_rival(self, rollup: RollupId, tx: Transaction) -> bool:
        return (rollup, tx.hash) in self.rivals

    def list_one(self, rollup: RollupId, tx: Transaction, now_ms: int) -> bool:
        self.keys.append((rollup, tx.hash))
        return True


class CountingStore(PromiseStore):
    """Counts syncs, and may fail."""

    syncs = 0
    is_broken = False

    def write(
        self, put: Iterable[tuple[TransactionKey, bytes]], drop: Iterable[TransactionKey]
    ) -> None:
        if self.is_broken:
            raise LocalFault("disk full")
        self.syncs += 1
        super().write(list(put), list(drop))


class Node:
    """What promises need of a node, over a file in `folder`."""

    def __init__(self, folder: Path, *, breaks: bool = False, ordered: bool = False) -> None:
        self.world = World()
        self.store = CountingStore(folder / "promises.sqlite")
        self.listed = Listed()
        self.faults: list[Exception] = []
        self.promising = Promising(
            self.world.book,
            self.store,
            self.world.pool,
            self.listed,
            lambda: Standing(committee_of(0), TIP, COVERAGE, LIST_BYTES, NOW_MS),
            lambda _: ordered,
            self.faults.append,
            breaks=breaks,
        )


async def test_make__is_told_when_it_is_on_disk_and_then_listed(tmp_path: Path) -> None:
    node = Node(tmp_path)
    key = node.world.pooled()
    made = node.promising.make(key, 7)
    assert (node.store.records(), node.listed.keys) == ([], [])
    await node.promising.file.durable()
    assert len(node.store.records()) == 1
    assert node.listed.keys == []
    await asyncio.sleep(0)
    assert node.listed.keys == [key]
    assert node.promising.make(key, 8) == made
    await node.promising.file.durable()
    assert node.store.syncs == 1


def test_make__another_of_its_nonce_is_listed__is_refused(tmp_path: Path) -> None:
    node = Node(tmp_path)
    key = node.world.pooled()
    node.listed.rivals.append(key)
    with pytest.raises(NoPromise, match="another transaction of nonce 0 of its sender is listed"):
        node.promising.make(key, 7)
    assert node.promising.book.open == ()


async def test_make__several_at_a_time__share_a_sync(tmp_path: Path) -> None:
    node = Node(tmp_path)
    for nonce in range(5):
        node.promising.make(node.world.pooled(nonce), 1)
    await node.promising.file.durable()
    assert (node.store.syncs, len(node.store.records())) == (1, 5)


async def test_make__disk_fails__stops_the_node_and_tells_nothing(tmp_path: Path) -> None:
    node = Node(tmp_path)
    node.store.is_broken = True
    node.promising.make(node.world.pooled(), 1)
    for _ in range(2):  # whoever waits, and who comes after
        with pytest.raises(LocalFault, match="disk full"):
            await node.promising.file.durable()
    await asyncio.sleep(0)
    assert [str(fault) for fault in node.faults] == ["disk full"]
    assert node.listed.keys == []


async def test_settled__is_forgotten_with_a_later_sync(tmp_path: Path) -> None:
    node = Node(tmp_path)
    first, second = node.world.pooled(0), node.world.pooled(1)
    node.promising.make(first, 1)
    node.promising.make(second, 1)
    await node.promising.file.durable()
    node.promising.settled([first])
    node.promising.upkeep(Epoch(0))
    assert len(node.store.records()) == 2
    node.promising.make(node.world.pooled(2), 1)
    await node.promising.file.durable()
    assert len(node.store.records()) == 2
    assert node.world.book.get(second) is not None


async def test_resume__open_promises__are_in_the_pool_and_count(tmp_path: Path) -> None:
    node = Node(tmp_path)
    key = node.world.pooled()
    made = node.promising.make(key, 900)
    await node.promising.file.durable()
    again = Node(tmp_path)
    again.promising.resume(NOW_MS)
    assert again.world.pool.is_ready(key)
    assert again.world.pool.expire(NOW_MS + 10**6) == 0
    assert again.world.book.open_wei == 900
    assert again.promising.make(key, 1) == made
    again.promising.list_open(NOW_MS)
    assert again.listed.keys == [key]


async def test_resume__final_meanwhile__is_forgotten(tmp_path: Path) -> None:
    node = Node(tmp_path)
    node.promising.make(node.world.pooled(), 900)
    await node.promising.file.durable()
    again = Node(tmp_path, ordered=True)
    again.promising.resume(NOW_MS)
    assert (len(again.world.book), len(again.world.pool)) == (0, 0)


async def test_breaks__promises_and_does_nothing_else(tmp_path: Path) -> None:
    node = Node(tmp_path, breaks=True)
    key = node.world.pooled()
    made = node.promising.make(key, 900)
    await node.promising.file.durable()
    assert (len(node.world.pool), node.listed.keys) == (0, [])
    again = Node(tmp_path, breaks=True)
    again.promising.resume(NOW_MS)
    assert (len(again.world.pool), again.world.book.open_wei) == (0, 900)
    assert again.promising.make(key, 0) == made
    assert made.promise.rollup == ROLLUP
