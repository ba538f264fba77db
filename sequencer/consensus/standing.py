"""CATCHUP-3: what a node has come to think of a peer that it asks for blocks."""

from dataclasses import dataclass

from sequencer.consensus.messages import MAX_BLOCKS_IN_REPLY

MAX_IN_FLIGHT = 4
"""Requests at a time to one peer."""
FIRST_PATIENCE_MS = 2_000
MIN_PATIENCE_MS, MAX_PATIENCE_MS = 1_000, 10_000
"""Between these is what a peer is given to answer: ten times what it takes on average."""
MAX_REST_MS, MAX_BUSY_MS = 5_000, 500
LIE_REST_MS, MAX_LIE_REST_MS = 10_000, 600_000
UNASKED = 64
"""Answers to nothing that are let pass: to requests that were given up, or before a restart."""
UNASKED_REFILL_MS = 250
_MEMORY = 0.75
"""Weight of what is known against what has just been seen."""


@dataclass(slots=True)
class Standing:
    """Times are milliseconds; `ms_per_block` is 0 for a peer that was never tried."""

    stride: int = MAX_BLOCKS_IN_REPLY
    """Blocks to ask for at once: fewer when answers are cut short or late."""
    tip: int | None = None
    """The height of its last final block, as it says."""
    ms_per_block: float = 0.0
    answer_ms: float = 0.0
    room: int = 1
    """Requests at a time; grows with each useful answer."""
    in_flight: int = 0
    misses: int = 0
    """Answers since the last useful one that were empty or never came."""
    lies: int = 0
    rests_until_ms: int = 0
    answered_ms: int = 0
    """When it last answered a request."""
    spare: float = UNASKED
    spared_ms: int = 0

    def patience_ms(self) -> int:
        """How long after the request, or its last answer, it may take to answer."""
        if not self.answer_ms:
            return FIRST_PATIENCE_MS
        return min(max(MIN_PATIENCE_MS, int(10 * self.answer_ms)), MAX_PATIENCE_MS)

    def cost(self) -> tuple[int, float]:
        """The lowest is asked first: fewest failures, then the least time for a block."""
        return self.misses, (self.in_flight + 1) * self.ms_per_block

    def useful(self, blocks: int, took_ms: int) -> None:
        """It answered with blocks that were needed."""
        took = max(took_ms, 1)
        keep = _MEMORY if self.ms_per_block else 0.0
        self.ms_per_block = keep * self.ms_per_block + (1 - keep) * took / blocks
        self.answer_ms = keep * self.answer_ms + (1 - keep) * took
        self.room = min(self.room + 1, MAX_IN_FLIGHT)
        self.misses = 0

    def had_nothing(self) -> None:
        """It lacks what was asked for."""
        self.misses += 1

    def was_busy(self, now_ms: int) -> None:
        """It has what was asked for, but no time now (CATCHUP-6)."""
        self.room = max(1, self.room // 2)
        self.misses += 1
        self._rest(min(25 << min(self.misses, 8), MAX_BUSY_MS), now_ms)

    def missed(self, waited_ms: int, now_ms: int) -> None:
        """It did not answer in time, or with what leads nowhere."""
        self.misses += 1
        self.ms_per_block = max(2 * self.ms_per_block, waited_ms / self.stride)
        self.answer_ms = max(2 * self.answer_ms, waited_ms)
        self.stride = max(1, self.stride // 2)
        self.room = 1
        self._rest(min(125 << min(self.misses, 8), MAX_REST_MS), now_ms)

    def lied(self, now_ms: int) -> None:
        self.lies += 1
        self.misses += 1
        self.room = 1
        self._rest(min(LIE_REST_MS << min(self.lies - 1, 8), MAX_LIE_REST_MS), now_ms)

    def may_be_unasked(self, now_ms: int) -> bool:
        """CATCHUP-5: whether one more answer that matches no request is let pass."""
        refill = (now_ms - self.spared_ms) / UNASKED_REFILL_MS
        self.spare = min(UNASKED, self.spare + refill)
        self.spared_ms = now_ms
        self.spare -= 1
        return self.spare >= 0

    def _rest(self, for_ms: int, now_ms: int) -> None:
        self.rests_until_ms = max(self.rests_until_ms, now_ms + for_ms)
