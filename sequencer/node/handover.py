"""What goes from one epoch to the next, and what does not (EPOCH-3, EPOCH-4, EPOCH-7)."""

from collections.abc import Hashable, Iterable, Iterator
from typing import TypeGuard

from sequencer.blocks.header import Block, Header
from sequencer.consensus.events import Finalized, Record, Restored
from sequencer.consensus.journal import BlockRecord
from sequencer.consensus.journal import Record as JournalRecord
from sequencer.consensus.messages import Certificate, FinalityProof, SignedVote
from sequencer.consensus.simplex import Simplex
from sequencer.l1.schedule import Schedule
from sequencer.node.catch_up import decode_proof
from sequencer.ordering.turn import is_terminal
from sequencer.store.blocks import BlockStore
from sequencer.types import Committee, Epoch, Hash32, decode_committee, encode_committee

_KEPT = "committee"


def split_closing(
    blocks: tuple[Block, ...], proof: FinalityProof, schedule: Schedule
) -> tuple[tuple[Block, ...], FinalityProof]:
    """EPOCH-3: the blocks up to the terminal one; the headers above it become part of its
    proof."""
    for position, block in enumerate(blocks):
        if is_terminal(schedule, block.header):
            closing = tuple(b.header for b in blocks[position + 1 :])
            return (
                blocks[: position + 1],
                FinalityProof(proof.certificate, (*closing, *proof.descendants)),
            )
    return blocks, proof


def replay(
    core: Simplex, records: Iterable[JournalRecord], now_ms: int
) -> Iterator[Finalized | Record]:
    """JOURNAL-2: give the core what the journal holds of its epoch; what becomes final by it, and
    the certificates it has."""
    for record in records:
        entry = record.block if isinstance(record, BlockRecord) else record
        if _is_of(entry, core.committee):
            for output in core.handle(Restored(entry), now_ms):
                if isinstance(output, Finalized | Record):
                    yield output


def keep_committee(store: BlockStore, committee: Committee) -> None:
    """EPOCH-7: of the epoch that begins, in place of the one before."""
    epoch = committee.epoch.to_bytes(8, "big")
    store.set_meta(_KEPT, epoch + committee.hash + encode_committee(committee))


def kept_committee(store: BlockStore, epoch: Epoch) -> Committee | None:
    """The committee that this node began the epoch with, if it is the last one it began."""
    kept = store.get_meta(_KEPT)
    if kept is None or int.from_bytes(kept[:8], "big") != epoch:
        return None
    return decode_committee(epoch, kept[40:], Hash32(kept[8:40]))


class Farewell:
    """EPOCH-4: who still calls in an earlier epoch is told what ended the last one, once in a Δ.
    Whoever is further behind learns from it that there is something to ask for."""

    def __init__(self, store: BlockStore, start: Header, pause_ms: int) -> None:
        """`start` is the block that the present epoch starts from."""
        self._store = store
        self._height = start.height
        self._pause_ms = pause_ms
        self._told_ms: dict[Hashable, int] = {}
        """As many as there are peers."""

    def certificate(self, peer: Hashable, now_ms: int) -> Certificate | None:
        """The finalization for this peer, if it is its time."""
        told_ms = self._told_ms.get(peer)
        if told_ms is not None and now_ms - told_ms < self._pause_ms:
            return None
        stored = self._store.block_by_height(self._height)
        if stored is None or stored.certificate is None:
            return None
        self._told_ms[peer] = now_ms
        return decode_proof(stored.certificate).certificate


def _is_of(entry: object, committee: Committee) -> TypeGuard[SignedVote | Certificate | Block]:
    """Whether the committee's instance is what the entry was journaled by."""
    if isinstance(entry, SignedVote | Certificate):
        return (entry.vote.epoch, entry.vote.committee) == (committee.epoch, committee.hash)
    return isinstance(entry, Block) and entry.header.epoch == committee.epoch
