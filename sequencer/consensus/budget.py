"""CATCHUP-6: how much a node gives to peers that ask for blocks."""

from collections.abc import Hashable
from typing import Generic, TypeVar

ANSWER_BYTES = 16 << 10
"""What an answer costs besides its bytes: reading and packing it."""
PEER_BYTES_PER_MS = 1 << 11
PEER_BYTES = 2 << 20
"""2 MiB/s for each peer, as much at once; half of it while this node is deciding."""
ALL_BYTES_PER_MS = 1 << 13
ALL_BYTES = 4 << 20
MAX_PEERS = 1_024

P = TypeVar("P", bound=Hashable)


class _Bucket:
    def __init__(self, now_ms: int, size: int, per_ms: int) -> None:
        self.tokens = float(size)
        self._size = size
        self._per_ms = per_ms
        self._now_ms = now_ms

    def has_some(self, now_ms: int, share: float) -> bool:
        elapsed_ms = max(0, now_ms - self._now_ms)
        self._now_ms = now_ms
        self.tokens = min(self._size, self.tokens + share * elapsed_ms * self._per_ms)
        return self.tokens > 0


class Budget(Generic[P]):
    """Bytes for each peer and for all of them. What is spent may go below zero once: then nothing
    is given until it has grown back."""

    def __init__(self) -> None:
        self._all = _Bucket(0, ALL_BYTES, ALL_BYTES_PER_MS)
        self._peers: dict[P, _Bucket] = {}

    def __len__(self) -> int:
        return len(self._peers)

    def admits(self, peer: P, is_busy: bool, now_ms: int) -> bool:
        """Whether a request is answered now."""
        if peer not in self._peers:
            if len(self._peers) >= MAX_PEERS:
                del self._peers[next(iter(self._peers))]
            self._peers[peer] = _Bucket(now_ms, PEER_BYTES, PEER_BYTES_PER_MS)
        share = 0.5 if is_busy else 1.0
        own = self._peers[peer].has_some(now_ms, share)
        return self._all.has_some(now_ms, share) and own

    def spend(self, peer: P, answer_bytes: int) -> None:
        """`admits` was asked before."""
        for bucket in (self._peers[peer], self._all):
            bucket.tokens -= ANSWER_BYTES + answer_bytes
