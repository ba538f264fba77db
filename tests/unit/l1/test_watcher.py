"""The watcher waits for an endpoint that is down, and says so (L1-3)."""

import asyncio

import pytest

from sequencer.errors import LocalFault
from sequencer.l1.rpc import L1Unavailable
from sequencer.l1.view import L1View
from sequencer.l1.watcher import L1Watcher
from tests.unit.l1.chains import bonded, enqueued
from tests.unit.l1.fake_l1 import DEPLOYMENT, FakeL1


class Watched:
    def __init__(self, poll_seconds: float = 3600.0) -> None:
        self.l1 = FakeL1()
        self.l1.mine()
        self.view = L1View(0, DEPLOYMENT.schedule)
        self.updated = asyncio.Event()
        self.asked_in_vain = asyncio.Event()
        self.updates = 0
        self.watcher = L1Watcher(
            self.l1,  # type: ignore[arg-type]
            self.view,
            DEPLOYMENT,
            poll_seconds,
            self._update,
        )

    def _update(self) -> None:
        self.updates += 1
        self.updated.set()

    def fail(self, is_down: bool = True) -> None:
        def down(method: str) -> None:
            if is_down:
                self.asked_in_vain.set()
                raise L1Unavailable(f"{method}: no answer")

        self.l1.on_call = down


async def test_step__new_blocks__reach_the_view_and_are_told() -> None:
    world = Watched()
    block = world.l1.mine(bonded(1), enqueued(0))
    await world.watcher.step()
    assert world.view.head == block.header
    assert (world.updates, world.watcher.is_connected) == (1, True)
    await world.watcher.step()
    assert world.updates == 1


async def test_step__endpoint_down_at_start_then_there() -> None:
    world = Watched()
    block = world.l1.mine(bonded(1))
    world.fail()
    await world.watcher.step()
    assert (world.watcher.is_connected, world.updates) == (False, 0)
    assert world.watcher.last_error == "chain_id: no answer"
    world.fail(False)
    await world.watcher.step()
    assert world.watcher.is_connected
    assert world.view.head == block.header


async def test_step__endpoint_down_later__keeps_what_is_known() -> None:
    world = Watched()
    block = world.l1.mine(bonded(1))
    await world.watcher.step()
    world.fail()
    await world.watcher.step()
    assert not world.watcher.is_connected
    assert world.view.head == block.header


async def test_step__missing_logs__are_the_endpoints_fault() -> None:
    world = Watched()
    world.l1.mine(enqueued(1))
    await world.watcher.step()
    assert not world.watcher.is_connected
    assert "missing" in str(world.watcher.last_error)


async def test_step__another_chain__stops_the_node() -> None:
    world = Watched()

    async def mainnet() -> int:
        return 1

    world.l1.chain_id = mainnet  # type: ignore[method-assign]
    with pytest.raises(LocalFault, match="chain id 1, the deployment is on 31337"):
        await world.watcher.step()


async def test_step__part_of_the_way_before_a_fault__is_told() -> None:
    world = Watched()
    for number in range(40):
        world.l1.mine(enqueued(number))

    def fail_later(method: str) -> None:
        if len(world.l1.calls) > 70:
            raise L1Unavailable("down")

    world.l1.on_call = fail_later
    await world.watcher.step()
    assert world.updates == 1
    assert 0 < world.view.queue_length < 40


async def test_run__poked__looks_at_once() -> None:
    world = Watched(poll_seconds=3600.0)
    world.l1.mine(bonded(1))
    task = asyncio.create_task(world.watcher.run())
    async with asyncio.timeout(10):
        await world.updated.wait()
        world.updated.clear()
        block = world.l1.mine(bonded(2))
        world.watcher.poke()
        await world.updated.wait()
    assert world.view.head == block.header
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_run__polls_and_recovers_by_itself() -> None:
    world = Watched(poll_seconds=0.001)
    world.fail()
    task = asyncio.create_task(world.watcher.run())
    async with asyncio.timeout(10):
        await world.asked_in_vain.wait()
        world.l1.mine(bonded(1))
        world.fail(False)
        await world.updated.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
