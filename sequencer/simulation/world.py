"""One schedule from its first to its last event, and what came of it."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import TypeVar

import msgspec

from sequencer.blocks.header import Header, genesis
from sequencer.simulation.application import Application, Temper
from sequencer.simulation.attackers import Twin
from sequencer.simulation.checks import Referee
from sequencer.simulation.disk import Disk
from sequencer.simulation.journals import FileJournal, MemoryJournal
from sequencer.simulation.keys import FIRST_EPOCH, HASH_KEYS, Keys, SimVerifier
from sequencer.simulation.l1 import SimL1
from sequencer.simulation.network import Conditions, Network
from sequencer.simulation.node import Node
from sequencer.simulation.process import Setting
from sequencer.simulation.scenario import Scenario
from sequencer.simulation.scheduler import Clock, Scheduler, Trace
from sequencer.simulation.timeline import make_timeline
from sequencer.types import Address, Epoch

CHAOS_EVENTS = 3_000
MAX_EVENTS = 40_000
"""More deliveries than any calm needs: a storm."""
GOAL_BLOCKS = 3
OVERRUN_MS = 10_000
"""How long after a fork's halves meet there must be evidence."""
PATIENCE_MS = 120_000
"""How long after the calm every honest node has to finalize that many more blocks."""


@dataclass(frozen=True, slots=True)
class Outcome:
    seed: int
    trace: str
    violations: tuple[str, ...]
    is_stuck: bool
    height: int
    events: int
    recovery_ms: int
    """From the calm to the goal."""


_QUICK_DISK = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108
"""What syncing takes is no part of a schedule."""
_T = TypeVar("_T")


class World:
    def __init__(
        self,
        scenario: Scenario,
        chaos_events: int = CHAOS_EVENTS,
        tell: Callable[[str], None] | None = None,
        keys: Keys = HASH_KEYS,
    ) -> None:
        """Calm falls after `chaos_events` deliveries even if the chaos was meant to last longer.
        `tell` is given a line for each event."""
        self.scenario = scenario
        self._keys = keys
        self._chaos_events = chaos_events
        self.random = Random(scenario.seed)
        self.scheduler = Scheduler()
        self.trace = Trace(tell)
        self.network = Network(self.scheduler, self.random, self.trace)
        self.network.is_encoding = scenario.is_encoding
        self.timeline = make_timeline(scenario, keys)
        self.committee = self.timeline.committees[FIRST_EPOCH]
        self.verifiers = {e: SimVerifier(c, keys) for e, c in self.timeline.committees.items()}
        self._addresses = self._seat_addresses()
        self.referee = Referee(
            self._honest_positions(),
            scenario.is_overrun,
            self.trace,
            self._addresses,
            self.verifiers,
            self.timeline.schedule,
        )
        self._folder = TemporaryDirectory(dir=_QUICK_DISK) if scenario.is_on_disk else None
        self._temper = Temper(**{f: getattr(scenario.temper, f) for f in Temper.__slots__})
        self._is_calm = False
        self.nodes: list[Node] = []
        self._populate()
        self.honest = [node for node in self.nodes if node.is_honest]

    def _start(self) -> Header:
        """Genesis, or the last block of an epoch before this one."""
        start = genesis(self._keys.separator)
        if not self.scenario.is_later_epoch:
            return start
        return msgspec.structs.replace(start, height=100, view=77)

    def _keyholders(self) -> int:
        """Positions that have a key of their own: first the members of the first epoch."""
        return len(self.scenario.weights) + self.scenario.observers

    def _seat_addresses(self) -> tuple[Address, ...]:
        """Of every position; behind the others come the second faces of the twins."""
        twins = [at for at, kind in self.scenario.attackers if kind is Twin]
        return tuple(self._keys.address(at) for at in (*range(self._keyholders()), *twins))

    def _honest_positions(self) -> frozenset[int]:
        taken = {at for at, _ in self.scenario.attackers}
        return frozenset(range(self._keyholders())) - taken

    def _populate(self) -> None:
        scenario, addresses = self.scenario, self._addresses
        setting = Setting(
            timeline=self.timeline,
            timing=scenario.timing,
            verifiers=self.verifiers,
            scheduler=self.scheduler,
            network=self.network,
            referee=self.referee,
            trace=self.trace,
            random=self.random,
            separator=self._keys.separator,
            addresses=addresses,
        )
        kinds = dict(scenario.attackers)
        for position, address in enumerate(addresses):
            kind = kinds.get(addresses.index(address), Node)
            lag_ms = _at(scenario.l1_lags_ms, position, 0)
            l1 = SimL1(self.timeline, self.scheduler, lag_ms)
            clock = Clock(self.scheduler, *_at(scenario.clocks, position, (0, 100)))
            application = Application(l1, self.random, self._temper)
            self.nodes.append(
                kind(setting, position, self._make_disk(position), application, clock, l1)
            )
        self._faces = {
            addresses.index(address): (addresses.index(address), position)
            for position, address in enumerate(addresses)
            if position >= self._keyholders()
        }
        self._sever()

    def _make_disk(self, position: int) -> Disk:
        if self._folder is None:
            return Disk(self._start(), MemoryJournal())
        path = Path(self._folder.name) / str(position)
        journal = FileJournal(path, self._keys.separator, self._addresses[position])
        return Disk(self._start(), journal)

    def _sever(self) -> None:
        """Each face talks to its own half."""
        faces = self._faces
        others = [p for p in range(len(self.nodes)) if not isinstance(self.nodes[p], Twin)]
        half = set(self.random.sample(others, len(others) // 2))
        self._halves = frozenset(
            (a, b) for a in others for b in others if (a in half) != (b in half)
        )
        first = {pair[0] for pair in faces.values()}
        second = {pair[1] for pair in faces.values()}
        mine, theirs = half | first, (set(others) - half) | second
        masked = first | second
        self.network.severed = frozenset(
            link
            for a in mine
            for b in theirs
            for link in ((a, b), (b, a))
            if a in masked or b in masked
        )

    # The schedule

    def run(self) -> Outcome:
        try:
            return self._run()
        finally:
            self._close()

    def _close(self) -> None:
        for node in self.nodes:
            node.disk.journal.close()
        if self._folder is not None:
            self._folder.cleanup()

    def _run(self) -> Outcome:
        try:
            return self._play()
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            self.referee.blame(f"{error!r} in {where.name}, line {where.lineno}")
            return self._outcome(self.scheduler.now_ms, is_stuck=False)

    def _play(self) -> Outcome:
        scenario, scheduler = self.scenario, self.scheduler
        for node in self.nodes:
            scheduler.at(self.random.choice((0, 0, 50)), partial(self._revive, node))
        for at_ms, conditions in scenario.weather:
            scheduler.at(at_ms, partial(self._set_conditions, conditions))
        if scenario.is_overrun:
            self.network.conditions = Conditions(cuts=self._halves)
            scheduler.at(1, partial(self._set_conditions, self.network.conditions))
        for outage in scenario.outages:
            if outage.position >= len(self.nodes):
                continue
            node = self.nodes[outage.position]
            scheduler.at(outage.at_ms, partial(self._doom, node, outage.steps))
            scheduler.at(outage.at_ms + outage.down_ms + 1, partial(self._revive, node))
        self._schedule_work()
        while scheduler.now_ms < scenario.chaos_ms and self.trace.events < self._chaos_events:
            if not scheduler.step():
                break
        return self._calm_down()

    def _calm_down(self) -> Outcome:
        calm_ms = self.scheduler.now_ms
        last_event = self.trace.events + MAX_EVENTS
        self._is_calm = True
        self.network.conditions = self.scenario.calm
        self._temper.hesitation = self._temper.refusal = 0.0
        for node in self.nodes:
            node.spare()
            self.scheduler.after(100, partial(self._revive, node))
        if self.scenario.is_overrun:
            return self._await_evidence(calm_ms)
        if self.timeline.is_moving:
            self._rest()
        goal = max(node.disk.tip.height for node in self.honest) + GOAL_BLOCKS
        epoch = self._next_epoch()
        waiting = list(self.honest)
        while waiting and not self.referee.violations:
            if not self.scheduler.step() or self.scheduler.now_ms > calm_ms + PATIENCE_MS:
                break
            if self.trace.events > last_event:
                self.referee.blame(f"{MAX_EVENTS} messages and no end")
            waiting = [
                node
                for node in waiting
                if node.disk.tip.height < goal or node.disk.tip.epoch < epoch
            ]
        return self._outcome(calm_ms, is_stuck=bool(waiting))

    def _next_epoch(self) -> Epoch:
        """One boundary further than anybody has come, if there is one."""
        reached = max(node.disk.tip.epoch for node in self.honest)
        later = [epoch for epoch in self.timeline.committees if epoch > max(reached, FIRST_EPOCH)]
        return min(later, default=FIRST_EPOCH)

    def _await_evidence(self, calm_ms: int) -> Outcome:
        """Until there is enough of it, or should have been."""
        referee = self.referee
        while self.scheduler.now_ms < calm_ms + OVERRUN_MS and self.trace.events < MAX_EVENTS:
            self.scheduler.step()
            is_forked = bool(referee.forks) or self.scheduler.now_ms < calm_ms + OVERRUN_MS // 4
            if not is_forked or (referee.forks and referee.has_evidence(self.committee)):
                break
        self.referee.after_overrun(self.committee)
        return self._outcome(calm_ms, is_stuck=False)

    def _outcome(self, calm_ms: int, is_stuck: bool) -> Outcome:
        return Outcome(
            seed=self.scenario.seed,
            trace=self.trace.digest(),
            violations=tuple(self.referee.violations),
            is_stuck=is_stuck and not self.referee.violations,
            height=max(node.disk.tip.height for node in self.honest),
            events=self.trace.events,
            recovery_ms=self.scheduler.now_ms - calm_ms,
        )

    def _set_conditions(self, conditions: Conditions) -> None:
        if not self._is_calm:
            self.network.conditions = conditions
            if self._faces and not self.scenario.is_overrun:
                self._sever()

    def _doom(self, node: Node, steps: int) -> None:
        if not self._is_calm:
            node.crash_after(steps)

    def _revive(self, node: Node) -> None:
        if not node.is_up:
            node.boot()

    def _schedule_work(self) -> None:
        if self.scenario.load == "busy":
            for node in self.nodes:
                node.application.has_work = True
            return
        if self.scenario.load == "bursts":
            self._burst()

    def _rest(self) -> None:
        """No more work: it is a long way to the next epoch."""
        for node in self.nodes:
            node.application.has_work = False
            node.on_work()

    def _burst(self) -> None:
        """Work arrives at some nodes, and leaves again."""
        if self._is_calm and self.timeline.is_moving:
            return
        for node in self.nodes:
            has_work = self.random.random() < 0.5
            if node.application.has_work != has_work:
                node.application.has_work = has_work
                node.on_work()
        self.scheduler.after(self.random.randint(20, 700), self._burst)


def _at(values: tuple[_T, ...], position: int, default: _T) -> _T:
    return values[position] if position < len(values) else default
