"""Finds a held segment on L1 and what proves it (DATA-1). Asks L1 alone, and whoever has them for
the blobs of batches (DERIVE-14)."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

from sequencer.batches.batch import Batch
from sequencer.errors import DecodeError, PeerFault
from sequencer.l1 import abi
from sequencer.l1.backwards import logs_backwards
from sequencer.l1.client import L1Client
from sequencer.l1.contents import Blobs, Contents
from sequencer.l1.deployment import Deployment
from sequencer.l1.events import BatchCommitted, CommitCall
from sequencer.l1.logs import Log, decode_log
from sequencer.l1.reverts import revert_name
from sequencer.l1.rpc import L1Error, L1Refused
from sequencer.types import Address, BatchIndex, Hash32
from sequencer.wallet.held_proof import HeldPlace, find_held

_BATCH_HASH_AT = abi.function("CommitmentChain", "batchHashAt")
_PRICE_OF = abi.function("DataAvailabilityChallenge", "priceOf")
_ANSWERED = abi.event("DataAvailabilityChallenge", "DataAnswered")


class EntryUnknown(PeerFault):
    """L1 has no such held segment."""


@dataclass(frozen=True, slots=True)
class FoundHeld:
    """A held segment, and the call that committed its batch."""

    place: HeldPlace
    batches: tuple[Batch, ...]
    """From one in L1's ring down to the segment's."""
    call: CommitCall


@dataclass(frozen=True, slots=True)
class FoundAnswer:
    """Where L1 has the bytes of a held segment."""

    l1_block: int
    transaction_hash: Hash32
    data: bytes


@dataclass(frozen=True, slots=True)
class _Committed:
    event: BatchCommitted
    log: Log


class HeldSearch:
    """Of one endpoint. Every method raises `L1Error`."""

    def __init__(self, client: L1Client, deployment: Deployment, blobs: Blobs | None) -> None:
        self._client = client
        self._deployment = deployment
        self._contents = Contents(client, blobs)

    async def find(self, wanted: Hash32, index: BatchIndex | None = None) -> FoundHeld:
        """The held segment of that id, in the batch of that index; without one, in any batch,
        the last first. Raises `EntryUnknown`."""
        later: list[_Committed] = []
        async for committed in self._commits():
            if index is not None and committed.event.index < index:
                break
            later.append(committed)
            if index is not None and committed.event.index > index:
                continue
            call = await self._call(committed)
            place = _place(call, wanted)
            if place is not None:
                return FoundHeld(place, await self._from_ring(later, call), call)
        where = "any batch" if index is None else f"batch {index}"
        raise EntryUnknown(f"L1 has no held segment 0x{wanted.hex()} in {where}")

    async def price(self, length: int, payer: Address) -> int:
        """What a challenge of so many bytes costs, in wei, at the base fee of now (DATA-2)."""
        contract = self._deployment.contracts.data_availability_challenge
        gas_price = 2 * await self._client.base_fee_wei() + 1
        data = _PRICE_OF.call(length)
        answer = await self._client.call_priced(payer, contract, data, gas_price)
        return int.from_bytes(answer[:32], "big")

    async def commit(self, index: BatchIndex) -> CommitCall:
        """The call that committed a batch. Raises `EntryUnknown`."""
        async for committed in self._commits():
            if committed.event.index == index:
                return await self._call(committed)
        raise EntryUnknown(f"L1 has no batch {index}")

    async def commits(self, first: BatchIndex, last: BatchIndex) -> list[CommitCall]:
        """The calls that committed these batches, in order. Raises `EntryUnknown`."""
        found: list[CommitCall] = []
        async for committed in self._commits():
            if committed.event.index < first:
                break
            if committed.event.index <= last:
                found.insert(0, await self._call(committed))
        if [call.batch.index for call in found] != list(range(first, last + 1)):
            raise EntryUnknown(f"L1 does not have all batches from {first} to {last}")
        return found

    async def answer(self, challenge_id: Hash32) -> FoundAnswer:
        """Of a challenge that is answered. Raises `EntryUnknown`."""
        wanted = (_ANSWERED.hash, challenge_id)
        async for log in self._logs(self._deployment.contracts.data_availability_challenge):
            if log.topics == wanted:
                data = _ANSWERED.decode_event(log.topics, log.data)["data"]
                return FoundAnswer(log.block_number, log.transaction_hash, data)
        raise EntryUnknown(f"L1 has no answer to the challenge 0x{challenge_id.hex()}")

    async def _commits(self) -> AsyncIterator[_Committed]:
        """The last first."""
        contracts = self._deployment.contracts
        async for log in self._logs(contracts.commitment_chain):
            event = decode_log(log, contracts)
            if isinstance(event, BatchCommitted):
                yield _Committed(event, log)

    def _logs(self, address: Address) -> AsyncIterator[Log]:
        return logs_backwards(self._client, address, self._deployment.start_block)

    async def _call(self, committed: _Committed) -> CommitCall:
        log = committed.log
        header = await self._client.header(log.block_number)
        if header is None or header.hash != log.block_hash:
            raise L1Error(f"L1 has reorganised at block {log.block_number}; try again")
        call = (await self._contents.of_commit(committed.event, header)).call
        assert call is not None, "it was asked for"
        return call

    async def _from_ring(self, later: list[_Committed], call: CommitCall) -> tuple[Batch, ...]:
        """The batches from the lowest that L1 still has the hash of down to that of `call`.
        `later` is those from the last one down to it."""
        batches = [call.batch]
        for committed in reversed(later[:-1]):
            if await self._is_in_ring(batches[0].index):
                break
            batches.insert(0, (await self._call(committed)).batch)
        return tuple(batches)

    async def _is_in_ring(self, index: BatchIndex) -> bool:
        try:
            await self._client.call(
                self._deployment.contracts.commitment_chain, _BATCH_HASH_AT.call(index)
            )
        except L1Refused as refusal:
            if revert_name(refusal.data) != "BatchHashUnavailable":
                raise
            return False
        return True


def _place(call: CommitCall, wanted: Hash32) -> HeldPlace | None:
    """A batch that does not decode holds nothing (DERIVE-5)."""
    try:
        return find_held(call.batch.index, call.data, wanted)
    except DecodeError:
        return None
