"""Batches in blobs on Anvil and the real contracts: from the submitter to a follower that comes
when L1 has no blobs any more (SUBMIT-5, SUBMIT-6)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from sequencer.batches.blobs import BLOB_BYTES, blobs_hash
from sequencer.blocks.payload import encode_payload
from sequencer.crypto.hashing import keccak, word
from sequencer.crypto.kzg import ProvenBlob
from sequencer.crypto.kzg_process import KzgProcess
from sequencer.crypto.signatures import Signer
from sequencer.derivation.entries import Source
from sequencer.ingress.rpc import create_app, make_runner
from sequencer.l1 import abi
from sequencer.l1.account import L1Call
from sequencer.l1.blob_sources import ArchiveBlobs, BeaconBlobs, EndpointBlobs, decode_record
from sequencer.l1.blobs import BlobReader
from sequencer.l1.events import L1Header, RollupMode
from sequencer.l1.rpc import L1Error
from sequencer.l1.sidecar import make_sidecar
from sequencer.l1.watcher import L1Watcher
from sequencer.node.archiving import Archiver
from sequencer.serving import listen
from sequencer.store.archive import BlobArchive
from sequencer.types import BatchIndex, Hash32
from tests.integration.l1_world import DEPLOYER, PARAMETERS, ROLLUP, Node, World
from tests.unit.derivation.worlds import transaction
from tests.unit.ingress.nodes import FakeNode

A, B, C = (transaction(nonce) for nonce in range(3))
NOISE = b"".join(keccak(word(number)) for number in range(600))
"""No transaction, skipped by derivation; makes a batch worth a blob."""


class Liar:
    """Answers every question with the same blob."""

    name = "liar"

    def __init__(self, found: bytes | ProvenBlob) -> None:
        self.found = found

    async def fetch(self, _wanted: Hash32, _header: L1Header) -> bytes | ProvenBlob:
        return self.found

    async def close(self) -> None:
        pass


@asynccontextmanager
async def archive_of(world: World, folder: Path) -> AsyncIterator[tuple[BlobArchive, str]]:
    """A node's archive of what L1 has, filled and served by the node's own code; batches are
    those that the committee has, posts come from L1."""
    archive = BlobArchive(folder / "blobs.sqlite", 1 << 30)
    node = world.nodes[3]
    blobs = BlobReader([EndpointBlobs(node.client)], world.kzg)
    archiver = Archiver(archive, node.client, blobs, world.kzg, 10**9)
    watcher = L1Watcher(
        *(node.client, type(node.view)(0, world.deployment.schedule), world.deployment, 0.1),
        lambda: None,
        archiver.on_block,
    )

    def data_of(index: BatchIndex, stated: Hash32) -> bytes | None:
        found = world.certified.get(index)
        return world.data[index] if found and found[0].blobs_hash == stated else None

    await watcher.step()
    filling = asyncio.create_task(archiver.run(data_of))
    backend = FakeNode()
    backend.archived = archive.get
    runner = make_runner(create_app(backend))
    try:
        yield archive, await listen(runner, "127.0.0.1", 0, "archive")
    finally:
        filling.cancel()
        await asyncio.gather(filling, return_exceptions=True)
        await runner.cleanup()
        archive.close()


async def filled(archive: BlobArchive, count: int) -> None:
    async with asyncio.timeout(120):
        while len(archive) < count:  # noqa: ASYNC110 - nothing sets an event for it
            await asyncio.sleep(0.1)


async def post_blobs(world: World, node: Node, payload: bytes) -> None:
    """The rollup's owner lets `node` order it, who posts this (ROLL-3, POST-1)."""
    registry, inbox = (
        world.deployment.contracts.rollup_registry,
        world.deployment.contracts.rollup_inbox,
    )
    sequencer = "0x" + Signer(node.secret).address.hex()
    announce = abi.function("RollupRegistry", "announceMode").call(
        ROLLUP, RollupMode.SOLO.value, sequencer
    )
    sent = await world.anvil.send(DEPLOYER, registry, announce)
    await world.anvil.mine()
    assert await world.anvil.is_success(sent)
    await world.anvil.mine(1, seconds=PARAMETERS.rollups.exit_delay_seconds)
    call = L1Call(
        "postBlobs",
        inbox,
        abi.function("RollupInbox", "postBlobs").call(ROLLUP),
        300_000,
        await make_sidecar(payload, world.kzg),
    )
    (receipt,) = await node.account.send([call], lambda: True)
    assert receipt.is_success


@pytest.fixture
async def kzg() -> AsyncIterator[KzgProcess]:
    """Ready: on a busy machine L1's clock must not run while the setup is loaded."""
    made = KzgProcess()
    await made.commit([bytes(BLOB_BYTES)])
    yield made
    await made.close()


async def test_batch_and_post_in_blobs__live_and_late_followers_agree(
    kzg: KzgProcess, world: World, tmp_path: Path
) -> None:
    """One test, because Anvil loads a setup too, which takes it seconds."""
    world.kzg = kzg
    live = await world.follower([EndpointBlobs(world.nodes[0].client)])
    await world.big_batch(world.block([A, NOISE]))
    world.batch(world.block([B]))
    assert await world.nodes[1].step()
    assert await world.nodes[2].step()
    wanted = await blob_hash_of(world, BatchIndex(1))
    assert blobs_hash([wanted]) == world.certified[BatchIndex(1)][0].blobs_hash

    await post_blobs(world, world.nodes[3], encode_payload([(ROLLUP, [C])]))
    await live.reader.advance()
    assert live.included == [A, B, C]
    assert [entry.source for entry in live.entries] == [Source.BLOCK] * 3 + [Source.POST]
    await check_beacon_api(world, wanted)

    async with archive_of(world, tmp_path) as (archive, url):
        await filled(archive, 2)
        kept = archive.get(wanted)
        assert kept is not None
        # L1 has dropped the blobs; who lies is passed over, and the next one asked.
        proven = decode_record(kept)
        false = ProvenBlob(proven.commitment, proven.proof, bytes(BLOB_BYTES))
        sources = [Liar(bytes(BLOB_BYTES)), Liar(b""), Liar(false), ArchiveBlobs(url)]
        late = await world.follower(sources)
        assert late.outputs == live.outputs
        for source in sources:
            await source.close()

    with pytest.raises(L1Error, match=r"no source has blob .*liar gave a wrong blob"):
        await world.follower([Liar(false)])


async def blob_hash_of(world: World, index: BatchIndex) -> Hash32:
    """Of a batch that L1 has in one blob."""
    node = world.nodes[2]
    commit = node.view.commit_of(index)
    assert commit is not None
    sent = await node.client.transaction(commit.transaction_hash)
    assert sent is not None
    (found,) = sent.blob_hashes
    return found


async def check_beacon_api(world: World, wanted: Hash32) -> None:
    """Anvil takes block numbers for slots: as if there were a block in each slot."""
    commit = world.nodes[2].view.commit_of(BatchIndex(1))
    assert commit is not None
    genesis = await world.anvil.ask("eth_getBlockByNumber", "0x0", False)
    timestamp = int(genesis["timestamp"], 16) + 12 * commit.l1_number  # type: ignore[index]
    beacon = BeaconBlobs(world.anvil.url)
    found = await beacon.fetch(wanted, L1Header(commit.l1_number, wanted, wanted, timestamp))
    assert found is not None
    assert await world.kzg.versioned_hashes([found]) == (wanted,)
    await beacon.close()
