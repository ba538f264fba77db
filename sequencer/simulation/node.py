"""One node: the contract the runtime keeps with the core, on simulated wires and disk."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any, cast

from sequencer.blocks.header import Block
from sequencer.consensus.budget import Budget
from sequencer.consensus.events import (
    Broadcast,
    Build,
    Built,
    CastVote,
    Finalized,
    Input,
    Judged,
    NeedBlocks,
    Propose,
    Received,
    Record,
    Restored,
    Send,
    Start,
    Tick,
    Verify,
    WorkChanged,
)
from sequencer.consensus.evidence import Equivocation
from sequencer.consensus.fetcher import POLL_MS, Ask, Fetcher, Limits
from sequencer.consensus.messages import (
    BlockRequest,
    Blocks,
    Certificate,
    ConsensusMessage,
    Proposal,
    SignedVote,
    Vote,
)
from sequencer.consensus.pacemaker import Timing
from sequencer.consensus.simplex import Simplex
from sequencer.errors import PeerFault
from sequencer.node import catch_up, history
from sequencer.simulation.application import Application, make_block
from sequencer.simulation.checks import Referee
from sequencer.simulation.disk import Disk
from sequencer.simulation.keys import SimVerifier
from sequencer.simulation.network import Network
from sequencer.simulation.scheduler import Scheduler, Trace
from sequencer.store.blocks import BlockStore
from sequencer.types import Committee, Hash32, MemberIndex

COMPACT_ENTRIES = 30
FETCHER_LIMITS = Limits(requests=6, answers=8, stride=4)
"""Small, so that short chains are fetched in pieces."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What all nodes of a schedule share."""

    committee: Committee
    timing: Timing
    verifier: SimVerifier
    scheduler: Scheduler
    network: Network
    referee: Referee
    trace: Trace
    random: Random
    faces: dict[MemberIndex, tuple[int, ...]]
    """Positions of the members that have more than one."""


class _Crash(Exception):
    """The process ends here, in the middle of whatever it did."""


class Node:
    """A member, or an observer with `member` None, at a position in the network."""

    is_honest = True

    def __init__(
        self,
        setting: Setting,
        position: int,
        member: MemberIndex | None,
        disk: Disk,
        application: Application,
    ) -> None:
        self.position = position
        self.member = member
        self.disk = disk
        self.is_up = False
        self.application = application
        self._setting = setting
        self._budget: Budget[int] = Budget()
        self._incarnation = 0
        self._fuse: int | None = None
        self._inbox: deque[Input] = deque()
        self._wake_ms: int | None = None
        self._compact_above = COMPACT_ENTRIES
        self._carry_out: dict[type, Callable[[Any], None]] = {
            CastVote: self.on_cast,
            Propose: self.on_propose,
            Broadcast: lambda o: self.broadcast(o.message),
            Send: lambda o: self.send_to_member(o.member, o.message),
            Build: self.on_build,
            Verify: self.on_verify,
            Finalized: self.on_finalized,
            NeedBlocks: lambda o: self.request_blocks(o.block),
            Record: lambda o: self.disk.append(o.certificate),
            Equivocation: lambda o: setting.referee.on_evidence(self.position, o),
        }
        setting.network.attach(self.on_message)

    @property
    def now_ms(self) -> int:
        return self._setting.scheduler.now_ms

    # Life and death

    def boot(self) -> None:
        """JOURNAL-2: replay, then take part."""
        self._setting.trace.note(f"{self.now_ms} {self.position} starts")
        self._incarnation += 1
        self.is_up = True
        self._wake_ms = None
        self.fetcher: Fetcher[int] = Fetcher(FETCHER_LIMITS)
        start = self.disk.start
        self.core = Simplex(
            self._setting.committee, self.member, start, self._setting.timing, self.disk.finalized()
        )
        self._chain = catch_up.Chain(self.core, self._setting.verifier, self.feed)
        for entry in tuple(self.disk.journal):
            for output in self.core.handle(Restored(entry), self.now_ms):
                if isinstance(output, Finalized):
                    self.on_finalized(output)
        self.feed(Start())
        if self.application.has_work:
            self.feed(WorkChanged(has_work=True))

    def crash_after(self, steps: int) -> None:
        """End the process that many steps of output processing from now."""
        if self.is_up:
            self._fuse = steps

    def spare(self) -> None:
        """Whatever was to kill it does not."""
        self._fuse = None

    def crash(self) -> None:
        self._setting.trace.note(f"{self.now_ms} {self.position} crashes")
        self.is_up = False
        self._fuse = None
        self._inbox.clear()
        self.disk.crash(self._setting.random)

    def _step(self) -> None:
        if self._fuse is not None:
            self._fuse -= 1
            if self._fuse < 0:
                raise _Crash

    # Inputs

    def feed(self, event: Input) -> None:
        """One input, and all that follows from it at once: what an output causes (an own vote, a
        block that was built) comes after the outputs before it. Raises `PeerFault`."""
        if not self.is_up:
            return
        view = self.core.view
        self._inbox.append(event)
        fault: PeerFault | None = None
        try:
            while self._inbox:
                try:
                    outputs = self.core.handle(self._inbox.popleft(), self.now_ms)
                except PeerFault as error:
                    fault = error
                    continue
                for output in outputs:
                    self._step()
                    self._carry_out[type(output)](output)
        except _Crash:
            self.crash()
            return
        if isinstance(event, Tick):
            self._setting.referee.after_tick(self.position, self.core, view, self.now_ms)
        self._compact()
        self._set_alarm()
        if fault is not None:
            raise fault

    def _compact(self) -> None:
        """JOURNAL-5; only here, where no own vote is on its way back to the core."""
        if self.is_honest and len(self.disk.journal) > self._compact_above:
            self.disk.compact(self.core.live_records())
            self._compact_above = len(self.disk.journal) + COMPACT_ENTRIES

    def feed_later(self, event: Input, delay_ms: int) -> None:
        """For answers that take time: they are lost if the node crashes before."""
        incarnation = self._incarnation

        def arrive() -> None:
            if self._incarnation == incarnation:
                self.feed(event)

        self._setting.scheduler.after(delay_ms, arrive)

    def _set_alarm(self) -> None:
        due_ms = max(self._due_ms(), self.now_ms + 1)
        if self._wake_ms is not None and self._wake_ms <= due_ms:
            return
        self._wake_ms = due_ms
        incarnation = self._incarnation

        def ring() -> None:
            if self._incarnation != incarnation or self._wake_ms != due_ms or not self.is_up:
                return
            self._wake_ms = None
            if self.fetcher.is_busy(self._chain.root) and self._poll_ms() <= self.now_ms:
                self._fetch()
            if self.core.deadline() <= self.now_ms:
                self.feed(Tick())
            else:
                self._set_alarm()

        self._setting.scheduler.at(due_ms, ring)

    def _due_ms(self) -> int:
        due_ms = self.core.deadline()
        return min(due_ms, self._poll_ms()) if self.fetcher.is_busy(self._chain.root) else due_ms

    def _poll_ms(self) -> int:
        return self.fetcher.polled_ms + POLL_MS

    def on_message(self, sender: int, message: ConsensusMessage) -> None:
        """The edge: drop what is no news, check the rest, answer requests."""
        if not self.is_up:
            return
        try:
            if isinstance(message, BlockRequest):
                self.answer_request(sender, message)
            elif isinstance(message, Blocks):
                self._on_blocks(sender, message)
            elif not self.core.is_news(message):
                return
            elif isinstance(message, Proposal):
                self._on_proposal(message)
            else:
                self._check(message)
                self.feed(Received(message))
        except PeerFault as fault:
            self._setting.referee.on_fault(self.position, sender, fault)

    def _on_blocks(self, sender: int, reply: Blocks) -> None:
        """As `node.fetching`, but everything at once."""
        self.fetcher.on_answer(sender, reply, self._chain.root, self.now_ms)
        catch_up.apply_wanted(self.fetcher, self._chain, sender, reply, self.now_ms)
        self._fetch()
        self._set_alarm()

    def _fetch(self) -> None:
        """Apply the answers whose turn it is, and ask for more."""
        blame = partial(self._setting.referee.on_fault, self.position)
        while self.is_up and catch_up.apply_next(self.fetcher, self._chain, blame, self.now_ms):
            pass
        if self.is_up:
            self._post_all(self.fetcher.poll(self._chain.root, self.now_ms))

    def _post_all(self, asks: list[Ask[int]]) -> None:
        for ask in asks:
            self.post(ask.peer, ask.request)

    def _on_proposal(self, proposal: Proposal) -> None:
        self._check(proposal.notarize)
        for certificate in (proposal.parent_certificate, *proposal.nullifications):
            if certificate is not None and self.core.is_news(certificate):
                self._check(certificate)
        self.feed(Received(proposal))

    def _check(self, message: SignedVote | Certificate) -> None:
        if isinstance(message, SignedVote):
            self._setting.verifier.check_vote(message)
        else:
            self._setting.verifier.check_certificate(message)

    # Outputs

    def on_cast(self, output: CastVote) -> None:
        signed = self.sign_and_keep(output.vote, output.block)
        self.broadcast(signed)

    def on_propose(self, output: Propose) -> None:
        signed = self.sign_and_keep(output.vote, output.block)
        self.broadcast(
            Proposal(output.block, output.parent_certificate, output.nullifications, signed)
        )

    def sign_and_keep(self, vote: Vote, block: Block | None) -> SignedVote:
        """JOURNAL-1, with a chance to crash at each point in between."""
        assert self.member is not None
        signed = self._setting.verifier.sign(vote, self.member)
        if block is not None:
            self.disk.append(block)
        self.disk.append(signed)
        self._step()
        self.disk.sync()
        if self.is_honest:
            self._setting.referee.on_signed(self.position, signed)
        self._step()
        self._inbox.append(Received(signed))
        return signed

    def on_build(self, output: Build) -> None:
        self._setting.referee.on_pending(self.disk.tip, output.parent, output.pending)
        assert self.member is not None
        block = make_block(
            self._setting.committee, self.member, output.view, output.parent, self.now_ms
        )
        self._answer(Built(block))

    def on_verify(self, output: Verify) -> None:
        self._setting.referee.on_pending(self.disk.tip, output.parent, output.pending)
        verdict = self.application.judge(output.block, output.parent, self.now_ms)
        header = output.block.header
        self._answer(Judged(header.view, header.hash, verdict))

    def _answer(self, event: Input) -> None:
        delay_ms = self.application.latency_ms()
        if delay_ms:
            self.feed_later(event, delay_ms)
        else:
            self._inbox.append(event)

    def on_finalized(self, output: Finalized) -> None:
        if self.is_honest:
            self._setting.referee.on_finalized(self.position, self.disk.tip, output)
        self.disk.store(output)

    def request_blocks(self, block_hash: Hash32) -> None:
        """SIMPLEX-13."""
        self.fetcher.set_peers(p for p in self._setting.network.positions() if p != self.position)
        self._post_all(self.fetcher.want(block_hash, self._chain.root, self.now_ms))

    def answer_request(self, sender: int, request: BlockRequest) -> None:
        """CATCHUP-6."""
        if not self._budget.admits(sender, is_busy=False, now_ms=self.now_ms):
            self.post(sender, history.nothing(request, self.disk.tip.height))
            return
        reply = self.find_blocks(request)
        if reply is not None:
            self._budget.spend(sender, sum(len(block.payload) for block in reply.blocks))
            self.post(sender, reply)

    def find_blocks(self, request: BlockRequest) -> Blocks | None:
        store = cast(BlockStore, self.disk)
        return history.answer(request, store, self.core, self.disk.tip.height)

    # Wires

    def broadcast(self, message: SignedVote | Certificate | Proposal) -> None:
        if self.is_honest:
            self._setting.referee.on_broadcast(self.member, self.disk, message)
        for peer in self._setting.network.positions():
            if peer != self.position:
                self._step()
                self.post(peer, message)

    def send_to_member(self, member: MemberIndex, message: Certificate) -> None:
        for peer in self._setting.faces.get(member, (member,)):
            self.post(peer, message)

    def post(self, peer: int, message: ConsensusMessage, hold_ms: int = 0) -> None:
        self._setting.network.send(self.position, peer, message, hold_ms)
