"""What a run showed, in numbers."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from sequencer.simulation.wan.member import Birth
from sequencer.simulation.wan.regions import MS
from sequencer.simulation.wan.run import Run, Setup
from sequencer.simulation.wan.wires import KINDS

TRANSACTIONS = 2_000
"""How many are followed from their arrival to their finality."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Of many times, in ms."""

    median: float
    p95: float


@dataclass(frozen=True, slots=True)
class Share:
    """Of one kind of message: what a node sends for each final block, on average."""

    kind: str
    messages: float
    octets: float


@dataclass(frozen=True, slots=True)
class Report:
    setup: Setup
    finality: Spread
    """From the leader's start of building to the finality of the block, at each node."""
    transaction: Spread
    """From a transaction's arrival at a node to its finality at that node."""
    block_ms: float
    """From one block's start to the next one's, on average; nullified views between count."""
    lost_views: float
    """Share of the views that were nullified."""
    sent: tuple[Share, ...]
    received_messages: float
    received_octets: float
    """By a node for each final block, on average."""
    cpu_ms: float
    """Of a node's processor for each final block, on average."""
    cpu_share: float
    """Of the time, at the busiest node."""
    trace: str


def report(run: Run) -> Report:
    setup = run.setup
    heights = list(run.measured())
    chain = run.chain()
    alive = run.alive
    finality = [(m.final_ns[h] - chain[h].at_ns) / MS for h in heights for m in alive]
    first, last = chain[heights[0]], chain[heights[-1]]
    each = setup.blocks * len(alive)
    received = [run.wires.received[m.position] for m in alive]
    return Report(
        setup=setup,
        finality=spread(finality),
        transaction=spread(follow_transactions(run, chain)),
        block_ms=(last.at_ns - first.at_ns) / MS / (len(heights) - 1),
        lost_views=1 - (len(heights) - 1) / (last.view - first.view),
        sent=tuple(
            Share(
                name,
                sum(run.wires.sent[m.position].messages[kind] for m in alive) / each,
                sum(run.wires.sent[m.position].octets[kind] for m in alive) / each,
            )
            for kind, name in enumerate(KINDS)
        ),
        received_messages=sum(sum(t.messages) for t in received) / each,
        received_octets=sum(sum(t.octets) for t in received) / each,
        cpu_ms=sum(m.busy_ns for m in alive) / MS / each,
        cpu_share=max(m.busy_ns for m in alive) / (run.end_ns - run.warm_ns),
        trace=run.trace.digest(),
    )


def follow_transactions(run: Run, chain: dict[int, Birth]) -> list[float]:
    """In ms. A transaction comes to a node at some time and is passed on to everybody; the first
    block that a leader who has it begins takes it in."""
    random = Random(run.setup.seed)
    heights = list(run.measured())
    starts = [chain[height].at_ns for height in heights]
    took = []
    for _ in range(TRANSACTIONS):
        member = random.choice(run.alive)
        came_ns = random.randrange(starts[0], starts[-1])
        for height in heights[bisect_left(starts, came_ns) :]:
            birth = chain[height]
            if birth.at_ns >= came_ns + run.wires.one_way_ns(member.position, birth.leader):
                took.append((member.final_ns[height] - came_ns) / MS)
                break
    return took


def spread(values: Sequence[float]) -> Spread:
    ordered = sorted(values)
    return Spread(ordered[len(ordered) // 2], ordered[len(ordered) * 95 // 100])
