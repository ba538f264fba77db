"""Where nodes stand, and how long a packet takes from one to another."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

MS = 1_000_000
"""Nanoseconds."""
_FILE = Path(__file__).with_name("regions.csv")


@dataclass(frozen=True, slots=True)
class World:
    """Regions, and the measured round trip from each to each in ms."""

    names: tuple[str, ...]
    round_trip_ms: tuple[tuple[float, ...], ...]

    def region_of(self, position: int) -> int:
        """Nodes stand in the regions in turn."""
        return position % len(self.names)

    def one_way_ns(self, sender: int, receiver: int) -> int:
        """Half the round trip between the regions of two nodes."""
        trip_ms = self.round_trip_ms[self.region_of(sender)][self.region_of(receiver)]
        return round(trip_ms * MS / 2)

    def inhabitants(self, region: int, nodes: int) -> frozenset[int]:
        return frozenset(p for p in range(nodes) if self.region_of(p) == region)


@cache
def measured_world() -> World:
    """The matrix in `regions.csv`, which names its source."""
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    rows = list(csv.reader(line for line in lines if not line.startswith("#")))
    names = tuple(rows[0][1:])
    if tuple(row[0] for row in rows[1:]) != names:
        raise ValueError(f"{_FILE.name}: rows and columns are not the same regions")
    return World(names, tuple(tuple(float(cell) for cell in row[1:]) for row in rows[1:]))
