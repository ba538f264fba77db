"""`python -m sequencer.simulator --seeds N --base M`: N schedules of consensus under faults."""

import argparse
import sys
from multiprocessing import Pool

from sequencer.simulation.scenario import draw
from sequencer.simulation.world import Outcome, World


def run_seed(seed: int) -> Outcome:
    return World(draw(seed)).run()


def report(outcome: Outcome) -> None:
    """What went wrong, and how to see it again."""
    for line in outcome.violations[:5]:
        print(f"seed {outcome.seed}: {line}")
    if outcome.is_stuck:
        print(f"seed {outcome.seed}: stuck at height {outcome.height}")
    print(f"  {draw(outcome.seed).line()}")
    print(f"  again: python -m sequencer.simulator --seeds 1 --base {outcome.seed}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="simulate consensus under faults")
    parser.add_argument("--seeds", type=int, default=2_000, help="how many schedules")
    parser.add_argument("--base", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    options = parser.parse_args()

    seeds = range(options.base, options.base + options.seeds)
    violations = stuck = 0
    with Pool(max(1, min(options.jobs, options.seeds))) as pool:
        for outcome in pool.imap_unordered(run_seed, seeds, chunksize=8):
            violations += bool(outcome.violations)
            stuck += outcome.is_stuck
            if outcome.violations or outcome.is_stuck:
                report(outcome)
    print(f"sim: {options.seeds} schedules, {violations} safety violations, {stuck} stuck")
    return 0 if violations == stuck == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
