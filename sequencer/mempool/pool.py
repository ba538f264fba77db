"""POOL-1 to POOL-4: transactions waiting to be ordered. Sans-IO: the caller passes the time.

A lane holds the transactions of one sender on one rollup, ascending by nonce. A transaction in
it *has a gap* if its nonce is above both the one after its predecessor in the lane and the one
after the highest that was ordered; with neither known there is no gap. It is *ready* if neither
it nor anything before it in the lane has a gap that it still waits for (`gap_wait_ms`).

Ready transactions stand in one queue, in the order in which they became ready; a lower nonce
that arrives late pushes in before the later ones of its lane by moving these to the end. So
`take` walks a queue that is in order already.

Not checked: a nonce below the highest ordered one. Ordering does not execute; the earlier
transaction may have been skipped for want of funds, and this one may be its second attempt.

Cost: `add` and the removal of one are O(lane), `take` is O(taken + excluded), `has_work` is
O(excluded before the first that is not), none depends on how many wait. Calls pass times that
do not decrease.
"""

import heapq
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass
from typing import TypeVar

from sequencer.blocks.payload import TRANSACTION_OVERHEAD
from sequencer.ingress.refusal import (
    AlreadyKnown,
    FeeTooLow,
    LaneFull,
    PoolFull,
    Promised,
    SenderDenied,
    Underpriced,
)
from sequencer.ingress.transaction import Transaction
from sequencer.types import Address, Hash32, RollupId

TransactionKey = tuple[RollupId, Hash32]
"""What tells transactions apart: rollups may share a chain id (ROLL-1), and so bytes."""
_LaneKey = tuple[RollupId, Address]

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")

_BUMP_PERCENT = 110


@dataclass(frozen=True, slots=True)
class MempoolConfig:
    """Local policy; the bounds of POOL-3 and the waits of POOL-1 and POOL-4."""

    max_transactions: int = 50_000
    max_bytes: int = 64 << 20
    lane_limit: int = 64
    gap_wait_ms: int = 2_000
    ttl_ms: int = 600_000
    fee_floor_wei: int = 0
    deny_senders: frozenset[Address] = frozenset()
    known_nonces: int = 200_000
    """Of senders; 250 bytes each."""
    recent_hashes: int = 20_000
    """The block store knows the older ones (TX-6)."""


@dataclass(slots=True, eq=False)
class _Entry:
    key: TransactionKey
    lane: _LaneKey
    tx: Transaction
    arrived_ms: int
    has_timer: bool = False
    has_waited: bool = False
    is_pinned: bool = False


def _nonce(entry: _Entry) -> int:
    return entry.tx.nonce


class Mempool:
    """The pool of one node. A transaction passed TX-1 to TX-3, but for the floor, before."""

    def __init__(self, config: MempoolConfig) -> None:
        self._config = config
        self._entries: OrderedDict[TransactionKey, _Entry] = OrderedDict()  # by arrival
        self._lanes: dict[_LaneKey, list[_Entry]] = {}
        self._ready: OrderedDict[_Entry, None] = OrderedDict()
        # (release_ms, serial, entry), one at most for each entry. It counts while that is the
        # first of its lane that is held; else it is dropped when it comes to the top.
        self._timers: list[tuple[int, int, _Entry]] = []
        self._serial = 0
        self._bytes = 0
        self._next_nonces: OrderedDict[_LaneKey, int] = OrderedDict()
        self._recent: OrderedDict[TransactionKey, None] = OrderedDict()

    def __len__(self) -> int:
        """Transactions in the pool."""
        return len(self._entries)

    def __contains__(self, key: TransactionKey) -> bool:
        """Whether the transaction is in the pool."""
        return key in self._entries

    @property
    def total_bytes(self) -> int:
        """Raw bytes in the pool."""
        return self._bytes

    @property
    def ready_count(self) -> int:
        """How many could be taken, as of the last call that passed a time."""
        return len(self._ready)

    @property
    def is_full(self) -> bool:
        """Whether `add` would refuse any newcomer: ask before the signature check."""
        config = self._config
        return len(self._entries) >= config.max_transactions or self._bytes >= config.max_bytes

    def is_known(self, key: TransactionKey) -> bool:
        """TX-6: whether the transaction is in the pool, or was ordered not long ago."""
        return key in self._entries or key in self._recent

    def get(self, key: TransactionKey) -> Transaction | None:
        """A transaction of the pool."""
        entry = self._entries.get(key)
        return entry.tx if entry else None

    def is_ready(self, key: TransactionKey) -> bool:
        """Whether the transaction could be taken, as of the last call that passed a time."""
        entry = self._entries.get(key)
        return entry is not None and entry in self._ready

    def pin(self, key: TransactionKey, is_pinned: bool = True) -> None:
        """PROMISE-4: a transaction that is pinned is not replaced, and leaves with a block only."""
        if entry := self._entries.get(key):
            entry.is_pinned = is_pinned

    def next_nonce(self, rollup: RollupId, sender: Address) -> int | None:
        """One above the highest nonce that was ordered; None if none is remembered."""
        return self._next_nonces.get((rollup, sender))

    def add(self, rollup: RollupId, tx: Transaction, now_ms: int) -> None:
        """Take a transaction in, or raise the `Refused` that says why not."""
        entry = _Entry((rollup, tx.hash), (rollup, tx.sender), tx, now_ms)
        self._check_policy(entry)
        lane = self._lanes.get(entry.lane, [])
        is_last = not lane or lane[-1].tx.nonce < tx.nonce
        index = len(lane) if is_last else bisect_left(lane, tx.nonce, key=_nonce)
        old = lane[index] if index < len(lane) and lane[index].tx.nonce == tx.nonce else None
        self._check_room(entry, lane, old)
        if old:
            self._check_replacement(old, tx)
            self._remove(old)
        lane = self._lanes.setdefault(entry.lane, [])
        lane.insert(index, entry)
        self._entries[entry.key] = entry
        self._bytes += len(tx.raw)
        for follower in lane[index + 1 :]:
            self._ready.pop(follower, None)
        self._settle(entry.lane, index)

    def take(
        self, max_bytes: int, max_count: int, exclude: Container[TransactionKey], now_ms: int
    ) -> list[tuple[RollupId, Transaction]]:
        """The first ready transactions, without those in `exclude`; they stay in the pool.

        `exclude` is what unfinalized ancestors hold (POOL-4). `max_bytes` bounds raw bytes and
        table entries (`TRANSACTION_OVERHEAD`) together; the first that does not fit ends it.
        """
        self._release(now_ms)
        taken: list[tuple[RollupId, Transaction]] = []
        for entry in self._ready:
            if len(taken) == max_count:
                break
            if entry.key in exclude:
                continue
            max_bytes -= len(entry.tx.raw) + TRANSACTION_OVERHEAD
            if max_bytes < 0:
                break
            taken.append((entry.key[0], entry.tx))
        return taken

    def ready_since(
        self, before_ms: int, count: int, exclude: Container[TransactionKey], max_bytes: int
    ) -> list[tuple[RollupId, Transaction]]:
        """The oldest that are ready and came before a time, without those in `exclude`, those
        longer than `max_bytes`, and what stands behind such a one in its lane."""
        found: list[tuple[RollupId, Transaction]] = []
        ends: dict[_LaneKey, int | None] = {}
        for key, entry in self._entries.items():
            if entry.arrived_ms > before_ms or len(found) == count:
                break
            if entry not in self._ready or key in exclude:
                continue
            if entry.lane not in ends:
                lane = self._lanes[entry.lane]
                too_long = (one.tx.nonce for one in lane if len(one.tx.raw) > max_bytes)
                ends[entry.lane] = next(too_long, None)
            end = ends[entry.lane]
            if end is None or entry.tx.nonce < end:
                found.append((key[0], entry.tx))
        return found

    def has_work(self, exclude: Container[TransactionKey], now_ms: int) -> bool:
        """Whether `take` has something to give."""
        self._release(now_ms)
        return any(entry.key not in exclude for entry in self._ready)

    def next_release_ms(self) -> int | None:
        """When the next held lane is released as it stands; None if no lane is held."""
        while self._timers and not self._holds_lane(self._timers[0][2]):
            self._pop_timer()
        return self._timers[0][0] if self._timers else None

    def finalized(self, entries: Iterable[tuple[RollupId, Transaction]]) -> None:
        """POOL-4: these were ordered, in this order; they leave and are known for a while."""
        config = self._config
        touched: dict[_LaneKey, None] = {}
        for rollup, tx in entries:
            lane = (rollup, tx.sender)
            key = (rollup, tx.hash)
            nonce = max(tx.nonce + 1, self._next_nonces.get(lane, 0))
            _remember(self._next_nonces, lane, nonce, config.known_nonces)
            _remember(self._recent, key, None, config.recent_hashes)
            if entry := self._entries.get(key):
                self._remove(entry)
            touched[lane] = None
        self._settle_all(key for key in touched if not self._is_settled(key))

    def finalized_long_ago(
        self, keys: Iterable[TransactionKey]
    ) -> list[tuple[RollupId, Transaction]]:
        """As `finalized`, where only the hashes are told; those that are here are returned. Of the
        senders of the others the next nonce stays as it is."""
        mine: list[tuple[RollupId, Transaction]] = []
        for key in keys:
            if entry := self._entries.get(key):
                mine.append((key[0], entry.tx))
            else:
                _remember(self._recent, key, None, self._config.recent_hashes)
        self.finalized(mine)
        return mine

    def expire(self, now_ms: int) -> int:
        """POOL-4: drop what has waited `ttl_ms`; how many those were."""
        expired: list[_Entry] = []
        for entry in self._entries.values():
            if entry.arrived_ms + self._config.ttl_ms > now_ms:
                break
            if not entry.is_pinned:
                expired.append(entry)
        return self._drop(expired)

    def drop(self, key: TransactionKey) -> None:
        """Forget a transaction, if it is here."""
        if entry := self._entries.get(key):
            self._drop([entry])

    def keep(self, is_kept: Callable[[RollupId], bool]) -> int:
        """Drop everything of the rollups that are not kept, but for what is pinned; how many
        transactions those were."""
        away = {rollup for rollup in {lane[0] for lane in self._lanes} if not is_kept(rollup)}
        lanes = (lane for key, lane in self._lanes.items() if key[0] in away)
        return self._drop([entry for lane in lanes for entry in lane if not entry.is_pinned])

    def _check_policy(self, entry: _Entry) -> None:
        config, tx = self._config, entry.tx
        if tx.sender in config.deny_senders:
            raise SenderDenied(
                f"sender 0x{tx.sender.hex()} is not served by this node; L1 takes forced messages"
            )
        if self.is_known(entry.key):
            raise AlreadyKnown
        if tx.max_fee_per_gas < config.fee_floor_wei:
            raise FeeTooLow(
                f"max fee per gas {tx.max_fee_per_gas} is below the floor {config.fee_floor_wei}"
            )

    def _check_room(self, entry: _Entry, lane: list[_Entry], old: _Entry | None) -> None:
        """POOL-3; a replacement takes the room of the one it replaces."""
        config = self._config
        if old is None and len(lane) >= config.lane_limit:
            raise LaneFull(f"sender has {len(lane)} transactions waiting, the most one may have")
        if old is None and len(self._entries) >= config.max_transactions:
            raise PoolFull(f"{len(self._entries)} transactions wait, the most this node holds")
        freed = len(old.tx.raw) if old else 0
        if self._bytes + len(entry.tx.raw) - freed > config.max_bytes:
            raise PoolFull(f"{self._bytes} bytes wait, this node holds {config.max_bytes}")

    @staticmethod
    def _check_replacement(entry: _Entry, new: Transaction) -> None:
        """POOL-2: both fees rise, by at least 10%. A fee of zero has to rise too."""
        if entry.is_pinned:
            raise Promised(
                f"transaction 0x{entry.tx.hash.hex()} of nonce {new.nonce} is promised: it cannot"
                " be replaced any more"
            )
        old = entry.tx
        for before, after in (
            (old.max_fee_per_gas, new.max_fee_per_gas),
            (old.max_priority_fee_per_gas, new.max_priority_fee_per_gas),
        ):
            if after <= before or after * 100 < before * _BUMP_PERCENT:
                raise Underpriced(
                    f"replacement transaction underpriced: a fee of {after} replaces {before}, "
                    f"expected at least {max(before + 1, -(-before * _BUMP_PERCENT // 100))}"
                )

    def _remove(self, entry: _Entry) -> None:
        """Take an entry out; the caller settles its lane."""
        lane = self._lanes[entry.lane]
        del lane[self._index(entry)]
        if not lane:
            del self._lanes[entry.lane]
        del self._entries[entry.key]
        self._ready.pop(entry, None)
        self._bytes -= len(entry.tx.raw)

    def _drop(self, entries: list[_Entry]) -> int:
        for entry in entries:
            self._remove(entry)
        self._settle_all({entry.lane: None for entry in entries})
        return len(entries)

    def _settle_all(self, lanes: Iterable[_LaneKey]) -> None:
        for lane in lanes:
            if lane in self._lanes:
                self._settle(lane, 0)

    def _is_settled(self, key: _LaneKey) -> bool:
        """Whether what was ordered has changed nothing: all of the lane are ready still, and the
        first has no gap."""
        lane = self._lanes.get(key)
        if lane is None:
            return True
        return lane[-1] in self._ready and lane[0].tx.nonce <= self._next_nonces.get(key, -1)

    def _settle(self, key: _LaneKey, start: int) -> None:
        """POOL-1: bring the queue in line with a lane that changed at `start`.

        What is ready already keeps its place.
        """
        lane = self._lanes[key]
        ordered = self._next_nonces.get(key)
        expected = ordered
        if start:
            if lane[start - 1] not in self._ready:
                return
            expected = max(ordered or 0, lane[start - 1].tx.nonce + 1)
        for index in range(start, len(lane)):
            entry = lane[index]
            if expected is not None and entry.tx.nonce > expected and not entry.has_waited:
                self._hold(lane[index:])
                return
            self._ready[entry] = None
            expected = max(ordered or 0, entry.tx.nonce + 1)

    def _hold(self, tail: list[_Entry]) -> None:
        """Keep the first of a lane's tail, which has a gap, and all behind it out of the queue."""
        for entry in tail:
            self._ready.pop(entry, None)
        first = tail[0]
        if not first.has_timer:
            first.has_timer = True
            self._serial += 1
            release_ms = first.arrived_ms + self._config.gap_wait_ms
            heapq.heappush(self._timers, (release_ms, self._serial, first))

    def _release(self, now_ms: int) -> None:
        """POOL-1: what has waited for its gap to close as long as it must waits no more."""
        while self._timers and self._timers[0][0] <= now_ms:
            entry = self._pop_timer()
            if self._holds_lane(entry):
                entry.has_waited = True
                self._settle(entry.lane, self._index(entry))

    def _pop_timer(self) -> _Entry:
        entry = heapq.heappop(self._timers)[2]
        entry.has_timer = False
        return entry

    def _holds_lane(self, entry: _Entry) -> bool:
        """Whether it is in the pool, and the first of its lane that is not ready."""
        if entry in self._ready or self._entries.get(entry.key) is not entry:
            return False
        index = self._index(entry)
        return index == 0 or self._lanes[entry.lane][index - 1] in self._ready

    def _index(self, entry: _Entry) -> int:
        lane = self._lanes[entry.lane]
        return 0 if lane[0] is entry else bisect_left(lane, entry.tx.nonce, key=_nonce)


def _remember(cache: OrderedDict[_Key, _Value], key: _Key, value: _Value, bound: int) -> None:
    cache[key] = value
    cache.move_to_end(key)
    if len(cache) > bound:
        cache.popitem(last=False)
