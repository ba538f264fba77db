"""A slice of `make honest`, and that it can fail."""

from dataclasses import replace
from random import Random

from tests.honest import neglect, ordering
from tests.honest.chain import Chain
from tests.honest.ground import ACCEPTED, Ground, judge
from tests.honest.planted import disorders, double_statements, find_missed, neglected
from tests.honest.run import run_seed

SLICE = 300
KINDS = {"equivocation", "ordering", "neglect", "promise", "data", "inactivity"}


def test_honest_run__offered_to_every_slasher__is_refused() -> None:
    report = run_seed(7, SLICE)
    assert report.failures == []
    assert set(report.answers) == KINDS
    for answers in report.answers.values():
        assert answers.total() >= SLICE
        assert ACCEPTED not in answers


async def test_planted__expected_to_be_refused__is_a_failure() -> None:
    ground = await Ground.start((1, 1, 1, 1))
    try:
        chain = Chain(ground, Random(1))
        await chain.grow(80)
        assert await find_missed(chain) == []
        planted = [*double_statements(chain), *disorders(chain), neglected(chain)]
        wrong = [replace(attempt, expected=frozenset({"NoConflict"})) for attempt in planted]
        _, failures = await judge(ground, iter(wrong))
        assert [failure.answer for failure in failures] == [ACCEPTED] * len(planted)
        honest = [
            next(ordering.attempts(chain, Random(1))),
            next(neglect.attempts(chain, Random(1))),
        ]
        told = [replace(one, expected=frozenset({ACCEPTED})) for one in honest]
        assert len((await judge(ground, iter(told)))[1]) == len(honest)
    finally:
        await ground.stop()
