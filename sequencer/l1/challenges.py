"""Challenges of held data that wait for an answer, and the newest checkpoint (DATA-1, DATA-6),
after each L1 block of a window. Sans-IO."""

from dataclasses import dataclass

from sequencer.errors import PeerFault
from sequencer.l1.events import Checkpointed, DataAnswered, DataChallenged, DataVoided
from sequencer.types import BatchIndex, Hash32, RollupId

ChallengeEvent = DataChallenged | DataAnswered | DataVoided | Checkpointed


@dataclass(frozen=True, slots=True)
class Challenge:
    """Somebody wants a held segment on L1. Times in seconds of L1."""

    id: Hash32
    rollup_id: RollupId
    length: int
    hash: Hash32
    """Of the segment's bytes."""
    made_at: int
    deadline: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """`index` is the last batch that L1 had at that time, in seconds."""

    index: BatchIndex
    made_at: int


class Challenges:
    """It can go back to any block not forgotten.

    Bounds: the challenges that could still be answered at the oldest block to which it can go
    back, each of which somebody has paid L1 for; and the checkpoints since then.
    """

    def __init__(self) -> None:
        self._made: dict[Hash32, tuple[int, Challenge]] = {}
        """With the L1 block of each, ascending."""
        self._ended: dict[Hash32, int] = {}
        """By an answer or as void, in which L1 block, ascending."""
        self._checkpoints: list[tuple[int, Checkpoint]] = []
        """With the L1 block of each, ascending."""

    def open_at(self, timestamp: int) -> list[Challenge]:
        """Those that an L1 block of this time could answer (DATA-3), the most urgent first."""
        waiting = [
            challenge
            for challenge_id, (_, challenge) in self._made.items()
            if challenge_id not in self._ended and timestamp < challenge.deadline
        ]
        return sorted(waiting, key=lambda challenge: challenge.deadline)

    @property
    def size(self) -> int:
        """How many challenges are kept, whatever has become of them."""
        return len(self._made)

    @property
    def checkpoint(self) -> Checkpoint | None:
        """The newest; None if there is none."""
        return self._checkpoints[-1][1] if self._checkpoints else None

    def note(self, event: ChallengeEvent, number: int, timestamp: int) -> None:
        """Take an event of L1 block `number`, the last one or a later one. Raises `PeerFault` for
        one that the contract does not emit."""
        match event:
            case Checkpointed():
                self._checkpoints.append((number, Checkpoint(event.index, timestamp)))
            case DataChallenged():
                if event.id in self._made:
                    raise PeerFault(f"L1 logs challenge 0x{event.id.hex()} twice (DATA-1)")
                self._made[event.id] = (number, _challenge(event, timestamp))
            case _:
                # What is not known here was past its deadline before the window.
                if event.id in self._ended:
                    raise PeerFault(f"L1 logs end the challenge 0x{event.id.hex()} twice (DATA-3)")
                self._ended[event.id] = number

    def drop_after(self, number: int) -> None:
        """The blocks above are not on L1 any more."""
        while self._made and self._made[last := next(reversed(self._made))][0] > number:
            del self._made[last]
        while self._ended and self._ended[last := next(reversed(self._ended))] > number:
            del self._ended[last]
        while self._checkpoints and self._checkpoints[-1][0] > number:
            self._checkpoints.pop()

    def forget_before(self, number: int, timestamp: int) -> None:
        """Nobody will go back below this block, of this time."""
        while self._ended and self._ended[first := next(iter(self._ended))] <= number:
            del self._ended[first]
            self._made.pop(first, None)
        while self._made and self._made[first := next(iter(self._made))][1].deadline <= timestamp:
            del self._made[first]
        while len(self._checkpoints) > 1 and self._checkpoints[1][0] <= number:
            del self._checkpoints[0]


def _challenge(event: DataChallenged, timestamp: int) -> Challenge:
    return Challenge(event.id, event.rollup_id, event.length, event.hash, timestamp, event.deadline)
