"""An L1 of its own for each test."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from sequencer.l1.deployment import Deployment
from sequencer.l1.rpc import to_hex
from tests.integration.l1_world import Anvil, World, deploy
from tests.integration.tower import Tower
from tests.integration.wallet_world import Ground


@pytest.fixture
async def anvil() -> AsyncIterator[Anvil]:
    made = await Anvil.start()
    yield made
    await made.stop()


@pytest.fixture
async def world(anvil: Anvil) -> AsyncIterator[World]:
    made = World(anvil, await deploy(anvil))
    for node in made.nodes:
        await node.watcher.step()
    yield made
    await made.close()


@pytest.fixture
async def tower(world: World, tmp_path: Path) -> AsyncIterator[Tower]:
    made = Tower(world, tmp_path)
    await world.anvil.ask("anvil_setBalance", to_hex(made.address), hex(10**20))
    yield made
    await made.close()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def deployed() -> AsyncIterator[tuple[Anvil, Deployment]]:
    """An L1 for all tests of a module, each of which leaves it as it was."""
    made = await Anvil.start()
    try:
        yield made, await deploy(made)
    finally:
        await made.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def ground(deployed: tuple[Anvil, Deployment], tmp_path: Path) -> AsyncIterator[Ground]:
    anvil, deployment = deployed
    before = str(await anvil.ask("evm_snapshot"))
    world = World(anvil, deployment)
    for node in world.nodes:
        await node.watcher.step()
    yield await Ground.make(world, tmp_path)
    await world.close()
    await anvil.ask("evm_revert", before)
    await anvil.ask("anvil_setNextBlockBaseFeePerGas", hex(10**9))  # a revert leaves it as it is
