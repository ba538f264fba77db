"""Wall time that never steps back: read once, carried on by the monotonic clock."""

import time


class Clock:
    """Milliseconds since the Unix epoch."""

    def __init__(self) -> None:
        self._offset_ms = time.time_ns() // 1_000_000 - time.monotonic_ns() // 1_000_000

    def now_ms(self) -> int:
        return self._offset_ms + time.monotonic_ns() // 1_000_000
