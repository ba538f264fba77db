"""A slice of `make reorgs`, and that it can fail."""

import logging
from collections.abc import Iterator

import pytest

from tests.mutants.mutate import FunctionBug
from tests.reorgs.planted import BUGS
from tests.reorgs.play import play
from tests.reorgs.table import find

SLICE = (1, 14, 27)
"""Of finality 8 to 95; one with reorgs deeper than a window."""


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.disable(logging.WARNING)  # L1 refuses and goes back all the time
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("seed", SLICE)
def test_reorgs__everybody_comes_to_rest_at_one_story(seed: int) -> None:
    outcome = play(seed)
    assert outcome.violation is None, f"{outcome.violation}\nmake reorgs SEQUENCES=1 SEED={seed}"
    assert outcome.figures.reorgs > 0


def test_sequence__of_the_same_seed__is_the_same() -> None:
    assert play(SLICE[0]) == play(SLICE[0])


@pytest.mark.parametrize("bug", BUGS[1:4:2], ids=lambda bug: bug.name)
def test_planted_bug__is_found(bug: FunctionBug) -> None:
    """`make reorgs-mutants` finds the others."""
    assert find(bug, 3) is not None
