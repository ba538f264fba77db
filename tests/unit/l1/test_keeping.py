"""The submitter and challenged promises (PROMISE-8).

step
├── a promise that was kept: shown and the price drawn, before anything else, with a seat or without
├── one that was not, or another's: left alone
├── L1 refuses to be shown: the others are, and batches go on
├── many: a few at a time
├── past the deadline: left alone
└── reorganised away: shown again
"""

import pytest
from eth_abi.abi import decode

from sequencer.l1.events import PromiseChallenged
from sequencer.l1.submission import MAX_TOGETHER
from sequencer.promises.challenge import challenge_of as stated
from sequencer.promises.inclusion import prove_inclusion
from sequencer.types import Address
from tests.unit.l1.chains import block, promise_challenged
from tests.unit.l1.fake_l1 import CONTRACTS
from tests.unit.l1.submitter_world import COMMIT, SHOW_KEPT, WITHDRAW, World, refusal
from tests.unit.promises.test_inclusion import BATCH, BLOCK, LATER

KEPT = SHOW_KEPT.hash[:4]
PROOF = prove_inclusion([BATCH], [one.header for one in LATER], BLOCK, 2)
SOON = 200


def challenge_of(world: World, tag: bytes = b"", deadline: int = SOON) -> PromiseChallenged:
    """Of a promise that this node has kept."""
    asked = promise_challenged(1, tag, deadline)
    world.proofs[asked.id] = PROOF
    world.challenge_of[asked.promise.tx_hash] = asked.id
    return asked


@pytest.mark.parametrize("has_seat", [True, False])
async def test_kept__is_shown_and_drawn_first(has_seat: bool) -> None:
    world = World(member=1)
    world.member = 1 if has_seat else None
    world.make_batches(1)
    asked = challenge_of(world)
    world.l1_block(asked)
    assert await world.submitter.step()
    assert world.sent == [KEPT, WITHDRAW]
    shown, drawn = world.pool.mined
    operator_id, said, challenge, proof = decode(SHOW_KEPT.types, shown.data[4:])
    assert (operator_id, said[2], said[3]) == (1, asked.promise.tx_hash, 9)
    assert stated(challenge) == asked.challenge
    assert [len(part) for part in proof[:2]] == [1, 3]
    assert {shown.to, drawn.to} == {CONTRACTS.promise_slasher}
    assert shown.gas_limit > 21_000 + 40 * len(shown.data) + 100_000
    assert await world.submitter.step() is has_seat
    assert world.sent[2:] == ([COMMIT] if has_seat else [])


async def test_not_kept__is_left_alone() -> None:
    world = World(member=1)
    world.make_batches(1)
    world.l1_block(promise_challenged(1))
    assert await world.submitter.step()
    assert world.sent == [COMMIT]


async def test_past_the_deadline__is_left_alone() -> None:
    world = World(member=1)
    world.l1_block(challenge_of(world, deadline=13))
    assert not await world.submitter.step()


async def test_refused__holds_up_nothing() -> None:
    world = World(member=1)
    world.make_batches(1)
    world.l1_block(challenge_of(world))

    def refuse(to: Address, data: bytes) -> int:
        if data[:4] == KEPT:
            raise refusal("AnswerTooLate(uint64,uint64)", 1, 2)
        return 100_000

    world.pool.estimate = refuse
    assert not await world.submitter.step()
    assert await world.submitter.step()
    assert world.sent == [COMMIT]


async def test_one_of_many_refused__the_others_are_shown_a_few_at_a_time() -> None:
    world = World(member=1)
    asked = [challenge_of(world, b"%d" % n, SOON + n) for n in range(MAX_TOGETHER + 1)]
    world.l1_block(*asked)

    def refuse_first(to: Address, data: bytes) -> int:
        if asked[0].promise.tx_hash in data:
            raise refusal("AnswerTooLate(uint64,uint64)", 1, 2)
        return 100_000

    world.pool.estimate = refuse_first
    assert await world.submitter.step()
    assert world.sent == [*[KEPT] * (MAX_TOGETHER - 1), WITHDRAW]
    assert await world.submitter.step()
    assert world.sent[MAX_TOGETHER:] == [KEPT, WITHDRAW]
    assert not await world.submitter.step()


async def test_reorganised_away__is_shown_again() -> None:
    world = World(member=1)
    world.l1_block(challenge_of(world))
    await world.submitter.step()
    world.view.rollback_to(1)
    world.pool.next_nonce = 7
    assert not await world.submitter.step()  # L1 is not yet where it was mined
    world.view.extend(block(2))
    assert await world.submitter.step()
    assert world.sent == [KEPT, WITHDRAW] * 2
