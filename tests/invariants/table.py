"""`python -m tests.invariants.table`: whether its suite finds each planted bug, and by what rule.

Each bug is compiled in a tree of its own and its suite runs on it, shorter than usual.
The status is 0 if all were found.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.invariants.planted import BUGS, Planted
from tools.compile_contracts import ROOT

RUNS = 1_000
"""Of a suite on a bug. What is found at all is found by then."""

# A failed test: the reason, then the name (and for an invariant's sequence a line further down).
_BROKEN = re.compile(r'\[FAIL: Broken\("([^"]+)"')
_FAILED = re.compile(r"\[FAIL: (.*?)[;\]]")

_IMPORT = re.compile(r'from "\./(\w+\.sol)";')


def find(bug: Planted, runs: int) -> str | None:
    """The rules that the suite says are broken; None if it passes."""
    with TemporaryDirectory() as folder:
        tree = Path(folder)
        lay_out(tree, bug.suite)
        source = tree / bug.source
        source.write_text(bug.plant(source.read_text("utf-8")), "utf-8")
        done = run_suite(tree, runs)
    if done.returncode == 0:
        return None
    found = _BROKEN.findall(done.stdout) or _FAILED.findall(done.stdout)
    assert found, f"{bug.name}: {done.stdout}{done.stderr}"
    return ", ".join(dict.fromkeys(found))


def lay_out(tree: Path, suite: str) -> None:
    """What forge needs for one suite, the sources as copies."""
    copied = shutil.ignore_patterns(".cache", "__pycache__")
    shutil.copytree(ROOT / "contracts", tree / "contracts", ignore=copied)
    shutil.copytree(ROOT / "tests/invariants", tree / "tests/invariants", ignore=copied)
    needed = _needed(tree, f"{suite}.t.sol")
    for other in (tree / "tests/invariants").glob("*.sol"):
        if other.name not in needed:
            other.unlink()
    shutil.copy(ROOT / "foundry.toml", tree)
    (tree / "node_modules").symlink_to(ROOT / "node_modules")
    (tree / "build").mkdir()
    (tree / "build/bin").symlink_to(ROOT / "build/bin")


def _needed(tree: Path, name: str) -> set[str]:
    """The suite's files that `name` imports, itself included: what else there is takes its time."""
    source = (tree / "tests/invariants" / name).read_text("utf-8")
    found = {name}
    for imported in _IMPORT.findall(source):
        found |= _needed(tree, imported)
    return found


def run_suite(tree: Path, runs: int) -> subprocess.CompletedProcess[str]:
    """`forge test` with the suites' profile; the optimizer would take longer than it saves."""
    return subprocess.run(
        ["forge", "test", "--fail-fast"],
        cwd=tree,
        env={
            **os.environ,
            "FOUNDRY_PROFILE": "invariants",
            "FOUNDRY_OPTIMIZER": "false",
            "FOUNDRY_FUZZ_RUNS": str(runs),
            "FOUNDRY_INVARIANT_RUNS": str(runs),
            # A shorter sequence that breaks the rule is of no interest here.
            "FOUNDRY_INVARIANT_SHRINK_RUN_LIMIT": "0",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="find planted bugs by the suites")
    parser.add_argument("--runs", type=int, default=RUNS, help="runs of a suite")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="at a time")
    parser.add_argument("--only", default="", help="bugs whose names contain this")
    options = parser.parse_args()

    bugs = [bug for bug in BUGS if options.only in bug.name]
    missed = 0
    print("| planted bug | suite | found by |\n| --- | --- | --- |", flush=True)
    with ThreadPoolExecutor(options.jobs) as pool:
        for bug, found in zip(bugs, pool.map(lambda b: find(b, options.runs), bugs), strict=True):
            missed += found is None
            print(f"| {bug.name} | {bug.suite} | {found or 'not found'} |", flush=True)
    print(f"invariants-mutants: {len(bugs)} planted, {missed} not found")
    return 0 if missed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
