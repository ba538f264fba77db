"""What derivation yields: the entries of rollups, and how each batch fared."""

from dataclasses import dataclass, field
from enum import Enum

from sequencer.types import BatchIndex, Hash32, Height, RollupId


class Source(Enum):
    """How an entry came into the order."""

    FORCED = "forced"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Entry:
    """One transaction in the canonical list of its rollup (DERIVE-6)."""

    rollup_id: RollupId
    index: int
    """Position in the rollup's list, from 0; skipped entries count."""
    source: Source
    position: int
    """Height of the block, or index of the forced message."""
    batch_index: BatchIndex | None
    """None if L1 included the message by itself (DERIVE-3)."""
    l1_block: int
    transaction_hash: Hash32
    transaction: bytes = field(repr=False)
    running_hash: Hash32
    """After this entry (DERIVE-7)."""
    skipped: str | None = None
    """Why execution must not see it; None if it is included."""


@dataclass(frozen=True, slots=True)
class DerivedBatch:
    """A batch that was read; `void` says why it contributed forced messages only (DERIVE-5)."""

    index: BatchIndex
    first_height: Height
    last_height: Height
    l1_block: int
    void: str | None = None


Output = Entry | DerivedBatch
