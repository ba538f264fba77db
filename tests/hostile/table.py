"""`python -m tests.hostile.table`: how many cases it takes to find each planted bug.

Cases are taken in order of their seeds, none left out. The status is 0 if all were found.
"""

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Mapping
from contextlib import nullcontext
from multiprocessing import get_context

from sequencer.deployment.artifacts import Artifact
from tests.hostile.base import deploy
from tests.hostile.case import draw_case
from tests.hostile.l1 import HostileL1
from tests.hostile.planted import BUGS, CONTRACT_BUGS, Planted, compile_bugs
from tests.hostile.play import play
from tests.mutants.mutate import FunctionBug

MOST = 1_000
"""Cases for a bug, before it counts as not found."""


def find(bug: Planted, artifact: Artifact | None, most: int = MOST) -> tuple[int, str] | None:
    """How many cases it took to find a bug, and by what; None if more. `artifact` is the contract
    with the bug, if it is one of a contract."""
    if not isinstance(bug, FunctionBug):
        assert artifact is not None, bug.name
        return asyncio.run(_search({artifact.name: artifact}, most))
    with bug.planted():
        return asyncio.run(_search({}, most))


def _find(task: tuple[int, Artifact | None]) -> tuple[int, str] | None:
    return find(BUGS[task[0]], task[1])


async def _search(artifacts: Mapping[str, Artifact], most: int) -> tuple[int, str] | None:
    l1 = await HostileL1.start()
    try:
        base = deploy(l1, artifacts)
        for seed in range(most):
            outcome = await play(base, draw_case(seed))
            if outcome.violation is not None:
                return seed + 1, outcome.violation
        return None
    finally:
        await l1.stop()


def main() -> int:
    parser = argparse.ArgumentParser(description="find planted bugs by hostile cases")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    options = parser.parse_args()

    logging.disable(logging.WARNING)
    artifacts = compile_bugs(CONTRACT_BUGS)
    tasks = [(place, artifacts.get(bug.name)) for place, bug in enumerate(BUGS)]
    missed = 0
    print("| planted bug | cases until found | by |\n| --- | ---: | --- |", flush=True)
    pool = get_context("spawn").Pool(options.jobs) if options.jobs > 1 else None
    with pool or nullcontext():
        results = (pool.imap if pool else map)(_find, tasks)
        for bug, result in zip(BUGS, results, strict=True):
            missed += result is None
            count, how = result or ("not found", "")
            print(
                f"| {bug.name} | {count} | {how.partition(': ')[2].partition(': ')[0]} |",
                flush=True,
            )
    print(f"hostile-mutants: {len(BUGS)} planted, {missed} not found")
    return 0 if missed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
