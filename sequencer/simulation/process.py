"""A node's process: it starts, runs the instance that is due, dies in the middle of things, and
starts again from its disk."""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random
from typing import Any, cast

from sequencer.blocks.header import Header
from sequencer.consensus.archive import CertificateArchive
from sequencer.consensus.events import (
    Finalized,
    Input,
    Start,
    Tick,
    WorkChanged,
)
from sequencer.consensus.fetcher import POLL_MS, Fetcher, Limits
from sequencer.consensus.journal import Record as JournalRecord
from sequencer.consensus.messages import (
    SignedVote,
)
from sequencer.consensus.pacemaker import Timing
from sequencer.consensus.simplex import Simplex
from sequencer.errors import PeerFault
from sequencer.l1.schedule import Schedule
from sequencer.l1.view import L1View
from sequencer.node import catch_up
from sequencer.node.attester import Attester
from sequencer.node.edge import Edge
from sequencer.node.epochs import Epochs, Finality
from sequencer.node.handover import Farewell, replay
from sequencer.node.instance import Services
from sequencer.node.ledger import Ledger
from sequencer.ordering.turn import has_to_close
from sequencer.simulation.application import Application
from sequencer.simulation.checks import Referee
from sequencer.simulation.disk import Disk
from sequencer.simulation.journals import SimJournal
from sequencer.simulation.keys import SimVerifier
from sequencer.simulation.l1 import SECOND_MS, SimL1, Timeline
from sequencer.simulation.network import Network
from sequencer.simulation.scheduler import Clock, Scheduler, Trace
from sequencer.store.blocks import BlockStore
from sequencer.types import Address, Committee, Epoch, Hash32, MemberIndex, View

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


class Crash(Exception):
    """The process ends here, in the middle of whatever it did."""


class Process:
    """Runs one epoch's core after another, with a journal and a store that outlive it. It is to
    `Epochs` what that starts (`node.epochs.Run`)."""

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
        self._incarnation = 0
        self._fuse: int | None = None
        self._inbox: deque[Input] = deque()
        self._wake_ms: int | None = None
        self._has_work = False
        self._work_view: View | None = None
        self._compact_above = COMPACT_ENTRIES
        self._carry_out: dict[type, Callable[[Any], None]] = {}

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
        self.epochs = Epochs[Process](
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
        except Crash:
            self.crash()
        if self.is_up and (self.epochs.instance is None or self.is_over):
            self._later(SECOND_MS, self._advance)

    def _make_instance(
        self, committee: Committee, start: Header, final: Finality | None
    ) -> "Process":
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
        self._work_view = None
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
                raise Crash

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
        except Crash:
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
        is_new = self.core.view != self._work_view
        if is_new:
            self._work_view, self._has_work = self.core.view, False
        has_work = self.application.has_work
        if self._setting.timeline.is_moving and not has_work and is_new:
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

    # What a node does with what comes of it

    def on_finalized(self, output: Finalized) -> None:
        raise NotImplementedError

    def _fetch(self) -> None:
        raise NotImplementedError
