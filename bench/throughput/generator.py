"""The load generator: `python -m bench.throughput.generator PLAN OUTCOME`.

It writes `ready` when it is connected, begins when it is told to by a line, and ends when all
requests have been answered. A process of its own, so that what it costs can be told from what it
measures: requests are put together by joining bytes, answers are read only if they hold an error.
"""

import asyncio
import base64
import os
import sys
import time
from binascii import hexlify
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import cast

import msgspec
import uvloop

from bench.throughput.finals import RECORD_BYTES
from bench.throughput.plan import MAX_WAITING, Outcome, Plan, Request
from bench.throughput.transactions import Chunk, read_chunk
from bench.throughput.wire import BadAnswer, HttpWire, WebSocketWire, Wire

TICK_SECONDS = 0.001
RETRY_SECONDS = 0.05
"""How long a connection rests after a refusal."""
ANSWER_SECONDS = 10.0


MAX_CHUNKS = 64
"""Files kept in memory: streams take groups side by side, and leave them behind."""


class Load:
    """The transactions of a plan, as requests ask for them."""

    def __init__(self, plan: Plan) -> None:
        self._pool = plan.pool
        self._write = _DIALECTS[plan.dialect]
        self._chunks: dict[int, Chunk] = {}

    def group(self, number: int) -> list[bytes]:
        """All transactions of a group."""
        pool, (which, at) = self._pool, divmod(number, self._pool.chunk_groups)
        if which not in self._chunks:
            if len(self._chunks) > MAX_CHUNKS:
                del self._chunks[min(self._chunks)]
            self._chunks[which] = read_chunk(pool.path(which))
        return self._chunks[which].part(at * pool.group, pool.group)

    def body(self, transactions: Sequence[bytes]) -> bytes:
        calls = [self._write(number, raw) for number, raw in enumerate(transactions)]
        return calls[0] if len(calls) == 1 else b"[%b]" % b",".join(calls)


def _ethereum(number: int, raw: bytes) -> bytes:
    return b'{"jsonrpc":"2.0","id":%d,"method":"eth_sendRawTransaction","params":["0x%b"]}' % (
        number,
        hexlify(raw),
    )


def _cometbft(number: int, raw: bytes) -> bytes:
    """What its kvstore takes is `key=value`, and neither may hold another `=`."""
    tx = base64.b64encode(hexlify(raw[-32:]) + b"=" + base64.b64encode(raw).rstrip(b"="))
    return b'{"jsonrpc":"2.0","id":%d,"method":"broadcast_tx_sync","params":{"tx":"%b"}}' % (
        number,
        tx,
    )


_DIALECTS = {"ethereum": _ethereum, "cometbft": _cometbft}


class Stream(asyncio.Protocol):
    """One connection, and the groups that go over it."""

    def __init__(self, generator: "Generator", number: int, wire: Wire) -> None:
        self._generator = generator
        self._plan = generator.plan
        self._number = number
        self._wire = wire
        self._node = self._plan.node_of(number)
        self._waiting: deque[tuple[Request, list[bytes], list[int]]] = deque()
        self._due: deque[int] = deque()
        self._turn = -1
        self._group: list[bytes] = []
        self._at = 0
        self._rests_until = 0.0
        self._transport: asyncio.WriteTransport | None = None

    @property
    def turns(self) -> int:
        """How many groups were begun."""
        return self._turn + 1

    @property
    def waiting(self) -> int:
        """Requests on their way."""
        return len(self._waiting)

    @property
    def not_sent(self) -> int:
        return len(self._due) * self._plan.batch

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none of asyncio's classes.
        self._transport = cast(asyncio.WriteTransport, transport)
        if opening := self._wire.opening():
            self._transport.write(opening)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._generator.lost(self._node)

    def data_received(self, data: bytes) -> None:
        try:
            answers = self._wire.feed(data)
        except BadAnswer as error:
            self._generator.fail(error)
            return
        for is_fine, body in answers:
            self._answered(is_fine, body)

    def offer(self, due_ns: int) -> None:
        """Send the next request as if it left when it was due; or keep it back."""
        if self.waiting < MAX_WAITING:
            self._send(due_ns)
        else:
            self._due.append(due_ns)

    def send_next(self) -> bool:
        """Without a rate: send a request, if one more may be on its way; whether it was."""
        may_send = (
            self._transport is not None
            and self.waiting < self._plan.depth
            and time.monotonic() >= self._rests_until
        )
        if may_send:
            self._send(time.monotonic_ns())
        return may_send

    def _send(self, due_ns: int) -> None:
        if self._transport is None:
            return
        plan, generator = self._plan, self._generator
        if self._at >= len(self._group):
            self._turn += 1
            try:
                self._group = generator.load.group(plan.group_of(self._number, self._turn))
            except FileNotFoundError as error:
                generator.fail(error)
                return
            self._at = 0
        first, self._at = self._at, self._at + plan.batch
        transactions = self._group[first : self._at]
        request = Request(
            plan.group_of(self._number, self._turn), first, len(transactions), self._node, due_ns
        )
        generator.requests.append(request)
        self._write(request, transactions, list(range(len(transactions))))

    def _write(self, request: Request, transactions: list[bytes], which: list[int]) -> None:
        if self._transport is None:
            return
        request.sent_ns = time.monotonic_ns()
        body = self._generator.load.body([transactions[i] for i in which])
        self._transport.write(self._wire.encode(body))
        self._waiting.append((request, transactions, which))
        self._generator.in_flight += len(which)

    def _answered(self, is_fine: bool, body: bytes) -> None:
        generator = self._generator
        request, transactions, which = self._waiting.popleft()
        request.answered_ns = time.monotonic_ns()
        refused = [] if is_fine and b'"error"' not in body else refused_in(body, which)
        generator.in_flight -= len(which)
        generator.accepted += len(which) - len(refused)
        request.refused = tuple(refused)
        if refused:
            generator.refused(len(refused), body)
        if self._due:
            self._send(self._due.popleft())
        if self._plan.rate is not None:
            return
        if refused and self._plan.resend:
            self._rests_until = time.monotonic() + RETRY_SECONDS
            generator.loop.call_later(RETRY_SECONDS, self._again, request, transactions, refused)
        else:
            generator.fill()

    def _again(self, request: Request, transactions: list[bytes], refused: list[int]) -> None:
        if self._generator.is_sending:
            self._write(request, transactions, refused)


def refused_in(body: bytes, which: list[int]) -> list[int]:
    """Which transactions an answer says are not taken; one that is known already was taken."""
    try:
        answers = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return which
    if isinstance(answers, dict):
        answers = [answers] if len(which) == 1 and "error" in answers else []
        if not answers:
            return which
    failed = {
        answer.get("id") or 0
        for answer in answers
        if "error" in answer and not is_known(str(answer["error"]))
    }
    return [index for number, index in enumerate(which) if number in failed]


def is_known(message: str) -> bool:
    """Whether an error says that the transaction is there already."""
    return "known" in message or "already" in message


class Generator:
    """All connections of a plan."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.load = Load(plan)
        self.loop = asyncio.get_running_loop()
        self.requests: list[Request] = []
        self.in_flight = self.accepted = self.refusals = 0
        self.is_sending = False
        self._first_refusal = ""
        self._final_before = self._count_final()
        self._final = 0
        self._streams: list[Stream] = []
        self._next = 0
        """Which of them has its turn."""
        self._failure: Exception | None = None

    async def connect(self) -> None:
        for number in range(self.plan.streams):
            node = self.plan.nodes[self.plan.node_of(number)]
            path, host = self.plan.paths[self.plan.rollup_of(number)], f"{node.host}:{node.port}"
            wire = (WebSocketWire if self.plan.protocol == "websocket" else HttpWire)(host, path)
            stream = Stream(self, number, wire)
            # mypy has no type for a lambda with a default.
            await self.loop.create_connection(lambda stream=stream: stream, node.host, node.port)  # type: ignore[misc]
            self._streams.append(stream)
        await asyncio.sleep(0.1)  # for a WebSocket to open
        self.check()

    async def run(self) -> Outcome:
        cpu, started = time.process_time(), time.monotonic_ns()
        self.is_sending = True
        await (self._saturate() if self.plan.rate is None else self._offer(self.plan.rate, started))
        self.is_sending = False
        ended = time.monotonic_ns()
        await self._answers()
        return Outcome(
            started_ns=started,
            ended_ns=ended,
            cpu_seconds=time.process_time() - cpu,
            requests=self.requests,
            refusals=self.refusals,
            first_refusal=self._first_refusal,
            not_sent=sum(stream.not_sent for stream in self._streams),
            groups_used=max(stream.turns for stream in self._streams) * self.plan.streams,
        )

    async def _answers(self) -> None:
        """Of what is on its way."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while time.monotonic() < deadline:
            self.check()
            if not self.in_flight:
                return
            await asyncio.sleep(TICK_SECONDS)

    async def _offer(self, rate: float, started_ns: int) -> None:
        interval_ns = self.plan.batch / rate * 1e9
        total = int(self.plan.seconds * 1e9 / interval_ns)
        sent = 0
        while sent < total:
            due = min(total, int((time.monotonic_ns() - started_ns) / interval_ns) + 1)
            for number in range(sent, due):
                stream = self._streams[number % len(self._streams)]
                stream.offer(started_ns + int(number * interval_ns))
            sent = due
            next_seconds = (started_ns + sent * interval_ns - time.monotonic_ns()) / 1e9
            await asyncio.sleep(max(TICK_SECONDS, next_seconds))
            self.check()

    async def _saturate(self) -> None:
        end = time.monotonic() + self.plan.seconds
        while time.monotonic() < end:
            self._final = self._count_final() - self._final_before
            self.fill()
            await asyncio.sleep(TICK_SECONDS)
            self.check()

    def fill(self) -> None:
        """Send as long as there is room, each connection in its turn: else the first ones would
        send everything."""
        idle = 0
        while self.is_sending and idle < len(self._streams) and self.has_room():
            idle = 0 if self._streams[self._next].send_next() else idle + 1
            self._next = (self._next + 1) % len(self._streams)

    def has_room(self) -> bool:
        """Whether so few transactions are not final that more may be sent."""
        window = self.plan.window
        return window is None or self.in_flight + self.accepted - self._final < window

    def refused(self, count: int, body: bytes) -> None:
        self.refusals += count
        if not self._first_refusal:
            self._first_refusal = body[body.find(b'"error"') :][:200].decode("ascii", "replace")

    def lost(self, node: int) -> None:
        if self.is_sending:
            self.fail(BadAnswer(f"node {node} closed a connection"))

    def fail(self, error: Exception) -> None:
        self._failure = self._failure or error
        self.is_sending = False

    def check(self) -> None:
        """Raises what went wrong on a connection."""
        if self._failure is not None:
            raise self._failure

    def _count_final(self) -> int:
        """Of the node that has the fewest."""
        sizes = [os.stat(path).st_size for path in self.plan.finals]
        return min(sizes, default=0) // RECORD_BYTES


async def carry_out(plan: Plan) -> Outcome:
    """Connect, say so, wait for the word, and do it."""
    generator = Generator(plan)
    await generator.connect()
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    return await generator.run()


def main(plan: Path, outcome: Path) -> None:
    told = msgspec.msgpack.decode(plan.read_bytes(), type=Plan)
    outcome.write_bytes(msgspec.msgpack.encode(uvloop.run(carry_out(told))))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
