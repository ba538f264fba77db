"""Checking what peers answer to requests for blocks, and giving it to the core (CATCHUP-5)."""

from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeVar

import msgspec

from sequencer.blocks.header import Header
from sequencer.consensus.events import Fetched, Input
from sequencer.consensus.fetcher import Fetcher
from sequencer.consensus.messages import Blocks, FinalityProof
from sequencer.consensus.simplex import Simplex
from sequencer.consensus.verification import Verifier
from sequencer.errors import PeerFault

P = TypeVar("P", bound=Hashable)

_proof_encoder = msgspec.msgpack.Encoder()
_proof_decoder = msgspec.msgpack.Decoder(FinalityProof)


def encode_proof(proof: FinalityProof) -> bytes:
    return _proof_encoder.encode(proof)


def decode_proof(data: bytes) -> FinalityProof:
    return _proof_decoder.decode(data)


@dataclass(frozen=True, slots=True)
class Chain:
    """What answers are checked by, and where they go: one epoch's."""

    core: Simplex
    verifier: Verifier
    feed: Callable[[Input], None]

    @property
    def root(self) -> int:
        """The height of the last final block."""
        return self.core.tree.root.height


def apply_next(
    fetcher: Fetcher[P], chain: Chain, blame: Callable[[P, PeerFault], None], now_ms: int
) -> bool:
    """Check the answer whose turn it is, and give it to the core; False when there is none.
    `blame` is told of a peer whose answer was false."""
    root = chain.root
    found = fetcher.next(root)
    if found is None:
        return False
    peer, reply = found
    try:
        check_blocks(reply, chain.core, chain.verifier)
        chain.feed(Fetched(reply.blocks, reply.proof))
    except PeerFault as fault:
        fetcher.refuse(peer, now_ms)
        blame(peer, fault)
    else:
        fetcher.applied(peer, chain.root > root, now_ms)
    return True


def apply_wanted(fetcher: Fetcher[P], chain: Chain, peer: P, reply: Blocks, now_ms: int) -> None:
    """An answer without a proof is taken at once if the core still wants the block it ends with.
    Raises `PeerFault`."""
    if not reply.blocks or reply.proof is not None:
        return
    if chain.core.is_wanted(reply.blocks[-1].header.hash):
        try:
            check_blocks(reply, chain.core, chain.verifier)
        except PeerFault:
            fetcher.refuse(peer, now_ms)
            raise
        chain.feed(Fetched(reply.blocks, None))


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
            raise PeerFault(f"block {header.height} comes with another payload or held data")
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
