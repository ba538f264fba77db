"""Messages between nodes: what is sent comes back, anything else is a DecodeError (NET-3)."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.batches.attestations import Attestation, SignedAttestation
from sequencer.consensus.messages import BlockRequest
from sequencer.errors import DecodeError
from sequencer.node.wire import (
    GossipedTransaction,
    Message,
    decode,
    encode_consensus,
    encode_signed_attestation,
    encode_transactions,
)
from sequencer.types import BatchIndex, Epoch, Hash32, MemberIndex, RollupId

ATTESTATION = SignedAttestation(
    Attestation(Epoch(1), Hash32(b"c" * 32), BatchIndex(2), Hash32(b"b" * 32)),
    MemberIndex(3),
    bytes(64),
)
TRANSACTIONS = (GossipedTransaction(RollupId(1), b"raw"),)
ENCODED: list[tuple[bytes, Message]] = [
    (encode_consensus(BlockRequest(7)), BlockRequest(7)),
    (encode_transactions(TRANSACTIONS), TRANSACTIONS),
    (encode_signed_attestation(ATTESTATION), ATTESTATION),
]


@pytest.mark.parametrize(("data", "message"), ENCODED)
def test_decode__what_was_encoded__comes_back(data: bytes, message: Message) -> None:
    assert decode(data) == message


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x09abc", b"\x01", b"\x02\x90", b"\x03\xc0"])
def test_decode__no_message__is_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        decode(data)


@pytest.mark.parametrize(("data", "_message"), ENCODED)
def test_decode__with_bytes_after_it__is_refused(data: bytes, _message: Message) -> None:
    with pytest.raises(DecodeError):
        decode(data + b"\x00")


def nested(depth: int) -> bytes:
    """A MessagePack list in a list."""
    return b"\x91" * depth + b"\x90"


@pytest.mark.parametrize(
    "data",
    [
        b"\x02\x91\x94\x01\xc4\x03raw\xc4\x00" + nested(1_100),
        *(data[:1] + bytes([data[1] + 1]) + data[2:] + nested(1_100) for data, _ in ENCODED),
        *(kind + nested(5_000) for kind in (b"\x01", b"\x02", b"\x03", b"\x04")),
        *(kind + b"\x9f" + nested(5_000) * 15 for kind in (b"\x01", b"\x03", b"\x04")),
    ],
)
def test_decode__lists_within_lists__are_refused(data: bytes) -> None:
    """NET-3: else a peer's one message would stop the node."""
    with pytest.raises(DecodeError):
        decode(data)


@given(st.binary(max_size=200), st.sampled_from(ENCODED), st.integers(0, 500))
def test_decode__hostile_bytes__raise_nothing_else(
    noise: bytes, encoded: tuple[bytes, Message], at: int
) -> None:
    data = encoded[0]
    at %= len(data)
    for hostile in (noise, data[:at] + noise, data[:at] + noise + data[at + 1 :]):
        with contextlib.suppress(DecodeError):
            decode(hostile)
