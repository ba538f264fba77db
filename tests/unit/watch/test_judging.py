"""Looking at batches that members attested.

a batch that only nodes have
├── in order: judged, nothing is kept
├── with a fault: evidence against everyone heard so far, and against who is heard later
├── of which a node shows another one, or blocks that do not fit: not judged, asked again
└── heard of before a restart: looked at after it
a batch on L1
├── with its blocks in calldata: judged without any node, and again when others are heard
└── judged before a restart: not again
"""

import asyncio
from dataclasses import replace
from pathlib import Path

import msgspec

from sequencer.batches.attestations import Attestation, BatchCertificate
from sequencer.batches.codec import encode_batch_data
from sequencer.crypto.hashing import keccak
from sequencer.devnet.waiting import eventually
from sequencer.evidence.equivocation import StatementKind
from sequencer.l1.calldata import encode_commit
from sequencer.l1.events import BatchCommitted
from sequencer.types import BatchIndex, Hash32
from sequencer.watch.judging import Judge
from sequencer.watch.listening import Ear
from sequencer.watch.nodes import WatchedNode
from tests.unit.evidence import cases
from tests.unit.l1.fake_l1 import FakeL1
from tests.unit.watch.world import MEMBERS, Shown, World, said, serving

NAMES = [f"3-{one.address.hex()}-ordering.json" for one in MEMBERS]


class Court:
    """A judge with what it needs."""

    def __init__(self, world: World, url: str = "http://127.0.0.1:9") -> None:
        self.now = 0.0
        self.l1 = FakeL1()
        self.node = WatchedNode(url)
        self.ear = Ear(world.desk, self._on_attestation)
        self.judge = Judge(
            world.desk,
            self.l1,
            [self.node],
            self.ear.hear,
            lambda: self.now,  # type: ignore[arg-type]
        )

    def _on_attestation(self, index: BatchIndex, batch_hash: Hash32) -> None:
        self.judge.on_attestation(index, batch_hash)


def attestation_of(batch_hash: Hash32, member: int = 0) -> object:
    return said(batch_hash, MEMBERS[member], StatementKind.ATTESTATION, 4)


async def test_attested__in_order__nothing(tmp_path: Path) -> None:
    world, blocks = World(tmp_path), cases.chain(cases.IN_ORDER, ())
    batch = cases.batch_of(blocks)
    async with serving(Shown(batches={batch.index: batch}, blocks=blocks)) as url:
        court = Court(world, url)
        court.ear.hear([attestation_of(batch.hash)])
        assert await court.judge.step()
        assert world.store.verdict(batch.index, batch.hash) is False
        assert len(court.judge) == len(world.files) == 0
        await court.node.close()


async def test_attested__with_a_fault__convicts_who_is_heard_later_too(tmp_path: Path) -> None:
    world, blocks = World(tmp_path), cases.chain(cases.SWAPPED, cases.IN_ORDER)
    batch = cases.batch_of(blocks)
    async with serving(Shown(batches={batch.index: batch}, blocks=blocks)) as url:
        court = Court(world, url)
        court.ear.hear([attestation_of(batch.hash)])
        await court.judge.step()
        assert world.files.names == NAMES[:1]
        court.ear.hear([attestation_of(batch.hash, 1)])
        await court.judge.step()
        assert world.files.names == sorted(NAMES)
        await court.node.close()


async def test_attested__node_has_others__asked_again_after_a_while(tmp_path: Path) -> None:
    world, blocks = World(tmp_path), cases.chain(cases.SWAPPED)
    batch = cases.batch_of(blocks)
    other = cases.chain(cases.IN_ORDER)
    shown = Shown(batches={batch.index: cases.batch_of(other)}, blocks=other)
    async with serving(shown) as url:
        court = Court(world, url)
        court.ear.hear([attestation_of(batch.hash)])
        assert await court.judge.step()
        shown.batches[batch.index] = batch
        assert not await court.judge.step(), "it is too early"
        court.now += 10.0
        assert await court.judge.step(), "the batch is right, its blocks are not"
        assert world.store.verdict(batch.index, batch.hash) is None
        shown.blocks = blocks
        court.now += 10.0
        assert await court.judge.step()
        assert world.store.verdict(batch.index, batch.hash) is True
        await court.node.close()


async def test_attested__restart_before_it_was_looked_at__is_looked_at(tmp_path: Path) -> None:
    world, blocks = World(tmp_path), cases.chain(cases.SWAPPED)
    batch = cases.batch_of(blocks)
    Court(world).ear.hear([attestation_of(batch.hash)])
    world.close()
    again = World(tmp_path)
    async with serving(Shown(batches={batch.index: batch}, blocks=blocks)) as url:
        court, is_ready = Court(again, url), asyncio.Event()
        is_ready.set()
        running = asyncio.create_task(court.judge.run(is_ready))

        async def found() -> bool | None:
            return bool(again.files.names) or None

        await eventually("evidence", found, seconds=10.0, poll_seconds=0.01)
        running.cancel()
        await court.node.close()
    assert again.files.names == NAMES[:1]


def committed(court: Court, signers: int = 0b11) -> BatchCommitted:
    """L1 has a batch with a fault, by these members; its blocks are in calldata."""
    blocks = cases.chain(cases.SWAPPED, cases.IN_ORDER)
    data = encode_batch_data(blocks)
    batch = msgspec.structs.replace(cases.batch_of(blocks), data_hash=keccak(data))
    attestation = Attestation(cases.EPOCH, cases.COMMITTEE, batch.index, batch.hash)
    digest = attestation.digest(cases.SEPARATOR)
    chosen = [one for number, one in enumerate(MEMBERS) if signers >> number & 1]
    signatures = b"".join(one.sign(digest) for one in chosen)
    certificate = BatchCertificate(attestation, signers.to_bytes(32, "big"), signatures)
    event = BatchCommitted(batch.index, batch.hash, cases.EPOCH, keccak(b"commit"), signers=signers)
    court.l1.mine(event)
    court.l1.calldata[event.transaction_hash] = encode_commit(batch, certificate, data)
    return event


async def test_committed__with_a_fault__convicts_all_without_any_node(tmp_path: Path) -> None:
    world = World(tmp_path)
    court = Court(world)
    event = committed(court)
    court.judge.on_commit(event)
    assert await court.judge.step()
    assert world.files.names == sorted(NAMES)
    assert world.store.commit_with(cases.chain(())[0].header.height) is not None
    court.judge.on_commit(event)
    assert not await court.judge.step(), "it was judged"
    world.close()
    court = Court(World(tmp_path))
    court.judge.on_commit(event)
    assert not await court.judge.step(), "nor again after a restart"


async def test_committed__with_a_fault__convicts_who_is_heard_after_it(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with serving(Shown(blocks=cases.chain(cases.SWAPPED, cases.IN_ORDER))) as url:
        court = Court(world, url)
        event = committed(court, signers=0b01)
        court.judge.on_commit(event)
        await court.judge.step()
        assert world.files.names == NAMES[:1]
        court.ear.hear([attestation_of(event.batch_hash, 1)])
        await court.judge.step()
        assert world.files.names == sorted(NAMES)
        await court.node.close()


async def test_committed__with_blocks_nowhere__is_told(tmp_path: Path) -> None:
    world = World(tmp_path)
    court = Court(world)
    event = committed(court)
    court.l1.calldata[event.transaction_hash] = b"nonsense"
    court.judge.on_commit(replace(event, signers=3))
    for _ in range(40):
        await court.judge.step()
        court.now += 10.0
    assert world.alerts.told == {"unreachable-data": 1}
    assert len(court.judge) == 1, "it is tried for as long as it takes"
    await court.node.close()
