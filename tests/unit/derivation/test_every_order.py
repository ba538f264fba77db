"""FALLBACK-5: what L1 has once ordered stays, in every order in which an outage can unfold.

Eight things happen, in every order that L1 allows: a batch certified before the outage comes to
L1, and one of after; a post of the rollup, and one of another; L1 includes forced messages alone;
the fallback is entered; the rollup's announcement takes effect; the fallback ends. The last two
may also never come. One deriver goes through the whole tree of them, back over a reorg at each
fork, and from each end back to every point and up again; at each step it is compared with a model
that knows no time, no headers and no way back. A follower that starts afterwards agrees too.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum
from functools import cache
from itertools import product

from sequencer.blocks.payload import encode_payload
from sequencer.crypto.hashing import keccak
from sequencer.derivation.derive import Deriver, RollupState
from sequencer.l1.events import (
    BasedEnding,
    BasedEntered,
    BatchCommitted,
    Event,
    L1Block,
    RollupMode,
)
from sequencer.l1.modes import FOREVER
from sequencer.types import ZERO_HASH, RollupId
from tests.unit.batches.builders import SEPARATOR
from tests.unit.derivation.worlds import Committee, message, transaction
from tests.unit.l1.chains import SECONDS, announced, block, forced, posted, registered

ONE, TWO = RollupId(1), RollupId(2)


class Happening(Enum):
    EARLY = "the batch certified before the outage"
    LATE = "the batch of after"
    POST = "a post of the rollup"
    OTHER_POST = "a post of another rollup"
    FORCE = "L1 includes the messages alone"
    ENTER = "the fallback is entered"
    EFFECT = "the announcement takes effect"
    END = "the fallback ends"


EARLY, LATE, POST, OTHER_POST, FORCE, ENTER, EFFECT, END = Happening
EVENTS = frozenset({EARLY, LATE, POST, OTHER_POST, FORCE, ENTER})
Order = tuple[Happening, ...]
Lists = dict[RollupId, list[bytes]]


@cache
def raw(name: str, rollup: RollupId) -> bytes:
    """The transaction of that name: of a batch, a post, or the message of a rollup."""
    return transaction(sum(name.encode()), chain_id=7000 + rollup)


# --- the rule ---


def listed(order: Order) -> Lists:
    """Each rollup's list by FALLBACK-5, DERIVE-3, DERIVE-10 and DERIVE-11, read off the order."""
    lists: Lists = {ONE: [], TWO: []}
    queue = [ONE, TWO]  # whose the waiting messages are
    for at, happening in enumerate(order):
        if happening in (EARLY, FORCE, LATE):
            # The early batch knows the first message only.
            for _ in range(len(queue) - (happening is EARLY)):
                rollup = queue.pop(0)
                lists[rollup].append(raw("message", rollup))
        if happening in (EARLY, LATE):
            has_left = EFFECT in order[:at]
            for rollup in [TWO] if has_left else [ONE, TWO]:
                lists[rollup].append(raw(happening.name, rollup))
        if happening is POST:
            lists[ONE].append(raw("POST", ONE))
        if happening is OTHER_POST:
            lists[TWO].append(raw("POST", TWO))
    return lists


# --- L1 ---


@dataclass(frozen=True)
class Contracts:
    """As much of the contracts as decides what may happen next (POST-1, FALLBACK-2, FALLBACK-4)."""

    is_early_in: bool = False
    is_late_in: bool = False
    consumed: int = 0
    has_left: bool = False
    based_until: int = 0
    """Zero, `FOREVER`, or 1: an end that has not come."""

    def after(self, happening: Happening) -> "Contracts | None":
        """None if L1 would not let it happen."""
        match happening:
            case Happening.EARLY:
                return replace(self._committed(1), is_early_in=True)
            case Happening.LATE:
                return replace(self._committed(2), is_late_in=True) if self.is_early_in else None
            case Happening.FORCE:
                return replace(self, consumed=2) if self.consumed < 2 else None
            case Happening.ENTER:
                return replace(self, based_until=FOREVER)
            case Happening.EFFECT:
                return replace(self, has_left=True)
            case Happening.END:
                return replace(self, based_until=0) if self.based_until == 1 else None
            case Happening.POST:
                return self if self.based_until or self.has_left else None
            case Happening.OTHER_POST:
                return self if self.based_until else None

    def _committed(self, count: int) -> "Contracts":
        is_end = self.based_until == FOREVER and count >= self.consumed
        until = 1 if is_end else self.based_until
        return replace(self, consumed=max(self.consumed, count), based_until=until)


@cache
def batches() -> dict[Happening, BatchCommitted]:
    committee = Committee()
    return {
        happening: committee.commit(
            committee.block(
                (1, [raw(happening.name, ONE)]), (2, [raw(happening.name, TWO)]), forced=1
            )
        )
        for happening in (EARLY, LATE)
    }


def first_block(effective_at: int) -> L1Block:
    """Rollups, a message of each, and the announcement of one."""
    held = (registered(1, 7001), registered(2, 7002), announced(1, RollupMode.BASED, effective_at))
    return block(0, *held, message(0, raw("message", ONE)), message(1, raw("message", TWO), 2))


def l1_block(number: int, happening: Happening, before: Contracts, ends_at: int) -> L1Block:
    """The L1 block in which it happens. Nothing is in one in which only time passes."""
    events: tuple[Event, ...] = ()
    match happening:
        case Happening.EARLY | Happening.LATE:
            events = (batches()[happening],)
            after = before.after(happening)
            if after is not None and before.based_until == FOREVER != after.based_until:
                events += (BasedEnding(ends_at),)
        case Happening.FORCE:
            events = (forced(before.consumed, 2),)
        case Happening.ENTER:
            events = (BasedEntered(),)
        case Happening.POST:
            events = (posted(1, 0, encode_payload([(ONE, [raw("POST", ONE)])])),)
        case Happening.OTHER_POST:
            events = (posted(2, 0, encode_payload([(TWO, [raw("POST", TWO)])])),)
    return block(number, *events)


# --- the comparison ---


@cache
def state_of(order: Order) -> dict[RollupId, RollupState]:
    """By the rule."""
    posts = {ONE: POST in order, TWO: OTHER_POST in order}
    found: dict[RollupId, RollupState] = {}
    for rollup, raws in listed(order).items():
        running = ZERO_HASH
        for one in raws:
            running = keccak(running, keccak(one))
        found[rollup] = RollupState(len(raws), running, int(posts[rollup]))
    return found


def check(deriver: Deriver, order: Order) -> None:
    expected = state_of(order)
    assert {rollup: deriver.rollup(rollup) for rollup in expected} == expected, order


@dataclass
class Tree:
    """All orders with the two moments of time in given places; None: never."""

    effect_at: int | None
    end_at: int | None
    orders: int = 0
    """How many L1 allows."""

    def __post_init__(self) -> None:
        self.deriver = Deriver(SEPARATOR)
        never = 10**6
        self.ends_at = SECONDS * self.end_at if self.end_at else never
        self.start = first_block(SECONDS * self.effect_at if self.effect_at else never)
        self.deriver.extend(self.start)

    def next_of(self, order: Order) -> Iterator[Happening]:
        number = len(order) + 1
        if number in (self.effect_at, self.end_at):
            yield EFFECT if number == self.effect_at else END
        else:
            yield from EVENTS - set(order)

    def walk(self, order: Order, before: Contracts, blocks: tuple[L1Block, ...]) -> None:
        for happening in sorted(self.next_of(order), key=lambda one: one.name):
            after = before.after(happening)
            if after is None:
                continue
            made = l1_block(len(blocks), happening, before, self.ends_at)
            self.deriver.rollback_to(len(order))
            self.deriver.extend(made)
            longer = (*order, happening)
            check(self.deriver, longer)
            self.walk(longer, after, (*blocks, made))
        if EVENTS.issubset(order) and not any(self.next_of(order)):
            self.orders += 1
            self.check_reorgs(order, blocks)
            check_fresh(order, blocks)

    def check_reorgs(self, order: Order, blocks: tuple[L1Block, ...]) -> None:
        """Back to any point of the order, and the whole of it again."""
        for length in reversed(range(len(order))):
            self.deriver.rollback_to(length)
            check(self.deriver, order[:length])
        for again in blocks[1:]:
            self.deriver.extend(again)
        check(self.deriver, order)


def check_fresh(order: Order, blocks: tuple[L1Block, ...]) -> None:
    """A follower that starts afterwards and sees no block without events."""
    fresh = Deriver(SEPARATOR)
    for held in blocks:
        if held.events:
            fresh.extend(held)
    check(fresh, order)


def trees() -> Iterator[Tree]:
    for places in product((None, *range(1, 9)), repeat=2):
        times = [place for place in places if place is not None]
        if len(set(times)) == len(times) and max(times, default=0) <= len(EVENTS) + len(times):
            yield Tree(*places)


def test_every_order__is_the_order_of_l1() -> None:
    orders = 0
    for tree in trees():
        tree.walk((), Contracts(), (tree.start,))
        orders += tree.orders
    assert orders == 1_812
