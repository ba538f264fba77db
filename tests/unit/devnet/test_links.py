"""The cuts are what they say, or the matrix shows nothing.

open: bytes pass both ways
hole: nothing passes, the connection stays open, nobody connects; afterwards TCP goes on
reset: the connection is reset, and each new one
a cut has a direction, and is of one source only
"""

import asyncio
from collections.abc import AsyncIterator

import pytest

from sequencer.devnet.outages.links import ARE_POSSIBLE, HOST, Cut, Links
from sequencer.devnet.waiting import eventually

pytestmark = pytest.mark.skipif(not ARE_POSSIBLE, reason="needs socket filters of Linux")

SECONDS = 10.0
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


async def test_hole__is_silent__until_healed(links: Links) -> None:
    old = await connect(links, 0, 1)
    assert await passes(old)
    links.cut([(0, 1)], Cut.HOLE)
    assert not await passes(old)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(connect(links, 0, 1), SILENCE_SECONDS)
    links.heal([(0, 1)])
    assert await asyncio.wait_for(old[0].readexactly(4), SECONDS) == b"ping"
    new = await connect(links, 0, 1)
    assert await passes(new)
    for _, writer in (old, new):
        writer.close()


async def test_hole__keeps_from_the_other_end_that_a_connection_is_closed(links: Links) -> None:
    """And afterwards the proxy does not keep what nobody uses."""
    connection = await connect(links, 0, 1)
    assert await passes(connection)
    links.cut([(0, 1)], Cut.HOLE)
    connection[1].close()
    await asyncio.sleep(SILENCE_SECONDS)
    assert links.pipes == 1
    links.heal([(0, 1)])

    async def is_gone() -> bool | None:
        return not links.pipes or None

    await eventually("the proxy notices", is_gone, seconds=SECONDS)


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
