"""The demo's steps on a network of their own, with smaller numbers and shorter windows.

The steps tell one story, so they run in order, and the first that fails ends it.
"""

import io
import os
import signal
import socket
from collections.abc import AsyncIterator
from functools import partial

import msgspec
import pytest
import pytest_asyncio

from sequencer.devnet.demo.run import STEPS, Step
from sequencer.devnet.demo.stage import SETTLE_SECONDS, Stage
from sequencer.devnet.demo.steps import finality, ordering
from sequencer.devnet.demo.story import Story
from sequencer.devnet.layout import Layout
from sequencer.devnet.network import DEMO, Profile, running
from sequencer.devnet.progress import Progress
from sequencer.devnet.waiting import eventually

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.xdist_group("story")]

WINDOW_SECONDS = 14
_demo = DEMO.parameters
PROFILE = Profile(
    msgspec.structs.replace(
        _demo,
        times=msgspec.structs.replace(_demo.times, epoch_seconds=WINDOW_SECONDS),
        inbox=msgspec.structs.replace(_demo.inbox, force_window_seconds=WINDOW_SECONDS),
    ),
    DEMO.confirmations,
)

SMALLER = {
    # A machine that runs other tests, too, says nothing about speed.
    "finality": partial(finality.run, transactions=40, bound_ms=1_000),
    "a_ordering": partial(ordering.run, transactions=200),
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    layout = Layout(tmp_path_factory.mktemp("story") / "network")
    async with running(layout, PROFILE, progress=Progress(io.StringIO())) as network:
        yield Stage(network, Story())


@pytest.fixture
def story(stage: Stage) -> Story:
    if not stage.story.is_complete:
        pytest.skip("an earlier step failed")
    return stage.story


@pytest.mark.parametrize("step", STEPS[:-1], ids=lambda step: step.name)
async def test_step(stage: Stage, story: Story, step: Step) -> None:
    with story.step(step.name, step.title) as record:
        await SMALLER.get(step.name, step.run)(stage, record.facts)
    stage.network.require_running()


async def test_garbage_on_every_port_is_nobody_s_end(stage: Stage, story: Story) -> None:
    ports = [node.settings.peer_port for node in stage.running_nodes]
    ports += [int(node.url.rpartition(":")[2]) for node in stage.running_nodes]
    for port in ports:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(os.urandom(4_096))
    await stage.until_growth()
    stage.network.require_running()


async def test_order_goes_on_while_l1_is_silent(stage: Stage, story: Story) -> None:
    """L1-3: the last confirmed origin is enough to order by."""
    anvil = stage.network.anvil.process
    anvil.signal(signal.SIGSTOP)
    try:

        async def noticed() -> bool | None:
            found = [status.l1 for status in await stage.statuses()]
            return all(not l1.connected and l1.last_error for l1 in found) or None

        await eventually("the nodes notice", noticed, seconds=SETTLE_SECONDS)
        await stage.until_growth()
    finally:
        anvil.signal(signal.SIGCONT)

    async def back() -> bool | None:
        return all(status.l1.connected for status in await stage.statuses()) or None

    await eventually("the nodes are back on L1", back, seconds=SETTLE_SECONDS)


async def test_the_end(stage: Stage, story: Story) -> None:
    with story.step(STEPS[-1].name, STEPS[-1].title) as record:
        await STEPS[-1].run(stage, record.facts)
