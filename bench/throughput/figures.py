"""From what a generator and nodes wrote down to figures. Pure."""

import statistics
from collections.abc import Iterable, Sequence

QUANTILES = (1, 5, 10, 25, 50, 75, 90, 95, 99, 99.9, 100)


def percentile(ordered: Sequence[float], percent: float) -> float:
    """Of values in ascending order: the least that so many percent of them do not exceed."""
    rank = -(-len(ordered) * percent // 100)
    return ordered[max(0, min(len(ordered), int(rank)) - 1)]


def distribution(values: Iterable[float]) -> dict[str, float]:
    """Percentiles by name; none of no values."""
    ordered = sorted(values)
    if not ordered:
        return {}
    return {f"p{percent:g}": round(percentile(ordered, percent), 3) for percent in QUANTILES}


def rate_between(times_ns: Iterable[int], start_ns: int, end_ns: int) -> float:
    """Events a second from one moment up to another."""
    count = sum(1 for time_ns in times_ns if start_ns <= time_ns < end_ns)
    return count / ((end_ns - start_ns) / 1e9)


def spread_percent(values: Sequence[float]) -> float:
    """How far the largest is above the smallest, in percent of the median."""
    middle = statistics.median(values) if values else 0
    return (max(values) - min(values)) / middle * 100 if middle else 0.0


def ratio(value: float | None, base: float | None) -> float | None:
    """Rounded; None when there is nothing to compare."""
    return round(value / base, 3) if value is not None and base else None
