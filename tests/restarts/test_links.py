"""The cuts are what they say, or the matrix shows nothing.

open: bytes pass both ways
hole: nothing passes, the connection stays open; it stays silent after the cut is healed, a new one
      passes
reset: the connection is reset, and each new one
a cut has a direction, and is of one source only
"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.restarts.links import HOST, Cut, Links

SECONDS = 5.0
SILENCE_SECONDS = 0.2
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def links() -> AsyncIterator[Links]:
    """Between two nodes that echo."""
    writers = []

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        try:
            while data := await reader.read(100):
                writer.write(data)
        except ConnectionError:
            pass

    servers = [await asyncio.start_server(echo, HOST, 0) for _ in range(2)]
    async with Links(server.sockets[0].getsockname()[1] for server in servers) as links:
        yield links
    for server in servers:
        server.close()
    for writer in writers:
        writer.close()


async def connect(links: Links, source: int, target: int) -> Connection:
    address = (f"127.0.0.{source + 2}", 0)
    return await asyncio.open_connection(HOST, links.ports[target], local_addr=address)


async def passes(connection: Connection) -> bool:
    """Whether an echo comes; raises `ConnectionError` when it was reset."""
    reader, writer = connection
    writer.write(b"ping")
    try:
        return await asyncio.wait_for(reader.readexactly(4), SILENCE_SECONDS) == b"ping"
    except TimeoutError:
        return False
    except asyncio.IncompleteReadError as error:
        raise ConnectionError from error


async def is_reset(links: Links, connection: Connection) -> bool:
    try:
        await passes(connection)
    except ConnectionError:
        return True
    return False


async def test_hole__is_silent__and_only_a_new_connection_passes_afterwards(links: Links) -> None:
    old = await connect(links, 0, 1)
    assert await passes(old)
    links.cut([(0, 1)], Cut.HOLE)
    assert not await passes(old)
    during = await connect(links, 0, 1)
    assert not await passes(during)
    links.heal([(0, 1)])
    assert not await passes(old)
    assert not await passes(during)
    new = await connect(links, 0, 1)
    assert await passes(new)
    for _, writer in (old, during, new):
        writer.close()


async def test_reset__ends_connections_old_and_new__until_healed(links: Links) -> None:
    old = await connect(links, 0, 1)
    assert await passes(old)
    links.cut([(0, 1)], Cut.RESET)
    assert await is_reset(links, old)
    during = await connect(links, 0, 1)
    assert await is_reset(links, during)
    links.heal([(0, 1)])
    new = await connect(links, 0, 1)
    assert await passes(new)
    for _, writer in (old, during, new):
        writer.close()


@pytest.mark.parametrize("how", Cut)
async def test_cut__leaves_other_directions_and_sources_alone(links: Links, how: Cut) -> None:
    there, back, other = [await connect(links, s, t) for s, t in ((0, 1), (1, 0), (2, 1))]
    assert await passes(there)
    links.cut([(0, 1)], how)
    assert await passes(back)
    assert await passes(other)
    for _, writer in (there, back, other):
        writer.close()
