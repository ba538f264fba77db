"""What one load did to a network, from what the generator and the nodes wrote down."""

from array import array
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from bench.throughput.figures import distribution, rate_between
from bench.throughput.plan import Outcome, Plan, Request
from bench.throughput.transactions import read_chunk

WARM_PART = 0.25
"""Of a load, during which rates are not yet counted."""

Accepted = dict[bytes, tuple[int, int]]
"""By id: the node that took a transaction, and when it was due."""


class Finals(NamedTuple):
    """What became final on one node during a load; times are monotonic ns. Of a long load that is
    millions: only those that the node was sent itself are kept one by one."""

    times: "array[int]"
    own: dict[bytes, int]
    accepted: int
    """Of all that was accepted anywhere."""


def finals_of(node: int, accepted: Accepted, records: Iterable[tuple[bytes, int]]) -> Finals:
    """From what a node wrote down."""
    times, own, count = array("Q"), {}, 0
    for tx, time_ns in records:
        times.append(time_ns)
        if (taken := accepted.get(tx)) is not None:
            count += 1
            if taken[0] == node:
                own[tx] = time_ns
    return Finals(times, own, count)


@dataclass(frozen=True, slots=True)
class Run:
    """What one load did. Times are monotonic ns."""

    plan: Plan
    outcome: Outcome
    accepted: Accepted
    finals: dict[int, Finals]
    """For each node that counts."""
    cpu: dict[str, float]
    """Seconds of each process, from before the load until all was final."""
    rss_mb: dict[str, float]

    def final_tx_s(self) -> float:
        """Final transactions a second at the slowest node: after the warm-up, or all of them up to
        the last; the latter says more where finality takes as long as the load."""
        start, end = self.outcome.started_ns, self.outcome.ended_ns
        warm = start + int((end - start) * WARM_PART)

        def rate(times: Collection[int]) -> float:
            last = max(times, default=end) + 1
            return max(rate_between(times, warm, end), rate_between(times, start, max(end, last)))

        return min(rate(finals.times) for finals in self.finals.values())

    def latencies_ms(self) -> list[float]:
        """From when a transaction should have left to finality at the node that was sent it,
        for those that left after the warm-up."""
        start, end = self.outcome.started_ns, self.outcome.ended_ns
        start += int((end - start) * WARM_PART)
        return [
            (final_ns - due_ns) / 1e6
            for finals in self.finals.values()
            for tx, final_ns in finals.own.items()
            if (due_ns := self.accepted[tx][1]) >= start
        ]

    def figures(self) -> dict[str, Any]:
        """Everything that a report may show of this run."""
        final = min(finals.accepted for finals in self.finals.values())
        answers = [
            (request.answered_ns - request.sent_ns) / 1e6
            for request in self.outcome.requests
            if request.answered_ns
        ]
        latency = distribution(self.latencies_ms())
        used = {name: seconds / max(1, final) * 1e6 for name, seconds in self.cpu.items()}
        return {
            "offered_tx_s": self.plan.rate,
            "accepted": len(self.accepted),
            "final": final,
            "refusals": self.outcome.refusals,
            "first_refusal": self.outcome.first_refusal,
            "not_sent": self.outcome.not_sent,
            "final_tx_s": round(self.final_tx_s()),
            "finality_ms": latency,
            "answer_ms": distribution(answers),
            "cpu_us_per_tx": {name: round(us, 1) for name, us in used.items()},
            "cpu_us_per_tx_all": round(sum(used.values()), 1),
            "rss_mb": {name: round(mb) for name, mb in self.rss_mb.items()},
        }


def accepted_of(plan: Plan, outcome: Outcome, targets: Sequence[int]) -> Accepted:
    """By id, what the nodes with these indices have accepted: at which, and when it was due."""
    pool = plan.pool
    accepted: Accepted = {}
    by_chunk: dict[int, list[Request]] = {}
    for request in outcome.requests:
        by_chunk.setdefault(request.group // pool.chunk_groups, []).append(request)
    for number, requests in by_chunk.items():
        chunk = read_chunk(pool.path(number))
        for request in requests:
            if not request.answered_ns:
                continue
            base = request.group % pool.chunk_groups * pool.group + request.first
            for index in set(range(request.count)) - set(request.refused):
                accepted[chunk.id(base + index)] = targets[request.node], request.due_ns
    return accepted
