"""SIMPLEX-13, NET-6: answers to requests for blocks, and what of them is believed.

answer
├── wanted block stored: the blocks up to it
├── wanted block not final yet
│   ├── all of the chain fits: all of it
│   ├── finalized part does not fit: finalized blocks with a proof first
│   └── unfinalized part does not fit: its end, which leads to the wanted block
├── no block named: finalized ones with a proof, through a later block's if need be
├── a limit: no more than that
└── nothing above, or unknown: an answer without blocks
check_blocks
├── broken link, other payload, another epoch, empty: refused
├── neither wanted nor proven, or proven by something else: refused
└── wanted, or proven: fine
"""

from typing import cast

import msgspec
import pytest

from sequencer.blocks.header import Block, Header
from sequencer.consensus.fetcher import Fetcher
from sequencer.consensus.messages import (
    MAX_BLOCKS_IN_REPLY,
    BlockRequest,
    Blocks,
    FinalityProof,
)
from sequencer.errors import PeerFault
from sequencer.node import catch_up, history
from sequencer.simulation.disk import Disk
from sequencer.simulation.journals import MemoryJournal
from sequencer.simulation.keys import SimVerifier
from sequencer.store.blocks import BlockStore
from sequencer.types import ZERO_HASH, Epoch, Hash32, Height
from tests.unit.consensus.builders import (
    COMMITTEE,
    FINALIZE,
    NOTARIZE,
    START,
    Bench,
    block,
    certificate,
    proposal,
)

VERIFIER = SimVerifier(COMMITTEE)


def chain(length: int, payload: bytes = b"") -> list[Block]:
    """Blocks of the views 1, 2, ..."""
    blocks: list[Block] = []
    parent: Header = START
    for view in range(1, length + 1):
        blocks.append(block(view, parent, payload))
        parent = blocks[-1].header
    return blocks


class Peer:
    """A node whose first `final` blocks are final, in one piece, and the others notarized."""

    def __init__(self, blocks: list[Block], final: int) -> None:
        self.disk = Disk(START, MemoryJournal())
        finalized = None
        if final:
            top = blocks[final - 1]
            proof = FinalityProof(certificate(FINALIZE, final, top))
            self.disk.store(tuple(blocks[:final]), proof)
            finalized = (top.header, proof.certificate)
        bench = Bench(me=0, finalized=finalized)
        for below, each in zip([None, *blocks], blocks, strict=False):
            if each.header.view > final:
                view = each.header.view - 1
                parent = certificate(NOTARIZE, view, below) if below else None
                bench.receive(proposal(each, parent))
        self.core = bench.core

    def answer(self, have: int, wanted: Hash32 = ZERO_HASH, limit: int = 64) -> Blocks:
        request = BlockRequest(Height(have), wanted, limit)
        store = cast(BlockStore, self.disk)
        reply = history.answer(request, store, self.core, self.disk.tip.height)
        assert (reply.request, reply.tip) == (request, self.disk.tip.height)
        return reply


def names(reply: Blocks) -> list[int]:
    return [each.header.height for each in reply.blocks]


def test_answer__stored__up_to_the_wanted_one() -> None:
    blocks = chain(5)
    reply = Peer(blocks, final=5).answer(1, blocks[3].header.hash)
    assert (reply.blocks, reply.proof) == (tuple(blocks[1:4]), None)


def test_answer__not_final_yet__all_of_the_chain() -> None:
    blocks = chain(5)
    peer = Peer(blocks, final=2)
    assert names(peer.answer(0, blocks[4].header.hash)) == [1, 2, 3, 4, 5]
    assert names(peer.answer(2, blocks[4].header.hash)) == [3, 4, 5]
    assert names(peer.answer(3, blocks[4].header.hash)) == [4, 5]


def test_answer__finalized_part_too_long__finalized_first() -> None:
    blocks = chain(MAX_BLOCKS_IN_REPLY + 5)
    peer = Peer(blocks, final=MAX_BLOCKS_IN_REPLY)
    reply = peer.answer(0, blocks[-1].header.hash)
    assert names(reply) == list(range(1, MAX_BLOCKS_IN_REPLY + 1))
    assert reply.proof is not None
    assert names(peer.answer(MAX_BLOCKS_IN_REPLY, blocks[-1].header.hash)) == [65, 66, 67, 68, 69]


def test_answer__unfinalized_part_too_long__its_end() -> None:
    """Otherwise nobody who missed such a chain could ever vote on it."""
    blocks = chain(MAX_BLOCKS_IN_REPLY + 5)
    peer = Peer(blocks, final=0)
    first = peer.answer(0, blocks[-1].header.hash)
    assert names(first) == list(range(6, MAX_BLOCKS_IN_REPLY + 6))
    assert first.proof is None
    assert names(peer.answer(0, first.blocks[0].header.parent_hash)) == [1, 2, 3, 4, 5]


def test_answer__unfinalized_blocks_too_large__the_last_that_fit() -> None:
    blocks = chain(4, bytes(history.MAX_REPLY_BYTES - 100))
    peer = Peer(blocks, final=0)
    assert names(peer.answer(0, blocks[3].header.hash)) == [3, 4]
    huge = chain(2, bytes(3 * history.MAX_REPLY_BYTES))
    assert names(Peer(huge, final=0).answer(0, huge[1].header.hash)) == [2]


def test_answer__no_block_named__finalized_with_a_proof() -> None:
    blocks = chain(MAX_BLOCKS_IN_REPLY + 5)
    peer = Peer(blocks, final=MAX_BLOCKS_IN_REPLY + 2)
    reply = peer.answer(0)
    assert names(reply) == list(range(1, MAX_BLOCKS_IN_REPLY + 1))
    assert reply.proof is not None
    assert [header.height for header in reply.proof.descendants] == [65, 66]
    catch_up.check_blocks(reply, Bench(me=1).core, VERIFIER)


def test_answer__limit__no_more_than_asked_for() -> None:
    reply = Peer(chain(9), final=9).answer(2, limit=3)
    assert names(reply) == [3, 4, 5]
    catch_up.check_blocks(reply, Bench(me=1).core, VERIFIER)


def test_answer__nothing_above_or_unknown__no_blocks() -> None:
    blocks = chain(3)
    peer = Peer(blocks, final=2)
    assert names(peer.answer(2)) == []
    assert names(peer.answer(3, blocks[2].header.hash)) == []
    assert names(peer.answer(2, Hash32(b"?" * 32))) == []
    assert names(peer.answer(0, Hash32(b"?" * 32))) == [1, 2]


# What is believed


BLOCKS = chain(3)
TOP = BLOCKS[-1]
PROOF = FinalityProof(certificate(FINALIZE, 3, TOP))


def wanting(wanted: Block) -> Bench:
    bench = Bench(me=1)
    bench.receive(certificate(NOTARIZE, wanted.header.view, wanted))
    return bench


def refuse(reply: Blocks) -> None:
    with pytest.raises(PeerFault):
        catch_up.check_blocks(reply, wanting(TOP).core, VERIFIER)


def test_check__wanted_or_proven__fine() -> None:
    catch_up.check_blocks(Blocks(tuple(BLOCKS)), wanting(TOP).core, VERIFIER)
    catch_up.check_blocks(Blocks(tuple(BLOCKS), PROOF), Bench(me=1).core, VERIFIER)
    below = FinalityProof(PROOF.certificate, (BLOCKS[1].header, TOP.header))
    catch_up.check_blocks(Blocks((BLOCKS[0],), below), Bench(me=1).core, VERIFIER)


def test_check__neither_wanted_nor_proven__refused() -> None:
    refuse(Blocks(()))
    refuse(Blocks(tuple(BLOCKS[:2])))
    refuse(Blocks(tuple(BLOCKS[:2]), PROOF))
    refuse(Blocks(tuple(BLOCKS), FinalityProof(certificate(NOTARIZE, 3, TOP))))
    refuse(Blocks(tuple(BLOCKS), FinalityProof(certificate(FINALIZE, 3, TOP, members=(0, 1)))))
    refuse(Blocks(tuple(BLOCKS), FinalityProof(PROOF.certificate, (TOP.header,))))


def test_check__broken_link__refused() -> None:
    refuse(Blocks((BLOCKS[0], TOP)))
    refuse(Blocks((BLOCKS[0],), FinalityProof(PROOF.certificate, (TOP.header,))))
    taller = Block(msgspec.structs.replace(TOP.header, height=Height(7)), TOP.payload)
    proof = FinalityProof(certificate(FINALIZE, 3, taller))
    refuse(Blocks((*BLOCKS[:2], taller), proof))


HOLDING = block(1, held=b"held")


@pytest.mark.parametrize("held", [b"", b"hel", b"held.", b"dleh"])
def test_apply__other_held_bytes__faulted_and_another_peer_asked(held: bytes) -> None:
    """CATCHUP-5, ENC-15: whoever catches up gets the bytes, from whoever has them."""
    bench, blamed = Bench(me=1), []
    fetcher: Fetcher[str] = Fetcher()
    fetcher.set_peers(["liar", "other"])
    known = catch_up.Chain(bench.core, VERIFIER, lambda event: bench.core.handle(event, 0))
    asks = fetcher.want(ZERO_HASH, 0, 0, prefer="liar")
    blocks = {"liar": msgspec.structs.replace(HOLDING, held=held), "other": HOLDING}
    proof = FinalityProof(certificate(FINALIZE, 1, HOLDING))
    answered: list[str] = []
    while known.root == 0:
        peer, request = asks.pop(0)
        answered.append(peer)
        fetcher.on_answer(peer, Blocks((blocks[peer],), proof, request, 1), 0, 1)
        catch_up.apply_next(fetcher, known, lambda peer, fault: blamed.append((peer, fault)), 1)
        asks += fetcher.poll(0, 1)
    assert (answered[0], answered[-1]) == ("liar", "other")
    assert [peer for peer, _ in blamed] == ["liar"]
    assert "another payload or held data" in str(blamed[0][1])
    assert known.core.tree.root == HOLDING.header


def test_answer__large_held_segments__as_many_as_fit() -> None:
    """NET-6 counts them as payload."""
    big = bytes(history.MAX_REPLY_BYTES // 2)
    blocks = [block(1, held=big)]
    blocks.append(block(2, blocks[0].header, held=big))
    assert names(Peer(blocks, final=2).answer(0)) == [1]
    assert names(Peer(blocks, final=2).answer(1)) == [2]


def test_check__other_payload_or_epoch__refused() -> None:
    refuse(Blocks((*BLOCKS[:2], Block(TOP.header, b"?"))))
    refuse(Blocks((Block(BLOCKS[0].header, b"?"), *BLOCKS[1:]), PROOF))
    foreign = Block(msgspec.structs.replace(TOP.header, epoch=Epoch(9)), TOP.payload)
    refuse(Blocks((*BLOCKS[:2], foreign), FinalityProof(certificate(FINALIZE, 3, foreign))))
