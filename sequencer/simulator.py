"""`python -m sequencer.simulator --seeds N --base M`: N schedules of consensus under faults.

The first failure of each kind is shrunk to a case, a file that `--case` runs again. Progress goes
to stderr, once a minute. The last line counts what went wrong; the status is 0 if nothing did.
"""

import argparse
import logging
import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import Pool
from pathlib import Path

from sequencer.errors import DecodeError
from sequencer.simulation.case import MAX_CASE_BYTES, Case, dump_case, load_case
from sequencer.simulation.draw import draw
from sequencer.simulation.scenario import Scenario
from sequencer.simulation.shrink import RUNS, kinds, shrink
from sequencer.simulation.world import Outcome, World

CASES = Path("build/sim")
PROGRESS_SECONDS = 60.0


def run_seed(seed: int) -> Outcome:
    return World(draw(seed)).run()


def describe_failure(outcome: Outcome, scenario: Scenario) -> str:
    """What went wrong, and in which schedule."""
    lines = [f"seed {outcome.seed}: {line}" for line in outcome.violations[:5]]
    if outcome.is_stuck:
        lines.append(f"seed {outcome.seed}: stuck at height {outcome.height}")
    lines.append(f"  {scenario.line()}")
    return "\n".join(lines)


def show(scenario: Scenario) -> Outcome:
    """One schedule, told as it happens."""
    print(scenario.line())
    outcome = World(scenario, tell=print).run()
    print(f"height {outcome.height}, {outcome.events} messages, trace {outcome.trace}")
    return outcome


def show_seed(seed: int) -> Outcome:
    return show(draw(seed))


def run_seeds(options: argparse.Namespace) -> tuple[int, int]:
    """How many schedules were unsafe, and stuck."""
    unsafe = stuck = 0
    told: set[str] = set()
    progress = _Progress(options.base, options.seeds)
    seeds = range(options.base, options.base + options.seeds)
    with _outcomes(options, seeds) as outcomes:
        for outcome in outcomes:
            unsafe += bool(outcome.violations)
            stuck += outcome.is_stuck
            if outcome.violations or outcome.is_stuck:
                _tell_failure(outcome, told, options)
            progress.step(unsafe + stuck)
    return unsafe, stuck


@contextmanager
def _outcomes(options: argparse.Namespace, seeds: range) -> Iterator[Iterator[Outcome]]:
    """In the order of the seeds, so that a soak can go on where it was stopped."""
    if options.verbose or options.jobs < 2 or len(seeds) < 2:
        yield map(show_seed if options.verbose else run_seed, seeds)
        return
    with Pool(min(options.jobs, len(seeds))) as pool:
        yield pool.imap(run_seed, seeds, 8)


def _tell_failure(outcome: Outcome, told: set[str], options: argparse.Namespace) -> None:
    scenario = draw(outcome.seed)
    print(describe_failure(outcome, scenario))
    print(f"  again: make sim SEEDS=1 SEED_BASE={outcome.seed} ARGS=--verbose", flush=True)
    kind = kinds(outcome)[0]
    if kind in told:
        return
    told.add(kind)
    found = shrink(scenario, outcome, options.shrink_runs)
    print(f"  shrunk in {found.runs} runs: {found.case.scenario.line()}")
    path = options.cases / f"seed-{outcome.seed}.json"
    try:
        options.cases.mkdir(parents=True, exist_ok=True)
        path.write_bytes(dump_case(found.case))
    except OSError as error:
        print(f"  {path}: {error.strerror}", flush=True)
    else:
        print(f"  the smaller one: make sim CASE={path} ARGS=--verbose", flush=True)


class _Progress:
    """A line now and then, for who waits long."""

    def __init__(self, base: int, count: int) -> None:
        self._base, self._count, self._done = base, count, 0
        self._began = self._told = time.monotonic()

    def step(self, failed: int) -> None:
        self._done += 1
        now = time.monotonic()
        if now - self._told < PROGRESS_SECONDS or self._done == self._count:
            return
        self._told = now
        rate = self._done / (now - self._began)
        print(
            f"sim: {self._done} of {self._count} schedules, {rate:.1f} a second, {failed} failed;"
            f" goes on with SEED_BASE={self._base + self._done}",
            file=sys.stderr,
            flush=True,
        )


def run_case(path: Path, is_verbose: bool) -> tuple[int, int]:
    """The schedule in a file; raises `DecodeError`."""
    case = read_case(path)
    outcome = show(case.scenario) if is_verbose else World(case.scenario).run()
    if outcome.violations or outcome.is_stuck:
        print(describe_failure(outcome, case.scenario))
    same = "the same" if outcome.trace == case.trace else f"{case.trace} when it was written"
    print(f"trace {outcome.trace}, {same}; it failed by: {case.failure}")
    return int(bool(outcome.violations)), int(outcome.is_stuck)


def read_case(path: Path) -> Case:
    try:
        with path.open("rb") as file:
            return load_case(file.read(MAX_CASE_BYTES + 1))
    except OSError as error:
        raise DecodeError(f"case: {error.strerror}") from error


def run(options: argparse.Namespace) -> tuple[int, int, int]:
    """How many schedules were run, how many were unsafe and how many stuck."""
    if options.case is None:
        return options.seeds, *run_seeds(options)
    return 1, *run_case(options.case, options.verbose)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="simulate consensus under faults")
    parser.add_argument("--seeds", type=int, default=2_000, help="how many schedules")
    parser.add_argument("--base", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--case", type=Path, help="run the schedule in this file instead")
    parser.add_argument("--cases", type=Path, default=CASES, help="folder for shrunk schedules")
    parser.add_argument("--shrink-runs", type=int, default=RUNS, help="at most, for each kind")
    parser.add_argument("--verbose", action="store_true", help="print every event")
    options = parser.parse_args(arguments)

    logging.disable(logging.WARNING)  # torn journals are part of it
    try:
        count, unsafe, stuck = run(options)
    except DecodeError as error:
        parser.exit(2, f"{options.case}: {error}\n")
    finally:
        logging.disable(logging.NOTSET)
    print(f"sim: {count} schedules, {unsafe} safety violations, {stuck} stuck")
    return 0 if unsafe == stuck == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
