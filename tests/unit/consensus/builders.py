"""Statements, blocks and a core to give them to. Four members of equal weight; in view `v`
member `v mod 4` leads."""

from collections.abc import Iterable
from typing import TypeVar

from sequencer.blocks.header import Block, Header, genesis
from sequencer.consensus.events import (
    Broadcast,
    Build,
    Built,
    CastVote,
    Input,
    Judged,
    Output,
    Propose,
    Received,
    Restored,
    Send,
    Start,
    Tick,
    Verdict,
    Verify,
    WorkChanged,
)
from sequencer.consensus.leaders import leader_of
from sequencer.consensus.messages import (
    Certificate,
    Proposal,
    SignedVote,
    Vote,
    VoteKind,
    make_certificate,
)
from sequencer.consensus.pacemaker import Timing
from sequencer.consensus.simplex import Simplex
from sequencer.ordering.origins import origin_of
from sequencer.ordering.turn import Turn
from sequencer.simulation.application import make_block
from sequencer.simulation.keys import SEPARATOR, SimVerifier, make_committee
from sequencer.types import ZERO_HASH, Committee, Hash32, MemberIndex, View

COMMITTEE = make_committee((1, 1, 1, 1))
START = genesis(SEPARATOR)
TIMING = Timing(timeout_ms=400, max_timeout_ms=2_000, heartbeat_ms=1_000, retry_ms=20)
NOTARIZE, NULLIFY, FINALIZE = VoteKind.NOTARIZE, VoteKind.NULLIFY, VoteKind.FINALIZE

T = TypeVar("T")


def leader(view: int, committee: Committee = COMMITTEE) -> MemberIndex:
    return leader_of(committee, View(view))


def block(view: int, parent: Header = START, content: bytes = b"", held: bytes = b"") -> Block:
    """The block of a view's leader."""
    turn = Turn(COMMITTEE.epoch, View(view), COMMITTEE.members[leader(view)].signer)
    return make_block(turn, parent, origin_of(parent), 0, content + b"%d " % leader(view), held)


def vote(kind: VoteKind, view: int, of: Block | Hash32 = ZERO_HASH) -> Vote:
    name = of.header.hash if isinstance(of, Block) else of
    return Vote(kind, COMMITTEE.epoch, COMMITTEE.hash, View(view), name)


def signed(
    member: int,
    kind: VoteKind,
    view: int,
    of: Block | Hash32 = ZERO_HASH,
    committee: Committee = COMMITTEE,
) -> SignedVote:
    return SimVerifier(committee).sign(vote(kind, view, of), MemberIndex(member))


def certificate(
    kind: VoteKind,
    view: int,
    of: Block | Hash32 = ZERO_HASH,
    members: Iterable[int] = (0, 1, 2),
) -> Certificate:
    return make_certificate({MemberIndex(m): signed(m, kind, view, of) for m in members})


def nullifications(views: Iterable[int]) -> tuple[Certificate, ...]:
    return tuple(certificate(NULLIFY, view) for view in views)


def proposal(
    proposed: Block, parent: Certificate | None = None, nullified: Iterable[int] = ()
) -> Proposal:
    view = proposed.header.view
    own = signed(leader(view), NOTARIZE, view, proposed)
    return Proposal(proposed, parent, nullifications(nullified), own)


class Bench:
    """A core, its clock, and a runtime that signs at once, and says in each view that there is work
    until a test says otherwise. `give` returns every output that one input leads to; blocks are
    built and judged only when a test says so."""

    def __init__(
        self,
        me: int | None,
        finalized: tuple[Header, Certificate | None] | None = None,
        restored: Iterable[SignedVote | Certificate | Block] = (),
        committee: Committee = COMMITTEE,
        start: Header = START,
    ) -> None:
        self.me = None if me is None else MemberIndex(me)
        self.now_ms = 0
        self.has_work = False
        self.committee = committee
        self.core = Simplex(committee, self.me, start, TIMING, finalized)
        self.replayed = [o for record in restored for o in self.handle(Restored(record))]
        self.started = self.give(Start())

    def handle(self, event: Input) -> list[Output]:
        """Without a runtime: what is cast stays out."""
        return self.core.handle(event, self.now_ms)

    def give(self, event: Input) -> list[Output]:
        outputs: list[Output] = []
        if isinstance(event, WorkChanged):
            self.has_work = event.has_work
        waiting = [event]
        while waiting:
            view = self.core.view
            for output in self.handle(waiting.pop(0)):
                outputs.append(output)
                if isinstance(output, CastVote | Propose):
                    waiting.append(Received(self.sign(output.vote)))
            if self.core.view != view and self.has_work:
                waiting.append(WorkChanged(has_work=True))
        return outputs

    def sign(self, statement: Vote) -> SignedVote:
        assert self.me is not None
        return SimVerifier(self.committee).sign(statement, self.me)

    def receive(self, *messages: SignedVote | Certificate | Proposal) -> list[Output]:
        return [output for message in messages for output in self.give(Received(message))]

    def tick(self, at_ms: int | None = None) -> list[Output]:
        """At a time, or at the next deadline."""
        self.now_ms = self.core.deadline() if at_ms is None else at_ms
        return self.give(Tick())

    def pass_on(self) -> list[Output]:
        """A quarter of Δ later, when certificates are passed on (SIMPLEX-4)."""
        return self.tick(self.now_ms + TIMING.timeout_ms // 4)

    def judge(self, proposed: Block, verdict: Verdict = Verdict.ACCEPT) -> list[Output]:
        return self.give(Judged(proposed.header.view, proposed.header.hash, verdict))

    def build(self, asked: list[Output]) -> list[Output]:
        """Answer the one `Build` among the outputs with a block."""
        (ask,) = only(asked, Build)
        return self.give(Built(block(ask.view, ask.parent)))


def only(outputs: list[Output], kind: type[T]) -> list[T]:
    return [output for output in outputs if isinstance(output, kind)]


def cast(outputs: list[Output]) -> list[tuple[VoteKind, int]]:
    """Kind and view of each vote that is cast, proposals too."""
    return [(o.vote.kind, o.vote.view) for o in outputs if isinstance(o, CastVote | Propose)]


def sent(outputs: list[Output]) -> list[tuple[int, VoteKind, int]]:
    return [(o.member, o.message.vote.kind, o.message.vote.view) for o in only(outputs, Send)]


def broadcast(outputs: list[Output]) -> list[tuple[VoteKind, int]]:
    return [(o.message.vote.kind, o.message.vote.view) for o in only(outputs, Broadcast)]


def verified(outputs: list[Output]) -> list[Hash32]:
    return [ask.block.header.hash for ask in only(outputs, Verify)]
