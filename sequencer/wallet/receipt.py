"""What a wallet knows of its errand (WALLET-7, DERIVE-13)."""

from dataclasses import dataclass
from enum import Enum

from sequencer.types import Hash32
from sequencer.wallet.execution import Execution
from sequencer.wallet.follower import Place
from sequencer.wallet.queue import Consumption, Queued


class Stage(Enum):
    """How far it is. An L1 reorg may take it back."""

    SENDING = "sending"
    """Signed, and not in an L1 block."""
    FAILED = "failed"
    """L1 has refused the transaction while carrying it out; another is sent once that is final."""
    QUEUED = "queued"
    FORCING = "forcing"
    """Due, and the wallet forces it."""
    ORDERED = "ordered"
    """In the rollup's order."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Of a message. `place` and `execution` are there if a follower and a rollup's RPC were
    asked and knew."""

    stage: Stage
    l1_transaction: Hash32
    """The one that queued it, or is to."""
    message: Queued | None = None
    consumption: Consumption | None = None
    latest_at: int | None = None
    """Seconds: when it is in the order at the latest (WALLET-4), while it is in the queue."""
    confirmations: int = 0
    """Blocks after the one that brought it into the order."""
    place: Place | None = None
    execution: Execution | None = None


@dataclass(frozen=True, slots=True)
class PostReceipt:
    """Of a post; `number` and `block` once it is in an L1 block."""

    stage: Stage
    l1_transaction: Hash32
    number: int | None = None
    block: int | None = None
    confirmations: int = 0
