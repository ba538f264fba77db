"""Follows L1 by number and parent hash, through reorgs (L1-1). The node's view and the
derivation are fed by this one reader.

Far below the head, logs come by ranges; from `window` below the head on, block by block: header,
then the logs of exactly that hash, so that a reorg in the middle of reading mixes no branches.
What was handed on and what the reader remembers change together: a fault at any point leaves
both where they were, and the next `advance` goes on from there.
"""

import asyncio
from collections.abc import Awaitable, Iterable
from itertools import groupby
from typing import Protocol, TypeVar

from sequencer.crypto.hashing import keccak
from sequencer.errors import DecodeError, PeerFault
from sequencer.l1.client import L1Client
from sequencer.l1.contents import Blobs, Contents
from sequencer.l1.deployment import Contracts
from sequencer.l1.events import (
    BatchCommitted,
    BatchPosted,
    CommitteeRecorded,
    Event,
    L1Block,
    L1Header,
    ReorgTooDeep,
)
from sequencer.l1.logs import CommitteePointer, Log, addresses_of, decode_log
from sequencer.l1.rpc import L1Error, L1Refused
from sequencer.l1.view import WINDOW
from sequencer.types import Committee, RollupId, decode_committee

RANGE_BLOCKS = 2_000
"""Blocks in one request for logs, halved when the endpoint does not answer for so many."""
CONCURRENT_CALLS = 16

_T = TypeVar("_T")


class Sink(Protocol):
    """Takes what the reader finds. Each call either takes effect or raises."""

    async def extend(self, block: L1Block) -> None:
        """The next block; a gap holds nothing of the deployment."""

    async def rollback_to(self, number: int) -> None:
        """The blocks above are not on L1 any more."""


class L1Reader:
    """One endpoint's chain from `start_block` on, handed to one sink."""

    def __init__(  # noqa: PLR0913 - what to read, from where, and how far
        self,
        client: L1Client,
        contracts: Contracts,
        start_block: int,
        sink: Sink,
        *,
        with_calldata: bool = False,
        only: RollupId | None = None,
        blobs: Blobs | None = None,
        window: int = WINDOW,
        range_blocks: int = RANGE_BLOCKS,
    ) -> None:
        """`with_calldata` fetches what is behind each commit and post, for derivation: of posts
        those of `only`, if it is given; what is in blobs, from `blobs`."""
        self._client = client
        self._contracts = contracts
        self._addresses = addresses_of(contracts)
        self._start_block = start_block
        self._sink = sink
        self._contents = Contents(client, blobs, only) if with_calldata else None
        self._window = window
        self._max_range = self._range = range_blocks
        self._chain: list[L1Header] = []
        self._is_whole = True
        """Whether `_chain` begins with `start_block`."""

    @property
    def tip(self) -> L1Header | None:
        """The last block handed on."""
        return self._chain[-1] if self._chain else None

    async def advance(self) -> bool:
        """Follow L1 to its present head; whether anything changed.

        Raises `L1Error`, or the sink's `PeerFault`, when the endpoint gives something that
        cannot be right: try again later. Raises `ReorgTooDeep`.
        """
        before = self.tip
        head = await self._client.head()
        if self._chain and head.number < self._chain[0].number:
            raise self._behind(self._chain[0].number)
        while self._next_number + self._window < head.number:
            last = self._next_number + self._range - 1
            await self._read_range(min(head.number - self._window, last))
        if not self._is_ahead_or_known(head):
            await self._step_back()
        while self._next_number <= head.number:
            if not await self._read_blocks(head.number):
                break
        return self.tip != before

    @property
    def _next_number(self) -> int:
        return self._chain[-1].number + 1 if self._chain else self._start_block

    def _is_ahead_or_known(self, head: L1Header) -> bool:
        """Whether nothing speaks against the branch that was read."""
        if self.tip is None or head.number > self.tip.number:
            return True
        return head == self._chain[head.number - self._chain[0].number]

    # --- block by block ---

    async def _read_blocks(self, last: int) -> bool:
        """Hand on some of the next blocks, or step back if they are on another branch. False
        when the endpoint has no such blocks any more."""
        first = self._next_number
        until = min(last + 1, first + CONCURRENT_CALLS)
        for block in await _gather(self._fetch(number) for number in range(first, until)):
            if block is None:
                return False
            if self.tip is not None and block.header.parent_hash != self.tip.hash:
                await self._step_back()
                return True
            await self._extend(block)
            self._chain.append(block.header)
            surplus = len(self._chain) - self._window - 1
            if surplus > 0:
                del self._chain[:surplus]
                self._is_whole = False
        return True

    async def _fetch(self, number: int) -> L1Block | None:
        header = await self._client.header(number)
        if header is None:
            return None
        logs = await self._client.logs_of(self._addresses, header.hash)
        return L1Block(header, await self._events(logs, header))

    async def _extend(self, block: L1Block) -> None:
        try:
            await self._sink.extend(block)
        except PeerFault:
            # Its logs contradict earlier ones, and those may be the wrong ones: an endpoint
            # that was not in step with itself. Read again all that can be.
            if len(self._chain) > 1:
                await self._sink.rollback_to(self._chain[0].number)
                del self._chain[1:]
            raise

    async def _step_back(self) -> None:
        """Go back to the last block that is still on the endpoint's branch."""
        kept = len(self._chain)
        found: L1Header | None = None
        while kept > 0:
            found = await self._client.header(self._chain[kept - 1].number)
            if found == self._chain[kept - 1]:
                break
            kept -= 1
        if kept == len(self._chain):
            raise L1Error(f"{self._client.endpoint} wavers between two branches at its head")
        if kept == 0 and found is None:
            raise self._behind(self._chain[0].number)
        if kept == 0 and not self._is_whole:
            raise ReorgTooDeep(
                f"L1 at {self._client.endpoint} went back below block {self._chain[0].number},"
                f" the oldest of {self._window} that are kept (L1-1)"
            )
        target = self._chain[kept - 1].number if kept else self._start_block - 1
        await self._sink.rollback_to(target)
        del self._chain[kept:]

    def _behind(self, number: int) -> L1Error:
        """Perhaps it is still synchronising: nothing is known to be wrong."""
        return L1Error(f"{self._client.endpoint} has no block {number}, which L1 had before")

    # --- ranges, deeper than the window ---

    async def _read_range(self, last: int) -> None:
        """Hand on blocks up to `last`: those with events, and `last` itself. Between two looks at
        the latter, all is of one branch; or go back, if that is not the one that was read."""
        end = await self._client.header(last)
        if end is None:
            raise L1Error(f"{self._client.endpoint} has no block {last} below its own head")
        if self.tip is not None and await self._client.header(self.tip.number) != self.tip:
            await self._step_back()
            return
        first = self._next_number
        try:
            logs = await self._client.logs_between(self._addresses, first, last)
        except L1Error as error:
            # Too many logs show in three ways: refused, an answer too long, none in time. Asking
            # for as many again would let whoever wrote them keep every new reader out (P33).
            self._range = max(1, (last - first + 1) // 2)
            if last == first or not isinstance(error, L1Refused):
                raise
            return
        self._range = min(self._max_range, 2 * self._range)
        blocks = await self._blocks(logs)
        if not blocks or blocks[-1].header.number != last:
            blocks.append(L1Block(end))
        if not blocks[-1].header == end == await self._client.header(last):
            raise L1Error(f"{self._client.endpoint} changed block {last} while it was read")
        for block in blocks:
            await self._extend(block)
            self._chain = [block.header]
            self._is_whole = False

    async def _blocks(self, logs: list[Log]) -> list[L1Block]:
        grouped = [list(group) for _, group in groupby(logs, key=lambda log: log.block_number)]
        return await _gather(self._block(group) for group in grouped)

    async def _block(self, logs: list[Log]) -> L1Block:
        header = await self._client.header(logs[0].block_number)
        if header is None:
            raise L1Error(f"{self._client.endpoint} has logs of block {logs[0].block_number} only")
        return L1Block(header, await self._events(logs, header))

    # --- events ---

    async def _events(self, logs: list[Log], header: L1Header) -> tuple[Event, ...]:
        """The events of one block. Raises `L1Error` for logs that are not of this block, or do
        not decode (L1-4)."""
        events: list[Event] = []
        for log in logs:
            if (log.block_number, log.block_hash) != (header.number, header.hash):
                raise L1Error(
                    f"eth_getLogs at {self._client.endpoint} answered a log of block"
                    f" {log.block_number} 0x{log.block_hash.hex()},"
                    f" asked for {header.number} 0x{header.hash.hex()}"
                )
            try:
                event = decode_log(log, self._contracts)
            except DecodeError as error:
                raise L1Error(f"eth_getLogs at {self._client.endpoint}: {error}") from error
            if isinstance(event, CommitteePointer):
                event = CommitteeRecorded(await self._committee(event))
            elif isinstance(event, BatchCommitted) and self._contents:
                event = await self._contents.of_commit(event, header)
            elif isinstance(event, BatchPosted) and self._contents:
                event = await self._contents.of_post(event, header)
            if event is not None:
                events.append(event)
        return tuple(events)

    async def _committee(self, recorded: CommitteePointer) -> Committee:
        """COMM-4: the committee bytes, behind a STOP byte in the code at the pointer."""
        code = await self._client.code(recorded.pointer)
        if code[:1] != b"\0" or keccak(code[1:]) != recorded.committee_hash:
            raise L1Error(
                f"eth_getCode at {self._client.endpoint} answered {len(code)} bytes that are not"
                f" the committee of epoch {recorded.epoch}"
            )
        try:
            return decode_committee(recorded.epoch, code[1:], recorded.committee_hash)
        except DecodeError as error:
            raise L1Error(f"eth_getCode at {self._client.endpoint}: {error}") from error


async def _gather(calls: Iterable[Awaitable[_T]]) -> list[_T]:
    """Results in order, a bounded number of calls at a time; the first fault ends it.

    Not by a task group or `asyncio.gather`: where a call fails while the task is cancelled, both
    forget the latter, and the reader of a node that stops would go on.
    """
    limit = asyncio.Semaphore(CONCURRENT_CALLS)

    async def bounded(call: Awaitable[_T]) -> _T:
        async with limit:
            return await call

    tasks = [asyncio.create_task(bounded(call)) for call in calls]
    if not tasks:
        return []
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        for task in tasks:
            if task in done:
                task.result()  # the first fault
        return [task.result() for task in tasks]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        for task in tasks:
            if not task.cancelled():
                task.exception()  # looked at, so that nobody complains
