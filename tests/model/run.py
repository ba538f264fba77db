"""`make model`: explore the rules of consensus, the same with one rule dropped, and compare the
rules with the shipped core. Ends with an error if anything is not as it should be."""

import argparse
import time
from collections.abc import Sequence

from tests.model.explore import Interleaved, Layered, explore
from tests.model.invariants import ACCOUNTABILITY, SAFETY, Check, holds
from tests.model.liveness import dead_end
from tests.model.mutants import FOUR, MUTANTS, THREE
from tests.model.protocol import Committee, Protocol
from tests.model.scenes import SCENES
from tests.model.walk import walk

OVERRUN = Committee((1, 1), (1, 1))
RUNS: tuple[tuple[type[Interleaved], Committee, int, Sequence[Check]], ...] = (
    (Interleaved, FOUR, 2, (*SAFETY, dead_end)),
    (Layered, FOUR, 4, SAFETY),
    (Layered, THREE, 4, SAFETY),
    (Interleaved, Committee((3, 2, 2), (1,)), 1, (*SAFETY, dead_end)),
    (Layered, Committee((3, 2, 2), (1,)), 3, SAFETY),
    (Layered, Committee((3, 2, 1), (2,)), 3, SAFETY),
    (Interleaved, OVERRUN, 2, ACCOUNTABILITY),
    (Layered, OVERRUN, 3, ACCOUNTABILITY),
    (Layered, Committee((2, 1), (3, 2)), 3, ACCOUNTABILITY),
)


def main() -> int:
    parser = argparse.ArgumentParser(description="Explore the rules of consensus.")
    parser.add_argument("--traces", action="store_true", help="print how each mutant fails")
    shows_traces = parser.parse_args().traces
    return int(not all([explore_rules(), explore_mutants(shows_traces), compare_core()]))


def explore_rules() -> bool:
    print("the rules         honest     faulty  views   states  depth  CPU s  invariants")
    is_good = True
    for kind, committee, views, checks in RUNS:
        start = time.process_time()
        system = kind(Protocol(committee, views))
        found = explore(system, holds(system, *checks))
        names = ", ".join(check.__name__ for check in checks)
        print(
            f"  {kind.__name__.lower():14}  {words(committee.honest):9}"
            f"  {words(committee.faulty):6}  {views:5}  {found.states:7}  {found.depth:5}"
            f"  {since(start)}"
            f"  {found.violation or 'hold: ' + names}",
            flush=True,
        )
        print(*(f"    {line}" for line in found.trace), sep="\n", end="\n" if found.trace else "")
        is_good &= found.violation is None
    return is_good


def explore_mutants(shows_traces: bool) -> bool:
    print("\none rule wrong         invariant           steps   states  CPU s  counterexample")
    is_good = True
    for mutant in MUTANTS:
        start = time.process_time()
        found = mutant.find()
        print(
            f"  {mutant.protocol.__name__:20}  {mutant.breaks.__name__:16}  {found.depth:7}"
            f"  {found.states:7}  {since(start)}  {found.violation or 'none'}",
            flush=True,
        )
        if shows_traces:
            print(*(f"    {line}" for line in found.trace), sep="\n")
        is_good &= found.violation is not None
    return is_good


def compare_core() -> bool:
    """Raises `Mismatch` where the core differs."""
    print("\nthe core, in every order of                states    steps  depth  CPU s")
    for scene in SCENES:
        start = time.process_time()
        walked = walk(scene)
        print(
            f"  {scene.name:38}  {walked.states:7}  {walked.steps:7}  {walked.depth:5}"
            f"  {since(start)}  does what the rules say",
            flush=True,
        )
    return True


def words(weights: Sequence[int]) -> str:
    return " ".join(map(str, weights))


def since(start: float) -> str:
    return f"{time.process_time() - start:5.1f}"


if __name__ == "__main__":
    raise SystemExit(main())
