"""A follower's HTTP, asked and decoded: `server.py` from the other side."""

from typing import TypeVar

import msgspec

from sequencer.blocks.held import HeldEntry
from sequencer.blocks.payload import MAX_TRANSACTION_BYTES
from sequencer.derivation.entries import Entry, Source
from sequencer.errors import NotYet
from sequencer.l1.events import MessageKind
from sequencer.l1.http import HttpSource
from sequencer.l1.rpc import L1Error, hex_data
from sequencer.types import Address, BatchIndex, Hash32, RollupId

PAGE = 100
"""Entries in one answer."""
_ENTRY_ROOM = 2 * (MAX_TRANSACTION_BYTES + 1_024) + 4_096
"""As long as an entry can be in JSON."""
_PAGE_ROOM = PAGE * _ENTRY_ROOM
_STATUS_ROOM = 16 << 20

_T = TypeVar("_T")


class _Held(msgspec.Struct, frozen=True, rename="camel"):
    length: int
    hash: str
    voided_by: int | None


class _Entry(msgspec.Struct, frozen=True, rename="camel"):
    """As `views.entry_view` has it."""

    rollup: int
    index: int
    source: str
    position: int
    batch: int | None
    l1_block: int
    kind: str
    sender: str | None
    gas_limit: int | None
    hash: str
    transaction: str
    running_hash: str
    skipped: str | None
    held: _Held | None
    voids: str | None
    voids_entry: int | None


class _Entries(msgspec.Struct, frozen=True):
    entries: list[_Entry]


class _Rollup(msgspec.Struct, frozen=True, rename="camel"):
    rollup: int
    chain_id: int


class _Status(msgspec.Struct, frozen=True):
    rollups: list[_Rollup]


class FollowerClient:
    """One follower. Every call raises `L1Error` for one that does not answer, or not so: it stands
    for L1."""

    def __init__(self, url: str) -> None:
        self._http = HttpSource(url)

    async def close(self) -> None:
        await self._http.close()

    async def chain_id(self, rollup: RollupId) -> int:
        """Raises `NotYet` if the follower does not know the rollup."""
        status = await self._get("/status", _Status, _STATUS_ROOM)
        for known in status.rollups if status else ():
            if known.rollup == rollup:
                return known.chain_id
        raise NotYet(f"{self._http.endpoint} follows no rollup {rollup}")

    async def entries(
        self, rollup: RollupId, first: int, limit: int | None = None
    ) -> list[tuple[Entry, int | None]]:
        """Up to `limit` or `PAGE` entries from position `first` on, each with its counterpart: of a
        held segment the void mark, of a void mark the held segment (`EntryStore.counterpart`)."""
        path = f"/rollup/{rollup}/entries"
        query = {"from": str(first), "limit": str(limit or PAGE)}
        found = await self._get(path, _Entries, _PAGE_ROOM, query)
        try:
            return [(_entry(view), _counterpart(view)) for view in (found.entries if found else ())]
        except (ValueError, KeyError) as error:
            raise L1Error(f"{path} at {self._http.endpoint}: {error}") from error

    async def _get(
        self, path: str, shape: type[_T], max_bytes: int, query: dict[str, str] | None = None
    ) -> _T | None:
        body = await self._http.get(path, max_bytes, "application/json", query)
        try:
            return None if body is None else msgspec.json.decode(body, type=shape)
        except (msgspec.DecodeError, RecursionError) as error:
            raise L1Error(f"{path} at {self._http.endpoint}: {error}") from error


def _entry(view: _Entry) -> Entry:
    """Raises `ValueError` or `KeyError`."""
    rollup = RollupId(view.rollup)
    is_message = view.held is None and view.voids is None
    held = view.held
    return Entry(
        rollup,
        view.index,
        Source(view.source),
        view.position,
        None if view.batch is None else BatchIndex(view.batch),
        view.l1_block,
        _hash(view.hash),
        hex_data(view.transaction),
        _hash(view.running_hash),
        view.skipped,
        MessageKind[view.kind.upper()] if is_message else MessageKind.TRANSACTION,
        None if view.sender is None else Address(hex_data(view.sender, 20)),
        view.gas_limit,
        None if held is None else HeldEntry(rollup, held.length, _hash(held.hash)),
        None if view.voids is None else _hash(view.voids),
    )


def _counterpart(view: _Entry) -> int | None:
    return view.voids_entry if view.held is None else view.held.voided_by


def _hash(text: str) -> Hash32:
    return Hash32(hex_data(text, 32))
