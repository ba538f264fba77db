"""Committees with signatures made by hash: quick, and as bound to signer and statement as
real ones."""

from collections.abc import Sequence
from hashlib import blake2b

from sequencer.consensus.messages import Certificate, SignedVote, Vote
from sequencer.consensus.verification import Verifier
from sequencer.crypto.hashing import keccak, word
from sequencer.errors import DecodeError
from sequencer.types import Address, Committee, Epoch, Hash32, Member, MemberIndex

SEPARATOR = keccak(b"simulation")
_MAC_LENGTH = 44


def make_committee(weights: Sequence[int]) -> Committee:
    """A committee in ENC-4 order with keys that follow from the positions."""
    members = tuple(
        Member(Address(keccak(b"member", bytes([position]))[12:]), weight)
        for position, weight in enumerate(sorted(weights, reverse=True))
    )
    rows = (m.signer + m.weight.to_bytes(12, "big") for m in members)
    return Committee(Epoch(1), members, keccak(word(sum(weights)), *rows))


def sign(address: Address, digest: Hash32) -> bytes:
    return blake2b(digest, key=address, digest_size=_MAC_LENGTH).digest() + address


def recover(digest: Hash32, signature: bytes) -> Address:
    """The stand-in for `signatures.recover`: the signer's address is part of the signature."""
    address = Address(signature[_MAC_LENGTH:])
    if sign(address, digest) != signature:
        raise DecodeError("signature is not of this digest")
    return address


class SimVerifier(Verifier):
    """The node's own checks, with the signatures above, and remembering what passed: all
    simulated nodes share one."""

    def __init__(self, committee: Committee) -> None:
        super().__init__(SEPARATOR, committee, recover)
        self._passed: set[SignedVote | Certificate] = set()

    def sign(self, vote: Vote, member: MemberIndex) -> SignedVote:
        signer = self._committee.members[member].signer
        return SignedVote(vote, member, sign(signer, self.digest(vote)))

    def check_vote(self, signed: SignedVote) -> None:
        if signed not in self._passed:
            super().check_vote(signed)
            self._passed.add(signed)

    def check_certificate(self, certificate: Certificate) -> None:
        if certificate not in self._passed:
            super().check_certificate(certificate)
            self._passed.add(certificate)
