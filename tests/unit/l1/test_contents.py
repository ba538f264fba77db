"""What is behind `BatchCommitted` and `BatchPosted`, from calldata and from blobs (DERIVE-1).

of_post
├── in the calldata: read as Solidity reads it
├── in the event (a contract's): taken from there, the transaction is not asked for
├── in blobs: asked for by the transaction's versioned hashes
├── another rollup than the one followed: left as it is
└── what does not match the event's hash: refused
of_commit
├── in blobs: the call, with the data that they hold
├── in blobs that are filled in another way: no data
├── in blobs, without a source of them: an error, and nothing is skipped
└── the source has none of them: its error
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from sequencer.batches.batch import Batch
from sequencer.batches.blobs import blobs_hash, encode_blobs
from sequencer.crypto.hashing import keccak, word
from sequencer.l1 import abi
from sequencer.l1.calldata import encode_post
from sequencer.l1.contents import Contents
from sequencer.l1.events import BatchCommitted, BatchPosted, L1Header
from sequencer.l1.rpc import L1Error
from sequencer.types import BatchIndex, Epoch, Hash32, RollupId
from tests.unit.l1.chains import committed, header, posted
from tests.unit.l1.fake_l1 import FakeL1
from tests.unit.l1.test_calldata import batch_of, certificate

DATA = b"\x01" + b"d" * 40
HASHES = (keccak(b"first blob"), keccak(b"second blob"))
TWO = RollupId(2)


@dataclass
class Blobs:
    """A source of blobs that has these."""

    held: dict[Hash32, bytes] = field(default_factory=dict)
    asked: list[tuple[L1Header, tuple[Hash32, ...]]] = field(default_factory=list)

    async def read(self, wanted: Sequence[Hash32], header: L1Header) -> Sequence[bytes]:
        self.asked.append((header, tuple(wanted)))
        if not all(one in self.held for one in wanted):
            raise L1Error("nobody has a blob")
        return [self.held[one] for one in wanted]


@dataclass
class World:
    """An L1 with one transaction in its last block."""

    l1: FakeL1 = field(default_factory=FakeL1)
    source: Blobs = field(default_factory=Blobs)

    def sent(
        self,
        event: BatchPosted | BatchCommitted,
        calldata: bytes,
        hashes: tuple[Hash32, ...] = (),
    ) -> L1Header:
        self.l1.calldata[event.transaction_hash] = calldata
        self.l1.blob_hashes[event.transaction_hash] = hashes
        return self.l1.mine(event).header

    def contents(self, *, has_source: bool = True, only: RollupId | None = None) -> Contents:
        return Contents(self.l1, self.source if has_source else None, only)  # type: ignore[arg-type]

    def fill(self, *blobs: bytes) -> tuple[Hash32, ...]:
        hashes = HASHES[: len(blobs)]
        self.source.held = dict(zip(hashes, blobs, strict=True))
        return hashes


def plain(data: bytes = DATA, content_hash: Hash32 | None = None) -> BatchPosted:
    """A post whose event leaves the data to the transaction."""
    return replace(posted(1, 0, data), data=None, content_hash=content_hash or keccak(data))


POST_BLOBS = abi.function("RollupInbox", "postBlobs").call(1)


class TestPost:
    async def test_calldata(self) -> None:
        world, event = World(), plain()
        block = world.sent(event, encode_post(RollupId(1), DATA))
        assert await world.contents().of_post(event, block) == replace(event, data=DATA)

    async def test_calldata_written_in_another_way__is_the_same_post(self) -> None:
        world, event = World(), plain()
        odd = encode_post(RollupId(1), b"")[:4] + word(1) + word(2 * 32 + 5) + b"\xee" * 5
        block = world.sent(event, odd + word(len(DATA)) + DATA + b"for nobody")
        assert (await world.contents().of_post(event, block)).data == DATA

    async def test_data_in_the_event__is_taken_from_there(self) -> None:
        """A contract's post: the transaction's calldata is another call."""
        world, event = World(), posted(1, 0, DATA)
        assert await world.contents().of_post(event, header(1)) == event
        assert "transaction" not in world.l1.calls

    async def test_blobs(self) -> None:
        world = World()
        hashes = world.fill(*encode_blobs(DATA * 4_000))
        event = plain(content_hash=blobs_hash(hashes))
        block = world.sent(event, POST_BLOBS, hashes)
        assert (await world.contents().of_post(event, block)).data == DATA * 4_000
        assert world.source.asked == [(block, HASHES)]

    async def test_another_rollup__is_not_asked_for(self) -> None:
        """What it left in blobs that are gone would hold this one up for ever."""
        world, event = World(), plain()
        block = world.sent(event, POST_BLOBS, HASHES)
        assert await world.contents(only=TWO).of_post(event, block) == event
        assert (world.source.asked, "transaction" in world.l1.calls) == ([], False)

    @pytest.mark.parametrize(
        "calldata",
        [
            encode_post(RollupId(1), DATA + b"x"),
            encode_post(TWO, DATA),
            encode_post(RollupId(1), DATA)[:-32],
            encode_post(RollupId(1), DATA)[:4] + word(2**32 + 1) + word(64) + word(41) + DATA,
            abi.function("RollupInbox", "postBlobs").call(1),
            b"",
        ],
    )
    async def test_transaction_of_another_post__is_refused(self, calldata: bytes) -> None:
        """L1-4."""
        world, event = World(), plain()
        block = world.sent(event, calldata, HASHES)
        with pytest.raises(L1Error, match="eth_getTransactionByHash at http://fake"):
            await world.contents().of_post(event, block)

    async def test_event_with_other_data_than_its_hash__is_refused(self) -> None:
        event = replace(posted(1, 0, DATA), content_hash=keccak(b""))
        with pytest.raises(L1Error, match="post 0 of rollup 1"):
            await World().contents().of_post(event, header(1))

    async def test_transaction_of_another_block__is_refused(self) -> None:
        world, event = World(), plain()
        world.sent(event, encode_post(RollupId(1), DATA))
        with pytest.raises(L1Error, match="has no transaction"):
            await world.contents().of_post(event, header(9, "other"))


def blob_commit(hashes: tuple[Hash32, ...], data: bytes = DATA) -> tuple[BatchCommitted, bytes]:
    """The event of a `commitBlobs`, and its calldata."""
    batch = batch_of(data)
    fields = {name: getattr(batch, name) for name in Batch.__struct_fields__}
    batch = Batch(**{**fields, "blobs_hash": blobs_hash(hashes)})
    found = certificate(b"s" * 64)
    calldata = abi.function("CommitmentChain", "commitBlobs").call(
        tuple(getattr(batch, name) for name in Batch.__struct_fields__),
        found.attestation.epoch,
        int.from_bytes(found.signers, "big"),
        found.signatures,
    )
    event = replace(committed(3), batch_hash=batch.hash, epoch=Epoch(5))
    return event, calldata


class TestCommit:
    async def test_blobs__bring_the_call_with_their_data(self) -> None:
        world = World()
        hashes = world.fill(*encode_blobs(DATA))
        event, calldata = blob_commit(hashes)
        block = world.sent(event, calldata, hashes)
        call = (await world.contents().of_commit(event, block)).call
        assert call is not None
        assert (call.data, call.signatures, call.epoch) == (DATA, b"s" * 64, 5)
        assert (call.batch.index, call.batch.hash) == (BatchIndex(3), event.batch_hash)

    async def test_blobs_filled_in_another_way__hold_no_data(self) -> None:
        """ENC-14: the batch is void by DERIVE-5, and followers go on."""
        world = World()
        hashes = world.fill(b"\xff" * 131_072)
        event, calldata = blob_commit(hashes)
        block = world.sent(event, calldata, hashes)
        call = (await world.contents().of_commit(event, block)).call
        assert call is not None
        assert call.data == b""

    @pytest.mark.parametrize("hashes", [(), HASHES[:1], HASHES[::-1]])
    async def test_other_hashes_than_the_batch_states__are_refused(
        self, hashes: tuple[Hash32, ...]
    ) -> None:
        world = World()
        event, calldata = blob_commit(HASHES)
        block = world.sent(event, calldata, hashes)
        with pytest.raises(L1Error, match="other blobs"):
            await world.contents().of_commit(event, block)

    async def test_no_source__is_an_error_that_says_what_is_needed(self) -> None:
        world = World()
        event, calldata = blob_commit(HASHES)
        block = world.sent(event, calldata, HASHES)
        with pytest.raises(L1Error, match="no source of them"):
            await world.contents(has_source=False).of_commit(event, block)

    async def test_blobs_nobody_has__are_waited_for(self) -> None:
        world = World()
        event, calldata = blob_commit(HASHES)
        block = world.sent(event, calldata, HASHES)
        with pytest.raises(L1Error, match="nobody has a blob"):
            await world.contents().of_commit(event, block)
