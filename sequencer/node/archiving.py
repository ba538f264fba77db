"""Keeps the blobs that L1 has of this deployment (SUBMIT-6), for followers that come after L1's
clients have dropped them.

Of batches the node has the data itself; of posts (POST-1), and of batches it does not have, it
asks L1. What it misses while it is down it gets when it reads L1 again.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from sequencer.batches.blobs import blobs_hash, encode_blobs
from sequencer.crypto.kzg_process import KzgFailed, KzgProcess
from sequencer.errors import LocalFault, PeerFault
from sequencer.l1.blob_sources import encode_record
from sequencer.l1.blobs import BlobReader
from sequencer.l1.client import L1Client
from sequencer.l1.events import BatchCommitted, BatchPosted, L1Block, L1Header
from sequencer.l1.view import WINDOW
from sequencer.store.archive import BlobArchive
from sequencer.types import BatchIndex, Hash32

log = logging.getLogger(__name__)

MAX_WAITING = 100_000
"""Transactions that were not looked at yet; beyond it the oldest are given up."""
MAX_TRIES = 60
RETRY_SECONDS = 5.0

DataOf = Callable[[BatchIndex, Hash32], bytes | None]
"""The data of a batch, if this node has it with these blobs."""


@dataclass(slots=True)
class _Wanted:
    """A transaction that may carry blobs."""

    transaction: Hash32
    header: L1Header
    batch: BatchIndex | None
    tries: int = 0


class Archiver:
    """Takes L1's blocks in order and looks at their transactions one after another."""

    def __init__(
        self,
        archive: BlobArchive,
        client: L1Client,
        blobs: BlobReader,
        kzg: KzgProcess,
        seconds: int,
    ) -> None:
        """`seconds` is how long L1's blobs are kept."""
        self._archive = archive
        self._client = client
        self._blobs = blobs
        self._kzg = kzg
        self._seconds = seconds
        self._waiting: deque[_Wanted] = deque(maxlen=MAX_WAITING)
        self._poked = asyncio.Event()
        self._head: L1Header | None = None

    def on_block(self, block: L1Block) -> None:
        """The next block of L1; after a reorg some come again, and blobs stay."""
        self._head = block.header
        if block.header.number <= self._archive.position:
            return
        for event in block.events:
            if isinstance(event, BatchCommitted | BatchPosted):
                batch = event.index if isinstance(event, BatchCommitted) else None
                self._waiting.append(_Wanted(event.transaction_hash, block.header, batch))
        self._poked.set()

    async def run(self, data_of: DataOf) -> None:
        """For ever: an archive that fails is no reason not to order."""
        while True:
            try:
                await self._step(data_of)
            except LocalFault as fault:
                log.error("blobs are not kept: %s", fault)
                await asyncio.sleep(RETRY_SECONDS)

    async def _step(self, data_of: DataOf) -> None:
        """The next transaction, once there is one."""
        if self._head is None or not self._waiting:
            self._rest()
            self._poked.clear()
            await self._poked.wait()
            return
        wanted = self._waiting.popleft()
        if wanted.header.timestamp < self._head.timestamp - self._seconds:
            return
        try:
            await self._keep(wanted, data_of)
        except (PeerFault, KzgFailed, LocalFault) as error:
            await self._put_off(wanted, error)

    def _rest(self) -> None:
        """All is kept up to the head. What L1 may take back is looked at again after a restart."""
        if self._head is not None:
            self._archive.expire(self._head.timestamp - self._seconds)
            self._archive.position = max(self._archive.position, self._head.number - WINDOW)

    async def _put_off(self, wanted: _Wanted, error: Exception) -> None:
        wanted.tries += 1
        if wanted.tries < MAX_TRIES:
            self._waiting.append(wanted)
            await asyncio.sleep(RETRY_SECONDS)
        else:
            log.warning("blobs of L1 block %d are not kept: %s", wanted.header.number, error)

    async def _keep(self, wanted: _Wanted, data_of: DataOf) -> None:
        transaction = await self._client.transaction(wanted.transaction)
        if transaction is None or all(self._archive.has(h) for h in transaction.blob_hashes):
            return  # not on L1 any more; no blobs; or kept already
        hashes = transaction.blob_hashes
        own = None if wanted.batch is None else data_of(wanted.batch, blobs_hash(hashes))
        if own is None:
            blobs = await self._blobs.read(hashes, wanted.header)
        else:
            blobs = encode_blobs(own)
        for blob in blobs:
            proven = await self._kzg.prove(blob)
            record = encode_record(proven)
            self._archive.put(proven.versioned_hash, record, wanted.header.timestamp)
