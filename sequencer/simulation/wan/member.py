"""A node whose work takes time: one processor that does one thing after another."""

from collections.abc import Callable
from dataclasses import dataclass

from sequencer.blocks.header import Block
from sequencer.consensus.events import (
    Build,
    Built,
    Finalized,
    Input,
    Tick,
    Verify,
)
from sequencer.consensus.messages import (
    Certificate,
    ConsensusMessage,
    Proposal,
    SignedVote,
    Vote,
)
from sequencer.consensus.simplex import Simplex
from sequencer.consensus.verification import Verifier
from sequencer.node.edge import Edge
from sequencer.ordering.origins import origin_of
from sequencer.simulation.application import Application, Temper, make_block
from sequencer.simulation.disk import Disk
from sequencer.simulation.l1 import SimL1
from sequencer.simulation.node import Node
from sequencer.simulation.process import Setting
from sequencer.simulation.scheduler import Clock
from sequencer.simulation.wan.costs import Costs
from sequencer.simulation.wan.regions import MS
from sequencer.simulation.wan.wires import Parcel, Wires, pack
from sequencer.types import Hash32, View


@dataclass(frozen=True, slots=True)
class Birth:
    """When a leader began to build a block, and for which view."""

    at_ns: int
    view: View
    leader: int


class _BusyEdge(Edge):
    """Tells how many signatures it checks."""

    def __init__(
        self, core: Simplex, verifier: Verifier, on_signatures: Callable[[int], None]
    ) -> None:
        super().__init__(core, verifier)
        self._on_signatures = on_signatures

    def check(self, message: SignedVote | Certificate) -> None:
        self._on_signatures(
            len(message.signatures) // 64 if isinstance(message, Certificate) else 1
        )
        super().check(message)


class Member(Node):
    """Inputs wait in line for the processor in order of arrival. Since what a node does depends
    on nothing but its inputs and their order, each is handled when it arrives, at the time when
    the processor will get to it; that may be after the time of the event."""

    def __init__(
        self,
        setting: Setting,
        position: int,
        disk: Disk,
        wires: Wires,
        costs: Costs,
        content: bytes,
    ) -> None:
        l1 = SimL1(setting.timeline, setting.scheduler, lag_ms=0)
        application = Application(l1, setting.random, Temper())
        application.has_work = True
        clock = Clock(setting.scheduler)
        super().__init__(setting, position, disk, application, clock, l1)
        self.free_ns = 0
        """When the processor has done all it was given."""
        self.busy_ns = 0
        """How long it has worked, without waiting for the disk."""
        self.births: dict[Hash32, Birth] = {}
        """Of the blocks that this node built."""
        self.final_ns: dict[int, int] = {}
        """When a height became final here."""
        self._wires = wires
        self._costs = costs
        self._content = content
        self._peers = [p for p in range(len(setting.addresses)) if p != position]

    @property
    def now_ms(self) -> int:
        return self.free_ns // MS

    # Events

    def on_parcel(self, sender: int, parcel: Parcel, ready_ns: int) -> None:
        self.free_ns = max(self.free_ns, ready_ns)
        self._work(self._costs.receive_us)
        self.on_message(sender, parcel.message)

    def on_alarm(self, now_ns: int) -> None:
        """The first one starts the node."""
        self.free_ns = max(self.free_ns, now_ns)
        if not self.is_up:
            self.boot()
        elif self._wake_ms is not None and self._wake_ms * MS <= now_ns:
            self._wake_ms = None
            if self.core.deadline() <= self.now_ms:
                self.feed(Tick())
            else:
                self._set_alarm()

    def _set_alarm(self) -> None:
        due_ms = max(self.core.deadline(), self.now_ms + 1)
        if self._wake_ms is None or due_ms < self._wake_ms:
            self._wake_ms = due_ms
            self._wires.alarm(self.position, due_ms * MS)

    # Work

    def _work(self, cost_us: float) -> None:
        cost_ns = round(1_000 * cost_us)
        self.busy_ns += cost_ns
        self.free_ns += cost_ns

    def feed(self, event: Input) -> None:
        self._work(self._costs.handle_us)
        super().feed(event)

    def make_edge(self) -> Edge:
        return _BusyEdge(self.core, self.verifier, self._work_on_signatures)

    def _work_on_signatures(self, count: int) -> None:
        self._work(self._costs.verify_us * count)

    def sign_and_keep(self, vote: Vote, block: Block | None) -> SignedVote:
        self._work(self._costs.sign_us)
        self.free_ns += round(1_000 * self._costs.sync_us)
        return super().sign_and_keep(vote, block)

    def on_build(self, output: Build) -> None:
        born_ns = self.free_ns
        self._setting.referee.on_pending(self.disk.tip, output.parent, output.pending)
        parent = output.parent
        turn = self.turn(output.view)
        block = make_block(turn, parent, origin_of(parent), self.now_ms, self._content)
        self._work(self._costs.build_us_per_kib * block.content_bytes / 1024)
        self.births[block.header.hash] = Birth(born_ns, output.view, self.position)
        self._answer(Built(block))

    def on_verify(self, output: Verify) -> None:
        self._work(self._costs.judge_us_per_kib * output.block.content_bytes / 1024)
        super().on_verify(output)

    def on_finalized(self, output: Finalized) -> None:
        self.free_ns += round(1_000 * self._costs.sync_us)
        super().on_finalized(output)
        for block in output.blocks:
            self.final_ns[block.header.height] = self.free_ns

    # Wires

    def broadcast(self, message: SignedVote | Certificate | Proposal) -> None:
        self.show_referee(message)
        parcel = pack(message)
        for peer in self._peers:
            self._send(peer, parcel)

    def post(self, peer: int, message: ConsensusMessage, hold_ms: int = 0) -> None:
        assert hold_ms == 0
        self._send(peer, pack(message))

    def _send(self, peer: int, parcel: Parcel) -> None:
        self._work(self._costs.send_us)
        self._wires.put(self.position, peer, parcel, self.free_ns)
