"""Keeps an `L1View` at the head of L1 for as long as the node runs (L1-3)."""

import asyncio
import logging
from collections.abc import Callable

from sequencer.errors import LocalFault, PeerFault
from sequencer.l1.client import L1Client
from sequencer.l1.deployment import Deployment
from sequencer.l1.events import L1Block
from sequencer.l1.reader import L1Reader, Sink
from sequencer.l1.view import L1View

log = logging.getLogger(__name__)

MAX_BACKOFF_SECONDS = 5.0


class ReaderLoop:
    """Advances a reader again and again: at each poll, when poked, and after faults with a
    growing delay. An endpoint that is down at start is waited for like any other (L1-3)."""

    def __init__(
        self,
        client: L1Client,
        chain_id: int,
        reader: L1Reader,
        poll_seconds: float,
        on_update: Callable[[], None],
    ) -> None:
        self._client = client
        self._chain_id = chain_id
        self._reader = reader
        self._poll_seconds = poll_seconds
        self._on_update = on_update
        self._poked = asyncio.Event()
        self._faults = 0
        self.is_connected = False
        """Whether the last attempt reached the head."""
        self.last_error: str | None = None
        """What went wrong last, also if it goes well now."""

    def poke(self) -> None:
        """Look at L1 now."""
        self._poked.set()

    async def run(self) -> None:
        """For ever; raises `LocalFault` when L1 is not the deployment's, or went back too far."""
        while True:
            await self.step()
            delay = self._poll_seconds
            if self._faults:
                delay = min(MAX_BACKOFF_SECONDS, delay * 2 ** min(self._faults, 10))
            try:
                async with asyncio.timeout(delay):
                    await self._poked.wait()
            except TimeoutError:
                pass
            self._poked.clear()

    async def step(self) -> None:
        """One attempt to reach the head; an endpoint's fault is noted, not raised."""
        before = self._reader.tip
        try:
            if not self.is_connected:
                await self._check_chain_id()
            await self._reader.advance()
        except PeerFault as fault:
            if self._faults == 0:
                log.warning("L1: %s", fault)
            self._faults += 1
            self.is_connected = False
            self.last_error = str(fault)
        else:
            if self._faults:
                log.info("L1: %s answers again", self._client.endpoint)
            self._faults = 0
            self.is_connected = True
        if self._reader.tip != before:
            self._on_update()

    async def _check_chain_id(self) -> None:
        found = await self._client.chain_id()
        if found != self._chain_id:
            raise LocalFault(
                f"L1 at {self._client.endpoint} has chain id {found},"
                f" the deployment is on {self._chain_id}"
            )


class L1Watcher(ReaderLoop):
    """Feeds a view. `on_update` is called after each change of it, `on_block` with each block
    that the view has taken."""

    def __init__(
        self,
        client: L1Client,
        view: L1View,
        deployment: Deployment,
        poll_seconds: float,
        on_update: Callable[[], None],
        on_block: Callable[[L1Block], None] = lambda _: None,
    ) -> None:
        reader = L1Reader(
            client,
            deployment.contracts,
            deployment.start_block,
            _ViewSink(view, on_block),
            window=view.window,
        )
        super().__init__(client, deployment.chain_id, reader, poll_seconds, on_update)


class _ViewSink(Sink):
    def __init__(self, view: L1View, on_block: Callable[[L1Block], None]) -> None:
        self._view = view
        self._on_block = on_block

    async def extend(self, block: L1Block) -> None:
        self._view.extend(block)
        self._on_block(block)

    async def rollback_to(self, number: int) -> None:
        self._view.rollback_to(number)
