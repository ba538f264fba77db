"""What a node shows to whoever watches it, without a bond and without asking who it is (WATCH-3).

`GET /statements?after=N`: votes and attestations that the node has checked lately;
`GET /evidence` and `/evidence/{name}`: the evidence it has found; `GET /batches/{index}` and
`GET /blocks/{height}`: what attestations are about, as msgpack, without held segments.
"""

import re
from collections.abc import Callable
from typing import Protocol

import msgspec
from aiohttp import web

from sequencer.serving import send_bytes
from sequencer.types import BatchIndex, Height

MAX_IN_FLIGHT = 16
"""Answers on their way at one time: a MiB each at most."""
_MAX_NUMBER = 2**63 - 1


class Exhibits(Protocol):
    """A node, as a watchtower sees it. All of it is synchronous and quick."""

    def statements(self, after: int) -> bytes:
        """A page of what members said (`evidence/stream.py`)."""

    def evidence_names(self) -> list[str]:
        """Of the files it has."""

    def evidence_file(self, name: str) -> bytes | None:
        """One of them."""

    def encoded_batch(self, index: BatchIndex) -> bytes | None:
        """A batch that it has cut."""

    def encoded_block(self, height: Height) -> bytes | None:
        """A final block: header and payload."""


def add_exhibits(app: web.Application, exhibits: Exhibits) -> None:
    """Serve these, besides what the application serves."""
    handlers = _Handlers(exhibits)
    app.router.add_get("/statements", handlers.statements)
    app.router.add_get("/evidence", handlers.names)
    app.router.add_get("/evidence/{name}", handlers.file)
    app.router.add_get("/batches/{number}", handlers.batch)
    app.router.add_get("/blocks/{number}", handlers.block)


class _Handlers:
    def __init__(self, exhibits: Exhibits) -> None:
        self._exhibits = exhibits
        self._in_flight = 0

    async def statements(self, request: web.Request) -> web.StreamResponse:
        after = _number(request.query.get("after", "0"))
        return await self._send(request, lambda: self._exhibits.statements(after), "json")

    async def names(self, request: web.Request) -> web.StreamResponse:
        names = msgspec.json.encode({"files": self._exhibits.evidence_names()})
        return await self._send(request, lambda: names, "json")

    async def file(self, request: web.Request) -> web.StreamResponse:
        name = request.match_info["name"]
        if not re.fullmatch(r"[0-9a-z-]{1,120}\.json", name):
            raise web.HTTPBadRequest(text="no name of an evidence file\n")
        return await self._send(request, lambda: self._exhibits.evidence_file(name), "json")

    async def batch(self, request: web.Request) -> web.StreamResponse:
        index = BatchIndex(_number(request.match_info["number"]))
        return await self._send(request, lambda: self._exhibits.encoded_batch(index))

    async def block(self, request: web.Request) -> web.StreamResponse:
        height = Height(_number(request.match_info["number"]))
        return await self._send(request, lambda: self._exhibits.encoded_block(height))

    async def _send(
        self, request: web.Request, find: Callable[[], bytes | None], kind: str = "octet-stream"
    ) -> web.StreamResponse:
        if self._in_flight >= MAX_IN_FLIGHT:
            raise web.HTTPServiceUnavailable(text="many ask now, try again\n")
        body = find()
        if body is None:
            raise web.HTTPNotFound(text="not here\n")
        self._in_flight += 1
        try:
            return await send_bytes(request, body, f"application/{kind}")
        finally:
            self._in_flight -= 1


def _number(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) < 20 and int(text) <= _MAX_NUMBER:
        return int(text)
    raise web.HTTPBadRequest(text=f"a number up to {_MAX_NUMBER} is expected\n")
