"""The whole matrix, about 20 minutes: `make restarts` (docs/restarts.md).

Not collected with the other tests, because its name is not that of a test.
"""

import pytest

from tests.restarts.cases import Case, matrix
from tests.restarts.trial import Outcome, Trial

RESUME_SECONDS = 5.0

CASES = [pytest.param(size, case, id=case.name) for size in (4, 7) for case in matrix(size)]


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("trial", "case"), CASES, indirect=["trial"], scope="module")
async def test_case(trial: Trial, case: Case, outcomes: list[Outcome]) -> None:
    outcome = await trial.run(case)
    outcomes.append(outcome)
    assert not outcome.lost
    assert not outcome.slashable
    assert outcome.resumed <= RESUME_SECONDS
