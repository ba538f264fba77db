"""CATCHUP-6: what peers that ask for blocks get."""

from sequencer.consensus.budget import (
    ALL_BYTES,
    ALL_BYTES_PER_MS,
    ANSWER_BYTES,
    MAX_PEERS,
    PEER_BYTES,
    PEER_BYTES_PER_MS,
    Budget,
)


def given(budget: Budget[int], peers: range, until_ms: int, is_busy: bool = False) -> int:
    """Bytes that peers get who ask for a small answer each as fast as they can."""
    total = 0
    for now_ms in range(0, until_ms, 10):
        for peer in peers:
            while budget.admits(peer, is_busy, now_ms):
                budget.spend(peer, 1_000)
                total += ANSWER_BYTES + 1_000
    return total


def test_one_peer__a_burst_and_its_rate() -> None:
    expected = PEER_BYTES + 2_000 * PEER_BYTES_PER_MS
    assert abs(given(Budget(), range(1), 2_000) - expected) < 3 * ANSWER_BYTES


def test_many_peers__together_no_more_than_all_may() -> None:
    expected = ALL_BYTES + 2_000 * ALL_BYTES_PER_MS
    found = given(Budget(), range(50), 2_000)
    assert abs(found - expected) < 10 * ALL_BYTES_PER_MS + 3 * ANSWER_BYTES


def test_busy__half_the_rate() -> None:
    expected = PEER_BYTES + 1_000 * PEER_BYTES_PER_MS
    assert abs(given(Budget(), range(1), 2_000, is_busy=True) - expected) < 3 * ANSWER_BYTES


def test_one_large_answer__nothing_until_it_is_made_up_for() -> None:
    budget: Budget[int] = Budget()
    assert budget.admits(1, False, 0)
    budget.spend(1, 2 * PEER_BYTES)
    waits_ms = (PEER_BYTES + ANSWER_BYTES) // PEER_BYTES_PER_MS
    assert not budget.admits(1, False, waits_ms)
    assert budget.admits(1, False, waits_ms + 1)


def test_peers__bounded() -> None:
    budget: Budget[int] = Budget()
    for peer in range(MAX_PEERS + 10):
        budget.admits(peer, False, 0)
    assert len(budget) == MAX_PEERS
