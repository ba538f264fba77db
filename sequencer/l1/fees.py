"""Which rollups are dropped for what they owe, after each L1 block of a window, and up to where L1
has charged (FEE-3, FEE-4). Sans-IO.

A rollup is dropped by itself, at a time and not with an event. So what is kept is the notice, and
what it means is asked with a timestamp.
"""

from dataclasses import dataclass

from sequencer.batches.attestations import NO_BATCH
from sequencer.errors import PeerFault
from sequencer.l1.events import BatchesCharged, NoticeCleared, NoticeGiven
from sequencer.l1.history import RollupHistory
from sequencer.types import BatchIndex


@dataclass(frozen=True, slots=True)
class Charged:
    """L1 has charged batches up to `last`, and the first `entries` of the usage of the next."""

    last: BatchIndex
    entries: int


NOT_CHARGED = Charged(NO_BATCH, 0)


@dataclass(frozen=True, slots=True)
class Notice:
    """The rollup is dropped from `drop_at` on, in seconds of L1."""

    drop_at: int

    def is_due(self, timestamp: int) -> bool:
        return timestamp >= self.drop_at


class NoticeHistory(RollupHistory[Notice | None]):
    """The notice of every rollup; None for one that has none."""

    def __init__(self) -> None:
        super().__init__(None)

    def note(self, event: NoticeGiven | NoticeCleared, number: int) -> None:
        """Take an event of the last L1 block or a later one. Raises `PeerFault` for one that the
        contract does not emit."""
        is_given = isinstance(event, NoticeGiven)
        if is_given == (self.at(event.rollup_id, number) is not None):
            does = "give a second notice to" if is_given else "clear a missing notice of"
            raise PeerFault(f"L1 logs {does} rollup {event.rollup_id}: logs are missing")
        notice = Notice(event.drop_at) if isinstance(event, NoticeGiven) else None
        self.put(event.rollup_id, notice, number)


def charged_after(before: Charged, event: BatchesCharged, last_index: BatchIndex) -> Charged:
    """With an event at a time when L1 has batches up to `last_index`. Raises `PeerFault` for one
    that the contract does not emit."""
    after = Charged(event.last, event.entries)
    if not before.last <= after.last <= last_index or after == before:
        raise PeerFault(
            f"L1 logs charge batches up to {event.last} after {before.last}, of {last_index}: logs"
            " are missing"
        )
    return after
