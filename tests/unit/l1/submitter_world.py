"""One node's submitter on an L1 that a test moves."""

from collections.abc import Sequence
from typing import Any, cast

from eth_abi.abi import decode, encode

from sequencer.batches.attestations import BatchCertificate, SignedAttestation
from sequencer.batches.batch import Batch
from sequencer.batches.blobs import blobs_hash, encode_blobs
from sequencer.batches.codec import decode_batch_data, encode_batch_data
from sequencer.batches.usage import count_entries, usage_of
from sequencer.crypto.hashing import keccak
from sequencer.crypto.kzg_process import KzgFailed
from sequencer.l1 import abi
from sequencer.l1.account import L1Account
from sequencer.l1.calldata import decode_commit, decode_commit_blobs
from sequencer.l1.client import L1Client
from sequencer.l1.events import (
    BatchCommitted,
    BatchesCharged,
    Checkpointed,
    DataAnswered,
    Event,
    L1Block,
    PromiseChallenged,
    PromiseKept,
)
from sequencer.l1.rpc import L1Refused
from sequencer.l1.sidecar import Sidecar
from sequencer.l1.submitter import Submitter
from sequencer.l1.view import L1View
from sequencer.promises.inclusion import InclusionProof
from sequencer.types import BatchIndex, Epoch, Hash32
from tests.unit.batches.test_attestations import COMMITTEE, GOOD, ONE, pool_of, signed
from tests.unit.derivation.worlds import Committee
from tests.unit.l1.chains import block, forced, recorded
from tests.unit.l1.fake_l1 import DEPLOYMENT
from tests.unit.l1.fake_pool import CHAIN_ID, FakePool, Pending

TAKEOVER_MS = 4_000
FORCE = abi.function("ForcedInbox", "forceInclude").hash[:4]
COMMIT = abi.function("CommitmentChain", "commit").hash[:4]
COMMIT_BLOBS = abi.function("CommitmentChain", "commitBlobs").hash[:4]
SNAPSHOT = abi.function("Committee", "snapshot").hash[:4]
ANSWER = abi.function("DataAvailabilityChallenge", "answer").hash[:4]
SHOW_KEPT = abi.function("PromiseSlasher", "answer")
WITHDRAW = abi.function("DataAvailabilityChallenge", "withdraw").hash[:4]
CHECKPOINT = abi.function("DataAvailabilityChallenge", "checkpoint").hash[:4]
CHARGE = abi.function("SequencingFees", "charge")
SHOW = abi.function("InactivitySlasher", "showPresence")


def sidecar_of(data: bytes) -> Sidecar:
    """With points that no pairing would accept, which nobody looks at here."""
    blobs = encode_blobs(data)
    points = [keccak(blob) + bytes(16) for blob in blobs]
    return Sidecar(blobs, tuple(points), tuple(points) * 128)


def refusal(signature: str, *values: int) -> L1Refused:
    data = keccak(signature.encode())[:4] + encode(["uint64"] * len(values), values)
    return L1Refused("execution reverted", 3, data)


class World:
    """One node of a committee of four, at the head of an L1 with blocks 12 seconds apart."""

    def __init__(self, member: int = 1, batches_together: int = 4) -> None:
        self.pool = FakePool(number=0)
        self.view = L1View(0, DEPLOYMENT.schedule)
        self.member: int | None = member
        self.batches: dict[int, tuple[Batch, bytes]] = {}
        self.held_bytes: dict[Hash32, bytes] = {}
        self.proofs: dict[Hash32, InclusionProof] = {}
        """Of promises that were kept, by challenge."""
        self.challenge_of: dict[bytes, Hash32] = {}
        """By the transaction promised."""
        self.hidden: set[int] = set()
        self.is_kzg_down = False
        self.attestation: SignedAttestation | None = None
        """This node's, of whatever batch it is asked for."""
        certificate = pool_of(*(signed(n) for n in range(4))).certificate(ONE, GOOD, COMMITTEE)
        assert certificate is not None
        self.certificate: BatchCertificate = certificate
        self.account = L1Account(
            cast(L1Client, self.pool),
            CHAIN_ID,
            b"\x01" * 32,
            resubmit_ms=10_000,
            now_ms=lambda: self.pool.now_ms,
            pause=self.pool.pause,
        )
        self.pokes = 0
        self.submitter = Submitter(
            *(self.account, DEPLOYMENT, self.view, self, TAKEOVER_MS, batches_together),
            lambda: self.pool.now_ms,
            self._poked,
        )
        self.pool.on_pause = self.l1_block
        # Epochs are 60 seconds: all of these blocks lie in epoch 0, and epoch 1 is recorded.
        self.view.extend(block(0, recorded(0), recorded(1)))

    def make_batches(self, count: int, with_bytes: int = 0) -> None:
        committee = Committee()
        for index in range(1, count + 1):
            raws = [b"x" * with_bytes] if with_bytes else []
            made = committee.block((1, raws)) if raws else committee.block()
            data = encode_batch_data([made])
            hashes = sidecar_of(data).versioned_hashes if with_bytes else ()
            event = committee.commit(made, blobs_hash=blobs_hash(hashes))
            assert event.call is not None
            self.batches[index] = (event.call.batch, data)

    def l1_block(self, *events: Event) -> None:
        """Mine what waits; the view sees it at once."""
        before = len(self.pool.mined)
        self.pool.mine(10)
        committed = [
            self._event(taken)
            for taken in self.pool.mined[before:]
            if taken.data[:4] not in (SNAPSHOT, WITHDRAW, SHOW.hash[:4])
            and not self.pool.reverts(taken)
        ]
        number = self.view.head.number + 1  # type: ignore[union-attr]
        self.pool.number = number
        self.view.extend(L1Block(block(number).header, (*events, *committed)))

    def _event(self, taken: Pending) -> Event:
        if taken.data[:4] == FORCE:
            return forced(self.view.consumed, int.from_bytes(taken.data[4:], "big"))
        if taken.data[:4] == ANSWER:
            return DataAnswered(*decode(["bytes32", "bytes"], taken.data[4:]))
        if taken.data[:4] == SHOW_KEPT.hash[:4]:
            _, said, _, _ = decode(SHOW_KEPT.types, taken.data[4:])
            return PromiseKept(self.challenge_of[said[2]])
        if taken.data[:4] == CHECKPOINT:
            return Checkpointed(self.view.last_index)
        if taken.data[:4] == CHARGE.hash[:4]:
            return self._charged(*decode(CHARGE.types, taken.data[4:]))
        read = decode_commit if taken.data[:4] == COMMIT else decode_commit_blobs
        call = read(taken.data)
        return BatchCommitted(BatchIndex(call.batch.index), call.batch.hash, call.epoch, taken.hash)

    def _charged(
        self, batches: Sequence[tuple[Any, ...]], usages: Sequence[bytes], entries: int
    ) -> BatchesCharged:
        """FEE-3."""
        last = batches[-1][0]
        if entries >= count_entries(usages[-1]):
            return BatchesCharged(BatchIndex(last), 0)
        return BatchesCharged(BatchIndex(last - 1), entries)

    def _poked(self) -> None:
        self.pokes += 1

    # --- Source ---

    def seat(self) -> tuple[int, int] | None:
        return None if self.member is None else (self.member, 4)

    def ready(self, index: BatchIndex) -> tuple[Batch, BatchCertificate] | None:
        if index in self.hidden or index not in self.batches:
            return None
        return self.batches[index][0], self.certificate

    def batch(self, index: BatchIndex) -> Batch | None:
        made = self.batches.get(index)
        return None if made is None else made[0]

    def usage(self, batch: Batch) -> bytes:
        return usage_of(decode_batch_data(self.data(batch)).blocks)

    def data(self, batch: Batch) -> bytes:
        return self.batches[batch.index][1]

    def held(self, content_hash: Hash32) -> bytes | None:
        return self.held_bytes.get(content_hash)

    def presence(
        self, epoch: Epoch, index: BatchIndex, batch_hash: Hash32
    ) -> SignedAttestation | None:
        return self.attestation

    def has_kept(self, asked: PromiseChallenged) -> bool:
        return asked.id in self.proofs

    def kept(self, asked: PromiseChallenged) -> InclusionProof | None:
        return self.proofs.get(asked.id)

    async def sidecar(self, batch: Batch) -> Sidecar:
        if self.is_kzg_down:
            raise KzgFailed("no worker")
        return sidecar_of(self.data(batch))

    @property
    def sent(self) -> list[bytes]:
        """Selectors, in order."""
        return [pending.data[:4] for pending in self.pool.accepted]
