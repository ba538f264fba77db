"""Lines that say what is being done and how long it took, while a network is set up."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO


class Progress:
    """Tells a person about steps; each line begins with the seconds since the start."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = sys.stdout if out is None else out
        self._started = time.monotonic()

    def say(self, text: str) -> None:
        print(f"{time.monotonic() - self._started:6.1f} s  {text}", file=self._out, flush=True)

    @contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Say it when it is done, with how long it took; when it is not, say that instead."""
        began = time.monotonic()
        try:
            yield
        except BaseException:
            self.say(f"{text}: failed")
            raise
        self.say(f"{text} ({time.monotonic() - began:.1f} s)")
