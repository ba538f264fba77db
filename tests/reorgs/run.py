"""`python -m tests.reorgs.run`: play many sequences, name the seed of what fails."""

import argparse
import logging
import os
import sys
import time
from collections import Counter
from multiprocessing import get_context

from tests.reorgs.play import Outcome, play

PROGRESS_SECONDS = 60
CHUNK = 4


def run(seed: int) -> tuple[int, Outcome]:
    """In a process of its own: log lines are no news here."""
    logging.disable(logging.CRITICAL)
    return seed, play(seed)


def main() -> int:
    parser = argparse.ArgumentParser(description="an L1 that goes back, and all who read it")
    parser.add_argument("--sequences", type=int, default=1_000, help="how many")
    parser.add_argument("--seed", type=int, default=0, help="the first one's")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    options = parser.parse_args()

    total: Counter[str] = Counter()
    deepest = 0
    begun = told = time.monotonic()
    seeds = range(options.seed, options.seed + options.sequences)
    with get_context("spawn").Pool(options.jobs) as pool:
        for seed, outcome in pool.imap(run, seeds, CHUNK):
            figures = outcome.figures
            deepest = max(deepest, figures.deepest)
            total.update(
                sequences=1,
                failed=int(outcome.violation is not None),
                blocks=figures.blocks,
                reorgs=figures.reorgs,
                taken=figures.taken_back,
                kills=outcome.kills,
                deep=outcome.too_deep,
            )
            if outcome.violation is not None:
                print(f"seed {seed}: {outcome.violation}")
                print(f"  again: make reorgs SEQUENCES=1 SEED={seed}", flush=True)
            if time.monotonic() - told > PROGRESS_SECONDS:
                told = time.monotonic()
                line = _summary(options.seed, total, deepest)
                print(f"{line}; goes on with SEED={seed + 1}", file=sys.stderr, flush=True)
    print(f"{_summary(options.seed, total, deepest)}, {time.monotonic() - begun:.0f} s")
    return 1 if total["failed"] else 0


def _summary(first: int, total: Counter[str], deepest: int) -> str:
    return (
        f"reorgs: {total['sequences']} sequences from seed {first}, {total['failed']} failed;"
        f" {total['reorgs']} reorgs of up to {deepest} blocks, {total['blocks']} blocks,"
        f" {total['taken']} transactions taken back, {total['kills']} restarts,"
        f" {total['deep']} times deeper than a window"
    )


if __name__ == "__main__":
    sys.exit(main())
