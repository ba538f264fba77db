"""The vocabulary every package shares: identifiers and the committee."""

from dataclasses import dataclass
from functools import cached_property
from typing import NewType

from sequencer.errors import DecodeError

Epoch = NewType("Epoch", int)
View = NewType("View", int)
Height = NewType("Height", int)
BatchIndex = NewType("BatchIndex", int)
MemberIndex = NewType("MemberIndex", int)
RollupId = NewType("RollupId", int)
Address = NewType("Address", bytes)
"""20 bytes."""
Hash32 = NewType("Hash32", bytes)
"""32 bytes."""

ZERO_HASH = Hash32(bytes(32))
MAX_MEMBERS = 128
U64_MAX = 2**64 - 1


@dataclass(frozen=True, slots=True)
class Member:
    """A seat in a committee: the hot signing key and its weight in wei."""

    signer: Address
    weight: int


@dataclass(frozen=True)
class Committee:
    """The members of one epoch, in ENC-4 order, and the hash L1 knows them by."""

    epoch: Epoch
    members: tuple[Member, ...]
    hash: Hash32

    @cached_property
    def total_weight(self) -> int:
        return sum(self.weights)

    @cached_property
    def weights(self) -> tuple[int, ...]:
        """By member index."""
        return tuple(member.weight for member in self.members)

    @cached_property
    def _index_of(self) -> dict[Address, MemberIndex]:
        return {member.signer: MemberIndex(i) for i, member in enumerate(self.members)}

    def index_of(self, signer: Address) -> MemberIndex | None:
        """The member index of a signing key, or None if it has no seat."""
        return self._index_of.get(signer)

    def is_quorum(self, weight: int) -> bool:
        """ENC-6: strictly above two thirds."""
        return 3 * weight > 2 * self.total_weight

    def __len__(self) -> int:
        return len(self.members)


def encode_committee(committee: Committee) -> bytes:
    """ENC-4 committee bytes."""
    members = (m.signer + m.weight.to_bytes(12, "big") for m in committee.members)
    return committee.total_weight.to_bytes(32, "big") + b"".join(members)


def decode_committee(epoch: Epoch, data: bytes, committee_hash: Hash32) -> Committee:
    """ENC-4 committee bytes to a `Committee`; the caller supplies their keccak.

    Raises `DecodeError` when the bytes are not 1 to 128 members with the stated total.
    """
    count, rest = divmod(len(data), 32)
    if rest or not 2 <= count <= MAX_MEMBERS + 1:
        raise DecodeError(
            f"committee bytes: {len(data)} bytes are not 2 to {MAX_MEMBERS + 1} words"
        )
    members = tuple(
        Member(Address(data[at : at + 20]), int.from_bytes(data[at + 20 : at + 32], "big"))
        for at in range(32, len(data), 32)
    )
    committee = Committee(epoch, members, committee_hash)
    stated = int.from_bytes(data[:32], "big")
    if committee.total_weight != stated or stated == 0:
        raise DecodeError(
            f"committee total weight {stated}, members sum to {committee.total_weight}"
        )
    if len({member.signer for member in members}) != len(members):
        raise DecodeError("committee names a signer twice")
    return committee
