"""ORDER-1 to ORDER-4: each transaction has the highest value of all that could stand there."""

from collections.abc import Sequence
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.blocks.order import Ordering, OrderingPolicy, order_keys, value_of
from sequencer.crypto.hashing import keccak, word
from sequencer.errors import PeerFault
from sequencer.ingress.transaction import LEGACY, Transaction
from sequencer.ordering.order import arrange, check_order
from sequencer.types import Address, Hash32, RollupId

PARENT = keccak(b"parent")
PRIORITY = Ordering()
SHUFFLED = Ordering(OrderingPolicy.SHUFFLED)
ARRIVAL = Ordering(OrderingPolicy.ARRIVAL)

Drawn = list[tuple[int, int, int]]
"""Sender, nonce, fee."""
DRAWN = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 5), st.integers(0, 4)),
    max_size=6,
    unique_by=lambda drawn: drawn[:2],
)
ORDERINGS = st.sampled_from([PRIORITY, SHUFFLED, ARRIVAL])


def transaction(sender: int, nonce: int, fee: int, most: int | None = None) -> Transaction:
    raw = repr((sender, nonce, fee)).encode()
    return Transaction(
        raw=raw,
        hash=keccak(raw),
        type=LEGACY,
        chain_id=1,
        nonce=nonce,
        sender=Address(bytes([sender]) * 20),
        to=None,
        value=0,
        gas_limit=0,
        max_fee_per_gas=fee if most is None else most,
        max_priority_fee_per_gas=fee,
        data=b"",
        intrinsic_gas=0,
    )


def value(tx: Transaction, ordering: Ordering) -> int:
    fees = tx.max_fee_per_gas, tx.max_priority_fee_per_gas
    return value_of(ordering, fees, tx.hash, PARENT)


def lanes(drawn: Drawn) -> list[Transaction]:
    """As the pool gives them: each sender's by nonce."""
    return [transaction(*item) for item in sorted(drawn, key=lambda item: item[1])]


def is_in_order(transactions: Sequence[Transaction], ordering: Ordering) -> bool:
    """ORDER-4 as it is meant: at each place the highest of those that could stand there."""
    for at, tx in enumerate(transactions):
        left = transactions[at:]
        could = [
            other
            for other in left
            if other.nonce == min(t.nonce for t in left if t.sender == other.sender)
        ]
        if tx not in could or value(tx, ordering) < max(value(t, ordering) for t in could):
            return False
    return True


@given(DRAWN, ORDERINGS)
def test_arrange__whatever_waits__is_in_order(drawn: Drawn, ordering: Ordering) -> None:
    given_ = lanes(drawn)
    arranged = arrange(given_, ordering, PARENT)
    assert sorted(tx.hash for tx in arranged) == sorted(tx.hash for tx in given_)
    assert is_in_order(arranged, ordering)
    check_order(arranged, ordering, PARENT)


@given(DRAWN, ORDERINGS)
def test_check__every_permutation__is_judged_as_meant(drawn: Drawn, ordering: Ordering) -> None:
    for order in permutations([transaction(*item) for item in drawn[:5]]):
        try:
            check_order(order, ordering, PARENT)
        except PeerFault:
            assert not is_in_order(order, ordering)
        else:
            assert is_in_order(order, ordering)


def test_arrange__equal_values__stay_as_they_came() -> None:
    given_ = [transaction(sender, 0, 3) for sender in (2, 0, 1)]
    assert arrange(given_, PRIORITY, PARENT) == given_


def test_arrange__a_high_fee_behind_a_low_one__waits_for_it() -> None:
    low, high, other = transaction(0, 0, 1), transaction(0, 1, 9), transaction(1, 0, 5)
    assert arrange([low, high, other], PRIORITY, PARENT) == [other, low, high]


def test_check__ascent_of_another_sender__is_named() -> None:
    with pytest.raises(PeerFault, match=r"value 5 stands behind one of key 1 .*\(PRIORITY order\)"):
        check_order([transaction(0, 0, 1), transaction(1, 0, 5)], PRIORITY, PARENT)


def test_check__hidden_behind_a_lowered_one__is_found() -> None:
    """The value before it is higher, but not what that one is worth (ORDER-3)."""
    order = [transaction(0, 0, 1), transaction(0, 1, 9), transaction(1, 0, 5)]
    with pytest.raises(PeerFault, match="value 5 stands behind one of key 1"):
        check_order(order, PRIORITY, PARENT)


def test_check__nonces_that_do_not_rise__are_named() -> None:
    with pytest.raises(PeerFault, match=r"nonce 4 of 0x00.* stands after 4"):
        check_order([transaction(0, 4, 9), transaction(0, 4, 1)], PRIORITY, PARENT)


def test_value__base_fee__leaves_the_effective_priority_fee() -> None:
    ordering = Ordering(OrderingPolicy.PRIORITY, 7)
    fees = [(10, 2), (10, 5), (7, 1), (6, 1), (2**200, 2**199)]
    values = [value_of(ordering, fee, PARENT, PARENT) for fee in fees]
    assert values == [2, 3, 0, 0, 2**128 - 1]


def test_value__shuffled__depends_on_the_parent() -> None:
    """Nobody who sends a transaction knows the block that the next one builds on."""
    hashes = [keccak(word(number)) for number in range(8)]

    def ranking(parent: bytes) -> list[Hash32]:
        return sorted(hashes, key=lambda h: value_of(SHUFFLED, (0, 0), h, keccak(parent)))

    assert ranking(b"one") != ranking(b"two")


def test_value__arrival_and_what_is_no_transaction__are_worth_nothing() -> None:
    assert value_of(ARRIVAL, (9, 9), PARENT, PARENT) == 0
    assert value_of(PRIORITY, None, PARENT, PARENT) == 0
    assert value_of(SHUFFLED, None, PARENT, PARENT) == 0


def test_keys__never_rise_within_a_rollup_and_begin_anew_in_the_next() -> None:
    values = [(1, 5), (1, 7), (1, 2), (1, 9), (2, 9), (3, 1)]
    assert order_keys((RollupId(of), v) for of, v in values) == [5, 5, 2, 2, 9, 1]
