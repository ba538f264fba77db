"""NET-9: logs that an attacker can write to pass so many lines a minute, and count the others."""

import logging
import time
from collections.abc import Callable

LINES_A_MINUTE = 20
_MINUTE = 60.0


class FewLines(logging.Filter):
    """Passes the first records of each minute; a later one says how many were left out."""

    def __init__(
        self, lines: int = LINES_A_MINUTE, now: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__()
        self._lines = lines
        self._now = now
        self._begun = now()
        self._passed = 0
        self._left_out = 0

    def filter(self, record: logging.LogRecord) -> bool:
        if self._now() - self._begun >= _MINUTE:
            if self._left_out:
                record.msg = f"{record.getMessage()} ({self._left_out} more before it)"
                record.args = ()
            self._begun, self._passed, self._left_out = self._now(), 0, 0
        if self._passed >= self._lines:
            self._left_out += 1
            return False
        self._passed += 1
        return True
