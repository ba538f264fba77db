"""Amounts, moments and addresses: exact, and refused when they are not what they should be."""

import pytest

from sequencer.deployment.words import (
    at_time,
    ether,
    first_epoch_of_bond,
    parse_endpoint,
    parse_ether,
    span,
)
from sequencer.errors import LocalFault
from sequencer.l1.schedule import Schedule


@pytest.mark.parametrize(
    ("text", "wei"),
    [
        ("0", 0),
        ("1", 10**18),
        ("32", 32 * 10**18),
        ("1.5", 15 * 10**17),
        ("0." + "0" * 17 + "1", 1),
    ],
)
def test_ether__exact_both_ways(text: str, wei: int) -> None:
    assert parse_ether(text) == wei
    assert ether(wei) == f"{text} ETH"


@pytest.mark.parametrize("text", ["", ".5", "1.", "-1", "1e3", "1,5", "²", "0." + "1" * 19])
def test_ether__refused(text: str) -> None:
    with pytest.raises(LocalFault, match="is not an amount in ETH"):
        parse_ether(text)


@pytest.mark.parametrize("text", ["tcp://127.0.0.1:9400", "tcp://a.example:1", "tcp://[::1]:65535"])
def test_endpoint__as_it_stands(text: str) -> None:
    assert parse_endpoint(text) == text


@pytest.mark.parametrize(
    "text", ["", "127.0.0.1:9400", "tcp://:1", "tcp://a", "tcp://a:0", "tcp://a:65536", "tcp://a:x"]
)
def test_endpoint__refused(text: str) -> None:
    with pytest.raises(LocalFault, match="is not an endpoint"):
        parse_endpoint(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (119, "119 s"),
        (120, "2 min"),
        (7_199, "119 min"),
        (7_200, "2 h"),
        (172_800, "2 days"),
    ],
)
def test_span(seconds: int, text: str) -> None:
    assert span(seconds) == text


def test_at_time__both_directions() -> None:
    assert at_time(1_000_030, now=1_000_000).endswith("(in 30 s)")
    assert at_time(1_000_000, now=1_000_030).endswith("(30 s ago)")


@pytest.mark.parametrize(
    ("bonded_at", "epoch"),
    [(0, 0), (1_000, 0), (1_001, 3), (1_060, 3), (1_061, 4), (1_120, 4)],
)
def test_first_epoch_of_bond__selection_time_has_come(bonded_at: int, epoch: int) -> None:
    """COMM-1: epochs 0 to 2 are chosen at genesis, epoch 3 at the start of epoch 1."""
    schedule = Schedule(genesis=1_000, epoch_seconds=60)
    assert first_epoch_of_bond(schedule, bonded_at) == epoch
