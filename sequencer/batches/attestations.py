"""Attestations of batches, and the quorum that L1 asks for (BATCH-4, CERT-4).

A pool keeps what members say about batches that are not settled yet. It never decides what is
right: the caller asks for a certificate of the content it computed itself.
"""

from dataclasses import dataclass, field
from typing import Annotated

import msgspec

from sequencer.batches.seen import NOBODY, Seen
from sequencer.blocks.header import U64, Bytes32, WireHash
from sequencer.consensus.messages import bitmap_members
from sequencer.crypto import digests
from sequencer.crypto.digests import typed_digest
from sequencer.crypto.signatures import SIGNATURE_LENGTH, Signer, recover
from sequencer.decoding import decoded
from sequencer.errors import PeerFault
from sequencer.types import (
    MAX_MEMBERS,
    Address,
    BatchIndex,
    Committee,
    Epoch,
    Hash32,
    MemberIndex,
)

NO_BATCH = BatchIndex(0)
"""Indices count from 1."""
POOL_CAPACITY = 2048
"""Batch indices above the last committed one that a pool keeps."""
EPOCHS_KEPT = 4
"""Epochs in which a pool keeps one signer's attestation of one index."""


class Attestation(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """ENC-2 `BatchAttestation`: this committee says that batch `index` is this one."""

    epoch: Annotated[Epoch, U64]
    committee: WireHash
    index: Annotated[BatchIndex, U64]
    batch_hash: WireHash

    def digest(self, separator: Hash32) -> Hash32:
        """What a member signs."""
        return typed_digest(
            separator,
            digests.batch_attestation(self.epoch, self.committee, self.index, self.batch_hash),
        )


class SignedAttestation(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """An attestation, whose it is, and the ENC-3 signature: evidence by itself."""

    attestation: Attestation
    member: Annotated[MemberIndex, msgspec.Meta(ge=0, lt=MAX_MEMBERS)]
    signature: Annotated[
        bytes, msgspec.Meta(min_length=SIGNATURE_LENGTH, max_length=SIGNATURE_LENGTH)
    ]


class BatchCertificate(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """ENC-7: an attestation that a quorum signed; the arguments of `commit`."""

    attestation: Attestation
    signers: Annotated[bytes, Bytes32]
    """ENC-5 bitmap, big-endian."""
    signatures: Annotated[bytes, msgspec.Meta(max_length=SIGNATURE_LENGTH * MAX_MEMBERS)]


@dataclass(frozen=True, slots=True)
class AttestationConflict:
    """Two attestations by one signer of one index with different content (SLASH-1)."""

    first: SignedAttestation
    second: SignedAttestation


_encoder = msgspec.msgpack.Encoder()
_attestations = msgspec.msgpack.Decoder(SignedAttestation)
_certificates = msgspec.msgpack.Decoder(BatchCertificate)


def encode_attestation(signed: SignedAttestation) -> bytes:
    return _encoder.encode(signed)


def decode_attestation(data: bytes) -> SignedAttestation:
    """Shape and range only. Raises `DecodeError`."""
    return decoded("batch attestation", _attestations.decode, data)


def encode_certificate(certificate: BatchCertificate) -> bytes:
    return _encoder.encode(certificate)


def decode_certificate(data: bytes) -> BatchCertificate:
    """Shape and range only. Raises `DecodeError`."""
    return decoded("batch certificate", _certificates.decode, data)


def attest(
    index: BatchIndex, batch_hash: Hash32, committee: Committee, signer: Signer, separator: Hash32
) -> SignedAttestation:
    """Sign a batch as a member of `committee`. That one index is signed with one content only
    (BATCH-4) is the caller's to keep. Raises `PeerFault` if the signer has no seat."""
    member = committee.index_of(signer.address)
    if member is None:
        raise PeerFault(f"0x{signer.address.hex()} has no seat in epoch {committee.epoch}")
    attestation = Attestation(committee.epoch, committee.hash, index, batch_hash)
    return SignedAttestation(attestation, member, signer.sign(attestation.digest(separator)))


def check_attestation(
    signed: SignedAttestation, committee: Committee, separator: Hash32
) -> Address:
    """The signer's address; raises `PeerFault` unless the named member of `committee` signed."""
    _check_committee(signed.attestation, committee)
    return _check_member(
        signed.attestation.digest(separator), signed.member, signed.signature, committee
    )


def check_certificate(
    certificate: BatchCertificate, committee: Committee, separator: Hash32
) -> None:
    """ENC-5, ENC-6: raises `PeerFault` unless a quorum signed, each in its place."""
    _check_committee(certificate.attestation, committee)
    members = list(bitmap_members(int.from_bytes(certificate.signers, "big")))
    if len(certificate.signatures) != SIGNATURE_LENGTH * len(members):
        raise PeerFault(f"{len(certificate.signatures)} signature bytes for {len(members)} signers")
    digest = certificate.attestation.digest(separator)
    for position, member in enumerate(members):
        at = position * SIGNATURE_LENGTH
        _check_member(digest, member, certificate.signatures[at : at + SIGNATURE_LENGTH], committee)
    weight = sum(committee.members[member].weight for member in members)
    if not committee.is_quorum(weight):
        raise PeerFault(f"weight {weight} is no quorum of {committee.total_weight}")


def _check_committee(attestation: Attestation, committee: Committee) -> None:
    if (attestation.epoch, attestation.committee) != (committee.epoch, committee.hash):
        raise PeerFault(
            f"attestation is for epoch {attestation.epoch}, committee"
            f" 0x{attestation.committee.hex()}; expected epoch {committee.epoch},"
            f" 0x{committee.hash.hex()}"
        )


def _check_member(
    digest: Hash32, member: MemberIndex, signature: bytes, committee: Committee
) -> Address:
    if member >= len(committee):
        raise PeerFault(f"member {member} of a committee of {len(committee)}")
    expected, found = committee.members[member].signer, recover(digest, signature)
    if found != expected:
        raise PeerFault(
            f"signature of member {member} recovers 0x{found.hex()}, expected 0x{expected.hex()}"
        )
    return found


@dataclass(slots=True)
class _Statements:
    """What one signer said about one index: one content, in each of a few epochs."""

    by_epoch: dict[Epoch, SignedAttestation] = field(default_factory=dict)
    is_convicted: bool = False


class AttestationPool:
    """Verified attestations of the batches after the last settled one.

    Bounds: what L1 has committed and not settled, and `capacity` indices above that, each with one
    content for each signer, in at most `epochs_kept` epochs (the oldest goes first). Only members
    of committees that the caller knows get in. At the bound the lowest indices stay, because L1
    takes batches in order; what is above them comes when L1 has come nearer (BATCH-4).
    """

    def __init__(
        self,
        separator: Hash32,
        capacity: int = POOL_CAPACITY,
        epochs_kept: int = EPOCHS_KEPT,
    ) -> None:
        self._separator = separator
        self._settled = self._committed = NO_BATCH
        self._capacity = capacity
        self._epochs_kept = epochs_kept
        self._by_index: dict[BatchIndex, dict[Address, _Statements]] = {}

    def __len__(self) -> int:
        """Attestations kept."""
        return sum(
            len(statements.by_epoch)
            for signers in self._by_index.values()
            for statements in signers.values()
        )

    def add(self, signed: SignedAttestation, committee: Committee) -> AttestationConflict | None:
        """Check an attestation by the committee of its epoch and keep it.

        A signer's first content for an index counts; another one is a conflict, handed on once
        for each index. An index out of bounds is ignored. Raises `PeerFault`.
        """
        index = signed.attestation.index
        if not self._settled < index <= self._committed + self._capacity:
            return None
        signer = check_attestation(signed, committee, self._separator)
        statements = self._by_index.setdefault(index, {}).setdefault(signer, _Statements())
        for first in statements.by_epoch.values():
            if first.attestation.batch_hash != signed.attestation.batch_hash:
                if statements.is_convicted:
                    return None
                statements.is_convicted = True
                return AttestationConflict(first, signed)
        statements.by_epoch.setdefault(committee.epoch, signed)
        if len(statements.by_epoch) > self._epochs_kept:
            del statements.by_epoch[min(statements.by_epoch)]
        return None

    def has(self, signed: SignedAttestation, committee: Committee) -> bool:
        """Whether exactly this attestation, by a member of `committee`, is kept: it was checked."""
        if signed.member >= len(committee):
            return False
        signer = committee.members[signed.member].signer
        return self._find(signed.attestation.index, signer, committee.epoch) == signed

    def certificate(
        self, index: BatchIndex, batch_hash: Hash32, committee: Committee, seen: Seen = NOBODY
    ) -> BatchCertificate | None:
        """The certificate of this content by this committee, once its quorum is here (ENC-6): of
        those that were `seen` least, and no more than it takes (SUBMIT-8)."""
        held = self._signatures(index, batch_hash, committee)
        chosen: list[MemberIndex] = []
        weight = 0
        for member in sorted(held, key=seen.of(committee.epoch).rank):
            if committee.is_quorum(weight):
                break
            chosen.append(member)
            weight += committee.members[member].weight
        if not committee.is_quorum(weight):
            return None
        attestation = Attestation(committee.epoch, committee.hash, index, batch_hash)
        bitmap = sum(1 << member for member in chosen)
        signatures = b"".join(held[member] for member in sorted(chosen))
        return BatchCertificate(attestation, bitmap.to_bytes(32, "big"), signatures)

    def missing(
        self, index: BatchIndex, batch_hash: Hash32, committee: Committee
    ) -> list[MemberIndex]:
        """Members whose attestation of this content is not here."""
        held = self._signatures(index, batch_hash, committee)
        return [MemberIndex(m) for m in range(len(committee)) if m not in held]

    def attestations(self, index: BatchIndex, epoch: Epoch) -> tuple[SignedAttestation, ...]:
        """What is kept of one index in one epoch, whatever its content, by member index."""
        found = (
            statements.by_epoch.get(epoch) for statements in self._by_index.get(index, {}).values()
        )
        return tuple(
            sorted((signed for signed in found if signed is not None), key=lambda s: s.member)
        )

    def settle(self, index: BatchIndex, committed: BatchIndex) -> None:
        """L1's head has the batches up to `committed`; those up to `index` are final there: forget
        them (BATCH-5)."""
        self._settled = max(self._settled, index)
        self._committed = max(self._settled, committed)
        for settled in [known for known in self._by_index if known <= index]:
            del self._by_index[settled]

    def _signatures(
        self, index: BatchIndex, batch_hash: Hash32, committee: Committee
    ) -> dict[MemberIndex, bytes]:
        held: dict[MemberIndex, bytes] = {}
        for position, member in enumerate(committee.members):
            signed = self._find(index, member.signer, committee.epoch)
            if signed is not None and signed.attestation.batch_hash == batch_hash:
                held[MemberIndex(position)] = signed.signature
        return held

    def _find(self, index: BatchIndex, signer: Address, epoch: Epoch) -> SignedAttestation | None:
        statements = self._by_index.get(index, {}).get(signer)
        return None if statements is None else statements.by_epoch.get(epoch)
