"""What a watchtower asks of nodes, which may be anyone's: bounded answers, typed and checked as far
as they can be. Everything raises `PeerFault`."""

import msgspec

from sequencer.batches.batch import Batch
from sequencer.blocks.header import Block
from sequencer.blocks.payload import MAX_PAYLOAD_BYTES, decode_payload
from sequencer.crypto.hashing import keccak
from sequencer.decoding import decoded
from sequencer.evidence.fields import MAX_EVIDENCE_BYTES
from sequencer.evidence.files import Evidence, load_evidence
from sequencer.evidence.stream import MAX_PAGE_BYTES, Page, decode_page
from sequencer.l1.http import HttpSource
from sequencer.l1.rpc import JsonRpc
from sequencer.types import BatchIndex, Hash32, Height, RollupId

MAX_NAMES_BYTES = 1 << 18
_BINARY, _JSON = "application/octet-stream", "application/json"
_ROOM = 4_096

_blocks = msgspec.msgpack.Decoder(Block)
_batches = msgspec.msgpack.Decoder(Batch)


class _Names(msgspec.Struct):
    files: list[str]


_names = msgspec.json.Decoder(_Names)


class _Place(msgspec.Struct):
    height: int


class _Receipt(msgspec.Struct):
    ordering: _Place


class _Tip(msgspec.Struct):
    height: int


class WatchedNode:
    """One node's RPC address."""

    def __init__(self, url: str, timeout_seconds: float = 5.0) -> None:
        self._url = url.rstrip("/")
        self._timeout = timeout_seconds
        self._http = HttpSource(self._url, timeout_seconds)
        self._rpc = JsonRpc(self._url, timeout_seconds, MAX_EVIDENCE_BYTES)
        self.endpoint = self._http.endpoint
        """The URL as it may be shown."""

    async def close(self) -> None:
        await self._http.close()
        await self._rpc.close()

    async def statements(self, after: int) -> Page:
        """What members said, after a number of this node's."""
        query = {"after": str(after)}
        found = await self._http.get("/statements", MAX_PAGE_BYTES, _JSON, query)
        return Page(after, ()) if found is None else decode_page(found)

    async def evidence_names(self) -> list[str]:
        """Of the evidence that the node has."""
        found = await self._http.get("/evidence", MAX_NAMES_BYTES, _JSON)
        if found is None:
            return []
        return decoded(f"evidence at {self.endpoint}", _names.decode, found).files

    async def evidence(self, name: str) -> Evidence | None:
        """One of them, checked."""
        found = await self._http.get(f"/evidence/{name}", MAX_EVIDENCE_BYTES, _JSON)
        return None if found is None else load_evidence(found)

    async def batch(self, index: BatchIndex, batch_hash: Hash32) -> Batch | None:
        """The batch with this hash, if it is the one that the node has."""
        found = await self._http.get(f"/batches/{index}", _ROOM, _BINARY)
        if found is None:
            return None
        batch = decoded(f"batch {index} at {self.endpoint}", _batches.decode, found)
        return batch if batch.hash == batch_hash else None

    async def blocks(self, batch: Batch) -> tuple[Block, ...] | None:
        """The blocks of a batch, each with its payload; None if the node has others, or none."""
        found: list[Block] = []
        expected = batch.last_block_hash
        for height in range(batch.last_height, batch.first_height - 1, -1):
            block = await self._block(Height(height))
            if block is None or block.header.hash != expected:
                return None
            found.append(block)
            expected = block.header.parent_hash
        return tuple(reversed(found))

    async def shows(self, batch: Batch, height: Height, rollup: RollupId, tx_hash: Hash32) -> bool:
        """Whether a transaction stands in the block of that height of a batch, by its bytes."""
        blocks = await self.blocks(batch)
        if blocks is None or not batch.first_height <= height <= batch.last_height:
            return False
        block = blocks[height - batch.first_height]
        if keccak(block.payload) != block.header.payload_hash:
            return False
        ordered = decode_payload(block.payload)
        return any((of, keccak(raw)) == (rollup, tx_hash) for of, raw in ordered)

    async def height(self) -> int:
        """Of its last final block."""
        return await self._rpc.ask(_Tip, lambda tip: tip.height, "seq_status")

    async def height_of(self, rollup: RollupId, tx_hash: Hash32) -> int | None:
        """Of the final block that has a transaction, if the node says so."""
        rpc = JsonRpc(f"{self._url}/rollup/{rollup}", self._timeout, MAX_EVIDENCE_BYTES)
        try:
            return await rpc.ask_optional(
                _Receipt,
                lambda receipt: receipt.ordering.height,
                "eth_getTransactionReceipt",
                "0x" + tx_hash.hex(),
            )
        finally:
            await rpc.close()

    async def _block(self, height: Height) -> Block | None:
        room = MAX_PAYLOAD_BYTES + _ROOM
        found = await self._http.get(f"/blocks/{height}", room, _BINARY)
        if found is None:
            return None
        return decoded(f"block {height} at {self.endpoint}", _blocks.decode, found)
