"""One epoch of consensus on a running node: the Simplex core, and its outputs carried out.

Everything runs on the event loop's thread. Inputs are queued and handled one after another,
so that what an output causes (this node's own vote, a block it built) comes after the outputs
before it.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sequencer.blocks.header import Block, Header
from sequencer.consensus.archive import CertificateArchive
from sequencer.consensus.events import (
    Broadcast,
    Build,
    Built,
    CastVote,
    Finalized,
    Input,
    Judged,
    NeedBlocks,
    Output,
    Propose,
    Received,
    Record,
    Send,
    Start,
    Tick,
    Verdict,
    Verify,
    WorkChanged,
)
from sequencer.consensus.evidence import Equivocation
from sequencer.consensus.journal import Journal
from sequencer.consensus.journal import Record as JournalRecord
from sequencer.consensus.leaders import leader_of
from sequencer.consensus.messages import (
    BlockRequest,
    Blocks,
    Certificate,
    ConsensusMessage,
    FinalityProof,
    Proposal,
    SignedVote,
)
from sequencer.consensus.pacemaker import Timing
from sequencer.consensus.simplex import Simplex
from sequencer.consensus.verification import Verifier
from sequencer.crypto.hot_keys import HotKeys
from sequencer.errors import NotYet, PeerFault
from sequencer.l1.schedule import Schedule
from sequencer.node.catch_up import Chain
from sequencer.node.clock import Clock
from sequencer.node.edge import Edge
from sequencer.node.fetching import Fetching
from sequencer.node.handover import Farewell, replay, split_closing
from sequencer.node.history import History
from sequencer.node.transport import Transport
from sequencer.node.votes import VoteSigner
from sequencer.node.wire import encode_consensus
from sequencer.ordering.application import Application
from sequencer.ordering.turn import Turn, is_terminal
from sequencer.store.blocks import BlockStore
from sequencer.types import ZERO_HASH, Address, Committee, Epoch, Hash32, View

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Services:
    """What an instance uses of its node; the same for every epoch."""

    keys: HotKeys
    separator: Hash32
    journal: Journal
    votes: VoteSigner
    store: BlockStore
    archive: CertificateArchive
    committee_of: Callable[[Epoch], Committee | None]
    history: History
    fetching: Fetching
    application: Application
    transport: Transport
    clock: Clock
    schedule: Schedule
    timing: Timing
    before_build: Callable[[], None]
    """What peers have passed on is in the pool before a block is built from it."""
    before_proposal: Callable[[], None]
    """Peers have what is in a block before they have the block."""
    on_final: Callable[[tuple[Block, ...], FinalityProof], None]
    on_vote: Callable[[SignedVote, Committee], None]
    """A vote whose signature is good, this node's own too."""
    on_equivocation: Callable[[Equivocation, Committee], None]
    on_fault: Callable[[Exception], None]
    """Something in this process failed: stop the node."""


class Instance:
    """A committee's run from one block to the terminal one (EPOCH-1 to EPOCH-4)."""

    def __init__(
        self,
        services: Services,
        committee: Committee,
        start: Header,
        finalized: tuple[Header, Certificate | None] | None,
    ) -> None:
        self._services = services
        self.committee = committee
        self._seat = services.keys.seat(committee)
        self.me = None if self._seat is None else self._seat.member
        self.core = Simplex(committee, self.me, start, services.timing, finalized)
        self.is_over = False
        self._verifier = Verifier(services.separator, committee)
        self._edge = Edge(self.core, self._verifier, self._note)
        self._farewell = Farewell(services.store, start, services.timing.timeout_ms)
        self._inbox: deque[Input] = deque()
        self._is_draining = False
        self._timer: asyncio.TimerHandle | None = None
        self._deadline_ms = 0
        self._work_view: View | None = None
        self._has_work = False
        self._entered_view: View | None = None
        self._entered_ms = 0
        """When the view began here."""
        self._work_due_ms: int | None = None
        """When there will be work, if there is some to come."""
        self._ask_again_ms = 0
        self._chain = Chain(self.core, self._verifier, self.feed)

    @property
    def epoch_name(self) -> str:
        role = "observer" if self.me is None else f"member {self.me}"
        return f"epoch {self.committee.epoch} ({role} of {len(self.committee)})"

    @property
    def leader(self) -> Address:
        """The signer that leads the current view."""
        return self.committee.members[leader_of(self.committee, self.core.view)].signer

    def start(self, restored: Iterable[JournalRecord]) -> None:
        """Replay the journal's records of this epoch (JOURNAL-2), then take part."""
        for output in replay(self.core, restored, self._services.clock.now_ms()):
            if isinstance(output, Record):
                self._services.archive.keep(output.certificate)
            else:
                self._finalize(output)
            if self.is_over:
                return  # what is left in the journal is of closing blocks
        log.info("%s starts in view %d", self.epoch_name, self.core.view)
        self._services.fetching.follow(self._chain)
        self.feed(Start())

    def stop(self) -> None:
        self.is_over = True
        self._inbox.clear()
        self._services.fetching.pause()
        if self._timer is not None:
            self._timer.cancel()

    def on_work(self) -> None:
        """Something to order has come in."""
        if not self._has_work:
            self._check_work()
            self._drain()

    def is_news(self, proposal: Proposal) -> bool:
        """Whether it is not known, and of this view or the next one: its block is to be judged."""
        vote = proposal.notarize.vote
        is_near = vote.epoch == self.committee.epoch and 0 <= vote.view - self.core.view <= 1
        return is_near and not self.is_over and self.core.is_news(proposal)

    def on_message(self, peer: Address, message: ConsensusMessage) -> None:
        """A decoded message of a peer. Raises `PeerFault` for what its sender must not send."""
        self._edge.take(self, peer, message)

    # --- from peers ---

    def take_blocks(self, peer: Address, reply: Blocks) -> None:
        self._services.fetching.on_blocks(peer, reply)

    def say_farewell(self, peer: Address) -> None:
        """EPOCH-4."""
        ending = self._farewell.certificate(peer, self._services.clock.now_ms())
        if ending is not None:
            self._services.transport.send(peer, encode_consensus(ending))

    def confront(self, late: Certificate) -> None:
        """SIMPLEX-15."""
        committee = self._services.committee_of(late.vote.epoch)
        for found in self._services.archive.confront(late):
            assert committee is not None
            self._services.on_equivocation(found, committee)

    def answer_request(self, peer: Address, request: BlockRequest) -> None:
        now_ms = self._services.clock.now_ms()
        has_work = self._has_work or self._work_due_ms is not None
        is_busy = self.me is not None and has_work
        reply = self._services.history.answer(peer, request, self.core, is_busy, now_ms)
        self._services.transport.send(peer, encode_consensus(reply))

    # --- the core ---

    def feed(self, event: Input) -> None:
        self._inbox.append(event)
        self._drain()

    def _drain(self) -> None:
        if self._is_draining:
            return
        self._is_draining = True
        fault: PeerFault | None = None
        try:
            while self._inbox and not self.is_over:
                try:
                    outputs = self.core.handle(self._inbox.popleft(), self._services.clock.now_ms())
                except PeerFault as error:
                    fault = error
                    continue
                for output in outputs:
                    self._execute(output)
                if self.core.view != self._work_view:
                    self._check_work()  # a quorum of one never empties its inbox while it has work
        finally:
            self._is_draining = False
        self._set_timer()
        if fault is not None:
            raise fault

    def _check_work(self) -> None:
        """Tell the core when whether there is work has changed; what is to wait for company is none
        yet (BLOCK-10)."""
        now_ms = self._services.clock.now_ms()
        has_work = self._has_work
        if self.core.view != self._entered_view:
            self._entered_view, self._entered_ms = self.core.view, now_ms
            self._has_work = False  # the core has forgotten it
        self._work_due_ms = None
        parent = self.core.best_parent()
        if parent is not None:  # else nobody can tell: Δ runs if it ran before
            self._work_view = self.core.view
            pause_ms = self._services.application.pause_ms(
                self.committee.epoch, parent, self.core.pending(parent.hash), now_ms
            )
            due_ms = None if pause_ms is None else self._entered_ms + pause_ms
            has_work = due_ms is not None and due_ms <= now_ms
            self._work_due_ms = None if has_work else due_ms
        if has_work != self._has_work:
            self._has_work = has_work
            self._inbox.append(WorkChanged(has_work))

    def _set_timer(self) -> None:
        if self.is_over:
            return
        deadline_ms = self.core.deadline()
        if self._work_due_ms is not None:
            deadline_ms = min(deadline_ms, self._work_due_ms)
        if self._timer is not None:
            if deadline_ms == self._deadline_ms:
                return
            self._timer.cancel()
        self._deadline_ms = deadline_ms
        wait_ms = max(1, deadline_ms - self._services.clock.now_ms())
        self._timer = asyncio.get_running_loop().call_later(wait_ms / 1000, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        try:
            self._check_work()  # what is held back in the pool, or new on L1, may be due
            self.feed(Tick())
        except Exception as error:
            self._services.on_fault(error)

    # --- outputs ---

    def _execute(self, output: Output) -> None:
        match output:
            case CastVote():
                signed = self._sign(output)
                self._broadcast(signed)
            case Propose():
                self._services.before_proposal()
                signed = self._sign(output)
                self._broadcast(
                    Proposal(output.block, output.parent_certificate, output.nullifications, signed)
                )
            case Broadcast():
                self._broadcast(output.message)
            case Send():
                to = self.committee.members[output.member].signer
                self._services.transport.send(to, encode_consensus(output.message))
            case Build():
                self._build(output)
            case Verify():
                self._verify(output)
            case Finalized():
                self._finalize(output)
            case NeedBlocks():
                self._services.fetching.want(output.block)
            case Record():
                self._services.journal.append(output.certificate)
                self._services.archive.keep(output.certificate)
            case Equivocation():
                self._services.on_equivocation(output, self.committee)

    def _sign(self, output: CastVote | Propose) -> SignedVote:
        assert self._seat is not None
        signed = self._services.votes.sign(output.vote, self._seat, output.block)
        self._note(signed)
        self._inbox.append(Received(signed))
        return signed

    def _note(self, signed: SignedVote) -> None:
        self._services.on_vote(signed, self.committee)

    def _broadcast(self, message: ConsensusMessage) -> None:
        self._services.transport.broadcast(encode_consensus(message))

    def _turn(self, view: View) -> Turn:
        proposer = self.committee.members[leader_of(self.committee, view)].signer
        return Turn(self.committee.epoch, view, proposer)

    def _build(self, ask: Build) -> None:
        self._services.before_build()
        block = self._services.application.prepare(
            self._turn(ask.view), ask.parent, ask.pending, self._services.clock.now_ms()
        )
        self._inbox.append(Built(block))

    def _verify(self, ask: Verify) -> None:
        header = ask.block.header
        try:
            self._services.application.process(
                self._turn(header.view),
                ask.block,
                ask.parent,
                ask.pending,
                self._services.clock.now_ms(),
            )
            verdict = Verdict.ACCEPT
        except NotYet as reason:
            log.debug("block %d of view %d: not yet: %s", header.height, header.view, reason)
            verdict = Verdict.NOT_YET
        except PeerFault as reason:
            log.warning("block %d of view %d is refused: %s", header.height, header.view, reason)
            verdict = Verdict.REJECT
        self._inbox.append(Judged(header.view, header.hash, verdict))

    def _finalize(self, output: Finalized) -> None:
        """Hand on the blocks of the chain; closing blocks only prove the terminal one, and above it
        nothing is of the chain."""
        if self.is_over:
            return
        self._services.journal.sync()  # JOURNAL-8
        chain, proof = split_closing(output.blocks, output.proof, self._services.schedule)
        if chain:
            self._services.on_final(chain, proof)
        if is_terminal(self._services.schedule, output.blocks[-1].header):
            log.info("epoch %d ends", self.committee.epoch)
            for send in self.core.leave():
                self._execute(send)
            self.stop()

    def ask_for_final(self, peer: Address) -> None:
        """EPOCH-5: others are in a later epoch. Each of their votes says so; once in a Δ is enough,
        an answer is up to 1 MiB."""
        now_ms = self._services.clock.now_ms()
        if now_ms >= self._ask_again_ms:
            self._ask_again_ms = now_ms + self._services.timing.timeout_ms
            self._services.fetching.want(ZERO_HASH, peer)
