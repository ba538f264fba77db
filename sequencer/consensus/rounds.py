"""What a node knows about one view: the proposal, the votes, the certificates, its own votes."""

from collections.abc import Iterator
from enum import Enum

from sequencer.consensus.evidence import Equivocation, is_conflict
from sequencer.consensus.messages import (
    Certificate,
    Proposal,
    SignedVote,
    VoteKind,
    make_certificate,
)
from sequencer.types import Committee, Hash32, MemberIndex, View


class Judgement(Enum):
    """Where the application stands on the view's proposal."""

    NONE = "none"
    ASKED = "asked"
    LATER = "later"
    REJECTED = "rejected"


class Round:
    """One view. Holds at most one vote of each kind for each member (SIMPLEX-12)."""

    __slots__ = (
        "_convicted",
        "_votes",
        "certificates",
        "is_proposed",
        "judgement",
        "proposal",
        "view",
        "voted",
    )

    def __init__(self, view: View) -> None:
        self.view = view
        self.is_proposed = False
        """Whether a proposal of this view has come: only the first one counts."""
        self.proposal: Proposal | None = None
        """That proposal, while the view lasts."""
        self.judgement = Judgement.NONE
        self.certificates: dict[VoteKind, Certificate] = {}
        self.voted: dict[VoteKind, Hash32] = {}
        """This node's own votes, journaled or about to be."""
        self._votes: dict[VoteKind, dict[MemberIndex, SignedVote]] = {kind: {} for kind in VoteKind}
        self._convicted: set[MemberIndex] = set()

    def is_news(self, signed: SignedVote) -> bool:
        """Whether the vote would be kept, or would convict its member."""
        earlier = self._votes[signed.vote.kind].get(signed.member)
        if earlier is None:
            return True
        return earlier.vote != signed.vote and signed.member not in self._convicted

    def conflict_of(self, signed: SignedVote) -> Equivocation | None:
        """The first contradiction between `signed` and an earlier vote of its member, once."""
        if signed.member in self._convicted:
            return None
        for earlier in self._votes_of(signed.member):
            if is_conflict(earlier.vote, signed.vote):
                self._convicted.add(signed.member)
                return Equivocation(earlier, signed)
        return None

    def add_vote(self, signed: SignedVote) -> bool:
        """Keep the member's first vote of its kind; False if there was one already."""
        votes = self._votes[signed.vote.kind]
        if signed.member in votes:
            return False
        votes[signed.member] = signed
        return True

    def try_certify(
        self, kind: VoteKind, block: Hash32, committee: Committee
    ) -> Certificate | None:
        """A certificate for (kind, block) once a quorum has voted for it and none exists."""
        if kind in self.certificates:
            return None
        votes = {m: s for m, s in self._votes[kind].items() if s.vote.block == block}
        weight = sum(committee.members[member].weight for member in votes)
        return make_certificate(votes) if committee.is_quorum(weight) else None

    def own_votes(self, me: MemberIndex) -> Iterator[SignedVote]:
        return self._votes_of(me)

    def _votes_of(self, member: MemberIndex) -> Iterator[SignedVote]:
        return (votes[member] for votes in self._votes.values() if member in votes)
