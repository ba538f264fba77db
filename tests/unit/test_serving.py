"""HTTP connections are bounded (NET-9): a further one is closed, and there is room again when one
of the others is gone."""

import asyncio

import pytest
from aiohttp import ClientSession, web

from sequencer import serving


async def test_listen__more_connections_than_allowed__closes_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(serving, "MAX_CONNECTIONS", 3)
    app = web.Application()
    app.router.add_get("/", _hello)
    runner = web.AppRunner(app)
    url = await serving.listen(runner, "127.0.0.1", 0, "address")
    port = int(url.rpartition(":")[2])
    held = [await asyncio.open_connection("127.0.0.1", port) for _ in range(3)]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(5):
        assert await reader.read() == b""
        held[0][1].close()
        while await _status(url) != 200:  # noqa: ASYNC110 - nothing tells when it was noticed
            await asyncio.sleep(0.01)
    for _, other in [*held[1:], (reader, writer)]:
        other.close()
    await runner.cleanup()


async def _hello(_request: web.Request) -> web.Response:
    return web.Response(text="hello")


async def _status(url: str) -> int | None:
    try:
        async with ClientSession() as session, session.get(url) as answer:
            return answer.status
    except OSError:
        return None
