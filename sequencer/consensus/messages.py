"""What members say to each other: votes, certificates, proposals, requests for blocks.

Every message is a frozen msgspec struct, encoded as a tagged MessagePack array. Decoding
checks shape and range only; signatures are checked by `verification.py`, justification by
`simplex.py`.
"""

from collections.abc import Iterator
from enum import IntEnum
from typing import Annotated

import msgspec

from sequencer.blocks.header import U64, Block, Bytes32, Header, WireHash, WireU64
from sequencer.crypto import digests
from sequencer.decoding import decoded
from sequencer.types import MAX_MEMBERS, ZERO_HASH, Epoch, Hash32, MemberIndex, View

MAX_NULLIFICATIONS = 64
"""In a proposal; of a longer run of nullified views the older ones go ahead of it."""
MAX_DESCENDANTS = 1024
"""Headers in a proof of finality."""
MAX_BLOCKS_IN_REPLY = 64
"""NET-6: blocks in one `Blocks` message."""


class VoteKind(IntEnum):
    NOTARIZE = 1
    NULLIFY = 2
    FINALIZE = 3


class Vote(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """ENC-2: one statement about one view; `block` is the zero word for Nullify."""

    kind: VoteKind
    epoch: Annotated[Epoch, U64]
    committee: WireHash
    view: Annotated[View, U64]
    block: WireHash = ZERO_HASH

    def struct_hash(self) -> Hash32:
        if self.kind is VoteKind.NOTARIZE:
            return digests.notarize(self.epoch, self.committee, self.view, self.block)
        if self.kind is VoteKind.FINALIZE:
            return digests.finalize(self.epoch, self.committee, self.view, self.block)
        return digests.nullify(self.epoch, self.committee, self.view)

    def __post_init__(self) -> None:
        if self.kind is VoteKind.NULLIFY and self.block != ZERO_HASH:
            raise ValueError("a Nullify vote names no block")


class SignedVote(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=1):
    """A vote, who cast it, and the ENC-3 signature: evidence by itself."""

    vote: Vote
    member: Annotated[MemberIndex, msgspec.Meta(ge=0, lt=MAX_MEMBERS)]
    signature: Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]


class Certificate(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=2):
    """ENC-7: a vote that a quorum signed."""

    vote: Vote
    signers: Annotated[bytes, Bytes32]
    """ENC-5 bitmap, big-endian."""
    signatures: Annotated[bytes, msgspec.Meta(max_length=64 * MAX_MEMBERS)]

    def members(self) -> Iterator[MemberIndex]:
        """The member indices of the bitmap, ascending."""
        return bitmap_members(int.from_bytes(self.signers, "big"))

    def signed_votes(self) -> Iterator[SignedVote]:
        """The certificate taken apart again: each signature is evidence of its own."""
        for position, member in enumerate(self.members()):
            yield SignedVote(self.vote, member, self.signatures[64 * position : 64 * position + 64])


class Proposal(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=3):
    """A block with what justifies it (docs/spec/consensus.md, Messages)."""

    block: Block
    parent_certificate: Certificate | None
    nullifications: Annotated[tuple[Certificate, ...], msgspec.Meta(max_length=MAX_NULLIFICATIONS)]
    notarize: SignedVote


class FinalityProof(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Why a block is final: a finalization of it or, through `descendants`, of a block above
    it. `descendants` are the headers above the block, ending with the certified one."""

    certificate: Certificate
    descendants: Annotated[tuple[Header, ...], msgspec.Meta(max_length=MAX_DESCENDANTS)] = ()


class BlockRequest(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=4):
    """Ask for up to `limit` blocks of the chain above `have_height`, up to `block`, or up to the
    peer's last final block when `block` is the zero word."""

    have_height: WireU64
    block: WireHash = ZERO_HASH
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_BLOCKS_IN_REPLY)] = MAX_BLOCKS_IN_REPLY


class Blocks(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, tag=5):
    """The answer: consecutive blocks, ascending, and why the last one is final; `proof` is
    None when the last one is the block that was asked for. No blocks: there is nothing to say, or
    not now (CATCHUP-6)."""

    blocks: Annotated[tuple[Block, ...], msgspec.Meta(max_length=MAX_BLOCKS_IN_REPLY)]
    proof: FinalityProof | None = None
    request: BlockRequest | None = None
    """What this answers."""
    tip: WireU64 = 0
    """The height of the sender's last final block."""


ConsensusMessage = SignedVote | Certificate | Proposal | BlockRequest | Blocks

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[ConsensusMessage] = msgspec.msgpack.Decoder(ConsensusMessage)


def encode_message(message: ConsensusMessage) -> bytes:
    return _encoder.encode(message)


def decode_message(data: bytes) -> ConsensusMessage:
    """Raises `DecodeError` for anything that is not exactly one well-formed message."""
    return decoded("consensus message", _decoder.decode, data)


def bitmap_members(bitmap: int) -> Iterator[MemberIndex]:
    while bitmap:
        lowest = bitmap & -bitmap
        yield MemberIndex(lowest.bit_length() - 1)
        bitmap ^= lowest


def make_certificate(votes: dict[MemberIndex, SignedVote]) -> Certificate:
    """ENC-5: signatures in ascending order of member index. All votes are of one statement."""
    members = sorted(votes)
    bitmap = sum(1 << member for member in members)
    return Certificate(
        vote=votes[members[0]].vote,
        signers=bitmap.to_bytes(32, "big"),
        signatures=b"".join(votes[member].signature for member in members),
    )
