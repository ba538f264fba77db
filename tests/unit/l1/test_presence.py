"""The submitter and its member's presence (SUBMIT-10, IDLE-3).

due
├── before the last quarter of the epoch, or after it: not due
├── with too few commits for anybody to be absent: not due
├── seen in half of the epoch's commits: not due
└── seen in less: due
step
├── shows it by the last batch, once an epoch
├── anything else that is due: goes first
├── this node has not the last batch: tried again with the next L1 block
├── L1 has it already: not again in this epoch
└── what L1 refuses: holds up nothing
"""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from eth_abi.abi import decode

from sequencer.batches.attestations import SignedAttestation
from sequencer.l1.events import Event, L1Block
from sequencer.l1.presence import LEAST_COMMITS, presence_due
from sequencer.l1.schedule import Schedule
from sequencer.l1.view import L1View
from sequencer.types import Address, BatchIndex, Epoch, MemberIndex
from tests.unit.batches.test_attestations import signed
from tests.unit.l1.chains import block, committed
from tests.unit.l1.fake_l1 import CONTRACTS
from tests.unit.l1.submitter_world import COMMIT, SHOW, World, refusal

ME = MemberIndex(1)
WITH_ME, WITHOUT_ME = 0b1111, 0b1101
OTHERS = (WITHOUT_ME,) * LEAST_COMMITS
LAST_QUARTER = 4
"""The block at 48 of the 60 seconds of an epoch."""


def commits(signers: Sequence[int], epoch: int = 0) -> list[Event]:
    return [
        replace(committed(index), signers=bitmap, epoch=Epoch(epoch))
        for index, bitmap in enumerate(signers, start=1)
    ]


def due(signers: Sequence[int], head: int, epoch: int = 0) -> Epoch | None:
    view = L1View(0, Schedule(0, 60))
    for number in range(head + 1):
        view.extend(block(number, *(commits(signers, epoch) if number == head else ())))
    return presence_due(view, ME)


@pytest.mark.parametrize(
    ("signers", "head", "epoch", "expected"),
    [
        (OTHERS, 3, 0, None),
        (OTHERS, LAST_QUARTER, 0, Epoch(0)),
        (OTHERS, 5, 0, None),  # committed in the grace, after the epoch
        (OTHERS, 9, 1, Epoch(1)),
        (OTHERS[1:], LAST_QUARTER, 0, None),
        ((WITH_ME, WITH_ME, WITHOUT_ME, WITHOUT_ME), LAST_QUARTER, 0, None),
        ((WITH_ME, WITHOUT_ME, WITHOUT_ME, WITHOUT_ME), LAST_QUARTER, 0, Epoch(0)),
    ],
)
def test_presence_due(
    signers: Sequence[int], head: int, epoch: int, expected: Epoch | None
) -> None:
    assert due(signers, head, epoch) == expected


def left_out_world(attestation: SignedAttestation | None) -> World:
    """The last quarter of epoch 0, of which L1 has batches without member 1."""
    world = World(member=ME)
    for _ in range(1, LAST_QUARTER):
        world.l1_block()
    world.l1_block(*commits(OTHERS))
    world.attestation = attestation
    return world


def next_block(world: World) -> None:
    """One that still lies in the epoch."""
    following = block(LAST_QUARTER + 1)
    world.view.extend(L1Block(replace(following.header, timestamp=59), ()))


async def test_step__left_out__shows_it_by_the_last_batch_once() -> None:
    mine = signed(1)
    world = left_out_world(mine)
    assert await world.submitter.step()
    (sent,) = world.pool.mined
    assert sent.to == CONTRACTS.inactivity_slasher
    expected = (0, mine.member, LEAST_COMMITS, mine.signature)
    assert decode(SHOW.types, sent.data[4:]) == expected
    assert not await world.submitter.step()


async def test_step__something_else_is_due__goes_first() -> None:
    world = left_out_world(signed(1))
    world.make_batches(LEAST_COMMITS + 1)
    # Member 1 has the turn for batch 5.
    assert await world.submitter.step()
    assert world.sent == [COMMIT]


async def test_step__without_the_last_batch__is_tried_with_the_next_block() -> None:
    world = left_out_world(None)
    assert not await world.submitter.step()
    world.attestation = signed(1)
    assert not await world.submitter.step()
    next_block(world)
    assert await world.submitter.step()
    assert world.sent == [SHOW.hash[:4]]


async def test_step__l1_has_it__is_no_fault_and_not_tried_again() -> None:
    world = left_out_world(signed(1))
    asked: list[bytes] = []

    def refuse(_: Address, data: bytes) -> int:
        asked.append(data[:4])
        raise refusal("PresenceShown(uint64,uint32)", 0, 2)

    world.pool.estimate = refuse
    assert not await world.submitter.step()
    assert world.submitter.last_error is None
    next_block(world)
    assert not await world.submitter.step()
    assert asked == [SHOW.hash[:4]]


async def test_step__presence_that_l1_refuses__holds_up_nothing() -> None:
    world = left_out_world(signed(1))

    def refuse(to: Address, _: bytes) -> int:
        if to == CONTRACTS.inactivity_slasher:
            raise refusal("NotRecent(uint64,uint64)", 99, LEAST_COMMITS)
        return 100_000

    world.pool.estimate = refuse
    assert not await world.submitter.step()
    assert world.submitter.last_error is not None
    world.make_batches(LEAST_COMMITS + 1)
    assert await world.submitter.step()
    assert world.sent == [COMMIT]
    assert world.view.last_index == BatchIndex(LEAST_COMMITS + 1)
