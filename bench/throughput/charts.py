"""Charts of a report, as PNG and SVG beside it: `python -m bench.throughput.charts RESULTS`, in the
environment that has matplotlib."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("agg")
import matplotlib.pyplot as plt
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullFormatter

NAMES = ("throughput-latency", "latency-distribution")


def main(report: Path) -> None:
    scenarios = json.loads(report.read_text("utf-8"))["scenarios"]
    figures = against_throughput(scenarios), distributions(scenarios)
    for name, figure in zip(NAMES, figures, strict=True):
        for kind in ("png", "svg"):
            figure.savefig(report.with_name(f"{name}.{kind}"), dpi=150, metadata=_no_date(kind))
        plt.close(figure)


def against_throughput(scenarios: Mapping[str, Any]) -> Any:
    """Finality over the rate, with the peak as the last point."""
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    rows = [*loads(scenarios).values(), scenarios.get("saturation", {})]
    rows = [row for row in rows if row.get("finality_ms")]
    for name in ("p50", "p99"):
        rates = [row["final_tx_s"] for row in rows]
        axes.plot(rates, [row["finality_ms"][name] for row in rows], marker="o", label=name)
    axes.set(xlabel="final transactions a second", ylabel="finality, ms", yscale="log")
    _milliseconds(axes.yaxis)
    axes.set_title("Finality against throughput: four nodes, L1 and load on one machine")
    axes.grid(visible=True, which="both", alpha=0.3)
    axes.legend()
    return figure


def distributions(scenarios: Mapping[str, Any]) -> Any:
    """The part of transactions that were final after a time, for each load."""
    figure, axes = plt.subplots(figsize=(7, 4), layout="constrained")
    for load, row in loads(scenarios).items():
        percents = sorted((float(name[1:]), ms) for name, ms in row["finality_ms"].items())
        label = f"{load} of the peak, {row['final_tx_s']:,.0f} tx/s"
        axes.plot([ms for _, ms in percents], [p for p, _ in percents], marker=".", label=label)
    axes.set(xlabel="finality, ms", ylabel="percent of transactions", xscale="log")
    _milliseconds(axes.xaxis)
    axes.set_title("How long transactions take to be final")
    axes.grid(visible=True, which="both", alpha=0.3)
    if axes.lines:
        axes.legend()
    return figure


def loads(scenarios: Mapping[str, Any]) -> dict[str, Any]:
    """The loads in percent of the peak that have a distribution."""
    latency = scenarios.get("latency", {})
    return {
        name: row
        for name, row in latency.items()
        if name.endswith("%") and isinstance(row, Mapping) and row.get("finality_ms")
    }


def _milliseconds(axis: Any) -> None:
    """Plain numbers along a logarithmic axis."""
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(FormatStrFormatter("%g"))
    axis.set_minor_formatter(NullFormatter())


def _no_date(kind: str) -> dict[str, None]:
    """The same figures make the same file."""
    return {"Date": None} if kind == "svg" else {}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
