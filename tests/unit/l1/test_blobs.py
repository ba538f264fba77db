"""Blobs from whoever has them (DERIVE-14).

read
├── the first source that has it, right: taken, in the order of the hashes
├── a source does not have it, fails, or has it wrong: the next one is asked
├── nobody has it: an error that says what each source did
└── no KZG: an error, and nothing is taken unchecked
sources
├── an endpoint that does not know the method: not asked again
├── an archive: what is there is read, 404 is none, another length is an error
└── a beacon node: the slot is that of the block; rubbish is an error
"""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import cast

import pytest
from aiohttp import web

from sequencer.crypto.kzg import ProvenBlob, versioned_hash
from sequencer.crypto.kzg_process import KzgFailed, KzgProcess
from sequencer.l1.blob_sources import (
    RECORD_BYTES,
    ArchiveBlobs,
    BeaconBlobs,
    EndpointBlobs,
    encode_record,
)
from sequencer.l1.blobs import BlobReader
from sequencer.l1.client import L1Client
from sequencer.l1.events import L1Header
from sequencer.l1.rpc import L1Error, L1Refused, L1Unavailable
from sequencer.serving import listen
from sequencer.types import Hash32
from tests.unit.l1.chains import header

ONE, TWO = b"\x00" + b"1" * 131_071, b"\x00" + b"2" * 131_071
HEADER = header(7)


def point_of(blob: bytes) -> bytes:
    """A stand-in for the commitment: quick, and another one for another blob."""
    return blob[1:49]


def proven(blob: bytes, proof: bytes = b"p" * 48) -> ProvenBlob:
    return ProvenBlob(point_of(blob), proof, blob)


HASH_ONE, HASH_TWO = (versioned_hash(point_of(blob)) for blob in (ONE, TWO))


class FakeKzg:
    """What `BlobReader` asks of the worker; real KZG has its own tests."""

    is_down = False

    async def versioned_hashes(self, blobs: list[bytes]) -> tuple[Hash32, ...]:
        if self.is_down:
            raise KzgFailed("down")
        return tuple(versioned_hash(point_of(blob)) for blob in blobs)

    async def verify(self, found: ProvenBlob) -> None:
        if point_of(found.blob) != found.commitment or found.proof != b"p" * 48:
            raise ValueError("the proof is not of this blob")


class Held:
    """A source with these, or an error instead."""

    def __init__(self, name: str, *found: bytes | ProvenBlob | L1Error | None) -> None:
        self.name = name
        self.found = list(found)

    async def fetch(self, _wanted: Hash32, _header: L1Header) -> bytes | ProvenBlob | None:
        one = self.found.pop(0)
        if isinstance(one, L1Error):
            raise one
        return one

    async def close(self) -> None:
        pass


def reader(*sources: Held) -> BlobReader:
    return BlobReader(sources, cast(KzgProcess, FakeKzg()))


async def test_read__in_the_order_of_the_hashes() -> None:
    source = Held("a", ONE, proven(TWO))
    assert await reader(source).read([HASH_ONE, HASH_TWO], HEADER) == (ONE, TWO)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (None, "first does not have it"),
        (L1Unavailable("first is down"), "first is down"),
        (TWO, "first gave a wrong blob: another blob"),
        (b"", "first gave a wrong blob: 0 bytes"),
        (ONE + b"\0", "first gave a wrong blob: 131073 bytes"),
        (proven(TWO), "first gave a wrong blob: another blob"),
        (proven(ONE, b"q" * 48), "first gave a wrong blob: the proof"),
        (ProvenBlob(point_of(ONE), b"p" * 48, TWO), "first gave a wrong blob: the proof"),
    ],
    ids=range(8),
)
async def test_read__not_from_this_source__from_the_next(
    wrong: bytes | ProvenBlob | L1Error | None, said: str
) -> None:
    assert await reader(Held("first", wrong), Held("b", ONE)).read([HASH_ONE], HEADER) == (ONE,)
    with pytest.raises(L1Error) as caught:
        await reader(Held("first", wrong), Held("second", None)).read([HASH_ONE], HEADER)
    assert f"no source has blob 0x{HASH_ONE.hex()} of L1 block 7" in str(caught.value)
    assert said in str(caught.value)
    assert "second does not have it" in str(caught.value)


async def test_read__no_sources__says_so() -> None:
    with pytest.raises(L1Error, match="there are no sources"):
        await reader().read([HASH_ONE], HEADER)


async def test_read__without_kzg__takes_nothing() -> None:
    kzg = FakeKzg()
    kzg.is_down = True
    with pytest.raises(L1Error, match="cannot be checked"):
        await BlobReader([Held("a", ONE)], cast(KzgProcess, kzg)).read([HASH_ONE], HEADER)


async def test_endpoint__that_refuses_the_method__is_not_asked_again() -> None:
    asked: list[Hash32] = []

    class Geth:
        endpoint = "http://geth"

        async def blob(self, wanted: Hash32) -> bytes:
            asked.append(wanted)
            raise L1Refused("the method does not exist", -32_601, b"")

    source = EndpointBlobs(cast(L1Client, Geth()))
    assert await source.fetch(HASH_ONE, HEADER) is None
    assert await source.fetch(HASH_ONE, HEADER) is None
    assert asked == [HASH_ONE]


@asynccontextmanager
async def serving(answer: Callable[[web.Request], web.Response]) -> AsyncIterator[str]:
    async def handle(request: web.Request) -> web.Response:
        return answer(request)

    app = web.Application()
    app.router.add_get("/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None)
    try:
        yield await listen(runner, "127.0.0.1", 0, "test server")
    finally:
        await runner.cleanup()


async def test_archive__what_is_there__what_is_not__and_rubbish() -> None:
    record = encode_record(proven(ONE))
    assert len(record) == RECORD_BYTES
    bodies = {f"/blobs/0x{HASH_ONE.hex()}": record, f"/blobs/0x{HASH_TWO.hex()}": record[:-1]}

    def answer(request: web.Request) -> web.Response:
        if request.path not in bodies:
            raise web.HTTPNotFound
        return web.Response(body=bodies[request.path])

    async with serving(answer) as url:
        archive = ArchiveBlobs(url)
        assert await archive.fetch(HASH_ONE, HEADER) == proven(ONE)
        assert await archive.fetch(Hash32(bytes(32)), HEADER) is None
        with pytest.raises(L1Error, match="answered 131167 bytes"):
            await archive.fetch(HASH_TWO, HEADER)
        bodies[f"/blobs/0x{HASH_TWO.hex()}"] = record + b"\0"
        with pytest.raises(L1Error, match="more than was asked"):
            await archive.fetch(HASH_TWO, HEADER)
        await archive.close()


async def test_beacon__asks_for_the_slot_of_the_block() -> None:
    asked = []
    answers = {
        "/eth/v1/beacon/genesis": {"data": {"genesis_time": "1000", "other": 1}},
        "/eth/v1/config/spec": {"data": {"SECONDS_PER_SLOT": "6", "OTHER": "x"}},
        "/eth/v1/beacon/blobs/50": {"data": ["0x" + ONE.hex()], "finalized": True},
    }

    def answer(request: web.Request) -> web.Response:
        asked.append(request.path_qs)
        if request.path not in answers:
            raise web.HTTPNotFound
        return web.Response(body=json.dumps(answers[request.path]).encode())

    at = L1Header(9, HASH_ONE, HASH_ONE, 1_000 + 50 * 6)
    async with serving(answer) as url:
        beacon = BeaconBlobs(url)
        assert await beacon.fetch(HASH_ONE, at) == ONE
        assert asked[-1] == f"/eth/v1/beacon/blobs/50?versioned_hashes=0x{HASH_ONE.hex()}"
        answers["/eth/v1/beacon/blobs/50"] = {"data": []}
        assert await beacon.fetch(HASH_ONE, at) is None
        answers["/eth/v1/beacon/blobs/50"] = {"data": ["0xzz"]}
        with pytest.raises(L1Error, match="beacon/blobs/50"):
            await beacon.fetch(HASH_ONE, at)
        answers["/eth/v1/beacon/blobs/50"] = {"data": [7]}
        with pytest.raises(L1Error, match="beacon/blobs/50"):
            await beacon.fetch(HASH_ONE, at)
        assert asked.count("/eth/v1/beacon/genesis") == 1
        await beacon.close()


@pytest.mark.parametrize("genesis", [{}, {"data": {"genesis_time": "soon"}}])
async def test_beacon__without_a_genesis__is_an_error(genesis: object) -> None:
    async with serving(lambda _: web.Response(body=json.dumps(genesis).encode())) as url:
        beacon = BeaconBlobs(url)
        with pytest.raises(L1Error):
            await beacon.fetch(HASH_ONE, HEADER)
        await beacon.close()
