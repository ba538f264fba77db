"""Signatures and quorums at the edge, with real keys.

check_vote
├── signed by the member it names, under this domain, epoch and committee: fine
├── by another member, by nobody's key, or no seat with that index: refused (P7)
├── the same bytes under another chain, contract, epoch, committee, kind, view or block:
│   refused (P5)
└── the other s, or another parity or length: refused (P1)
check_certificate
├── exactly two thirds of the weight: refused; above: fine (P4)
├── weights, not heads, count
├── a signature twice, adjacent or not: refused (P2, P3)
├── a malleated copy in another place: refused (P2)
├── a signer outside the committee, or in another's place: refused
├── a bit at or above N: refused (ENC-5)
└── more or fewer signatures than bits: refused
check_finalization: any other kind refused
"""

from collections.abc import Sequence

import msgspec
import pytest

from sequencer.consensus.messages import Certificate, SignedVote, Vote, VoteKind
from sequencer.consensus.verification import Verifier
from sequencer.crypto.digests import Domain
from sequencer.crypto.hashing import keccak
from sequencer.crypto.signatures import CURVE_ORDER, Signer
from sequencer.errors import PeerFault
from sequencer.types import Address, Committee, Epoch, Hash32, Member, MemberIndex, View

SEPARATOR = Domain(1, Address(b"r" * 20)).separator()
SIGNERS = [Signer(keccak(b"key", bytes([i]))) for i in range(5)]
NAME = Hash32(b"b" * 32)


def committee_of(*weights: int, epoch: int = 3) -> Committee:
    members = tuple(Member(SIGNERS[i].address, weight) for i, weight in enumerate(weights))
    return Committee(Epoch(epoch), members, keccak(repr(weights).encode()))


COMMITTEE = committee_of(1, 1, 1, 1)
VERIFIER = Verifier(SEPARATOR, COMMITTEE)


def vote_in(committee: Committee, kind: VoteKind = VoteKind.NOTARIZE) -> Vote:
    return Vote(kind, committee.epoch, committee.hash, View(7), NAME)


VOTE = vote_in(COMMITTEE)


def sign(signer: int, vote: Vote = VOTE) -> bytes:
    return SIGNERS[signer].sign(VERIFIER.digest(vote))


def signed(member: int, vote: Vote = VOTE) -> SignedVote:
    return SignedVote(vote, MemberIndex(member), sign(member, vote))


def certificate(
    members: Sequence[int], signatures: Sequence[bytes] | None = None, vote: Vote = VOTE
) -> Certificate:
    bitmap = sum(1 << member for member in set(members))
    pieces = [sign(member, vote) for member in members] if signatures is None else signatures
    return Certificate(vote, bitmap.to_bytes(32, "big"), b"".join(pieces))


def malleated(signature: bytes) -> bytes:
    """The other signature of the same key over the same digest: `n - s`, parity flipped."""
    packed = int.from_bytes(signature[32:], "big")
    s, parity = packed & ((1 << 255) - 1), packed >> 255
    return signature[:32] + (((CURVE_ORDER - s) % (1 << 255)) | ((1 - parity) << 255)).to_bytes(
        32, "big"
    )


def refuse_vote(vote: SignedVote) -> None:
    with pytest.raises(PeerFault):
        VERIFIER.check_vote(vote)


def refuse(candidate: Certificate, verifier: Verifier = VERIFIER) -> None:
    with pytest.raises(PeerFault):
        verifier.check_certificate(candidate)


def test_vote__of_the_named_member__fine() -> None:
    for member in range(4):
        VERIFIER.check_vote(signed(member))


def test_vote__of_another_member__refused() -> None:
    refuse_vote(SignedVote(VOTE, MemberIndex(1), sign(0)))


def test_vote__of_no_member__refused() -> None:
    refuse_vote(SignedVote(VOTE, MemberIndex(0), sign(4)))
    refuse_vote(SignedVote(VOTE, MemberIndex(4), sign(4)))
    refuse_vote(SignedVote(VOTE, MemberIndex(127), sign(0)))


@pytest.mark.parametrize(
    "change",
    [
        {"epoch": Epoch(4)},
        {"committee": Hash32(b"x" * 32)},
        {"view": View(8)},
        {"block": Hash32(b"c" * 32)},
        {"kind": VoteKind.FINALIZE},
    ],
    ids=["epoch", "committee", "view", "block", "kind"],
)
def test_vote__signature_of_another_statement__refused(change: dict[str, object]) -> None:
    other: Vote = msgspec.structs.replace(VOTE, **change)
    refuse_vote(SignedVote(VOTE, MemberIndex(0), sign(0, other)))
    refuse_vote(SignedVote(other, MemberIndex(0), sign(0)))


@pytest.mark.parametrize(
    "change", [{"epoch": Epoch(4)}, {"committee": Hash32(b"x" * 32)}], ids=["epoch", "committee"]
)
def test_vote__truly_signed_for_another_instance__refused(change: dict[str, object]) -> None:
    refuse_vote(signed(0, msgspec.structs.replace(VOTE, **change)))


@pytest.mark.parametrize(
    "domain", [Domain(2, Address(b"r" * 20)), Domain(1, Address(b"s" * 20))], ids=["chain", "bonds"]
)
def test_vote__under_another_domain__refused(domain: Domain) -> None:
    elsewhere = Verifier(domain.separator(), COMMITTEE)
    with pytest.raises(PeerFault):
        elsewhere.check_vote(signed(0))


def test_vote__malleated_signature__refused() -> None:
    signature = sign(0)
    refuse_vote(SignedVote(VOTE, MemberIndex(0), malleated(signature)))
    flipped = signature[:32] + bytes([signature[32] ^ 0x80]) + signature[33:]
    refuse_vote(SignedVote(VOTE, MemberIndex(0), flipped))
    for length in (0, 63, 65):
        refuse_vote(SignedVote(VOTE, MemberIndex(0), signature.ljust(65, b"\0")[:length]))
    refuse_vote(SignedVote(VOTE, MemberIndex(0), bytes(64)))


def test_certificate__heads__above_two_thirds() -> None:
    VERIFIER.check_certificate(certificate([0, 1, 2]))
    VERIFIER.check_certificate(certificate([0, 1, 2, 3]))
    refuse(certificate([0, 1]))
    refuse(certificate([], []))


@pytest.mark.parametrize(
    ("weights", "members", "is_quorum"),
    [
        ((1, 1, 1), (0, 1), False),  # exactly two thirds
        ((1, 1, 1), (0, 1, 2), True),
        ((4, 3, 2), (0, 2), False),  # 6 of 9
        ((4, 3, 2), (0, 1), True),  # 7 of 9
        ((5, 3, 1), (0, 2), False),
        ((2 * 10**24, 10**24, 0), (0,), False),
        ((2 * 10**24, 10**24 - 1, 0), (0,), True),
        ((2 * 10**24 + 1, 10**24, 0), (0,), True),
    ],
)
def test_certificate__weight__strictly_above_two_thirds(
    weights: tuple[int, ...], members: tuple[int, ...], is_quorum: bool
) -> None:
    committee = committee_of(*weights)
    verifier = Verifier(SEPARATOR, committee)
    made = certificate(members, vote=vote_in(committee))
    if is_quorum:
        verifier.check_certificate(made)
    else:
        refuse(made, verifier)


@pytest.mark.parametrize("order", [(0, 0, 1), (0, 1, 0), (1, 0, 1)])
def test_certificate__signature_repeated__refused(order: tuple[int, ...]) -> None:
    """Three bits, three signatures, two signers."""
    refuse(certificate([0, 1, 2], [sign(member) for member in order]))


def test_certificate__malleated_copy_in_another_place__refused() -> None:
    first = sign(0)
    refuse(certificate([0, 1, 2], [first, sign(1), malleated(first)]))


def test_certificate__not_ascending__refused() -> None:
    refuse(certificate([0, 1, 2], [sign(1), sign(0), sign(2)]))


def test_certificate__foreign_signer__refused() -> None:
    refuse(certificate([0, 1, 2], [sign(0), sign(1), sign(4)]))


@pytest.mark.parametrize("bit", [4, 5, 127, 128, 255])
def test_certificate__bit_out_of_range__refused(bit: int) -> None:
    refuse(certificate([0, 1, 2, bit], [sign(0), sign(1), sign(2), sign(4)]))


def test_certificate__signatures_and_bits_differ__refused() -> None:
    good = certificate([0, 1, 2])
    refuse(msgspec.structs.replace(good, signatures=good.signatures[:-64]))
    refuse(msgspec.structs.replace(good, signatures=good.signatures[:-1]))
    refuse(msgspec.structs.replace(good, signatures=good.signatures + sign(3)))


def test_certificate__of_another_committee__refused() -> None:
    """P5, P6: the same members in another epoch are another committee."""
    other = committee_of(1, 1, 1, 1, epoch=4)
    refuse(certificate([0, 1, 2], vote=vote_in(other)))
    renamed = msgspec.structs.replace(VOTE, committee=Hash32(b"x" * 32))
    refuse(certificate([0, 1, 2], vote=renamed))


def test_finalization__of_another_kind__refused() -> None:
    VERIFIER.check_finalization(certificate([0, 1, 2], vote=vote_in(COMMITTEE, VoteKind.FINALIZE)))
    with pytest.raises(PeerFault):
        VERIFIER.check_finalization(certificate([0, 1, 2]))
