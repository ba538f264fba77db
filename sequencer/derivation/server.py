"""The follower's HTTP: what was derived, for anyone who asks. Read only.

`GET /status`; `GET /rollup/{id}/entries?from=0&limit=100` (at most 1,000);
`GET /rollup/{id}/entry/{transaction hash}`; `GET /message/{index}`; `GET /held/{hash}`: the bytes
of a held segment that L1 has as an answer to a challenge (DATA-3).
"""

from collections.abc import Callable
from typing import Any

import msgspec
from aiohttp import web

from sequencer.derivation.entries import Entry
from sequencer.derivation.entry_store import EntryStore
from sequencer.derivation.following import Following
from sequencer.derivation.views import entry_view, message_view, rollup_view
from sequencer.l1.watcher import ReaderLoop
from sequencer.types import Hash32, RollupId

MAX_LIMIT = 1_000
MAX_POSITION = 2**53

Current = Callable[[], tuple[Following, EntryStore, ReaderLoop]]


def create_app(current: Current) -> web.Application:
    """`current` gives the derivation that runs now."""
    handlers = _Handlers(current)
    app = web.Application(client_max_size=1_024)
    app.router.add_get("/status", handlers.status)
    app.router.add_get("/rollup/{rollup}/entries", handlers.entries)
    app.router.add_get("/rollup/{rollup}/entry/{hash}", handlers.entry)
    app.router.add_get("/message/{index}", handlers.message)
    app.router.add_get("/held/{hash}", handlers.held)
    return app


class _Handlers:
    def __init__(self, current: Current) -> None:
        self._current = current

    async def status(self, _request: web.Request) -> web.Response:
        following, _, l1 = self._current()
        deriver = following.deriver
        return _json(
            {
                "l1": {
                    "head": deriver.number,
                    "connected": l1.is_connected,
                    "lastError": l1.last_error,
                },
                "basedUntil": deriver.based_until,
                "voidBatches": following.void_batches,
                "voidPosts": following.void_posts,
                "rollups": [
                    rollup_view(deriver, rollup, chain_id)
                    for rollup, chain_id in sorted(following.chain_ids.items())
                ],
            }
        )

    async def entries(self, request: web.Request) -> web.Response:
        _, store, _ = self._current()
        rollup = self._rollup(request)
        first = _number(request.query.get("from", "0"), "from", 0, MAX_POSITION)
        limit = _number(request.query.get("limit", "100"), "limit", 1, MAX_LIMIT)
        return _json(
            {"entries": [_view(store, entry) for entry in store.read(rollup, first, limit)]}
        )

    async def entry(self, request: web.Request) -> web.Response:
        _, store, _ = self._current()
        rollup, wanted = self._rollup(request), _hash(request, "a transaction hash")
        return _json({"entries": [_view(store, entry) for entry in store.find(rollup, wanted)]})

    async def held(self, request: web.Request) -> web.Response:
        _, store, _ = self._current()
        data = store.answer(_hash(request, "the hash of held data"))
        if data is None:
            raise web.HTTPNotFound(text="L1 has no such data as an answer\n")
        return web.Response(body=data, content_type="application/octet-stream")

    async def message(self, request: web.Request) -> web.Response:
        _, store, _ = self._current()
        index = _number(request.match_info["index"], "a message's index", 0, MAX_POSITION)
        found = store.message(index)
        if found is None:
            raise web.HTTPNotFound(text=f"message {index} is not on L1, or of no rollup here\n")
        return _json(message_view(*found))

    def _rollup(self, request: web.Request) -> RollupId:
        rollup = RollupId(_number(request.match_info["rollup"], "rollup", 0, 2**32 - 1))
        known = self._current()[0].chain_ids
        if rollup not in known:
            raise web.HTTPNotFound(text=f"rollup {rollup} is not followed here\n")
        return rollup


def _view(store: EntryStore, entry: Entry) -> dict[str, Any]:
    return entry_view(entry, store.counterpart(entry))


def _hash(request: web.Request, what: str) -> Hash32:
    text = request.match_info["hash"]
    try:
        wanted = Hash32(bytes.fromhex(text.removeprefix("0x")))
    except ValueError:
        wanted = Hash32(b"")
    if len(wanted) != 32:
        raise _bad(f"{what} is 0x and 32 bytes in hex")
    return wanted


def _number(text: str, what: str, least: int, most: int) -> int:
    if text.isascii() and text.isdecimal() and len(text) < 20 and least <= int(text) <= most:
        return int(text)
    raise _bad(f"{what} is a number from {least} to {most}")


def _bad(message: str) -> web.HTTPBadRequest:
    return web.HTTPBadRequest(text=message + "\n")


def _json(value: object) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")
