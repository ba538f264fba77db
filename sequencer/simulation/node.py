"""One node: the contract the runtime keeps with the core, on simulated wires and disk."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any, cast

from sequencer.blocks.header import Block, Header
from sequencer.consensus.archive import CertificateArchive
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
    Start,
    Tick,
    Verify,
    WorkChanged,
)
from sequencer.consensus.evidence import Equivocation
from sequencer.consensus.fetcher import POLL_MS, Ask, Fetcher, Limits
from sequencer.consensus.journal import BlockRecord
from sequencer.consensus.journal import Record as JournalRecord
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
from sequencer.l1.schedule import Schedule
from sequencer.l1.view import L1View
from sequencer.node import catch_up, history
from sequencer.node.attester import Attester
from sequencer.node.edge import Edge
from sequencer.node.epochs import Epochs, Finality
from sequencer.node.handover import Farewell, replay, split_closing
from sequencer.node.instance import Services
from sequencer.node.ledger import Ledger
from sequencer.ordering.turn import Turn, has_to_close, is_terminal
from sequencer.simulation.application import Application
from sequencer.simulation.checks import Referee
from sequencer.simulation.disk import Disk
from sequencer.simulation.journals import SimJournal
from sequencer.simulation.keys import SimVerifier
from sequencer.simulation.l1 import SECOND_MS, SimL1, Timeline
from sequencer.simulation.network import Network
from sequencer.simulation.scheduler import Clock, Scheduler, Trace
from sequencer.store.blocks import BlockStore
from sequencer.types import ZERO_HASH, Address, Committee, Epoch, Hash32, MemberIndex, View

COMPACT_ENTRIES = 30
FETCHER_LIMITS = Limits(requests=6, answers=8, stride=4)
"""Small, so that short chains are fetched in pieces."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What all nodes of a schedule share."""

    timeline: Timeline
    timing: Timing
    verifiers: dict[Epoch, SimVerifier]
    scheduler: Scheduler
    network: Network
    referee: Referee
    trace: Trace
    random: Random
    separator: Hash32
    addresses: tuple[Address, ...]
    """By position; twins have one between them."""


@dataclass(frozen=True, slots=True)
class _Services:
    """What of a node's services the hand-over uses."""

    journal: SimJournal
    store: Disk
    schedule: Schedule
    separator: Hash32


class _NoBatches:
    """The attester of a node that cuts no batches; a node may crash where it is asked."""

    def __init__(self, step: Callable[[], None]) -> None:
        self._step = step

    def records(self) -> tuple[JournalRecord, ...]:
        self._step()
        return ()

    def start_epoch(self, _committee: Committee) -> None:
        self._step()

    def attest_waiting(self, _ledger: Ledger) -> None:
        pass

    def restore_pool(self, _ledger: Ledger) -> None:
        pass


class _Crash(Exception):
    """The process ends here, in the middle of whatever it did."""


class Node:
    """A signing key at a position in the network: a member in some epochs, an observer in others.
    It is to `Epochs` what it starts (`node.epochs.Run`)."""

    is_honest = True
    core: Simplex
    committee: Committee
    verifier: SimVerifier
    member: MemberIndex | None

    def __init__(
        self,
        setting: Setting,
        position: int,
        disk: Disk,
        application: Application,
        clock: Clock,
        l1: SimL1,
    ) -> None:
        self.position = position
        self.address = setting.addresses[position]
        self.disk = disk
        self.archive = CertificateArchive(disk.certificates, setting.verifiers.get)
        self.is_up = False
        self.is_over = False
        self.application = application
        self._clock = clock
        self._l1 = l1
        self._setting = setting
        self._budget: Budget[int] = Budget()
        self._incarnation = 0
        self._fuse: int | None = None
        self._inbox: deque[Input] = deque()
        self._wake_ms: int | None = None
        self._has_work = False
        self._work_view: View | None = None
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
            Record: self.on_record,
            Equivocation: lambda o: setting.referee.on_evidence(self.position, o),
        }
        setting.network.attach(self.on_message)

    @property
    def now_ms(self) -> int:
        return self._clock.now_ms

    @property
    def is_running(self) -> bool:
        """Whether there is an instance that takes inputs."""
        return self.is_up and not self.is_over and self.epochs.instance is not None

    def _note(self, what: str) -> None:
        self._setting.trace.note(f"{self._setting.scheduler.now_ms} {self.position} {what}")

    # Life and death

    def boot(self) -> None:
        """Open the journal and the store, and start the instance that is due."""
        self._note("starts")
        self._incarnation += 1
        self.is_up = True
        self._wake_ms = None
        self._ask_again_ms = 0
        self.fetcher: Fetcher[int] = Fetcher(FETCHER_LIMITS)
        self._durable: set[SignedVote] = set()
        services = _Services(
            self.disk.journal, self.disk, self._l1.schedule, self._setting.separator
        )
        self.epochs = Epochs[Node](
            cast(Services, services),
            cast(Ledger, self.disk),
            cast(Attester, _NoBatches(self._step)),
            cast(L1View, self._l1),
            self._make_instance,
        )
        self._advance()

    def _advance(self) -> None:
        """Start the next instance; again when L1 has gone on, if it is not there yet."""
        try:
            self.epochs.advance()
        except _Crash:
            self.crash()
        if self.is_up and (self.epochs.instance is None or self.is_over):
            self._later(SECOND_MS, self._advance)

    def _make_instance(self, committee: Committee, start: Header, final: Finality | None) -> "Node":
        self._note(f"is in epoch {committee.epoch} from block {start.height}")
        self.committee = committee
        self.member = committee.index_of(self.address)
        self.verifier = self._setting.verifiers[committee.epoch]
        self.core = Simplex(committee, self.member, start, self._setting.timing, final)
        self._chain = catch_up.Chain(self.core, self.verifier, self.feed)
        self.edge = self.make_edge()
        self.farewell = Farewell(
            cast(BlockStore, self.disk), start, self._setting.timing.timeout_ms
        )
        self.is_over = False
        self._has_work = False
        return self

    def make_edge(self) -> Edge:
        return Edge(self.core, self.verifier)

    def start(self, restored: Iterable[JournalRecord]) -> None:
        """JOURNAL-2: replay, then take part."""
        records = list(restored)
        self._durable.update(record for record in records if isinstance(record, SignedVote))
        for output in replay(self.core, records, self.now_ms):
            if isinstance(output, Finalized):
                self.on_finalized(output)
            else:
                self.archive.keep(output.certificate)
            if self.is_over:
                return
        self.feed(Start())

    def crash_after(self, steps: int) -> None:
        """End the process that many steps of output processing from now."""
        if self.is_up:
            self._fuse = steps

    def spare(self) -> None:
        """Whatever was to kill it does not."""
        self._fuse = None

    def crash(self) -> None:
        self._note("crashes")
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
        if not self.is_running:
            return
        view = self.core.view
        self._inbox.append(event)
        try:
            fault = self._drain()
            self._compact()
        except _Crash:
            self.crash()
            return
        if self.is_honest and not self.is_over:
            self._setting.referee.after_input(self.position, self.core)
        if isinstance(event, Tick) and not self.is_over:
            self._setting.referee.after_tick(self.position, self.core, view, self.now_ms)
        self._set_alarm()
        if fault is not None:
            raise fault

    def _drain(self) -> PeerFault | None:
        fault: PeerFault | None = None
        while self._inbox and not self.is_over:
            try:
                outputs = self.core.handle(self._inbox.popleft(), self.now_ms)
            except PeerFault as error:
                fault = error
                continue
            for output in outputs:
                self._step()
                self._carry_out[type(output)](output)
            self._check_work()
        if self.is_over:
            self._inbox.clear()
        return fault

    def _compact(self) -> None:
        """JOURNAL-5; only here, where no own vote is on its way back to the core."""
        if self.is_honest and len(self.disk.journal) > self._compact_above:
            self.epochs.compact(above_bytes=0)
            self._compact_above = len(self.disk.journal) + COMPACT_ENTRIES

    def on_work(self) -> None:
        """Whether there is something to order has changed."""
        if self.is_running:
            self._has_work = self.application.has_work
            self.feed(WorkChanged(self._has_work))

    def _check_work(self) -> None:
        """Tell the core when whether there is work has changed; closing an epoch is work."""
        has_work = self.application.has_work
        if self._setting.timeline.is_moving and not has_work and self.core.view != self._work_view:
            self._work_view = self.core.view
            parent = self.core.best_parent()
            if parent is None:
                return
            has_work = has_to_close(self._l1.schedule, self.committee.epoch, parent)
        if has_work != self._has_work:
            self._has_work = has_work
            self._inbox.append(WorkChanged(has_work))

    def feed_later(self, event: Input, delay_ms: int) -> None:
        """For answers that take time: they are lost if the node crashes before."""
        core = self.core
        self._later(delay_ms, lambda: self.feed(event) if self.core is core else None)

    def _later(self, delay_ms: int, action: Callable[[], None]) -> None:
        """Unless the node crashes before."""
        incarnation = self._incarnation

        def arrive() -> None:
            if self._incarnation == incarnation and self.is_up:
                action()

        self._setting.scheduler.after(delay_ms, arrive)

    def _set_alarm(self) -> None:
        if self.is_over:
            self._wake_ms = None
            return
        scheduler = self._setting.scheduler
        due_ms = max(self._clock.when(self._due_ms()), scheduler.now_ms + 1)
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

        scheduler.at(due_ms, ring)

    def _due_ms(self) -> int:
        due_ms = self.core.deadline()
        return min(due_ms, self._poll_ms()) if self.fetcher.is_busy(self._chain.root) else due_ms

    def _poll_ms(self) -> int:
        return self.fetcher.polled_ms + POLL_MS

    def on_message(self, sender: int, message: ConsensusMessage) -> None:
        """The edge: drop what is no news, check the rest, answer requests."""
        if not self.is_up or self.epochs.instance is None:
            return
        try:
            if isinstance(message, BlockRequest):
                self.answer_request(sender, message)
            elif self.is_over:
                return
            elif isinstance(message, Blocks):
                self._on_blocks(sender, message)
            elif not isinstance(message, Proposal) and self.edge.is_ahead(message):
                self._ask_for_final(sender)
            elif self.edge.is_late_call(message):
                ending = self.farewell.certificate(sender, self.now_ms)
                if ending is not None:
                    self.post(sender, ending)
            elif self.edge.is_settled(message):
                self._confront(message)
            else:
                admitted = self.edge.admit(message)
                if admitted is not None:
                    self.feed(admitted)
        except PeerFault as fault:
            self._setting.referee.on_fault(self.position, sender, fault)

    def _confront(self, late: ConsensusMessage) -> None:
        """SIMPLEX-15."""
        assert isinstance(late, Certificate)
        for found in self.archive.confront(late):
            self._setting.referee.on_evidence(self.position, found)

    def _ask_for_final(self, sender: int) -> None:
        """Others are in a later epoch (EPOCH-4)."""
        if self.now_ms >= self._ask_again_ms:
            self._ask_again_ms = self.now_ms + self._setting.timing.timeout_ms
            self.request_blocks(ZERO_HASH, prefer=sender)

    def _on_blocks(self, sender: int, reply: Blocks) -> None:
        """As `node.fetching`, but everything at once."""
        self.fetcher.on_answer(sender, reply, self._chain.root, self.now_ms)
        catch_up.apply_wanted(self.fetcher, self._chain, sender, reply, self.now_ms)
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
        schedule = self._l1.schedule
        chain, proof = split_closing(output.blocks, output.proof, schedule)
        if self.is_honest:
            self._setting.referee.on_finalized(self.position, self.disk.tip, output, chain, proof)
        self.disk.store(chain, proof)
        if is_terminal(schedule, output.blocks[-1].header):
            self.end_epoch()

    def end_epoch(self) -> None:
        self._note(f"ends epoch {self.committee.epoch}")
        self.is_over = True
        self._later(0, self._advance)

    def request_blocks(self, block_hash: Hash32, prefer: int | None = None) -> None:
        """SIMPLEX-13."""
        self.fetcher.set_peers(p for p in self._setting.network.positions() if p != self.position)
        self._post_all(self.fetcher.want(block_hash, self._chain.root, self.now_ms, prefer))

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
