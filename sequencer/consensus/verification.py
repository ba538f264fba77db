"""Signatures of votes and certificates, checked at the edge before the core sees them."""

from collections.abc import Callable

from sequencer.consensus.messages import Certificate, SignedVote, Vote, VoteKind
from sequencer.crypto import signatures
from sequencer.crypto.digests import typed_digest
from sequencer.errors import PeerFault
from sequencer.types import Address, Committee, Hash32

Recover = Callable[[Hash32, bytes], Address]
"""The signer of a digest; raises `DecodeError`."""


class Verifier:
    """Checks what is signed under one deployment's domain by one committee."""

    def __init__(
        self, separator: Hash32, committee: Committee, recover: Recover = signatures.recover
    ) -> None:
        self._separator = separator
        self._committee = committee
        self._recover = recover

    def digest(self, vote: Vote) -> Hash32:
        return typed_digest(self._separator, vote.struct_hash())

    def check_vote(self, signed: SignedVote) -> None:
        """Raises `PeerFault` unless the named member of this committee signed the vote."""
        self._check_instance(signed.vote)
        self._check_signature(self.digest(signed.vote), signed.member, signed.signature)

    def check_certificate(self, certificate: Certificate) -> None:
        """ENC-5, ENC-6: raises `PeerFault` unless a quorum signed, each in its place."""
        self._check_instance(certificate.vote)
        members = list(certificate.members())
        if len(certificate.signatures) != 64 * len(members):
            raise PeerFault(
                f"certificate has {len(certificate.signatures)} signature bytes"
                f" for {len(members)} signers"
            )
        if members and members[-1] >= len(self._committee):
            raise PeerFault(
                f"certificate names member {members[-1]} of a committee of {len(self._committee)}"
            )
        weight = sum(self._committee.members[member].weight for member in members)
        if not self._committee.is_quorum(weight):
            raise PeerFault(
                f"certificate weight {weight} is no quorum of {self._committee.total_weight}"
            )
        digest = self.digest(certificate.vote)
        for position, member in enumerate(members):
            signature = certificate.signatures[64 * position : 64 * position + 64]
            self._check_signature(digest, member, signature)

    def check_finalization(self, certificate: Certificate) -> None:
        """As `check_certificate`, for a certificate that must be a finalization."""
        if certificate.vote.kind is not VoteKind.FINALIZE:
            raise PeerFault(f"a {certificate.vote.kind.name} certificate finalizes nothing")
        self.check_certificate(certificate)

    def _check_instance(self, vote: Vote) -> None:
        if (vote.epoch, vote.committee) != (self._committee.epoch, self._committee.hash):
            raise PeerFault(
                f"vote is for epoch {vote.epoch}, committee 0x{vote.committee.hex()};"
                f" expected epoch {self._committee.epoch}, 0x{self._committee.hash.hex()}"
            )

    def _check_signature(self, digest: Hash32, member: int, signature: bytes) -> None:
        if member >= len(self._committee):
            raise PeerFault(f"member {member} of a committee of {len(self._committee)}")
        expected = self._committee.members[member].signer
        found = self._recover(digest, signature)
        if found != expected:
            raise PeerFault(
                f"signature of member {member} recovers 0x{found.hex()},"
                f" expected 0x{expected.hex()}"
            )
