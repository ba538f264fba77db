"""What a peer may have of the node's time (NET-8).

a peer that was quiet: may use half a second at once, and then has none
one that used all: gets a quarter of the time that passes, never more than the burst
a failing job: is paid for, and the error goes on
work for several: each pays for its part
"""

import pytest

from sequencer.node.budget import BURST_SECONDS, SHARE, PeerBudget
from sequencer.types import Address

A, B = Address(b"a" * 20), Address(b"b" * 20)


class Clocks:
    def __init__(self) -> None:
        self.used = 0.0
        self.now = 100.0
        self.budget = PeerBudget(lambda: self.used, lambda: self.now)

    def work(self, seconds: float) -> None:
        self.used += seconds

    def spend(self, peer: Address, seconds: float) -> None:
        self.budget.spend({peer: 1}, lambda: self.work(seconds))


def test_has_room__after_the_burst_is_used__is_false_for_that_peer_alone() -> None:
    clocks = Clocks()
    assert clocks.budget.has_room(A)
    clocks.spend(A, BURST_SECONDS)
    assert not clocks.budget.has_room(A)
    assert clocks.budget.has_room(B)
    assert clocks.budget.refused == 1


def test_has_room__with_time__comes_back_at_the_share() -> None:
    clocks = Clocks()
    clocks.spend(A, BURST_SECONDS + 1.0)
    clocks.now += 1.0 / SHARE - 0.01
    assert not clocks.budget.has_room(A)
    clocks.now += 0.02
    assert clocks.budget.has_room(A)


def test_has_room__after_a_long_rest__is_the_burst_and_no_more() -> None:
    clocks = Clocks()
    clocks.spend(A, 0.0)
    clocks.now += 1e6
    assert clocks.budget.has_room(A)
    clocks.spend(A, BURST_SECONDS)
    assert not clocks.budget.has_room(A)


def test_spend__on_what_fails__is_paid_for() -> None:
    clocks = Clocks()

    def fail() -> None:
        clocks.work(BURST_SECONDS)
        raise ValueError

    with pytest.raises(ValueError):
        clocks.budget.spend({A: 1}, fail)
    assert not clocks.budget.has_room(A)


def test_spend__for_several__is_paid_by_each_for_its_part() -> None:
    clocks = Clocks()
    clocks.budget.spend({A: 900, B: 300}, lambda: clocks.work(BURST_SECONDS * 1.2))
    assert clocks.budget.has_room(A)
    clocks.spend(A, BURST_SECONDS * 0.11)
    assert not clocks.budget.has_room(A)
    clocks.spend(B, BURST_SECONDS * 0.6)
    assert clocks.budget.has_room(B)
    clocks.spend(B, BURST_SECONDS * 0.11)
    assert not clocks.budget.has_room(B)
