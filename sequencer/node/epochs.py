"""Which epoch's instance runs, from the finalized chain and L1 (EPOCH-1, EPOCH-4, EPOCH-6,
EPOCH-7)."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Generic, Protocol, TypeVar

from sequencer.blocks.header import Block, Header, genesis
from sequencer.consensus.journal import AttestedRecord, BlockRecord, Journal, SettledRecord
from sequencer.consensus.journal import Record as JournalRecord
from sequencer.consensus.messages import Certificate, SignedVote
from sequencer.consensus.simplex import Simplex
from sequencer.errors import LocalFault
from sequencer.l1.view import L1View
from sequencer.node.attester import Attester
from sequencer.node.catch_up import decode_proof
from sequencer.node.handover import keep_committee, kept_committee
from sequencer.node.instance import Services
from sequencer.node.ledger import Ledger
from sequencer.ordering.turn import is_terminal, origin_epoch
from sequencer.store.blocks import BlockStore
from sequencer.types import Committee, Epoch, Height

log = logging.getLogger(__name__)

COMPACT_BYTES = 16 << 20
"""The journal is rewritten when it is longer than this (JOURNAL-5)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the chain stands: the epoch that decides next, and the block its views start from."""

    epoch: Epoch
    start: Header


class Run(Protocol):
    """An instance of consensus as it is started and ended here."""

    core: Simplex
    is_over: bool

    def start(self, restored: Iterable[JournalRecord]) -> None: ...


R = TypeVar("R", bound=Run)
Finality = tuple[Header, Certificate | None]
"""The last final block of an epoch so far, and its own certificate, if it has one."""


class Epochs(Generic[R]):
    """Starts the instance of each epoch when the chain and L1 allow it."""

    def __init__(
        self,
        services: Services,
        ledger: Ledger,
        attester: Attester,
        l1: L1View,
        make_instance: Callable[[Committee, Header, Finality | None], R],
    ) -> None:
        """`make_instance` is given the committee, the block of view 0 and what is final above."""
        self._services = services
        self._journal: Journal = services.journal
        self._store: BlockStore = services.store
        self._ledger = ledger
        self._attester = attester
        self._l1 = l1
        self._waiting_for: tuple[Epoch, bool] | None = None
        self._restored: list[JournalRecord] = list(self._journal.restored())
        for record in self._restored:
            if isinstance(record, AttestedRecord):
                attester.restore(record)
            elif isinstance(record, SettledRecord):
                self._check_store(record)
        self._make_instance = make_instance
        self.instance: R | None = None

    def advance(self) -> bool:
        """Start the next instance if none runs and L1 has shown its committee; whether it did.

        EPOCH-6: nothing waits for the disk here. Records of epochs that are over stay in the
        journal until it is compacted, and those of later epochs wait for theirs.
        """
        if self.instance is not None and not self.instance.is_over:
            return False
        place = self._place()
        self._l1.reach(place.epoch)
        committee = self._committee_of(place.epoch)
        if committee is None:
            self._wait_for(place.epoch)
            return False
        is_first = self.instance is None
        self.instance = self._make_instance(committee, place.start, self._finalized(place))
        keep_committee(self._store, committee)
        self._attester.start_epoch(committee)
        restored = self._restored
        self._restored = [record for record in restored if _is_after(record, place.epoch)]
        self.instance.start(restored)
        if is_first:
            self._attester.restore_pool(self._ledger)
        self._attester.attest_waiting(self._ledger)
        return True

    def _committee_of(self, epoch: Epoch) -> Committee | None:
        """EPOCH-7: that of L1, or what L1 had when this node began the epoch."""
        head = self._l1.head
        if head is None:
            return None
        return self._l1.committee_at(epoch, head.number) or kept_committee(self._store, epoch)

    def _wait_for(self, epoch: Epoch) -> None:
        """Say so once, and once more if it is in vain."""
        head = self._l1.head
        recorded = None if head is None else self._l1.latest_epoch_recorded_at(head.number)
        is_lost = recorded is not None and recorded > epoch
        if self._waiting_for == (epoch, is_lost):
            return
        self._waiting_for = epoch, is_lost
        if is_lost:
            log.error(
                "L1 has no committee of epoch %d, in which this node's chain stands, and can record"
                " none any more: it has that of epoch %d (COMM-3, EPOCH-7). This node has no part"
                " until an L1 reorg brings it back",
                *(epoch, recorded),
            )
        else:
            log.info("waiting for the committee of epoch %d on L1", epoch)

    def compact(self, above_bytes: int = COMPACT_BYTES) -> None:
        """Keep the journal short (JOURNAL-5). An instance that is over may have votes that never
        came back to it; once the next one runs, they are of no use any more. What the store
        could not take (the node is about to stop) stays in the journal."""
        if self._journal.size < above_bytes or self.instance is None or self.instance.is_over:
            return
        settled = SettledRecord(self.instance.core.tree.root.height)
        if self._ledger.tip.height < settled.height:
            return
        self._store.sync()
        live = (
            BlockRecord(record) if isinstance(record, Block) else record
            for record in self.instance.core.live_records()
        )
        self._journal.rewrite(chain([settled], self._attester.records(), live, self._restored))

    def _check_store(self, settled: SettledRecord) -> None:
        """JOURNAL-7."""
        if self._ledger.tip.height < settled.height:
            raise LocalFault(
                f"the block store ends at block {self._ledger.tip.height}, expected at least"
                f" {settled.height}: the journal has dropped its votes up to there. A node that"
                " forgets its votes can be slashed: restore the store, or start with a new signing"
                " key"
            )

    def _place(self) -> Place:
        tip = self._ledger.tip
        if is_terminal(self._services.schedule, tip):
            epoch = origin_epoch(self._services.schedule, tip.origin_timestamp)
            self._store.set_meta(f"epoch/{epoch}", tip.height.to_bytes(8, "big"))
            return Place(epoch, tip)
        recorded = self._store.get_meta(f"epoch/{tip.epoch}")
        height = Height(int.from_bytes(recorded or b"", "big"))
        if height == 0:
            return Place(tip.epoch, genesis(self._services.separator))
        start = self._ledger.block(height)
        if start is None:
            raise LocalFault(f"block {height}, from which epoch {tip.epoch} starts, is not stored")
        return Place(tip.epoch, start.header)

    def _finalized(self, place: Place) -> Finality | None:
        """The tip and its own certificate, if it lies in the place's epoch."""
        tip = self._ledger.tip
        if tip.hash == place.start.hash:
            return None
        stored = self._store.block_by_height(tip.height)
        if stored is None or stored.certificate is None:
            return tip, None
        proof = decode_proof(stored.certificate)
        return tip, None if proof.descendants else proof.certificate


def _is_after(record: JournalRecord, epoch: Epoch) -> bool:
    """Whether the record is of a later epoch: after a power cut the store may be an epoch behind
    the journal."""
    match record:
        case SignedVote() | Certificate():
            return record.vote.epoch > epoch
        case BlockRecord():
            return record.block.header.epoch > epoch
        case AttestedRecord() | SettledRecord():
            return False
