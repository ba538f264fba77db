"""SIMPLEX-11: which two votes of one member contradict each other (SLASH-1)."""

from dataclasses import dataclass

from sequencer.consensus.messages import SignedVote, Vote, VoteKind


@dataclass(frozen=True, slots=True)
class Equivocation:
    """Two signed votes of one member that no honest member casts."""

    first: SignedVote
    second: SignedVote


def is_conflict(first: Vote, second: Vote) -> bool:
    """Two Notarize or two Finalize of one view for different blocks, or Finalize and Nullify."""
    same_view = (first.epoch, first.committee, first.view) == (
        second.epoch,
        second.committee,
        second.view,
    )
    if not same_view:
        return False
    if first.kind is second.kind:
        return first.block != second.block
    return {first.kind, second.kind} == {VoteKind.FINALIZE, VoteKind.NULLIFY}
