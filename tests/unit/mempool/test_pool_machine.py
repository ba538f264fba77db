"""The pool against a shadow that keeps plain lists and works everything out anew each time."""

from dataclasses import dataclass, field

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sequencer.blocks.payload import TRANSACTION_OVERHEAD
from sequencer.ingress.refusal import AlreadyKnown, LaneFull, PoolFull, Refused, Underpriced
from sequencer.ingress.transaction import Transaction
from sequencer.mempool.pool import Mempool, MempoolConfig, TransactionKey
from sequencer.types import Address, RollupId
from tests.unit.mempool.builders import ALICE, BOB, CAROL, ONE, TWO, keys, tx

GAP_WAIT_MS, TTL_MS, LANE_LIMIT, MAX_TRANSACTIONS = 1_000, 3_000, 4, 9
MUCH = 1 << 30
LaneKey = tuple[RollupId, Address]


@dataclass(eq=False)
class Waiting:
    rollup: RollupId
    tx: Transaction
    arrived_ms: int
    has_waited: bool = False

    @property
    def lane(self) -> LaneKey:
        return self.rollup, self.tx.sender

    @property
    def key(self) -> TransactionKey:
        return self.rollup, self.tx.hash


@dataclass
class Shadow:
    """POOL-1 to POOL-4 as they are written."""

    waiting: list[Waiting] = field(default_factory=list)
    next_nonces: dict[LaneKey, int] = field(default_factory=dict)
    ordered: set[TransactionKey] = field(default_factory=set)

    def lane(self, key: LaneKey) -> list[Waiting]:
        return sorted(
            (entry for entry in self.waiting if entry.lane == key), key=lambda entry: entry.tx.nonce
        )

    def split(self, key: LaneKey) -> tuple[list[Waiting], list[Waiting]]:
        """The ready and the held part of a lane."""
        lane = self.lane(key)
        next_nonce = self.next_nonces.get(key)
        for index, entry in enumerate(lane):
            known = [] if next_nonce is None else [next_nonce]
            known += [lane[index - 1].tx.nonce + 1] if index else []
            has_gap = bool(known) and entry.tx.nonce > max(known)
            if has_gap and not entry.has_waited:
                return lane[:index], lane[index:]
        return lane, []

    def lanes(self) -> set[LaneKey]:
        return {entry.lane for entry in self.waiting}

    def ready(self) -> list[Waiting]:
        return [entry for key in self.lanes() for entry in self.split(key)[0]]

    def held_heads(self) -> list[Waiting]:
        return [held[0] for key in self.lanes() if (held := self.split(key)[1])]

    def release(self, now_ms: int) -> None:
        while due := [h for h in self.held_heads() if h.arrived_ms + GAP_WAIT_MS <= now_ms]:
            for entry in due:
                entry.has_waited = True

    def verdict(self, rollup: RollupId, new: Transaction) -> type[Refused] | Waiting | None:
        """Why it is refused, which one it replaces, or None."""
        known = {entry.key for entry in self.waiting} | self.ordered
        if (rollup, new.hash) in known:
            return AlreadyKnown
        lane = self.lane((rollup, new.sender))
        for old in lane:
            if old.tx.nonce == new.nonce:
                enough = all(
                    after > before and 10 * after >= 11 * before
                    for before, after in (
                        (old.tx.max_fee_per_gas, new.max_fee_per_gas),
                        (old.tx.max_priority_fee_per_gas, new.max_priority_fee_per_gas),
                    )
                )
                return old if enough else Underpriced
        if len(lane) >= LANE_LIMIT:
            return LaneFull
        return PoolFull if len(self.waiting) >= MAX_TRANSACTIONS else None


class PoolMachine(RuleBasedStateMachine):
    @initialize()
    def start(self) -> None:
        self.pool = Mempool(
            MempoolConfig(
                max_transactions=MAX_TRANSACTIONS,
                lane_limit=LANE_LIMIT,
                gap_wait_ms=GAP_WAIT_MS,
                ttl_ms=TTL_MS,
            )
        )
        self.shadow = Shadow()
        self.now_ms = 0
        self.queue: list[TransactionKey] = []

    def check_queue(self, moved: list[Waiting]) -> None:
        """What stayed ready and was not moved keeps its place; what became ready follows."""
        ready_before = {entry.key for entry in self.shadow.ready()}
        self.shadow.release(self.now_ms)
        taken = self.pool.take(MUCH, 1_000, frozenset(), self.now_ms)
        queue = [(rollup, found.hash) for rollup, found in taken]
        expected = {entry.key for entry in self.shadow.ready()}
        assert sorted(queue) == sorted(expected)
        stayed_ready = ready_before - {entry.key for entry in moved}
        stayed = [key for key in self.queue if key in stayed_ready]
        assert queue[: len(stayed)] == stayed
        for lane in self.shadow.lanes():
            ready = [entry.key for entry in self.shadow.split(lane)[0]]
            assert [key for key in queue if key in ready] == ready
        self.queue = queue

    @rule(
        rollup=st.sampled_from([ONE, TWO]),
        sender=st.sampled_from([ALICE, BOB, CAROL]),
        nonce=st.integers(0, 7),
        fee=st.sampled_from([0, 1, 100, 109, 110, 130]),
        priority_fee=st.sampled_from([0, 1, 100, 110, 130]),
    )
    def add_new(
        self, rollup: RollupId, sender: Address, nonce: int, fee: int, priority_fee: int
    ) -> None:
        self.add(rollup, tx(sender, nonce, max_fee=fee, priority_fee=priority_fee))

    @precondition(lambda self: self.shadow.waiting)
    @rule(choice=st.data(), rollup=st.sampled_from([ONE, TWO]))
    def add_again(self, choice: st.DataObject, rollup: RollupId) -> None:
        self.add(rollup, choice.draw(st.sampled_from(self.shadow.waiting)).tx)

    def add(self, rollup: RollupId, new: Transaction) -> None:
        verdict = self.shadow.verdict(rollup, new)
        if isinstance(verdict, type):
            with pytest.raises(verdict):
                self.pool.add(rollup, new, self.now_ms)
            return
        self.pool.add(rollup, new, self.now_ms)
        if verdict is not None:
            self.shadow.waiting.remove(verdict)
        self.shadow.waiting.append(Waiting(rollup, new, self.now_ms))
        lane = self.shadow.lane((rollup, new.sender))
        self.check_queue([entry for entry in lane if entry.tx.nonce > new.nonce])

    @rule(elapsed_ms=st.sampled_from([0, 1, 499, 500, 1_000, 2_500]))
    def wait(self, elapsed_ms: int) -> None:
        self.now_ms += elapsed_ms
        self.check_queue([])

    @precondition(lambda self: self.shadow.waiting)
    @rule(choice=st.data())
    def finalize_some(self, choice: st.DataObject) -> None:
        some = choice.draw(st.lists(st.sampled_from(self.shadow.waiting), unique=True, max_size=4))
        self.finalize([(entry.rollup, entry.tx) for entry in some])

    @rule(sender=st.sampled_from([ALICE, BOB, CAROL]), nonce=st.integers(0, 7))
    def finalize_unknown(self, sender: Address, nonce: int) -> None:
        self.finalize([(ONE, tx(sender, nonce))])

    def finalize(self, block: list[tuple[RollupId, Transaction]]) -> None:
        self.pool.finalized(block)
        gone = keys(block)
        shadow = self.shadow
        shadow.waiting = [entry for entry in shadow.waiting if entry.key not in gone]
        shadow.ordered |= gone
        for rollup, done in block:
            key = (rollup, done.sender)
            shadow.next_nonces[key] = max(shadow.next_nonces.get(key, 0), done.nonce + 1)
        self.check_queue([])

    @rule()
    def expire(self) -> None:
        left = [w for w in self.shadow.waiting if w.arrived_ms + TTL_MS > self.now_ms]
        assert self.pool.expire(self.now_ms) == len(self.shadow.waiting) - len(left)
        self.shadow.waiting = left
        self.check_queue([])

    @rule(rollup=st.sampled_from([ONE, TWO]))
    def leave(self, rollup: RollupId) -> None:
        left = [w for w in self.shadow.waiting if w.rollup != rollup]
        dropped = self.pool.keep(lambda found: found != rollup)
        assert dropped == len(self.shadow.waiting) - len(left)
        self.shadow.waiting = left
        self.check_queue([])

    @precondition(lambda self: self.queue)
    @rule(choice=st.data(), count=st.integers(0, 5), room=st.integers(0, 700))
    def take_some(self, choice: st.DataObject, count: int, room: int) -> None:
        exclude = choice.draw(st.sets(st.sampled_from(self.queue)))
        fit = room // (100 + TRANSACTION_OVERHEAD)
        expected = [key for key in self.queue if key not in exclude]
        taken = self.pool.take(room, count, exclude, self.now_ms)
        assert [(rollup, found.hash) for rollup, found in taken] == expected[: min(count, fit)]
        assert self.pool.has_work(exclude, self.now_ms) == bool(expected)

    @invariant()
    def sizes_and_timers_agree(self) -> None:
        if not hasattr(self, "shadow"):
            return
        waiting = self.shadow.waiting
        assert len(self.pool) == len(waiting)
        assert self.pool.total_bytes == sum(len(entry.tx.raw) for entry in waiting)
        assert self.pool.ready_count == len(self.shadow.ready())
        assert all(entry.key in self.pool for entry in waiting)
        heads = self.shadow.held_heads()
        expected = min((head.arrived_ms + GAP_WAIT_MS for head in heads), default=None)
        assert self.pool.next_release_ms() == expected


TestPoolMachine = PoolMachine.TestCase
TestPoolMachine.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)
