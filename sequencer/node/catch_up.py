"""Answering peers that ask for blocks, and checking what peers answer (SIMPLEX-13, NET-6)."""

from collections.abc import Iterator
from itertools import pairwise

import msgspec

from sequencer.blocks.header import Block, Header
from sequencer.consensus.messages import (
    MAX_BLOCKS_IN_REPLY,
    MAX_DESCENDANTS,
    BlockRequest,
    Blocks,
    FinalityProof,
)
from sequencer.consensus.simplex import Simplex
from sequencer.consensus.verification import Verifier
from sequencer.errors import PeerFault
from sequencer.store.blocks import BlockStore, StoredBlock
from sequencer.types import ZERO_HASH, Height

MAX_REPLY_BYTES = 1 << 20

_proof_encoder = msgspec.msgpack.Encoder()
_proof_decoder = msgspec.msgpack.Decoder(FinalityProof)


def encode_proof(proof: FinalityProof) -> bytes:
    return _proof_encoder.encode(proof)


def decode_proof(data: bytes) -> FinalityProof:
    return _proof_decoder.decode(data)


def answer(request: BlockRequest, store: BlockStore, core: Simplex | None) -> Blocks | None:
    """The blocks above `have_height` up to the wanted one, if the finalized ones among them fit in
    a reply; else as many finalized ones of one epoch as fit, with a proof. None when there is
    nothing to say."""
    stored = store.blocks(Height(request.have_height + 1), MAX_BLOCKS_IN_REPLY, MAX_REPLY_BYTES)
    if request.block != ZERO_HASH:
        wanted = _chain_to_wanted(request, stored, core)
        if wanted:
            return Blocks(wanted)
    while stored:
        same_epoch = [s for s in stored if s.block.header.epoch == stored[0].block.header.epoch]
        proof = _proof_of(same_epoch[-1], store)
        if proof is not None:
            return Blocks(tuple(s.block for s in same_epoch), proof)
        stored = same_epoch[:-1]
    return None


def _chain_to_wanted(
    request: BlockRequest, stored: list[StoredBlock], core: Simplex | None
) -> tuple[Block, ...] | None:
    for position, candidate in enumerate(stored):
        if candidate.block.header.hash == request.block:
            return tuple(s.block for s in stored[: position + 1])
    if core is None or core.tree.block(request.block) is None:
        return None
    pending, missing = core.tree.path(request.block)
    root_height = core.tree.root.height
    if missing is not None or request.have_height >= root_height:
        return _end_that_fits([b for b in pending if b.header.height > request.have_height])
    if stored and stored[-1].block.header.height == root_height:
        above = [*(s.block for s in stored), *pending]
        fitting = _end_that_fits(above)
        return fitting if len(fitting) == len(above) else None
    return None


def _end_that_fits(blocks: list[Block]) -> tuple[Block, ...]:
    """The last ones: of a chain that is not final yet, only the end leads to what was asked for,
    and shows what to ask for next."""
    fitting: list[Block] = []
    size = 0
    for block in reversed(blocks):
        size += len(block.payload)
        if fitting and (len(fitting) == MAX_BLOCKS_IN_REPLY or size > 2 * MAX_REPLY_BYTES):
            break
        fitting.append(block)
    return tuple(reversed(fitting))


def _proof_of(stored: StoredBlock, store: BlockStore) -> FinalityProof | None:
    """The block's own proof, or the headers up to the next block of its epoch that has one."""
    if stored.certificate is not None:
        return decode_proof(stored.certificate)
    descendants: list[Header] = []
    above = Height(stored.block.header.height + 1)
    while len(descendants) < MAX_DESCENDANTS:
        following = store.blocks(above, MAX_BLOCKS_IN_REPLY, MAX_REPLY_BYTES)
        for candidate in following:
            if candidate.block.header.epoch != stored.block.header.epoch:
                return None
            descendants.append(candidate.block.header)
            if candidate.certificate is not None:
                proof = decode_proof(candidate.certificate)
                return FinalityProof(proof.certificate, (*descendants, *proof.descendants))
        if not following:
            return None
        above = Height(following[-1].block.header.height + 1)
    return None


def check_blocks(reply: Blocks, core: Simplex, verifier: Verifier) -> None:
    """Raises `PeerFault` unless the blocks link one to the next, carry their payloads, and are
    wanted or proven final."""
    if not reply.blocks:
        raise PeerFault("a reply without blocks")
    headers = [block.header for block in reply.blocks]
    for block in reply.blocks:
        header = block.header
        if header.epoch != core.committee.epoch:
            raise PeerFault(f"block {header.height} is of epoch {header.epoch}")
        if not block.is_whole():
            raise PeerFault(f"block {header.height} comes with another payload")
    if reply.proof is None:
        if not core.is_wanted(headers[-1].hash):
            raise PeerFault(f"block {headers[-1].height} was not asked for")
    else:
        headers.extend(reply.proof.descendants)
        if reply.proof.certificate.vote.block != headers[-1].hash:
            raise PeerFault(f"the proof of block {headers[-1].height} is for another block")
        verifier.check_finalization(reply.proof.certificate)
    for fault in _broken_links(headers):
        raise PeerFault(fault)


def _broken_links(headers: list[Header]) -> Iterator[str]:
    for parent, child in pairwise(headers):
        if child.parent_hash != parent.hash or child.height != parent.height + 1:
            yield f"block {child.height} does not follow block {parent.height}"
