"""POOL-7: how many transactions may wait, by how long those before them took to be final."""

import itertools

from sequencer.mempool.admission import LEAST, START, TARGET_MS, Admission


def test_room__at_first__is_what_is_left_of_the_start() -> None:
    admission = Admission(50_000)
    assert admission.room(0) == START
    assert admission.room(START - 3) == 3
    assert admission.room(START + 1) == 0


def test_room__of_a_small_pool__is_no_more_than_the_pool() -> None:
    assert Admission(1_000).room(0) == 1_000
    assert Admission(1).room(0) == LEAST


def test_reserve__what_has_arrived__takes_room_until_it_is_looked_at() -> None:
    admission = Admission(50_000)
    assert admission.reserve(START - 100, waiting=60) == START - 100
    assert admission.reserve(50, waiting=60) == 40
    assert admission.reserve(2, waiting=60) == 0
    assert admission.reserve(1, waiting=60) == 1
    admission.release(31, waited_ms=5)
    assert admission.reserve(50, waiting=60) == 30


def test_on_final__long_on_the_way_in__leaves_room_for_what_is_in_time() -> None:
    """The pool is short: what takes long is the line before it."""
    admission = Admission(50_000)
    admission.reserve(START, waiting=0)
    admission.release(10, waited_ms=TARGET_MS)
    admission.release(10)
    admission.on_final(TARGET_MS, 10, 0)
    assert admission.limit == START / 2
    admission.release(START - 20)
    admission.on_final(TARGET_MS, 10, 10_000)
    assert admission.limit == START / 2, "nothing more has come"


def test_on_final__too_late__leaves_room_for_what_is_in_time() -> None:
    admission = Admission(50_000)
    admission.on_final(TARGET_MS * 1.6, 9_000, 0)
    assert admission.limit == START / 1.6
    assert admission.refusal().retry_after_ms == TARGET_MS * 1.6


def test_on_final__soon_after_a_change__waits_for_it_to_show() -> None:
    admission = Admission(50_000)
    admission.on_final(600, 9_000, 0)
    after = admission.limit
    admission.on_final(600, 9_000, 599)
    assert admission.limit == after
    admission.on_final(600, 9_000, 600)
    assert admission.limit < after


def test_on_final__far_too_late_for_long__leaves_some_room_all_the_same() -> None:
    admission = Admission(50_000)
    for second in range(60):
        admission.on_final(60_000, 9_000, second * 60_000)
    assert admission.room(0) == LEAST


def test_on_final__in_time__grows_only_where_room_is_scarce() -> None:
    admission = Admission(50_000)
    for at in range(0, 10_000, 100):
        admission.on_final(10, 5, at)
    assert admission.limit == START
    for at in range(10_000, 20_000, 100):
        admission.on_final(10, 50_000, at)
    assert admission.limit == 50_000


def test_on_final__long_with_little_waiting__is_not_for_want_of_less() -> None:
    """Who leaves gaps between nonces waits for himself, and takes no room from others."""
    admission = Admission(50_000)
    for second in range(60):
        admission.room(LEAST)
        admission.on_final(5_000, 1, second * 10_000)
    assert admission.limit == START
    admission.room(LEAST + 1)
    admission.on_final(5_000, 1, 600_000)
    assert admission.limit == START / 2


def test_on_final__after_an_hour_of_nothing__is_watched_again_soon() -> None:
    admission = Admission(50_000)
    admission.on_final(3_600_000, 9_000, 0)
    assert admission.limit == START / 2
    assert admission.refusal().retry_after_ms == 2_000
    admission.on_final(10, 9_000, 2_000)
    assert admission.limit > START / 2


def test_on_final__nothing_of_its_own_for_long__takes_more_than_others_leave() -> None:
    """At its least, and others of the network have more waiting than that: its wallets would be
    refused for ever."""
    admission, now_ms = Admission(50_000), 0
    while admission.limit > LEAST:
        now_ms += 2_000
        admission.on_final(60_000, 9_000, now_ms)
    for _ in range(39):
        now_ms += 50
        admission.on_final(None, 4_000, now_ms)
        assert admission.limit == LEAST, "it may have some on the way"
    for _ in range(30):
        now_ms += 50
        admission.on_final(None, 4_000, now_ms)
    assert admission.room(4_000) > 0


def test_on_final__a_network_of_some_rate__comes_to_the_target() -> None:
    """A queue that is served 4,000 times a second and offered more, that is too long at first."""
    admission, rate, now_ms = Admission(50_000), 4_000, 10_000.0
    for at in range(0, 10_000, 100):
        admission.on_final(10, 4_000, at)
    waiting = admission.limit
    took: list[float] = []
    for _ in itertools.repeat(None, 400):
        took.append(waiting / rate * 1e3)
        now_ms += 50
        waiting = max(0, waiting - rate // 20)
        admission.on_final(took[-1], waiting, now_ms)
        waiting = max(waiting, admission.limit)
    assert took[0] > 2 * TARGET_MS
    assert all(TARGET_MS / 2 < ms < TARGET_MS * 1.25 for ms in took[100:])
