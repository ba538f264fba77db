"""The submitter and held data: answers to challenges, and checkpoints (HELD-3, HELD-4).

step
├── a challenge whose turn is this node's: answered and drawn, before a batch is committed
├── another's turn: left to it, until that has passed
├── this node has not the bytes: left to others
├── L1 refuses an answer: the others are given, and batches go on
├── the answer is reorganised away: given again
└── a rollup holds its data: checkpoints
"""

from eth_abi.abi import decode

from sequencer.l1.events import DataChallenged
from sequencer.types import Address
from tests.unit.l1.chains import block, challenged, registered
from tests.unit.l1.fake_l1 import CONTRACTS
from tests.unit.l1.submitter_world import (
    ANSWER,
    CHECKPOINT,
    COMMIT,
    TAKEOVER_MS,
    WITHDRAW,
    World,
    refusal,
)


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
