"""Batches with what they hold, as L1 alone has them, for the scripts that charge for
them and challenge what they hold."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from scripts._shared import Contracts
from sequencer.batches.batch import Batch
from sequencer.batches.codec import decode_batch_data
from sequencer.batches.usage import usage_of
from sequencer.crypto.hashing import keccak
from sequencer.crypto.kzg_process import KzgProcess
from sequencer.errors import DecodeError
from sequencer.l1.blob_sources import blob_sources
from sequencer.l1.blobs import BlobReader
from sequencer.l1.client import L1Client
from sequencer.l1.events import CommitCall
from sequencer.types import BatchIndex
from sequencer.wallet.held_search import HeldSearch

T = TypeVar("T")


class Usages:
    """Of committed batches (ENC-12), from their data: a `UsageSource`."""

    def __init__(self, calls: Sequence[CommitCall], passable: BatchIndex | None) -> None:
        """`passable`: the batch that may be charged to nobody (FEE-6)."""
        self._batches = {call.batch.index: call.batch for call in calls}
        self._usages = {call.batch.index: _usage(call) for call in calls}
        if passable is not None and self._usages.get(passable) is None:
            self._usages[passable] = b""

    def batch(self, index: BatchIndex) -> Batch | None:
        return None if self._usages.get(index) is None else self._batches.get(index)

    def usage(self, batch: Batch) -> bytes:
        usage = self._usages[batch.index]
        assert usage is not None, "the batch was given"
        return usage


def _usage(call: CommitCall) -> bytes | None:
    """None if it is not in the data: only a hostile quorum signs such a batch."""
    try:
        usage = usage_of(decode_batch_data(call.data).blocks)
    except DecodeError:
        return None
    return usage if keccak(usage) == call.batch.usage_hash else None


def search_held(
    contracts: Contracts,
    url: str,
    beacon: str | None,
    archives: Sequence[str],
    ask: Callable[[HeldSearch], Awaitable[T]],
) -> T:
    """What one question to L1 finds. Raises `LocalFault` and `L1Error`."""

    async def search() -> T:
        client, kzg = L1Client(url), KzgProcess()
        blobs = BlobReader(blob_sources(client, beacon, archives), kzg)
        try:
            return await ask(HeldSearch(client, contracts.deployment, blobs))
        finally:
            await blobs.close()
            await client.close()
            await kzg.close()

    return asyncio.run(search())
