"""JSON-RPC over HTTP: `/rollup/{id}` for wallets, `/` for the node's own methods; and
`GET /blobs/{versioned hash}` for followers that come late (SUBMIT-6), `GET /held/{hash}` for
whoever needs the data that L1 does not have (HELD-2).

What a stranger can make a node hold is bounded: bodies (TX-5), how many at a time and for how
long, and the answers to a batch. Bodies are not inflated: a Content-Encoding is refused.
"""

import asyncio
import logging
import re
import time
from collections.abc import Callable

from aiohttp import web

from sequencer.ingress.backend import Backend
from sequencer.ingress.jsonrpc import (
    Call,
    CallFault,
    Code,
    Malformed,
    decode_body,
    encode_batch,
    encode_fault,
    encode_result,
    excerpt,
)
from sequencer.ingress.methods import Methods
from sequencer.quiet import FewLines
from sequencer.types import Hash32, RollupId

MAX_BODY = 2 << 20
"""TX-5."""
MAX_ANSWER = 8 << 20
"""Bytes of answers to one batch; the calls after that are answered with -32005."""
MAX_IN_FLIGHT = 256
"""Requests that are read or answered at one time."""
MAX_RECORDS_IN_FLIGHT = 32
"""Blobs and held segments on their way at one time: four MiB, however slowly they are taken."""
RECORD_SECONDS = 30.0
"""How long one may take."""
BODY_SECONDS = 10.0
"""How long a body may take to arrive."""
LINGERING_SECONDS = 2.0
"""How long the rest of a body that was refused is read and dropped."""
IDLE_SECONDS = 30.0
"""How long a connection may be open without a whole request head."""
_CALLS_PER_TURN = 8
"""A signature check is 50 us: others get their turn in between."""

_log = logging.getLogger(__name__)


def wall_clock_ms() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def create_app(backend: Backend, now_ms: Callable[[], int] = wall_clock_ms) -> web.Application:
    """The application over a node; serve it with `make_runner`."""
    server = _Server(backend, Rpc(Methods(backend, now_ms)))
    app = web.Application(client_max_size=MAX_BODY)
    app.router.add_post("/", server.post)
    app.router.add_post("/rollup/{rollup}", server.post)
    app.router.add_get("/blobs/{hash}", server.blob)
    app.router.add_get("/held/{hash}", server.held_segment)
    app.router.add_get("/healthz", server.healthz)
    app.router.add_get("/readyz", server.readyz)
    return app


def make_runner(app: web.Application) -> web.AppRunner:
    """A runner that hands bodies on as they came."""
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


class Rpc:
    """From a body to the body that answers it."""

    def __init__(self, methods: Methods) -> None:
        self._methods = methods

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
        for count, call in enumerate(calls, 1):
            answer = self._call(rollup, call, room)
            if isinstance(call, Malformed) or not call.is_notification:
                answers.append(answer)
                room -= len(answer)
            if count % _CALLS_PER_TURN == 0:
                await asyncio.sleep(0)
        if not answers:
            return b""
        return encode_batch(answers) if is_batch else answers[0]

    def _call(self, rollup: RollupId | None, call: Call | Malformed, room: int) -> bytes:
        if isinstance(call, Malformed):
            return encode_fault(call.id, call.fault)
        try:
            if room <= 0:
                raise CallFault(Code.LIMIT, "the answers to this batch are too long; split it")
            return encode_result(call.id, self._methods.call(rollup, call.method, call.params))
        except CallFault as fault:
            return encode_fault(call.id, fault)
        except Exception:
            _log.exception("%s failed", excerpt(call.method))
            return encode_fault(call.id, CallFault(Code.INTERNAL, "internal error"))


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
            return await _send(request, record)
        finally:
            self._records_in_flight -= 1

    async def post(self, request: web.Request) -> web.Response:
        """One JSON-RPC request."""
        if self._in_flight >= MAX_IN_FLIGHT:
            return _refusal(503, Code.LIMIT, f"{MAX_IN_FLIGHT} requests are being answered")
        self._in_flight += 1
        try:
            return await self._answer(request)
        finally:
            self._in_flight -= 1

    async def _answer(self, request: web.Request) -> web.Response:
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
        return _json(answer) if answer else web.Response(status=204)


async def _send(request: web.Request, record: bytes) -> web.StreamResponse:
    """Answer with these bytes, and return when they are on their way; not for ever."""
    response = web.StreamResponse()
    response.content_type = "application/octet-stream"
    response.content_length = len(record)
    try:
        async with asyncio.timeout(RECORD_SECONDS):
            await response.prepare(request)
            await response.write(record)
            await response.write_eof()
    except TimeoutError:
        if request.transport is not None:
            request.transport.abort()
    return response


def _rollup(segment: str | None) -> RollupId | None:
    if segment is None:
        return None
    if segment.isascii() and segment.isdigit() and len(segment) <= 10 and int(segment) < 2**32:
        return RollupId(int(segment))
    raise CallFault(Code.PARAMS, f"a rollup id is a number below 2**32, found {excerpt(segment)}")


def _refusal(status: int, code: Code, message: str) -> web.Response:
    return _json(encode_fault(None, CallFault(code, message)), status)


def _json(body: bytes, status: int = 200) -> web.Response:
    return web.Response(body=body, status=status, content_type="application/json")
