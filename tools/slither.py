"""`python -m tools.slither`: slither over contracts/; only what is of low impact can be answered.

What slither has wrong at high or medium impact is suppressed where it is, with the reason beside
it. An answer in tools/slither.toml is for low impact: it names a check, the functions it speaks of,
and why nothing is to be done there. The status is 1 if a finding is high or medium or has no
answer, or an answer has no finding left.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from typing import Any

from tools.compile_contracts import ROOT

BUILD = ROOT / "build" / "slither"
ANSWERS = ROOT / "tools" / "slither.toml"

# What a finding speaks of first: Contract.function or Contract.variable.
_PLACE = re.compile(r"\b([A-Za-z]\w*\.\w+)")

Finding = tuple[str, str]
"""Check and place."""


class SlitherFault(Exception):
    """forge or slither did not do its work; the message is what it said."""


def analyse() -> list[dict[str, Any]]:
    """What slither found, notes on style left out."""
    # slither reads every file of a build's information, those of former sources too.
    shutil.rmtree(BUILD, ignore_errors=True)
    _run(
        *("forge", "build", "--force", "--skip", "contracts/harness/*", "--build-info"),
        *("--build-info-path", f"{BUILD}/build-info"),
        *("--out", str(BUILD), "--cache-path", f"{BUILD}-cache"),
    )
    report = BUILD / "report.json"
    report.unlink(missing_ok=True)
    _run(
        *(f"{ROOT}/build/analysis/bin/slither", ".", "--ignore-compile"),
        *("--foundry-out-directory", str(BUILD.relative_to(ROOT))),
        *("--filter-paths", "node_modules|contracts/harness"),
        *("--exclude-informational", "--exclude-optimization", "--fail-none"),
        *("--json", str(report)),
    )
    found: list[dict[str, Any]] = json.loads(report.read_text("utf-8"))["results"]["detectors"]
    return found


def place_of(finding: dict[str, Any]) -> str:
    match = _PLACE.search(finding["description"])
    return match[1] if match else finding["description"].strip()


def answers() -> set[Finding]:
    """Every check and place that has an answer."""
    entries = tomllib.loads(ANSWERS.read_text("utf-8"))["answer"]
    return {(entry["check"], place) for entry in entries for place in entry["places"]}


def _run(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SlitherFault(f"{command[0]} failed:\n{done.stdout}\n{done.stderr}")


def main() -> int:
    try:
        found = {(f["check"], place_of(f)): f for f in analyse()}
    except SlitherFault as fault:
        print(f"error: {fault}", file=sys.stderr)
        return 1
    low = {key for key, finding in found.items() if finding["impact"] == "Low"}
    answered = answers()
    for key in sorted(found.keys() - (low & answered)):
        print(f"{found[key]['impact']}: {key[0]}: {found[key]['description'].strip()}\n")
    for check, place in sorted(answered - low):
        print(f"answered, but not found any more: {check} in {place}")
    worse = len(found.keys() - low)
    print(f"slither: {worse} high or medium, {len(low)} low, {len(low & answered)} answered")
    return 0 if worse == 0 and low == answered else 1


if __name__ == "__main__":
    sys.exit(main())
