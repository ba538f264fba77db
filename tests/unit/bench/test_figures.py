import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.throughput.figures import (
    QUANTILES,
    distribution,
    percentile,
    rate_between,
    ratio,
    spread_percent,
)


def test_percentile__four_values__is_one_of_them() -> None:
    values = [1.0, 2.0, 3.0, 4.0]
    assert [percentile(values, p) for p in (1, 25, 50, 51, 100)] == [1.0, 1.0, 2.0, 3.0, 4.0]


@given(st.lists(st.floats(0, 1e9), min_size=1), st.floats(0.1, 100))
def test_percentile__any_values__so_many_do_not_exceed_it(
    values: list[float], percent: float
) -> None:
    found = percentile(sorted(values), percent)
    assert sum(value <= found for value in values) >= len(values) * percent / 100 - 1e-6
    assert sum(value < found for value in values) <= len(values) * percent / 100 + 1e-6


def test_distribution__values__has_every_quantile_in_order() -> None:
    found = distribution(range(1_000, 0, -1))
    assert list(found) == [f"p{percent:g}" for percent in QUANTILES]
    assert (found["p50"], found["p99"], found["p99.9"], found["p100"]) == (500, 990, 999, 1_000)


def test_distribution__no_values__is_empty() -> None:
    assert distribution([]) == {}


def test_rate_between__times_around_the_window__counts_those_within() -> None:
    second = 10**9
    times = [0, second, second + 1, 3 * second - 1, 3 * second, 9 * second]
    assert rate_between(times, second, 3 * second) == 1.5


@pytest.mark.parametrize(
    ("value", "base", "expected"),
    [(3.0, 2.0, 1.5), (None, 2.0, None), (3.0, None, None), (3.0, 0, None), (0, 2.0, 0.0)],
)
def test_ratio__what_is_missing__gives_none(
    value: float | None, base: float | None, expected: float | None
) -> None:
    assert ratio(value, base) == expected


def test_spread_percent__values__is_relative_to_their_median() -> None:
    assert spread_percent([90, 100, 120]) == 30
    assert spread_percent([]) == 0
