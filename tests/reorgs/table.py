"""`python -m tests.reorgs.table`: how many sequences it takes to find each planted bug.

Sequences are taken in order of their seeds, none left out. The status is 0 if all were found.
"""

import argparse
import logging
import os
import re
import sys
from multiprocessing import get_context

from tests.mutants.mutate import FunctionBug
from tests.reorgs.planted import BUGS
from tests.reorgs.play import play

MOST = 200
"""Sequences for a bug, before it counts as not found."""


def find(bug: FunctionBug, most: int = MOST) -> tuple[int, str] | None:
    """How many sequences it took to find a bug, and by what; None if more."""
    with bug.planted():
        for seed in range(most):
            violation = play(seed).violation
            if violation is not None:
                return seed + 1, violation
    return None


def _find(place: int) -> tuple[int, str] | None:
    logging.disable(logging.CRITICAL)
    return find(BUGS[place])


def _kind(violation: str) -> str:
    """What was not kept, without the figures."""
    return re.sub(r"(?<= )\d+", "n", re.split("[:({\\[]", violation)[0].strip())


def main() -> int:
    parser = argparse.ArgumentParser(description="find planted bugs by sequences of reorgs")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    options = parser.parse_args()

    missed = 0
    print("| planted bug | sequences until found | by |\n| --- | ---: | --- |", flush=True)
    with get_context("spawn").Pool(options.jobs) as pool:
        for bug, found in zip(BUGS, pool.imap(_find, range(len(BUGS))), strict=True):
            missed += found is None
            count, violation = found or ("not found", "")
            print(f"| {bug.name} | {count} | {_kind(violation)} |", flush=True)
    print(f"reorgs-mutants: {len(BUGS)} planted, {missed} not found")
    return 0 if missed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
