"""`commit`'s calldata: what Solidity accepts is read, in whatever way it is written (DERIVE-1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.batches.attestations import Attestation, BatchCertificate
from sequencer.batches.batch import Batch
from sequencer.crypto.hashing import keccak, word
from sequencer.errors import DecodeError
from sequencer.l1.calldata import decode_commit, encode_commit
from sequencer.types import BatchIndex, Epoch, Height


def batch_of(data: bytes) -> Batch:
    return Batch(
        index=BatchIndex(3),
        parent_hash=keccak(b"p"),
        first_height=Height(4),
        last_height=Height(9),
        last_block_hash=keccak(b"l"),
        forced_count=2,
        data_hash=keccak(data),
        blobs_hash=keccak(b"blobs"),
        usage_hash=keccak(b"usage"),
    )


def certificate(signatures: bytes) -> BatchCertificate:
    attestation = Attestation(Epoch(5), keccak(b"c"), BatchIndex(3), keccak(b"b"))
    return BatchCertificate(attestation, (0b1011).to_bytes(32, "big"), signatures)


@given(st.binary(max_size=100), st.binary(max_size=200))
def test_decode__what_was_encoded(data: bytes, signatures: bytes) -> None:
    call = decode_commit(encode_commit(batch_of(data), certificate(signatures), data))
    assert (call.batch, call.epoch, call.signers) == (batch_of(data), 5, 0b1011)
    assert (call.signatures, call.data) == (signatures, data)


class TestSoliditysReading:
    """S1."""

    DATA = b"\x01" + b"d" * 40
    PLAIN = encode_commit(batch_of(DATA), certificate(b"s" * 64), DATA)
    HEAD, TAIL = PLAIN[:-160], PLAIN[-160:]

    def test_trailing_bytes__are_ignored(self) -> None:
        assert decode_commit(self.PLAIN + b"junk").data == self.DATA

    def test_padding_that_is_missing_or_dirty__is_ignored(self) -> None:
        padding = -len(self.DATA) % 32
        assert decode_commit(self.PLAIN[:-padding]).data == self.DATA
        assert decode_commit(self.PLAIN[:-padding] + b"\xff" * padding).data == self.DATA

    def test_arguments_in_another_place__are_found(self) -> None:
        """Data before signatures, with a hole in front of both."""
        head = self.PLAIN[4 : 4 + 11 * 32]
        data = word(len(self.DATA)) + self.DATA
        signatures = word(64) + b"s" * 64
        at = 13 * 32 + 7
        moved = word(at + len(data)) + word(at) + b"\xee" * 7 + data + signatures
        call = decode_commit(self.PLAIN[:4] + head + moved)
        assert (call.data, call.signatures) == (self.DATA, b"s" * 64)

    def test_overlapping_arguments__are_read(self) -> None:
        data = word(0) + b""
        head = bytearray(encode_commit(batch_of(b""), certificate(b""), b""))
        overlapping = bytes(head[: 4 + 11 * 32]) + word(13 * 32) + word(13 * 32) + data
        assert decode_commit(overlapping).data == b""


@pytest.mark.parametrize(
    "calldata",
    [
        b"",
        b"\x00" * 400,
        TestSoliditysReading.PLAIN[:300],
        TestSoliditysReading.PLAIN[:-30],
        TestSoliditysReading.PLAIN[:4] + b"\xff" * (13 * 32),  # index beyond 64 bits
        TestSoliditysReading.PLAIN[: 4 + 12 * 32] + b"\xff" * 32,  # offset beyond the end
        TestSoliditysReading.PLAIN.replace(b"d" * 40, b"e" * 40),  # not what was signed
    ],
)
def test_decode__what_the_contract_reverts_on__is_refused(calldata: bytes) -> None:
    with pytest.raises(DecodeError):
        decode_commit(calldata)


@given(st.binary(max_size=600))
def test_decode__any_bytes__only_ever_raises_decode_error(noise: bytes) -> None:
    with pytest.raises(DecodeError):
        decode_commit(TestSoliditysReading.PLAIN[:4] + noise)
