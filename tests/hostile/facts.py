"""What a transaction means if L1 accepts it, and the L1 blocks made of such."""

from dataclasses import dataclass

from sequencer.batches.batch import Batch
from sequencer.blocks.header import Header
from sequencer.l1.events import MessageKind, RollupMode
from sequencer.types import Address, Epoch, RollupId


@dataclass(frozen=True, slots=True)
class Enqueued:
    """INBOX-1, INBOX-8, INBOX-9."""

    kind: MessageKind
    rollup: RollupId
    sender: Address
    gas_limit: int
    content: bytes
    is_users: bool = False


@dataclass(frozen=True, slots=True)
class Forced:
    """INBOX-5."""

    up_to: int


@dataclass(frozen=True, slots=True)
class MadeBlock:
    """A block as its maker knows it, before it is encoded."""

    header: Header
    transactions: tuple[tuple[RollupId, bytes], ...]


@dataclass(frozen=True, slots=True)
class Made:
    """A batch and its data. `blocks` is None if the data does not decode."""

    batch: Batch
    data: bytes
    blocks: tuple[MadeBlock, ...] | None


@dataclass(frozen=True, slots=True)
class Committed:
    """CERT-1."""

    made: Made


@dataclass(frozen=True, slots=True)
class Posted:
    """POST-1. `transactions` is None if the data is void (DERIVE-10)."""

    rollup: RollupId
    transactions: tuple[bytes, ...] | None


@dataclass(frozen=True, slots=True)
class Announced:
    """ROLL-3."""

    rollup: RollupId
    mode: RollupMode


@dataclass(frozen=True, slots=True)
class Cancelled:
    rollup: RollupId


@dataclass(frozen=True, slots=True)
class Registered:
    """ROLL-1."""

    chain_id: int


@dataclass(frozen=True, slots=True)
class Recorded:
    """COMM-3: the committee of an epoch."""

    epoch: Epoch


@dataclass(frozen=True, slots=True)
class Entered:
    """FALLBACK-2."""


@dataclass(frozen=True, slots=True)
class Other:
    """Nothing to the order: bonds, owners, evidence."""


Fact = (
    Enqueued
    | Forced
    | Committed
    | Posted
    | Announced
    | Cancelled
    | Registered
    | Recorded
    | Entered
    | Other
)


@dataclass(frozen=True, slots=True)
class Mined:
    """An L1 block: the facts of its successful transactions, in order."""

    number: int
    timestamp: int
    facts: tuple[Fact, ...]
