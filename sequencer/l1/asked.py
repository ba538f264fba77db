"""Challenges on L1 that wait for an answer until a deadline, after each L1 block of a window.
Sans-IO."""

from typing import Generic, Protocol, TypeVar

from sequencer.errors import PeerFault
from sequencer.types import Hash32


class Asks(Protocol):
    """What is kept of a challenge."""

    @property
    def id(self) -> Hash32: ...

    @property
    def deadline(self) -> int:
        """Seconds; the first at which it is too late to answer."""


_A = TypeVar("_A", bound=Asks)


class Asked(Generic[_A]):
    """It can go back to any block not forgotten.

    Bounds: the challenges that could still be answered at the oldest block to which it can go
    back, each of which somebody has paid L1 for.
    """

    def __init__(self) -> None:
        self._made: dict[Hash32, tuple[int, _A]] = {}
        """With the L1 block of each, ascending."""
        self._ended: dict[Hash32, int] = {}
        """Answered or settled, in which L1 block, ascending."""

    def open_at(self, timestamp: int) -> list[_A]:
        """Those that an L1 block of this time could answer, the most urgent first."""
        waiting = [
            one
            for asked_id, (_, one) in self._made.items()
            if asked_id not in self._ended and timestamp < one.deadline
        ]
        return sorted(waiting, key=lambda one: one.deadline)

    @property
    def size(self) -> int:
        """How many challenges are kept, whatever has become of them."""
        return len(self._made)

    def note_made(self, one: _A, number: int) -> None:
        """Of L1 block `number`, the last one or a later one. Raises `PeerFault` for one that no
        contract logs."""
        if one.id in self._made:
            raise PeerFault(f"L1 logs challenge 0x{one.id.hex()} twice")
        self._made[one.id] = (number, one)

    def note_ended(self, asked_id: Hash32, number: int) -> None:
        """As `note_made`. What is not known here was past its deadline before the window."""
        if asked_id in self._ended:
            raise PeerFault(f"L1 logs end the challenge 0x{asked_id.hex()} twice")
        self._ended[asked_id] = number

    def drop_after(self, number: int) -> None:
        """The blocks above are not on L1 any more."""
        while self._made and self._made[last := next(reversed(self._made))][0] > number:
            del self._made[last]
        while self._ended and self._ended[last := next(reversed(self._ended))] > number:
            del self._ended[last]

    def forget_before(self, number: int, timestamp: int) -> None:
        """Nobody will go back below this block, of this time."""
        while self._ended and self._ended[first := next(iter(self._ended))] <= number:
            del self._ended[first]
            self._made.pop(first, None)
        while self._made and self._made[first := next(iter(self._made))][1].deadline <= timestamp:
            del self._made[first]
