"""PROMISE-2: which promises this node may make, and which are open. Sans-IO.

An open promise is one whose transaction is in no final block. Its value counts against the node's
coverage, its transaction is pinned in the pool, until it is; or until nobody can challenge the
promise any more.

Bounds: what this node can have listed in time, which is `LIST_ENTRIES` promises for each
`HEIGHTS_PER_LIST` heights.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from sequencer.blocks.header import Header
from sequencer.crypto.hot_keys import HotKeys, Seat
from sequencer.ingress.refusal import NoPromise
from sequencer.ingress.transaction import Transaction
from sequencer.l1.events import L1Header
from sequencer.l1.view import L1View
from sequencer.mempool.pool import Mempool, TransactionKey
from sequencer.ordering.listings import LIST_ENTRIES
from sequencer.ordering.served import Served
from sequencer.promises.promise import InclusionPromise, SignedPromise
from sequencer.types import Committee, Epoch, Hash32, Height, RollupId

MAX_HEIGHTS = 256
"""PROMISE-2: L1's price of an answer is for as many."""
HEIGHTS_PER_LIST = 32
"""Within half of these, what fits a member's list is in a block (LIST-5, LIST-6)."""
MAX_TIP_AGE_MS = 5_000
"""A node whose last final block is older may be behind: the heights it promises may be past."""


@dataclass(frozen=True, slots=True)
class PromiseParameters:
    heights: int = MAX_HEIGHTS
    """How far above the last final block `lastHeight` is; none are made if it is 0."""
    margin_seconds: int = 30
    """`promise_margin_seconds`."""


class OpenPromise(msgspec.Struct, frozen=True, array_like=True):
    """A promise with the transaction that it is about, as it is kept over a restart."""

    signed: SignedPromise
    chain_id: int
    raw: bytes

    @property
    def key(self) -> TransactionKey:
        promise = self.signed.promise
        return promise.rollup, promise.tx_hash


@dataclass(frozen=True, slots=True)
class Standing:
    """What a node is when it is asked for a promise."""

    committee: Committee | None
    """Of the epoch that it orders in; None while it orders nothing."""
    tip: Header
    """The last final block."""
    coverage_wei: int | None
    """By the confirmed L1 block (INS-5); None while L1 has not said."""
    list_bytes: int
    """Of the transactions that this node may ask of a block (LIST-2)."""
    now_ms: int


class PromiseBook:
    """The open promises of one node."""

    def __init__(
        self,
        keys: HotKeys,
        separator: Hash32,
        l1: L1View,
        served: Served,
        mempool: Mempool,
        parameters: PromiseParameters,
    ) -> None:
        self._keys = keys
        self._separator = separator
        self._l1 = l1
        self._served = served
        self._mempool = mempool
        self._parameters = parameters
        self._open: dict[TransactionKey, OpenPromise] = {}
        self._open_wei = 0
        self._open_bytes = 0

    def __len__(self) -> int:
        """Promises that are open."""
        return len(self._open)

    @property
    def open_wei(self) -> int:
        """The sum of their values."""
        return self._open_wei

    @property
    def open(self) -> tuple[OpenPromise, ...]:
        """Oldest first."""
        return tuple(self._open.values())

    def get(self, key: TransactionKey) -> SignedPromise | None:
        """The promise about a transaction, if it is open."""
        found = self._open.get(key)
        return None if found is None else found.signed

    def make(self, key: TransactionKey, value_wei: int, at: Standing) -> OpenPromise:
        """A new promise about a transaction of the pool. Raises `NoPromise`, saying why."""
        committee, seat = self._seat(at)
        self._check_epoch(committee, at.now_ms)
        tx = self._ready(key)
        self._check_rollup(key[0])
        self._check_room(len(tx.raw), at)
        self._check_coverage(value_wei, at)
        promise = InclusionPromise(
            epoch=committee.epoch,
            rollup=key[0],
            tx_hash=key[1],
            last_height=Height(at.tip.height + self._parameters.heights),
            beneficiary=tx.sender,
            value_wei=value_wei,
        )
        signature = seat.signer.sign(promise.digest(self._separator, committee.hash))
        signed = SignedPromise(promise, committee.hash, signature)
        made = OpenPromise(signed, tx.chain_id, tx.raw)
        self.restore(made)
        return made

    def restore(self, made: OpenPromise) -> None:
        """It is open, and its transaction, if it is in the pool, stays there."""
        self._open[made.key] = made
        self._open_wei += made.signed.promise.value_wei
        self._open_bytes += len(made.raw)
        self._mempool.pin(made.key)

    def settled(self, keys: Iterable[TransactionKey]) -> list[TransactionKey]:
        """These are in a final block; those of them that were promised."""
        kept = [key for key in keys if key in self._open]
        for key in kept:
            self._close(key)
        return kept

    def expire(self, before: Epoch) -> list[TransactionKey]:
        """Promises of earlier epochs are too old to be challenged (PROMISE-5)."""
        old = [key for key, one in self._open.items() if one.signed.promise.epoch < before]
        for key in old:
            self._close(key)
            self._mempool.pin(key, False)
        return old

    def _close(self, key: TransactionKey) -> None:
        closed = self._open.pop(key)
        self._open_wei -= closed.signed.promise.value_wei
        self._open_bytes -= len(closed.raw)

    # --- PROMISE-2 ---

    def _seat(self, at: Standing) -> tuple[Committee, Seat]:
        if self._parameters.heights == 0:
            raise NoPromise("this node makes no promises")
        seat = None if at.committee is None else self._keys.seat(at.committee)
        if at.committee is None or seat is None:
            raise NoPromise("this node is no member of the committee now")
        age_ms = at.now_ms - at.tip.timestamp_ms
        if age_ms > MAX_TIP_AGE_MS:
            raise NoPromise(
                f"the last final block that this node has is {age_ms} ms old, above"
                f" {MAX_TIP_AGE_MS}: it may be behind"
            )
        return at.committee, seat

    def _check_epoch(self, committee: Committee, now_ms: int) -> None:
        """Nothing shortly before this node has no part in the order any more, by L1's head."""
        then = Epoch(committee.epoch + 1)
        left_ms = 1_000 * self._l1.schedule.start_of(then) - now_ms
        if left_ms > 1_000 * self._parameters.margin_seconds:
            return
        head = self._l1.head
        following = None if head is None else self._l1.committee_at(then, head.number)
        if following is None or self._keys.seat(following) is None:
            raise NoPromise(
                f"epoch {committee.epoch} ends in {left_ms} ms, and L1 shows no seat of this node"
                " after it"
            )

    def _ready(self, key: TransactionKey) -> Transaction:
        tx = self._mempool.get(key)
        if tx is None:
            raise NoPromise(f"transaction 0x{key[1].hex()} is not in the pool of this node")
        if not self._mempool.is_ready(key):
            raise NoPromise(f"nonce {tx.nonce} waits for one before it")
        return tx

    def _check_rollup(self, rollup: RollupId) -> None:
        """Neither the rollup nor L1 may come between the promise and its last height."""
        away = self._served.why_not(rollup)
        if away is not None:
            raise NoPromise(away)
        if self._l1.holds_data(rollup):
            raise NoPromise(
                f"the committee holds the data of rollup {rollup}: nothing could show on L1 that"
                " the transaction was ordered"
            )
        for block in (self._l1.confirmed, self._l1.head):
            if block is None:
                raise NoPromise("this node knows no confirmed L1 block")
            self._check_stays(rollup, block)

    def _check_stays(self, rollup: RollupId, block: L1Header) -> None:
        if block.timestamp < self._l1.based_until:
            raise NoPromise("L1 orders now, and not the committee (FALLBACK-1)")
        if self._l1.modes_at(rollup, block.number).pending_at(block.timestamp) is not None:
            raise NoPromise(f"rollup {rollup} has announced that it leaves the committee (ROLL-3)")
        if self._l1.notice_at(rollup, block.number) is not None:
            raise NoPromise(f"rollup {rollup} has notice for what it owes (FEE-4)")

    def _check_room(self, size: int, at: Standing) -> None:
        """What others order does not come first: lists bring in all that is open in time."""
        if size > at.list_bytes:
            raise NoPromise(f"transaction has {size} bytes, a member lists {at.list_bytes}")
        lists = max(1, self._parameters.heights // HEIGHTS_PER_LIST)
        if len(self._open) >= lists * LIST_ENTRIES:
            raise NoPromise(f"{len(self._open)} promises are open, the most this node makes")
        left = lists * at.list_bytes - self._open_bytes
        if size > left:
            raise NoPromise(
                f"promised transactions have {self._open_bytes} bytes, {size} more are above the"
                f" {left} left"
            )

    def _check_coverage(self, value_wei: int, at: Standing) -> None:
        if at.coverage_wei is None:
            raise NoPromise("L1 has not said yet what promises of this node may carry (INS-5)")
        if self._open_wei + value_wei > at.coverage_wei:
            raise NoPromise(
                f"{value_wei} wei is above what is left of this node's coverage,"
                f" {max(0, at.coverage_wei - self._open_wei)} of {at.coverage_wei} wei (INS-5)"
            )
