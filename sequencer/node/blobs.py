"""What a node does about blobs, beside its event loop: the hashes of its batches (BATCH-6) and the
archive (SUBMIT-6). One KZG process serves both, and the submitter."""

import asyncio
from pathlib import Path

from sequencer.config import Config
from sequencer.crypto.kzg_process import KzgProcess
from sequencer.l1.blob_sources import blob_sources
from sequencer.l1.blobs import BlobReader
from sequencer.l1.client import L1Client
from sequencer.node.archiving import Archiver
from sequencer.node.ledger import Ledger
from sequencer.node.sealing import Sealing
from sequencer.store.archive import BlobArchive


class Blobs:
    """Construct, hand `sealing` and `archiver` what they wait for, `run`, `close`."""

    def __init__(self, config: Config, client: L1Client, folder: Path) -> None:
        """Raises `LocalFault` when the archive is damaged."""
        self.kzg = KzgProcess()
        self.sealing = Sealing(self.kzg)
        self.archive = BlobArchive(folder / "blobs.sqlite", config.archive.max_bytes)
        self._sources = BlobReader(blob_sources(client, config.l1.beacon or None), self.kzg)
        self.archiver = Archiver(
            self.archive, client, self._sources, self.kzg, config.archive.seconds
        )

    async def run(self, ledger: Ledger) -> None:
        """For ever."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.sealing.run(ledger))
            tasks.create_task(self.archiver.run(ledger.blob_data))

    async def stop(self) -> None:
        """End what has to be ended while the loop still runs."""
        await self._sources.close()
        await self.kzg.close()
