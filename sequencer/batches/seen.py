"""How many of an epoch's commits each member signed, as L1 tells (SUBMIT-8, WORK-2)."""

from dataclasses import dataclass
from typing import Self

from sequencer.types import MAX_MEMBERS, Epoch, MemberIndex


@dataclass(frozen=True, slots=True)
class Seen:
    """Bounded: one count for each member."""

    epoch: Epoch
    commits: int = 0
    counts: tuple[int, ...] = (0,) * MAX_MEMBERS

    def after(self, epoch: Epoch, signers: int) -> Self:
        """After one more commit, with this bitmap (ENC-5). Another epoch begins anew."""
        counts = self.of(epoch).counts
        added = tuple(count + (signers >> member & 1) for member, count in enumerate(counts))
        return type(self)(epoch, self.of(epoch).commits + 1, added)

    def of(self, epoch: Epoch) -> Self:
        """In `epoch`: nobody was seen in one without commits, or before the last commit's."""
        return self if epoch == self.epoch else type(self)(epoch)

    def rank(self, member: MemberIndex) -> tuple[int, MemberIndex]:
        """Ascending from who is to sign first: seen least, then by index."""
        return self.counts[member], member

    def is_behind(self, member: MemberIndex) -> bool:
        """Whether it was seen in less than half of the commits."""
        return 2 * self.counts[member] < self.commits


NOBODY = Seen(Epoch(0))
