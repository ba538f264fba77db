"""Hashes of batches beside the loop (BATCH-6), and the archive's filling (SUBMIT-6).

sealing
├── batches with blobs get their hashes, in order, and no event is missed
└── the worker fails: tried again
archiving
├── a batch's blobs from the node's own blocks; others' and posts' from L1
├── no blobs, not on L1 any more, kept already: nothing is done
├── L1 away, or the disk full: tried again
├── older than is kept: left out
└── after a restart: nothing below what cannot be reorganised is looked at again
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest

from sequencer.batches.blobs import encode_blobs
from sequencer.crypto.hashing import keccak
from sequencer.crypto.kzg import ProvenBlob, versioned_hash
from sequencer.crypto.kzg_process import KzgFailed, KzgProcess
from sequencer.errors import LocalFault
from sequencer.l1.blob_sources import encode_record
from sequencer.l1.blobs import BlobReader
from sequencer.l1.client import L1Client, L1Transaction
from sequencer.l1.events import BatchPosted, Event, L1Block, L1Header
from sequencer.l1.rpc import L1Unavailable
from sequencer.l1.view import WINDOW
from sequencer.node import archiving, sealing
from sequencer.node.archiving import Archiver
from sequencer.node.sealing import Sealing
from sequencer.store.archive import BlobArchive
from sequencer.types import Address, BatchIndex, Hash32, RollupId
from tests.unit.l1.chains import committed, header
from tests.unit.node.chain import Chain
from tests.unit.node.test_ledger import ALL_WITH_BLOBS


def proven(blob: bytes) -> ProvenBlob:
    """With points that are quick to make, others for other blobs."""
    return ProvenBlob(keccak(blob) + bytes(16), b"p" * 48, blob)


@dataclass
class FakeKzg:
    """The worker; real KZG has its own tests."""

    failures: int = 0

    async def versioned_hashes(self, blobs: Sequence[bytes]) -> tuple[Hash32, ...]:
        await asyncio.sleep(0)
        if self.failures:
            self.failures -= 1
            raise KzgFailed("no worker")
        return tuple(proven(blob).versioned_hash for blob in blobs)

    async def prove(self, blob: bytes) -> ProvenBlob:
        await asyncio.sleep(0)
        return proven(blob)


async def settle(turns: int = 200) -> None:
    """Let everything run that can."""
    for _ in range(turns):
        await asyncio.sleep(0)


async def stop(task: "asyncio.Task[None]") -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("failures", [0, 2])
async def test_sealing__every_batch_that_waits(
    tmp_path: Path, failures: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "RETRY_SECONDS", 0)
    chain = Chain(tmp_path, parameters=ALL_WITH_BLOBS)
    chain.is_slow = True
    made = Sealing(cast(KzgProcess, FakeKzg(failures)))
    running = asyncio.create_task(made.run(chain.ledger))
    for _ in range(3):
        chain.grow(5)
        made.poke()
        await settle()
        assert chain.ledger.waiting is None
        assert len(chain.batches) == chain.ledger.last_batch
    first = chain.batches[0]
    blobs = encode_blobs(chain.ledger.batch_data(first.first_height, first.last_height))
    assert first.blobs_hash == keccak(*[proven(blob).versioned_hash for blob in blobs])
    await stop(running)
    chain.close()


DATA = {BatchIndex(1): b"first", BatchIndex(2): b"second"}
BLOBS = {index: encode_blobs(data) for index, data in DATA.items()}
POSTED = encode_blobs(b"a post")


def hashes_of(blobs: Sequence[bytes]) -> tuple[Hash32, ...]:
    return tuple(versioned_hash(keccak(blob) + bytes(16)) for blob in blobs)


@dataclass
class World:
    """An L1 with transactions and blobs, and an archive that follows it."""

    folder: Path
    transactions: dict[Hash32, tuple[bytes, ...]] = field(default_factory=dict)
    """The blobs of each."""
    asked: list[Hash32] = field(default_factory=list)
    read: list[tuple[Hash32, ...]] = field(default_factory=list)
    is_down: bool = False
    number: int = 0
    seconds: int = 10**9

    def __post_init__(self) -> None:
        self.archive = BlobArchive(self.folder / "blobs.sqlite", 1 << 30)
        self.archiver = Archiver(
            self.archive,
            cast(L1Client, self),
            cast(BlobReader, _Reader(self)),
            cast(KzgProcess, FakeKzg()),
            self.seconds,
        )
        self.running = asyncio.create_task(self.archiver.run(self.data_of))

    def data_of(self, index: BatchIndex, stated: Hash32) -> bytes | None:
        """This node has batch 1."""
        is_its = stated == keccak(*hashes_of(BLOBS[BatchIndex(1)]))
        return DATA[index] if index == 1 and is_its else None

    async def transaction(self, transaction: Hash32) -> L1Transaction | None:
        self.asked.append(transaction)
        if self.is_down:
            raise L1Unavailable("down")
        if transaction not in self.transactions:
            return None
        return L1Transaction(None, b"", None, hashes_of(self.transactions[transaction]))

    async def see(self, *events: Event, count: int = 1) -> None:
        for _ in range(count):
            self.number += 1
            self.archiver.on_block(L1Block(header(self.number), events))
        await settle()

    def has(self, blobs: Sequence[bytes]) -> bool:
        found = [self.archive.get(one) for one in hashes_of(blobs)]
        return found == [encode_record(proven(blob)) for blob in blobs]

    async def close(self) -> None:
        await stop(self.running)
        self.archive.close()


@dataclass
class _Reader:
    world: World

    async def read(self, wanted: tuple[Hash32, ...], _header: L1Header) -> tuple[bytes, ...]:
        self.world.read.append(wanted)
        known = {hashes_of(blobs): blobs for blobs in self.world.transactions.values()}
        return known[wanted]


def post(transaction: Hash32) -> BatchPosted:
    zero = Hash32(bytes(32))
    return BatchPosted(RollupId(1), 0, Address(bytes(20)), zero, transaction)


async def test_archive__own_batches_from_blocks__the_rest_from_l1(tmp_path: Path) -> None:
    world = World(tmp_path)
    first, second, third = committed(1), committed(2), post(keccak(b"post"))
    world.transactions = {
        first.transaction_hash: BLOBS[BatchIndex(1)],
        second.transaction_hash: BLOBS[BatchIndex(2)],
        third.transaction_hash: POSTED,
    }
    await world.see(first)
    await world.see(second, third)
    assert all(world.has(blobs) for blobs in (*BLOBS.values(), POSTED))
    assert world.read == [hashes_of(BLOBS[BatchIndex(2)]), hashes_of(POSTED)]
    await world.see(first)  # once more, after a reorg
    assert len(world.read) == 2
    await world.close()


async def test_archive__calldata_or_gone__keeps_nothing(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.transactions = {committed(1).transaction_hash: ()}
    await world.see(committed(1), committed(2))
    assert len(world.asked) == 2
    assert (len(world.archive), world.read) == (0, [])
    await world.close()


async def test_archive__l1_away__is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archiving, "RETRY_SECONDS", 0)
    monkeypatch.setattr(archiving, "MAX_TRIES", 10**9)
    world = World(tmp_path, is_down=True)
    world.transactions = {committed(1).transaction_hash: BLOBS[BatchIndex(1)]}
    await world.see(committed(1))
    assert len(world.archive) == 0
    world.is_down = False
    await settle()
    assert world.has(BLOBS[BatchIndex(1)])
    await world.close()


async def test_archive__disk_fails_for_a_while__is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archiving, "RETRY_SECONDS", 0)
    world, faults = World(tmp_path), [LocalFault("disk is full")] * 3
    put, expire = world.archive.put, world.archive.expire
    monkeypatch.setattr(world.archive, "put", lambda *a: _fail(faults) or put(*a))
    monkeypatch.setattr(world.archive, "expire", lambda *a: _fail(faults) or expire(*a))
    world.transactions = {committed(1).transaction_hash: BLOBS[BatchIndex(1)]}
    await world.see(committed(1))
    assert faults == []
    assert world.has(BLOBS[BatchIndex(1)])
    await world.close()


def _fail(faults: list[LocalFault]) -> None:
    if faults:
        raise faults.pop()


async def test_archive__restart__begins_where_no_reorg_reaches(tmp_path: Path) -> None:
    world = World(tmp_path)
    await world.see(committed(1))
    await world.see(count=WINDOW + 5)
    await world.see(committed(2))
    assert len(world.asked) == 2
    await world.close()
    again = World(tmp_path)
    await again.see(committed(1))
    await again.see(count=WINDOW + 5)
    await again.see(committed(2))
    assert again.asked == [committed(2).transaction_hash]
    await again.close()


async def test_archive__what_is_too_old__is_left_out_and_dropped(tmp_path: Path) -> None:
    world = World(tmp_path, seconds=100)
    world.transactions = {committed(1).transaction_hash: BLOBS[BatchIndex(1)]}
    await world.see(committed(1))
    assert world.has(BLOBS[BatchIndex(1)])
    step = header(2).timestamp - header(1).timestamp
    await world.see(count=100 // step + 2)
    assert len(world.archive) == 0
    late = L1Block(header(world.number + 1), (committed(1),))
    world.archiver.on_block(late)
    world.archiver.on_block(L1Block(header(world.number + 100 // step + 5)))
    await settle()
    assert len(world.archive) == 0
    await world.close()
