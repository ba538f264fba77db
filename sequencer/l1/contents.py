"""Fetches what an event leaves to its transaction: the batch behind `BatchCommitted` and
`BatchPosted`, from calldata or from blobs (DERIVE-1).

The contracts have checked all of it against hashes that are in the events (CERT-5, POST-3), so
whatever does not match is not what L1 holds: the endpoint's fault, to be asked again.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from sequencer.batches.blobs import blobs_hash, decode_blobs
from sequencer.crypto.hashing import keccak
from sequencer.errors import DecodeError
from sequencer.l1.calldata import decode_commit, decode_commit_blobs, decode_post, is_with_blobs
from sequencer.l1.client import L1Client, L1Transaction
from sequencer.l1.events import BatchCommitted, BatchPosted, L1Header
from sequencer.l1.rpc import L1Error
from sequencer.types import Hash32, RollupId


class Blobs(Protocol):
    """Where blobs come from: L1 itself drops them (SUBMIT-6)."""

    async def read(self, wanted: Sequence[Hash32], header: L1Header) -> Sequence[bytes]:
        """The blobs of one transaction of this block, each checked against its versioned hash, in
        order. Raises `L1Error` as long as one of them is nowhere to be had."""


class Contents:
    """Of the events of one endpoint."""

    def __init__(self, client: L1Client, blobs: Blobs | None, only: RollupId | None = None) -> None:
        """`only`: of posts, those of one rollup. What others leave in blobs that nobody has any
        more cannot hold it up."""
        self._client = client
        self._blobs = blobs
        self._only = only

    async def of_commit(self, event: BatchCommitted, block: L1Header) -> BatchCommitted:
        """With the call that committed the batch. Raises `L1Error`."""
        transaction = await self._transaction(event.transaction_hash, block)
        is_blobs = is_with_blobs(transaction.data)
        try:
            call = (decode_commit_blobs if is_blobs else decode_commit)(transaction.data)
        except DecodeError as error:
            raise self._fault(str(error)) from error
        if call.batch.hash != event.batch_hash:
            raise self._fault(
                f"answered another batch than {event.index}, 0x{event.batch_hash.hex()}"
            )
        if is_blobs:
            data = await self._blob_data(transaction, block, call.batch.blobs_hash)
            call = replace(call, data=data)
        return replace(event, call=call)

    async def of_post(self, event: BatchPosted, block: L1Header) -> BatchPosted:
        """With the data of the post; that of a contract's is in the event. Raises `L1Error`."""
        if self._only not in (None, event.rollup_id):
            return event
        if event.data is not None:
            self._check_post(event, event.data)
            return event
        transaction = await self._transaction(event.transaction_hash, block)
        if is_with_blobs(transaction.data):
            data = await self._blob_data(transaction, block, event.content_hash)
            return replace(event, data=data)
        try:
            rollup_id, data = decode_post(transaction.data)
        except DecodeError as error:
            raise self._fault(str(error)) from error
        if rollup_id != event.rollup_id:
            raise self._fault(f"answered a post of rollup {rollup_id}, not {event.rollup_id}")
        self._check_post(event, data)
        return replace(event, data=data)

    async def _transaction(self, transaction_hash: Hash32, block: L1Header) -> L1Transaction:
        transaction = await self._client.transaction(transaction_hash)
        if transaction is None or transaction.block_hash != block.hash:
            raise self._fault(
                f"has no transaction 0x{transaction_hash.hex()} in block {block.number}"
            )
        return transaction

    async def _blob_data(
        self, transaction: L1Transaction, block: L1Header, stated: Hash32
    ) -> bytes:
        """What the blobs hold; nothing, which is no batch and no post either, if they are not
        filled as ENC-14 has it."""
        if blobs_hash(transaction.blob_hashes) != stated:
            raise self._fault(f"answered other blobs than those of 0x{stated.hex()}")
        if self._blobs is None:
            raise L1Error(
                f"L1 block {block.number} has data in blobs, and there is no source of them"
            )
        found = await self._blobs.read(transaction.blob_hashes, block)
        try:
            return decode_blobs(found)
        except DecodeError:
            return b""

    def _check_post(self, event: BatchPosted, data: bytes) -> None:
        if keccak(data) != event.content_hash:
            raise self._fault(
                f"answered other data than that of post {event.number} of rollup {event.rollup_id}"
            )

    def _fault(self, what: str) -> L1Error:
        return L1Error(f"eth_getTransactionByHash at {self._client.endpoint} {what}")
