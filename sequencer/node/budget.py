"""What a node does for a peer beside consensus takes at most a quarter of its time (NET-8)."""

import time
from collections.abc import Callable, Mapping

from sequencer.types import Address

SHARE = 0.25
BURST_SECONDS = 0.5
"""What a peer that was quiet may have at once."""


class PeerBudget:
    """Seconds of this thread's processor that each peer may still have. One entry for each operator
    on L1."""

    def __init__(
        self,
        used: Callable[[], float] = time.thread_time,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._used = used
        self._now = now
        self._left: dict[Address, tuple[float, float]] = {}
        self.refused = 0
        """Messages that were not looked at."""

    def has_room(self, peer: Address) -> bool:
        """Whether to look at another message of this peer; if not, it is counted."""
        if self._refill(peer) > 0:
            return True
        self.refused += 1
        return False

    def spend(self, parts: Mapping[Address, int], work: Callable[[], None]) -> None:
        """Do what is for one peer or several, and take off what it took, whether it fails or not,
        of each by its part."""
        begun = self._used()
        try:
            work()
        finally:
            each = (self._used() - begun) / max(1, sum(parts.values()))
            for peer, part in parts.items():
                left, at = self._left.get(peer, (BURST_SECONDS, self._now()))
                self._left[peer] = left - each * part, at

    def _refill(self, peer: Address) -> float:
        now = self._now()
        left, at = self._left.get(peer, (BURST_SECONDS, now))
        left = min(BURST_SECONDS, left + SHARE * (now - at))
        self._left[peer] = left, now
        return left
