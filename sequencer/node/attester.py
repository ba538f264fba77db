"""Batch attestations: this node's own, and those that peers send (BATCH-4, BATCH-5)."""

import logging
from collections.abc import Callable

from sequencer.batches.attestations import (
    AttestationConflict,
    AttestationPool,
    BatchCertificate,
    SignedAttestation,
    attest,
    decode_attestation,
    encode_attestation,
)
from sequencer.batches.batch import Batch
from sequencer.batches.seen import NOBODY, Seen
from sequencer.consensus.journal import AttestedRecord, Journal
from sequencer.crypto.hot_keys import HotKeys
from sequencer.errors import PeerFault
from sequencer.l1.view import L1View
from sequencer.node.ledger import Ledger
from sequencer.store.blocks import BlockStore
from sequencer.types import BatchIndex, Committee, Epoch, Hash32

log = logging.getLogger(__name__)

AHEAD = 1024
"""Batches after the committed one that this node attests: half of what the pools of others keep,
whose L1 may lag."""
REPEATED = 16
"""Batches after the committed one whose attestations are sent again until they are."""


class Attester:
    """Signs what this node cut, once per index, and collects quorums."""

    def __init__(  # noqa: PLR0913, PLR0917 - what an attestation goes through
        self,
        keys: HotKeys,
        separator: Hash32,
        journal: Journal,
        store: BlockStore,
        l1: L1View,
        send: Callable[[SignedAttestation], None],
        on_conflict: Callable[[AttestationConflict, Committee], None],
        vouches_for: Callable[[Batch, Epoch], bool],
        on_statement: Callable[[SignedAttestation, Committee], None] = lambda *_: None,
    ) -> None:
        """`vouches_for`: whether this node could answer for a batch that it attests in an epoch;
        `on_statement` is called with each attestation that was checked, contradictions too."""
        self._keys = keys
        self._separator = separator
        self._journal = journal
        self._store = store
        self._l1 = l1
        self._send = send
        self._on_conflict = on_conflict
        self._vouches_for = vouches_for
        self._on_statement = on_statement
        self._settled = l1.final_index
        self._pool = AttestationPool(separator)
        self._pool.settle(self._settled, l1.last_index)
        self._attested: dict[BatchIndex, Hash32] = {}
        self._reached = BatchIndex(0)
        """The last batch attested in this epoch."""
        self._committee: Committee | None = None

    def restore(self, record: AttestedRecord) -> None:
        """A statement this node made before a restart: it makes no other one of that index."""
        self._attested[BatchIndex(record.index)] = Hash32(record.batch_hash)

    def records(self) -> list[AttestedRecord]:
        """What the journal must keep: statements of batches that are not final on L1."""
        return [AttestedRecord(index, found) for index, found in sorted(self._attested.items())]

    def start_epoch(self, committee: Committee) -> None:
        """From now on attest as a member of this committee."""
        self._committee = committee

    def attest_waiting(self, ledger: Ledger) -> None:
        """Attest what is cut and not committed, in the epoch that has begun."""
        self._reached = BatchIndex(0)
        self.attest_next(ledger)

    def attest_next(self, ledger: Ledger) -> None:
        """Attest, one after another, what is cut and not too far above what L1 has, and was not
        attested in this epoch."""
        committed = self._l1.last_index
        last = min(ledger.last_batch, committed + AHEAD)
        for index in range(max(self._reached, committed) + 1, last + 1):
            batch = ledger.batch(BatchIndex(index))
            if batch is None:
                return  # it comes when it is linked
            self._reached = batch.index
            self.on_batch(batch)

    def on_batch(self, batch: Batch) -> None:
        """Attest a batch this node has cut, unless L1 has it or this node has no seat."""
        if batch.index <= self._l1.last_index:
            return
        committee = self._committee
        seat = None if committee is None else self._keys.seat(committee)
        if committee is None or seat is None:
            return
        if not self._may_sign(batch, committee.epoch):
            return
        signed = attest(batch.index, batch.hash, committee, seat.signer, self._separator)
        self._keep(signed, committee)
        self._send(signed)

    def presence(self, batch: Batch, epoch: Epoch) -> SignedAttestation | None:
        """A committed batch of this node's own, attested in the name of the epoch that runs here
        (IDLE-3); None without a seat in it. What is final on L1 is not signed: which content this
        node has attested there, it may have forgotten (BATCH-5)."""
        committee = self._committee
        seat = None if committee is None else self._keys.seat(committee)
        if committee is None or seat is None or committee.epoch != epoch:
            return None
        if batch.index <= self._l1.final_index or not self._may_sign(batch, epoch):
            return None
        return attest(batch.index, batch.hash, committee, seat.signer, self._separator)

    def _may_sign(self, batch: Batch, epoch: Epoch) -> bool:
        """Whether this is the one content of its index; from now on, durably, it is. In the name of
        that epoch this node can answer for it."""
        known = self._attested.get(batch.index)
        if known is not None and known != batch.hash:
            log.critical(
                "batch %d was attested as 0x%s and is now 0x%s: not signed again",
                batch.index,
                known.hex(),
                batch.hash.hex(),
            )
            return False
        if known is None:
            if not self._vouches_for(batch, epoch):
                log.critical(
                    "batch %d is not attested: a quorum has made blocks final in it that no honest"
                    " node votes for (HELD-1, ATTEST-2)",
                    batch.index,
                )
                return False
            self._attested[batch.index] = batch.hash
            self._journal.append(AttestedRecord(batch.index, batch.hash))
        if not self._journal.is_synced:
            self._journal.sync()
        assert self._journal.is_synced
        return True

    def on_attestation(self, signed: SignedAttestation) -> None:
        """A peer's attestation; of an unknown epoch it says nothing. Raises `PeerFault`."""
        committee = self._committee_of(signed.attestation.epoch)
        if committee is not None:
            self._keep(signed, committee)

    def restore_pool(self, ledger: Ledger) -> None:
        """Attestations from the store, of batches that are not final."""
        for index in range(self._l1.final_index + 1, ledger.last_batch + 1):
            for _, _, record in self._store.attestations(BatchIndex(index)):
                try:
                    self.on_attestation(decode_attestation(record))
                except PeerFault as fault:
                    log.warning("stored attestation of batch %d is left out: %s", index, fault)

    def certificate(self, batch: Batch, seen: Seen = NOBODY) -> BatchCertificate | None:
        """The quorum of a batch, by the latest committee that gave one, of those that L1 has
        `seen` least (SUBMIT-8)."""
        if self._committee is None:
            return None
        for epoch in range(self._committee.epoch, max(-1, self._committee.epoch - 3), -1):
            committee = self._committee_of(Epoch(epoch))
            if committee is not None:
                found = self._pool.certificate(batch.index, batch.hash, committee, seen)
                if found is not None:
                    return found
        return None

    def lacks_late(self, batch: Batch, epoch: Epoch, seen: Seen) -> bool:
        """Whether a member that L1 has seen in less than half of the epoch's commits has not
        attested a batch."""
        committee = self._committee_of(epoch)
        if committee is None:
            return False
        missing = self._pool.missing(batch.index, batch.hash, committee)
        return any(map(seen.of(epoch).is_behind, missing))

    def repeat(self) -> None:
        """Send this node's attestations of the next batches again: messages get lost."""
        committee = self._committee
        if committee is None:
            return
        seat = self._keys.seat(committee)
        first = self._l1.last_index + 1
        for index in range(first, first + REPEATED):
            for signed in self._pool.attestations(BatchIndex(index), committee.epoch):
                if seat is not None and signed.member == seat.member:
                    self._send(signed)

    def follow(self, ledger: Ledger) -> None:
        """L1 has gone on: attest what has come within reach (BATCH-4), forget what is final there
        (BATCH-5)."""
        final = self._l1.final_index
        self._pool.settle(final, self._l1.last_index)
        self.attest_next(ledger)
        if final <= self._settled:
            return
        self._settled = final
        self._store.drop_attestations(final)
        for index in [known for known in self._attested if known <= final]:
            del self._attested[index]

    def _keep(self, signed: SignedAttestation, committee: Committee) -> None:
        if self._pool.has(signed, committee):
            return  # repeated until it is committed
        conflict = self._pool.add(signed, committee)
        if conflict is not None:
            self._on_statement(signed, committee)
            self._on_conflict(conflict, committee)
        if not self._pool.has(signed, committee):
            return  # out of bounds and so not even checked, or another content
        self._on_statement(signed, committee)
        statement = signed.attestation
        signer = committee.members[signed.member].signer
        self._store.put_attestation(
            statement.index, statement.epoch, signer, encode_attestation(signed)
        )

    def _committee_of(self, epoch: Epoch) -> Committee | None:
        if self._committee is not None and self._committee.epoch == epoch:
            return self._committee
        head = self._l1.head
        return None if head is None else self._l1.committee_at(epoch, head.number)
