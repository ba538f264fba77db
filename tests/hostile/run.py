"""`python -m tests.hostile.run`: play many cases, print a smaller one for what fails."""

import argparse
import asyncio
import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from multiprocessing import get_context

import msgspec

from tests.hostile.base import deploy
from tests.hostile.case import Case, draw_case
from tests.hostile.l1 import HostileL1
from tests.hostile.play import Outcome, play, shrink

CHUNK = 25
"""Cases to one Anvil."""
PROGRESS_SECONDS = 60


def run_chunk(seeds: Sequence[int]) -> list[tuple[int, Outcome, str]]:
    """Seed, outcome and, if it failed, the smaller case, for each."""
    return asyncio.run(_run_cases([draw_case(seed) for seed in seeds]))


async def _run_cases(cases: Sequence[Case]) -> list[tuple[int, Outcome, str]]:
    l1 = await HostileL1.start()
    try:
        base = deploy(l1)
        found = []
        for case in cases:
            outcome = await play(base, case)
            smaller = ""
            if outcome.violation is not None:
                shrunk, outcome = await shrink(base, case)
                smaller = shrunk.line()
            found.append((case.number, outcome, smaller))
        return found
    finally:
        await l1.stop()


def _outcomes(first: int, count: int, jobs: int) -> Iterator[tuple[int, Outcome, str]]:
    seeds = range(first, first + count)
    chunks = [seeds[at : at + CHUNK] for at in range(0, count, CHUNK)]
    with get_context("spawn").Pool(jobs) as pool:
        for found in pool.imap(run_chunk, chunks):
            yield from found


def main() -> int:
    parser = argparse.ArgumentParser(description="everybody against one user")
    parser.add_argument("--sequences", type=int, default=5_000, help="how many cases")
    parser.add_argument("--seed", type=int, default=0, help="the first one's seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--case", help="play this case, a line of JSON, instead")
    options = parser.parse_args()

    logging.disable(logging.WARNING)  # void batches are part of it
    if options.case is not None:
        case = msgspec.json.decode(options.case, type=Case)
        ((_, outcome, smaller),) = asyncio.run(_run_cases([case]))
        print(outcome.violation or "every promise was kept")
        return 1 if smaller else 0
    return _tell(options.seed, _outcomes(options.seed, options.sequences, options.jobs))


def _tell(first: int, outcomes: Iterator[tuple[int, Outcome, str]]) -> int:
    total, accepted, refused = (Counter[str]() for _ in range(3))
    begun = told = time.monotonic()
    for seed, outcome, smaller in outcomes:
        accepted.update(outcome.accepted)
        refused.update(outcome.refused)
        total.update(
            sequences=1,
            failed=int(outcome.violation is not None),
            blocks=outcome.blocks,
            reorgs=outcome.reorgs,
            forced=int(outcome.forced_by_user),
        )
        if outcome.violation is not None:
            print(f"seed {seed}: {outcome.violation}\n  again: make hostile CASE='{smaller}'")
        if time.monotonic() - told > PROGRESS_SECONDS:
            told = time.monotonic()
            line = _summary(first, total, accepted, refused)
            print(f"{line}; goes on with SEED={seed + 1}", file=sys.stderr, flush=True)
    for name in sorted(accepted | refused):
        print(f"| {name} | {accepted[name]} | {refused[name]} |")
    print(f"{_summary(first, total, accepted, refused)}, {time.monotonic() - begun:.0f} s")
    return 1 if total["failed"] else 0


def _summary(first: int, total: Counter[str], accepted: Counter[str], refused: Counter[str]) -> str:
    return (
        f"hostile: {total['sequences']} sequences from seed {first}, {total['failed']} failed;"
        f" {total['blocks']} blocks, {total['reorgs']} reorgs, {accepted.total()} transactions"
        f" accepted, {refused.total()} refused; {total['forced']} times the user had to force"
    )


if __name__ == "__main__":
    sys.exit(main())
