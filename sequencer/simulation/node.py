"""One node: the contract the runtime keeps with the core, on simulated wires and disk."""

from functools import partial
from typing import cast

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
    Send,
    Verify,
)
from sequencer.consensus.evidence import Equivocation
from sequencer.consensus.fetcher import Ask
from sequencer.consensus.journal import BlockRecord
from sequencer.consensus.messages import (
    BlockRequest,
    Blocks,
    Certificate,
    ConsensusMessage,
    Proposal,
    SignedVote,
    Vote,
)
from sequencer.errors import PeerFault
from sequencer.node import catch_up, history
from sequencer.node.handover import split_closing
from sequencer.ordering.turn import Turn, is_terminal
from sequencer.simulation.application import Application
from sequencer.simulation.disk import Disk
from sequencer.simulation.l1 import SimL1
from sequencer.simulation.process import Process, Setting
from sequencer.simulation.scheduler import Clock
from sequencer.store.blocks import BlockStore
from sequencer.types import ZERO_HASH, Hash32, MemberIndex, View


class Node(Process):
    """A signing key at a position in the network: a member in some epochs, else an observer."""

    def __init__(
        self,
        setting: Setting,
        position: int,
        disk: Disk,
        application: Application,
        clock: Clock,
        l1: SimL1,
    ) -> None:
        super().__init__(setting, position, disk, application, clock, l1)
        self._budget: Budget[int] = Budget()
        self._carry_out = {
            CastVote: self.on_cast,
            Propose: self.on_propose,
            Broadcast: lambda o: self.broadcast(o.message),
            Send: lambda o: self.send_to_member(o.member, o.message),
            Build: self.on_build,
            Verify: self.on_verify,
            Finalized: self.on_finalized,
            NeedBlocks: lambda o: self.request_blocks(o.block),
            Record: self.on_record,
            Equivocation: lambda o: setting.referee.on_evidence(self.position, o),
        }
        setting.network.attach(self.on_message)

    def on_message(self, sender: int, message: ConsensusMessage) -> None:
        """The edge: drop what is no news, check the rest, answer requests."""
        if not self.is_up or self.epochs.instance is None:
            return
        try:
            self.edge.take(self, sender, message)
        except PeerFault as fault:
            self._setting.referee.on_fault(self.position, sender, fault)

    def say_farewell(self, peer: int) -> None:
        """EPOCH-4."""
        ending = self.farewell.certificate(peer, self.now_ms)
        if ending is not None:
            self.post(peer, ending)

    def confront(self, late: Certificate) -> None:
        """SIMPLEX-15."""
        for found in self.archive.confront(late):
            self._setting.referee.on_evidence(self.position, found)

    def ask_for_final(self, peer: int) -> None:
        """Others are in a later epoch (EPOCH-5)."""
        if self.now_ms >= self._ask_again_ms:
            self._ask_again_ms = self.now_ms + self._setting.timing.timeout_ms
            self.request_blocks(ZERO_HASH, prefer=peer)

    def take_blocks(self, peer: int, reply: Blocks) -> None:
        """As `node.fetching`, but everything at once."""
        self.fetcher.on_answer(peer, reply, self._chain.root, self.now_ms)
        catch_up.apply_wanted(self.fetcher, self._chain, peer, reply, self.now_ms)
        self._fetch()
        if self.is_running:
            self._set_alarm()

    def _fetch(self) -> None:
        """Apply the answers whose turn it is, and ask for more."""
        blame = partial(self._setting.referee.on_fault, self.position)
        while self.is_running and catch_up.apply_next(
            self.fetcher, self._chain, blame, self.now_ms
        ):
            pass
        if self.is_running:
            self._post_all(self.fetcher.poll(self._chain.root, self.now_ms))

    def _post_all(self, asks: list[Ask[int]]) -> None:
        for ask in asks:
            self.post(ask.peer, ask.request)

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
        signed = self.verifier.sign(vote, self.member)
        if block is not None:
            self.disk.journal.append(BlockRecord(block))
        self.disk.journal.append(signed)
        self._step()
        self.disk.journal.sync()
        if self.disk.journal.is_synced:
            self._durable.add(signed)
        if self.is_honest:
            self._setting.referee.on_signed(self.position, signed)
            parent = self.core.tree.header(block.header.parent_hash) if block else None
            if block is not None and parent is not None:
                self._setting.referee.on_notarized(self.position, block, parent)
        self._step()
        self._inbox.append(Received(signed))
        return signed

    def turn(self, view: View) -> Turn:
        return Turn(self.committee.epoch, view, self.address)

    def on_record(self, output: Record) -> None:
        self.disk.journal.append(output.certificate)
        self.archive.keep(output.certificate)

    def on_build(self, output: Build) -> None:
        self._setting.referee.on_pending(self.core.tree.root, output.parent, output.pending)
        block = self.application.prepare(self.turn(output.view), output.parent, self.now_ms)
        self._answer(Built(block))

    def on_verify(self, output: Verify) -> None:
        self._setting.referee.on_pending(self.core.tree.root, output.parent, output.pending)
        verdict = self.application.judge(self.committee, output.block, output.parent, self.now_ms)
        header = output.block.header
        self._answer(Judged(header.view, header.hash, verdict))

    def _answer(self, event: Input) -> None:
        delay_ms = self.application.latency_ms()
        if delay_ms:
            self.feed_later(event, delay_ms)
        else:
            self._inbox.append(event)

    def on_finalized(self, output: Finalized) -> None:
        """EPOCH-4: the chain goes to the store; with its terminal block the instance ends."""
        if self.is_over:
            return
        self._step()
        self.disk.journal.sync()  # JOURNAL-8
        schedule = self._l1.schedule
        chain, proof = split_closing(output.blocks, output.proof, schedule)
        if self.is_honest:
            self._setting.referee.on_finalized(self.position, self.disk.tip, output, chain, proof)
        self.disk.store(chain, proof)
        if is_terminal(schedule, output.blocks[-1].header):
            for send in self.core.leave():
                self.send_to_member(send.member, send.message)
            self.end_epoch()

    def end_epoch(self) -> None:
        self._note(f"ends epoch {self.committee.epoch}")
        self.is_over = True
        self._later(0, self._advance)

    def request_blocks(self, block_hash: Hash32, prefer: int | None = None) -> None:
        """SIMPLEX-13."""
        self.fetcher.set_peers(p for p in self._setting.network.positions() if p != self.position)
        self._post_all(self.fetcher.want(block_hash, self._chain.root, self.now_ms, prefer))

    def answer_request(self, peer: int, request: BlockRequest) -> None:
        """CATCHUP-6."""
        if not self._budget.admits(peer, is_busy=False, now_ms=self.now_ms):
            self.post(peer, history.nothing(request, self.disk.tip.height))
            return
        reply = self.find_blocks(request)
        if reply is not None:
            self._budget.spend(peer, sum(block.content_bytes for block in reply.blocks))
            self.post(peer, reply)

    def find_blocks(self, request: BlockRequest) -> Blocks | None:
        store = cast(BlockStore, self.disk)
        return history.answer(request, store, self.core, self.disk.tip.height)

    # Wires

    def broadcast(self, message: SignedVote | Certificate | Proposal) -> None:
        self.show_referee(message)
        for peer in self._setting.network.positions():
            if peer != self.position:
                self._step()
                self.post(peer, message)

    def show_referee(self, message: SignedVote | Certificate | Proposal) -> None:
        if self.is_honest:
            self._setting.referee.on_broadcast(self.position, self.member, self._durable, message)

    def send_to_member(self, member: MemberIndex, message: Certificate) -> None:
        address = self.committee.members[member].signer
        for peer, other in enumerate(self._setting.addresses):
            if other == address:
                self.post(peer, message)

    def post(self, peer: int, message: ConsensusMessage, hold_ms: int = 0) -> None:
        self._setting.network.send(self.position, peer, message, hold_ms)
