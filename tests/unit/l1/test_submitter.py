"""The submitter against a pool and a view that a test moves (SUBMIT-1 to SUBMIT-4)."""

import asyncio
from collections.abc import Callable
from typing import cast

import pytest
from eth_abi.abi import decode, encode

from sequencer.batches.attestations import BatchCertificate
from sequencer.batches.batch import Batch
from sequencer.batches.blobs import blobs_hash, decode_blobs, encode_blobs
from sequencer.batches.codec import encode_batch_data
from sequencer.crypto.hashing import keccak
from sequencer.crypto.kzg_process import KzgFailed
from sequencer.l1 import abi
from sequencer.l1.account import GWEI, L1Account, L1Call
from sequencer.l1.calldata import decode_commit, decode_commit_blobs
from sequencer.l1.client import L1Client
from sequencer.l1.committing import FORCE_GAS
from sequencer.l1.events import (
    BatchCommitted,
    Checkpointed,
    DataAnswered,
    DataChallenged,
    Event,
    L1Block,
)
from sequencer.l1.rpc import L1Refused, L1Unavailable
from sequencer.l1.sidecar import Sidecar
from sequencer.l1.submitter import Submitter
from sequencer.l1.view import L1View
from sequencer.types import Address, BatchIndex, Hash32
from tests.unit.batches.test_attestations import COMMITTEE, GOOD, ONE, pool_of, signed
from tests.unit.derivation.worlds import Committee
from tests.unit.l1.chains import block, challenged, enqueued, forced, recorded, registered
from tests.unit.l1.fake_l1 import CONTRACTS, DEPLOYMENT
from tests.unit.l1.fake_pool import CHAIN_ID, FakePool, Pending

TAKEOVER_MS = 4_000
FORCE = abi.function("ForcedInbox", "forceInclude").hash[:4]
COMMIT = abi.function("CommitmentChain", "commit").hash[:4]
COMMIT_BLOBS = abi.function("CommitmentChain", "commitBlobs").hash[:4]
SNAPSHOT = abi.function("Committee", "snapshot").hash[:4]
ANSWER = abi.function("DataAvailabilityChallenge", "answer").hash[:4]
WITHDRAW = abi.function("DataAvailabilityChallenge", "withdraw").hash[:4]
CHECKPOINT = abi.function("DataAvailabilityChallenge", "checkpoint").hash[:4]


def sidecar_of(data: bytes) -> Sidecar:
    """With points that no pairing would accept, which nobody looks at here."""
    blobs = encode_blobs(data)
    points = [keccak(blob) + bytes(16) for blob in blobs]
    return Sidecar(blobs, tuple(points), tuple(points) * 128)


def refusal(signature: str, *values: int) -> L1Refused:
    data = keccak(signature.encode())[:4] + encode(["uint64"] * len(values), values)
    return L1Refused("execution reverted", 3, data)


class World:
    """One node of a committee of four, at the head of an L1 with blocks 12 seconds apart."""

    def __init__(self, member: int = 1) -> None:
        self.pool = FakePool(number=0)
        self.view = L1View(0, DEPLOYMENT.schedule)
        self.member: int | None = member
        self.batches: dict[int, tuple[Batch, bytes]] = {}
        self.held_bytes: dict[Hash32, bytes] = {}
        self.hidden: set[int] = set()
        self.is_kzg_down = False
        certificate = pool_of(*(signed(n) for n in range(4))).certificate(ONE, GOOD, COMMITTEE)
        assert certificate is not None
        self.certificate: BatchCertificate = certificate
        self.account = L1Account(
            cast(L1Client, self.pool),
            CHAIN_ID,
            b"\x01" * 32,
            resubmit_ms=10_000,
            now_ms=lambda: self.pool.now_ms,
            pause=self.pool.pause,
        )
        self.pokes = 0
        self.submitter = Submitter(
            *(self.account, DEPLOYMENT, self.view, self, TAKEOVER_MS),
            lambda: self.pool.now_ms,
            self._poked,
        )
        self.pool.on_pause = self.l1_block
        # Epochs are 60 seconds: all of these blocks lie in epoch 0, and epoch 1 is recorded.
        self.view.extend(block(0, recorded(0), recorded(1)))

    def make_batches(self, count: int, with_bytes: int = 0) -> None:
        committee = Committee()
        for index in range(1, count + 1):
            raws = [b"x" * with_bytes] if with_bytes else []
            made = committee.block((1, raws)) if raws else committee.block()
            data = encode_batch_data([made])
            hashes = sidecar_of(data).versioned_hashes if with_bytes else ()
            event = committee.commit(made, blobs_hash=blobs_hash(hashes))
            assert event.call is not None
            self.batches[index] = (event.call.batch, data)

    def l1_block(self, *events: Event) -> None:
        """Mine what waits; the view sees it at once."""
        before = len(self.pool.mined)
        self.pool.mine(10)
        committed = [
            self._event(taken)
            for taken in self.pool.mined[before:]
            if taken.data[:4] not in (SNAPSHOT, WITHDRAW) and not self.pool.reverts(taken)
        ]
        number = self.view.head.number + 1  # type: ignore[union-attr]
        self.pool.number = number
        self.view.extend(L1Block(block(number).header, (*events, *committed)))

    def _event(self, taken: Pending) -> Event:
        if taken.data[:4] == FORCE:
            return forced(self.view.consumed, int.from_bytes(taken.data[4:], "big"))
        if taken.data[:4] == ANSWER:
            return DataAnswered(*decode(["bytes32", "bytes"], taken.data[4:]))
        if taken.data[:4] == CHECKPOINT:
            return Checkpointed(self.view.last_index)
        read = decode_commit if taken.data[:4] == COMMIT else decode_commit_blobs
        call = read(taken.data)
        return BatchCommitted(BatchIndex(call.batch.index), call.batch.hash, call.epoch, taken.hash)

    def _poked(self) -> None:
        self.pokes += 1

    # --- Source ---

    def seat(self) -> tuple[int, int] | None:
        return None if self.member is None else (self.member, 4)

    def ready(self, index: BatchIndex) -> tuple[Batch, BatchCertificate] | None:
        if index in self.hidden or index not in self.batches:
            return None
        return self.batches[index][0], self.certificate

    def data(self, batch: Batch) -> bytes:
        return self.batches[batch.index][1]

    def held(self, content_hash: Hash32) -> bytes | None:
        return self.held_bytes.get(content_hash)

    async def sidecar(self, batch: Batch) -> Sidecar:
        if self.is_kzg_down:
            raise KzgFailed("no worker")
        return sidecar_of(self.data(batch))

    @property
    def sent(self) -> list[bytes]:
        """Selectors, in order."""
        return [pending.data[:4] for pending in self.pool.accepted]


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


async def test_step__several_ready__go_in_one_block() -> None:
    world = World()
    world.make_batches(6)
    assert await world.submitter.step()
    assert world.view.last_index == 4
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


def challenge_of(world: World, turn: int, tag: bytes = b"") -> DataChallenged:
    """A challenge that is member `turn`'s at once, of a segment that the node has."""
    for number in range(1_000):
        data = b"data%d" % number + tag
        found = challenged(1, 1, data, deadline=200)
        if int.from_bytes(found.id, "big") % 4 == turn:
            world.held_bytes[found.hash] = data
            return found
    raise AssertionError("one in four is")


async def test_s12_challenge__is_answered_and_drawn_before_the_batch_is_committed() -> None:
    """HELD-3."""
    world = World(member=1)
    world.make_batches(1)
    first, second = challenge_of(world, 1), challenge_of(world, 1, b"another")
    world.l1_block(first, second)
    assert await world.submitter.step()
    assert world.sent == [ANSWER, ANSWER, WITHDRAW]
    for taken, asked in zip(world.pool.mined[:2], (first, second), strict=True):
        data = world.held_bytes[asked.hash]
        assert decode(["bytes32", "bytes"], taken.data[4:]) == (asked.id, data)
        assert taken.to == CONTRACTS.data_availability_challenge
        assert taken.gas_limit > 21_000 + 40 * len(taken.data) + 100_000
    assert await world.submitter.step()
    assert world.sent[3:] == [COMMIT]
    assert not await world.submitter.step()


async def test_step__challenge_of_what_it_has_not__is_left_to_others() -> None:
    world = World(member=1)
    world.make_batches(1)
    world.l1_block(challenge_of(world, 1))
    world.held_bytes.clear()
    assert await world.submitter.step()
    assert world.sent == [COMMIT]


async def test_step__anothers_turn_to_answer__waits_for_the_takeover() -> None:
    world = World(member=2)
    world.l1_block(challenge_of(world, 1))
    assert not await world.submitter.step()
    world.pool.now_ms += TAKEOVER_MS - 1
    assert not await world.submitter.step()
    world.pool.now_ms += 1
    assert await world.submitter.step()
    assert world.sent == [ANSWER, WITHDRAW]


async def test_s13_answer_refused__holds_up_nothing() -> None:
    world = World(member=1)
    world.make_batches(1)
    world.l1_block(challenge_of(world, 1))

    def refuse_answers(to: Address, data: bytes) -> int:
        if data[:4] == ANSWER:
            raise refusal("AnswerTooLate(uint64,uint64)", 1, 2)
        return 100_000

    world.pool.estimate = refuse_answers
    assert not await world.submitter.step()
    assert await world.submitter.step()
    assert world.sent == [COMMIT]


async def test_step__one_answer_refused__gives_the_others() -> None:
    world = World(member=1)
    first, second = challenge_of(world, 1), challenge_of(world, 1, b"another")
    world.l1_block(first, second)

    def refuse_first(to: Address, data: bytes) -> int:
        if data[4:36] == first.id:
            raise refusal("AnswerTooLate(uint64,uint64)", 1, 2)
        return 100_000

    world.pool.estimate = refuse_first
    assert await world.submitter.step()
    assert world.sent == [ANSWER, WITHDRAW]
    assert world.pool.mined[0].data[4:36] == second.id


async def test_step__answer_reorganised_away__is_given_again() -> None:
    world = World(member=1)
    world.l1_block(challenge_of(world, 1))
    await world.submitter.step()
    world.view.rollback_to(1)
    world.pool.next_nonce = 7
    assert not await world.submitter.step()  # L1 is not yet where the answer was mined
    world.view.extend(block(2))
    await world.submitter.step()
    world.pool.now_ms += TAKEOVER_MS  # a block is three take-overs, and one makes four
    assert await world.submitter.step()
    assert world.sent == [ANSWER, WITHDRAW] * 2


async def test_step__a_rollup_holds_its_data__checkpoints_are_noted() -> None:
    """HELD-4: every 60 seconds, by whose turn it is."""
    world = World(member=1)
    world.make_batches(3)
    world.hidden = {2, 3}
    await world.submitter.step()
    world.pool.now_ms += 4 * TAKEOVER_MS
    assert not await world.submitter.step()
    world.l1_block(registered(1, holds_data=True))
    for _ in range(4):
        world.pool.now_ms += TAKEOVER_MS
        await world.submitter.step()
    assert world.sent == [COMMIT, CHECKPOINT]
    assert world.view.challenges.checkpoint is not None
    assert world.view.challenges.checkpoint.index == 1
    assert not await world.submitter.step()


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
