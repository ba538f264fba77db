"""The pool but for POOL-1's lanes (test_pool_lanes): TX-6, POOL-2 to POOL-4 and POOL-6.

add
├── denied sender, known, below the floor → refused
├── nonce of a pooled one: not both fees up by 10% → refused, else replaces it
├── lane, count or bytes at their bound → refused, nothing evicted
└── else → in the pool
take
├── ready ones in the order they became ready, without those excluded
└── stops at the count, and at the first that does not fit
"""

import pytest

from sequencer.blocks.payload import TRANSACTION_OVERHEAD
from sequencer.ingress.refusal import (
    AlreadyKnown,
    FeeTooLow,
    LaneFull,
    OverLimit,
    PoolFull,
    Refused,
    SenderDenied,
    Underpriced,
)
from sequencer.ingress.transaction import Transaction
from sequencer.mempool.pool import Mempool, MempoolConfig
from sequencer.types import Address, RollupId
from tests.unit.mempool.builders import (
    ALICE,
    BOB,
    CAROL,
    MUCH,
    NOTHING,
    ONE,
    TWO,
    keys,
    pool_after,
    pool_of,
    ready,
    tx,
)

# take


def test_take__lanes_of_many__gives_them_by_arrival() -> None:
    transactions = [tx(CAROL, 0), tx(ALICE, 7), tx(BOB, 3), tx(ALICE, 8), tx(CAROL, 1)]
    assert ready(pool_of(*transactions)) == transactions


def test_take__again__gives_the_same() -> None:
    pool = pool_of(tx(ALICE, 0), tx(BOB, 0))
    assert ready(pool) == ready(pool)
    assert len(pool) == 2


def test_take__a_lower_nonce_that_came_late__is_first_in_its_lane() -> None:
    later, other, sooner = tx(ALICE, 6), tx(BOB, 0), tx(ALICE, 5)
    assert ready(pool_of(later, other, sooner)) == [other, sooner, later]


def test_take__same_sender_on_two_rollups__has_two_lanes() -> None:
    pool = pool_of()
    there, here = tx(ALICE, 9), tx(ALICE, 5)
    pool.add(TWO, there, 0)
    pool.add(ONE, here, 0)
    assert pool.take(MUCH, 10, NOTHING, 0) == [(TWO, there), (ONE, here)]


def test_take__excluded__gives_what_follows_them() -> None:
    first, second, third = tx(ALICE, 0), tx(ALICE, 1), tx(BOB, 0)
    pool = pool_of(first, second, third)
    reserved = keys([(ONE, first), (ONE, third)])
    assert pool.take(MUCH, 10, reserved, 0) == [(ONE, second)]
    assert ready(pool) == [first, second, third]


def test_take__excluded_on_another_rollup__is_not_meant() -> None:
    transaction = tx(ALICE, 0)
    pool = pool_of(transaction)
    assert pool.take(MUCH, 10, keys([(TWO, transaction)]), 0) == [(ONE, transaction)]


def test_take__at_its_count__stops() -> None:
    transactions = [tx(ALICE, nonce) for nonce in range(4)]
    pool = pool_of(*transactions)
    assert [found for _, found in pool.take(MUCH, 3, NOTHING, 0)] == transactions[:3]
    assert pool.take(MUCH, 0, NOTHING, 0) == []


def test_take__the_first_that_does_not_fit__ends_it() -> None:
    large, small = tx(BOB, 0, size=200), tx(CAROL, 0, size=50)
    pool = pool_of(tx(ALICE, 0, size=100), large, small)
    exact = 100 + 200 + 50 + 3 * TRANSACTION_OVERHEAD
    assert len(pool.take(exact, 10, NOTHING, 0)) == 3
    assert len(pool.take(exact - 1, 10, NOTHING, 0)) == 2
    assert len(pool.take(exact - 51 - TRANSACTION_OVERHEAD, 10, NOTHING, 0)) == 1


def test_has_work__is_whether_take_gives_something() -> None:
    transaction = tx(ALICE, 0)
    pool = pool_of()
    assert not pool.has_work(NOTHING, 0)
    pool.add(ONE, transaction, 0)
    assert pool.has_work(NOTHING, 0)
    assert not pool.has_work(keys([(ONE, transaction)]), 0)


# POOL-2


@pytest.mark.parametrize(
    ("max_fee", "priority_fee", "replaces"),
    [
        (110, 55, True),
        (109, 55, False),
        (110, 54, False),
        (1_000, 50, False),
        (100, 1_000, False),
    ],
)
def test_replacement__needs_both_fees_up_by_a_tenth(
    max_fee: int, priority_fee: int, replaces: bool
) -> None:
    old = tx(ALICE, 0, max_fee=100, priority_fee=50)
    new = tx(ALICE, 0, max_fee=max_fee, priority_fee=priority_fee)
    pool = pool_of(old)
    if replaces:
        pool.add(ONE, new, 0)
        assert ready(pool) == [new]
        assert (ONE, old.hash) not in pool
    else:
        with pytest.raises(Underpriced, match="replacement transaction underpriced"):
            pool.add(ONE, new, 0)
        assert ready(pool) == [old]
    assert len(pool) == 1
    assert pool.total_bytes == 100


@pytest.mark.parametrize(("old_fee", "expected"), [(0, 1), (1, 2), (9, 10), (11, 13), (100, 110)])
def test_replacement__says_what_would_do(old_fee: int, expected: int) -> None:
    pool = pool_of(tx(ALICE, 0, max_fee=old_fee, priority_fee=old_fee))
    with pytest.raises(Underpriced, match=f"expected at least {expected}$"):
        pool.add(ONE, tx(ALICE, 0, max_fee=expected - 1, priority_fee=expected - 1), 0)
    pool.add(ONE, tx(ALICE, 0, max_fee=expected, priority_fee=expected), 0)


def test_replacement__arrives_when_it_arrives() -> None:
    old, second, other = tx(ALICE, 0), tx(ALICE, 1), tx(BOB, 0)
    new = tx(ALICE, 0, max_fee=200, priority_fee=200)
    pool = pool_of(old, second, other)
    pool.add(ONE, new, 0)
    assert ready(pool) == [other, new, second]


def test_replacement__of_a_held_one__is_held() -> None:
    pool = pool_after(4)
    pool.add(ONE, tx(ALICE, 6), 0)
    new = tx(ALICE, 6, max_fee=200, priority_fee=200)
    pool.add(ONE, new, 500)
    assert pool.next_release_ms() == 2_500
    assert ready(pool, 2_499) == []
    assert ready(pool, 2_500) == [new]


# POOL-3


def refused(pool: Mempool, transaction: Transaction, why: type[Refused]) -> None:
    before = ready(pool), len(pool), pool.total_bytes
    with pytest.raises(why):
        pool.add(ONE, transaction, 0)
    assert (ready(pool), len(pool), pool.total_bytes) == before


def test_bound__of_a_lane__refuses_one_more_and_admits_a_replacement() -> None:
    pool = pool_of(tx(ALICE, 0), tx(ALICE, 1), lane_limit=2)
    refused(pool, tx(ALICE, 2), LaneFull)
    pool.add(ONE, tx(ALICE, 1, max_fee=200, priority_fee=200), 0)
    pool.add(ONE, tx(BOB, 0), 0)
    assert len(pool) == 3


def test_bound__of_transactions__refuses_one_more_and_admits_a_replacement() -> None:
    pool = pool_of(tx(ALICE, 0), tx(BOB, 0), max_transactions=2)
    assert pool.is_full
    refused(pool, tx(CAROL, 0), PoolFull)
    pool.add(ONE, tx(BOB, 0, max_fee=200, priority_fee=200), 0)


def test_bound__of_bytes__counts_what_a_replacement_frees() -> None:
    pool = pool_of(tx(ALICE, 0, size=100), tx(BOB, 0, size=99), max_bytes=200)
    assert not pool.is_full
    refused(pool, tx(CAROL, 0, size=40), PoolFull)
    refused(pool, tx(BOB, 0, size=101, max_fee=200, priority_fee=200), PoolFull)
    pool.add(ONE, tx(BOB, 0, size=100, max_fee=200, priority_fee=200), 0)
    assert pool.total_bytes == 200
    assert pool.is_full


def test_bounds__are_told_apart_from_other_refusals() -> None:
    assert issubclass(LaneFull, OverLimit)
    assert issubclass(PoolFull, OverLimit)
    assert not issubclass(Underpriced, OverLimit)


def test_bound__of_known_nonces__forgets_the_one_ordered_longest_ago() -> None:
    pool = pool_of(known_nonces=2)
    pool.finalized([(ONE, tx(ALICE, 4)), (ONE, tx(BOB, 4)), (ONE, tx(ALICE, 5))])
    pool.finalized([(ONE, tx(CAROL, 4))])
    assert [pool.next_nonce(ONE, sender) for sender in (ALICE, BOB, CAROL)] == [6, None, 5]


def test_bound__of_recent_hashes__forgets_the_oldest() -> None:
    pool = pool_of(recent_hashes=2)
    ordered = [(ONE, tx(ALICE, nonce)) for nonce in range(3)]
    pool.finalized(ordered)
    assert [pool.is_known((ONE, found.hash)) for _, found in ordered] == [False, True, True]


# POOL-4, TX-6


def test_known__pooled_or_ordered__is_refused() -> None:
    transaction = tx(ALICE, 0)
    pool = pool_of(transaction)
    refused(pool, transaction, AlreadyKnown)
    assert pool.get((ONE, transaction.hash)) is transaction
    pool.finalized([(ONE, transaction)])
    assert (ONE, transaction.hash) not in pool
    assert pool.get((ONE, transaction.hash)) is None
    assert pool.is_known((ONE, transaction.hash))
    with pytest.raises(AlreadyKnown, match=r"^already known$"):
        pool.add(ONE, transaction, 0)


def test_known__on_one_rollup__is_not_known_on_another() -> None:
    pooled, ordered = tx(ALICE, 0), tx(BOB, 0)
    pool = pool_of(pooled)
    pool.finalized([(ONE, ordered)])
    pool.add(TWO, pooled, 0)
    pool.add(TWO, ordered, 0)
    assert [pool.is_known((TWO, found.hash)) for found in (pooled, ordered)] == [True, True]
    pool.finalized([(ONE, pooled)])
    assert (TWO, pooled.hash) in pool


def test_finalized__takes_out_what_the_block_holds_and_leaves_the_rest_in_place() -> None:
    first, other, second = tx(ALICE, 0), tx(BOB, 0), tx(ALICE, 1)
    pool = pool_of(first, other, second)
    pool.finalized([(ONE, first)])
    assert ready(pool) == [other, second]
    assert (len(pool), pool.total_bytes) == (2, 200)


def test_finalized__everything__leaves_nothing_behind() -> None:
    transactions = [tx(sender, nonce) for nonce in (0, 1, 5) for sender in (ALICE, BOB)]
    pool = pool_of(*transactions)
    pool.finalized([(ONE, found) for found in transactions])
    assert (len(pool), pool.total_bytes, pool.ready_count) == (0, 0, 0)
    assert pool.next_release_ms() is None
    assert ready(pool, 10_000) == []
    assert (pool._lanes, pool._timers) == ({}, [])


def test_timers__are_one_for_each_lane_that_is_held() -> None:
    pool = pool_after(4)
    pool.add(ONE, tx(ALICE, 9), 0)
    for _ in range(100):
        pool.finalized([(ONE, tx(ALICE, 0))])
    assert len(pool._timers) == 1


def test_expire__what_waited_its_time__leaves_to_the_millisecond() -> None:
    pool = Mempool(MempoolConfig(ttl_ms=1_000))
    old, young = tx(ALICE, 0), tx(BOB, 0)
    pool.add(ONE, old, 0)
    pool.add(ONE, young, 1)
    assert pool.expire(999) == 0
    assert pool.expire(1_000) == 1
    assert ready(pool, 1_000) == [young]
    assert not pool.is_known((ONE, old.hash))
    assert pool.expire(5_000) == 1
    assert (len(pool), pool.total_bytes) == (0, 0)


def test_expire__in_the_middle_of_a_lane__leaves_a_gap_that_is_waited_for() -> None:
    pool = Mempool(MempoolConfig(ttl_ms=1_000, gap_wait_ms=900))
    second, first, third = tx(ALICE, 1), tx(ALICE, 0), tx(ALICE, 2)
    pool.add(ONE, second, 0)
    pool.add(ONE, first, 500)
    pool.add(ONE, third, 600)
    pool.expire(1_000)
    assert ready(pool, 1_000) == [first]
    assert pool.next_release_ms() == 1_500
    assert ready(pool, 1_500) == [first, third]


def test_keep__a_rollup_that_leaves__takes_its_transactions_with_it() -> None:
    """TX-8."""
    pool = pool_of(tx(ALICE, 0), tx(ALICE, 1), tx(BOB, 3))
    kept = tx(ALICE, 0)
    pool.add(TWO, kept, 0)
    assert pool.keep(lambda rollup: rollup == TWO) == 3
    assert (ready(pool), len(pool), pool.total_bytes) == ([kept], 1, len(kept.raw))
    assert pool.keep(lambda rollup: rollup == TWO) == 0


# POOL-6, TX-3


def test_denied__sender__is_refused_on_every_rollup() -> None:
    pool = Mempool(MempoolConfig(deny_senders=frozenset({ALICE})))
    for rollup in (ONE, TWO):
        with pytest.raises(SenderDenied, match="0x6161"):
            pool.add(rollup, tx(ALICE, 0), 0)
    pool.add(ONE, tx(BOB, 0), 0)


def test_floor__is_the_least_fee() -> None:
    pool = Mempool(MempoolConfig(fee_floor_wei=10))
    with pytest.raises(FeeTooLow, match="9 is below the floor 10"):
        pool.add(ONE, tx(ALICE, 0, max_fee=9), 0)
    pool.add(ONE, tx(ALICE, 0, max_fee=10, priority_fee=0), 0)


# The cost of a full pool


class Counted(frozenset[tuple[RollupId, bytes]]):
    """A set that counts how often it is asked."""

    asked = 0

    def __contains__(self, key: object) -> bool:
        Counted.asked += 1
        return super().__contains__(key)


def test_cost__of_taking__does_not_grow_with_the_pool() -> None:
    senders = [Address(number.to_bytes(20, "big")) for number in range(5_000)]
    pool = Mempool(MempoolConfig())
    for sender in senders:
        pool.add(ONE, tx(sender, 0), 0)
    reserved = Counted(keys(pool.take(MUCH, 10, NOTHING, 0)))
    Counted.asked = 0
    assert len(pool.take(MUCH, 20, reserved, 0)) == 20
    assert Counted.asked == 30
    Counted.asked = 0
    assert pool.has_work(reserved, 0)
    assert Counted.asked == 11
