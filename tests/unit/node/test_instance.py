"""One epoch's run on a node, apart from what its core decides.

vote of a later epoch: final blocks are asked for, once in a Δ
vote to nullify of an earlier epoch: told what ended that, once in a Δ
closing block final with the terminal one: not handed on
terminal block final: what waits to be passed on goes before the end
over: nothing is taken but what convicts, nobody blamed
proposal: after what has not been passed on yet (NET-11)
proposal of a peer: news while it is to be judged
certificate of a settled view: convicts with what was kept, if it says something else
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from sequencer.blocks.header import Block
from sequencer.consensus.events import Fetched, Received
from sequencer.consensus.messages import Blocks, FinalityProof, Proposal
from sequencer.consensus.simplex import WINDOW
from sequencer.l1.schedule import Schedule
from sequencer.node.catch_up import encode_proof
from sequencer.node.instance import Instance
from sequencer.node.wire import decode, encode_consensus
from sequencer.store.blocks import StoredBlock
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
    leader,
    proposal,
    signed,
)
from tests.unit.node.instances import BEFORE_BUILD, BEFORE_PROPOSAL, Idle, Runtime

PEER = COMMITTEE.members[1].signer
REQUEST = (ZERO_HASH, PEER)
EPOCH_OF_1000_SECONDS = Schedule(-1_000, 1_000)
"""Epoch 1 is seconds 0 to 999."""


def terminal_block() -> Block:
    """The first of epoch 1, with an origin in the next."""
    first = block(1)
    header = msgspec.structs.replace(first.header, origin_number=1, origin_timestamp=1_000)
    return Block(header, first.payload)


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
    runtime.instance.feed(Received(certificate(NOTARIZE, 1, settled, (0, 1, 2))))
    high = block(2 + WINDOW, START)
    proof = FinalityProof(certificate(FINALIZE, 2 + WINDOW, high))
    runtime.instance.feed(Fetched((high,), proof))
    runtime.instance.on_message(PEER, certificate(NOTARIZE, 1, settled, (0, 1, 3)))
    assert runtime.convicted == []
    runtime.instance.on_message(PEER, certificate(NOTARIZE, 1, other, (1, 2, 3)))
    assert runtime.convicted == [1, 2]


async def test_proposal_of_a_peer__news_while_it_is_to_be_judged() -> None:
    """NET-11: what is no news makes nobody else wait."""
    application = SimpleNamespace(pause_ms=lambda *_: None, process=lambda *_: None)
    runtime = Runtime(COMMITTEE, MemberIndex(0), application)
    runtime.instance.start(())
    now, ahead, far = (proposal(block(view)) for view in (1, 2, 3))
    vote = msgspec.structs.replace(now.notarize.vote, epoch=Epoch(2))
    of_another_epoch = msgspec.structs.replace(
        now, notarize=msgspec.structs.replace(now.notarize, vote=vote)
    )
    is_news = runtime.instance.is_news
    assert [is_news(each) for each in (now, ahead, far, of_another_epoch)] == [
        *(True, True, False, False)
    ]
    runtime.instance.feed(Received(now))
    assert not is_news(now)
    runtime.instance.feed(Received(certificate(NULLIFY, 1)))
    assert is_news(ahead)
    runtime.instance.feed(Received(certificate(NULLIFY, 2)))
    assert not is_news(ahead)
    assert is_news(far)
    runtime.instance.stop()
    assert not is_news(far)


async def test_call_from_an_earlier_epoch__told_once_in_a_timeout_what_ended_it() -> None:
    """EPOCH-4: whoever is needed for a quorum of the new epoch may be the one that stayed."""
    last = block(5)
    ending = certificate(FINALIZE, 5, last)
    stored = StoredBlock(last, encode_proof(FinalityProof(ending)))
    runtime = Runtime(COMMITTEE, MemberIndex(0), Idle())
    runtime.services.store = SimpleNamespace(block_by_height=lambda _: stored)
    later = replace(COMMITTEE, epoch=Epoch(2))
    instance = Instance(cast(Any, runtime.services), later, last.header, None)
    call = signed(1, NULLIFY, 3)
    for runtime.now_ms in (0, 1, TIMING.timeout_ms - 1, TIMING.timeout_ms):
        instance.on_message(PEER, call)
        instance.on_message(PEER, signed(1, NOTARIZE, 3, block(3)))
    assert runtime.sent == 2 * [(PEER, encode_consensus(ending))]


async def test_closing_block_final_in_the_same_step__not_of_the_chain(runtime: Runtime) -> None:
    """EPOCH-3, EPOCH-4."""
    runtime.services.schedule = EPOCH_OF_1000_SECONDS
    terminal = terminal_block()
    closing = block(2, terminal.header)
    runtime.instance.feed(Received(certificate(FINALIZE, 2, closing)))
    runtime.instance.feed(Fetched((closing,), None))
    proof = FinalityProof(certificate(FINALIZE, 1, terminal))
    runtime.instance.feed(Fetched((terminal,), proof))
    assert runtime.instance.core.tree.root == closing.header
    assert runtime.instance.is_over
    assert runtime.final == [terminal]


async def test_terminal_block_final__others_are_told_before_the_end(runtime: Runtime) -> None:
    """EPOCH-4: nobody here will say it later, and a fork in it has to meet (SIMPLEX-11)."""
    runtime.services.schedule = EPOCH_OF_1000_SECONDS
    terminal = terminal_block()
    runtime.instance.feed(Fetched((terminal,), None))
    votes = [signed(member, FINALIZE, 1, terminal) for member in range(3)]
    for vote in votes:
        assert not runtime.sent
        runtime.instance.feed(Received(vote))
    assert runtime.instance.is_over
    made = encode_consensus(certificate(FINALIZE, 1, terminal))
    assert runtime.sent == [(COMMITTEE.members[m].signer, made) for m in (1, 2)]


async def test_fork_of_the_terminal_block__convicts_between_the_epochs(runtime: Runtime) -> None:
    """SIMPLEX-15, EPOCH-4: each side tells the other once, as its epoch ends."""
    runtime.instance.feed(Received(certificate(FINALIZE, 1, block(1))))
    runtime.instance.stop()
    later = certificate(FINALIZE, 1, block(1, content=b"of the next"))
    vote = msgspec.structs.replace(later.vote, epoch=Epoch(2))
    runtime.instance.on_message(PEER, msgspec.structs.replace(later, vote=vote))
    assert not runtime.convicted
    runtime.instance.on_message(PEER, certificate(FINALIZE, 1, block(1, content=b"other")))
    assert len(runtime.convicted) == 3


async def test_instance_that_is_over__blames_nobody_for_blocks_of_the_next(
    runtime: Runtime,
) -> None:
    """EPOCH-4: L1 has not shown the next committee here yet."""
    runtime.instance.stop()
    runtime.instance.on_message(PEER, Blocks((block(1),)))
    vote = signed(1, NULLIFY, 1)
    later = msgspec.structs.replace(vote, vote=msgspec.structs.replace(vote.vote, epoch=Epoch(2)))
    runtime.instance.on_message(PEER, later)
    assert not runtime.wanted


async def test_work_that_waits_for_company__is_proposed_when_it_has_waited() -> None:
    """BLOCK-10: by a timer of its own, and counted from when the view began here."""
    own = block(1)
    asked: list[int] = []

    def prepare(*_: Any) -> Block:
        asked.append(runtime.now_ms)
        return own

    application = SimpleNamespace(pause_ms=lambda *_: 30, prepare=prepare)
    runtime = Runtime(COMMITTEE, leader(1), application)
    runtime.instance.start(())
    try:
        runtime.now_ms = 20
        runtime.instance.on_work()
        assert not asked
        runtime.now_ms = 30
        await asyncio.sleep(0.1)
        assert asked == [30]
    finally:
        runtime.instance.stop()


async def test_block_that_is_missing__does_not_stop_the_clock_of_the_next_view() -> None:
    """SIMPLEX-8: there was work, and whether there is some left nobody can tell. The timer of a
    wait for company that is over rests."""
    pauses = [0, 30]
    application = SimpleNamespace(pause_ms=lambda *_: pauses.pop(0) if len(pauses) > 1 else 30)
    runtime = Runtime(COMMITTEE, leader(3), application)
    runtime.instance.start(())
    try:
        assert runtime.instance.core.deadline() == TIMING.timeout_ms
        runtime.now_ms = 10
        runtime.instance.feed(Received(certificate(NOTARIZE, 1, block(1))))
        assert runtime.instance.core.view == 2
        assert runtime.instance.core.best_parent() is None
        assert runtime.instance.core.deadline() <= 10 + TIMING.timeout_ms
        assert runtime.instance._work_due_ms is None
    finally:
        runtime.instance.stop()


async def test_proposal__is_built_from_what_has_come_and_goes_out_after_what_is_passed_on() -> None:
    """NET-11."""
    own, done = block(1), list[bytes]()

    def build(*_: object) -> Block:
        done.extend(runtime.broadcast)
        return own

    application = SimpleNamespace(pause_ms=lambda *_: 0, prepare=build)
    runtime = Runtime(COMMITTEE, leader(1), application)
    runtime.instance.start(())
    try:
        sent = runtime.broadcast
        assert done == [BEFORE_BUILD]
        assert sent[1] == BEFORE_PROPOSAL
        assert isinstance(decode(sent[2]), Proposal)
        assert [sent.count(each) for each in done + sent[1:2]] == [1, 1]
    finally:
        runtime.instance.stop()
