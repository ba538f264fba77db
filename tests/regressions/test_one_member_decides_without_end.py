"""A quorum of one needs nobody's answer: each block leads to the next within one call. Found by
the first simulated schedule. It must stop when the work is done, or the node never looks at
anything else again."""

import asyncio
from typing import Any

from sequencer.blocks.header import Block
from sequencer.simulation.application import make_block
from sequencer.simulation.keys import make_committee
from sequencer.types import MemberIndex
from tests.unit.consensus.builders import origin_of
from tests.unit.node.instances import Runtime

ALONE = make_committee((1,))
BLOCKS_OF_WORK = 3
ENOUGH = 20


class Application:
    """Work for three blocks."""

    def __init__(self) -> None:
        self.built = 0

    def pause_ms(self, *_: Any) -> int | None:
        return 0 if self.built < BLOCKS_OF_WORK else None

    def prepare(self, turn: Any, parent: Any, pending: Any, now_ms: int) -> Block:
        self.built += 1
        assert self.built < ENOUGH, "blocks without work, without end"
        return make_block(turn, parent, origin_of(parent), now_ms)


async def test_one_member__stops_when_the_work_is_done() -> None:
    runtime = Runtime(ALONE, MemberIndex(0), Application())
    runtime.instance.start(())
    runtime.instance.on_work()
    await asyncio.sleep(0)
    runtime.instance.stop()
    assert BLOCKS_OF_WORK <= len(runtime.final) <= BLOCKS_OF_WORK + 1
