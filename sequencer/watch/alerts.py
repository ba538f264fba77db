"""What a watchtower tells people: a line in the log, and a POST to a webhook, which is tried a few
times and never waited for."""

import asyncio
import logging
from collections import deque

import aiohttp
import msgspec

from sequencer.l1.rpc import redact
from sequencer.watch.store import WatchStore

log = logging.getLogger(__name__)

MAX_WAITING = 256
"""Alerts on their way to the webhook; the oldest are dropped, the log has them all."""
ATTEMPTS = 5
TIMEOUT_SECONDS = 10.0
FIRST_PAUSE_SECONDS = 1.0
"""After a failure; twice as long after each further one."""


class Alert(msgspec.Struct, frozen=True):
    """`about` names what it is about: nothing is told twice."""

    kind: str
    about: str
    text: str


class Alerts:
    """Tells each thing once, over restarts too."""

    def __init__(
        self,
        store: WatchStore,
        webhook: str | None,
        first_pause_seconds: float = FIRST_PAUSE_SECONDS,
    ) -> None:
        self._store = store
        self._webhook = webhook
        self._first_pause_seconds = first_pause_seconds
        self._waiting: deque[Alert] = deque(maxlen=MAX_WAITING)
        self._has_some = asyncio.Event()
        self.told: dict[str, int] = {}
        """How many of each kind, since the start."""
        self.failed = 0
        """Alerts that the webhook did not take."""

    @property
    def waiting(self) -> int:
        """Alerts on their way to the webhook."""
        return len(self._waiting)

    def tell(self, kind: str, about: str, text: str) -> None:
        """`about`: of the same thing nothing more is told."""
        if not self._store.tell_once(f"{kind}: {about}"):
            return
        self.told[kind] = self.told.get(kind, 0) + 1
        log.warning("%s: %s", kind, text)
        if self._webhook is not None:
            self._waiting.append(Alert(kind, about, text))
            self._has_some.set()

    async def run(self) -> None:
        """Bring alerts to the webhook, for ever."""
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                await self._has_some.wait()
                self._has_some.clear()
                while self._waiting:
                    await self._bring(session, self._waiting.popleft())

    async def _bring(self, session: aiohttp.ClientSession, alert: Alert) -> None:
        assert self._webhook is not None
        body, pause = msgspec.json.encode(alert), self._first_pause_seconds
        error = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                await asyncio.sleep(pause)
                pause *= 2
            try:
                async with session.post(
                    self._webhook,
                    data=body,
                    headers={"Content-Type": "application/json"},
                    allow_redirects=False,
                ) as response:
                    if response.status < 300:
                        return
                    error = f"HTTP {response.status}"
            except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as fault:
                error = type(fault).__name__
        self.failed += 1
        log.error("webhook at %s does not take an alert: %s", redact(self._webhook), error)
