"""A follower of L1, as `switchyard rollup` runs one."""

from itertools import count, takewhile
from pathlib import Path

from sequencer.derivation.entries import Entry
from sequencer.derivation.entry_store import EntryStore
from sequencer.derivation.following import Following
from sequencer.l1.client import L1Client
from sequencer.l1.events import ReorgTooDeep
from sequencer.l1.reader import L1Reader
from sequencer.l1.watcher import ReaderLoop
from tests.reorgs.contracts import DEPLOYMENT, ROLLUP

MANY = 10_000


class Follower:
    """Follows from the start again after a reorg below its window (DERIVE-9)."""

    def __init__(self, path: Path, client: L1Client, window: int) -> None:
        self._client = client
        self._window = window
        self.store = EntryStore(path)
        self.following = Following(DEPLOYMENT, None, self.store, lambda _: None)
        self.restarts = 0
        self._begin()

    def _begin(self) -> None:
        self.following.begin()
        self.reader = L1Reader(
            self._client,
            DEPLOYMENT.contracts,
            DEPLOYMENT.start_block,
            self.following,
            with_calldata=True,
            window=self._window,
        )
        self.loop = ReaderLoop(self._client, DEPLOYMENT.chain_id, self.reader, 1.0, lambda: None)

    async def step(self) -> None:
        try:
            await self.loop.step()
        except ReorgTooDeep:
            self.restarts += 1
            self._begin()

    def entries(self) -> list[Entry]:
        return self.store.read(ROLLUP, 0, MANY)

    def told(self) -> dict[str, object]:
        """All that it says."""
        deriver = self.following.deriver
        return {
            "entries": self.entries(),
            "messages": list(takewhile(bool, map(self.store.message, count()))),
            "state": deriver.rollup(ROLLUP),
            "place": (deriver.number, deriver.timestamp, deriver.based_until),
            "rollups": deriver.chain_ids,
            "void": (self.following.void_batches, self.following.void_posts),
        }
