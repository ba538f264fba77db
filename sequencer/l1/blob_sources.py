"""Where blobs come from: L1's own clients, and the archives of nodes (SUBMIT-6). Nothing is
checked here but the shape; `blobs.BlobReader` checks the rest."""

from collections.abc import Sequence
from typing import TypeVar

import msgspec

from sequencer.batches.blobs import BLOB_BYTES
from sequencer.crypto.kzg import COMMITMENT_BYTES, PROOF_BYTES, ProvenBlob
from sequencer.l1.blobs import BlobSource
from sequencer.l1.client import L1Client
from sequencer.l1.events import L1Header
from sequencer.l1.http import HttpSource
from sequencer.l1.rpc import L1Error, L1Refused, hex_data, to_hex
from sequencer.types import Hash32

SLOT_SECONDS = 12
"""Ethereum's, if a beacon node does not say."""
RECORD_BYTES = COMMITMENT_BYTES + PROOF_BYTES + BLOB_BYTES
_JSON_ROOM = 64 << 10

_T = TypeVar("_T")


class EndpointBlobs:
    """An execution client that keeps blobs, as Anvil does. Ethereum's clients refuse the method,
    and are not asked again."""

    def __init__(self, client: L1Client) -> None:
        self._client = client
        self._is_refused = False
        self.name = f"L1 at {client.endpoint}"

    async def fetch(self, wanted: Hash32, _header: L1Header) -> bytes | None:
        if self._is_refused:
            return None
        try:
            return await self._client.blob(wanted)
        except L1Refused:
            self._is_refused = True
            return None

    async def close(self) -> None:
        """The client is its owner's."""


class _Genesis(msgspec.Struct):
    genesis_time: str


class _GenesisAnswer(msgspec.Struct):
    data: _Genesis


class _Spec(msgspec.Struct):
    seconds_per_slot: str = msgspec.field(name="SECONDS_PER_SLOT", default=str(SLOT_SECONDS))


class _SpecAnswer(msgspec.Struct):
    data: _Spec


class _BlobsAnswer(msgspec.Struct):
    data: list[str]


class BeaconBlobs:
    """A consensus client's beacon API (`getBlobs`, which replaces `getBlobSidecars`)."""

    def __init__(self, url: str) -> None:
        self._http = HttpSource(url)
        self._clock: tuple[int, int] | None = None
        self.name = f"beacon node at {self._http.endpoint}"

    async def fetch(self, wanted: Hash32, header: L1Header) -> bytes | None:
        genesis, slot_seconds = await self._slots()
        slot = (header.timestamp - genesis) // slot_seconds
        path = f"/eth/v1/beacon/blobs/{slot}"
        query = {"versioned_hashes": to_hex(wanted)}
        # Some clients give all blobs of the block, whatever is asked; one of them is wanted, and
        # which one only its commitment says. So much is not read.
        found = await self._get(path, _BlobsAnswer, 2 * BLOB_BYTES + _JSON_ROOM, query)
        if found is None or not found.data:
            return None
        try:
            return hex_data(found.data[0], BLOB_BYTES)
        except ValueError as error:
            raise L1Error(f"{path} at {self._http.endpoint}: {error}") from error

    async def close(self) -> None:
        await self._http.close()

    async def _slots(self) -> tuple[int, int]:
        """The time of slot 0, and seconds from one to the next."""
        if self._clock is None:
            answer = await self._get("/eth/v1/beacon/genesis", _GenesisAnswer, _JSON_ROOM)
            spec = await self._get("/eth/v1/config/spec", _SpecAnswer, _JSON_ROOM)
            if answer is None:
                raise L1Error(f"{self.name} has no genesis")
            try:
                seconds = int(spec.data.seconds_per_slot) if spec else SLOT_SECONDS
                self._clock = int(answer.data.genesis_time), max(1, seconds)
            except ValueError as error:
                raise L1Error(f"{self.name}: {error}") from error
        return self._clock

    async def _get(
        self, path: str, shape: type[_T], max_bytes: int, query: dict[str, str] | None = None
    ) -> _T | None:
        body = await self._http.get(path, max_bytes, "application/json", query)
        if body is None:
            return None
        try:
            return msgspec.json.decode(body, type=shape)
        except (msgspec.DecodeError, RecursionError) as error:
            raise L1Error(f"{path} at {self._http.endpoint}: {error}") from error


class ArchiveBlobs:
    """A node's archive: `GET /blobs/{versioned hash}` gives commitment, proof and blob."""

    def __init__(self, url: str) -> None:
        self._http = HttpSource(url)
        self.name = f"archive at {self._http.endpoint}"

    async def fetch(self, wanted: Hash32, _header: L1Header) -> ProvenBlob | None:
        path = f"/blobs/{to_hex(wanted)}"
        record = await self._http.get(path, RECORD_BYTES, "application/octet-stream")
        if record is None:
            return None
        if len(record) != RECORD_BYTES:
            raise L1Error(f"{path} at {self._http.endpoint} answered {len(record)} bytes")
        return decode_record(record)

    async def close(self) -> None:
        await self._http.close()


def blob_sources(
    client: L1Client, beacon: str | None, archives: Sequence[str] = ()
) -> list[BlobSource]:
    """In the order in which they are asked."""
    beacons = [BeaconBlobs(beacon)] if beacon else []
    return [EndpointBlobs(client), *beacons, *(ArchiveBlobs(url) for url in archives)]


def encode_record(proven: ProvenBlob) -> bytes:
    """As archives keep and serve it."""
    return proven.commitment + proven.proof + proven.blob


def decode_record(record: bytes) -> ProvenBlob:
    """A record of `RECORD_BYTES`."""
    end = COMMITMENT_BYTES + PROOF_BYTES
    return ProvenBlob(record[:COMMITMENT_BYTES], record[COMMITMENT_BYTES:end], record[end:])
