"""Held data from whoever has it, honest or not (DERIVE-17).

read
├── the first address that has the bytes: taken, the others are not asked
├── it does not have them, is down, fails, gives others, fewer or more: the next one is asked
├── more bytes than stated, without end: given up after as many
├── nobody has them: an error that says what each one did
└── longer than a payload can be: nobody is asked
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from aiohttp import web

from sequencer.blocks.held import HeldEntry, held_entry
from sequencer.blocks.payload import MAX_PAYLOAD_BYTES
from sequencer.derivation.held import HeldMissing, HeldReader
from sequencer.serving import listen
from sequencer.types import RollupId

DATA = b"held data of a block"
WANTED = held_entry(RollupId(1), DATA)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def node(handler: Handler) -> AsyncIterator[str]:
    """Something that listens where a node would; its URL."""
    app = web.Application()
    app.router.add_get(f"/held/0x{WANTED.hash.hex()}", handler)
    runner = web.AppRunner(app)
    try:
        yield await listen(runner, "127.0.0.1", 0, "test")
    finally:
        await runner.cleanup()


def gives(body: bytes, status: int = 200) -> Handler:
    async def handle(_request: web.Request) -> web.Response:
        return web.Response(body=body, status=status)

    return handle


def notes(asked: list[str]) -> Handler:
    async def handle(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=404)

    return handle


async def endless(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(bytes(4_096))


async def read(*urls: str, wanted: HeldEntry = WANTED) -> bytes:
    reader = HeldReader(urls)
    try:
        return await reader.read(wanted)
    finally:
        await reader.close()


async def test_read__from_the_first_that_has_it() -> None:
    asked: list[str] = []
    async with node(gives(DATA)) as one, node(notes(asked)) as two:
        assert await read(one, two) == DATA
    assert asked == []


@pytest.mark.parametrize(
    ("handler", "said"),
    [
        (gives(b"", 404), "does not have it"),
        (gives(DATA, 500), "HTTP 500"),
        (gives(b"", 302), "HTTP 302"),
        (gives(b""), "gave 0 bytes that are not it"),
        (gives(DATA[:-1]), f"gave {len(DATA) - 1} bytes that are not it"),
        (gives(DATA[::-1]), f"gave {len(DATA)} bytes that are not it"),
        (gives(DATA + b"\0"), "answered more than was asked"),
        (endless, "answered more than was asked"),
    ],
    ids=range(8),
)
async def test_read__not_from_this_one__from_the_next(handler: Handler, said: str) -> None:
    async with node(handler) as one, node(gives(DATA)) as two, node(gives(b"", 404)) as none:
        assert await read(one, two) == DATA
        with pytest.raises(HeldMissing) as caught:
            await read(one, none)
    assert f"0x{WANTED.hash.hex()} of {len(DATA)} bytes: nobody has it" in str(caught.value)
    assert f"{one}" in str(caught.value)
    assert said in str(caught.value)
    assert f"{none} does not have it" in str(caught.value)


async def test_read__one_is_down__from_the_next() -> None:
    async with node(gives(DATA)) as gone:
        pass
    async with node(gives(DATA)) as two:
        assert await read(gone, two) == DATA
    with pytest.raises(HeldMissing, match="no answer"):
        await read(gone)


async def test_read__nobody_to_ask__says_so() -> None:
    with pytest.raises(HeldMissing, match="there is nobody to ask"):
        await read()


async def test_read__longer_than_a_payload__asks_nobody() -> None:
    asked: list[str] = []
    async with node(notes(asked)) as one:
        longest = HeldEntry(RollupId(1), MAX_PAYLOAD_BYTES, WANTED.hash)
        assert await read(one, wanted=replace(longest, length=longest.length + 1)) == b""
        assert asked == []
        with pytest.raises(HeldMissing):
            await read(one, wanted=longest)
        assert len(asked) == 1
