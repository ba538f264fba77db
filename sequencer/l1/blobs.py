"""Blobs that L1 names by versioned hash, from whoever has them.

L1's own clients drop a blob after 18 days, and nobody's word is taken for one: what a source
gives is checked against the hash, and a source that has it wrong is named and the next one asked.
"""

import logging
from collections.abc import Sequence
from typing import Protocol

from sequencer.batches.blobs import BLOB_BYTES
from sequencer.crypto.kzg import ProvenBlob
from sequencer.crypto.kzg_process import KzgFailed, KzgProcess
from sequencer.l1.events import L1Header
from sequencer.l1.rpc import L1Error
from sequencer.types import Hash32

log = logging.getLogger(__name__)


class BlobSource(Protocol):
    """One place that may have blobs."""

    @property
    def name(self) -> str:
        """As it may be shown."""

    async def fetch(self, wanted: Hash32, header: L1Header) -> bytes | ProvenBlob | None:
        """The blob of a transaction in an L1 block, not checked; None if it is not there.
        Raises `L1Error`."""

    async def close(self) -> None: ...


class BlobReader:
    """Asks one source after another."""

    def __init__(self, sources: Sequence[BlobSource], kzg: KzgProcess) -> None:
        self._sources = sources
        self._kzg = kzg

    async def read(self, wanted: Sequence[Hash32], header: L1Header) -> tuple[bytes, ...]:
        """The blobs of a transaction, in order. Raises `L1Error`, which says what each source
        did, if one of them is nowhere to be had now."""
        return tuple([await self._read(one, header) for one in wanted])

    async def close(self) -> None:
        for source in self._sources:
            await source.close()

    async def _read(self, wanted: Hash32, header: L1Header) -> bytes:
        tried = []
        for source in self._sources:
            try:
                found = await source.fetch(wanted, header)
                if found is not None:
                    return await self._checked(wanted, found, source.name)
                tried.append(f"{source.name} does not have it")
            except L1Error as error:
                log.debug("blob 0x%s: %s", wanted.hex(), error)
                tried.append(str(error))
        raise L1Error(
            f"no source has blob 0x{wanted.hex()} of L1 block {header.number}:"
            f" {'; '.join(tried) or 'there are no sources'}"
        )

    async def _checked(self, wanted: Hash32, found: bytes | ProvenBlob, name: str) -> bytes:
        """The blob, if it is the one; by its proof if it comes with one."""
        blob = found.blob if isinstance(found, ProvenBlob) else found
        try:
            if len(blob) != BLOB_BYTES:
                raise ValueError(f"{len(blob)} bytes")
            if isinstance(found, ProvenBlob):
                is_right = found.versioned_hash == wanted
                await self._kzg.verify(found)
            else:
                is_right = await self._kzg.versioned_hashes([blob]) == (wanted,)
            if not is_right:
                raise ValueError("another blob")
        except KzgFailed as error:
            raise L1Error(f"a blob from {name} cannot be checked: {error}") from error
        except ValueError as error:
            log.warning("%s gave a wrong blob 0x%s: %s", name, wanted.hex(), error)
            raise L1Error(f"{name} gave a wrong blob: {error}") from error
        return blob
