"""Some cases of the matrix, without its time limits: what is final stays, nobody contradicts
himself, order resumes. `make restarts` runs the others."""

import pytest

from tests.restarts.cases import Case
from tests.restarts.trial import Outcome, Trial

HOLD_SECONDS = 4.0
CASES = [
    Case(nodes=4, fault="kill", count=4, hold_seconds=2.0),
    Case(nodes=4, fault="hole", count=2, first=1, hold_seconds=HOLD_SECONDS),
    Case(nodes=4, fault="stop", count=2, is_staggered=True, first=2, hold_seconds=HOLD_SECONDS),
]


@pytest.mark.xdist_group("restarts")
@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(
    ("trial", "case"),
    [pytest.param(case.nodes, case, id=case.name) for case in CASES],
    indirect=["trial"],
    scope="module",
)
async def test_case(trial: Trial, case: Case, outcomes: list[Outcome]) -> None:
    outcome = await trial.run(case)
    outcomes.append(outcome)
    assert not outcome.lost
    assert not outcome.slashable
    assert outcome.transactions > 0
