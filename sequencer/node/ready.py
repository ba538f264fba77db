"""Which batches can be committed, and signed by whom (SUBMIT-2, SUBMIT-8)."""

from collections.abc import Callable

from sequencer.batches.attestations import BatchCertificate
from sequencer.batches.batch import Batch
from sequencer.batches.seen import Seen
from sequencer.l1.view import L1View
from sequencer.node.attester import Attester
from sequencer.node.ledger import Ledger
from sequencer.types import BatchIndex

LATE_MS = 500
"""How long a batch waits for members that L1 has hardly seen (SUBMIT-8)."""


class ReadyBatches:
    """Keeps nothing but since when batches have a quorum."""

    def __init__(
        self, ledger: Ledger, attester: Attester, l1: L1View, now_ms: Callable[[], int]
    ) -> None:
        self._ledger = ledger
        self._attester = attester
        self._l1 = l1
        self._now_ms = now_ms
        self._quorum_since_ms: dict[BatchIndex, int] = {}

    def get(self, index: BatchIndex) -> tuple[Batch, BatchCertificate] | None:
        """A batch that this node cut, and its quorum; None while one of them is missing, or a
        member that may be only slow is waited for."""
        seen = self._l1.seen
        for earlier in range(self._l1.last_index + 1, index):
            found = self._certified(BatchIndex(earlier), seen)
            if found is None:
                return None
            # Committed in the same go, before this one.
            epoch, signers = found[1].attestation.epoch, found[1].signers
            seen = seen.after(epoch, int.from_bytes(signers, "big"))
        found = self._certified(index, seen)
        if found is None or self._waits_for_late(*found, seen):
            return None
        return found

    def _certified(self, index: BatchIndex, seen: Seen) -> tuple[Batch, BatchCertificate] | None:
        batch = self._ledger.batch(index)
        certificate = None if batch is None else self._attester.certificate(batch, seen)
        return None if batch is None or certificate is None else (batch, certificate)

    def _waits_for_late(self, batch: Batch, certificate: BatchCertificate, seen: Seen) -> bool:
        """Bounded: batches after the last one on L1."""
        since = self._quorum_since_ms
        for index in [known for known in since if known <= self._l1.last_index]:
            del since[index]
        waited_ms = self._now_ms() - since.setdefault(batch.index, self._now_ms())
        if waited_ms >= LATE_MS:
            return False
        return self._attester.lacks_late(batch, certificate.attestation.epoch, seen)
