"""From figures to what a reader sees: the headline keys and the table. Pure."""

from collections.abc import Mapping
from typing import Any

from bench.throughput.figures import ratio

Results = Mapping[str, Mapping[str, Any]]
"""Figures by scenario."""


def headline(results: Results) -> dict[str, float | None]:
    """The figures by which the whole is judged; None for what was not measured."""
    peak = _get(results, "saturation", "final_tx_s")
    light, half = ("latency", "1%", "finality_ms"), ("latency", "50%", "finality_ms")
    return {
        "throughput_tx_s": peak,
        "ratio_vs_anvil": ratio(peak, _get(results, "anvil", "tx_s")),
        "ratio_vs_cometbft": ratio(peak, _get(results, "cometbft", "tx_s")),
        "finality_ms_light_p50": _get(results, *light, "p50"),
        "finality_ms_light_p99": _get(results, *light, "p99"),
        "finality_ms_half_p50": _get(results, *half, "p50"),
        "overload_peak_ratio": ratio(_get(results, "overload", "final_tx_s"), peak),
        "one_dead_ratio": ratio(_get(results, "one-dead", "final_tx_s"), peak),
        "rollups20_ratio": ratio(_get(results, "rollups-20", "final_tx_s"), peak),
    }


def table(results: Results) -> list[str]:
    """A line for each load that was measured, with its throughput beside the peak."""
    peak = _get(results, "saturation", "final_tx_s")
    head = (
        f"{'scenario':<22} {'tx/s':>9} {'of peak':>8} {'p50 ms':>9} {'p99 ms':>9} {'us CPU/tx':>10}"
    )
    lines = [head, "-" * len(head)]
    for name, result in results.items():
        for label, row in _rows(name, result):
            lines.append(_line(label, row, peak))
    return lines


def _rows(name: str, result: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    if "final_tx_s" in result or "tx_s" in result or "skipped" in result:
        return [(name, result)]
    parts = ((part, row) for part, row in result.items() if part != "noise")
    return [(f"{name} {part}", row) for part, row in parts if isinstance(row, Mapping)]


def _line(label: str, row: Mapping[str, Any], peak: float | None) -> str:
    if "skipped" in row:
        return f"{label:<22} skipped: {row['skipped']}"
    if "missing" in row:
        return f"{label:<22} {row['missing']:,} missing of {row['accepted']:,} accepted"
    rate = row.get("final_tx_s", row.get("tx_s"))
    latency = row.get("finality_ms") or {}
    of_peak = ratio(rate, peak)
    cells = (
        f"{rate:,.0f}" if rate is not None else "-",
        f"{of_peak:.2f}" if of_peak is not None else "-",
        f"{latency['p50']:.1f}" if latency else "-",
        f"{latency['p99']:.1f}" if latency else "-",
        f"{row['cpu_us_per_tx_all']:.0f}" if "cpu_us_per_tx_all" in row else "-",
    )
    return f"{label:<22} {cells[0]:>9} {cells[1]:>8} {cells[2]:>9} {cells[3]:>9} {cells[4]:>10}"


def _get(results: Results, *path: str) -> Any:
    found: Any = results
    for name in path:
        if not isinstance(found, Mapping) or name not in found:
            return None
        found = found[name]
    return found
