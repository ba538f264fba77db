"""One epoch's run on a node, apart from what its core decides.

vote of a later epoch: final blocks are asked for, once in a Δ
"""

from collections.abc import AsyncIterator

import msgspec
import pytest

from sequencer.consensus.messages import BlockRequest
from sequencer.node.wire import encode_consensus
from sequencer.types import ZERO_HASH, Epoch, Height, MemberIndex
from tests.unit.consensus.builders import COMMITTEE, NULLIFY, TIMING, signed
from tests.unit.node.instances import Idle, Runtime

PEER = COMMITTEE.members[1].signer
REQUEST = (PEER, encode_consensus(BlockRequest(Height(0), ZERO_HASH)))


@pytest.fixture
async def runtime() -> AsyncIterator[Runtime]:
    runtime = Runtime(COMMITTEE, MemberIndex(0), Idle())
    runtime.instance.start(())
    runtime.sent.clear()
    yield runtime
    runtime.instance.stop()


async def test_vote_of_a_later_epoch__final_blocks_asked_for_once_in_a_timeout(
    runtime: Runtime,
) -> None:
    vote = signed(1, NULLIFY, 1)
    later = msgspec.structs.replace(vote, vote=msgspec.structs.replace(vote.vote, epoch=Epoch(2)))
    for _ in range(5):
        runtime.instance.on_message(PEER, later)
    assert runtime.sent == [REQUEST]
    runtime.now_ms = TIMING.timeout_ms
    runtime.instance.on_message(PEER, later)
    assert runtime.sent == [REQUEST, REQUEST]
