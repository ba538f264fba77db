"""The matrix: which faults, on how many of n nodes, in which order.

With n = 3f + 1 equal nodes the counts that behave differently are 1, f-1, f (order goes on), f+1,
2f-1, 2f, 2f+1 and all (order stops until a quorum of 2f+1 is back).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sequencer.devnet.outages.faults import Field, Step
from sequencer.devnet.outages.links import Cut

PER_NODE = ("kill", "stop", "hole", "reset")
SPECIAL = ("blink", "mute", "deaf")
HOLD_SECONDS = 5.0
"""How long an outage lasts: longer than it takes to give a silent connection up (NET-10)."""
BLINK_SECONDS = 1.0
"""Shorter than that."""


@dataclass(frozen=True, slots=True)
class Case:
    """`count` nodes fail by `fault`, from the `first` on; or the network falls into halves."""

    nodes: int
    fault: str
    count: int
    is_staggered: bool = False
    first: int = 0
    hold_seconds: float = HOLD_SECONDS

    @property
    def name(self) -> str:
        if self.fault.startswith("halves"):
            return f"n{self.nodes}-{self.fault}-{self.count}-{self.nodes - self.count}"
        order = "staggered" if self.is_staggered else "together"
        return f"n{self.nodes}-{self.fault}-{self.count}-{order}"

    def steps(self, field: Field) -> list[Step]:
        if self.fault.startswith("halves"):
            return [field.halves(self.count, Cut(self.fault.removeprefix("halves-")))]
        make = getattr(field, self.fault)
        return [make((self.first + i) % self.nodes) for i in range(self.count)]

    @property
    def steps_to_quorum(self) -> int:
        """How many of the steps must be lifted before a quorum is together again; 0 if it
        always was."""
        if self.fault.startswith("halves"):
            return 1
        return max(0, self.count - faulty(self.nodes))


def faulty(nodes: int) -> int:
    """f: how many may fail."""
    return (nodes - 1) // 3


def counts(nodes: int) -> list[int]:
    f = faulty(nodes)
    return sorted({1, f - 1, f, f + 1, 2 * f - 1, 2 * f, 2 * f + 1, nodes} - {0})


def matrix(nodes: int) -> Iterator[Case]:
    """Every case; another node comes first in each."""
    for number, (fault, count, is_staggered) in enumerate(_rows(nodes)):
        hold_seconds = BLINK_SECONDS if fault == "blink" else HOLD_SECONDS
        yield Case(nodes, fault, count, is_staggered, number % nodes, hold_seconds)


def _rows(nodes: int) -> Iterator[tuple[str, int, bool]]:
    f = faulty(nodes)
    for fault in PER_NODE:
        for count in counts(nodes):
            yield fault, count, False
            if count > 1:
                yield fault, count, True
    for fault in SPECIAL:
        yield fault, f, False
        yield fault, f + 1, False
    yield "halves-hole", nodes // 2, False
    yield "halves-reset", nodes // 2, False
