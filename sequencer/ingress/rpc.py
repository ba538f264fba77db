"""JSON-RPC over HTTP: `/rollup/{id}` for wallets, `/` for the node's own methods, by POST or as a
WebSocket (`websocket.py`); and
`GET /blobs/{versioned hash}` for followers that come late (SUBMIT-6), `GET /held/{hash}` for
whoever needs the data that L1 does not have (HELD-2).

What a stranger can make a node hold is bounded: bodies (TX-5), how many at a time and for how
long, and the answers to a batch. Bodies are not inflated: a Content-Encoding is refused.
"""

import asyncio
import logging
import re
import time
from collections import deque
from collections.abc import Callable, Iterator
from itertools import groupby

from aiohttp import web

from sequencer.errors import LocalFault
from sequencer.ingress.backend import Backend
from sequencer.ingress.jsonrpc import (
    Call,
    CallFault,
    CallId,
    Code,
    Malformed,
    decode_body,
    encode_batch,
    encode_fault,
    encode_result,
    excerpt,
)
from sequencer.ingress.methods import SEND_RAW, Methods
from sequencer.ingress.websocket import WebSockets
from sequencer.quiet import FewLines
from sequencer.serving import send_bytes
from sequencer.types import Hash32, RollupId

MAX_BODY = 2 << 20
"""TX-5."""
MAX_ANSWER = 8 << 20
"""Bytes of answers to one batch; the calls after that are answered with -32005."""
MAX_BUFFERED = 64 << 10
"""Bytes of an answer that may wait in a connection's buffer: a longer one is in flight until it is
taken, for a while (`serving.py`)."""
MAX_IN_FLIGHT = 256
"""Requests that are read or answered, and messages of WebSockets that are answered, at one time."""
MAX_RECORDS_IN_FLIGHT = 32
"""Blobs and held segments on their way at one time: four MiB, however slowly they are taken."""
BODY_SECONDS = 10.0
"""How long a body may take to arrive."""
LINGERING_SECONDS = 2.0
"""How long the rest of a body that was refused is read and dropped."""
IDLE_SECONDS = 30.0
"""How long a connection may be open without a whole request head."""
_CALLS_PER_TURN = 128
"""Peers and other requests get theirs in between. With fewer a body of many waits more often: where
the loop is busy that takes the time, and what follows on its connection waits with it."""

_log = logging.getLogger(__name__)


def wall_clock_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def create_app(backend: Backend, now_ms: Callable[[], int] = wall_clock_ms) -> web.Application:
    """The application over a node; serve it with `make_runner`."""
    server = _Server(backend, Rpc(Methods(backend, now_ms)))
    sockets = WebSockets(server.message, MAX_BODY, IDLE_SECONDS, LINGERING_SECONDS)
    app = web.Application(client_max_size=MAX_BODY)
    for path in ("/", "/rollup/{rollup}"):
        app.router.add_post(path, server.post)
        app.router.add_get(path, sockets.get, allow_head=False)
    app.on_shutdown.append(sockets.close)
    app.router.add_get("/blobs/{hash}", server.blob)
    app.router.add_get("/held/{hash}", server.held_segment)
    app.router.add_get("/healthz", server.healthz)
    app.router.add_get("/readyz", server.readyz)
    return app


def make_runner(app: web.Application) -> web.AppRunner:
    """A runner that hands bodies on as they came."""
    # It tells of each client that offers a subprotocol.
    logging.getLogger("aiohttp.websocket").filters[:] = [FewLines()]
    return web.AppRunner(
        app,
        access_log=None,
        logger=_http_log(),
        auto_decompress=False,
        lingering_time=LINGERING_SECONDS,
        keepalive_timeout=IDLE_SECONDS,
    )


def _http_log() -> logging.Logger:
    """aiohttp's log without tracebacks, and not a line for each request: whoever sends garbage
    would fill the disk."""
    log = logging.getLogger(f"{__name__}.http")
    log.filters[:] = [_without_traceback, FewLines()]
    return log


def _without_traceback(record: logging.LogRecord) -> bool:
    record.exc_info = record.exc_text = None
    return True


class Turns:
    """One for each turn of the event loop, in the order in which they are asked for: peers get the
    rest of it."""

    def __init__(self) -> None:
        self.is_taken = False
        self._waiting: deque[object] = deque()

    async def next(self) -> None:
        """Wait for one, which is over when the caller waits next."""
        ticket = object()
        self._waiting.append(ticket)
        try:
            # Waking up from an event would take another turn.
            while self.is_taken or self._waiting[0] is not ticket:  # noqa: ASYNC110
                await asyncio.sleep(0)
        finally:
            self._waiting.remove(ticket)
        self.is_taken = True
        asyncio.get_running_loop().call_soon(self._end)

    def _end(self) -> None:
        self.is_taken = False


class Rpc:
    """From a body to the body that answers it."""

    def __init__(self, methods: Methods) -> None:
        self._methods = methods
        self._turns = Turns()

    async def answer(self, path_id: str | None, body: bytes) -> bytes:
        """The answer to a body on the path of a rollup, or on none; empty for notifications.

        Whatever the body holds, this raises nothing.
        """
        try:
            rollup = _rollup(path_id)
            calls, is_batch = decode_body(body)
        except CallFault as fault:
            return encode_fault(None, fault)
        answers: list[bytes] = []
        room = MAX_ANSWER
        most = len(calls)
        for start in range(0, len(calls), _CALLS_PER_TURN):
            turn = calls[start : start + _CALLS_PER_TURN]
            raws = sum(map(_is_raw, turn))
            taken = self._methods.reserve(rollup, min(raws, most))
            if taken < raws:
                most = 0  # What comes after one that was refused would have a gap before it.
            waits = len(calls) > 1 and (taken > 0 or raws < len(turn))
            await self._wait_turn(taken, waits=waits)
            for answer in self._answers(rollup, turn, room, taken):
                answers.append(answer)
                room -= len(answer)
        try:
            await self._methods.durable()
        except LocalFault:  # which stops the node
            return encode_fault(None, CallFault(Code.INTERNAL, "internal error"))
        if not answers:
            return b""
        return encode_batch(answers) if is_batch else answers[0]

    async def _wait_turn(self, taken: int, *, waits: bool) -> None:
        """Wait for a turn, and release the room of as many transactions when it has come. One call
        alone does not wait, nor do those of which nothing is taken in (POOL-7)."""
        since, waited_ms = time.monotonic(), None
        try:
            if waits:
                await self._turns.next()
                waited_ms = (time.monotonic() - since) * 1e3
        finally:
            if taken:
                self._methods.release(taken, waited_ms)

    def _answers(
        self, rollup: RollupId | None, calls: list[Call | Malformed], room: int, taken: int
    ) -> Iterator[bytes]:
        """To those calls that get one. Transactions next to each other are taken in together, the
        first `taken` in all."""
        for is_raw, group in groupby(calls, _is_raw):
            some = list(group)
            sent = iter(self._send_raw(rollup, some, room, taken) if is_raw else ())
            taken -= min(taken, len(some)) if is_raw else 0
            for call in some:
                result = next(sent) if is_raw else self._result(rollup, call, room)
                if isinstance(call, Malformed) or not call.is_notification:
                    answer = _encode(call.id, result)
                    room -= len(answer)
                    yield answer

    def _result(self, rollup: RollupId | None, call: Call | Malformed, room: int) -> object:
        """What a call gives; a `CallFault` if it fails."""
        if isinstance(call, Malformed):
            return call.fault
        try:
            _check_room(room)
            return self._methods.call(rollup, call.method, call.params)
        except CallFault as fault:
            return fault
        except Exception:  # one call's fault is none of the others'; it is logged
            return _internal(call.method)

    def _send_raw(
        self, rollup: RollupId | None, calls: list[Call | Malformed], room: int, taken: int
    ) -> list[str | CallFault]:
        """As `_result`, of calls that send one transaction each."""
        params = [call.params for call in calls if isinstance(call, Call)][:taken]
        try:
            _check_room(room)
            sent = self._methods.send_raw(rollup, params)
            return sent + [self._methods.busy()] * (len(calls) - len(sent))
        except CallFault as fault:
            return [fault] * len(calls)
        except Exception:
            return [_internal(SEND_RAW)] * len(calls)


class _Server:
    def __init__(self, backend: Backend, rpc: Rpc) -> None:
        self._backend = backend
        self._rpc = rpc
        self._in_flight = 0
        self._records_in_flight = 0

    async def healthz(self, _request: web.Request) -> web.Response:
        """The process answers."""
        return web.json_response({"alive": True})

    async def readyz(self, _request: web.Request) -> web.Response:
        """The node orders."""
        ready = self._backend.is_ready()
        return web.json_response({"ready": ready}, status=200 if ready else 503)

    async def blob(self, request: web.Request) -> web.StreamResponse:
        """A blob with its commitment and proof, 131,168 bytes."""
        return await self._record(request, self._backend.archived_blob)

    async def held_segment(self, request: web.Request) -> web.StreamResponse:
        """The bytes with this hash, no more than a block holds."""
        return await self._record(request, self._backend.held_segment)

    async def _record(
        self, request: web.Request, find: Callable[[Hash32], bytes | None]
    ) -> web.StreamResponse:
        text = request.match_info["hash"]
        if not re.fullmatch("0x[0-9a-fA-F]{64}", text):
            raise web.HTTPBadRequest(text="the hash is 0x and 32 bytes in hex\n")
        if self._records_in_flight >= MAX_RECORDS_IN_FLIGHT:
            raise web.HTTPServiceUnavailable(text="many ask for data now, try again\n")
        record = find(Hash32(bytes.fromhex(text[2:])))
        if record is None:
            raise web.HTTPNotFound(text="not here\n")
        self._records_in_flight += 1
        try:
            return await send_bytes(request, record, "application/octet-stream")
        finally:
            self._records_in_flight -= 1

    async def post(self, request: web.Request) -> web.StreamResponse:
        """One JSON-RPC request."""
        if self._in_flight >= MAX_IN_FLIGHT:
            return _json(_full(), 503)
        self._in_flight += 1
        try:
            return await self._answer(request)
        finally:
            self._in_flight -= 1

    async def message(self, path_id: str | None, body: bytes) -> bytes:
        """The answer to a message of a WebSocket."""
        if self._in_flight >= MAX_IN_FLIGHT:
            return _full()
        self._in_flight += 1
        try:
            return await self._rpc.answer(path_id, body)
        finally:
            self._in_flight -= 1

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        if "Content-Encoding" in request.headers:
            return _refusal(415, Code.REQUEST, "send the body as it is, not encoded")
        try:
            async with asyncio.timeout(BODY_SECONDS):
                body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            return _refusal(413, Code.LIMIT, f"the body has more than {MAX_BODY} bytes")
        except TimeoutError:
            return _refusal(408, Code.LIMIT, f"the body took more than {BODY_SECONDS} seconds")
        answer = await self._rpc.answer(request.match_info.get("rollup"), body)
        if len(answer) > MAX_BUFFERED:
            return await send_bytes(request, answer, "application/json")
        return _json(answer) if answer else web.Response(status=204)


def _is_raw(call: Call | Malformed) -> bool:
    return isinstance(call, Call) and call.method == SEND_RAW


def _check_room(room: int) -> None:
    if room <= 0:
        raise CallFault(Code.LIMIT, "the answers to this batch are too long; split it")


def _internal(method: str) -> CallFault:
    """For whatever just went wrong."""
    _log.exception("%s failed", excerpt(method))
    return CallFault(Code.INTERNAL, "internal error")


def _encode(call_id: CallId, result: object) -> bytes:
    if isinstance(result, CallFault):
        return encode_fault(call_id, result)
    return encode_result(call_id, result)


def _rollup(segment: str | None) -> RollupId | None:
    if segment is None:
        return None
    if segment.isascii() and segment.isdigit() and len(segment) <= 10 and int(segment) < 2**32:
        return RollupId(int(segment))
    raise CallFault(Code.PARAMS, f"a rollup id is a number below 2**32, found {excerpt(segment)}")


def _full() -> bytes:
    message = f"{MAX_IN_FLIGHT} requests are being answered"
    return encode_fault(None, CallFault(Code.LIMIT, message))


def _refusal(status: int, code: Code, message: str) -> web.Response:
    return _json(encode_fault(None, CallFault(code, message)), status)


def _json(body: bytes, status: int = 200) -> web.Response:
    return web.Response(body=body, status=status, content_type="application/json")
