"""Getting L1 transactions mined (SUBMIT-3, P34).

send
├── nonces are read from L1 for each `send`, so a restart or a reorg loses none (P34)
├── several calls go out together, at consecutive nonces
├── not mined in time: replaced at the same nonce, both fees 12.5% up; whichever is mined counts
├── an unknown transaction holds the nonce (from before a restart): outbid
├── no longer wanted: given up, and its nonce outbid by the next call
├── the nonce went to another transaction of the key: an error
├── base fee and tip above the cap: waits instead of paying; below it, offers the cap at most
└── with blobs: stands beside the transaction; replaced at twice the price of all three
"""

from dataclasses import replace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.crypto.hashing import keccak
from sequencer.l1.account import (
    GWEI,
    MAX_FEE_WEI,
    TIP_WEI,
    Fees,
    L1Account,
    L1Call,
    TooDear,
)
from sequencer.l1.client import L1Client
from sequencer.l1.rpc import L1Error, L1Refused
from sequencer.l1.sidecar import Sidecar
from sequencer.types import Address, Hash32
from tests.unit.l1.fake_pool import CHAIN_ID, FakePool, Pending

TO = Address(b"\x22" * 20)
RESUBMIT_MS = 1_000


def account_on(pool: FakePool) -> L1Account:
    return L1Account(
        cast(L1Client, pool),
        CHAIN_ID,
        b"\x01" * 32,
        RESUBMIT_MS,
        lambda: pool.now_ms,
        pause=pool.pause,
    )


def call(data: bytes = b"\x01") -> L1Call:
    return L1Call("a call", TO, data, 50_000)


def always() -> bool:
    return True


def assert_replaces(later: Pending, earlier: Pending) -> None:
    assert later.nonce == earlier.nonce
    assert 8 * later.tip >= 9 * earlier.tip
    assert 8 * later.max_fee >= 9 * earlier.max_fee


async def test_send__mined__gives_the_receipt() -> None:
    pool = FakePool()
    pool.on_pause = pool.mine
    account = account_on(pool)
    (receipt,) = await account.send([call()], always)
    assert (receipt.is_success, receipt.block_number) == (True, 11)
    (sent,) = pool.mined
    assert (sent.nonce, sent.to, sent.data, sent.gas_limit) == (7, TO, b"\x01", 50_000)
    assert (sent.tip, sent.max_fee) == (TIP_WEI, 200 + TIP_WEI)
    assert sent.sender == account.address


async def test_send__several_calls__consecutive_nonces_in_one_block() -> None:
    pool = FakePool()
    pool.on_pause = lambda: pool.mine(3)
    receipts = await account_on(pool).send([call(b"\1"), call(b"\2"), call(b"\3")], always)
    assert [(sent.nonce, sent.data) for sent in pool.mined] == [(7, b"\1"), (8, b"\2"), (9, b"\3")]
    assert [receipt.block_number for receipt in receipts] == [11, 11, 11]


async def test_send__reverted__says_so() -> None:
    pool = FakePool(reverts=lambda pending: pending.nonce == 8)
    pool.on_pause = lambda: pool.mine(2)
    receipts = await account_on(pool).send([call(b"\1"), call(b"\2")], always)
    assert [receipt.is_success for receipt in receipts] == [True, False]


async def test_p34_send__after_a_restart_or_a_reorg__takes_the_nonce_from_l1() -> None:
    pool = FakePool()
    pool.on_pause = pool.mine
    await account_on(pool).send([call()], always)
    account = account_on(pool)
    await account.send([call(b"\2")], always)
    pool.next_nonce = 7  # a reorg took both back
    await account.send([call(b"\3")], always)
    assert [sent.nonce for sent in pool.mined] == [7, 8, 7]


async def test_p34_send__stuck__is_replaced_at_the_same_nonce_with_higher_fees() -> None:
    pool = FakePool()
    pool.on_pause = lambda: pool.mine() if len(pool.accepted) == 3 else None
    await account_on(pool).send([call()], always)
    first, second, third = pool.accepted
    assert_replaces(second, first)
    assert_replaces(third, second)
    assert 2 * RESUBMIT_MS <= pool.now_ms <= 2 * RESUBMIT_MS + 500


async def test_send__not_mined_yet__is_left_alone_until_its_time() -> None:
    pool = FakePool()

    def later() -> None:
        if pool.now_ms >= RESUBMIT_MS - 250:
            pool.mine()

    pool.on_pause = later
    await account_on(pool).send([call()], always)
    assert len(pool.accepted) == 1


async def test_send__the_replaced_one_is_mined_after_all__counts() -> None:
    pool = FakePool()

    def mine_the_first() -> None:
        if len(pool.accepted) == 2:
            pool.pool[7] = pool.accepted[0]
            pool.mine()

    pool.on_pause = mine_the_first
    (receipt,) = await account_on(pool).send([call()], always)
    assert receipt == pool.receipts[pool.accepted[0].hash]


async def test_send__mined_just_before_it_is_replaced__is_no_fault() -> None:
    pool = FakePool()
    receipt_of = pool.receipt

    async def late(transaction_hash: Hash32) -> object:
        found = await receipt_of(transaction_hash)
        if pool.now_ms >= RESUBMIT_MS and not pool.mined:
            pool.mine()  # after this look
        return found

    pool.receipt = late  # type: ignore[method-assign, assignment]
    (receipt,) = await account_on(pool).send([call()], always)
    assert receipt.is_success
    assert len(pool.accepted) == 1


async def test_send__base_fee_has_risen__the_replacement_follows() -> None:
    pool = FakePool()

    def rise() -> None:
        pool.base_fee = 10 * GWEI
        if len(pool.accepted) == 2:
            pool.mine()

    pool.on_pause = rise
    await account_on(pool).send([call()], always)
    assert pool.mined[0].max_fee == 20 * GWEI + TIP_WEI


async def test_p34_send__a_stuck_transaction_from_before_a_restart__is_outbid() -> None:
    pool = FakePool(base_fee=20 * GWEI)
    await account_on(pool).send([call(b"\1")], lambda: False)
    pool.base_fee = 100
    pool.on_pause = pool.mine
    await account_on(pool).send([call(b"\2")], always)  # knows nothing of the first
    (mined,) = pool.mined
    assert mined.data == b"\2"
    assert mined.nonce == 7


async def test_send__same_transaction_in_the_pool_already__is_waited_for() -> None:
    pool = FakePool()
    await account_on(pool).send([call()], lambda: False)
    pool.on_pause = pool.mine
    (receipt,) = await account_on(pool).send([call()], always)
    assert receipt.is_success
    assert len(pool.accepted) == 1


async def test_send__no_longer_wanted__gives_up_and_is_outbid_by_the_next() -> None:
    pool = FakePool()
    account = account_on(pool)
    assert await account.send([call(b"\1")], lambda: False) == []
    pool.on_pause = pool.mine
    (receipt,) = await account.send([call(b"\2")], always)
    assert receipt.is_success
    first, second = pool.accepted
    assert_replaces(second, first)
    assert [sent.data for sent in pool.mined] == [b"\2"]


async def test_send__nonce_taken_by_another_transaction__is_an_error() -> None:
    pool = FakePool()

    def take() -> None:
        pool.next_nonce += 1

    pool.on_pause = take
    with pytest.raises(L1Error, match="nonce 7 went to another"):
        await account_on(pool).send([call()], always)


async def test_send__refused__is_raised() -> None:
    pool = FakePool()

    async def refuse(raw: bytes) -> None:
        raise L1Refused("insufficient funds", -32_000, b"")

    pool.send_raw = refuse  # type: ignore[method-assign, assignment]
    with pytest.raises(L1Refused, match="insufficient funds"):
        await account_on(pool).send([call()], always)


async def test_send__little_room_below_the_cap__offers_the_cap() -> None:
    pool = FakePool(base_fee=999 * GWEI)
    pool.on_pause = pool.mine
    await account_on(pool).send([call()], always)
    assert pool.mined[0].max_fee == MAX_FEE_WEI


async def test_send__l1_too_dear__waits() -> None:
    pool = FakePool(base_fee=1_000 * GWEI)
    with pytest.raises(L1Error, match="above the cap"):
        await account_on(pool).send([call()], always)
    assert pool.accepted == []


async def test_send__raising_for_ever__ends_at_the_cap() -> None:
    pool = FakePool()

    async def underpriced(raw: bytes) -> None:
        raise L1Refused("replacement transaction underpriced", -32_000, b"")

    pool.send_raw = underpriced  # type: ignore[method-assign, assignment]
    with pytest.raises(L1Error, match="above the cap"):
        await account_on(pool).send([call()], always)


@given(st.integers(0, 2**80), st.integers(0, 2**80))
def test_raised__is_an_eighth_more_rounded_up(fee: int, tip: int) -> None:
    raised = Fees(fee, tip).raised()
    assert 8 * raised.max_fee >= 9 * fee
    assert 8 * raised.tip >= 9 * tip
    assert 8 * (raised.max_fee - 1) < 9 * fee or fee == 0


async def test_send__with_blobs__stuck__is_replaced_at_twice_the_price() -> None:
    """SUBMIT-3: geth asks for as much."""
    pool = FakePool(blob_base_fee=5)
    pool.on_pause = lambda: pool.mine() if len(pool.accepted) == 2 else None
    blob = b"\x00" * 131_072
    point = keccak(blob) + bytes(16)
    sidecar = Sidecar((blob,), (point,), (point,) * 128)
    (receipt,) = await account_on(pool).send([replace(call(), sidecar=sidecar)], always)
    assert receipt.is_success
    first, second = pool.accepted
    assert first.blobs == second.blobs == (blob,)
    assert first.blob_fee == 11
    assert (second.nonce, second.tip, second.max_fee, second.blob_fee) == (
        *(first.nonce, 2 * first.tip, 2 * first.max_fee, 2 * first.blob_fee),
    )


async def test_send__blobs_too_dear__waits() -> None:
    pool = FakePool(blob_base_fee=MAX_FEE_WEI)
    with pytest.raises(TooDear, match="above the cap"):
        await account_on(pool).send([replace(call(), sidecar=Sidecar((), (), ()))], always)
    assert pool.accepted == []
