"""Challenges of held data that wait for an answer, and the newest checkpoint (DATA-1, DATA-6),
after each L1 block of a window. Sans-IO."""

from dataclasses import dataclass

from sequencer.l1.asked import Asked
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


class Challenges(Asked[Challenge]):
    """Bounds, besides those of `Asked`: the checkpoints since the oldest block."""

    def __init__(self) -> None:
        super().__init__()
        self._checkpoints: list[tuple[int, Checkpoint]] = []
        """With the L1 block of each, ascending."""

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
                self.note_made(_challenge(event, timestamp), number)
            case _:
                self.note_ended(event.id, number)

    def drop_after(self, number: int) -> None:
        super().drop_after(number)
        while self._checkpoints and self._checkpoints[-1][0] > number:
            self._checkpoints.pop()

    def forget_before(self, number: int, timestamp: int) -> None:
        super().forget_before(number, timestamp)
        while len(self._checkpoints) > 1 and self._checkpoints[1][0] <= number:
            del self._checkpoints[0]


def _challenge(event: DataChallenged, timestamp: int) -> Challenge:
    return Challenge(event.id, event.rollup_id, event.length, event.hash, timestamp, event.deadline)
