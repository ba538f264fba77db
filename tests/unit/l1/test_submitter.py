"""The submitter against a pool and a view that a test moves (SUBMIT-1 to SUBMIT-4)."""

import asyncio
from collections.abc import Callable

import pytest

from sequencer.batches.blobs import decode_blobs
from sequencer.l1.account import GWEI, L1Call
from sequencer.l1.calldata import decode_commit, decode_commit_blobs
from sequencer.l1.committing import FORCE_GAS
from sequencer.l1.events import BatchCommitted, L1Block
from sequencer.l1.rpc import L1Refused, L1Unavailable
from sequencer.types import Address
from tests.unit.batches.test_attestations import COMMITTEE, GOOD
from tests.unit.l1.chains import block, enqueued
from tests.unit.l1.fake_l1 import CONTRACTS
from tests.unit.l1.submitter_world import (
    COMMIT,
    COMMIT_BLOBS,
    FORCE,
    SNAPSHOT,
    TAKEOVER_MS,
    World,
    refusal,
    sidecar_of,
)


async def test_step__batch_ready_and_its_turn__commits_it() -> None:
    world = World()
    world.make_batches(1)
    assert await world.submitter.step()
    (sent,) = world.pool.mined
    call = decode_commit(sent.data)
    assert (call.batch, call.data) == world.batches[1]
    assert call.signatures == world.certificate.signatures
    assert call.signers == int.from_bytes(world.certificate.signers, "big")
    assert sent.to == CONTRACTS.commitment_chain
    assert world.view.last_index == 1
    assert world.pokes == 1
    assert not await world.submitter.step()


async def test_step__anothers_turn__waits_for_the_takeover() -> None:
    world = World(member=2)
    world.make_batches(1)
    assert not await world.submitter.step()
    world.pool.now_ms += TAKEOVER_MS - 1
    assert not await world.submitter.step()
    world.pool.now_ms += 1
    assert await world.submitter.step()


async def test_step__the_wait_counts_for_each_batch_anew() -> None:
    world = World(member=2)
    world.make_batches(2)
    await world.submitter.step()
    world.pool.now_ms += TAKEOVER_MS
    world.hidden = {2}
    assert await world.submitter.step()
    world.hidden = set()
    assert await world.submitter.step()  # batch 2 is member 2's at once
    assert world.view.last_index == 2


async def test_step__the_wait_counts_from_the_quorum_on() -> None:
    world = World(member=2)
    await world.submitter.step()
    world.pool.now_ms += TAKEOVER_MS
    world.make_batches(1)
    assert not await world.submitter.step()
    world.pool.now_ms += TAKEOVER_MS
    assert await world.submitter.step()


async def test_step__no_seat__does_nothing() -> None:
    world = World()
    world.member = None
    world.make_batches(1)
    assert not await world.submitter.step()


@pytest.mark.parametrize("together", [1, 4, 5])
async def test_step__several_ready__go_in_one_block(together: int) -> None:
    world = World(batches_together=together)
    world.make_batches(6)
    assert await world.submitter.step()
    assert world.view.last_index == together
    assert {world.pool.receipts[taken.hash].block_number for taken in world.pool.mined} == {1}


async def test_step__gap_in_what_is_ready__stops_before_it() -> None:
    world = World()
    world.make_batches(3)
    world.hidden = {2}
    assert await world.submitter.step()
    assert world.view.last_index == 1


async def test_step__due_message_in_the_way__is_forced_just_before() -> None:
    world = World()
    world.make_batches(1)
    world.l1_block(enqueued(0, deadline=20), enqueued(1, deadline=100))

    def in_the_way(to: Address, data: bytes) -> int:
        raise refusal("DueMessageLeft(uint64,uint64,uint64)", 0, 20, 24)

    world.pool.estimate = in_the_way
    assert await world.submitter.step()
    assert world.sent == [FORCE, COMMIT]
    force, commit = world.pool.mined
    assert (force.to, force.gas_limit) == (CONTRACTS.forced_inbox, FORCE_GAS)
    assert int.from_bytes(force.data[4:], "big") == 1
    assert commit.nonce == force.nonce + 1
    assert (world.view.consumed, world.view.last_index) == (1, 1)


@pytest.mark.parametrize("is_forced", [True, False])
async def test_step__refused_for_another_reason__is_not_paid_for(is_forced: bool) -> None:
    world = World()
    world.make_batches(1)
    if is_forced:
        world.l1_block(enqueued(0, deadline=20))

    def closed(to: Address, data: bytes) -> int:
        raise refusal("EpochClosed(uint64,uint64)", 100, 200)

    world.pool.estimate = closed
    assert not await world.submitter.step()
    assert world.sent == []
    assert world.submitter.last_error == "EpochClosed(closesAt=100, actual=200)"


async def test_step__due_message_that_appears_later__is_refused_without_cost() -> None:
    """The view lags: it knows of no message yet."""
    world = World()
    world.make_batches(1)

    def in_the_way(to: Address, data: bytes) -> int:
        raise refusal("DueMessageLeft(uint64,uint64,uint64)", 0, 20, 24)

    world.pool.estimate = in_the_way
    assert not await world.submitter.step()
    assert world.sent == []


async def test_step__refused__is_tried_again_when_l1_has_changed() -> None:
    world = World()
    world.make_batches(1)
    asked: list[Address] = []

    def refuse(to: Address, data: bytes) -> int:
        asked.append(to)
        raise refusal("WrongIndex(uint64,uint64)", 2, 1)

    world.pool.estimate = refuse
    for _ in range(3):
        assert not await world.submitter.step()
    assert len(asked) == 1
    assert world.submitter.last_error is None  # another node won the race
    world.l1_block()
    world.pool.estimate = lambda to, data: 100_000
    assert await world.submitter.step()


async def test_step__another_node_commits_meanwhile__gives_up() -> None:
    world = World()
    world.make_batches(1)
    batch = world.batches[1][0]

    def other() -> None:
        header = block(1).header
        commit = BatchCommitted(batch.index, batch.hash, COMMITTEE.epoch, GOOD)
        world.view.extend(L1Block(header, (commit,)))

    world.pool.on_pause = other
    assert not await world.submitter.step()
    assert world.submitter.last_error is None
    assert not await world.submitter.step()


async def test_step__reverted_on_l1__is_said() -> None:
    world = World()
    world.make_batches(1)
    world.pool.reverts = lambda taken: True
    assert not await world.submitter.step()
    assert world.submitter.last_error == "commit(1) reverted"
    world.pool.reverts = lambda taken: False
    assert await world.submitter.step()
    assert world.submitter.last_error is None


async def test_step__mined_but_not_in_the_view__waits_for_the_view() -> None:
    """SUBMIT-4: only what the view shows decides; a receipt does not."""
    world = World()
    world.make_batches(2)
    world.hidden = {2}

    def unseen() -> None:
        world.pool.number = 0
        world.pool.mine()

    world.pool.on_pause = unseen
    assert await world.submitter.step()
    assert world.view.last_index == 0
    assert not await world.submitter.step()
    assert len(world.pool.accepted) == 1


async def test_step__after_an_l1_reorg__commits_the_same_batch_again() -> None:
    """SUBMIT-4."""
    world = World()
    world.make_batches(1)
    await world.submitter.step()
    world.view.rollback_to(0)
    world.pool.next_nonce = 7
    world.view.extend(block(1))
    assert await world.submitter.step()
    first, second = world.pool.accepted
    assert decode_commit(first.data) == decode_commit(second.data)


async def test_step__committee_missing__is_recorded() -> None:
    world = World(member=1)
    for _ in range(5):
        world.l1_block()
    assert world.view.head is not None
    assert world.view.head.timestamp == 60  # the first second of epoch 1
    assert not await world.submitter.step()
    while not await world.submitter.step():
        world.l1_block()
    assert world.sent == [SNAPSHOT]
    assert int.from_bytes(world.pool.mined[0].data[4:], "big") == 2
    assert world.pool.mined[0].gas_limit == 125_000


async def test_step__l1_down__is_noted() -> None:
    world = World()
    world.make_batches(1)

    def down(to: Address, data: bytes) -> int:
        raise L1Unavailable("eth_estimateGas at http://l1: no answer")

    world.pool.estimate = down
    assert not await world.submitter.step()
    assert "no answer" in str(world.submitter.last_error)


async def run_until(world: World, is_done: Callable[[], bool]) -> None:
    task = asyncio.create_task(world.submitter.run())
    async with asyncio.timeout(10):
        while not is_done():
            world.submitter.poke()
            await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_run__many_batches__goes_on_at_once() -> None:
    world = World()
    world.make_batches(12)

    def is_done() -> bool:
        world.pool.now_ms += TAKEOVER_MS  # turns come round
        return world.view.last_index == 12

    await run_until(world, is_done)
    assert len(world.pool.mined) == 12


BIG = 40_000
"""Bytes of a batch that are dearer as calldata than one blob, if blob gas costs as much as gas."""


async def test_step__batch_with_blobs_and_cheap_ones__goes_as_blobs() -> None:
    world = World()
    world.make_batches(1, with_bytes=BIG)
    world.pool.blob_base_fee = 1
    assert await world.submitter.step()
    assert world.sent == [COMMIT_BLOBS]
    batch, data = world.batches[1]
    (mined,) = world.pool.mined
    assert decode_blobs(mined.blobs) == data
    assert decode_commit_blobs(mined.data).batch == batch
    assert world.view.last_index == 1


@pytest.mark.parametrize("blob_base_fee", [None, 100 * GWEI])
async def test_step__no_blobs_on_l1_or_dear_ones__goes_as_calldata(
    blob_base_fee: int | None,
) -> None:
    world = World()
    world.make_batches(1, with_bytes=BIG)
    world.pool.blob_base_fee = blob_base_fee
    assert await world.submitter.step()
    assert world.sent == [COMMIT]


async def test_step__batches_of_both_forms__go_one_form_after_the_other() -> None:
    """geth lets an account wait with blobs or without."""
    world = World()
    world.make_batches(3, with_bytes=BIG)
    small = World()
    small.make_batches(3)
    world.batches[2] = small.batches[2]
    world.pool.blob_base_fee = 1
    for _ in range(3):
        assert await world.submitter.step()
        world.member = (world.member or 0) + 1
    assert world.sent == [COMMIT_BLOBS, COMMIT, COMMIT_BLOBS]


async def test_step__forced_messages_go_before__all_goes_as_calldata() -> None:
    world = World()
    world.make_batches(1, with_bytes=BIG)
    world.pool.blob_base_fee = 1
    world.l1_block(enqueued(0, deadline=0))
    assert await world.submitter.step()
    assert world.sent == [FORCE, COMMIT]


async def test_step__l1_refuses_blobs__the_batch_goes_as_calldata() -> None:
    world = World()
    world.make_batches(1, with_bytes=BIG)
    world.pool.blob_base_fee = 1
    send, refused = world.pool.send_raw, []

    async def refuse(raw: bytes) -> object:
        if raw[0] == 3:
            refused.append(raw)
            raise L1Refused("transaction type not supported", -32_000, b"")
        return await send(raw)

    world.pool.send_raw = refuse  # type: ignore[method-assign, assignment]
    assert not await world.submitter.step()
    world.l1_block()
    assert await world.submitter.step()
    assert (len(refused), world.sent) == (1, [COMMIT])


async def test_s10_step__blobs_hold_the_account__are_replaced_by_blobs() -> None:
    """From before a restart: calldata cannot take its nonce, however dear blobs are now."""
    world = World()
    world.make_batches(1, with_bytes=BIG)
    world.pool.blob_base_fee = 1
    stuck = L1Call("stuck", CONTRACTS.committee, b"", 21_000, sidecar_of(b"stuck"))
    await world.account.send([stuck], lambda: False)
    world.pool.blob_base_fee = 100 * GWEI
    assert not await world.submitter.step()
    head = world.view.head
    assert head is not None
    world.view.extend(block(head.number + 1))
    assert await world.submitter.step()
    first, second = world.pool.accepted
    assert (first.nonce, second.nonce) == (7, 7)
    assert second.data[:4] == COMMIT_BLOBS
    assert world.view.last_index == 1


async def test_step__no_kzg__the_batch_goes_as_calldata() -> None:
    world = World()
    world.make_batches(1, with_bytes=BIG)
    world.pool.blob_base_fee, world.is_kzg_down = 1, True
    assert await world.submitter.step()
    assert world.sent == [COMMIT]
