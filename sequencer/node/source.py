"""What the submitter asks of its node (`l1.submitter.Source`)."""

from collections.abc import Callable

from sequencer.batches.attestations import BatchCertificate, SignedAttestation
from sequencer.batches.batch import Batch
from sequencer.crypto.kzg_process import KzgProcess
from sequencer.l1.events import PromiseChallenged
from sequencer.l1.sidecar import Sidecar, make_sidecar
from sequencer.l1.view import L1View
from sequencer.node.attester import Attester
from sequencer.node.backend import NodeBackend
from sequencer.node.epochs import Epochs
from sequencer.node.inclusion import Inclusions
from sequencer.node.instance import Instance
from sequencer.node.ledger import Ledger
from sequencer.node.ready import ReadyBatches
from sequencer.promises.inclusion import InclusionProof
from sequencer.types import BatchIndex, Epoch, Hash32


class NodeSource:
    """Reads from the stages."""

    def __init__(
        self,
        epochs: Epochs[Instance],
        ledger: Ledger,
        attester: Attester,
        kzg: KzgProcess,
        backend: NodeBackend,
        l1: L1View,
        now_ms: Callable[[], int],
        inclusions: Inclusions,
    ) -> None:
        self._attester = attester
        self._inclusions = inclusions
        self._ready = ReadyBatches(ledger, attester, l1, now_ms)
        self._backend = backend
        self._kzg = kzg
        self._epochs = epochs
        self._ledger = ledger

    def seat(self) -> tuple[int, int] | None:
        instance = self._epochs.instance
        if instance is None or instance.me is None:
            return None
        return instance.me, len(instance.committee)

    def ready(self, index: BatchIndex) -> tuple[Batch, BatchCertificate] | None:
        return self._ready.get(index)

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

    def presence(
        self, epoch: Epoch, index: BatchIndex, batch_hash: Hash32
    ) -> SignedAttestation | None:
        batch = self._ledger.batch(index)
        if batch is None or batch.hash != batch_hash:
            return None
        return self._attester.presence(batch, epoch)

    def has_kept(self, asked: PromiseChallenged) -> bool:
        return self._inclusions.has_kept(asked)

    def kept(self, asked: PromiseChallenged) -> InclusionProof | None:
        return self._inclusions.kept(asked)
