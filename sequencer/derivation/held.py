"""Held data from whoever has it, for whoever executes a rollup (DERIVE-17).

A node and a follower serve it alike, the one what the committee holds (HELD-2), the other what L1
has as answers (DATA-3). Nobody's word is taken: what a source gives has the entry's length and
hash, or the source is named and the next one asked.
"""

import logging
from collections.abc import Sequence

from sequencer.blocks.held import HeldEntry
from sequencer.blocks.payload import MAX_PAYLOAD_BYTES
from sequencer.errors import NotYet
from sequencer.l1.http import HttpSource
from sequencer.l1.rpc import L1Error, to_hex

log = logging.getLogger(__name__)


class HeldMissing(NotYet):
    """Nobody who was asked has the bytes now."""


class HeldReader:
    """Asks one address after another."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._sources = [HttpSource(url) for url in urls]

    async def close(self) -> None:
        for source in self._sources:
            await source.close()

    async def read(self, wanted: HeldEntry) -> bytes:
        """The bytes of a held segment. Raises `HeldMissing`, which says what each source did.

        Bytes that are longer than a payload can be are nobody's transactions, and not asked for.
        """
        if wanted.length > MAX_PAYLOAD_BYTES:
            return b""
        tried = []
        for source in self._sources:
            try:
                tried.append(f"{source.endpoint} does not have it")
                found = await source.get(
                    f"/held/{to_hex(wanted.hash)}", wanted.length, "application/octet-stream"
                )
            except L1Error as error:
                tried[-1] = str(error)
                continue
            if found is None:
                continue
            if wanted.is_of(found):
                return found
            tried[-1] = f"{source.endpoint} gave {len(found)} bytes that are not it"
            log.warning("held data %s: %s", to_hex(wanted.hash), tried[-1])
        raise HeldMissing(
            f"held data {to_hex(wanted.hash)} of {wanted.length} bytes: nobody has it"
            f" ({'; '.join(tried) or 'there is nobody to ask'})"
        )
