"""What the submitter asks of its node (`l1.submitter.Source`)."""

from collections.abc import Callable

from sequencer.batches.attestations import BatchCertificate
from sequencer.batches.batch import Batch
from sequencer.batches.seen import Seen
from sequencer.crypto.kzg_process import KzgProcess
from sequencer.l1.sidecar import Sidecar, make_sidecar
from sequencer.l1.view import L1View
from sequencer.node.attester import Attester
from sequencer.node.backend import NodeBackend
from sequencer.node.epochs import Epochs
from sequencer.node.instance import Instance
from sequencer.node.ledger import Ledger
from sequencer.types import BatchIndex, Hash32

LATE_MS = 500
"""How long a batch waits for members that L1 has hardly seen (SUBMIT-8)."""


class NodeSource:
    """Reads from the stages; nothing is kept here but since when batches have a quorum."""

    def __init__(
        self,
        epochs: Epochs[Instance],
        ledger: Ledger,
        attester: Attester,
        kzg: KzgProcess,
        backend: NodeBackend,
        l1: L1View,
        now_ms: Callable[[], int],
    ) -> None:
        self._l1 = l1
        self._now_ms = now_ms
        self._quorum_since_ms: dict[BatchIndex, int] = {}
        self._backend = backend
        self._kzg = kzg
        self._epochs = epochs
        self._ledger = ledger
        self._attester = attester

    def seat(self) -> tuple[int, int] | None:
        instance = self._epochs.instance
        if instance is None or instance.me is None:
            return None
        return instance.me, len(instance.committee)

    def ready(self, index: BatchIndex) -> tuple[Batch, BatchCertificate] | None:
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

    def batch(self, index: BatchIndex) -> Batch | None:
        return self._ledger.batch(index)

    def usage(self, batch: Batch) -> bytes:
        return self._ledger.batch_usage(batch)

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

    def data(self, batch: Batch) -> bytes:
        return self._ledger.batch_data(batch.first_height, batch.last_height)

    async def sidecar(self, batch: Batch) -> Sidecar:
        return await make_sidecar(self.data(batch), self._kzg)

    def held(self, content_hash: Hash32) -> bytes | None:
        return self._backend.held_segment(content_hash)
