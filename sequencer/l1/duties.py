"""What a member owes L1 next, and whether it is its turn (SUBMIT-1, SUBMIT-2, COMM-3). Pure."""

from dataclasses import dataclass

from sequencer.batches.attestations import BatchCertificate
from sequencer.batches.batch import Batch
from sequencer.l1.view import L1View
from sequencer.types import BatchIndex, Epoch


@dataclass(frozen=True, slots=True)
class RecordCommittee:
    """`Committee.snapshot(epoch)`."""

    epoch: Epoch


@dataclass(frozen=True, slots=True)
class ForceMessages:
    """`ForcedInbox.forceInclude(up_to)`: the next batch would leave due messages over."""

    up_to: int


@dataclass(frozen=True, slots=True)
class CommitBatch:
    """`CommitmentChain.commit`."""

    batch: Batch
    certificate: BatchCertificate


Duty = RecordCommittee | ForceMessages | CommitBatch


def is_turn(position: int, waited_ms: int, takeover_ms: int, member: int, size: int) -> bool:
    """SUBMIT-1: member `(position + k) mod size`, with `k` takeover times gone by."""
    return (position + waited_ms // takeover_ms) % size == member


def missing_committee(l1: L1View) -> Epoch | None:
    """The epoch whose committee can and should be recorded now: the current one, else the next."""
    head = l1.head
    current = None if head is None else l1.schedule.epoch_of(head.timestamp)
    if head is None or current is None:
        return None
    latest = l1.latest_epoch_recorded_at(head.number)
    if latest is None:
        return Epoch(0)
    wanted = Epoch(max(latest + 1, current))
    if wanted > current + 1:
        return None
    # COMM-1: its weights must be from before the block that records it.
    selection = l1.schedule.start_of(Epoch(max(wanted - 1, 0)))
    return wanted if selection < head.timestamp else None


def due_beyond(l1: L1View, forced_count: int) -> int | None:
    """How far `forceInclude` must go so that a batch with this count leaves nothing due over."""
    head = l1.head
    if head is None:
        return None
    up_to = first = max(forced_count, l1.consumed)
    while up_to < l1.queue_length:
        message = l1.message(up_to)
        if message is None or message.deadline > head.timestamp:
            break
        up_to += 1
    return up_to if up_to > first else None


def batch_duty(l1: L1View, batch: Batch, certificate: BatchCertificate) -> Duty:
    """The batch after the last committed one has its quorum: commit it, after what it leaves
    over has been forced."""
    up_to = due_beyond(l1, batch.forced_count)
    return CommitBatch(batch, certificate) if up_to is None else ForceMessages(up_to)


def next_index(l1: L1View) -> BatchIndex:
    return BatchIndex(l1.last_index + 1)
