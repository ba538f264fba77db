"""Gives batches with a blob form their versioned hashes (BATCH-6), beside the event loop.

A node whose processor is slow attests later, and is otherwise none the worse.
"""

import asyncio
import logging

from sequencer.batches.blobs import encode_blobs
from sequencer.crypto.kzg_process import KzgFailed, KzgProcess
from sequencer.node.ledger import Ledger

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0


class Sealing:
    """One batch at a time, in order: each is the parent of the next."""

    def __init__(self, kzg: KzgProcess) -> None:
        self._kzg = kzg
        self._poked = asyncio.Event()

    def poke(self) -> None:
        """A batch may be waiting."""
        self._poked.set()

    async def run(self, ledger: Ledger) -> None:
        """For ever."""
        while True:
            cut = ledger.waiting
            if cut is None:
                self._poked.clear()
                await self._poked.wait()
                continue
            blobs = encode_blobs(ledger.batch_data(cut.first_height, cut.last.height))
            try:
                versioned_hashes = await self._kzg.versioned_hashes(blobs)
            except KzgFailed as error:
                log.error("batch %d waits for its blobs: %s", cut.index, error)
                await asyncio.sleep(RETRY_SECONDS)
                continue
            ledger.seal(versioned_hashes)
