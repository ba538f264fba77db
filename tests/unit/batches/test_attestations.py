"""The pool of attestations: quorum (ENC-6), conflicts (SLASH-1), bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.batches.attestations import (
    Attestation,
    AttestationPool,
    BatchCertificate,
    SignedAttestation,
    attest,
    check_attestation,
    check_certificate,
    decode_attestation,
    decode_certificate,
    encode_attestation,
    encode_certificate,
)
from sequencer.crypto.hashing import keccak
from sequencer.errors import DecodeError, PeerFault
from sequencer.types import BatchIndex, Committee, Epoch, MemberIndex
from tests.unit.batches.builders import SEPARATOR, committee_of, signers

SIGNERS = signers(4)
COMMITTEE = committee_of(3, SIGNERS)
LATER = committee_of(4, SIGNERS[::-1])
GOOD, BAD = keccak(b"good"), keccak(b"bad")
ONE = BatchIndex(1)


def signed(
    number: int, content: bytes = GOOD, index: int = 1, committee: Committee = COMMITTEE
) -> SignedAttestation:
    return attest(BatchIndex(index), content, committee, SIGNERS[number], SEPARATOR)  # type: ignore[arg-type]


def pool_of(*attestations: SignedAttestation, **bounds: int) -> AttestationPool:
    pool = AttestationPool(SEPARATOR, **bounds)  # type: ignore[arg-type]
    for attestation in attestations:
        assert pool.add(attestation, COMMITTEE) is None
    return pool


class TestQuorum:
    def test_certificate__two_thirds_exactly__none(self) -> None:
        committee = committee_of(3, SIGNERS[:3], [2, 1, 1])
        pool = AttestationPool(SEPARATOR)
        assert committee.total_weight == 4
        thirds = committee_of(3, SIGNERS[:3])
        for number in range(2):
            pool.add(attest(ONE, GOOD, thirds, SIGNERS[number], SEPARATOR), thirds)
        assert pool.certificate(ONE, GOOD, thirds) is None

    def test_certificate__more_than_two_thirds__names_the_signers_in_order(self) -> None:
        pool = pool_of(signed(3), signed(0), signed(2))
        certificate = pool.certificate(ONE, GOOD, COMMITTEE)
        assert certificate is not None
        assert int.from_bytes(certificate.signers, "big") == 0b1101
        assert certificate.signatures == b"".join(signed(n).signature for n in (0, 2, 3))
        check_certificate(certificate, COMMITTEE, SEPARATOR)

    def test_certificate__weights_count_not_heads(self) -> None:
        committee = committee_of(3, SIGNERS, [100, 1, 1, 1])
        pool = AttestationPool(SEPARATOR)
        for number in (1, 2, 3):
            pool.add(attest(ONE, GOOD, committee, SIGNERS[number], SEPARATOR), committee)
        assert pool.certificate(ONE, GOOD, committee) is None
        pool.add(attest(ONE, GOOD, committee, SIGNERS[0], SEPARATOR), committee)
        assert pool.certificate(ONE, GOOD, committee) is not None

    def test_certificate__other_content_than_asked__does_not_count(self) -> None:
        pool = pool_of(signed(0), signed(1), signed(2, BAD), signed(3, BAD))
        assert pool.certificate(ONE, GOOD, COMMITTEE) is None
        assert pool.certificate(ONE, BAD, COMMITTEE) is None

    def test_certificate__epochs_are_not_mixed(self) -> None:
        pool = pool_of(signed(0), signed(1))
        for number in (2, 3):
            pool.add(signed(number, committee=LATER), LATER)
        assert pool.certificate(ONE, GOOD, COMMITTEE) is None
        assert pool.certificate(ONE, GOOD, LATER) is None

    def test_certificate__same_content_again_in_a_later_epoch__quorum_there(self) -> None:
        """BATCH-4."""
        pool = pool_of(*(signed(n) for n in range(4)))
        for number in range(3):
            assert pool.add(signed(number, committee=LATER), LATER) is None
        certificate = pool.certificate(ONE, GOOD, LATER)
        assert certificate is not None
        check_certificate(certificate, LATER, SEPARATOR)


class TestConflicts:
    def test_add__second_content__is_handed_on_once_and_the_first_counts(self) -> None:
        pool = pool_of(signed(0), signed(1), signed(2))
        conflict = pool.add(signed(2, BAD), COMMITTEE)
        assert conflict is not None
        assert (conflict.first, conflict.second) == (signed(2), signed(2, BAD))
        assert pool.add(signed(2, keccak(b"worse")), COMMITTEE) is None
        assert pool.certificate(ONE, GOOD, COMMITTEE) is not None
        assert len(pool) == 3

    def test_add__second_content_in_another_epoch__is_a_conflict(self) -> None:
        """SLASH-1: whatever their epochs, and whatever the member index in each."""
        pool = pool_of(signed(0))
        conflict = pool.add(signed(0, BAD, committee=LATER), LATER)
        assert conflict is not None
        assert conflict.first.member != conflict.second.member
        for side, committee in ((conflict.first, COMMITTEE), (conflict.second, LATER)):
            assert check_attestation(side, committee, SEPARATOR) == SIGNERS[0].address

    def test_add__other_index__is_none(self) -> None:
        pool = pool_of(signed(0, GOOD, 1), signed(0, BAD, 2))
        assert len(pool) == 2

    def test_add__the_same_twice__counts_once(self) -> None:
        pool = pool_of(signed(0), signed(0))
        assert len(pool) == 1


class TestFaults:
    def test_add__signature_of_another_member__is_refused(self) -> None:
        stolen = SignedAttestation(signed(0).attestation, MemberIndex(1), signed(0).signature)
        with pytest.raises(PeerFault, match="member 1"):
            AttestationPool(SEPARATOR).add(stolen, COMMITTEE)

    def test_add__member_beyond_the_committee__is_refused(self) -> None:
        beyond = SignedAttestation(signed(0).attestation, MemberIndex(4), signed(0).signature)
        with pytest.raises(PeerFault, match="committee of 4"):
            AttestationPool(SEPARATOR).add(beyond, COMMITTEE)

    def test_add__attestation_of_another_committee__is_refused(self) -> None:
        with pytest.raises(PeerFault, match="expected epoch 4"):
            AttestationPool(SEPARATOR).add(signed(0), LATER)

    def test_add__signed_for_another_deployment__is_refused(self) -> None:
        with pytest.raises(PeerFault):
            AttestationPool(keccak(b"elsewhere")).add(signed(0), COMMITTEE)

    def test_attest__without_a_seat__is_refused(self) -> None:
        with pytest.raises(PeerFault, match="no seat"):
            attest(ONE, GOOD, COMMITTEE, signers(1, b"stranger")[0], SEPARATOR)

    @pytest.mark.parametrize("bits", [0b0011, 0b1011, 0b1_0111])
    def test_check_certificate__bitmap_that_does_not_match__is_refused(self, bits: int) -> None:
        whole = pool_of(*(signed(n) for n in range(4))).certificate(ONE, GOOD, COMMITTEE)
        assert whole is not None
        forged = BatchCertificate(whole.attestation, bits.to_bytes(32, "big"), whole.signatures)
        with pytest.raises(PeerFault):
            check_certificate(forged, COMMITTEE, SEPARATOR)

    def test_check_certificate__below_quorum__is_refused(self) -> None:
        forged = BatchCertificate(
            signed(0).attestation,
            (0b11).to_bytes(32, "big"),
            signed(0).signature + signed(1).signature,
        )
        with pytest.raises(PeerFault, match="quorum"):
            check_certificate(forged, COMMITTEE, SEPARATOR)

    def test_check_certificate__one_signature_for_two_members__is_refused(self) -> None:
        """P2, P3: a copied signature forges no quorum."""
        forged = BatchCertificate(
            signed(0).attestation, (0b111).to_bytes(32, "big"), signed(0).signature * 3
        )
        with pytest.raises(PeerFault, match="member 1"):
            check_certificate(forged, COMMITTEE, SEPARATOR)


class TestBounds:
    def test_p36_add__index_beyond_the_capacity__is_ignored(self) -> None:
        pool = AttestationPool(SEPARATOR, capacity=2)
        for index in (1, 2, 3, 2**64 - 1):
            pool.add(signed(0, GOOD, index), COMMITTEE)
        assert len(pool) == 2

    def test_settle__forgets_and_moves_the_bound(self) -> None:
        pool = pool_of(signed(0, GOOD, 1), signed(0, GOOD, 2), capacity=2)
        pool.settle(ONE, ONE)
        assert pool.add(signed(1, GOOD, 1), COMMITTEE) is None
        assert pool.attestations(ONE, Epoch(3)) == ()
        pool.add(signed(0, GOOD, 3), COMMITTEE)
        assert len(pool) == 2

    def test_settle__backwards__changes_nothing(self) -> None:
        pool = AttestationPool(SEPARATOR)
        pool.settle(BatchIndex(5), BatchIndex(5))
        pool.settle(ONE, ONE)
        pool.add(signed(0, GOOD, 4), COMMITTEE)
        assert len(pool) == 0

    def test_settle__committed_above_the_final__moves_the_bound_too(self) -> None:
        """However many L1 takes before the first of them is final."""
        pool = pool_of(signed(0, GOOD, 1), signed(0, GOOD, 2), capacity=2)
        pool.settle(BatchIndex(0), BatchIndex(2))
        for index in (3, 4, 5):
            pool.add(signed(0, GOOD, index), COMMITTEE)
        assert len(pool) == 4
        pool.settle(BatchIndex(0), BatchIndex(1))  # a reorg
        pool.add(signed(1, GOOD, 4), COMMITTEE)
        assert len(pool) == 4

    def test_p36_add__more_epochs_than_kept__the_oldest_goes(self) -> None:
        pool = AttestationPool(SEPARATOR, epochs_kept=2)
        for epoch in (5, 3, 4):
            committee = committee_of(epoch, SIGNERS)
            pool.add(signed(0, committee=committee), committee)
        kept = [epoch for epoch in (3, 4, 5) if pool.attestations(ONE, Epoch(epoch))]
        assert kept == [4, 5]
        assert pool.add(signed(0, BAD), COMMITTEE) is not None


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.booleans()), max_size=24))
def test_pool__any_order__agrees_with_a_plain_tally(
    moves: list[tuple[int, bool, bool]],
) -> None:
    """First content of a signer counts for ever, in each epoch in which it was said."""
    pool = AttestationPool(SEPARATOR)
    first: dict[int, bytes] = {}
    said: set[tuple[int, int]] = set()
    for number, is_good, is_later in moves:
        content, committee = (GOOD if is_good else BAD), (LATER if is_later else COMMITTEE)
        pool.add(signed(number, content, committee=committee), committee)
        if first.setdefault(number, content) == content:
            said.add((committee.epoch, number))
    for committee in (COMMITTEE, LATER):
        for content in (GOOD, BAD):
            count = sum(first[n] == content for epoch, n in said if epoch == committee.epoch)
            assert (pool.certificate(ONE, content, committee) is not None) == (count >= 3)  # type: ignore[arg-type]


class TestWire:
    def test_attestation__round_trip(self) -> None:
        assert decode_attestation(encode_attestation(signed(2))) == signed(2)
        assert len(encode_attestation(signed(2))) < 160

    def test_certificate__round_trip(self) -> None:
        certificate = pool_of(*(signed(n) for n in range(4))).certificate(ONE, GOOD, COMMITTEE)
        assert certificate is not None
        assert decode_certificate(encode_certificate(certificate)) == certificate

    @given(st.binary(max_size=200))
    def test_decode__any_bytes__raises_decode_error(self, noise: bytes) -> None:
        for decode in (decode_attestation, decode_certificate):
            with pytest.raises(DecodeError):
                decode(noise)

    def test_decode__values_out_of_range__are_refused(self) -> None:
        good = signed(0)
        shapes = [
            SignedAttestation(good.attestation, MemberIndex(128), good.signature),
            SignedAttestation(good.attestation, MemberIndex(0), good.signature + b"\0"),
            SignedAttestation(
                Attestation(Epoch(3), GOOD, BatchIndex(1), b"\0" * 31),  # type: ignore[arg-type]
                MemberIndex(0),
                good.signature,
            ),
        ]
        for shape in shapes:
            with pytest.raises(DecodeError):
                decode_attestation(encode_attestation(shape))
