"""One epoch's run on a node, apart from what its core decides.

vote of a later epoch: final blocks are asked for, once in a Δ
certificate of a settled view: convicts with what was kept, if it says something else
"""

from collections.abc import AsyncIterator

import msgspec
import pytest

from sequencer.consensus.events import Fetched, Received
from sequencer.consensus.messages import FinalityProof
from sequencer.consensus.simplex import WINDOW
from sequencer.types import ZERO_HASH, Epoch, MemberIndex
from tests.unit.consensus.builders import (
    COMMITTEE,
    FINALIZE,
    NOTARIZE,
    NULLIFY,
    START,
    TIMING,
    block,
    certificate,
    signed,
)
from tests.unit.node.instances import Idle, Runtime

PEER = COMMITTEE.members[1].signer
REQUEST = (ZERO_HASH, PEER)


@pytest.fixture
async def runtime() -> AsyncIterator[Runtime]:
    runtime = Runtime(COMMITTEE, MemberIndex(0), Idle())
    runtime.instance.start(())
    runtime.wanted.clear()
    yield runtime
    runtime.instance.stop()


async def test_vote_of_a_later_epoch__final_blocks_asked_for_once_in_a_timeout(
    runtime: Runtime,
) -> None:
    vote = signed(1, NULLIFY, 1)
    later = msgspec.structs.replace(vote, vote=msgspec.structs.replace(vote.vote, epoch=Epoch(2)))
    for _ in range(5):
        runtime.instance.on_message(PEER, later)
    assert runtime.wanted == [REQUEST]
    runtime.now_ms = TIMING.timeout_ms
    runtime.instance.on_message(PEER, later)
    assert runtime.wanted == [REQUEST, REQUEST]


async def test_certificate_of_a_settled_view__meets_what_was_kept(runtime: Runtime) -> None:
    settled, other = block(1), block(1, content=b"other")
    runtime.instance._feed(Received(certificate(NOTARIZE, 1, settled, (0, 1, 2))))
    high = block(2 + WINDOW, START)
    proof = FinalityProof(certificate(FINALIZE, 2 + WINDOW, high))
    runtime.instance._feed(Fetched((high,), proof))
    runtime.instance.on_message(PEER, certificate(NOTARIZE, 1, settled, (0, 1, 3)))
    assert runtime.convicted == []
    runtime.instance.on_message(PEER, certificate(NOTARIZE, 1, other, (1, 2, 3)))
    assert runtime.convicted == [1, 2]
