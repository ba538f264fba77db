"""JSON-RPC over WebSocket (TX-9): each message is a body as a POST has it, and is answered by one
message with the bytes that the POST would get, or by none.

What a stranger can make a node hold is bounded: sockets, and for each of them one message that
arrives, 768 KiB of messages that wait until those before them have been answered, and one answer.
"""

import asyncio
import struct
from collections.abc import Awaitable, Callable
from typing import Literal

from aiohttp import WSCloseCode, WSMsgType, web

from sequencer.serving import SEND_SECONDS

MAX_SOCKETS = 256
"""Open at one time, of all connections (TX-9): half a GiB of messages that arrive."""

Answer = Callable[[str | None, bytes], Awaitable[bytes]]
"""From the rollup in a path, or none, and a body to its answer; empty for notifications."""

_MESSAGES = {WSMsgType.TEXT, WSMsgType.BINARY}


class WebSockets:
    """All of a node's."""

    def __init__(
        self, answer: Answer, max_message: int, idle_seconds: float, lingering_seconds: float
    ) -> None:
        """`max_message` in bytes; `lingering_seconds` is for the other side to close, too."""
        self._answer = answer
        self._max_message = max_message
        self._idle_seconds = idle_seconds
        self._lingering_seconds = lingering_seconds
        self._open: dict[_Socket, web.Request] = {}

    async def get(self, request: web.Request) -> web.StreamResponse:
        """Upgrade, and answer until one side closes."""
        socket = _Socket(self._max_message, self._lingering_seconds)
        _check(request, socket)
        if len(self._open) >= MAX_SOCKETS:
            raise web.HTTPServiceUnavailable(text=f"{MAX_SOCKETS} WebSockets are open\n")
        self._open[socket] = request
        try:
            await socket.prepare(request)
            await self._serve(request, socket)
        except ConnectionError:  # it went away while it was answered
            pass
        except TimeoutError:  # it takes no answers: a reason would not reach it either
            _abort(request)
        finally:
            del self._open[socket]
        return socket

    async def close(self, _app: web.Application) -> None:
        """The node stops."""
        upgraded = [each for each in self._open.items() if each[0].prepared]
        await asyncio.gather(*(self._stop(socket, request) for socket, request in upgraded))

    async def _stop(self, socket: "_Socket", request: web.Request) -> None:
        try:
            async with asyncio.timeout(self._lingering_seconds):
                await socket.close(code=WSCloseCode.GOING_AWAY, message=b"the node stops")
        except TimeoutError:
            _abort(request)

    async def _serve(self, request: web.Request, socket: "_Socket") -> None:
        """Raises `ConnectionError`; `TimeoutError` if an answer is not taken."""
        path_id = request.match_info.get("rollup")
        while True:
            try:
                message = await socket.receive(self._idle_seconds)
            except TimeoutError:
                reason = b"silent for %d s" % self._idle_seconds
                async with asyncio.timeout(SEND_SECONDS):
                    await socket.close(code=WSCloseCode.GOING_AWAY, message=reason)
                return
            if message.type in _MESSAGES:
                if answer := await self._answer(path_id, message.data):
                    await _send(socket, answer, WSMsgType.TEXT)
            elif message.type is WSMsgType.PING:
                await _send(socket, message.data, WSMsgType.PONG)
            elif message.type is not WSMsgType.PONG:
                break
            await asyncio.sleep(0)  # many may be here already: others get their turn in between
        if socket.has_faulted:
            # Closed with unread bytes TCP resets, and the reason is lost. They are dropped.
            await asyncio.sleep(self._lingering_seconds)
            _abort(request)


class _Socket(web.WebSocketResponse[Literal[False]]):
    """Without extensions: what is compressed is a protocol error, and nothing is inflated."""

    def __init__(self, max_message: int, closing_seconds: float) -> None:
        super().__init__(
            timeout=closing_seconds,
            autoping=False,  # it would send without a time limit
            compress=False,
            max_msg_size=max_message + 1,  # the first length that is refused
            writer_limit=0,  # so that sending waits whenever the transport is full
            decode_text=False,
        )
        self.has_faulted = False
        """Whether the other side broke a rule of WebSocket, and has been told."""
        self._reasons: dict[int, bytes] = {
            WSCloseCode.MESSAGE_TOO_BIG: b"a message has more than %d bytes" % max_message,
            WSCloseCode.PROTOCOL_ERROR: b"no frame of RFC 6455 without extensions",
            WSCloseCode.INVALID_TEXT: b"the reason to close is not UTF-8",
        }

    async def close(
        self, *, code: int = WSCloseCode.OK, message: bytes = b"", drain: bool = True
    ) -> bool:
        """As aiohttp's, which has no reasons for what `receive` finds, and leaves no time for
        one to arrive: after those, the connection is still to be closed."""
        reason = self._reasons.get(code)
        if reason is None:
            return await super().close(code=code, message=message, drain=drain)
        self.has_faulted = True
        await _send(self, struct.pack("!H", code) + reason, WSMsgType.CLOSE)
        return True


def _check(request: web.Request, socket: _Socket) -> None:
    """Raises the answer to a request that is not upgraded."""
    if not socket.can_prepare(request):
        raise web.HTTPUpgradeRequired(
            text="POST a JSON-RPC body, or open a WebSocket, version 13\n",
            headers={"Upgrade": "websocket"},
        )
    if "Origin" in request.headers:
        # A page cannot read the answer to a POST either: there are no CORS headers.
        raise web.HTTPForbidden(text="not for pages in a browser: send no Origin\n")


async def _send(socket: _Socket, data: bytes, kind: WSMsgType) -> None:
    """Return when little of it is still here. Raises `TimeoutError` if it is not taken."""
    async with asyncio.timeout(SEND_SECONDS):
        await socket.send_frame(data, kind)


def _abort(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
