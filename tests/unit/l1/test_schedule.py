"""TIME-2."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.l1.schedule import Schedule

SCHEDULE = Schedule(genesis=1_000, epoch_seconds=60)


@pytest.mark.parametrize(
    ("timestamp", "epoch"), [(0, None), (999, None), (1_000, 0), (1_059, 0), (1_060, 1)]
)
def test_epoch_of(timestamp: int, epoch: int | None) -> None:
    assert SCHEDULE.epoch_of(timestamp) == epoch


@given(st.integers(1_000, 2**40))
def test_epoch_of__lies_between_its_start_and_end(timestamp: int) -> None:
    epoch = SCHEDULE.epoch_of(timestamp)
    assert epoch is not None
    assert SCHEDULE.start_of(epoch) <= timestamp < SCHEDULE.end_of(epoch)
