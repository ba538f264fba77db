"""Messages on the wire.

encode, decode
├── every message comes back as it was
├── any bytes: a message or `DecodeError`, nothing else
├── more or fewer bytes or fields, a Nullify that names a block, sizes out of range: refused
└── encodings are pinned by hash: a change breaks the network between two versions
certificates
├── bitmap to members and back, ascending
└── signatures in order of member
"""

from hashlib import sha256

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.blocks.header import Block, Header
from sequencer.consensus.messages import (
    MAX_BLOCKS_IN_REPLY,
    MAX_NULLIFICATIONS,
    BlockRequest,
    Blocks,
    Certificate,
    ConsensusMessage,
    FinalityProof,
    Proposal,
    SignedVote,
    Vote,
    VoteKind,
    bitmap_members,
    decode_message,
    encode_message,
    make_certificate,
)
from sequencer.errors import DecodeError
from sequencer.types import (
    MAX_MEMBERS,
    ZERO_HASH,
    Address,
    Epoch,
    Hash32,
    Height,
    MemberIndex,
    View,
)
from tests.unit.consensus.builders import (
    FINALIZE,
    NOTARIZE,
    NULLIFY,
    block,
    certificate,
    proposal,
    signed,
)

U64S = st.integers(0, 2**63 - 1)
HASHES = st.binary(min_size=32, max_size=32)
HEADERS = st.builds(
    Header,
    epoch=U64S.map(Epoch),
    height=U64S.map(Height),
    view=U64S.map(View),
    timestamp_ms=U64S,
    parent_hash=HASHES.map(Hash32),
    payload_hash=HASHES.map(Hash32),
    payload_length=U64S,
    transaction_root=HASHES.map(Hash32),
    origin_number=U64S,
    origin_hash=HASHES.map(Hash32),
    origin_timestamp=U64S,
    forced_count=U64S,
    proposer=st.binary(min_size=20, max_size=20).map(Address),
)
BLOCKS = st.builds(
    Block, header=HEADERS, payload=st.binary(max_size=64), held=st.binary(max_size=64)
)
VOTES = st.builds(
    lambda kind, epoch, committee, view, name: Vote(
        kind, Epoch(epoch), Hash32(committee), View(view), Hash32(name)
    ),
    st.sampled_from([NOTARIZE, FINALIZE]),
    U64S,
    HASHES,
    U64S,
    HASHES,
) | st.builds(
    lambda epoch, committee, view: Vote(NULLIFY, Epoch(epoch), Hash32(committee), View(view)),
    U64S,
    HASHES,
    U64S,
)
SIGNED = st.builds(
    SignedVote,
    vote=VOTES,
    member=st.integers(0, MAX_MEMBERS - 1).map(MemberIndex),
    signature=st.binary(min_size=64, max_size=64),
)
CERTIFICATES = st.builds(
    Certificate,
    vote=VOTES,
    signers=HASHES,
    signatures=st.binary(max_size=64 * 4),
)
PROOFS = st.builds(
    FinalityProof,
    certificate=CERTIFICATES,
    descendants=st.lists(HEADERS, max_size=2).map(tuple),
)
MESSAGES: st.SearchStrategy[ConsensusMessage] = st.one_of(
    SIGNED,
    CERTIFICATES,
    st.builds(
        Proposal,
        block=BLOCKS,
        parent_certificate=st.none() | CERTIFICATES,
        nullifications=st.lists(CERTIFICATES, max_size=2).map(tuple),
        notarize=SIGNED,
    ),
    st.builds(BlockRequest, have_height=U64S, block=HASHES.map(Hash32)),
    st.builds(Blocks, blocks=st.lists(BLOCKS, max_size=2).map(tuple), proof=st.none() | PROOFS),
)


@given(MESSAGES)
def test_round_trip(message: ConsensusMessage) -> None:
    assert decode_message(encode_message(message)) == message


@given(st.binary(max_size=300))
def test_decode__any_bytes__message_or_decode_error(data: bytes) -> None:
    try:
        message = decode_message(data)
    except DecodeError:
        return
    assert encode_message(message)


@given(MESSAGES, st.data())
def test_decode__damaged_message__message_or_decode_error(
    message: ConsensusMessage, data: st.DataObject
) -> None:
    """Bytes near a real message get further into the decoder than random ones."""
    encoded = bytearray(encode_message(message))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(encoded) - 1))
        encoded[at] = data.draw(st.integers(0, 255))
    try:
        decode_message(bytes(encoded))
    except DecodeError:
        return


@given(MESSAGES, st.binary(min_size=1, max_size=3))
def test_decode__bytes_after_the_message__refused(message: ConsensusMessage, more: bytes) -> None:
    with pytest.raises(DecodeError):
        decode_message(encode_message(message) + more)


@given(MESSAGES, st.data())
def test_decode__cut_off__refused(message: ConsensusMessage, data: st.DataObject) -> None:
    encoded = encode_message(message)
    with pytest.raises(DecodeError):
        decode_message(encoded[: data.draw(st.integers(0, len(encoded) - 1))])


def test_decode__a_field_too_many__refused() -> None:
    fields = msgspec.msgpack.decode(encode_message(signed(0, NULLIFY, 1)))
    with pytest.raises(DecodeError):
        decode_message(msgspec.msgpack.encode([*fields, 1]))


ONE = signed(0, NOTARIZE, 1, block(1))
OUT_OF_RANGE = {
    "kind": [1, [4, 1, bytes(32), 1, bytes(32)], 0, bytes(64)],
    "nullify with a block": [1, [2, 1, bytes(32), 1, b"x" * 32], 0, bytes(64)],
    "view below zero": [1, [1, 1, bytes(32), -1, bytes(32)], 0, bytes(64)],
    "view above i64": [1, [1, 1, bytes(32), 2**63, bytes(32)], 0, bytes(64)],
    "short hash": [1, [1, 1, bytes(31), 1, bytes(32)], 0, bytes(64)],
    "member 128": [1, [1, 1, bytes(32), 1, bytes(32)], 128, bytes(64)],
    "signature of 65": [1, [1, 1, bytes(32), 1, bytes(32)], 0, bytes(65)],
    "bitmap of 31": [2, [1, 1, bytes(32), 1, bytes(32)], bytes(31), b""],
    "too many signatures": [2, [1, 1, bytes(32), 1, bytes(32)], bytes(32), bytes(64 * 129)],
    "unknown tag": [9, 1, bytes(32)],
}


@pytest.mark.parametrize("fields", OUT_OF_RANGE.values(), ids=OUT_OF_RANGE.keys())
def test_decode__out_of_range__refused(fields: list[object]) -> None:
    with pytest.raises(DecodeError):
        decode_message(msgspec.msgpack.encode(fields))


def test_decode__too_many_parts__refused() -> None:
    one = block(1)
    many = Blocks((one,) * (MAX_BLOCKS_IN_REPLY + 1))
    heavy = Proposal(one, None, (certificate(NULLIFY, 1),) * (MAX_NULLIFICATIONS + 1), ONE)
    for message in (many, heavy):
        with pytest.raises(DecodeError):
            decode_message(encode_message(message))


def test_largest_proposal__fits_a_frame() -> None:
    """NET-3: 128 members, 64 nullifications, a payload of 1 MiB, in 4 MiB."""
    heavy = Certificate(ONE.vote, b"\xff" * 32, bytes(64 * MAX_MEMBERS))
    largest = Proposal(
        Block(block(1).header, bytes(1 << 20)), heavy, (heavy,) * MAX_NULLIFICATIONS, ONE
    )
    assert len(encode_message(largest)) < (4 << 20) // 2


PINNED = {
    "signed vote": (ONE, "e37a536b0f0df804"),
    "nullify": (signed(3, NULLIFY, 7), "1be32663c82bd87e"),
    "certificate": (certificate(FINALIZE, 1, block(1)), "d8c8e5e931c1aa03"),
    "proposal": (proposal(block(2), None, (1,)), "1a57dd24ec75f69c"),
    "request": (BlockRequest(Height(7), ZERO_HASH), "4866694d8fc47a77"),
    "blocks": (
        Blocks(
            (block(1),),
            FinalityProof(certificate(FINALIZE, 1, block(1))),
            BlockRequest(Height(0), ZERO_HASH, 3),
            tip=9,
        ),
        "2b93a2fa0f16f907",
    ),
}


@pytest.mark.parametrize("name", PINNED)
def test_encoding__pinned(name: str) -> None:
    message, expected = PINNED[name]
    assert sha256(encode_message(message)).hexdigest()[:16] == expected


@given(st.sets(st.integers(0, 255)))
def test_bitmap_members__ascending(members: set[int]) -> None:
    assert list(bitmap_members(sum(1 << m for m in members))) == sorted(members)


@given(st.permutations([0, 1, 2, 3]).map(lambda p: p[:3]))
def test_certificate__apart_and_together(members: list[int]) -> None:
    made = certificate(NOTARIZE, 1, block(1), members)
    apart = list(made.signed_votes())
    assert [each.member for each in apart] == sorted(members) == list(made.members())
    assert apart == [signed(m, NOTARIZE, 1, block(1)) for m in sorted(members)]
    assert make_certificate({each.member: each for each in apart}) == made


def test_vote__nullify_of_a_block__refused() -> None:
    with pytest.raises(ValueError, match="names no block"):
        Vote(VoteKind.NULLIFY, Epoch(1), ZERO_HASH, View(1), Hash32(b"x" * 32))


def test_vote__struct_hash__by_kind() -> None:
    one = ONE.vote
    kinds = [msgspec.structs.replace(one, kind=kind).struct_hash() for kind in (NOTARIZE, FINALIZE)]
    nullify = Vote(NULLIFY, one.epoch, one.committee, one.view).struct_hash()
    assert len({*kinds, nullify}) == 3
