"""The submitter and charges (SUBMIT-9).

due since
├── nothing committed, or all charged: not due
├── fewer batches than go together, all of one epoch: not due
├── as many as go together: since the commit of the last of them
├── one of a later epoch: since its commit
└── older than the window, or begun: since genesis
step
├── as many batches as go together, with their usages
├── a usage too long for a call: in parts
├── a batch that this node has not: those before it
├── something else becomes due meanwhile: goes out in its place
└── what L1 refuses: holds up nothing
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from eth_abi.abi import decode

from sequencer.batches.codec import encode_batch_data
from sequencer.l1.charging import CHARGE_BATCHES, MAX_ENTRIES, charge_due_since
from sequencer.l1.events import BatchesCharged, Event
from sequencer.l1.fees import Charged
from sequencer.l1.schedule import Schedule
from sequencer.l1.view import L1View
from sequencer.types import Address, BatchIndex, Epoch
from tests.unit.derivation.worlds import Committee
from tests.unit.l1.chains import SECONDS, block, committed
from tests.unit.l1.fake_l1 import CONTRACTS
from tests.unit.l1.submitter_world import CHARGE, COMMIT, TAKEOVER_MS, World, refusal

GENESIS = 5


def view_of(*blocks: Sequence[Event], window: int = 256) -> L1View:
    view = L1View(0, Schedule(GENESIS, 60), window)
    for number, events in enumerate(blocks, start=1):
        view.extend(block(number, *events))
    return view


def charged(last: int, entries: int = 0) -> BatchesCharged:
    return BatchesCharged(BatchIndex(last), entries)


def commits(first: int, count: int, epoch: int = 0) -> list[Event]:
    return [replace(committed(i), epoch=Epoch(epoch)) for i in range(first, first + count)]


class TestDueSince:
    @pytest.mark.parametrize(
        ("blocks", "due"),
        [
            ([[]], None),
            ([commits(1, CHARGE_BATCHES - 1)], None),
            ([commits(1, CHARGE_BATCHES - 1), commits(CHARGE_BATCHES, 9)], 2 * SECONDS),
            ([commits(1, 2), [charged(2)]], None),
            ([commits(1, 3), [charged(1)], commits(4, CHARGE_BATCHES - 3)], None),
            ([commits(1, 3), [charged(1)], commits(4, CHARGE_BATCHES - 2)], 3 * SECONDS),
            ([commits(1, 2), commits(3, 1, epoch=1), commits(4, 1, epoch=1)], 2 * SECONDS),
            ([commits(1, 1), commits(2, 1, epoch=1), [charged(1)]], None),
            ([commits(1, 3), [charged(1, 7)]], GENESIS),
        ],
    )
    def test_due_since(self, blocks: list[list[Event]], due: int | None) -> None:
        assert charge_due_since(view_of(*blocks)) == due

    def test_due_since__older_than_the_window__genesis(self) -> None:
        view = view_of(commits(1, 2), *([()] * 4), window=2)
        assert charge_due_since(view) == GENESIS


def charging_world(*rollups: int, member: int = 1) -> World:
    """`CHARGE_BATCHES` batches with transactions of so many rollups each are on L1, and member 1
    has the first turn to charge."""
    world = World(member=member)
    committee = Committee()
    events: list[Event] = []
    counts = rollups or (1,) * CHARGE_BATCHES
    for index, count in enumerate(counts, start=1):
        made = committee.block(*((rollup, [b"x" * 5]) for rollup in range(1, count + 1)))
        event = committee.commit(made)
        assert event.call is not None
        world.batches[index] = (event.call.batch, encode_batch_data([made]))
        epoch = Epoch(int(index == len(counts)))
        events.append(replace(event, epoch=epoch, call=None))
    world.l1_block(*events)
    return world


def arguments(data: bytes) -> tuple[list[int], list[bytes], int]:
    """Indices, usages and entries of a charge."""
    batches: list[Any]
    batches, usages, entries = decode(CHARGE.types, data[4:])
    return [fields[0] for fields in batches], list(usages), entries


async def test_step__due__charges_for_all_that_go_together() -> None:
    world = charging_world()
    assert await world.submitter.step()
    (sent,) = world.pool.mined
    assert sent.to == CONTRACTS.sequencing_fees
    indices, usages, entries = arguments(sent.data)
    assert indices == list(range(1, CHARGE_BATCHES + 1))
    assert usages == [(1).to_bytes(4, "big") + (5).to_bytes(8, "big")] * CHARGE_BATCHES
    assert entries == 1
    assert world.view.charged == Charged(BatchIndex(CHARGE_BATCHES), 0)
    assert not await world.submitter.step()


async def test_step__anothers_turn__waits() -> None:
    world = charging_world(member=2)
    assert not await world.submitter.step()
    world.pool.now_ms += TAKEOVER_MS
    assert await world.submitter.step()


async def test_step__usage_too_long_for_a_call__goes_in_parts() -> None:
    world = charging_world(2, 2 * MAX_ENTRIES + 3, 1)
    for _ in range(40):
        world.pool.now_ms += TAKEOVER_MS
        await world.submitter.step()
    parts = [(indices, entries) for indices, _, entries in map(_data, world.pool.mined)]
    assert parts == [
        ([1], 2),
        ([2], MAX_ENTRIES),
        ([2], 2 * MAX_ENTRIES),
        ([2, 3], 1),
    ]
    assert world.view.charged == Charged(BatchIndex(3), 0)


def _data(taken: Any) -> tuple[list[int], list[bytes], int]:
    return arguments(taken.data)


async def test_step__batch_that_this_node_has_not__charges_for_those_before() -> None:
    world = charging_world()
    del world.batches[3]
    assert await world.submitter.step()
    assert arguments(world.pool.mined[0].data)[0] == [1, 2]


async def test_step__a_batch_becomes_ready_meanwhile__is_committed_in_its_place() -> None:
    """What is slow to be charged is in nobody's way."""
    world = charging_world()
    late = world.batches.copy()
    world.make_batches(CHARGE_BATCHES + 1)
    ready = world.batches.pop(CHARGE_BATCHES + 1)
    world.batches |= late
    world.pool.on_pause = lambda: world.batches.update({CHARGE_BATCHES + 1: ready})
    assert not await world.submitter.step()
    world.pool.on_pause = world.l1_block
    assert await world.submitter.step()
    assert world.sent == [CHARGE.hash[:4], COMMIT]
    assert [taken.data[:4] for taken in world.pool.mined] == [COMMIT]


async def test_step__charge_that_l1_refuses__holds_up_nothing() -> None:
    world = charging_world()

    def refuse(to: Address, _: bytes) -> int:
        if to == CONTRACTS.sequencing_fees:
            raise refusal("WrongIndex(uint64,uint64)", 1, 2)
        return 100_000

    world.pool.estimate = refuse
    assert not await world.submitter.step()
    assert world.submitter.last_error is None
    late = world.batches.copy()
    world.make_batches(CHARGE_BATCHES + 1)
    world.batches |= late
    assert await world.submitter.step()
    assert world.sent == [COMMIT]
