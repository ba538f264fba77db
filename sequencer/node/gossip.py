"""Passing transactions on (POOL-5), and counting what peers must not send (NET-4)."""

import asyncio
from collections import deque
from collections.abc import Callable

from sequencer.node.wire import MAX_GOSSIPED, GossipedTransaction, encode_transactions
from sequencer.types import Address

MAX_FLUSH_BYTES = 1 << 20
PAUSE_SECONDS_EACH = 0.002
MAX_PAUSE_SECONDS = 0.1
FAULTS_ALLOWED = 10
FAULT_WINDOW_MS = 60_000


class TransactionGossip:
    """Sends what was accepted in one turn of the event loop in as few messages as fit, and no more
    for a while after many: peers check signatures together, which is cheaper the more there
    are (POOL-5)."""

    def __init__(self, broadcast: Callable[[bytes], None]) -> None:
        self._broadcast = broadcast
        self._waiting: list[GossipedTransaction] = []
        self._timer: asyncio.TimerHandle | None = None
        self._next = 0.0

    def add(self, transaction: GossipedTransaction) -> None:
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(0.0, self._next - loop.time()), self.flush)
        self._waiting.append(transaction)

    def flush(self) -> None:
        """Send what waits."""
        if self._timer is None:
            return
        self._timer.cancel()
        self._timer = None
        waiting, self._waiting = self._waiting, []
        pause_seconds = min(MAX_PAUSE_SECONDS, PAUSE_SECONDS_EACH * len(waiting))
        self._next = asyncio.get_running_loop().time() + pause_seconds
        part: list[GossipedTransaction] = []
        size = 0
        for transaction in waiting:
            if part and (len(part) == MAX_GOSSIPED or size > MAX_FLUSH_BYTES):
                self._broadcast(encode_transactions(part))
                part, size = [], 0
            part.append(transaction)
            size += len(transaction.raw)
        if part:
            self._broadcast(encode_transactions(part))


class PeerFaults:
    """NET-4: a peer with ten faults within a minute is not listened to for a minute. One entry
    for each operator on L1."""

    def __init__(self) -> None:
        self._recent: dict[Address, deque[int]] = {}
        self._silent_until: dict[Address, int] = {}
        self.total = 0

    def is_silenced(self, peer: Address, now_ms: int) -> bool:
        return now_ms < self._silent_until.get(peer, 0)

    def add(self, peer: Address, now_ms: int) -> None:
        self.total += 1
        recent = self._recent.setdefault(peer, deque(maxlen=FAULTS_ALLOWED))
        recent.append(now_ms)
        if len(recent) == FAULTS_ALLOWED and now_ms - recent[0] < FAULT_WINDOW_MS:
            self._silent_until[peer] = now_ms + FAULT_WINDOW_MS
            recent.clear()
