"""POOL-7: how many transactions may wait, so that one that is taken in is final soon. Sans-IO.

What a network can take nobody knows beforehand, and a queue that only grows makes everybody wait
longer and is worth nothing. So each node watches how long the transactions of its own wallets take
to be final. When that is too long, fewer may wait, in proportion (Little's law: what waits is rate
times time); when it is short and room is scarce, some more. Each change is given the time to show.

Where few wait, it is not the queue that takes long, but a gap between nonces or a view without a
leader: less room would help nobody. And where others keep the queue so long that none of a node's
own get in, it has nothing to measure and takes some more: else its wallets would stay outside.

What has arrived and waits to be looked at is part of the queue, and of the time: on a busy machine
it is the longer one.
"""

from sequencer.ingress.refusal import Busy

TARGET_MS = 400.0
"""From arrival to final, under whatever load."""
START = 1_024
LEAST = 512
_SMALLEST_FACTOR = 0.5
_GROWTH = 1.125
_SETTLE_MS, _MOST_SETTLE_MS = 50.0, 2_000.0
"""At least and at most so long between two changes."""


class Admission:
    """The number of ready transactions at which one node takes no more from wallets."""

    def __init__(self, most: int) -> None:
        self._most = max(LEAST, most)
        self._limit = float(min(START, self._most))
        self._took_ms = 0.0
        self._own_ms = 0.0
        """When something of this node's wallets was final."""
        self._next_ms = 0.0
        self._peak = 0
        """The most that were there since the last change."""
        self._coming = 0
        self._coming_ms = 0.0
        """How long those took that came last, since the last change."""

    @property
    def limit(self) -> int:
        return int(self._limit)

    def room(self, waiting: int) -> int:
        """How many may come, while so many are ready."""
        self._peak = max(self._peak, waiting)
        return max(0, self.limit - waiting)

    def reserve(self, count: int, waiting: int) -> int:
        """How many of these that have arrived, but are not looked at yet, may wait for that; each
        is released afterwards. One alone is looked at at once, however many wait."""
        taken = min(count, self.room(waiting + (self._coming if count > 1 else 0)))
        self._coming += taken
        return taken

    def release(self, count: int, waited_ms: float | None = None) -> None:
        """So many are looked at now, after they have waited so long; None if they are not."""
        self._coming -= count
        if waited_ms is not None:
            self._coming_ms = waited_ms

    def refusal(self) -> Busy:
        """What is said to those that may not."""
        return Busy(round(_time_to_show(self._took_ms)))

    def on_final(self, took_ms: float | None, waiting: int, now_ms: float) -> None:
        """A block is final; wallets of this node waited so long for what is in it, None if nothing
        in it is theirs."""
        waiting += self._coming
        if took_ms is not None:
            took_ms += self._coming_ms
            self._took_ms, self._own_ms = took_ms, now_ms
        elif now_ms - self._own_ms < _MOST_SETTLE_MS:
            return
        if now_ms < self._next_ms:
            return
        took_ms = took_ms or 0.0
        peak, self._peak, self._coming_ms = max(self._peak, waiting), 0, 0.0
        self._next_ms = now_ms + _time_to_show(took_ms)
        if took_ms > TARGET_MS:
            if peak > LEAST:
                self._limit = max(LEAST, self._limit * max(_SMALLEST_FACTOR, TARGET_MS / took_ms))
        elif waiting > self._limit / 2:
            self._limit = min(self._most, self._limit * _GROWTH)


def _time_to_show(took_ms: float) -> float:
    return min(max(_SETTLE_MS, took_ms), _MOST_SETTLE_MS)
