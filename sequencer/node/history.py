"""Answering peers that ask for blocks (SIMPLEX-13, NET-6, CATCHUP-6)."""

from sequencer.blocks.header import Block, Header
from sequencer.consensus.budget import Budget
from sequencer.consensus.messages import (
    MAX_BLOCKS_IN_REPLY,
    MAX_DESCENDANTS,
    BlockRequest,
    Blocks,
    FinalityProof,
)
from sequencer.consensus.simplex import Simplex
from sequencer.node.catch_up import decode_proof
from sequencer.store.blocks import BlockStore, StoredBlock
from sequencer.types import ZERO_HASH, Address, Height

MAX_REPLY_BYTES = 1 << 18
"""NET-6."""


class History:
    """What a node gives of its chain to peers, and how much of it."""

    def __init__(self, store: BlockStore) -> None:
        self._store = store
        self._budget: Budget[Address] = Budget()

    def answer(
        self, peer: Address, request: BlockRequest, core: Simplex, is_busy: bool, now_ms: int
    ) -> Blocks:
        tip = self._store.tip()
        height = tip.height if tip else Height(0)
        if not self._budget.admits(peer, is_busy, now_ms):
            return nothing(request, height)
        reply = answer(request, self._store, core, height)
        self._budget.spend(peer, sum(block.content_bytes for block in reply.blocks))
        return reply


def answer(request: BlockRequest, store: BlockStore, core: Simplex | None, tip: Height) -> Blocks:
    """The blocks above `have_height` up to the wanted one, if the finalized ones among them fit in
    a reply; else as many finalized ones of one epoch as fit, with a proof. No blocks when there is
    nothing to say. `tip` is this node's last final block."""
    stored: list[StoredBlock] = []
    if request.have_height < tip:
        above = Height(request.have_height + 1)
        stored = store.blocks(above, request.limit, MAX_REPLY_BYTES)
    if request.block != ZERO_HASH:
        wanted = _chain_to_wanted(request, stored, core)
        if wanted:
            return Blocks(wanted, None, request, tip)
    while stored:
        same_epoch = [s for s in stored if s.block.header.epoch == stored[0].block.header.epoch]
        proof = _proof_of(same_epoch[-1], store)
        if proof is not None:
            return Blocks(tuple(s.block for s in same_epoch), proof, request, tip)
        stored = same_epoch[:-1]
    return nothing(request, tip)


def nothing(request: BlockRequest, tip: Height) -> Blocks:
    """Where there is no block to say, or no time to say it (CATCHUP-6)."""
    return Blocks((), None, request, tip)


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
        size += block.content_bytes
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
