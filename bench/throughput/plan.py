"""What a load generator is told to do, and what it says afterwards. Both go through files."""

import msgspec

from bench.throughput.transactions import Pool

MAX_WAITING = 64
"""Requests on their way over one connection."""
_BATCHES = (100, 50, 25, 20, 10, 5, 4, 2, 1)
_REQUESTS_PER_SECOND = 20


def batch_for(rate: float, streams: int) -> int:
    """Calls in a request at a rate: as many as let each connection send a few times a second."""
    most = rate / streams / _REQUESTS_PER_SECOND
    return next((size for size in _BATCHES if size <= most), 1)


class Node(msgspec.Struct, frozen=True):
    """Where one node listens."""

    host: str
    port: int


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Requests of `batch` calls over `connections` to each node for each rollup, for `seconds`.

    With a `rate` (transactions a second) requests leave when they are due, whatever has been
    answered. Without, each connection has up to `depth` requests on their way, and as long as more
    than `window` transactions are accepted and not final, none leave.
    """

    nodes: tuple[Node, ...]
    paths: tuple[str, ...]
    """One for each rollup."""
    pool: Pool
    first_group: int
    seconds: float
    protocol: str = "http"
    """Or `websocket`."""
    dialect: str = "ethereum"
    """Or `cometbft`."""
    batch: int = 100
    connections: int = 1
    rate: float | None = None
    depth: int = 2
    window: int | None = None
    resend: bool = True
    """Offer again what was refused, a little later. Only without a rate."""
    finals: tuple[str, ...] = ()
    """Files to which nodes add 16 bytes for each final transaction."""

    @property
    def streams(self) -> int:
        """Connections in all."""
        return len(self.nodes) * len(self.paths) * self.connections

    def rollup_of(self, stream: int) -> int:
        return stream % len(self.paths)

    def node_of(self, stream: int) -> int:
        return stream // len(self.paths) % len(self.nodes)

    def group_of(self, stream: int, turn: int) -> int:
        """The group that is the `turn`-th of a connection. They are of the rollup of the connection
        if the first group of all is of the first rollup."""
        return self.first_group + turn * self.streams + stream

    def groups_for(self, transactions: float) -> int:
        """How many groups at most are needed for so many transactions, evenly over connections."""
        each = -(-int(transactions) // (self.streams * self.pool.group))
        return (each + 1) * self.streams


class Request(msgspec.Struct, array_like=True):
    """A request and its end. Times are monotonic ns; `due` is when it should have left."""

    group: int
    first: int
    """Of its transactions within the group."""
    count: int
    node: int
    due_ns: int
    sent_ns: int = 0
    answered_ns: int = 0
    refused: tuple[int, ...] = ()
    """Which of its transactions were not accepted."""


class Outcome(msgspec.Struct, frozen=True):
    """What became of a plan. `cpu_seconds` are the generator's own."""

    started_ns: int
    ended_ns: int
    cpu_seconds: float
    requests: list[Request]
    refusals: int
    """Transactions refused, each time they were."""
    first_refusal: str
    not_sent: int
    """Transactions that were due when too many requests were on their way."""
    groups_used: int
    """From the first group on."""
