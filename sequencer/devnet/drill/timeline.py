"""What happened when, told to a person while it happens."""

import sys
import time
from dataclasses import dataclass
from typing import TextIO


@dataclass(frozen=True, slots=True)
class Moment:
    """`at_s` is seconds since the timeline began."""

    at_s: float
    event: str


class Timeline:
    """Begins when it is made."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = sys.stdout if out is None else out
        self._began = time.monotonic()
        self.moments: list[Moment] = []

    @property
    def seconds(self) -> float:
        """Since it began."""
        return round(time.monotonic() - self._began, 1)

    def say(self, event: str) -> None:
        moment = Moment(self.seconds, event)
        self.moments.append(moment)
        print(f"  {moment.at_s:7.1f} s  {event}", file=self._out, flush=True)
