"""What happened on L1, as the rest of the program sees it; decoded by `logs.py`."""

from dataclasses import dataclass
from enum import Enum

from sequencer.batches.batch import Batch
from sequencer.blocks.order import PRIORITY, Ordering
from sequencer.errors import LocalFault
from sequencer.promises.challenge import PromiseChallenge
from sequencer.promises.promise import InclusionPromise
from sequencer.types import Address, BatchIndex, Committee, Epoch, Hash32, RollupId


@dataclass(frozen=True, slots=True)
class OperatorBonded:
    operator_id: int
    operator: Address
    signer: Address
    transport_key: bytes
    endpoint: str


@dataclass(frozen=True, slots=True)
class PeerAnnounced:
    operator_id: int
    transport_key: bytes
    endpoint: str


@dataclass(frozen=True, slots=True)
class ExitInitiated:
    operator_id: int


@dataclass(frozen=True, slots=True)
class SignerRotated:
    """Committees recorded from here on have the new hot key (STAKE-11)."""

    operator_id: int
    signer: Address


@dataclass(frozen=True, slots=True)
class OperatorJailed:
    """It has no weight until it comes back (LEDGER-5)."""

    operator_id: int


@dataclass(frozen=True, slots=True)
class OperatorUnjailed:
    operator_id: int


@dataclass(frozen=True, slots=True)
class OperatorEjected:
    """It never comes back (BOND-8)."""

    operator_id: int


@dataclass(frozen=True, slots=True)
class OperatorReleased:
    operator_id: int


@dataclass(frozen=True, slots=True)
class CommitteeRecorded:
    """`CommitteeRecorded` or `CommitteeKept` (COMM-3): who decides in `committee.epoch`."""

    committee: Committee


@dataclass(frozen=True, slots=True)
class RollupRegistered:
    rollup_id: RollupId
    chain_id: int
    holds_data: bool = False
    """The committee keeps the rollup's data (ROLL-1)."""
    ordering: Ordering = PRIORITY
    provable_from: int = 0
    """In seconds: blocks of older origins convict nobody for the order (ORDER-7)."""


class RollupMode(Enum):
    """Who orders a rollup (ROLL-2): the committee, one address, or anyone on L1."""

    SHARED = 0
    SOLO = 1
    BASED = 2


@dataclass(frozen=True, slots=True)
class ModeAnnounced:
    """ROLL-3: in effect from the first L1 block at or after `effective_at`, in seconds."""

    rollup_id: RollupId
    mode: RollupMode
    sequencer: Address
    effective_at: int


@dataclass(frozen=True, slots=True)
class ModeCancelled:
    """What was announced does not come into effect."""

    rollup_id: RollupId


class MessageKind(Enum):
    """What a forced message is (INBOX-4)."""

    TRANSACTION = 0
    CALL = 1
    ETHER = 2
    TOKEN = 3


@dataclass(frozen=True, slots=True)
class MessageEnqueued:
    index: int
    rollup_id: RollupId
    sender: Address
    gas_limit: int
    deadline: int
    """Seconds."""
    content: bytes
    """By kind (INBOX-4): a raw transaction, or a call's target, amounts and data."""
    kind: MessageKind = MessageKind.TRANSACTION


@dataclass(frozen=True, slots=True)
class ForceIncluded:
    """L1 put messages `first` to `up_to - 1` into the order (INBOX-5)."""

    first: int
    up_to: int


@dataclass(frozen=True, slots=True)
class MessagesConsumed:
    """A commit took messages `first` to `up_to - 1` (INBOX-6)."""

    first: int
    up_to: int


@dataclass(frozen=True, slots=True)
class CommitCall:
    """The calldata of `commit` (CERT-1)."""

    batch: Batch
    epoch: Epoch
    signers: int
    signatures: bytes
    data: bytes


@dataclass(frozen=True, slots=True)
class BatchCommitted:
    """`call` is there when the reader was asked for calldata."""

    index: BatchIndex
    batch_hash: Hash32
    epoch: Epoch
    transaction_hash: Hash32
    call: CommitCall | None = None
    signers: int = 0
    """ENC-5."""


@dataclass(frozen=True, slots=True)
class BatchPosted:
    """A batch of one rollup that no committee signed (POST-1). `data` is there when the reader
    was asked for calldata."""

    rollup_id: RollupId
    number: int
    poster: Address
    content_hash: Hash32
    transaction_hash: Hash32
    data: bytes | None = None


@dataclass(frozen=True, slots=True)
class BasedEntered:
    """L1 orders from here on (FALLBACK-2)."""


@dataclass(frozen=True, slots=True)
class BasedEnding:
    """A commit has caught up: the fallback ends at `until`, in seconds (FALLBACK-4)."""

    until: int


@dataclass(frozen=True, slots=True)
class DataChallenged:
    """Somebody pays for the data of a held segment (DATA-1)."""

    id: Hash32
    rollup_id: RollupId
    index: BatchIndex
    challenger: Address
    length: int
    hash: Hash32
    deadline: int
    """Seconds; the first second at which it is too late to answer."""


@dataclass(frozen=True, slots=True)
class DataAnswered:
    """L1 has the data now (DATA-3)."""

    id: Hash32
    data: bytes


@dataclass(frozen=True, slots=True)
class DataVoided:
    """The segment counts as empty, for ever (DATA-4)."""

    id: Hash32
    rollup_id: RollupId


@dataclass(frozen=True, slots=True)
class Checkpointed:
    """The window of batches up to `index` runs from here, if it did not before (DATA-6)."""

    index: BatchIndex


@dataclass(frozen=True, slots=True)
class PromiseChallenged:
    """Somebody pays to be shown that an operator has kept a promise (PROMISE-5)."""

    id: Hash32
    operator_id: int
    promise: InclusionPromise
    index: BatchIndex
    """Of the batch from which an answer leads down."""
    challenge: PromiseChallenge

    @property
    def deadline(self) -> int:
        """Seconds; the first second at which it is too late to answer."""
        return self.challenge.deadline


@dataclass(frozen=True, slots=True)
class PromiseKept:
    """It was shown (PROMISE-6)."""

    id: Hash32


@dataclass(frozen=True, slots=True)
class PromiseBroken:
    """The signer is slashed (PROMISE-7)."""

    id: Hash32


@dataclass(frozen=True, slots=True)
class BatchesCharged:
    """Rollups have been charged for the batches up to `last`, and by the first `entries` of the
    usage of the next one (FEE-3)."""

    last: BatchIndex
    entries: int


@dataclass(frozen=True, slots=True)
class NoticeGiven:
    """The rollup owes for bytes, and is dropped from `drop_at` on, in seconds (FEE-4)."""

    rollup_id: RollupId
    drop_at: int


@dataclass(frozen=True, slots=True)
class NoticeCleared:
    """All that the rollup owed is paid."""

    rollup_id: RollupId


Event = (
    OperatorBonded
    | PeerAnnounced
    | SignerRotated
    | ExitInitiated
    | OperatorJailed
    | OperatorUnjailed
    | OperatorEjected
    | OperatorReleased
    | CommitteeRecorded
    | RollupRegistered
    | ModeAnnounced
    | ModeCancelled
    | MessageEnqueued
    | ForceIncluded
    | MessagesConsumed
    | BatchCommitted
    | BatchPosted
    | BasedEntered
    | BasedEnding
    | DataChallenged
    | DataAnswered
    | DataVoided
    | Checkpointed
    | PromiseChallenged
    | PromiseKept
    | PromiseBroken
    | BatchesCharged
    | NoticeGiven
    | NoticeCleared
)


class ReorgTooDeep(LocalFault):
    """L1 went back beyond what is kept (L1-1, DERIVE-9)."""


@dataclass(frozen=True, slots=True)
class L1Header:
    number: int
    hash: Hash32
    parent_hash: Hash32
    timestamp: int
    """Seconds."""


@dataclass(frozen=True, slots=True)
class L1Block:
    """A block and the events of the deployment in it, in order of log index."""

    header: L1Header
    events: tuple[Event, ...] = ()
