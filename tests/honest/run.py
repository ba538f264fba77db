"""`python -m tests.honest.run`: attempts to convict honest nodes, all of which L1 must refuse."""

import argparse
import asyncio
import logging
import os
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing import get_context
from random import Random

from sequencer.errors import SwitchyardError
from sequencer.evidence.equivocation import statement_of_attestation
from sequencer.types import Epoch
from tests.honest import data, equivocation, inactivity, neglect, ordering, promises
from tests.honest.chain import Chain
from tests.honest.ground import SLOT_SECONDS, Attempt, Failure, Ground, distinct, judge
from tests.honest.planted import find_missed
from tests.honest.votes import MOST_EPOCHS, Said, run_schedule

SHARE = 500
"""Attempts of each kind on one L1."""
BLOCKS = 150
"""Of the chain on it, besides those that more promises need."""
BLOCKS_TO_PROMISE = 4
WEIGHTS = ((1, 1, 1, 1), (1,) * 7, (3, 2, 2, 1, 1), (5, 4, 3, 3))
"""Of committees, in ether."""


@dataclass
class Report:
    """What came of the attempts on one L1, or on several."""

    seeds: list[int] = field(default_factory=list)
    answers: dict[str, Counter[str]] = field(default_factory=dict)
    """By kind: how often L1 gave each."""
    facts: Counter[str] = field(default_factory=Counter)
    failures: list[tuple[int, str]] = field(default_factory=list)
    """By seed."""

    def add(self, other: "Report") -> None:
        self.seeds += other.seeds
        for kind, answers in other.answers.items():
            self.answers.setdefault(kind, Counter()).update(answers)
        self.facts.update(other.facts)
        self.failures += other.failures

    def lines(self) -> Iterator[str]:
        for kind, answers in sorted(self.answers.items()):
            for answer, count in answers.most_common():
                yield f"| {kind} | {answer} | {count} |"
        totals = ", ".join(f"{sum(found.values())} {kind}" for kind, found in self.answers.items())
        facts = ", ".join(f"{count} {name}" for name, count in sorted(self.facts.items()))
        yield f"honest: {totals} attempts; {facts}; {len(self.failures)} failed"


def run_seed(seed: int, attempts: int = SHARE) -> Report:
    """So many attempts of each kind, on an L1 of this seed."""
    logging.disable(logging.WARNING)  # Torn journals are part of it.
    try:
        return asyncio.run(_run(seed, attempts))
    except (AssertionError, SwitchyardError) as error:
        return Report([seed], failures=[(seed, f"the run itself: {error!r}")])
    finally:
        logging.disable(logging.NOTSET)


async def _run(seed: int, count: int) -> Report:
    random = Random(seed)
    ground = await Ground.start(random.choice(WEIGHTS))
    try:
        chain = Chain(ground, random)
        await chain.grow(BLOCKS + count // BLOCKS_TO_PROMISE)
        # The epochs of the schedules have begun, and L1 has recorded their committees.
        while ground.timestamp < ground.deployment.schedule.start_of(Epoch(MOST_EPOCHS + 1)):
            await ground.mine([], ground.timestamp + SLOT_SECONDS)
        return await _attempt_all(chain, seed, count)
    finally:
        await ground.stop()


async def _attempt_all(chain: Chain, seed: int, count: int) -> Report:
    ground, report = chain.ground, Report([seed])
    attested = equivocation.attempts(ground, _attestations(chain), Random(seed))
    schedules = _Schedules(ground, seed)
    streams = [
        (equivocation.KIND, attested),
        (equivocation.KIND, islice(distinct(schedules.attempts()), count)),
        (ordering.KIND, islice(distinct(ordering.attempts(chain, Random(seed))), count)),
        (neglect.KIND, islice(distinct(neglect.attempts(chain, Random(seed))), count)),
    ]
    failures: list[Failure] = []
    for kind, stream in streams:
        answers, found = await judge(ground, stream)
        report.answers.setdefault(kind, Counter()).update(answers)
        failures += found
    for kind, run in ((promises.KIND, promises.run), (data.KIND, data.run)):
        report.answers[kind], found, facts = await run(chain, Random(seed), count)
        report.facts.update(facts)
        failures += found
    absences = islice(distinct(await inactivity.attempts(chain, Random(seed))), count)
    report.answers[inactivity.KIND], found = await judge(ground, absences)
    report.facts.update(
        {"schedules": schedules.count, "blocks": len(chain.blocks), "batches": len(chain.batches)}
    )
    failures += found + await find_missed(chain)
    report.failures = [(seed, failure.line()) for failure in failures]
    return report


class _Schedules:
    """Of the simulator, one after the other."""

    def __init__(self, ground: Ground, seed: int) -> None:
        self._ground = ground
        self._random = Random(seed)
        self.count = 0

    def attempts(self) -> Iterator[Attempt]:
        """Without end. What is of two schedules never meets: they have keys and views in common."""
        while True:
            said = run_schedule(self._ground, self._random.randrange(1 << 32))
            self.count += 1
            yield from equivocation.attempts(self._ground, said, self._random)


def _attestations(chain: Chain) -> list[Said]:
    return [
        Said(signed.member, statement_of_attestation(signed))
        for attested in chain.batches
        for signed in (*attested.own, *attested.later)
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description="attempts to convict honest nodes")
    parser.add_argument("--attempts", type=int, default=10_000, help="of each kind")
    parser.add_argument("--seed", type=int, default=0, help="of the first L1")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    options = parser.parse_args()

    begun = time.monotonic()
    seeds = range(options.seed, options.seed + -(-options.attempts // SHARE))
    total = Report()
    with get_context("spawn").Pool(min(options.jobs, len(seeds))) as pool:
        for report in pool.imap(run_seed, seeds):
            total.add(report)
            for seed, line in report.failures[:5]:
                print(f"seed {seed}: {line}\n  again: make honest ATTEMPTS={SHARE} SEED={seed}")
            print(f"seed {report.seeds[0]} done", file=sys.stderr, flush=True)
    print("\n".join(total.lines()))
    print(f"{time.monotonic() - begun:.0f} s")
    return 1 if total.failures else 0


if __name__ == "__main__":
    sys.exit(main())
