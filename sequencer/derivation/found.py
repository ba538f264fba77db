"""What came into a rollup's order, and whether execution may see it (DERIVE-6, DERIVE-12)."""

from dataclasses import dataclass

from sequencer.crypto.digests import forced_message
from sequencer.crypto.hashing import keccak
from sequencer.derivation.entries import Source
from sequencer.errors import DecodeError
from sequencer.ingress.transaction import decode_transaction
from sequencer.l1.events import MessageEnqueued, MessageKind
from sequencer.types import Address, BatchIndex, Hash32, RollupId


@dataclass(frozen=True, slots=True)
class Found:
    """An entry to be; its place in the rollup's list is not known yet."""

    rollup_id: RollupId
    raw: bytes
    source: Source
    position: int
    batch_index: BatchIndex | None
    message: MessageEnqueued | None = None
    """If it was forced."""

    @property
    def kind(self) -> MessageKind:
        return MessageKind.TRANSACTION if self.message is None else self.message.kind

    @property
    def gas_limit(self) -> int | None:
        """Declared on L1, for a forced message."""
        return None if self.message is None else self.message.gas_limit

    def hash(self) -> Hash32:
        """What it is known by in the list."""
        return keccak(self.raw) if self.message is None else hash_of(self.message)


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


def judge(found: Found, chain_id: int | None) -> tuple[Address | None, str | None]:
    """Who acts on the rollup, if that can be told, and why execution must not see it; None if it is
    included. `chain_id` is the rollup's, None for one that is not registered."""
    message, gas_limit = found.message, found.gas_limit
    if message is not None and message.kind is not MessageKind.TRANSACTION:
        return message.sender, None  # DERIVE-12
    if chain_id is None:
        return None, f"rollup {found.rollup_id} is not registered"
    try:
        transaction = decode_transaction(found.raw, chain_id)
    except DecodeError as error:
        return None, str(error)
    if gas_limit is not None and transaction.gas_limit > gas_limit:
        reason = f"gas limit {transaction.gas_limit} is above the declared {gas_limit}"
        return transaction.sender, reason
    return transaction.sender, None
