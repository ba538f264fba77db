"""`python -m sequencer.simulator --seeds N --base M`: N schedules of consensus under faults.

The last line counts what went wrong; the status is 0 if nothing did.
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from multiprocessing import Pool

from sequencer.simulation.draw import draw
from sequencer.simulation.world import Outcome, World


def run_seed(seed: int) -> Outcome:
    return World(draw(seed)).run()


def describe_failure(outcome: Outcome) -> str:
    """What went wrong, and how to see it again."""
    lines = [f"seed {outcome.seed}: {line}" for line in outcome.violations[:5]]
    if outcome.is_stuck:
        lines.append(f"seed {outcome.seed}: stuck at height {outcome.height}")
    lines.append(f"  {draw(outcome.seed).line()}")
    lines.append(f"  again: make sim SEEDS=1 SEED_BASE={outcome.seed} ARGS=--verbose")
    return "\n".join(lines)


def show(seed: int) -> Outcome:
    """One schedule, told as it happens."""
    scenario = draw(seed)
    print(scenario.line())
    outcome = World(scenario, tell=print).run()
    print(f"height {outcome.height}, {outcome.events} messages, trace {outcome.trace}")
    return outcome


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="simulate consensus under faults")
    parser.add_argument("--seeds", type=int, default=2_000, help="how many schedules")
    parser.add_argument("--base", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--verbose", action="store_true", help="print every event")
    options = parser.parse_args(arguments)

    logging.disable(logging.WARNING)  # torn journals are part of it
    seeds = range(options.base, options.base + options.seeds)
    unsafe = stuck = 0
    with Pool(max(1, min(options.jobs, options.seeds))) as pool:
        run = map(show, seeds) if options.verbose else pool.imap_unordered(run_seed, seeds, 8)
        for outcome in run:
            unsafe += bool(outcome.violations)
            stuck += outcome.is_stuck
            if outcome.violations or outcome.is_stuck:
                print(describe_failure(outcome), flush=True)
    print(f"sim: {options.seeds} schedules, {unsafe} safety violations, {stuck} stuck")
    return 0 if unsafe == stuck == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
