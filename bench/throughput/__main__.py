"""`make bench`: a network and its peers under load on this machine.

Everything, the load generator too, shares the processors: figures are for comparing with each
other, not with another machine's. Writes bench/results.json and charts beside it;
docs/performance.md says what each figure means.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import time
import traceback
from pathlib import Path
from typing import Any

from bench.throughput.context import Context
from bench.throughput.machine import Watch, environment
from bench.throughput.report import headline, table
from bench.throughput.scenarios import SCENARIOS, Scenario

REPORT = Path("bench/results.json")
CHARTS = Path("build/charts/bin/python")
PARTIAL = Path("build/bench/results.json")
"""Of runs that leave scenarios out, unless they are told otherwise."""


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    names = [scenario.name for scenario in SCENARIOS]
    parser.add_argument("--only", default="", help=f"some of: {', '.join(names)}")
    parser.add_argument("--runs", type=int, default=5, help="of what goes into the headline")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each load")
    parser.add_argument("--sustained", type=float, default=30.0, help="seconds of the long load")
    parser.add_argument("--window", type=int, help="transactions on their way, at saturation")
    parser.add_argument("--output", type=Path, help=f"instead of {REPORT}")
    found = parser.parse_args()
    found.only = [name for name in found.only.split(",") if name]
    if unknown := set(found.only) - set(names):
        parser.error(f"no scenario {', '.join(sorted(unknown))}; there are {', '.join(names)}")
    return found


async def measure(scenario: Scenario, context: Context) -> dict[str, Any]:
    """The figures of a scenario, with how noisy the machine was; a failure is told and is no end
    of the others."""
    print(f"{scenario.name}: {scenario.what}", file=sys.stderr, flush=True)
    started, watch = time.monotonic(), Watch()
    try:
        result = await scenario.run(context)
    except Exception as error:  # whatever it is, it is told
        traceback.print_exc()
        await context.close()
        result = {"skipped": f"failed: {str(error).partition(chr(10))[0]}"}
    noise = watch.stop()
    result["noise"] = {
        "probe_spread_percent": round(noise.spread_percent, 1),
        "load_average": round(noise.load, 1),
        "steal_percent": round(noise.steal_percent, 1),
    }
    result["took_seconds"] = round(time.monotonic() - started)
    return result


async def main() -> int:
    given = arguments()
    chosen = [s for s in SCENARIOS if not given.only or s.name in given.only]
    context = Context(given.seconds, given.runs, given.sustained, given.window)
    results: dict[str, dict[str, Any]] = {}
    try:
        for scenario in chosen:
            results[scenario.name] = await measure(scenario, context)
    finally:
        await context.close()
    output = given.output or (PARTIAL if given.only else REPORT)
    report = {
        **headline(results),
        "runs": given.runs,
        "seconds": given.seconds,
        "environment": environment(),
        "scenarios": results,
    }
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print_report(report, output)
    draw(output)
    return 0


def draw(output: Path) -> None:
    """Charts beside the report, by a program that has matplotlib."""
    if CHARTS.exists():
        subprocess.run([CHARTS, "-m", "bench.throughput.charts", output], check=True)
        print(f"charts: {output.parent}/*.png, *.svg")
    else:
        print("no charts: `make build/.charts` installs what draws them")


def print_report(report: dict[str, Any], output: Path) -> None:
    print("\n" + "\n".join(table(report["scenarios"])) + "\n")
    for name, value in headline(report["scenarios"]).items():
        print(f"{name:<24} {'not measured' if value is None else value}")
    spreads = [result["noise"]["probe_spread_percent"] for result in report["scenarios"].values()]
    print(f"\nnoise: a fixed loop took up to {max(spreads)}% longer than at its fastest")
    print(f"written: {output}")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
