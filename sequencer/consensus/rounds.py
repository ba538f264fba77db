"""What a node knows about each view: the proposal, the votes, the certificates, its own votes."""

from collections.abc import Collection, Iterator
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

    def justification(self) -> Certificate | None:
        """What a block of a later view can be built on: the notarization, or the finalization."""
        notarization = self.certificates.get(VoteKind.NOTARIZE)
        return notarization or self.certificates.get(VoteKind.FINALIZE)

    @property
    def is_finalized(self) -> bool:
        return VoteKind.FINALIZE in self.certificates

    @property
    def finalized(self) -> Hash32:
        """The block that a quorum has finalized in this view; only if `is_finalized`."""
        return self.certificates[VoteKind.FINALIZE].vote.block

    def own_votes(self, me: MemberIndex) -> Iterator[SignedVote]:
        return self._votes_of(me)

    def _votes_of(self, member: MemberIndex) -> Iterator[SignedVote]:
        return (votes[member] for votes in self._votes.values() if member in votes)


class Rounds:
    """The views of which something is kept (SIMPLEX-12)."""

    def __init__(self) -> None:
        self._rounds: dict[View, Round] = {}

    def __len__(self) -> int:
        return len(self._rounds)

    def at(self, view: View) -> Round:
        """The round of a view; a new one if nothing is kept of it."""
        known = self._rounds.get(view)
        if known is None:
            known = self._rounds[view] = Round(view)
        return known

    def find(self, view: View) -> Round | None:
        return self._rounds.get(view)

    def above(self, view: View) -> list[Round]:
        """Ascending."""
        return [self._rounds[found] for found in sorted(self._rounds) if found > view]

    def certificate(self, view: View, kind: VoteKind) -> Certificate | None:
        known = self._rounds.get(view)
        return known.certificates.get(kind) if known else None

    def end_of(self, view: View) -> Certificate | None:
        """What ended a view: what says most, if there are several."""
        kinds = (VoteKind.FINALIZE, VoteKind.NOTARIZE, VoteKind.NULLIFY)
        found = (self.certificate(view, kind) for kind in kinds)
        return next((certificate for certificate in found if certificate), None)

    def drop(
        self, up_to: View, above: View | None = None, spare: Collection[View | None] = ()
    ) -> None:
        """Forget the views up to `up_to`: of those above another one, and not some."""
        lowest = -1 if above is None else above
        for view in [view for view in self._rounds if lowest < view <= up_to]:
            if view not in spare:
                del self._rounds[view]
