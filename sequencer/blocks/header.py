"""The block header (ENC-8) and the genesis it all starts from (ENC-9)."""

from functools import cached_property
from typing import Annotated

import msgspec

from sequencer.blocks.held import HeldEntry, split_held
from sequencer.blocks.payload import held_entries
from sequencer.crypto import digests
from sequencer.crypto.hashing import address_word, keccak, word
from sequencer.errors import DecodeError
from sequencer.types import ZERO_HASH, Address, Epoch, Hash32, Height, View

U64 = msgspec.Meta(ge=0, le=2**63 - 1)
"""A u64 of L1; off L1 the upper half of its range is refused (msgspec compares as int64)."""
Bytes32 = msgspec.Meta(min_length=32, max_length=32)
Bytes20 = msgspec.Meta(min_length=20, max_length=20)

WireHash = Annotated[Hash32, Bytes32]
WireU64 = Annotated[int, U64]


class Header(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, dict=True):
    """Thirteen fields; `hash` is what votes are about."""

    epoch: Annotated[Epoch, U64]
    height: Annotated[Height, U64]
    view: Annotated[View, U64]
    timestamp_ms: WireU64
    parent_hash: WireHash
    payload_hash: WireHash
    payload_length: WireU64
    transaction_root: WireHash
    origin_number: WireU64
    origin_hash: WireHash
    origin_timestamp: WireU64
    """Seconds."""
    forced_count: WireU64
    proposer: Annotated[Address, Bytes20]

    @cached_property
    def hash(self) -> Hash32:
        return keccak(
            digests.BLOCK_HEADER,
            word(self.epoch),
            word(self.height),
            word(self.view),
            word(self.timestamp_ms),
            self.parent_hash,
            self.payload_hash,
            word(self.payload_length),
            self.transaction_root,
            word(self.origin_number),
            self.origin_hash,
            word(self.origin_timestamp),
            word(self.forced_count),
            address_word(self.proposer),
        )


def genesis(separator: Hash32) -> Header:
    """ENC-9: the block before the first. Nobody proposed it, so its hash is not computed from
    its fields: it is the deployment's domain separator."""
    header = Header(
        epoch=Epoch(0),
        height=Height(0),
        view=View(0),
        timestamp_ms=0,
        parent_hash=ZERO_HASH,
        payload_hash=ZERO_HASH,
        payload_length=0,
        transaction_root=ZERO_HASH,
        origin_number=0,
        origin_hash=ZERO_HASH,
        origin_timestamp=0,
        forced_count=0,
        proposer=Address(bytes(20)),
    )
    header.__dict__["hash"] = separator
    return header


class Block(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A header, the payload bytes it commits to, and the held segments these name (ENC-15)."""

    header: Header
    payload: bytes
    held: bytes = b""
    """One segment after another, in the order of the payload's table."""

    def is_whole(self) -> bool:
        """Whether the payload is the one the header commits to (ENC-8), and the held segments are
        those the payload names: the hash of a block says nothing about the bytes that came with
        it."""
        header = self.header
        if (
            len(self.payload) != header.payload_length
            or keccak(self.payload) != header.payload_hash
        ):
            return False
        try:
            self.held_segments()
        except DecodeError:
            return False
        return True

    def held_segments(self) -> tuple[tuple[HeldEntry, bytes], ...]:
        """Each held segment, as the payload names it, with its bytes. Raises `DecodeError` if they
        are not here, which they are if the block is whole."""
        entries = held_entries(self.payload)
        return tuple(zip(entries, split_held(entries, self.held), strict=True))

    @property
    def content_bytes(self) -> int:
        """The length of what goes with the header."""
        return len(self.payload) + len(self.held)
