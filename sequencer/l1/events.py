"""What happened on L1, as the rest of the program sees it; decoded by `logs.py`."""

from dataclasses import dataclass

from sequencer.batches.batch import Batch
from sequencer.errors import LocalFault
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
class OperatorEjected:
    """`OperatorSlashed`: every slash ejects (BOND-7)."""

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


@dataclass(frozen=True, slots=True)
class MessageEnqueued:
    index: int
    rollup_id: RollupId
    sender: Address
    gas_limit: int
    deadline: int
    """Seconds."""
    transaction: bytes


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


Event = (
    OperatorBonded
    | PeerAnnounced
    | ExitInitiated
    | OperatorEjected
    | OperatorReleased
    | CommitteeRecorded
    | RollupRegistered
    | MessageEnqueued
    | ForceIncluded
    | MessagesConsumed
    | BatchCommitted
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
