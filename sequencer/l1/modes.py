"""Who orders a rollup, after each L1 block of a window (ROLL-2, ROLL-3), and until when the whole
chain is based (FALLBACK-1). Sans-IO.

A mode takes effect by itself, at a time and not with an event. So what is kept is the
announcement, and what it means is asked with a timestamp.
"""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from sequencer.errors import PeerFault
from sequencer.l1.events import BasedEnding, BasedEntered, ModeAnnounced, ModeCancelled, RollupMode
from sequencer.types import Address, RollupId

FOREVER = 2**40 - 1
"""FALLBACK-1: based without an end in sight."""


@dataclass(frozen=True, slots=True)
class Order:
    """Who orders a rollup, from `effective_at`, in seconds."""

    mode: RollupMode
    sequencer: Address
    """Of a `SOLO` rollup; zero otherwise."""
    effective_at: int


INITIAL = Order(RollupMode.SHARED, Address(bytes(20)), 0)
"""ROLL-2: as a rollup is registered."""


@dataclass(frozen=True, slots=True)
class Modes:
    """Of one rollup: what was in effect when its last announcement was made, and that one."""

    current: Order = INITIAL
    announced: Order | None = None

    def at(self, timestamp: int) -> Order:
        """What is in effect at a time not before the announcement."""
        if self.announced is None or timestamp < self.announced.effective_at:
            return self.current
        return self.announced

    def pending_at(self, timestamp: int) -> Order | None:
        """What is announced and not in effect at a time."""
        return None if self.announced is self.at(timestamp) else self.announced

    def is_shared(self, first: int, last: int) -> bool:
        """Whether the committee orders the rollup from one time to another, both included."""
        return {self.at(first).mode, self.at(last).mode} == {RollupMode.SHARED}

    def after(self, event: ModeAnnounced | ModeCancelled, timestamp: int) -> "Modes":
        """With an event of an L1 block of that time. Raises `PeerFault` for one that the contract
        does not emit."""
        if isinstance(event, ModeAnnounced):
            order = Order(event.mode, event.sequencer, event.effective_at)
            return Modes(self.at(timestamp), order)
        if self.pending_at(timestamp) is None:
            raise PeerFault(
                f"L1 logs cancel a mode of rollup {event.rollup_id}, none is announced: logs are"
                " missing"
            )
        return Modes(self.current)


class ModeHistory:
    """The modes of every rollup. It can go back to any block not forgotten.

    Bounds: what changed after the block to which it can go back; and for each rollup that ever
    announced a mode, which its owner pays L1 for, the last one before.
    """

    def __init__(self) -> None:
        self._kept: dict[RollupId, list[tuple[int, Modes]]] = {}
        """With the L1 block of each change, ascending."""
        self._changes: deque[tuple[int, RollupId]] = deque()
        """Those that can be undone, ascending."""
        self._oldest = -1

    def __iter__(self) -> Iterator[RollupId]:
        """The rollups that have announced a mode, on this branch."""
        return iter(self._kept)

    def note(self, event: ModeAnnounced | ModeCancelled, number: int, timestamp: int) -> None:
        """Take an event of the last L1 block or a later one; raises `PeerFault`."""
        rollup_id = event.rollup_id
        after = self.at(rollup_id, number).after(event, timestamp)
        self._kept.setdefault(rollup_id, []).append((number, after))
        self._changes.append((number, rollup_id))

    def at(self, rollup_id: RollupId, number: int) -> Modes:
        """As of an L1 block; below the oldest that is kept, as of that."""
        kept = self._kept.get(rollup_id, [])
        at = bisect_right(kept, max(number, self._oldest), key=lambda change: change[0])
        return kept[at - 1][1] if at else Modes()

    def drop_after(self, number: int) -> None:
        """The blocks above are not on L1 any more."""
        while self._changes and self._changes[-1][0] > number:
            rollup_id = self._changes.pop()[1]
            kept = self._kept[rollup_id]
            kept.pop()
            if not kept:
                del self._kept[rollup_id]

    def forget_before(self, number: int) -> None:
        """Nobody will go back below this block."""
        self._oldest = number
        while self._changes and self._changes[0][0] <= number:
            kept = self._kept[self._changes.popleft()[1]]
            while len(kept) > 1 and kept[1][0] <= number:
                del kept[0]


def based_after(until: int, event: BasedEntered | BasedEnding) -> int:
    """FALLBACK-1: until when the chain is based, in seconds, after an event. Raises `PeerFault`
    for one that the contract does not emit."""
    is_entered = isinstance(event, BasedEntered)
    if is_entered == (until == FOREVER):
        raise PeerFault(
            f"L1 logs {'enter' if is_entered else 'end'} the fallback, based until {until}: logs"
            " are missing"
        )
    return event.until if isinstance(event, BasedEnding) else FOREVER
