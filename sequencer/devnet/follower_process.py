"""One follower of a local network: `switchyard rollup`, which knows L1 and nothing else."""

import sys
from pathlib import Path
from typing import TypeVar

import aiohttp
import msgspec

from sequencer.devnet.endpoints import listening_at
from sequencer.devnet.layout import Layout
from sequencer.devnet.processes import Process, start
from sequencer.devnet.rpc import TIMEOUT_SECONDS, RpcUnreachable
from sequencer.types import Hash32, RollupId

PAGE = 1_000

_T = TypeVar("_T")


class Derived(msgspec.Struct, frozen=True, rename="camel"):
    """A rollup as derived: how many entries, and the running hash over the included ones."""

    rollup: int
    chain_id: int
    entries: int
    running_hash: str


class _L1(msgspec.Struct, frozen=True):
    head: int | None
    connected: bool


class FollowerStatus(msgspec.Struct, frozen=True, rename="camel"):
    l1: _L1
    void_batches: int
    rollups: tuple[Derived, ...]


class HeldSegment(msgspec.Struct, frozen=True, rename="camel"):
    """What L1 knows of a held segment (DERIVE-15), and the index of its void mark."""

    id: str
    length: int
    hash: str
    voided_by: int | None


class DerivedEntry(msgspec.Struct, frozen=True, rename="camel"):
    """One entry of a rollup's list; `batch` is None if L1 included it by itself."""

    index: int
    source: str
    position: int
    batch: int | None
    l1_block: int
    hash: str
    skipped: str | None
    held: HeldSegment | None = None
    voids: str | None = None
    """Of a void mark: the id of the segment (DERIVE-16)."""


class _Page(msgspec.Struct):
    entries: list[DerivedEntry]


class FollowerProcess:
    """A follower of all rollups."""

    def __init__(self, layout: Layout, number: int, l1_url: str, port: int = 0) -> None:
        self.name = f"follower-{number}"
        self._layout = layout
        self._l1_url = l1_url
        self._port = port
        self._process: Process | None = None
        self._session: aiohttp.ClientSession | None = None
        self.url = ""

    @property
    def process(self) -> Process:
        assert self._process is not None, "the follower was started"
        return self._process

    @property
    def _data_dir(self) -> Path:
        return self._layout.process(self.name)

    async def start(self) -> None:
        command = [sys.executable, "-m", "sequencer.cli", "rollup"]
        command += ["--deployment", str(self._layout.deployment), "--l1", self._l1_url]
        command += ["--listen", f"127.0.0.1:{self._port}", "--data-dir", str(self._data_dir)]
        self._process = await start(self.name, command, self._layout.log(self.name))

    async def ready(self) -> None:
        """Wait until it serves; raises `LocalFault` if it ends instead."""
        self.url = await listening_at(self.process, self._data_dir)
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        self._session = aiohttp.ClientSession(self.url, timeout=timeout)

    async def stop(self) -> None:
        if self._session is not None:
            await self._session.close()
        if self._process is not None:
            await self._process.stop()

    async def status(self) -> FollowerStatus:
        """How far it has come; raises `RpcUnreachable`."""
        return _decode(await self._get("/status"), FollowerStatus)

    async def entries(self, rollup: RollupId) -> list[DerivedEntry]:
        """A rollup's whole list, skipped entries too; raises `RpcUnreachable`."""
        found: list[DerivedEntry] = []
        while True:
            query = {"from": str(len(found)), "limit": str(PAGE)}
            page = _decode(await self._get(f"/rollup/{rollup}/entries", query), _Page).entries
            found += page
            if len(page) < PAGE:
                return found

    async def find(self, rollup: RollupId, transaction: Hash32) -> list[DerivedEntry]:
        """The entries of one transaction; raises `RpcUnreachable`."""
        path = f"/rollup/{rollup}/entry/0x{transaction.hex()}"
        return _decode(await self._get(path), _Page).entries

    async def _get(self, path: str, query: dict[str, str] | None = None) -> bytes:
        if self._session is None:
            raise RpcUnreachable(f"{self.name} is not up")
        try:
            async with self._session.get(path, params=query) as response:
                if response.status != 200:
                    raise RpcUnreachable(f"{self.name}: {path}: HTTP {response.status}")
                return await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise RpcUnreachable(f"{self.name} does not answer: {error!r}") from error


def _decode(content: bytes, shape: type[_T]) -> _T:
    try:
        return msgspec.json.decode(content, type=shape)
    except msgspec.DecodeError as error:
        raise RpcUnreachable(f"a follower answers what cannot be right: {error}") from error
