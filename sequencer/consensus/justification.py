"""Whether a proposal carries what justifies it, before its certificates are even used."""

from sequencer.blocks.header import Header
from sequencer.consensus.leaders import leader_of
from sequencer.consensus.messages import MAX_NULLIFICATIONS, Proposal, Vote, VoteKind
from sequencer.errors import PeerFault
from sequencer.types import Committee, View


def check_proposal(proposal: Proposal, committee: Committee, start: Header) -> None:
    """SIMPLEX-2: signed by the view's leader, on a parent that is notarized (or finalized, or
    `start`, the block of view 0), with every view between nullified. Of those, it carries the
    newest 64; whether the others are known is for the core to see. Raises `PeerFault`."""
    header, notarize = proposal.block.header, proposal.notarize
    expected = Vote(VoteKind.NOTARIZE, committee.epoch, committee.hash, header.view, header.hash)
    leader = leader_of(committee, header.view)
    if notarize.vote != expected or notarize.member != leader:
        raise PeerFault(f"proposal of view {header.view} is not signed by its leader {leader}")
    if not proposal.block.is_whole():
        raise PeerFault(f"proposal of view {header.view} comes with another payload or held data")
    parent = proposal.parent_certificate
    if parent is not None and parent.vote.kind is VoteKind.NULLIFY:
        raise PeerFault(f"proposal of view {header.view} builds on a nullification")
    parent_view = parent.vote.view if parent else View(0)
    if parent_view >= header.view:
        raise PeerFault(f"proposal of view {header.view} builds on view {parent_view}")
    if header.parent_hash != (parent.vote.block if parent else start.hash):
        raise PeerFault(f"proposal of view {header.view} has a parent it does not justify")
    first = max(parent_view + 1, header.view - MAX_NULLIFICATIONS)
    found = [(n.vote.kind, n.vote.view) for n in proposal.nullifications]
    if found != [(VoteKind.NULLIFY, View(view)) for view in range(first, header.view)]:
        raise PeerFault(
            f"proposal of view {header.view} on view {parent_view}"
            f" does not carry the nullifications from {first} on"
        )
