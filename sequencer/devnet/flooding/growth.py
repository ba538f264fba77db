"""Whether what a process holds stays flat: samples over time, a line through them, a verdict."""

from collections.abc import Sequence
from dataclasses import dataclass

MIB = 1 << 20
WARM_UP_SHARE = 6
WARM_UP_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One process at one moment."""

    at_seconds: float
    rss_bytes: int
    open_files: int
    disk_bytes: int
    """Of its data folder."""
    log_bytes: int
    height: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one process, after the warm-up."""

    start_mib: float
    end_mib: float
    slope_mib_per_hour: float
    span_hours: float
    range_mib: float
    """Highest less lowest."""

    @property
    def growth_mib(self) -> float:
        """What the line rises by from its begin to its end."""
        return self.slope_mib_per_hour * self.span_hours

    def is_flat(self, allowed_mib: float) -> bool:
        return self.growth_mib <= allowed_mib


def warm_up_seconds(total_seconds: float) -> float:
    """Ten minutes, or a sixth of a short run."""
    return min(WARM_UP_SECONDS, total_seconds / WARM_UP_SHARE)


def judge(samples: Sequence[Sample], warm_up: float) -> Verdict:
    """`samples` of one process, ascending. Raises `ValueError` if too few lie after the warm-up."""
    kept = [(s.at_seconds, s.rss_bytes / MIB) for s in samples if s.at_seconds >= warm_up]
    if len(kept) < 4:
        raise ValueError(f"{len(kept)} samples after {warm_up:.0f} s, expected at least 4")
    sizes = [size for _, size in kept]
    return Verdict(
        start_mib=sizes[0],
        end_mib=sizes[-1],
        slope_mib_per_hour=3_600 * slope(kept),
        span_hours=(kept[-1][0] - kept[0][0]) / 3_600,
        range_mib=max(sizes) - min(sizes),
    )


def slope(points: Sequence[tuple[float, float]]) -> float:
    """Of the line with the least squares through the points."""
    count = len(points)
    mean_x = sum(x for x, _ in points) / count
    mean_y = sum(y for _, y in points) / count
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0
