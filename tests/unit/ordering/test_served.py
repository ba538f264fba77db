"""Rollups that leave the committee and return (BLOCK-5, ROLL-3), or are dropped and pay (BLOCK-8).

proposer and voter, at an origin
├── before the announcement, and before the margin: as any rollup
├── from the margin before the departure on: the proposer leaves it out, a voter refuses it
├── the announcement is above the origin: not known yet
├── the other rollup in the same block: as ever
└── back: from the first origin on at which it is shared
dropped
├── from the first origin on whose time is due, without a margin; the other rollup as ever
├── the notice is above the origin: not known yet
├── its forced messages: counted as ever
└── paid: from the first origin on that shows it
taking in (TX-8)
├── dropped by L1's head: refused with since when, and what waits leaves the pool
├── leaving by L1's head: refused, though the origin still allows it
└── returned by L1's head: refused until a confirmed block says so
"""

import pytest

from sequencer.blocks.header import Block
from sequencer.blocks.payload import decode_payload
from sequencer.errors import PeerFault
from sequencer.l1.events import ModeAnnounced, NoticeCleared, NoticeGiven, RollupMode
from sequencer.types import Address, Epoch, RollupId
from tests.unit.ordering.test_application import (
    MARGIN,
    NOW,
    ROLLUP,
    Node,
    enqueued,
    new_node,
    ready,
    start,
)

OTHER = RollupId(2)
LEAVES = 1_050


def announced(mode: RollupMode, effective_at: int) -> ModeAnnounced:
    is_solo = mode is RollupMode.SOLO
    return ModeAnnounced(ROLLUP, mode, Address(bytes([7 * is_solo]) * 20), effective_at)


def leaving(*times: int, mode: RollupMode = RollupMode.SOLO, **options: object) -> Node:
    """A node that knows of a departure at `LEAVES`, and L1 blocks at these times after it."""
    node = new_node(**options).see(1_010, announced(mode, LEAVES))
    for timestamp in times:
        node.see(timestamp)
    return node


def rollups(block: Block) -> list[int]:
    return [rollup for rollup, _ in decode_payload(block.payload)]


def block_with_both(node: Node) -> Block:
    """What a proposer that heeds neither modes nor notices makes of both rollups' transactions."""
    ready(node, 5)
    ready(node, 5, OTHER)
    node.application.served.is_shared = lambda *_: True  # type: ignore[method-assign]
    node.application.served.is_dropped = lambda *_: False  # type: ignore[method-assign]
    return node.build(start())


@pytest.mark.parametrize("mode", [RollupMode.SOLO, RollupMode.BASED])
@pytest.mark.parametrize(
    ("origin_time", "is_in"),
    [
        (LEAVES - MARGIN - 1, True),
        (LEAVES - MARGIN, False),
        (LEAVES - 1, False),
        (LEAVES, False),
        (LEAVES + MARGIN, False),
    ],
)
def test_leaving__is_out_from_the_margin_on(
    mode: RollupMode, origin_time: int, is_in: bool
) -> None:
    node, judge = leaving(origin_time, mode=mode), leaving(origin_time, mode=mode)
    ready(node, 5)
    ready(node, 5, OTHER)
    block = node.build(start())
    assert rollups(block) == ([1, 2] if is_in else [2])
    judge.judge(block, start())
    careless = block_with_both(leaving(origin_time, mode=mode))
    assert rollups(careless) == [1, 2]
    if is_in:
        judge.judge(careless, start())
    else:
        with pytest.raises(PeerFault, match="rollup 1 is not the committee's, or leaves it"):
            judge.judge(careless, start())


def test_leaving__what_the_judge_has_pooled_itself__is_refused_too() -> None:
    judge = leaving(LEAVES)
    ready(judge, 5)
    with pytest.raises(PeerFault, match="leaves it"):
        judge.judge(block_with_both(leaving(LEAVES)), start())


def test_leaving__its_transactions_alone__are_no_work() -> None:
    node = leaving(LEAVES)
    ready(node, 5)
    assert node.application.pause_ms(Epoch(0), start(), [], NOW) is None
    ready(node, 5, OTHER)
    assert node.application.pause_ms(Epoch(0), start(), [], NOW) is not None


def test_announced_above_the_origin__is_not_known_yet() -> None:
    """Every node judges by the origin, whatever its own head shows."""
    node = new_node(origin_lag=1).see(1_001).see(1_002, announced(RollupMode.SOLO, 1_005))
    ready(node, 5)
    block = node.build(start())
    assert (block.header.origin_number, rollups(block)) == (2, [1])
    node.judge(block, start())


def test_announced_to_stay_shared__is_no_departure() -> None:
    node = leaving(LEAVES, mode=RollupMode.SHARED)
    ready(node, 5)
    assert rollups(node.build(start())) == [1]


def test_returning__is_in_from_the_origin_on_at_which_it_is_shared() -> None:
    node = leaving(LEAVES).see(1_060, announced(RollupMode.SHARED, 1_090)).see(1_089)
    ready(node, 5)
    assert rollups(node.build(start())) == []
    node.see(1_090)
    block = node.build(start())
    assert rollups(block) == [1]
    node.judge(block, start())


def dropped(*times: int, **options: object) -> Node:
    """A node that knows of a notice for `LEAVES`, and L1 blocks at these times after it."""
    node = new_node(**options).see(1_010, NoticeGiven(ROLLUP, LEAVES))
    for timestamp in times:
        node.see(timestamp)
    return node


@pytest.mark.parametrize(
    ("origin_time", "is_in"), [(LEAVES - MARGIN, True), (LEAVES - 1, True), (LEAVES, False)]
)
def test_dropped__is_out_from_the_time_of_its_notice_on(origin_time: int, is_in: bool) -> None:
    node, judge = dropped(origin_time), dropped(origin_time)
    ready(node, 5)
    ready(node, 5, OTHER)
    block = node.build(start())
    assert rollups(block) == ([1, 2] if is_in else [2])
    judge.judge(block, start())
    careless = block_with_both(dropped(origin_time))
    assert rollups(careless) == [1, 2]
    if is_in:
        judge.judge(careless, start())
    else:
        with pytest.raises(PeerFault, match="rollup 1 is dropped at L1 block"):
            judge.judge(careless, start())


def test_dropped__its_transactions_alone__are_no_work() -> None:
    node = dropped(LEAVES)
    ready(node, 5)
    assert node.application.pause_ms(Epoch(0), start(), [], NOW) is None


def test_noticed_above_the_origin__is_not_known_yet() -> None:
    node = new_node(origin_lag=1).see(1_001).see(1_002, NoticeGiven(ROLLUP, 1_001))
    ready(node, 5)
    block = node.build(start())
    assert (block.header.origin_number, rollups(block)) == (2, [1])
    node.judge(block, start())


def test_dropped__forced_messages__are_counted_as_ever() -> None:
    """FEE-5."""
    node, judge = dropped(LEAVES), dropped(LEAVES)
    for one in (node, judge):
        one.see(LEAVES + 1, enqueued(0, LEAVES + 30))
    ready(node, 5)
    block = node.build(start())
    assert (block.header.forced_count, rollups(block)) == (1, [])
    judge.judge(block, start())


def test_paid__is_in_from_the_origin_on_that_shows_it() -> None:
    node = dropped(LEAVES)
    ready(node, 5)
    assert rollups(node.build(start())) == []
    node.see(LEAVES + 1, NoticeCleared(ROLLUP))
    block = node.build(start())
    assert rollups(block) == [1]
    node.judge(block, start())


class TestTakingIn:
    def test_dropped_by_the_head__is_refused_with_since_when(self) -> None:
        served = dropped(LEAVES - 1, confirmations=1).application.served
        assert served.is_open(ROLLUP)
        served = dropped(LEAVES - 1, LEAVES, confirmations=1).application.served
        reason = str(served.why_not(ROLLUP))
        assert reason.startswith(f"rollup 1 is dropped since {LEAVES}: ")
        assert "prepay" in reason
        assert served.is_open(OTHER)

    def test_dropped__what_waits__leaves_the_pool(self) -> None:
        node = dropped(LEAVES)
        ready(node, 5)
        ready(node, 5, OTHER)
        node.mempool.keep(node.application.served.is_open)
        assert len(node.mempool) == 1

    def test_paid_by_the_head__waits_for_a_confirmed_block(self) -> None:
        node = dropped(LEAVES, confirmations=1).see(LEAVES + 1, NoticeCleared(ROLLUP))
        assert "is dropped" in str(node.application.served.why_not(ROLLUP))
        node.see(LEAVES + 2)
        assert node.application.served.is_open(ROLLUP)

    def test_shared__is_open(self) -> None:
        assert new_node().application.served.why_not(ROLLUP) is None

    def test_leaving_by_the_head__is_refused_with_the_time(self) -> None:
        node = leaving(LEAVES - MARGIN - 1, LEAVES - MARGIN, confirmations=1)
        reason = node.application.served.why_not(ROLLUP)
        assert reason is not None
        assert reason.startswith(f"rollup 1 leaves the committee at {LEAVES} to be SOLO")
        assert node.application.served.is_open(OTHER)

    def test_gone__says_who_orders_it(self) -> None:
        solo = leaving(LEAVES).application.served.why_not(ROLLUP)
        assert "is SOLO, ordered by 0x" + "07" * 20 in str(solo)
        based = leaving(LEAVES, mode=RollupMode.BASED).application.served.why_not(ROLLUP)
        assert "is BASED, ordered on L1" in str(based)

    def test_returned_by_the_head__waits_for_a_confirmed_block(self) -> None:
        node = leaving(LEAVES, confirmations=1)
        node.see(1_060, announced(RollupMode.SHARED, 1_090)).see(1_089).see(1_091)
        assert "is SOLO" in str(node.application.served.why_not(ROLLUP))
        node.see(1_092)
        assert node.application.served.is_open(ROLLUP)
