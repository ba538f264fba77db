"""POOL-1: when a lane is ready, and when it is held.

a transaction in its lane
├── next nonce known, by what was ordered or by the one before it
│   ├── not above it → ready
│   └── above it → held until the gap closes, or gap_wait_ms after its arrival
├── not known → ready
└── behind one that is held → held with it
"""

from tests.unit.mempool.builders import (
    ALICE,
    BOB,
    NOTHING,
    ONE,
    TWO,
    pool_after,
    pool_of,
    ready,
    tx,
)


def test_lane__known_and_the_next_nonce__is_ready() -> None:
    pool = pool_after(4)
    assert pool.next_nonce(ONE, ALICE) == 5
    pool.add(ONE, tx(ALICE, 5), 0)
    assert pool.ready_count == 1


def test_lane__known_and_a_later_nonce__waits_for_the_gap_to_close() -> None:
    pool = pool_after(4)
    seventh, sixth, fifth = tx(ALICE, 7), tx(ALICE, 6), tx(ALICE, 5)
    for transaction in (seventh, sixth):
        pool.add(ONE, transaction, 100)
        assert ready(pool, 1_000) == []
    pool.add(ONE, fifth, 1_000)
    assert ready(pool, 1_000) == [fifth, sixth, seventh]


def test_lane__a_gap_that_stays__is_waited_for_to_the_millisecond() -> None:
    pool = pool_after(4)
    pool.add(ONE, tx(ALICE, 6), 100)
    assert pool.next_release_ms() == 2_100
    assert not pool.has_work(NOTHING, 2_099)
    assert pool.has_work(NOTHING, 2_100)
    assert pool.next_release_ms() is None


def test_lane__take_alone__releases_too() -> None:
    pool = pool_after(4)
    late = tx(ALICE, 6)
    pool.add(ONE, late, 100)
    assert ready(pool, 2_099) == []
    assert ready(pool, 2_100) == [late]


def test_lane__two_gaps__are_waited_for_one_by_one() -> None:
    pool = pool_after(4)
    sixth, eighth, ninth = tx(ALICE, 6), tx(ALICE, 8), tx(ALICE, 9)
    pool.add(ONE, sixth, 0)
    pool.add(ONE, eighth, 500)
    pool.add(ONE, ninth, 600)
    assert ready(pool, 2_000) == [sixth]
    assert pool.next_release_ms() == 2_500
    assert ready(pool, 2_500) == [sixth, eighth, ninth]


def test_lane__behind_a_gap_that_came_later__waits_no_second_time() -> None:
    pool = pool_after(4)
    eighth, sixth = tx(ALICE, 8), tx(ALICE, 6)
    pool.add(ONE, eighth, 0)
    pool.add(ONE, sixth, 1_500)
    assert pool.next_release_ms() == 3_500
    assert ready(pool, 2_000) == []
    assert ready(pool, 3_500) == [sixth, eighth]


def test_lane__released__stays_released() -> None:
    pool = pool_after(4)
    sixth = tx(ALICE, 6)
    pool.add(ONE, sixth, 0)
    assert ready(pool, 2_000) == [sixth]
    fifth = tx(ALICE, 5)
    pool.add(ONE, fifth, 2_500)
    assert ready(pool, 2_500) == [fifth, sixth]


def test_lane__unknown__is_ready_from_whatever_it_starts_with() -> None:
    first, other = tx(ALICE, 40), tx(BOB, 0)
    assert ready(pool_of(first, other)) == [first, other]


def test_lane__unknown_with_a_gap_inside__holds_what_is_behind_it() -> None:
    first, third = tx(ALICE, 40), tx(ALICE, 42)
    pool = pool_of(first, third)
    assert ready(pool) == [first]
    assert ready(pool, 2_000) == [first, third]


def test_lane__unknown_and_a_much_lower_nonce_comes__waits_in_between() -> None:
    later, lower = tx(ALICE, 40), tx(ALICE, 30)
    pool = pool_of(later)
    pool.add(ONE, lower, 10)
    assert ready(pool, 10) == [lower]
    assert ready(pool, 2_000) == [lower, later]


def test_lane__a_nonce_below_the_ordered_one__is_ready() -> None:
    pool = pool_after(4)
    second_attempt = tx(ALICE, 3)
    pool.add(ONE, second_attempt, 0)
    assert ready(pool) == [second_attempt]


def test_lane__a_gap_that_a_block_closes__is_ready() -> None:
    pool = pool_after(4)
    sixth = tx(ALICE, 6)
    pool.add(ONE, sixth, 0)
    pool.finalized([(ONE, tx(ALICE, 5))])
    assert ready(pool) == [sixth]
    assert pool.next_release_ms() is None


def test_lane__an_old_nonce_ordered_again__does_not_go_back() -> None:
    pool = pool_after(9)
    pool.finalized([(ONE, tx(ALICE, 2))])
    assert pool.next_nonce(ONE, ALICE) == 10


def test_lane__held__does_not_hold_others() -> None:
    pool = pool_after(4)
    other = tx(BOB, 0)
    pool.add(ONE, tx(ALICE, 6), 0)
    pool.add(ONE, other, 0)
    pool.add(TWO, tx(ALICE, 6), 0)
    assert len(ready(pool)) == 2
    assert ready(pool)[0] == other
