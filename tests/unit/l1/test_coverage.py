"""What L1 says of coverage, and when it is asked (PROMISE-2).

step
├── a confirmed block: asked once, at that block
├── the next one: the answer before counts until there is a new one
├── L1 does not answer: no coverage, and asked again
└── no place on L1: zero, nothing asked
"""

from dataclasses import dataclass, field
from typing import cast

from eth_abi.abi import encode

from sequencer.l1.client import L1Client
from sequencer.l1.coverage import Coverage
from sequencer.l1.events import SignerRotated
from sequencer.l1.rpc import L1Unavailable
from sequencer.l1.schedule import Schedule
from sequencer.l1.view import L1View
from sequencer.types import Address
from tests.unit.l1.chains import address, block, bonded
from tests.unit.l1.fake_l1 import CONTRACTS, DEPLOYMENT


@dataclass
class Pool:
    """The insurance pool of an L1, as a client shows it."""

    coverage: dict[int, int] = field(default_factory=dict)
    """By operator."""
    asked: list[int] = field(default_factory=list)
    """At which blocks."""
    is_down: bool = False

    async def call(self, to: Address, data: bytes, number: int) -> bytes:
        assert to == CONTRACTS.insurance_pool
        if self.is_down:
            raise L1Unavailable("down")
        self.asked.append(number)
        return encode(["uint256"], [self.coverage.get(int.from_bytes(data[4:], "big"), 0)])


class World:
    def __init__(self, *own: Address) -> None:
        self.view = L1View(1, Schedule(0, 600))
        self.pool = Pool({2: 700})
        client = cast(L1Client, self.pool)
        self.coverage = Coverage(client, self.view, DEPLOYMENT, own or (address(1002),))
        self.view.extend(block(0, bonded(1), bonded(2)))
        self.view.extend(block(1))


async def test_step__asks_once_at_each_confirmed_block() -> None:
    world = World()
    assert world.coverage.wei is None
    assert await world.coverage.step()
    assert world.coverage.wei == 700
    assert await world.coverage.step()
    assert world.pool.asked == [0]
    world.pool.coverage[2] = 300
    world.view.extend(block(2))
    assert world.coverage.wei == 700
    assert await world.coverage.step()
    assert (world.coverage.wei, world.pool.asked) == (300, [0, 1])


async def test_step__l1_does_not_answer__no_coverage_until_it_does() -> None:
    world = World()
    await world.coverage.step()
    world.view.extend(block(2))
    world.pool.is_down = True
    assert not await world.coverage.step()
    assert world.coverage.wei is None
    world.pool.is_down = False
    assert await world.coverage.step()
    assert world.coverage.wei == 700


async def test_step__no_place__is_zero() -> None:
    world = World(address(77))
    assert await world.coverage.step()
    assert (world.coverage.wei, world.pool.asked) == (0, [])
    assert world.coverage.operator_ids() == frozenset()


async def test_operator_ids__a_former_key__is_ones_own() -> None:
    """STAKE-11: what it signed is answered for."""
    world = World()
    world.view.extend(block(2, SignerRotated(2, address(3000))))
    assert world.coverage.operator_ids() == {2}
    world.view.extend(block(3))
    await world.coverage.step()
    assert world.coverage.wei == 700
