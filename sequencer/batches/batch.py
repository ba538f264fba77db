"""The batch (ENC-12): what the committee attests and L1 keeps the hash of."""

from functools import cached_property
from typing import Annotated

import msgspec

from sequencer.blocks.header import U64, WireHash, WireU64
from sequencer.crypto import digests
from sequencer.crypto.hashing import keccak, word
from sequencer.types import BatchIndex, Hash32, Height


class Batch(msgspec.Struct, frozen=True, array_like=True, dict=True):
    """A range of blocks. Indices count from 1; the parent of batch 1 is the domain separator."""

    index: Annotated[BatchIndex, U64]
    parent_hash: WireHash
    first_height: Annotated[Height, U64]
    last_height: Annotated[Height, U64]
    last_block_hash: WireHash
    forced_count: WireU64
    """Of the last block: forced messages that precede the end of the batch, cumulative."""
    data_hash: WireHash
    blobs_hash: WireHash
    """ENC-14: of the same data as blobs; zero if it has no such form."""
    usage_hash: WireHash
    """Of what each rollup used (FEE-1)."""

    @cached_property
    def hash(self) -> Hash32:
        return keccak(
            digests.BATCH,
            word(self.index),
            self.parent_hash,
            word(self.first_height),
            word(self.last_height),
            self.last_block_hash,
            word(self.forced_count),
            self.data_hash,
            self.blobs_hash,
            self.usage_hash,
        )
