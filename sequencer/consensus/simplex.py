"""The Simplex core of one epoch: pure transitions from inputs to outputs.

Rules per view `v` (docs/spec/consensus.md; the ids are cited below):

- the leader proposes on the highest notarized block with only nullified views above it;
- Notarize: once, the leader's first justified and accepted proposal, not after Nullify;
- a notarization or a nullification of `v` moves on to `v + 1`;
- Finalize: once, for what was notarized in `v`, unless Nullify was voted in `v`;
- Nullify: when the timer ends, unless Finalize was voted in `v`;
- a quorum of Finalize finalizes the block and its ancestors.

No I/O, clock or key in here: `now_ms` comes in, votes go out unsigned and come back signed.
Longer than a file should be: these are the transitions of one state, and each touches most of it.
"""

from collections.abc import Callable, Iterator
from typing import Any

from sequencer.blocks.header import Block, Header
from sequencer.consensus.events import (
    Broadcast,
    Build,
    Built,
    CastVote,
    Fetched,
    Finalized,
    Input,
    Judged,
    NeedBlocks,
    Output,
    Propose,
    Received,
    Record,
    Restored,
    Send,
    Start,
    Tick,
    Verdict,
    Verify,
    WorkChanged,
)
from sequencer.consensus.justification import check_proposal
from sequencer.consensus.leaders import leader_of
from sequencer.consensus.messages import (
    MAX_NULLIFICATIONS,
    Certificate,
    FinalityProof,
    Proposal,
    SignedVote,
    Vote,
    VoteKind,
)
from sequencer.consensus.missing import MissingBlocks
from sequencer.consensus.pacemaker import Pacemaker, Timing
from sequencer.consensus.relays import Relays
from sequencer.consensus.rounds import Judgement, Round, Rounds
from sequencer.consensus.tree import BlockTree
from sequencer.types import ZERO_HASH, Committee, Hash32, MemberIndex, View

WINDOW = 64
"""SIMPLEX-12: views ahead of the current one, and behind the root, whose votes are kept."""

FAR = 256
"""CATCHUP-7: blocks above the root."""


class Simplex:
    """One member's (or, with `me` None, one observer's) state in one epoch."""

    def __init__(
        self,
        committee: Committee,
        me: MemberIndex | None,
        start: Header,
        timing: Timing,
        finalized: tuple[Header, Certificate | None] | None = None,
    ) -> None:
        """`start` is the block of view 0; `finalized` the last block of this epoch that is
        already in the store, with its own certificate, if it has one."""
        self.committee = committee
        self.me = me
        self._timing = timing
        self._relays = Relays(committee, me, timing.timeout_ms // 4)
        self._start = start
        self.root_view = finalized[0].view if finalized else View(0)
        self.tree = BlockTree(finalized[0] if finalized else start, self.root_view)
        self.view = View(self.root_view + 1)
        self.finalization = finalized[1] if finalized else None
        """The finalization of the root itself; None for view 0, and for a root that is final
        through a block above it."""
        self._rounds = Rounds()
        self._missing = MissingBlocks(timing.timeout_ms)
        self._overtaken = View(0)
        self._rival_view: View | None = None
        self._answered_ms: dict[MemberIndex, int] = {}
        self._restoring = True
        self._has_work = False
        self._pace = Pacemaker(committee, me, timing)
        self._judge_again_ms: int | None = None
        self._now = 0
        self._out: list[Output] = []
        self._handlers: dict[type, Callable[[Any], None]] = {
            Restored: lambda event: self._on_restored(event.record),
            Start: lambda _: self._on_start(),
            Tick: lambda _: self._on_tick(),
            WorkChanged: lambda event: self._on_work(event.has_work),
            Received: lambda event: self._on_message(event.message),
            Built: lambda event: self._on_built(event.block),
            Judged: self._on_judged,
            Fetched: lambda event: self._on_fetched(event.blocks, event.proof),
        }
        if self.finalization is not None:
            self._on_certificate(self.finalization)

    def handle(self, event: Input, now_ms: int) -> list[Output]:
        """One transition. Raises `PeerFault` if the input breaks a rule that its sender must
        keep; the state is then as if the offending part had not come."""
        self._now = now_ms
        self._out = []
        self._handlers[type(event)](event)
        return self._out

    def deadline(self) -> int:
        """When the next `Tick` is due, in ms."""
        due_ms = self._pace.expiry()
        heartbeat_ms = self._pace.heartbeat_due()
        if self._now < heartbeat_ms < due_ms and self._may_propose(self._current):
            due_ms = heartbeat_ms
        for other_ms in (
            self._judge_again_ms,
            self._relays.due_ms,
            self._missing.next_due_ms(),
        ):
            if other_ms is not None and other_ms < due_ms:
                due_ms = other_ms
        return due_ms

    def is_wanted(self, block_hash: Hash32) -> bool:
        """Whether this block has been asked for and has not come."""
        return block_hash in self._missing

    def is_news(self, message: SignedVote | Certificate | Proposal) -> bool:
        """Whether the message could change anything: asked before its signatures are checked."""
        if isinstance(message, Proposal):
            view = message.block.header.view
            known = self._rounds.find(view)
            is_first = view > self.root_view and (known is None or not known.is_proposed)
            return is_first or self.is_news(message.notarize)
        vote = message.vote
        if isinstance(message, Certificate):
            earlier = self._rounds.certificate(vote.view, vote.kind)
            return not self.is_settled(vote.view) and (earlier is None or earlier.vote != vote)
        if self._is_stale_call(message):
            return True
        known = self._rounds.find(vote.view)
        return self._is_in_window(vote.view) and (known is None or known.is_news(message))

    def is_settled(self, view: View) -> bool:
        """Whether nothing is kept of a view any more (SIMPLEX-12)."""
        return view <= self.root_view - WINDOW or self.root_view < view <= self._overtaken

    def best_parent(self) -> Header | None:
        """SIMPLEX-2: what a block of the current view is built on, if it can be justified."""
        found = self._parent_of(self.view)
        return found[0] if found else None

    def sizes(self) -> dict[str, int]:
        """How much is held of each kind (SIMPLEX-12)."""
        return {
            "rounds": len(self._rounds),
            "blocks": len(self.tree),
            "missing": len(self._missing),
            "answered": len(self._answered_ms),
        }

    def live_records(self) -> Iterator[SignedVote | Certificate | Block]:
        """What a journal must hold (JOURNAL-5): of the views that are not final everything, of the
        others in the window what convicts (SIMPLEX-11). Not to be asked while an own vote is signed
        but not yet fed back: it would be forgotten."""
        yield from self.tree.blocks()
        for known in self._rounds.above(View(self.root_view - WINDOW)):
            yield from known.certificates.values()
            if self.me is not None and known.view > self.root_view:
                own = tuple(known.own_votes(self.me))
                assert known.voted.keys() <= {signed.vote.kind for signed in own}
                yield from own

    def leave(self) -> list[Send]:
        """EPOCH-4: what is still to be said when the epoch ends here."""
        return self._relays.rest()

    def pending(self, tip: Hash32) -> tuple[Block, ...]:
        """The unfinalized chain up to `tip`, ascending."""
        return tuple(self.tree.path(tip)[0])

    # Journal and start

    def _on_restored(self, record: SignedVote | Certificate | Block) -> None:
        if isinstance(record, Block):
            self.tree.add(record)
        elif isinstance(record, Certificate):
            self._on_certificate(record)
        elif not self.is_settled(record.vote.view):
            own = self._rounds.at(record.vote.view)
            own.voted[record.vote.kind] = record.vote.block
            self.view = max(self.view, record.vote.view)
            self._count(own, record)

    def _on_start(self) -> None:
        self._restoring = False
        self._pace.start(self.view)
        self._retry_finalize()
        for known in self._rounds.above(self.root_view):
            self._repeat_votes(known)
            if VoteKind.NOTARIZE in known.certificates:
                self._want_chain(known.certificates[VoteKind.NOTARIZE].vote.block)
                self._vote_finalize(known)
        self._out.append(NeedBlocks(ZERO_HASH))
        self._enter(self.view)

    def _repeat_votes(self, known: Round) -> None:
        if self.me is not None:
            self._out.extend(Broadcast(signed) for signed in known.own_votes(self.me))

    # Time and work

    def _on_tick(self) -> None:
        current = self._current
        for missing in self._missing.due(self._now):
            self._ask(missing)
        self._out.extend(self._relays.due(self._now))
        if self._judge_again_ms is not None and self._now >= self._judge_again_ms:
            self._judge_again_ms = None
            self._judge(current)
        if self._may_propose(current):
            self._try_propose(current)
        if self._now >= self._pace.expiry():
            self._nullify(current)

    def _on_work(self, has_work: bool) -> None:
        self._has_work = has_work
        if has_work:
            self._pace.hurry(self._now)
            self._try_propose(self._current)

    def _nullify(self, current: Round) -> None:
        """SIMPLEX-6; the votes of the view are repeated while it lasts. An observer has none to
        call with, and asks for what is final."""
        self._pace.give_up(self._now)
        if self.me is None:
            self._out.append(NeedBlocks(ZERO_HASH))
        elif {VoteKind.NULLIFY, VoteKind.FINALIZE} & current.voted.keys():
            self._repeat_votes(current)
        else:
            self._cast(current, VoteKind.NULLIFY, ZERO_HASH)

    # Proposing

    def _may_propose(self, current: Round) -> bool:
        return (
            self.me is not None
            and leader_of(self.committee, current.view) == self.me
            and not current.voted
            and current.judgement is Judgement.NONE
        )

    def _try_propose(self, current: Round) -> None:
        """SIMPLEX-2: when there is work, or the heartbeat has passed."""
        if self._restoring or not self._may_propose(current):
            return
        if not self._has_work and self._now < self._pace.heartbeat_due():
            return
        found = self._parent_of(current.view)
        if found is not None:
            current.judgement = Judgement.ASKED
            self._out.append(Build(current.view, found[0], self.pending(found[0].hash)))

    def _on_built(self, block: Block) -> None:
        current = self._current
        if block.header.view != self.view or current.voted:
            return
        found = self._parent_of(self.view)
        if found is None or block.header.parent_hash != found[0].hash:
            current.judgement = Judgement.NONE  # a better parent came up meanwhile
            self._try_propose(current)
            return
        certificate = found[1]
        parent_view = certificate.vote.view if certificate else View(0)
        skipped = [self._rounds.at(View(view)) for view in range(parent_view + 1, self.view)]
        nullifications = tuple(known.certificates[VoteKind.NULLIFY] for known in skipped)
        self.tree.add(block)
        current.voted[VoteKind.NOTARIZE] = block.header.hash
        vote = self._vote(current, VoteKind.NOTARIZE, block.header.hash)
        self._pace.hurry(self._now)
        self._out.extend(Broadcast(older) for older in nullifications[:-MAX_NULLIFICATIONS])
        self._out.append(Propose(vote, block, certificate, nullifications[-MAX_NULLIFICATIONS:]))

    def _parent_of(self, view: View) -> tuple[Header, Certificate | None] | None:
        """The header to build on and the certificate that allows it (None for view 0)."""
        for below in range(view - 1, self.root_view, -1):
            known = self._rounds.find(View(below))
            if known is None:
                return None
            justification = known.justification()
            if justification is not None:
                header = self.tree.header(justification.vote.block)
                if header is not None and self.tree.path(header.hash)[1] is None:
                    return header, justification
            if VoteKind.NULLIFY not in known.certificates:
                return None
        if self.root_view > 0 and self.finalization is None:
            return None  # final only through a block above it, which is the one to build on
        return self.tree.root, self.finalization

    # Messages

    def _on_message(self, message: SignedVote | Certificate | Proposal) -> None:
        if isinstance(message, SignedVote):
            self._on_vote(message)
        elif isinstance(message, Certificate):
            self._on_certificate(message, is_passed_on=True)
        else:
            self._on_proposal(message)

    def _on_vote(self, signed: SignedVote) -> None:
        if self._is_stale_call(signed):
            self._answer(signed)
        if not self._is_in_window(signed.vote.view):
            return
        self._pace.on_vote(signed.member, signed.vote.view)
        self._count(self._rounds.at(signed.vote.view), signed)

    def _count(self, known: Round, signed: SignedVote) -> None:
        self._keep(known, signed)
        if known.view > self.root_view:
            certificate = known.try_certify(signed.vote.kind, signed.vote.block, self.committee)
            if certificate is not None:
                self._on_certificate(certificate)

    def _keep(self, known: Round, signed: SignedVote) -> None:
        """SIMPLEX-11."""
        conflict = known.conflict_of(signed)
        if conflict is not None:
            self._out.append(conflict)
        known.add_vote(signed)

    def _is_in_window(self, view: View) -> bool:
        """SIMPLEX-12."""
        return not self.is_settled(view) and view <= self.view + WINDOW

    def _is_stale_call(self, signed: SignedVote) -> bool:
        """SIMPLEX-14: somebody still waits in a view that has ended here, however long ago. Each
        member is answered twice in a Δ at most."""
        if signed.vote.kind is not VoteKind.NULLIFY or signed.vote.view >= self.view:
            return False
        answered_ms = self._answered_ms.get(signed.member)
        pause_ms = self._timing.timeout_ms // 2
        return signed.member != self.me and (
            answered_ms is None or self._now - answered_ms >= pause_ms
        )

    def _answer(self, signed: SignedVote) -> None:
        """What ended that view, what ended the last one, and what is final."""
        self._answered_ms[signed.member] = self._now
        answers = [
            self._rounds.end_of(signed.vote.view),
            self._rounds.end_of(View(self.view - 1)),
            self.finalization,
        ]
        for position, certificate in enumerate(answers):
            if certificate is not None and certificate not in answers[:position]:
                self._out.append(Send(signed.member, certificate))

    def _on_certificate(self, certificate: Certificate, is_passed_on: bool = False) -> None:
        """`is_passed_on` if it came by itself: then others may lack it as this node did."""
        vote = certificate.vote
        if self.is_settled(vote.view):
            return
        known = self._rounds.at(vote.view)
        earlier = known.certificates.get(vote.kind)
        if earlier is not None and earlier.vote == vote:
            return
        for signed in certificate.signed_votes():
            self._pace.on_vote(signed.member, vote.view)
            self._keep(known, signed)
        if earlier is not None:
            return
        known.certificates[vote.kind] = certificate
        if vote.view <= self.root_view:
            return
        self._out.append(Record(certificate))
        if is_passed_on or vote.kind is VoteKind.NULLIFY:
            self._out.extend(self._relays.at_once(certificate))
        else:
            self._relays.later(certificate, self._now)
        if vote.kind is VoteKind.NOTARIZE:
            self._pace.on_notarized(vote.view, self._now)
            self._want_chain(vote.block)
            self._vote_finalize(known)
        elif vote.kind is VoteKind.FINALIZE:
            self._try_finalize(certificate)
        else:
            self._pace.on_nullified(vote.view)
        if vote.view >= self.view:
            self._enter(View(vote.view + 1))
        else:
            self._resume()

    def _on_proposal(self, proposal: Proposal) -> None:
        header = proposal.block.header
        check_proposal(proposal, self.committee, self._start)
        if proposal.parent_certificate is not None:
            self._on_certificate(proposal.parent_certificate)
        for nullification in proposal.nullifications:
            self._on_certificate(nullification)
        self._on_vote(proposal.notarize)
        oldest = max(self.root_view, self.view - WINDOW)
        if not oldest < header.view <= self.view + 1:
            return
        if self._is_far(header):
            return
        known = self._rounds.at(header.view)
        if not known.is_proposed:
            known.is_proposed = True
            known.proposal = proposal if header.view >= self.view else None
            self._add_blocks((proposal.block,))

    def _is_far(self, header: Header) -> bool:
        """CATCHUP-7."""
        height = self.tree.root.height + FAR
        return header.height > height and self.tree.header(header.parent_hash) is None

    # Voting

    def _judge(self, current: Round) -> None:
        """SIMPLEX-3, up to the application's verdict."""
        proposal = current.proposal
        if proposal is None or self._restoring or current.view != self.view:
            return
        self._pace.hurry(self._now)
        if self.me is None or current.judgement in (Judgement.ASKED, Judgement.REJECTED):
            return
        if current.judgement is Judgement.LATER and self._judge_again_ms is not None:
            return
        if current.voted or not self._has_nullifications(proposal):
            return
        parent = self.tree.header(proposal.block.header.parent_hash)
        if self._want_chain(proposal.block.header.parent_hash) and parent is not None:
            current.judgement = Judgement.ASKED
            self._out.append(Verify(proposal.block, parent, self.pending(parent.hash)))

    def _has_nullifications(self, proposal: Proposal) -> bool:
        """Whether those are here that a proposal is justified by but too many to carry."""
        parent = proposal.parent_certificate
        first = parent.vote.view + 1 if parent else 1
        ahead = range(first, proposal.block.header.view - MAX_NULLIFICATIONS)
        return all(
            self._rounds.certificate(View(view), VoteKind.NULLIFY)
            for view in ahead
            if view > self.root_view
        )

    def _on_judged(self, judged: Judged) -> None:
        current = self._current
        proposal = current.proposal
        if judged.view != self.view or proposal is None:
            return
        if proposal.block.header.hash != judged.block or current.voted:
            return
        if judged.verdict is Verdict.NOT_YET:
            current.judgement = Judgement.LATER
            self._judge_again_ms = self._now + self._timing.retry_ms
        elif judged.verdict is Verdict.REJECT:
            current.judgement = Judgement.REJECTED
        else:
            self._cast(current, VoteKind.NOTARIZE, judged.block, proposal.block)

    def _vote_finalize(self, known: Round) -> None:
        """SIMPLEX-5."""
        notarization = known.certificates.get(VoteKind.NOTARIZE)
        if notarization is None or {VoteKind.NULLIFY, VoteKind.FINALIZE} & known.voted.keys():
            return
        self._cast(known, VoteKind.FINALIZE, notarization.vote.block)

    def _cast(
        self, known: Round, kind: VoteKind, block_hash: Hash32, block: Block | None = None
    ) -> None:
        if self.me is None or self._restoring:
            return
        assert kind not in known.voted
        known.voted[kind] = block_hash
        self._out.append(CastVote(self._vote(known, kind, block_hash), block))

    def _vote(self, known: Round, kind: VoteKind, block_hash: Hash32) -> Vote:
        return Vote(kind, self.committee.epoch, self.committee.hash, known.view, block_hash)

    # Moving on

    def _enter(self, view: View) -> None:
        self._current.proposal = None
        self.view = view
        self._pace.enter(view, self._now)
        self._has_work = False
        self._judge_again_ms = None
        if not self._restoring:
            self._resume()

    def _resume(self) -> None:
        """Something new is here that the current view may have waited for."""
        self._try_propose(self._current)
        self._judge(self._current)

    def _try_finalize(self, certificate: Certificate) -> None:
        """SIMPLEX-7: hand on the block and its ancestors, once all of them are here."""
        if self._want_chain(certificate.vote.block):
            blocks, _ = self.tree.path(certificate.vote.block)
            self._advance(tuple(blocks), FinalityProof(certificate))
        else:
            self._overtake(View(certificate.vote.view - WINDOW))

    def _overtake(self, view: View) -> None:
        """SIMPLEX-12: the chain is final beyond these views, its blocks are yet to be fetched."""
        if view > max(self._overtaken, self.root_view):
            self._overtaken = view
            above = self._rounds.above(self.root_view)
            firsts = [
                next((k.view for k in above if k.is_finalized), None),
                next((k.view for k in above if VoteKind.FINALIZE in k.voted), None),
            ]
            self._rounds.drop(view, above=self.root_view, spare=firsts)
            self._missing.keep(self._needed())

    def _retry_finalize(self) -> None:
        """The highest first: what is below it is final with it, once its blocks are here."""
        incomplete: set[Hash32] = set()
        for known in reversed(self._rounds.above(self.root_view)):
            certificate = known.certificates.get(VoteKind.FINALIZE)
            if certificate is None or known.view <= self.root_view:
                continue
            if certificate.vote.block not in incomplete:
                self._try_finalize(certificate)
                path, _ = self.tree.path(certificate.vote.block)
                incomplete.update(block.header.hash for block in path)

    def _advance(self, blocks: tuple[Block, ...], proof: FinalityProof) -> None:
        root = blocks[-1].header
        final = {block.header.hash for block in blocks}
        passed = [k for k in self._rounds.above(self.root_view) if k.view <= root.view]
        self.tree.advance(root)
        self.root_view = root.view
        if any(known.finalized not in final for known in passed if known.is_finalized):
            self._on_rival()
        self.finalization = proof.certificate if not proof.descendants else None
        self._pace.on_finalized()
        self._rounds.drop(View(self.root_view - WINDOW))
        self._missing.keep(self._needed())
        self._out.append(Finalized(blocks, proof))

    # Blocks from peers

    def _on_fetched(self, blocks: tuple[Block, ...], proof: FinalityProof | None) -> None:
        if proof is None:
            self._add_blocks(blocks)
            return
        above = tuple(b for b in blocks if b.header.height > self.tree.root.height)
        if not above or above[0].header.height != self.tree.root.height + 1:
            return
        if above[0].header.parent_hash != self.tree.root.hash:
            self._on_rival()
            return
        self._out.append(Record(proof.certificate))
        self._advance(above, proof)
        self._on_certificate(proof.certificate)
        if proof.certificate.vote.view >= self.view:
            self._enter(View(proof.certificate.vote.view + 1))
        self._retry_finalize()
        self._resume()

    def _add_blocks(self, blocks: tuple[Block, ...]) -> None:
        """Blocks have come: whatever waited for them goes on."""
        for block in blocks:
            self.tree.add(block)
        for arrived in [b.header.hash for b in blocks if b.header.hash in self._missing]:
            if self.tree.block(arrived) is None:
                self._on_rival()  # and asked for again after a while: no chain leads through it
            else:
                self._missing.arrived(arrived)
                self._want_chain(arrived)
        self._retry_finalize()
        self._resume()

    def _want_chain(self, block_hash: Hash32) -> bool:
        """SIMPLEX-13: whether the blocks from the root up to this one are here; if not, the
        highest missing one is asked for."""
        missing = self.tree.path(block_hash)[1]
        if missing is not None and missing not in self._missing and not self._restoring:
            self._ask(missing)
        return missing is None

    def _ask(self, missing: Hash32) -> None:
        self._missing.asked(missing, self._now)
        self._out.append(NeedBlocks(missing))

    def _on_rival(self) -> None:
        """A certified chain goes past the root: it is dead, or the chain has forked. Every
        certificate goes out once more, so that any two that exclude each other meet, and convict
        more than a third of the weight."""
        is_told = self._rival_view is not None and self.root_view < self._rival_view + WINDOW
        if not is_told and not self._restoring:
            self._rival_view = self.root_view
            for known in self._rounds.above(View(-1)):
                self._out.extend(map(Broadcast, known.certificates.values()))

    def _needed(self) -> set[Hash32]:
        """Blocks that are certified above the root, and the parents of those that are here."""
        certified = {
            certificate.vote.block
            for known in self._rounds.above(self.root_view)
            for certificate in known.certificates.values()
        }
        return certified | {block.header.parent_hash for block in self.tree.blocks()}

    @property
    def _current(self) -> Round:
        return self._rounds.at(self.view)
