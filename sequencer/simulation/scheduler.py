"""The fake clock and what is due when."""

from collections.abc import Callable
from hashlib import blake2b
from heapq import heappop, heappush

Action = Callable[[], None]


class Scheduler:
    """Runs actions in order of their time in ms; those of one time in order of arrival."""

    def __init__(self) -> None:
        self.now_ms = 0
        self._due: list[tuple[int, int, Action]] = []
        self._count = 0

    def at(self, time_ms: int, action: Action) -> None:
        self._count += 1
        heappush(self._due, (time_ms, self._count, action))

    def after(self, delay_ms: int, action: Action) -> None:
        self.at(self.now_ms + delay_ms, action)

    def step(self) -> bool:
        """Run the next action; False when there is none."""
        if not self._due:
            return False
        self.now_ms, _, action = heappop(self._due)
        action()
        return True


class Clock:
    """A node's own clock: some ms off, and running at some percent of the right speed."""

    def __init__(self, scheduler: Scheduler, offset_ms: int = 0, percent: int = 100) -> None:
        self._scheduler = scheduler
        self._offset_ms = offset_ms
        self._percent = percent

    @property
    def now_ms(self) -> int:
        return self._offset_ms + self._scheduler.now_ms * self._percent // 100

    def when(self, local_ms: int) -> int:
        """The first moment of the scheduler at which this clock shows that time."""
        return -((self._offset_ms - local_ms) * 100 // self._percent)


class Trace:
    """A running hash over everything that happened: equal for equal seeds."""

    def __init__(self, tell: Callable[[str], None] | None = None) -> None:
        """`tell` is given every line."""
        self._hash = blake2b(digest_size=16)
        self._tell = tell
        self.events = 0

    def note(self, line: str) -> None:
        self.events += 1
        self._hash.update(line.encode())
        if self._tell is not None:
            self._tell(line)

    def digest(self) -> str:
        return self._hash.hexdigest()
