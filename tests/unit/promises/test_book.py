"""PROMISE-2: which promises a node makes, and which are open.

make
├── everything is right: signed, to the sender, as high as is configured
├── no member, no promises configured, or a last final block that is old: refused
├── shortly before an epoch after which L1 shows no seat: refused
├── the transaction is not here, or waits for a nonce: refused
├── the rollup is away, may leave, owes, or holds its data; L1 orders: refused
├── coverage unknown, or too little for all that is open: refused
└── more, or longer ones, than lists bring in within the heights: refused

what is open
├── counts until it is in a final block, or too old to be challenged
└── is not replaced in the pool, and does not expire
"""

import pytest

from sequencer.crypto.hashing import keccak
from sequencer.crypto.hot_keys import HotKeys
from sequencer.crypto.signatures import recover
from sequencer.ingress.refusal import NoPromise, Promised
from sequencer.ingress.transaction import Transaction, decode_transaction
from sequencer.l1.events import (
    BasedEntered,
    CommitteeRecorded,
    Event,
    L1Block,
    L1Header,
    ModeAnnounced,
    NoticeGiven,
    RollupMode,
    RollupRegistered,
)
from sequencer.l1.view import L1View
from sequencer.mempool.pool import Mempool, MempoolConfig, TransactionKey
from sequencer.ordering.listings import LIST_ENTRIES
from sequencer.ordering.served import Served
from sequencer.promises import book as book_module
from sequencer.promises.book import OpenPromise, PromiseBook, PromiseParameters, Standing
from sequencer.types import Address, Committee, Epoch, Hash32, Member, RollupId
from tests.unit.ingress.builders import CHAIN_ID, Raw
from tests.unit.node.chain import (
    SCHEDULE,
    SEPARATOR,
    SIGNERS,
    committee_of,
    l1_hash,
    next_block,
    start,
)

ROLLUP, HOLDS = RollupId(1), RollupId(2)
NOW_MS = 1_050_000
"""In the middle of epoch 0, which ends at second 1,100."""
COVERAGE = 1_000
LIST_BYTES = 6_500
TIP = next_block(start(), at_ms=NOW_MS - 1_000).header


class World:
    """A member of epoch 0, and of epoch 1 too unless that is recorded otherwise."""

    def __init__(self, heights: int = 256) -> None:
        self.l1 = L1View(0, SCHEDULE)
        self.see(
            RollupRegistered(ROLLUP, CHAIN_ID),
            RollupRegistered(HOLDS, CHAIN_ID, holds_data=True),
            CommitteeRecorded(committee_of(0)),
        )
        self.pool = Mempool(MempoolConfig(ttl_ms=1_000))
        self.book = PromiseBook(
            HotKeys(SIGNERS[0]),
            SEPARATOR,
            self.l1,
            Served(self.l1, 10),
            self.pool,
            PromiseParameters(heights, margin_seconds=30),
        )
        self.committee: Committee | None = committee_of(0)
        self.coverage: int | None = COVERAGE
        self.list_bytes = LIST_BYTES
        self.now_ms = NOW_MS

    def see(self, *events: Event) -> None:
        number = 1 if self.l1.head is None else self.l1.head.number + 1
        header = L1Header(number, l1_hash(number), l1_hash(number - 1), 1_049 + number)
        self.l1.extend(L1Block(header, events))

    def pooled(
        self, nonce: int = 0, rollup: RollupId = ROLLUP, fee: int = 10**10
    ) -> TransactionKey:
        tx = transaction(nonce, fee)
        self.pool.add(rollup, tx, self.now_ms)
        return rollup, tx.hash

    def make(self, key: TransactionKey, value_wei: int = 0) -> OpenPromise:
        at = Standing(self.committee, TIP, self.coverage, self.list_bytes, self.now_ms)
        return self.book.make(key, value_wei, at)

    def refusal(self, key: TransactionKey, value_wei: int = 0) -> str:
        with pytest.raises(NoPromise) as refused:
            self.make(key, value_wei)
        assert self.book.get(key) is None
        return str(refused.value)


def transaction(nonce: int, fee: int = 10**10) -> Transaction:
    return decode_transaction(Raw(nonce=nonce, max_fee=fee, priority=fee).encode(), CHAIN_ID)


@pytest.fixture
def world() -> World:
    return World()


def test_make__everything_is_right__is_signed_by_the_members_key(world: World) -> None:
    key = world.pooled()
    made = world.make(key, 10)
    promise, signed = made.signed.promise, made.signed
    assert (promise.epoch, promise.rollup, promise.tx_hash, promise.value_wei) == (0, *key, 10)
    assert promise.last_height == TIP.height + 256
    assert promise.beneficiary == transaction(0).sender
    assert signed.committee == committee_of(0).hash
    assert recover(promise.digest(SEPARATOR, signed.committee), signed.signature) == (
        SIGNERS[0].address
    )
    assert decode_transaction(made.raw, made.chain_id).hash == key[1]
    assert world.book.get(key) == signed
    assert (len(world.book), world.book.open_wei) == (1, 10)


class TestStanding:
    def test_not_ordering_or_no_member__is_refused(self, world: World) -> None:
        key = world.pooled()
        world.committee = None
        assert "no member of the committee" in world.refusal(key)
        others = tuple(Member(signer.address, 10) for signer in SIGNERS[1:])
        world.committee = Committee(Epoch(0), others, keccak(b"others"))
        assert "no member of the committee" in world.refusal(key)

    def test_no_heights_configured__is_refused(self) -> None:
        world = World(heights=0)
        assert "makes no promises" in world.refusal(world.pooled())

    def test_fewer_heights_configured__end_earlier(self) -> None:
        world = World(heights=3)
        assert world.make(world.pooled()).signed.promise.last_height == TIP.height + 3

    def test_old_last_block__is_refused(self, world: World) -> None:
        key = world.pooled()
        world.now_ms = TIP.timestamp_ms + book_module.MAX_TIP_AGE_MS + 1
        assert "it may be behind" in world.refusal(key)
        world.now_ms -= 1
        world.make(key)


class TestMargin:
    """Epoch 0 ends at 1,100 s; the margin is 30 s."""

    @pytest.mark.parametrize("before_ms", [30_000, 1, -500])
    def test_next_committee_unknown__is_refused_within(
        self, world: World, before_ms: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(book_module, "MAX_TIP_AGE_MS", 10**6)
        world.now_ms = 1_100_000 - before_ms
        assert "epoch 0 ends in" in world.refusal(world.pooled())

    def test_before_the_margin__is_made(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(book_module, "MAX_TIP_AGE_MS", 10**6)
        world = World()
        world.now_ms = 1_069_999
        world.make(world.pooled())

    @pytest.mark.parametrize("is_member", [True, False])
    def test_next_committee_known__its_seats_decide(
        self, world: World, is_member: bool, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(book_module, "MAX_TIP_AGE_MS", 10**6)
        signers = SIGNERS if is_member else SIGNERS[1:]
        members = tuple(Member(signer.address, 10) for signer in signers)
        world.see(CommitteeRecorded(Committee(Epoch(1), members, keccak(b"next"))))
        world.now_ms = 1_099_000
        key = world.pooled()
        if is_member:
            world.make(key)
        else:
            assert "L1 shows no seat" in world.refusal(key)


class TestTransaction:
    def test_not_in_the_pool__is_refused(self, world: World) -> None:
        assert "is not in the pool" in world.refusal((ROLLUP, Hash32(keccak(b"unknown"))))

    def test_waits_for_a_nonce__is_refused(self, world: World) -> None:
        world.pool.finalized([(ROLLUP, transaction(4))])
        assert "nonce 6 waits for one before it" in world.refusal(world.pooled(6))
        waits = (ROLLUP, transaction(6).hash)
        world.make(world.pooled(5))
        world.make(waits)


class TestRollup:
    def test_holds_its_data__is_refused(self, world: World) -> None:
        assert "holds the data of rollup 2" in world.refusal(world.pooled(rollup=HOLDS))

    def test_has_announced_to_leave__is_refused_long_before(self, world: World) -> None:
        key = world.pooled()
        sequencer = Address(b"\x05" * 20)
        world.see(ModeAnnounced(ROLLUP, RollupMode.SOLO, sequencer, 90_000))
        assert "has announced that it leaves" in world.refusal(key)

    def test_away__is_refused_with_what_wallets_are_told(self, world: World) -> None:
        key = world.pooled()
        world.see(ModeAnnounced(ROLLUP, RollupMode.BASED, Address(bytes(20)), 1_051))
        assert "rollup 1 is BASED, ordered on L1" in world.refusal(key)

    def test_has_notice__is_refused(self, world: World) -> None:
        key = world.pooled()
        world.see(NoticeGiven(ROLLUP, 90_000))
        assert "has notice for what it owes" in world.refusal(key)

    def test_l1_orders__is_refused(self, world: World) -> None:
        key = world.pooled()
        world.see(BasedEntered())
        assert "L1 orders now" in world.refusal(key)


class TestCoverage:
    def test_not_known__is_refused(self, world: World) -> None:
        world.coverage = None
        assert "L1 has not said yet" in world.refusal(world.pooled())

    def test_open_promises_together__are_within_it(self, world: World) -> None:
        first, second, third = world.pooled(0), world.pooled(1), world.pooled(2)
        world.make(first, 600)
        assert "400 of 1000 wei" in world.refusal(second, 401)
        world.make(second, 400)
        assert "0 of 1000 wei" in world.refusal(third, 1)
        world.make(third, 0)
        assert world.book.settled([first, (ROLLUP, Hash32(bytes(32)))]) == [first]
        assert world.book.open_wei == 400

    def test_fell_below_what_is_open__is_refused(self, world: World) -> None:
        world.make(world.pooled(0), 600)
        world.coverage = 500
        assert "0 of 500 wei" in world.refusal(world.pooled(1), 0)

    def test_restored__counts(self, world: World) -> None:
        made = world.make(world.pooled(0), 900)
        again = World()
        again.book.restore(made)
        assert "100 of 1000 wei" in again.refusal(again.pooled(1), 101)


class TestRoom:
    """What may not get a place in time, because of what others order, is not promised."""

    def test_longer_than_a_list__is_refused(self, world: World) -> None:
        key = world.pooled()
        world.list_bytes = len(transaction(0).raw) - 1
        assert "bytes, a member lists" in world.refusal(key)
        world.list_bytes += 1
        world.make(key)

    def test_as_many_as_the_lists_of_its_heights__no_more(self) -> None:
        world = World(heights=31)  # one list
        for nonce in range(LIST_ENTRIES):
            world.make(world.pooled(nonce))
        assert "32 promises are open, the most" in world.refusal(world.pooled(LIST_ENTRIES))
        world.book.settled([(ROLLUP, transaction(0).hash)])
        world.make((ROLLUP, transaction(LIST_ENTRIES).hash))

    def test_as_many_bytes_as_the_lists_of_its_heights__no_more(self) -> None:
        world = World(heights=64)  # two lists
        keys = [world.pooled(nonce) for nonce in range(4)]
        world.list_bytes = 190  # of 120 each
        for key in keys[:3]:
            world.make(key)
        assert "more are above" in world.refusal(keys[3])
        world.book.settled(keys[:1])
        world.make(keys[3])


class TestOpen:
    def test_expire__forgets_earlier_epochs(self, world: World) -> None:
        key = world.pooled()
        world.make(key, 5)
        assert world.book.expire(Epoch(0)) == []
        assert world.book.expire(Epoch(1)) == [key]
        assert (len(world.book), world.book.open_wei) == (0, 0)
        world.pool.expire(world.now_ms + 1_000)
        assert key not in world.pool

    def test_pool__keeps_what_is_promised_and_drops_the_rest(self, world: World) -> None:
        """PROMISE-4, POOL-2, POOL-4."""
        promised, other = world.pooled(0), world.pooled(1)
        world.make(promised)
        with pytest.raises(Promised, match="nonce 0 is promised"):
            world.pooled(0, fee=10**12)
        world.pooled(1, fee=10**12)
        assert other not in world.pool
        assert world.pool.expire(world.now_ms + 1_000) == 1
        assert promised in world.pool
        assert len(world.pool) == 1

    def test_pool__rollup_was_away_once__keeps_what_is_promised(self, world: World) -> None:
        """PROMISE-4: a node that starts reads what L1 said of the rollup long ago."""
        promised, _ = world.pooled(0), world.pooled(1)
        world.make(promised)
        assert world.pool.keep(lambda _: False) == 1
        assert promised in world.pool
        assert world.pool.is_ready(promised)
