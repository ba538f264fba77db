"""The filter of runs: it never says no of what was added, and seldom may-have of the rest."""

import random

from sequencer.store.filter import CLEARING_STEPS, RUNS, RunFilter

CHANCE = random.Random(1)
MINE, THEIRS, FOREIGN = ([CHANCE.randbytes(32) for _ in range(2_000)] for _ in range(3))


def test_slots__of_what_was_added__have_its_run() -> None:
    found = RunFilter()
    found.add(3, b"".join(MINE))
    found.add(RUNS + 5, b"".join(THEIRS))
    assert all(found.slots(tx_hash) & 1 << 3 for tx_hash in MINE)
    assert all(found.slots(tx_hash) & 1 << 5 for tx_hash in THEIRS)
    assert found.slots_of(MINE) == [(at, found.slots(one)) for at, one in enumerate(MINE)]
    assert found.slots_of([]) == []


def test_add__entries_with_more_behind_each_hash__is_the_same() -> None:
    found, expected = RunFilter(), RunFilter()
    found.add(3, b"".join(tx_hash + b"twelve bytes" for tx_hash in MINE), 44)
    expected.add(3, b"".join(MINE))
    assert found._words == expected._words


def test_slots__of_what_was_not_added__are_seldom_any() -> None:
    """As full as it gets: every slot has a run."""
    found = RunFilter()
    for run in range(RUNS):
        found.add(run, random.Random(100 + run).randbytes(32 * 65_536))
    assert len(found.slots_of(FOREIGN)) < len(FOREIGN) // 40


def test_clear__all_steps__empties_one_slot() -> None:
    found, expected = RunFilter(), RunFilter()
    found.add(3, b"".join(MINE))
    for filter_ in (found, expected):
        filter_.add(5, b"".join(THEIRS))
    for step in range(CLEARING_STEPS):
        found.clear(RUNS + 3, step)
    assert found._words == expected._words
