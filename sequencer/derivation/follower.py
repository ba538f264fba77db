"""`switchyard rollup`: derive from L1 alone, print each entry, and serve the lists.

The follower needs an L1 endpoint and the deployment file; it knows no node.
"""

import asyncio
import json
import logging
import signal
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from sequencer.config import split_address
from sequencer.crypto.kzg_process import KzgProcess
from sequencer.derivation.entries import Entry
from sequencer.derivation.entry_store import EntryStore
from sequencer.derivation.following import Following, describe
from sequencer.derivation.server import create_app
from sequencer.derivation.views import entry_view
from sequencer.l1.blob_sources import blob_sources
from sequencer.l1.blobs import BlobReader
from sequencer.l1.client import L1Client
from sequencer.l1.deployment import Deployment, load_deployment
from sequencer.l1.events import ReorgTooDeep
from sequencer.l1.reader import L1Reader
from sequencer.l1.watcher import ReaderLoop
from sequencer.serving import listen as serve
from sequencer.serving import write_endpoints
from sequencer.types import RollupId

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class FollowerConfig:
    """What `switchyard rollup` is told."""

    deployment: Path
    l1_url: str
    rollup: RollupId | None = None
    """One rollup, or all."""
    listen: str | None = None
    """host:port to serve on; port 0 is any free one. None: only print."""
    data_dir: Path | None = None
    """Where the entries are kept and `endpoints.json` is written; None: a temporary folder."""
    as_json: bool = False
    is_quiet: bool = False
    beacon: str | None = None
    """The beacon API of a consensus client, for blobs (SUBMIT-5)."""
    archives: tuple[str, ...] = ()
    """RPC addresses of nodes, for blobs that L1's clients have dropped (SUBMIT-6)."""
    poll_ms: int = 250


async def run_follower(config: FollowerConfig) -> None:
    """Run until SIGINT or SIGTERM. Raises `LocalFault` when the follower cannot start."""
    deployment = load_deployment(config.deployment)
    loop = asyncio.get_running_loop()
    with tempfile.TemporaryDirectory(prefix="switchyard-") as temporary:
        folder = config.data_dir or Path(temporary)
        store = EntryStore(folder / "entries.sqlite")
        client = L1Client(config.l1_url)
        kzg = KzgProcess()
        blobs = BlobReader(blob_sources(client, config.beacon, config.archives), kzg)
        running = asyncio.create_task(_follow(config, deployment, client, blobs, store, folder))
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, running.cancel)
        try:
            with suppress(asyncio.CancelledError):
                await running
        finally:
            await client.close()
            await blobs.close()
            await kzg.close()
            store.close()


async def _follow(
    config: FollowerConfig,
    deployment: Deployment,
    client: L1Client,
    blobs: BlobReader,
    store: EntryStore,
    folder: Path,
) -> None:
    following = Following(deployment, config.rollup, store, _printer(config))
    server = _Server(config, folder)
    try:
        while True:
            following.begin()
            l1 = ReaderLoop(
                client,
                deployment.chain_id,
                L1Reader(
                    client,
                    deployment.contracts,
                    deployment.start_block,
                    following,
                    with_calldata=True,
                    only=config.rollup,
                    blobs=blobs,
                ),
                config.poll_ms / 1000,
                lambda: None,
            )
            await server.show(following, store, l1)
            try:
                await l1.run()
            except ReorgTooDeep as reorg:  # DERIVE-9
                log.warning("%s: deriving again from the start", reorg)
    finally:
        await server.close()


class _Server:
    """Serves the derivation that runs now, on one address for the follower's life."""

    def __init__(self, config: FollowerConfig, folder: Path) -> None:
        self._config = config
        self._folder = folder
        self._runner: web.AppRunner | None = None
        self._shown: tuple[Following, EntryStore, ReaderLoop] | None = None

    async def show(self, following: Following, store: EntryStore, l1: ReaderLoop) -> None:
        self._shown = (following, store, l1)
        if self._config.listen is not None and self._runner is None:
            await self._listen(self._config.listen)

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _listen(self, listen: str) -> None:
        host, port = split_address(listen, "listen")
        self._runner = web.AppRunner(create_app(self._current), access_log=None)
        url = await serve(self._runner, host, port, "listen address")
        write_endpoints(self._folder, rpc=url)
        log.info("serving at %s", url)

    def _current(self) -> tuple[Following, EntryStore, ReaderLoop]:
        assert self._shown is not None, "shown before it is served"
        return self._shown


def _printer(config: FollowerConfig) -> Callable[[Entry], None]:
    """How an entry goes to standard output."""
    if config.is_quiet:
        return lambda _: None
    if config.as_json:
        return lambda entry: print(json.dumps(entry_view(entry)), flush=True)
    return lambda entry: print(describe(entry), flush=True)
