"""What a node does for a transaction grows only on purpose: calls of functions, not time."""

import json

import pytest

from bench.stages import SNAPSHOT, STAGES, measure
from sequencer.native import bulk

SLACK = 1.1
"""Versions of Python differ by less."""


@pytest.mark.skipif(bulk is None, reason="the figures are those with the C helper")
def test_calls__of_each_stage__are_no_more_than_in_the_snapshot() -> None:
    expected = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    found = measure(is_counting=True)
    assert list(expected) == list(STAGES)
    dearer = {stage: found[stage] for stage in STAGES if found[stage] > SLACK * expected[stage]}
    assert not dearer, f"make bench-stages ARGS=--write, if it is worth it: {dearer}"
