"""What peers have sent and nobody has looked at yet: bounded for each, taken in turn (NET-5)."""

from collections import deque

from sequencer.types import Address

QUEUE_MESSAGES = 1_024
QUEUE_BYTES = 16 << 20


class _Queue:
    """One peer's messages, oldest first."""

    __slots__ = ("messages", "size")

    def __init__(self) -> None:
        self.messages: deque[bytes] = deque()
        self.size = 0


class Inbox:
    """A queue for each peer that has something waiting. One that sends much, over however many
    connections, waits for itself; the others' turn comes after one message of it."""

    def __init__(self) -> None:
        self._queues: dict[Address, _Queue] = {}
        self._turns: deque[Address] = deque()
        self.dropped = 0
        """Messages for which a queue had no room."""

    def __len__(self) -> int:
        """Messages waiting."""
        return sum(len(queue.messages) for queue in self._queues.values())

    def put(self, peer: Address, data: bytes) -> None:
        """Keep a message, or drop it if the peer's queue is full."""
        queue = self._queues.get(peer)
        if queue is None:
            queue = self._queues[peer] = _Queue()
            self._turns.append(peer)
        elif len(queue.messages) >= QUEUE_MESSAGES or queue.size + len(data) > QUEUE_BYTES:
            self.dropped += 1
            return
        queue.messages.append(data)
        queue.size += len(data)

    def take(self, first: Address | None = None) -> tuple[Address, bytes] | None:
        """The oldest message of `first`, or else of the peer whose turn it is; None when nothing
        waits."""
        if first is not None and (data := self.take_of(first)) is not None:
            return first, data
        if not self._turns:
            return None
        peer = self._turns.popleft()
        return peer, self._next(peer)

    def has(self, peer: Address) -> bool:
        """Whether something of a peer waits."""
        return peer in self._queues

    def take_of(self, peer: Address) -> bytes | None:
        """The oldest message of a peer, whoever's turn it is."""
        if peer not in self._queues:
            return None
        self._turns.remove(peer)
        return self._next(peer)

    def _next(self, peer: Address) -> bytes:
        queue = self._queues[peer]
        data = queue.messages.popleft()
        queue.size -= len(data)
        if queue.messages:
            self._turns.append(peer)
        else:
            del self._queues[peer]
        return data
