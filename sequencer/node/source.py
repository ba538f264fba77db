"""What the submitter asks of its node (`l1.submitter.Source`)."""

from sequencer.batches.attestations import BatchCertificate
from sequencer.batches.batch import Batch
from sequencer.crypto.kzg_process import KzgProcess
from sequencer.l1.sidecar import Sidecar, make_sidecar
from sequencer.node.attester import Attester
from sequencer.node.backend import NodeBackend
from sequencer.node.epochs import Epochs
from sequencer.node.instance import Instance
from sequencer.node.ledger import Ledger
from sequencer.types import BatchIndex, Hash32


class NodeSource:
    """Reads from the stages; nothing is kept here."""

    def __init__(
        self,
        epochs: Epochs[Instance],
        ledger: Ledger,
        attester: Attester,
        kzg: KzgProcess,
        backend: NodeBackend,
    ) -> None:
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
        batch = self._ledger.batch(index)
        certificate = None if batch is None else self._attester.certificate(batch)
        if batch is None or certificate is None:
            return None
        return batch, certificate

    def batch(self, index: BatchIndex) -> Batch | None:
        return self._ledger.batch(index)

    def usage(self, batch: Batch) -> bytes:
        return self._ledger.batch_usage(batch)

    def data(self, batch: Batch) -> bytes:
        return self._ledger.batch_data(batch.first_height, batch.last_height)

    async def sidecar(self, batch: Batch) -> Sidecar:
        return await make_sidecar(self.data(batch), self._kzg)

    def held(self, content_hash: Hash32) -> bytes | None:
        return self._backend.held_segment(content_hash)
