"""Looks at batches that members attested: fetches what is behind them, and keeps evidence of faults
(ORDER-6, NEGLECT-1)."""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from sequencer.batches.batch import Batch
from sequencer.batches.codec import decode_batch_data
from sequencer.blocks.header import Block
from sequencer.consensus.messages import bitmap_members
from sequencer.crypto.signatures import SIGNATURE_LENGTH
from sequencer.errors import DecodeError, PeerFault
from sequencer.evidence.equivocation import SignedStatement, Statement, StatementKind
from sequencer.evidence.files import Evidence
from sequencer.evidence.stream import Said
from sequencer.l1.calldata import decode_commit, decode_commit_blobs, is_with_blobs
from sequencer.l1.client import L1Client
from sequencer.l1.events import BatchCommitted, CommitCall
from sequencer.l1.rpc import L1Error
from sequencer.l1.view import L1View
from sequencer.types import BatchIndex, Epoch, Hash32
from sequencer.watch.desk import Desk
from sequencer.watch.faults import AttestedBatch, Attester, find_faults
from sequencer.watch.nodes import WatchedNode
from sequencer.watch.standing import committee_of, provable_ordering

log = logging.getLogger(__name__)

MAX_CASES = 10_000
"""Batches that wait to be looked at; the oldest go first. L1 is paid for each that it has."""
RETRY_SECONDS = 5.0
"""Doubled with each attempt at the same batch."""
MAX_PAUSE_SECONDS = 300.0
UNREACHABLE_SECONDS = 120.0
"""After so long without its blocks people are told."""
MAX_BLOCKS = 4_096
"""Of one batch: more than any has."""

_Key = tuple[BatchIndex, Hash32]


@dataclass(slots=True)
class _Case:
    """A batch to look at. `event` is there if L1 has it."""

    index: BatchIndex
    batch_hash: Hash32
    since: float
    event: BatchCommitted | None = None
    not_before: float = 0.0
    attempts: int = 0


class Judge:
    """Looks at one batch after another. `hear` takes what L1 shows that members signed."""

    def __init__(
        self,
        desk: Desk,
        client: L1Client,
        nodes: Sequence[WatchedNode],
        hear: Callable[[list[Said]], None],
        now: Callable[[], float],
    ) -> None:
        """`now` in seconds."""
        self._desk = desk
        self._store = desk.store
        self._client = client
        self._nodes = nodes
        self._hear = hear
        self._now = now
        self._cases: OrderedDict[_Key, _Case] = OrderedDict()
        self._some = asyncio.Event()

    def __len__(self) -> int:
        """Batches that wait."""
        return len(self._cases)

    def on_commit(self, event: BatchCommitted) -> None:
        """L1 has a batch. One that was judged before a restart, and is no other one since, is not
        looked at again."""
        known = self._store.commit(event.index)
        is_known = known is not None and known.hash == event.batch_hash
        if is_known and self._store.verdict(event.index, event.batch_hash) is not None:
            return
        key = event.index, event.batch_hash
        case = self._cases.setdefault(key, self._case(*key))
        case.event = event
        self._wake()

    def on_attestation(self, index: BatchIndex, batch_hash: Hash32) -> None:
        """Somebody attested a batch; of one that L1 has not yet, nodes are asked."""
        key = index, batch_hash
        if self._store.verdict(*key) is False or key in self._cases:
            return
        self._cases[key] = self._case(*key)
        self._wake()

    async def run(self, is_ready: asyncio.Event) -> None:
        """For ever, once L1 is read. What cannot be had now is tried again."""
        await is_ready.wait()
        for index, batch_hash in self._store.unjudged():
            self.on_attestation(index, batch_hash)
        while True:
            if not await self.step():
                try:
                    async with asyncio.timeout(RETRY_SECONDS):
                        await self._some.wait()
                except TimeoutError:
                    pass
            self._some.clear()

    async def step(self) -> bool:
        """Look at the next batch that can be looked at now; whether there was one."""
        now = self._now()
        case = next((one for one in self._cases.values() if one.not_before <= now), None)
        if case is None:
            return False
        try:
            is_done = await self._look(case)
        except PeerFault as fault:
            log.info("batch %d cannot be judged now: %s", case.index, fault)
            is_done = False
        if is_done:
            del self._cases[case.index, case.batch_hash]
        else:
            self._postpone(case)
        return True

    def _case(self, index: BatchIndex, batch_hash: Hash32) -> _Case:
        return _Case(index, batch_hash, self._now())

    def _wake(self) -> None:
        while len(self._cases) > MAX_CASES:
            self._cases.popitem(last=False)
        self._some.set()

    def _postpone(self, case: _Case) -> None:
        now = self._now()
        case.not_before = now + min(MAX_PAUSE_SECONDS, RETRY_SECONDS * 2**case.attempts)
        case.attempts = min(case.attempts + 1, 16)
        if case.event is not None and now - case.since > UNREACHABLE_SECONDS:
            self._desk.alerts.tell(
                "unreachable-data",
                f"{case.index} {case.batch_hash.hex()}",
                f"batch {case.index} is on L1, and its blocks are nowhere to be had: its data is in"
                " blobs or makes no sense, and no node gives them",
            )
        if now - case.since > 10 * UNREACHABLE_SECONDS and case.event is None:
            self._cases.pop((case.index, case.batch_hash), None)

    async def _look(self, case: _Case) -> bool:
        """Whether all of it could be seen."""
        batch, blocks, attesters = await self._contents(case)
        if batch is None:
            return False
        if blocks is None:
            blocks = await self._from_nodes(batch)
        if blocks is None:
            return False
        heard = self._store.attestations_of(case.index, case.batch_hash)
        everyone = {(one.signer, one.epoch): one for one in [*map(_attester, heard), *attesters]}
        attested = AttestedBatch(batch, blocks, tuple(everyone.values()))
        view = self._desk.view
        found = await asyncio.to_thread(self._find, attested, view)
        for evidence in found:
            self._desk.keep(evidence)
        self._store.judge(case.index, case.batch_hash, bool(found))
        return True

    def _find(self, attested: AttestedBatch, view: L1View) -> list[Evidence]:
        """On a thread: a long block takes a second. What it reads of the view never changes."""
        return list(
            find_faults(
                self._desk.domain,
                attested,
                partial(provable_ordering, view),
                view.deadline,
            )
        )

    async def _contents(
        self, case: _Case
    ) -> tuple[Batch | None, tuple[Block, ...] | None, list[Attester]]:
        """The batch, its blocks if L1 has them, and whose signatures are on it there."""
        if case.event is None:
            known = self._store.commit(case.index)
            if known is not None and known.hash == case.batch_hash:
                return known, None, []
            for node in self._nodes:
                try:
                    batch = await node.batch(case.index, case.batch_hash)
                except PeerFault as fault:
                    log.debug("%s", fault)
                    continue
                if batch is not None:
                    return batch, None, []
            return None, None, []
        call = await self._call(case.event)
        self._store.put_commit(call.batch)
        attesters = self._attesters(call)
        self._hear([_said(call.batch, one) for one in attesters])
        return call.batch, _blocks_in(call), attesters

    async def _call(self, event: BatchCommitted) -> CommitCall:
        transaction = await self._client.transaction(event.transaction_hash)
        if transaction is None:
            raise L1Error(f"the transaction that committed batch {event.index} is not on L1 now")
        is_blobs = is_with_blobs(transaction.data)
        call = (decode_commit_blobs if is_blobs else decode_commit)(transaction.data)
        if call.batch.hash != event.batch_hash:
            raise L1Error(f"another batch than {event.index} in the transaction that committed it")
        return call

    def _attesters(self, call: CommitCall) -> list[Attester]:
        committee = committee_of(self._desk.view, call.epoch)
        if committee is None:
            raise L1Error(f"L1 shows no committee of epoch {call.epoch}")
        return [
            Attester(
                committee.members[member].signer,
                call.epoch,
                committee.hash,
                call.signatures[place * SIGNATURE_LENGTH : (place + 1) * SIGNATURE_LENGTH],
            )
            for place, member in enumerate(bitmap_members(call.signers))
        ]

    async def _from_nodes(self, batch: Batch) -> tuple[Block, ...] | None:
        """The blocks of a batch, from the first node that has them."""
        if not 0 <= batch.last_height - batch.first_height < MAX_BLOCKS:
            raise DecodeError(
                f"batch {batch.index} has blocks {batch.first_height} to {batch.last_height}"
            )
        for node in self._nodes:
            try:
                blocks = await node.blocks(batch)
            except PeerFault as fault:
                log.debug("%s", fault)
                continue
            if blocks is not None:
                return blocks
        return None


def _blocks_in(call: CommitCall) -> tuple[Block, ...] | None:
    """The blocks that the data gives, if they are those of the batch."""
    try:
        blocks = decode_batch_data(call.data).blocks
    except DecodeError:
        return None
    return blocks if blocks[-1].header.hash == call.batch.last_block_hash else None


def _attester(said: Said) -> Attester:
    statement = said.signed.statement
    return Attester(said.signer, statement.epoch, statement.committee, said.signed.signature)


def _said(batch: Batch, one: Attester) -> Said:
    epoch: Epoch = one.epoch
    statement = Statement(StatementKind.ATTESTATION, epoch, one.committee, batch.index, batch.hash)
    return Said(one.signer, SignedStatement(statement, one.signature))
