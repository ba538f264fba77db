"""One honest member by docs/spec/consensus.md: what it does on each input.

The same rules as `protocol.py`, for a member that reacts at once and remembers what it was sent.
The state is a value: `react` returns the next one and what the member did.
"""

from dataclasses import dataclass, replace
from enum import Enum

from tests.model.inputs import (
    AskAgain,
    Blocks,
    Built,
    Certificate,
    Did,
    Input,
    Judged,
    Proposal,
    Restart,
    TimerEnds,
    Verdict,
    Vote,
)
from tests.model.invariants import is_contradiction
from tests.model.protocol import START, Block, Kind, Statement, chain


class Asked(Enum):
    """Where the application stands on the current view's block."""

    NOTHING = "nothing"
    BLOCK = "block"
    LATER = "later"
    REJECTED = "rejected"
    OWN = "own"


@dataclass(frozen=True)
class Committee:
    """Who votes, and how: equal weights, `leader(view)` as SIMPLEX-1 says."""

    me: int
    size: int = 4

    def leader(self, view: int) -> int:
        return view % self.size

    @property
    def others(self) -> tuple[int, ...]:
        return tuple(member for member in range(self.size) if member != self.me)


@dataclass(frozen=True)
class Memory:
    """What a member knows."""

    view: int = 1
    own: frozenset[Statement] = frozenset()
    certificates: frozenset[Statement] = frozenset()
    """One of each kind for each view: the first."""
    votes: frozenset[tuple[int, Statement]] = frozenset()
    """The first of each kind, of each member, in each view."""
    convicted: frozenset[tuple[int, int]] = frozenset()
    """Member and view: one offence in a view is enough."""
    proposals: frozenset[Block] = frozenset()
    """The first justified one of each view."""
    blocks: frozenset[Block] = frozenset()
    """Those above the last final one."""
    final: Block = START
    asked: Asked = Asked.NOTHING
    building: Block | None = None
    """What the application was asked to build."""


def react(committee: Committee, memory: Memory, given: Input) -> tuple[Memory, Did]:
    turn = _Turn(committee, memory)
    turn.take(given)
    return turn.memory, turn.did


class _Turn:
    """One input and all that follows from it."""

    def __init__(self, committee: Committee, memory: Memory) -> None:
        self.committee = committee
        self.memory = memory
        self.did = Did()
        self._signed: list[Statement] = []

    def take(self, given: Input) -> None:
        handlers = {
            Vote: self.on_vote,
            Certificate: lambda g: self.on_certificate(g.statement, self.committee.others),
            Proposal: self.on_proposal,
            Blocks: lambda g: self.on_blocks(g.block),
            TimerEnds: lambda _: self.on_timer(),
            AskAgain: lambda _: self.on_ask_again(),
            Judged: lambda g: self.on_judged(g.verdict),
            Built: lambda _: self.on_built(),
            Restart: lambda _: self.on_restart(),
        }
        handlers[type(given)](given)
        while self._signed:  # JOURNAL-1: a vote counts once it is durable
            self.on_vote(Vote(self.committee.me, self._signed.pop(0)))

    def know(self, **changes: object) -> None:
        self.memory = replace(self.memory, **changes)

    def tell(self, **more: object) -> None:
        old = self.did
        self.did = replace(old, **{name: (*getattr(old, name), it) for name, it in more.items()})

    # Votes and certificates

    def on_vote(self, vote: Vote) -> None:
        self.keep(vote.member, vote.statement)
        if vote.statement.view <= self.memory.final.view or self.certified(vote.statement):
            return
        signers = [member for member, said in self.memory.votes if said == vote.statement]
        if 3 * len(signers) > 2 * self.committee.size:
            self.on_certificate(vote.statement, signers)

    def keep(self, member: int, said: Statement) -> None:
        """SIMPLEX-11."""
        earlier = [old for who, old in self.memory.votes if who == member and old.view == said.view]
        offence = (member, said.view)
        if offence not in self.memory.convicted and any(is_contradiction(o, said) for o in earlier):
            self.know(convicted=self.memory.convicted | {offence})
            self.did = replace(self.did, convicted=self.did.convicted | {member})
        if said.kind not in {old.kind for old in earlier}:
            self.know(votes=self.memory.votes | {(member, said)})

    def certified(self, like: Statement) -> Statement | None:
        """The certificate of this kind and view."""
        known = self.memory.certificates
        return next((found for found in known if found[:2] == like[:2]), None)

    def on_certificate(self, found: Statement, signers: object) -> None:
        for member in signers:
            self.keep(member, found)
        if self.certified(found) is not None:
            return
        self.know(certificates=self.memory.certificates | {found})
        if found.view <= self.memory.final.view:
            return
        if found.kind is Kind.NOTARIZE and not self.has_voted(found.view, *SETTLING):
            self.cast(Statement(Kind.FINALIZE, found.view, found.block))  # SIMPLEX-5
        if found.kind is Kind.FINALIZE:
            self.finalize(found.block)
        if found.view >= self.memory.view:
            self.enter(found.view + 1)
        else:
            self.go_on()

    def has_voted(self, view: int, *kinds: Kind) -> bool:
        return any(vote.view == view and vote.kind in kinds for vote in self.memory.own)

    def cast(self, vote: Statement) -> None:
        self.know(own=self.memory.own | {vote})
        self.tell(cast=vote)
        self._signed.append(vote)

    # SIMPLEX-4, SIMPLEX-7

    def enter(self, view: int) -> None:
        self.know(view=view, asked=Asked.NOTHING)
        self.go_on()

    def go_on(self) -> None:
        self.build()
        self.judge()

    def path(self, block: Block) -> list[Block] | None:
        """The blocks from above the final one up to this one; None unless all are here."""
        found = chain(block)
        if self.memory.final not in found:
            return None
        above = found[: found.index(self.memory.final)][::-1]
        return above if self.memory.blocks.issuperset(above) else None

    def finalize(self, block: Block) -> None:
        above = self.path(block)
        if not above:
            return
        for each in above:
            self.tell(finalized=each)
        self.know(final=block)
        self.know(blocks=frozenset(filter(self.is_above_final, self.memory.blocks)))

    def is_above_final(self, block: Block) -> bool:
        final = self.memory.final
        return block.view > final.view and len(chain(block)) > len(chain(final))

    # Proposals

    def on_proposal(self, proposal: Proposal) -> None:
        block = proposal.block
        assert block.parent is not None
        carried = [Statement(Kind.NULLIFY, v) for v in range(block.parent.view + 1, block.view)]
        if block.parent != START:
            carried.insert(0, Statement(Kind.NOTARIZE, block.parent.view, block.parent))
        if proposal.is_bare and carried:
            self.did = replace(self.did, is_fault=True)
            return
        for certificate in carried:
            self.on_certificate(certificate, self.committee.others)
        leader = self.committee.leader(block.view)
        self.on_vote(Vote(leader, Statement(Kind.NOTARIZE, block.view, block)))
        first = block.view not in {known.view for known in self.memory.proposals}
        if block.view > self.memory.final.view and first:
            self.know(proposals=self.memory.proposals | {block})
            self.on_blocks(block)

    def on_blocks(self, block: Block) -> None:
        """SIMPLEX-13."""
        if self.is_above_final(block):
            self.know(blocks=self.memory.blocks | {block})
        finals = [c.block for c in self.memory.certificates if c.kind is Kind.FINALIZE]
        for final in sorted(finals, reverse=True):
            if final.view > self.memory.final.view:
                self.finalize(final)
        self.go_on()

    def judge(self) -> None:
        """SIMPLEX-3."""
        for block in self.memory.proposals:
            if (
                block.view == self.memory.view
                and self.memory.asked is Asked.NOTHING
                and not self.has_voted(block.view, *Kind)
                and self.path(block.parent) is not None
            ):
                self.know(asked=Asked.BLOCK)
                self.tell(judges=block)

    def on_judged(self, verdict: Verdict) -> None:
        """Of what was last asked in this view; a late answer to what is over changes nothing."""
        view = self.memory.view
        block = next((block for block in self.memory.proposals if block.view == view), None)
        if block is None or self.has_voted(view, *Kind):
            return
        if verdict is Verdict.ACCEPT:
            self.cast(Statement(Kind.NOTARIZE, view, block))
        else:
            is_final = verdict is Verdict.REJECT
            self.know(asked=Asked.REJECTED if is_final else Asked.LATER)

    def on_ask_again(self) -> None:
        if self.memory.asked is Asked.LATER:
            self.know(asked=Asked.NOTHING)
            self.judge()

    def build(self) -> None:
        """SIMPLEX-2; there is always work."""
        view = self.memory.view
        if (
            self.committee.leader(view) != self.committee.me
            or self.has_voted(view, *Kind)
            or self.memory.asked is not Asked.NOTHING
        ):
            return
        parent = self.best_parent()
        if parent is not None:
            self.know(asked=Asked.OWN, building=Block(view, 0, parent))
            self.tell(builds_on=parent)

    def best_parent(self) -> Block | None:
        view, known = self.memory.view, self.memory.certificates
        certified = {c.block for c in known if c.kind is not Kind.NULLIFY}
        fit = [
            parent
            for parent in {self.memory.final, *certified}
            if parent.view < view
            and self.path(parent) is not None
            and all(Statement(Kind.NULLIFY, v) in known for v in range(parent.view + 1, view))
        ]
        return max(fit, default=None)

    def on_built(self) -> None:
        block = self.memory.building
        self.know(building=None)
        if block is None or block.view != self.memory.view or self.has_voted(block.view, *Kind):
            return
        if block.parent != self.best_parent():
            self.know(asked=Asked.NOTHING)
            self.build()
        else:
            self.know(blocks=self.memory.blocks | {block})
            self.cast(Statement(Kind.NOTARIZE, block.view, block))

    # Time

    def on_timer(self) -> None:
        """SIMPLEX-6."""
        self.on_ask_again()
        view = self.memory.view
        if self.has_voted(view, *SETTLING):
            repeated = frozenset(vote for vote in self.memory.own if vote.view == view)
            self.did = replace(self.did, repeated=repeated)
        else:
            self.cast(Statement(Kind.NULLIFY, view))

    def on_restart(self) -> None:
        """JOURNAL-2: certificates are left, and of the views that are not final own votes and the
        blocks they are for. What certificates say against each other was said before."""
        old = self.memory
        own = frozenset(vote for vote in old.own if vote.view > old.final.view)
        above = (c for c in old.certificates if c.view > old.final.view)
        views = [old.final.view + 1, *(v.view for v in own), *(c.view + 1 for c in above)]
        self.memory = replace(
            Memory(),
            view=max(views),
            own=own,
            blocks=old.blocks,
            final=old.final,
        )
        for vote in sorted(own):
            self.keep(self.committee.me, vote)
        for certificate in sorted(old.certificates):
            for member in self.committee.others:
                self.keep(member, certificate)
        self.know(certificates=old.certificates)
        self.did = replace(self.did, repeated=own, convicted=frozenset())
        self.go_on()


SETTLING = (Kind.NULLIFY, Kind.FINALIZE)
