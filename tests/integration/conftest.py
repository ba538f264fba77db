"""An L1 of its own for each test."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.l1_world import Anvil, World, deploy


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
