"""What the demo says, and what it writes down: a tick for each check, a record for each step."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TextIO

from sequencer.errors import SwitchyardError

_TICK, _CROSS, _BAR = "✓", "✗", "│"


class CheckFailed(SwitchyardError):
    """The system did not do what the story says it does."""


@dataclass(slots=True)
class StepRecord:
    """One step as the report has it. `facts` are what was measured, by name."""

    name: str
    ok: bool = False
    seconds: float = 0.0
    facts: dict[str, Any] = field(default_factory=dict)


class Story:
    """Tells steps one after another."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = sys.stdout if out is None else out
        self.steps: list[StepRecord] = []

    def say(self, text: str = "") -> None:
        print(text, file=self._out, flush=True)

    @contextmanager
    def step(self, name: str, title: str) -> Iterator[StepRecord]:
        """One step. An error in it is recorded, told, and goes on up."""
        record = StepRecord(name)
        self.steps.append(record)
        self.say(f"\n{title}")
        began = time.monotonic()
        try:
            yield record
            record.ok = True
        except SwitchyardError as error:
            record.facts["error"] = str(error)
            if not isinstance(error, CheckFailed):
                self.say(f"  {_CROSS} {error}")
            raise
        finally:
            record.seconds = round(time.monotonic() - began, 3)

    def check(self, condition: bool, text: str) -> None:
        """A tick if the condition holds; else a cross, and `CheckFailed`."""
        self.say(f"  {_TICK if condition else _CROSS} {text}")
        if not condition:
            raise CheckFailed(text)

    def note(self, text: str) -> None:
        """What is going on meanwhile."""
        self.say(f"    {text}")

    def quote(self, line: str) -> None:
        """What another program says."""
        self.say(f"    {_BAR} {line}")

    @property
    def is_complete(self) -> bool:
        return all(step.ok for step in self.steps)
