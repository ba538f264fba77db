"""SIMPLEX-11: which two votes of one member contradict each other (SLASH-1)."""

from collections.abc import Iterator
from dataclasses import dataclass

from sequencer.consensus.messages import Certificate, SignedVote, Vote, VoteKind


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


def conflicting_signers(first: Certificate, second: Certificate) -> Iterator[Equivocation]:
    """Every member that signed both of two certificates that exclude each other: more than
    a third of the weight, because two quorums always share that much."""
    if not is_conflict(first.vote, second.vote):
        return
    others = {signed.member: signed for signed in second.signed_votes()}
    for signed in first.signed_votes():
        if signed.member in others:
            yield Equivocation(signed, others[signed.member])
