"""A slice of `make hostile`, and that it can fail."""

import asyncio

import msgspec
import pytest

from sequencer.deployment.artifacts import Artifact
from tests.hostile.base import deploy
from tests.hostile.case import FEWEST, LOOK, MOST, USER, Case, draw_case
from tests.hostile.l1 import HostileL1
from tests.hostile.planted import CONTRACT_BUGS, DERIVER_BUGS, Planted, compile_bugs
from tests.hostile.play import play, shrink
from tests.hostile.roles import ACTIONS
from tests.hostile.table import find

SLICE = 120
SEEDS = range(0, 5_000, 5_000 // SLICE)


async def test_user__against_everybody__is_in_the_order_in_time() -> None:
    l1 = await HostileL1.start()
    try:
        base = deploy(l1)
        for seed in SEEDS:
            case = draw_case(seed)
            outcome = await play(base, case)
            if outcome.violation is not None:
                smaller, outcome = await shrink(base, case)
                pytest.fail(
                    f"seed {seed}: {outcome.violation}\nmake hostile CASE='{smaller.line()}'"
                )
    finally:
        await l1.stop()


def test_cases__have_every_action_and_ten_to_forty() -> None:
    cases = [draw_case(seed) for seed in range(300)]
    assert {step.action for case in cases for step in case.steps} == {*ACTIONS, USER, LOOK}
    assert all(FEWEST <= len(case.steps) <= MOST for case in cases)
    assert {len(case.steps) for case in cases} >= {FEWEST, MOST}
    assert all(sum(step.action == USER for step in case.steps) == 1 for case in cases)


def test_case__of_a_line__is_the_same() -> None:
    case = draw_case(7)
    assert msgspec.json.decode(case.line(), type=Case) == case


PLANTED_CONTRACTS = CONTRACT_BUGS[:3]
"""`make hostile-mutants` finds the others: compiling takes seconds."""


@pytest.fixture(scope="module")
def artifacts() -> dict[str, Artifact]:
    return compile_bugs(PLANTED_CONTRACTS)


@pytest.mark.parametrize("bug", [*PLANTED_CONTRACTS, *DERIVER_BUGS[:2]], ids=lambda bug: bug.name)
def test_planted_bug__is_found(bug: Planted, artifacts: dict[str, Artifact]) -> None:
    assert find(bug, artifacts.get(bug.name), 200) is not None


def test_shrink__leaves_what_fails() -> None:
    """A bug that needs no more than a SOLO or BASED rollup: most of a case has no part in it."""
    with DERIVER_BUGS[0].planted():
        asyncio.run(_shrink_a_failure())


async def _shrink_a_failure() -> None:
    l1 = await HostileL1.start()
    try:
        base = deploy(l1)
        for seed in range(200):
            case = draw_case(seed)
            if (await play(base, case)).violation is not None:
                smaller, outcome = await shrink(base, case, runs=60)
                assert "derivation of rollup" in (outcome.violation or "")
                assert len(smaller.steps) < len(case.steps) / 2
                return
        pytest.fail("the bug was not found")
    finally:
        await l1.stop()
