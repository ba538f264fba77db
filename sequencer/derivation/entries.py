"""What derivation yields: the entries of rollups, messages on their way, how batches fared."""

from dataclasses import dataclass, field
from enum import Enum

from sequencer.blocks.held import HeldEntry
from sequencer.l1.events import MessageKind
from sequencer.types import Address, BatchIndex, Hash32, Height, RollupId


class Source(Enum):
    """How an entry came into the order."""

    FORCED = "forced"
    BLOCK = "block"
    POST = "post"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Entry:
    """One transaction in the canonical list of its rollup (DERIVE-6)."""

    rollup_id: RollupId
    index: int
    """Position in the rollup's list, from 0; skipped entries count."""
    source: Source
    position: int
    """Height of the block, index of the forced message, number of the post, or, of a void mark, the
    L1 block."""
    batch_index: BatchIndex | None
    """None if L1 included it by itself (DERIVE-3, DERIVE-10, DERIVE-16)."""
    l1_block: int
    transaction_hash: Hash32
    """Of a call or a deposit, its message hash (DERIVE-12); of a held segment, its id; of a void
    mark, as DERIVE-16 has it."""
    transaction: bytes = field(repr=False)
    """Raw; of a call or a deposit, its content (INBOX-4). L1 has none of a held segment, and a void
    mark is none."""
    running_hash: Hash32
    """After this entry (DERIVE-7)."""
    skipped: str | None = None
    """Why execution must not see it; None if it is included."""
    kind: MessageKind = MessageKind.TRANSACTION
    sender: Address | None = None
    """Who acts on the rollup: the signer, or who enqueued the call or deposit (INBOX-7)."""
    gas_limit: int | None = None
    """Declared for a forced message."""
    held: HeldEntry | None = None
    """If the entry is a held segment, whose data L1 does not have (DERIVE-15)."""
    voids: Hash32 | None = None
    """If the entry is a void mark: the id of the held segment."""


@dataclass(frozen=True, slots=True)
class QueuedMessage:
    """A forced message on L1, in the order or not yet (DERIVE-13)."""

    index: int
    rollup_id: RollupId
    kind: MessageKind
    sender: Address
    """INBOX-7."""
    gas_limit: int
    due_at: int
    """Seconds; from then on anyone can have it included."""
    l1_block: int
    """Where it was enqueued."""
    transaction_hash: Hash32
    """As its entry will have it."""


@dataclass(frozen=True, slots=True)
class DerivedBatch:
    """A batch that was read; `void` says why it contributed forced messages only (DERIVE-5)."""

    index: BatchIndex
    first_height: Height
    last_height: Height
    l1_block: int
    void: str | None = None


@dataclass(frozen=True, slots=True)
class DerivedPost:
    """A post that was read; `void` says why it contributed nothing (DERIVE-10)."""

    rollup_id: RollupId
    number: int
    l1_block: int
    void: str | None = None


Output = Entry | QueuedMessage | DerivedBatch | DerivedPost
