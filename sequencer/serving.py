"""Where a long-running process serves HTTP, and how others find it: node and follower alike."""

import asyncio
import json
import os
from pathlib import Path

from aiohttp import web

from sequencer.errors import LocalFault

MAX_CONNECTIONS = 1_024
"""Open at one time; further ones are closed at once (NET-9)."""
SEND_SECONDS = 30.0
"""How long it may take whoever asked to take an answer."""


async def send_bytes(request: web.Request, body: bytes, content_type: str) -> web.StreamResponse:
    """Answer with these bytes, and return when they are on their way; not for ever."""
    response = web.StreamResponse()
    response.content_type = content_type
    response.content_length = len(body)
    try:
        async with asyncio.timeout(SEND_SECONDS):
            await response.prepare(request)
            await response.write(body)
            await response.write_eof()
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
    return response


async def listen(runner: web.AppRunner, host: str, port: int, what: str) -> str:
    """Serve and return the URL; port 0 is any free one. Raises `LocalFault` naming `what`."""
    await runner.setup()
    try:
        await _BoundedSite(runner, host, port).start()
    except OSError as error:
        raise LocalFault(f"{what} {host}:{port}: {error.strerror}") from error
    bound = runner.addresses[0]
    return f"http://{bound[0]}:{bound[1]}"


class _BoundedSite(web.TCPSite):
    """A site with a bounded number of connections."""

    async def start(self) -> None:
        await web.BaseSite.start(self)
        server = self._runner.server
        assert server is not None

        def admit() -> asyncio.Protocol:
            is_full = len(server.connections) >= MAX_CONNECTIONS
            return _Refusal() if is_full else server()

        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(admit, self._host, self._port)


class _Refusal(asyncio.Protocol):
    """Closes the connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


def write_endpoints(folder: Path, **endpoints: str) -> None:
    """`endpoints.json`: where this process listens, and its pid; replaced in one step."""
    partial = folder / "endpoints.json.part"
    partial.write_text(json.dumps({**endpoints, "pid": os.getpid()}) + "\n", encoding="utf-8")
    partial.replace(folder / "endpoints.json")
