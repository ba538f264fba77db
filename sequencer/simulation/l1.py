"""L1 as the nodes of a schedule see it: one chain, a block each second of its time, known to each
node after a lag of its own, with the committee of each epoch from some block on."""

from dataclasses import dataclass
from functools import lru_cache

from sequencer.crypto.hashing import keccak
from sequencer.l1.events import L1Header
from sequencer.l1.schedule import Schedule
from sequencer.simulation.keys import FIRST_EPOCH
from sequencer.simulation.scheduler import Scheduler
from sequencer.types import ZERO_HASH, Committee, Epoch, Hash32

SECOND_MS = 100
"""A second of L1's time: epochs of a few seconds of a schedule have some tens of L1 blocks."""
STANDS_STILL = 10**9
"""Seconds in the epochs of a schedule that has but one."""


@lru_cache(maxsize=1024)
def l1_header(number: int) -> L1Header:
    return L1Header(number, Hash32(keccak(b"L1", number.to_bytes(8, "big"))), ZERO_HASH, number)


@dataclass(frozen=True, slots=True)
class Timeline:
    """The epochs of a schedule; the first is epoch 1 and begins with L1 block 0."""

    schedule: Schedule
    committees: dict[Epoch, Committee]
    recorded: dict[Epoch, int]
    """From which L1 block on a committee is known; the first ones always were."""

    @property
    def is_moving(self) -> bool:
        """Whether there is an epoch after the first."""
        return self.schedule.epoch_seconds < STANDS_STILL


def one_epoch(committee: Committee) -> Timeline:
    """No epoch after the first."""
    schedule = Schedule(-FIRST_EPOCH * STANDS_STILL, STANDS_STILL)
    return Timeline(schedule, {FIRST_EPOCH: committee}, {})


class SimL1:
    """As much of an `L1View` as origins and the hand-over ask for."""

    def __init__(self, timeline: Timeline, scheduler: Scheduler, lag_ms: int) -> None:
        self._timeline = timeline
        self._scheduler = scheduler
        self._lag_ms = lag_ms

    @property
    def schedule(self) -> Schedule:
        return self._timeline.schedule

    @property
    def confirmed(self) -> L1Header:
        """Never rolled back, and so the head as well."""
        if not self._timeline.is_moving:
            return l1_header(0)
        return l1_header(max(0, self._scheduler.now_ms - self._lag_ms) // SECOND_MS)

    head = confirmed

    def block_at(self, number: int) -> L1Header | None:
        return l1_header(number) if number <= self.confirmed.number else None

    def reach(self, epoch: Epoch) -> None:
        """Every committee is kept."""

    def committee_at(self, epoch: Epoch, number: int) -> Committee | None:
        if number < self._timeline.recorded.get(epoch, 0):
            return None
        return self._timeline.committees.get(epoch)

    def latest_epoch_recorded_at(self, number: int) -> Epoch | None:
        recorded = self._timeline.recorded
        known = (epoch for epoch in self._timeline.committees if recorded.get(epoch, 0) <= number)
        return max(known, default=None)
