"""Who orders a rollup, and when (DERIVE-10, DERIVE-11).

posts
├── transactions in order, skipped ones as in a block
├── no payload, another rollup, two rollups, none: void
├── number left out, or data missing: the endpoint's fault
└── of a rollup not followed: counted and not read
modes
├── batch before, in and after the second a mode takes effect
├── announcement cancelled, replaced, back to shared
├── other rollups, and forced messages of this one: as ever
├── blocks that hold nothing, left out: the same
└── reorg to before the announcement, and to before it takes effect
"""

from dataclasses import replace

import pytest

from sequencer.blocks.payload import encode_payload
from sequencer.derivation.derive import Deriver
from sequencer.derivation.entries import DerivedBatch, DerivedPost, Entry, Output, Source
from sequencer.errors import PeerFault
from sequencer.l1.events import BasedEnding, BasedEntered, BatchPosted, Event, L1Block, RollupMode
from sequencer.l1.modes import FOREVER
from sequencer.types import RollupId
from tests.unit.batches.builders import SEPARATOR
from tests.unit.derivation.worlds import GARBAGE, Committee, message, transaction
from tests.unit.l1.chains import (
    SECONDS,
    address,
    announced,
    block,
    cancelled,
    forced,
    posted,
    registered,
)

ONE, TWO = RollupId(1), RollupId(2)
SHARED, SOLO, BASED = RollupMode.SHARED, RollupMode.SOLO, RollupMode.BASED
REGISTERED = (registered(1, 7001), registered(2, 7002))
A, B, C, D = (transaction(nonce) for nonce in range(4))
OTHER = transaction(0, chain_id=7002)


def derive(*blocks: L1Block, only: RollupId | None = None) -> tuple[Deriver, list[Output]]:
    """Derive these blocks after block 0, in which the rollups are registered."""
    deriver = Deriver(SEPARATOR, only)
    outputs = deriver.extend(block(0, *REGISTERED))
    for held in blocks:
        outputs += deriver.extend(held)
    return deriver, outputs


def included(outputs: list[Output], rollup: int = 1) -> list[bytes]:
    return [
        output.transaction
        for output in outputs
        if isinstance(output, Entry) and output.rollup_id == rollup and output.skipped is None
    ]


def post(number: int, *raws: bytes, rollup: int = 1) -> BatchPosted:
    return posted(rollup, number, encode_payload([(RollupId(rollup), raws)]))


def at(timestamp: int, number: int, *events: Event) -> L1Block:
    """A block of another time than its number says."""
    made = block(number, *events)
    return replace(made, header=replace(made.header, timestamp=timestamp))


class TestPosts:
    """DERIVE-10."""

    def test_transactions__are_appended_in_order(self) -> None:
        _, outputs = derive(block(1, post(0, A, GARBAGE, B)), block(2, post(1, C)))
        assert included(outputs) == [A, B, C]
        entries = [output for output in outputs if isinstance(output, Entry)]
        assert [entry.skipped is None for entry in entries] == [True, False, True, True]
        last = entries[-1]
        assert (last.index, last.source, last.position) == (3, Source.POST, 1)
        assert (last.batch_index, last.l1_block) == (None, 2)
        assert outputs[-1] == DerivedPost(ONE, 1, 2)

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"", "codec byte"),
            (b"\x00rubbish", "cut short"),
            (encode_payload([(ONE, [A]), (TWO, [OTHER])]), "holds rollups 1, 2"),
            (encode_payload([(TWO, [OTHER])]), "holds rollups 2"),
            (encode_payload([]), "holds rollups none"),
        ],
    )
    def test_post_that_is_no_payload_of_its_rollup__is_void(self, data: bytes, reason: str) -> None:
        deriver, outputs = derive(block(1, posted(1, 0, data)), block(2, post(1, A)))
        first = outputs[0]
        assert isinstance(first, DerivedPost)
        assert reason in str(first.void)
        assert included(outputs) == [A]
        assert deriver.rollup(ONE).posts == 2
        assert deriver.rollup(TWO).entries == 0

    @pytest.mark.parametrize("event", [post(1, A), replace(post(0, A), data=None)])
    def test_number_or_data_missing__changes_nothing(self, event: BatchPosted) -> None:
        """L1-4."""
        deriver, _ = derive()
        with pytest.raises(PeerFault):
            deriver.extend(block(1, post(0, B, rollup=2), event))
        assert (deriver.number, deriver.rollup(TWO).posts) == (0, 0)
        assert included(deriver.extend(block(1, post(0, A)))) == [A]

    def test_post_of_another_rollup__is_not_read(self) -> None:
        """Nor is its data asked for."""
        held = replace(post(0, A), data=None)
        deriver, outputs = derive(block(1, held, post(0, OTHER, rollup=2)), only=TWO)
        assert (included(outputs), included(outputs, 2)) == ([], [OTHER])
        assert deriver.rollup(ONE).posts == 1

    def test_between_batches__stands_where_l1_has_it(self) -> None:
        """FALLBACK-5."""
        committee = Committee()
        first, second = (committee.commit(committee.block((1, [raw]))) for raw in (A, C))
        _, outputs = derive(block(1, first, post(0, B), second))
        assert included(outputs) == [A, B, C]


class TestModes:
    """DERIVE-11."""

    @pytest.mark.parametrize("mode", [SOLO, BASED])
    @pytest.mark.parametrize(
        ("timestamp", "expected"), [(99, [A]), (100, []), (101, []), (10**6, [])]
    )
    def test_batch__from_the_second_of_effect_on__is_without_the_rollup(
        self, mode: RollupMode, timestamp: int, expected: list[bytes]
    ) -> None:
        committee = Committee()
        batch = committee.commit(committee.block((1, [A]), (2, [OTHER])))
        blocks = block(1, announced(1, mode, 100)), at(timestamp, 2, batch)
        deriver, outputs = derive(*blocks)
        assert (included(outputs), included(outputs, 2)) == (expected, [OTHER])
        assert isinstance(outputs[-1], DerivedBatch)
        assert outputs[-1].void is None
        assert deriver.rollup(ONE).entries == len(expected)

    def test_forced_messages_of_the_rollup__count_as_ever(self) -> None:
        committee = Committee()
        batch = committee.commit(committee.block((1, [B]), forced=2))
        gone = block(1, announced(1, SOLO, 13), message(0, A), message(1, C))
        _, outputs = derive(gone, block(2, forced(0, 1)), block(3, batch))
        assert included(outputs) == [A, C]

    def test_cancelled__stays_with_the_committee(self) -> None:
        committee = Committee()
        batch = committee.commit(committee.block((1, [A])))
        blocks = block(1, announced(1, SOLO, 40)), block(2, cancelled(1)), block(9, batch)
        assert included(derive(*blocks)[1]) == [A]

    def test_replaced__leaves_at_the_later_time_only(self) -> None:
        committee = Committee()
        first, second = (committee.commit(committee.block((1, [raw]))) for raw in (A, B))
        blocks = (
            block(1, announced(1, SOLO, 36)),
            block(2, announced(1, BASED, 48)),
            block(3, first),
            block(4, second),
        )
        assert included(derive(*blocks)[1]) == [A]

    def test_back_to_shared__counts_again_from_that_second_on(self) -> None:
        committee = Committee()
        raws = (A, B, C)
        batches = [committee.commit(committee.block((1, [raw]))) for raw in raws]
        blocks = (
            block(1, announced(1, SOLO, 2 * SECONDS)),
            block(3, announced(1, SHARED, 5 * SECONDS), batches[0]),
            block(4, batches[1]),
            block(5, batches[2], post(0, D)),
        )
        assert included(derive(*blocks)[1]) == [C, D]

    def test_rollback__to_before_the_announcement__knows_nothing_of_it(self) -> None:
        committee = Committee()
        batch = committee.commit(committee.block((1, [A])))
        deriver, _ = derive(block(1), block(2, announced(1, SOLO, 25)), block(3, batch))
        deriver.rollback_to(1)
        assert deriver.modes(ONE).announced is None
        assert included(deriver.extend(block(3, batch))) == [A]

    def test_rollback__to_before_the_effect__still_leaves(self) -> None:
        """Time alone makes it so: the other branch holds no event that says it again."""
        committee = Committee()
        batch = committee.commit(committee.block((1, [A])))
        deriver, _ = derive(block(1, announced(1, SOLO, 30)), block(2), block(3, batch))
        deriver.rollback_to(1)
        assert deriver.modes(ONE).at(29).mode is SHARED
        assert included(deriver.extend(at(29, 3, batch))) == [A]
        deriver.rollback_to(1)
        assert included(deriver.extend(at(30, 3, batch))) == []

    def test_fault_in_a_block__leaves_its_announcements_out(self) -> None:
        """L1-4."""
        deriver, _ = derive()
        with pytest.raises(PeerFault):
            deriver.extend(block(1, announced(1, SOLO, 12), BasedEntered(), message(7, A)))
        assert deriver.modes(ONE).announced is None
        assert deriver.based_until == 0

    def test_modes__show_the_sequencer(self) -> None:
        deriver, _ = derive(block(1, announced(1, SOLO, 24)), block(2))
        assert deriver.modes(ONE).at(deriver.timestamp).sequencer == address(1)


def test_based_until__follows_and_goes_back() -> None:
    """FALLBACK-1."""
    deriver, _ = derive(block(1, BasedEntered()), block(2, BasedEnding(500)))
    assert deriver.based_until == 500
    deriver.rollback_to(1)
    assert deriver.based_until == FOREVER
    deriver.rollback_to(0)
    assert deriver.based_until == 0
