"""SIMPLEX-11: every pair of votes, against the words of SLASH-1."""

from itertools import product

import msgspec
import pytest

from sequencer.consensus.evidence import is_conflict
from sequencer.consensus.messages import Vote
from sequencer.types import Epoch, Hash32
from tests.unit.consensus.builders import (
    FINALIZE,
    NOTARIZE,
    NULLIFY,
    block,
    vote,
)

A = block(1)
B = block(1, content=b"other")
VOTES = {
    "notarize A": vote(NOTARIZE, 1, A),
    "notarize B": vote(NOTARIZE, 1, B),
    "finalize A": vote(FINALIZE, 1, A),
    "finalize B": vote(FINALIZE, 1, B),
    "nullify": vote(NULLIFY, 1),
}
CONFLICTS = {
    frozenset({"notarize A", "notarize B"}),
    frozenset({"finalize A", "finalize B"}),
    frozenset({"finalize A", "nullify"}),
    frozenset({"finalize B", "nullify"}),
}


@pytest.mark.parametrize(("first", "second"), product(VOTES, VOTES))
def test_is_conflict__every_pair(first: str, second: str) -> None:
    expected = frozenset({first, second}) in CONFLICTS
    assert is_conflict(VOTES[first], VOTES[second]) is expected


@pytest.mark.parametrize(
    "elsewhere",
    [{"epoch": Epoch(9)}, {"committee": Hash32(b"x" * 32)}, {"view": 2}],
    ids=["epoch", "committee", "view"],
)
@pytest.mark.parametrize("pair", [sorted(pair) for pair in CONFLICTS], ids=" and ".join)
def test_is_conflict__of_another_instance_or_view__none(
    elsewhere: dict[str, object], pair: list[str]
) -> None:
    """P5, P8: what was said elsewhere convicts nobody here."""
    there: Vote = msgspec.structs.replace(VOTES[pair[1]], **elsewhere)
    assert not is_conflict(VOTES[pair[0]], there)
