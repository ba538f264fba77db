"""`python -m tests.mutants.table`: how many drawn schedules it takes to find each planted bug.

Schedules are taken in order of their seeds, none left out. The status is 0 if all were found.
"""

import argparse
import logging
import os
import sys
from multiprocessing import get_context

import pytest

from sequencer.simulation.draw import draw
from sequencer.simulation.world import World
from tests.mutants import planted, planted_epochs
from tests.mutants.mutate import plant

MUTANTS = [*planted.MUTANTS, *planted_epochs.MUTANTS]
MOST = 2_000
"""Schedules for a bug, before it counts as not found."""


def find(task: tuple[int, int]) -> int | None:
    """How many schedules it took to find the bug of a place; None: more than there were."""
    place, most = task
    mutant = MUTANTS[place]
    with pytest.MonkeyPatch.context() as patch:
        for change in mutant.changes:
            plant(patch, *change)
        for seed in range(most):
            if mutant.is_caught(World(draw(seed)).run()):
                return seed + 1
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description="find planted bugs by schedules")
    parser.add_argument("--most", type=int, default=MOST, help="schedules for each bug")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    options = parser.parse_args()

    logging.disable(logging.WARNING)
    tasks = [(place, options.most) for place in range(len(MUTANTS))]
    missed = 0
    print("| planted bug | schedules until found |")
    print("| --- | ---: |", flush=True)
    with get_context("fork").Pool(options.jobs) as pool:
        for mutant, found in zip(MUTANTS, pool.imap(find, tasks, 1), strict=True):
            missed += found is None
            print(f"| {mutant.name} | {found or 'not found'} |", flush=True)
    print(f"sim-mutants: {len(MUTANTS)} planted, {missed} not found")
    return 0 if missed == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
