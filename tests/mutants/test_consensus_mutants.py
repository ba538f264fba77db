"""One planted bug for each promise of consensus, and what catches it.

A mutant that no schedule and no unit test notices means that a promise is not tested.
"""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

import pytest

from sequencer.consensus import verification
from sequencer.simulation.draw import draw
from sequencer.simulation.scenario import Scenario
from sequencer.simulation.world import World
from tests.mutants.mutate import plant
from tests.mutants.planted import CORE, MUTANTS, Mutant
from tests.unit.consensus import test_simplex_propose, test_simplex_vote, test_verification


def schedules(applies: Callable[[Scenario], bool], most: int) -> Iterable[Scenario]:
    candidates = (draw(seed) for seed in range(20_000))
    return islice(filter(applies, candidates), most)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_schedules__catch(mutant: Mutant, monkeypatch: pytest.MonkeyPatch) -> None:
    for change in mutant.changes:
        plant(monkeypatch, *change)
    assert any(
        mutant.is_caught(World(scenario).run()) for scenario in schedules(mutant.applies, 300)
    )


UNIT = [
    (
        "Nullify after Finalize (SIMPLEX-6)",
        (
            CORE,
            "_nullify",
            "elif {VoteKind.NULLIFY, VoteKind.FINALIZE} & current.voted.keys()",
            "elif VoteKind.NULLIFY in current.voted",
        ),
        test_simplex_vote.test_nullify__after_finalize__never,
    ),
    (
        "another committee's votes count (P5)",
        (verification.Verifier, "_check_instance", "if (vote.epoch,", "if False and (vote.epoch,"),
        test_verification.test_certificate__of_another_committee__refused,
    ),
    (
        "bits above N are not looked at (ENC-5)",
        (
            verification.Verifier,
            "check_certificate",
            "if members and members[-1] >=",
            "if False and 0 >=",
        ),
        lambda: test_verification.test_certificate__bit_out_of_range__refused(4),
    ),
    (
        "a second vote before the first came back (JOURNAL-2)",
        (CORE, "_cast", "known.voted[kind] = block_hash", "pass"),
        test_simplex_vote.test_vote_on_its_way_back__binds_already,
    ),
    (
        "older nullifications are not sent ahead (SIMPLEX-2)",
        (CORE, "_on_built", "nullifications[:-MAX_NULLIFICATIONS]", "()"),
        test_simplex_propose.test_long_run_of_nullified_views__older_nullifications_ahead,
    ),
]


@pytest.mark.parametrize(("name", "bug", "test"), UNIT, ids=[name for name, _, _ in UNIT])
def test_units__catch(
    name: str,
    bug: tuple[Any, str, str, str],
    test: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plant(monkeypatch, *bug)
    with pytest.raises((AssertionError, IndexError, pytest.fail.Exception)):
        test()
