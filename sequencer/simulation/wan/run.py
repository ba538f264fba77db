"""One run: a committee across the world orders blocks until enough are final everywhere."""

from dataclasses import dataclass, field
from random import Random

from sequencer.blocks.header import genesis
from sequencer.consensus.pacemaker import Timing
from sequencer.simulation.checks import Referee
from sequencer.simulation.disk import Disk
from sequencer.simulation.journals import MemoryJournal
from sequencer.simulation.keys import SEPARATOR, SimVerifier, make_committee
from sequencer.simulation.l1 import one_epoch
from sequencer.simulation.process import Setting
from sequencer.simulation.scheduler import Scheduler, Trace
from sequencer.simulation.wan.costs import Costs
from sequencer.simulation.wan.member import Birth, Member
from sequencer.simulation.wan.regions import MS, measured_world
from sequencer.simulation.wan.wires import Wires
from sequencer.types import Hash32

STARTS_WITHIN_MS = 50
MAX_SECONDS = 600
"""Of simulated time; no run of an honest quorum takes as long."""


@dataclass(frozen=True, slots=True)
class Setup:
    nodes: int
    payload: int = 16 << 10
    """Bytes in each block."""
    blocks: int = 30
    """How many are measured, after `warm_up` others."""
    warm_up: int = 5
    seed: int = 1
    bits_per_second: int = 1_000_000_000
    """Of a node's link, each way."""
    timing: Timing = field(default_factory=Timing)
    costs: Costs = field(default_factory=Costs)
    silent: frozenset[int] = frozenset()
    """Nodes that are down from the start."""
    lost: frozenset[int] = frozenset()
    """Nodes that go down once the warm-up is final."""


class Run:
    """The nodes and what they did; everything of it follows from the setup."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.random = Random(setup.seed)
        self.trace = Trace()
        self._scheduler = Scheduler()
        self.wires = Wires(
            measured_world(),
            setup.nodes,
            setup.bits_per_second,
            self._scheduler,
            self.random,
            self.trace,
        )
        self.wires.down |= setup.silent
        self.members = self._populate()
        self.last_height = setup.warm_up + setup.blocks
        self.warm_ns = 0
        """When the warm-up was final everywhere."""
        self.end_ns = 0
        """When the last measured block was."""

    def _populate(self) -> list[Member]:
        setup = self.setup
        committee = make_committee([1] * setup.nodes)
        honest = frozenset(range(setup.nodes))
        timeline = one_epoch(committee)
        verifiers = {committee.epoch: SimVerifier(committee)}
        addresses = tuple(member.signer for member in committee.members)
        self.referee = Referee(honest, False, self.trace, addresses, verifiers, timeline.schedule)
        setting = Setting(
            timeline=timeline,
            timing=setup.timing,
            verifiers=verifiers,
            scheduler=self._scheduler,
            network=self.wires,
            referee=self.referee,
            trace=self.trace,
            random=self.random,
            separator=SEPARATOR,
            addresses=addresses,
        )
        content = self.random.randbytes(setup.payload)
        return [
            Member(
                setting,
                position,
                Disk(genesis(SEPARATOR), MemoryJournal()),
                self.wires,
                setup.costs,
                content,
            )
            for position in range(setup.nodes)
        ]

    @property
    def alive(self) -> list[Member]:
        return [m for m in self.members if m.position not in self.wires.down]

    def go(self) -> "Run":
        """Raises `RuntimeError` if the nodes break a rule or do not get there."""
        for member in self.alive:
            start_ns = self.random.randrange(STARTS_WITHIN_MS * MS)
            self.wires.alarm(member.position, start_ns)
        self.warm_ns = self._until(self.setup.warm_up)
        self._forget()
        for position in self.setup.lost:
            self.wires.down.add(position)
            self.members[position].is_up = False
        self.end_ns = self._until(self.last_height)
        return self

    def _until(self, height: int) -> int:
        """Until every living node has it as final; when that was."""
        waiting = {m.position for m in self.alive if m.disk.tip.height < height}
        now_ns = 0
        while waiting:
            event = self.wires.next_event()
            if event is None or event[0] > MAX_SECONDS * 1_000 * MS or self.referee.violations:
                lacking = f"height {height} is not final at {len(waiting)} nodes"
                raise RuntimeError(f"{lacking}: {self.referee.violations}")
            now_ns, _, position, sender, parcel = event
            if position in self.wires.down:
                continue
            member = self.members[position]
            if parcel is None:
                member.on_alarm(now_ns)
            else:
                member.on_parcel(sender, parcel, self.wires.arrive(position, parcel, now_ns))
            if position in waiting and member.disk.tip.height >= height:
                waiting.discard(position)
        return now_ns

    def _forget(self) -> None:
        """What was counted so far."""
        self.wires.forget_traffic()
        for member in self.members:
            member.busy_ns = 0

    # What came of it

    def measured(self) -> range:
        """The heights that are measured."""
        return range(self.setup.warm_up + 1, self.last_height + 1)

    def chain(self) -> dict[int, Birth]:
        """By height: how the final blocks came to be."""
        births: dict[Hash32, Birth] = {}
        for member in self.members:
            births |= member.births
        return {height: births[found] for height, found in self.referee.chain.items()}
