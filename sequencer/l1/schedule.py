"""The epochs of a deployment (TIME-2)."""

from dataclasses import dataclass

from sequencer.types import Epoch


@dataclass(frozen=True, slots=True)
class Schedule:
    """Times are seconds, as L1 counts them."""

    genesis: int
    epoch_seconds: int

    def epoch_of(self, timestamp: int) -> Epoch | None:
        """None before `genesis`: there is no epoch."""
        if timestamp < self.genesis:
            return None
        return Epoch((timestamp - self.genesis) // self.epoch_seconds)

    def start_of(self, epoch: Epoch) -> int:
        return self.genesis + epoch * self.epoch_seconds

    def end_of(self, epoch: Epoch) -> int:
        """The first second after the epoch."""
        return self.start_of(Epoch(epoch + 1))
