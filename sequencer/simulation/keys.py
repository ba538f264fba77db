"""Committees and their signatures: made by hash, which is quick and as bound to signer and
statement as real ones, or the real ones of a deployment."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import Protocol

from sequencer.consensus.messages import Certificate, SignedVote, Vote
from sequencer.consensus.verification import Verifier
from sequencer.crypto import signatures
from sequencer.crypto.hashing import keccak, word
from sequencer.crypto.signatures import Signer
from sequencer.errors import DecodeError
from sequencer.types import Address, Committee, Epoch, Hash32, Member, MemberIndex

SEPARATOR = keccak(b"simulation")
FIRST_EPOCH = Epoch(1)
_MAC_LENGTH = 44


class Keys(Protocol):
    """The keys of everybody who may be a member, by position, and where they count (ENC-1)."""

    separator: Hash32

    def address(self, position: int) -> Address: ...

    def sign(self, address: Address, digest: Hash32) -> bytes: ...

    def recover(self, digest: Hash32, signature: bytes) -> Address:
        """The signer; raises `DecodeError`."""


class HashKeys:
    """Signatures that anybody could make, and nobody here does for another: the signer's address
    is part of the signature."""

    separator = SEPARATOR

    def address(self, position: int) -> Address:
        return Address(keccak(b"member", bytes([position]))[12:])

    def sign(self, address: Address, digest: Hash32) -> bytes:
        return blake2b(digest, key=address, digest_size=_MAC_LENGTH).digest() + address

    def recover(self, digest: Hash32, signature: bytes) -> Address:
        address = Address(signature[_MAC_LENGTH:])
        if self.sign(address, digest) != signature:
            raise DecodeError("signature is not of this digest")
        return address


class DeploymentKeys:
    """secp256k1 under the EIP-712 domain of a deployment: what its contracts accept (ENC-3)."""

    def __init__(self, separator: Hash32, secrets: Sequence[bytes]) -> None:
        self.separator = separator
        signers = [Signer(secret) for secret in secrets]
        self._addresses = [signer.address for signer in signers]
        self._signers = {signer.address: signer for signer in signers}

    def address(self, position: int) -> Address:
        return self._addresses[position]

    def sign(self, address: Address, digest: Hash32) -> bytes:
        return self._signers[address].sign(digest)

    def recover(self, digest: Hash32, signature: bytes) -> Address:
        return signatures.recover(digest, signature)


HASH_KEYS = HashKeys()


def make_committee(
    weights: Sequence[int], keys: Keys = HASH_KEYS, epoch: Epoch = FIRST_EPOCH
) -> Committee:
    """A committee in ENC-4 order; `weights` and keys are by position, a weight of 0 is no seat."""
    seats = sorted(enumerate(weights), key=lambda seat: -seat[1])
    members = tuple(Member(keys.address(at), weight) for at, weight in seats if weight)
    rows = (m.signer + m.weight.to_bytes(12, "big") for m in members)
    return Committee(epoch, members, keccak(word(sum(weights)), *rows))


class SimVerifier(Verifier):
    """The node's own checks with the keys of the simulation, remembering what passed: all
    simulated nodes share one."""

    def __init__(self, committee: Committee, keys: Keys = HASH_KEYS) -> None:
        super().__init__(keys.separator, committee, keys.recover)
        self._keys = keys
        self._passed: set[SignedVote | Certificate] = set()

    @property
    def committee(self) -> Committee:
        return self._committee

    def sign(self, vote: Vote, member: MemberIndex) -> SignedVote:
        signer = self._committee.members[member].signer
        return SignedVote(vote, member, self._keys.sign(signer, self.digest(vote)))

    def check_vote(self, signed: SignedVote) -> None:
        if signed not in self._passed:
            super().check_vote(signed)
            self._passed.add(signed)

    def check_certificate(self, certificate: Certificate) -> None:
        if certificate not in self._passed:
            super().check_certificate(certificate)
            self._passed.add(certificate)
