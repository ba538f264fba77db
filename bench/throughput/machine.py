"""What processes and this machine did, from /proc."""

import contextlib
import os
import platform
import sys
import time
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PROBE_LOOPS = 300_000
_PROBE_ROUNDS = 5


def cpu_seconds(group: int) -> float:
    """User and system time of all living processes of a process group, and of their children that
    have ended."""
    return sum(_times(fields) for fields in _processes() if int(fields[2]) == group) / _TICKS


def resident_mb(group: int) -> float:
    """Resident memory of a process group. Pages that its processes share count for each."""
    pages = sum(int(fields[21]) for fields in _processes() if int(fields[2]) == group)
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def folder_mb(folder: Path) -> float:
    """What the files of a folder take on disk."""
    return sum(p.stat().st_blocks * 512 for p in folder.rglob("*") if p.is_file()) / 1e6


def _times(fields: list[str]) -> int:
    return sum(map(int, fields[11:15]))


def _processes() -> list[list[str]]:
    """Of each process, the fields of its stat file from the state on (proc(5) counts it as 3)."""
    found = []
    for file in Path("/proc").glob("[0-9]*/stat"):
        # Without the name in brackets, which may hold spaces.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found.append(file.read_text("ascii", "replace").rpartition(")")[2].split())
    return found


@dataclass(frozen=True, slots=True)
class Noise:
    """How evenly the machine ran a fixed piece of work, and what others took of it."""

    probe_ms: tuple[float, ...]
    load: float
    steal_percent: float

    @property
    def spread_percent(self) -> float:
        """Of the slowest round over the fastest."""
        return (max(self.probe_ms) / min(self.probe_ms) - 1) * 100


class Watch:
    """Noise from one moment to another."""

    def __init__(self) -> None:
        self._before = probe()
        self._steal, self._total = _steal()

    def stop(self) -> Noise:
        steal, total = _steal()
        stolen = (steal - self._steal) / max(1, total - self._total) * 100
        load = os.getloadavg()[0]
        return Noise((*self._before, *probe()), load, stolen)


def probe() -> tuple[float, ...]:
    """Milliseconds that a fixed loop takes, a few times."""
    times = []
    for _ in range(_PROBE_ROUNDS):
        start = time.perf_counter()
        total = 0
        for number in range(_PROBE_LOOPS):
            total += number
        times.append(round((time.perf_counter() - start) * 1_000, 3))
    return tuple(times)


def _steal() -> tuple[int, int]:
    """Ticks that a hypervisor gave to others, and ticks in all, since the machine started."""
    fields = list(map(int, Path("/proc/stat").read_text("ascii").splitlines()[0].split()[1:]))
    return (fields[7] if len(fields) > 7 else 0), sum(fields[:8])


def environment() -> dict[str, object]:
    """What a reader must know of the machine; no names of hosts, no paths."""
    models = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        if line.startswith("model name")
    ]
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cpu": models[0] if models else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(memory / 1e9),
        "system": f"{platform.system()} {platform.release()}",
        "python": sys.version.partition(" [")[0],
    }
