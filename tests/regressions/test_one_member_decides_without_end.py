"""A quorum of one needs nobody's answer: each block leads to the next within one call. Found by
the first simulated schedule. It must stop when the work is done, or the node never looks at
anything else again."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from sequencer.blocks.header import Block
from sequencer.consensus.messages import FinalityProof, SignedVote, Vote
from sequencer.node.instance import Instance, Services
from sequencer.simulation.application import make_block
from sequencer.simulation.keys import SEPARATOR, SimVerifier, make_committee
from sequencer.types import MemberIndex
from tests.unit.consensus.builders import START, TIMING

ALONE = make_committee((1,))
BLOCKS_OF_WORK = 3
ENOUGH = 20


class Application:
    """Work for three blocks."""

    def __init__(self) -> None:
        self.built = 0

    def has_work(self, *_: Any) -> bool:
        return self.built < BLOCKS_OF_WORK

    def prepare(self, turn: Any, parent: Any, pending: Any, now_ms: int) -> Block:
        self.built += 1
        assert self.built < ENOUGH, "blocks without work, without end"
        return make_block(ALONE, MemberIndex(0), turn.view, parent, now_ms)


class Votes:
    def sign(self, vote: Vote, member: MemberIndex, block: Block | None) -> SignedVote:
        return SimVerifier(ALONE).sign(vote, member)


async def test_one_member__stops_when_the_work_is_done() -> None:
    application = Application()
    final: list[Block] = []

    def keep(blocks: tuple[Block, ...], proof: FinalityProof) -> None:
        final.extend(blocks)

    services = SimpleNamespace(
        signer=SimpleNamespace(address=ALONE.members[0].signer),
        separator=SEPARATOR,
        journal=SimpleNamespace(append=lambda _: None),
        votes=Votes(),
        application=application,
        transport=SimpleNamespace(broadcast=lambda _: None, send=lambda *_: None),
        clock=SimpleNamespace(now_ms=lambda: 0),
        schedule=SimpleNamespace(epoch_of=lambda _: ALONE.epoch),
        timing=TIMING,
        on_final=keep,
    )
    instance = Instance(cast(Services, services), ALONE, START, None)
    instance.start(())
    instance.on_work()
    await asyncio.sleep(0)
    instance.stop()
    assert BLOCKS_OF_WORK <= len(final) <= BLOCKS_OF_WORK + 1
