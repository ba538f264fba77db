"""What came into a rollup's order, and whether execution may see it (DERIVE-6, DERIVE-12,
DERIVE-15, DERIVE-16)."""

from dataclasses import dataclass

from sequencer.blocks.held import HeldEntry
from sequencer.blocks.merkle import held_leaf_hash
from sequencer.crypto.digests import forced_message
from sequencer.crypto.hashing import keccak, word
from sequencer.derivation.entries import Source
from sequencer.errors import DecodeError
from sequencer.ingress.transaction import decode_transaction
from sequencer.l1.events import MessageEnqueued, MessageKind, RollupRegistered
from sequencer.types import Address, BatchIndex, Hash32, RollupId

_VOID_MARK = b"\x03"


@dataclass(frozen=True, slots=True)
class HeldSegment:
    """A held segment, as L1 knows it."""

    id: Hash32
    """DATA-1."""
    stated: HeldEntry


@dataclass(frozen=True, slots=True)
class VoidMark:
    """The held segment of that id is void."""

    id: Hash32


Content = bytes | MessageEnqueued | HeldSegment | VoidMark
"""A raw transaction, a forced message, a held segment, or the mark that one is void."""


@dataclass(frozen=True, slots=True)
class Found:
    """An entry to be; its place in the rollup's list is not known yet."""

    rollup_id: RollupId
    content: Content
    source: Source
    position: int
    batch_index: BatchIndex | None

    @property
    def raw(self) -> bytes:
        """Empty if the content has no bytes on L1."""
        match self.content:
            case bytes() as raw:
                return raw
            case MessageEnqueued(content=content):
                return content
            case _:
                return b""

    @property
    def message(self) -> MessageEnqueued | None:
        """If it was forced."""
        return self.content if isinstance(self.content, MessageEnqueued) else None

    @property
    def kind(self) -> MessageKind:
        return MessageKind.TRANSACTION if self.message is None else self.message.kind

    @property
    def gas_limit(self) -> int | None:
        """Declared on L1, for a forced message."""
        return None if self.message is None else self.message.gas_limit

    @property
    def held(self) -> HeldEntry | None:
        """If it is a held segment."""
        return self.content.stated if isinstance(self.content, HeldSegment) else None

    @property
    def voids(self) -> Hash32 | None:
        """If it is a void mark: the id of the segment."""
        return self.content.id if isinstance(self.content, VoidMark) else None

    def hash(self) -> Hash32:
        """What it is known by in the list."""
        match self.content:
            case bytes() as raw:
                return keccak(raw)
            case MessageEnqueued() as message:
                return hash_of(message)
            case HeldSegment(id=held_id):
                return held_id
            case VoidMark(id=held_id):
                return void_mark_hash(held_id)


def hash_of(message: MessageEnqueued) -> Hash32:
    """What a message is known by in the list (DERIVE-12)."""
    if message.kind is MessageKind.TRANSACTION:
        return keccak(message.content)
    return forced_message(
        message.kind.value,
        message.index,
        message.rollup_id,
        message.sender,
        message.gas_limit,
        message.deadline,
        message.content,
    )


def held_segment(
    index: BatchIndex, block_hash: Hash32, position: int, stated: HeldEntry
) -> HeldSegment:
    """The held segment that is the leaf at `position` of a block (ENC-11) of batch `index`."""
    leaf = held_leaf_hash(stated.rollup, position, stated.length, stated.hash)
    return HeldSegment(keccak(word(index), block_hash, leaf), stated)


def void_mark_hash(held_id: Hash32) -> Hash32:
    """What the mark that voids a held segment is known by in the list (DERIVE-16)."""
    return keccak(_VOID_MARK, held_id)


def judge(found: Found, registered: RollupRegistered | None) -> tuple[Address | None, str | None]:
    """Who acts on the rollup, if that can be told, and why execution must not see it; None if it is
    included. `registered` is the rollup, None for one that is not."""
    message = found.message
    if message is not None and message.kind is not MessageKind.TRANSACTION:
        return message.sender, None  # DERIVE-12
    if isinstance(found.content, VoidMark):
        return None, None  # DERIVE-16
    if registered is None:
        return None, f"rollup {found.rollup_id} is not registered"
    if isinstance(found.content, HeldSegment):  # DERIVE-15
        is_holder = registered.holds_data
        return None, None if is_holder else f"rollup {found.rollup_id} does not hold its data"
    return judge_transaction(found.raw, registered.chain_id, found.gas_limit)


def judge_transaction(
    raw: bytes, chain_id: int, gas_limit: int | None = None
) -> tuple[Address | None, str | None]:
    """Its sender, and why execution must not see it (DERIVE-6); `gas_limit` is what was declared
    for a forced one."""
    try:
        transaction = decode_transaction(raw, chain_id)
    except DecodeError as error:
        return None, str(error)
    if gas_limit is not None and transaction.gas_limit > gas_limit:
        reason = f"gas limit {transaction.gas_limit} is above the declared {gas_limit}"
        return transaction.sender, reason
    return transaction.sender, None
