"""`switchyard watch`: the parts of a watchtower put together, and its end."""

import asyncio
import contextlib
import logging
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from sequencer.config import keystore_password, split_address
from sequencer.crypto.keystore import load_secret
from sequencer.l1.account import L1Account
from sequencer.l1.client import L1Client
from sequencer.l1.deployment import Deployment, load_deployment
from sequencer.l1.events import BatchCommitted, L1Block, ReorgTooDeep
from sequencer.l1.view import L1View
from sequencer.l1.watcher import L1Watcher
from sequencer.node.evidence_files import EvidenceFiles
from sequencer.node.runtime import stop
from sequencer.serving import listen as serve
from sequencer.serving import write_endpoints
from sequencer.types import BatchIndex, Epoch, Hash32
from sequencer.watch.alerts import Alerts
from sequencer.watch.desk import Desk
from sequencer.watch.judging import Judge
from sequencer.watch.l1 import Contracts
from sequencer.watch.listening import Ear, Listener
from sequencer.watch.lookout import Lookout
from sequencer.watch.metrics import Sample, create_app
from sequencer.watch.nodes import WatchedNode
from sequencer.watch.promising import PromiseBook
from sequencer.watch.purse import Purse
from sequencer.watch.reporting import Reporter
from sequencer.watch.store import Status, WatchStore

log = logging.getLogger(__name__)

L1_POLL_SECONDS = 1.0
RESUBMIT_MS = 30_000
DEFAULT_LISTEN = "127.0.0.1:9464"


@dataclass(frozen=True, slots=True)
class WatchConfig:
    """What `switchyard watch` is told."""

    deployment: Path
    l1_url: str
    nodes: tuple[str, ...]
    state: Path
    keystore: Path | None = None
    """Of the key that reports and pays for it; None: only tell."""
    webhook: str | None = None
    listen: str = DEFAULT_LISTEN
    confirmations: int = 4
    """Depth at which L1 takes nothing back any more (WATCH-2)."""


async def run_watchtower(config: WatchConfig) -> None:
    """Run until SIGINT or SIGTERM. Raises `LocalFault` when it cannot start."""
    tower = Watchtower(config, load_deployment(config.deployment), _secret(config))
    running = asyncio.create_task(tower.run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop, running)
    with contextlib.suppress(asyncio.CancelledError):
        await running


def _secret(config: WatchConfig) -> bytes | None:
    if config.keystore is None:
        return None
    return load_secret(config.keystore, keystore_password())


class Watchtower:
    """One deployment's."""

    def __init__(self, config: WatchConfig, deployment: Deployment, secret: bytes | None) -> None:
        self._config = config
        self._deployment = deployment
        config.state.mkdir(parents=True, exist_ok=True)
        self._store = WatchStore(config.state / "watch.sqlite")
        self._client = L1Client(config.l1_url)
        self._nodes = [WatchedNode(url) for url in config.nodes]
        self._alerts = Alerts(self._store, config.webhook)
        self._is_ready = asyncio.Event()
        self._begin()

        files = EvidenceFiles(config.state / "evidence")
        desk = Desk(deployment.domain, lambda: self._view, self._store, files, self._alerts)
        contracts = Contracts(self._client, deployment, config.confirmations)
        ear = Ear(desk, self._on_attestation)
        now = time.monotonic
        self._judge = Judge(desk, self._client, self._nodes, ear.hear, now)
        self._listeners = [Listener(node, desk, ear) for node in self._nodes]
        self._lookout = Lookout(desk, contracts, deployment.start_block)
        purse = None if secret is None else self._make_purse(secret, contracts)
        promises = PromiseBook(desk, contracts, self._nodes)
        self._reporter = Reporter(desk, contracts, purse, promises, now)

    async def run(self) -> None:
        """Until cancelled."""
        runner = web.AppRunner(create_app(self._samples), access_log=None)
        try:
            host, port = split_address(self._config.listen, "--listen")
            url = await serve(runner, host, port, "--listen address")
            write_endpoints(self._config.state, rpc=url)
            log.info("metrics at %s/metrics", url)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._follow())
                tasks.create_task(self._judge.run(self._is_ready))
                tasks.create_task(self._lookout.run())
                tasks.create_task(self._reporter.run())
                if self._config.webhook is not None:
                    tasks.create_task(self._alerts.run())
                for listener in self._listeners:
                    tasks.create_task(listener.run(self._is_ready))
        finally:
            await runner.cleanup()
            for node in self._nodes:
                await node.close()
            await self._client.close()
            self._store.close()

    async def _follow(self) -> None:
        """L1, from its first block again if it went back too far."""
        while True:
            try:
                await self._watcher.run()
            except ReorgTooDeep as reorg:
                log.warning("%s: reading L1 again from the start", reorg)
                self._begin()

    def _begin(self) -> None:
        self._view = L1View(0, self._deployment.schedule)
        self._watcher = L1Watcher(
            self._client,
            self._view,
            self._deployment,
            L1_POLL_SECONDS,
            self._on_l1,
            self._on_block,
        )

    def _on_block(self, block: L1Block) -> None:
        schedule, oldest = self._deployment.schedule, Epoch(0)
        now = schedule.epoch_of(int(time.time()))
        if now is not None:
            oldest = Epoch(now - self._deployment.slashable_epochs)
        for event in block.events:
            # What is older convicts nobody any more (SLASH-2).
            if isinstance(event, BatchCommitted) and event.epoch >= oldest:
                self._judge.on_commit(event)

    def _on_l1(self) -> None:
        if self._watcher.is_connected:
            self._is_ready.set()
            self._lookout.look()

    def _on_attestation(self, index: BatchIndex, batch_hash: Hash32) -> None:
        self._judge.on_attestation(index, batch_hash)

    def _make_purse(self, secret: bytes, contracts: Contracts) -> Purse:
        chain_id = self._deployment.chain_id
        account = L1Account(
            self._client, chain_id, secret, RESUBMIT_MS, lambda: time.time_ns() // 1_000_000
        )
        return Purse(account, contracts)

    def _samples(self) -> Iterator[Sample]:
        head = self._view.head
        yield "l1_connected", {}, self._watcher.is_connected
        yield "l1_head", {}, head.number if head else 0
        yield "batches_on_l1", {}, self._view.last_index
        yield "batches_waiting", {}, len(self._judge)
        yield "webhook_failed_total", {}, self._alerts.failed
        for listener in self._listeners:
            yield "node_up", {"node": listener.endpoint}, listener.is_up
        for kind, count in self._alerts.told.items():
            yield "alerts_total", {"kind": kind}, count
        reports = self._store.reports()
        for status in Status:
            count = sum(report.status is status for report in reports)
            yield "evidence", {"status": status.value}, count
        done = (report.reward_wei for report in reports if report.status is Status.REPORTED)
        yield "rewards_wei", {}, sum(done)
