"""Who orders a rollup, after each L1 block of a window (ROLL-2, ROLL-3), and until when the whole
chain is based (FALLBACK-1). Sans-IO.

A mode takes effect by itself, at a time and not with an event. So what is kept is the
announcement, and what it means is asked with a timestamp.
"""

from dataclasses import dataclass

from sequencer.errors import PeerFault
from sequencer.l1.events import BasedEnding, BasedEntered, ModeAnnounced, ModeCancelled, RollupMode
from sequencer.l1.history import RollupHistory
from sequencer.types import Address

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


class ModeHistory(RollupHistory[Modes]):
    """The modes of every rollup."""

    def __init__(self) -> None:
        super().__init__(Modes())

    def note(self, event: ModeAnnounced | ModeCancelled, number: int, timestamp: int) -> None:
        """Take an event of the last L1 block or a later one; raises `PeerFault`."""
        modes = self.at(event.rollup_id, number)
        self.put(event.rollup_id, modes.after(event, timestamp), number)


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
