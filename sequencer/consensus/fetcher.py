"""CATCHUP-1 to CATCHUP-5: which peer is asked for which blocks, and what waits for its turn.

No clock, no sockets: `now_ms` and the height of the last final block (`root`) come in, requests
to send come out, and answers are handed on in order of height. Nothing is believed here: whoever
takes an answer by `next` checks it, and says what came of it by `applied` or `refuse`.
"""

from collections.abc import Hashable, Iterable
from typing import Generic, NamedTuple, TypeVar

from sequencer.consensus.messages import MAX_BLOCKS_IN_REPLY, BlockRequest, Blocks
from sequencer.consensus.standing import Standing
from sequencer.errors import PeerFault
from sequencer.types import ZERO_HASH, Hash32, Height

POLL_MS = 50
MAX_COPIES = 3
"""Peers that are asked for the lowest missing range at the same time."""
MAX_WANTED = 64
"""Requests in flight for blocks by their hash, to all peers: a node far behind lacks thousands."""
PROBES = 2
"""Peers that are asked for a single final block, for their height."""
BLOCK_BYTES = 1_024
"""Counted for each block besides its payload and held segments."""
_FRESH_MS = 1_000

P = TypeVar("P", bound=Hashable)


class Limits(NamedTuple):
    """CATCHUP-4."""

    requests: int = 16
    """In flight, to all peers."""
    answers: int = 64
    """Held until their turn comes, in number and in bytes."""
    answer_bytes: int = 16 << 20
    reply_bytes: int = 5 << 19
    """One answer; a longer one is a fault."""
    expected_bytes: int = 1 << 18
    """Held free for each request in flight."""
    stride: int = MAX_BLOCKS_IN_REPLY
    """Blocks to ask for at once."""


LIMITS = Limits()


class Ask(NamedTuple, Generic[P]):
    """A request to send."""

    peer: P
    request: BlockRequest


class _Held(NamedTuple, Generic[P]):
    peer: P
    reply: Blocks
    end: int
    size: int


class Fetcher(Generic[P]):
    def __init__(self, limits: Limits = LIMITS) -> None:
        self._limits = limits
        self._standings: dict[P, Standing] = {}
        self._open: dict[tuple[P, BlockRequest], int] = {}
        """Requests in flight, and when they were sent."""
        self._held: dict[int, _Held[P]] = {}
        """Answers by the height they begin above."""
        self._held_bytes = 0
        self._moved_ms: int | None = None
        self.polled_ms = 0

    def set_peers(self, peers: Iterable[P]) -> None:
        known = self._standings
        self._standings = {peer: known.get(peer) or Standing(self._limits.stride) for peer in peers}
        for gone in [peer for peer in known if peer not in self._standings]:
            self._forget(gone)

    def sizes(self) -> dict[str, int]:
        return {"open": len(self._open), "held": len(self._held), "bytes": self._held_bytes}

    def standing(self, peer: P) -> Standing | None:
        return self._standings.get(peer)

    def is_busy(self, root: int) -> bool:
        """Whether `poll` must be called each `POLL_MS`."""
        return bool(self._open) or self._target() > root

    # Asking

    def want(self, block: Hash32, root: int, now_ms: int, prefer: P | None = None) -> list[Ask[P]]:
        """SIMPLEX-13: ask one peer for a block, or with the zero word for what is final, and then
        others how high they are. Nothing while final blocks come in: the block may be among those
        to come; nor while too much is in flight (CATCHUP-4): whoever lacks it wants it again."""
        is_moving = self._moved_ms is not None and now_ms - self._moved_ms < _FRESH_MS
        if is_moving and self._target() > root:
            return []
        if block != ZERO_HASH and len(self._open) - len(list(self._ranges())) >= MAX_WANTED:
            return []
        request = BlockRequest(Height(root), block)
        free = [p for p in self._standings if (p, request) not in self._open]
        if not free or (block == ZERO_HASH and len(free) < len(self._standings)):
            return []
        free.sort(key=lambda p: (self._rests(p, now_ms), self._standings[p].cost()))
        first = prefer if prefer in free else free[0]
        asks = [self._ask(first, request, now_ms)]
        if block == ZERO_HASH:
            probe = BlockRequest(Height(root), ZERO_HASH, 1)
            probed = [p for p in free if p != first and (p, probe) not in self._open][:PROBES]
            asks += [self._ask(p, probe, now_ms) for p in probed]
        return asks

    def poll(self, root: int, now_ms: int) -> list[Ask[P]]:
        """Give up what took too long, and ask for whatever there is room for."""
        self.polled_ms = now_ms
        for (peer, _), sent_ms in list(self._open.items()):
            standing = self._standings[peer]
            waited_ms = now_ms - max(sent_ms, standing.answered_ms)
            if waited_ms > standing.patience_ms() and standing.in_flight:
                standing.missed(waited_ms, now_ms)
                self._close_all(peer)
        return self._plan(root, now_ms) + self._ask_again(root, now_ms)

    def _plan(self, root: int, now_ms: int) -> list[Ask[P]]:
        """CATCHUP-2: the gaps between what is held and what is in flight, the lowest first."""
        target = self._target()
        spans = [(above, held.end) for above, held in self._held.items()]
        spans += [(r.have_height, r.have_height + r.limit) for r in self._ranges()]
        asks: list[Ask[P]] = []
        at = root
        for start, end in [*sorted(spans), (target, target)]:
            while at < min(start, target) and self._has_room(is_lowest=at == root):
                peer = self._best(at, now_ms)
                if peer is None:
                    return asks
                limit = min(self._standings[peer].stride, start - at)
                if limit < self._standings[peer].stride and start == target and at > root:
                    return asks  # the tip moves on: no range of a block or two for each step
                asks.append(self._ask(peer, BlockRequest(Height(at), ZERO_HASH, limit), now_ms))
                at += limit
            at = max(at, end)
        return asks

    def _ask_again(self, root: int, now_ms: int) -> list[Ask[P]]:
        """Everything waits for the lowest range: who takes much longer with it than another
        would is not waited for alone."""
        asked = {
            peer: now_ms - sent_ms
            for (peer, request), sent_ms in self._open.items()
            if request.block == ZERO_HASH
            and request.have_height <= root < request.have_height + request.limit
        }
        if not asked or len(asked) >= MAX_COPIES:
            return []
        peer = self._best(root, now_ms, asked)
        if peer is None:
            return []
        standing = self._standings[peer]
        if min(asked.values()) <= POLL_MS + 2 * (standing.answer_ms or standing.patience_ms()):
            return []
        request = BlockRequest(Height(root), ZERO_HASH, standing.stride)
        return [self._ask(peer, request, now_ms)]

    def _best(self, above: int, now_ms: int, besides: Iterable[P] = ()) -> P | None:
        able = [
            peer
            for peer, standing in self._standings.items()
            if standing.rests_until_ms <= now_ms
            and standing.in_flight < standing.room
            and (standing.tip is None or standing.tip > above)
            and peer not in besides
        ]
        return min(able, key=lambda peer: self._standings[peer].cost(), default=None)

    def _ask(self, peer: P, request: BlockRequest, now_ms: int) -> Ask[P]:
        self._open[peer, request] = now_ms
        self._standings[peer].in_flight += 1
        return Ask(peer, request)

    def _has_room(self, is_lowest: bool) -> bool:
        in_flight = sum(1 for _ in self._ranges())
        reserved = self._held_bytes + in_flight * self._limits.expected_bytes
        return in_flight < self._limits.requests and (
            is_lowest
            or (
                reserved < self._limits.answer_bytes
                and len(self._held) + in_flight < self._limits.answers
            )
        )

    def _ranges(self) -> Iterable[BlockRequest]:
        return (request for _, request in self._open if request.block == ZERO_HASH)

    def _rests(self, peer: P, now_ms: int) -> bool:
        return self._standings[peer].rests_until_ms > now_ms

    def _target(self) -> int:
        """The highest final block that a peer says it has."""
        return max((s.tip for s in self._standings.values() if s.tip and not s.lies), default=0)

    # Answers

    def on_answer(self, peer: P, reply: Blocks, root: int, now_ms: int) -> None:
        """Keep an answer that was asked for until its turn comes. One that names blocks without a
        proof goes no further here: the core knows whether it wants them.

        Raises `PeerFault` for too many answers to nothing, and for one that is not what the
        request was for."""
        standing = self._standings.get(peer)
        if standing is None:
            return
        sent_ms = self._open.pop((peer, reply.request), None) if reply.request else None
        if reply.request is None or sent_ms is None:
            if not standing.may_be_unasked(now_ms):
                raise PeerFault("answers that nothing was asked for")
            return
        took_ms = now_ms - max(sent_ms, standing.answered_ms)
        standing.in_flight -= 1
        standing.answered_ms = now_ms
        standing.tip = reply.tip
        if not reply.blocks:
            if reply.tip > reply.request.have_height:
                standing.was_busy(now_ms)
            else:
                standing.had_nothing()
            return
        try:
            size = _check_shape(reply, reply.request, self._limits.reply_bytes)
        except PeerFault:
            self.refuse(peer, now_ms)
            raise
        standing.useful(len(reply.blocks), took_ms)
        if reply.proof is not None:
            self._keep(peer, reply, reply.request, size, root)

    def _keep(self, peer: P, reply: Blocks, request: BlockRequest, size: int, root: int) -> None:
        standing, held = self._standings[peer], self._held.get(request.have_height)
        above, end = request.have_height, reply.blocks[-1].header.height
        if len(reply.blocks) == request.limit:
            standing.stride = max(standing.stride, min(2 * request.limit, self._limits.stride))
        elif end < reply.tip:
            standing.stride = len(reply.blocks)  # cut short: blocks are large here
        is_lowest = above <= root
        if end <= root or (held is not None and held.end >= end):
            return  # somebody else was faster
        if held is not None:
            self._drop(above)
        if self._held_bytes + size > self._limits.answer_bytes and not is_lowest:
            return
        self._held[above] = _Held(peer, reply, end, size)
        self._held_bytes += size

    def next(self, root: int) -> tuple[P, Blocks] | None:
        """The answer that goes on from the root, and whose it is; it is held no longer."""
        for above in sorted(self._held):
            if above > root:
                break
            held = self._drop(above)
            if held.end > root:
                return held.peer, held.reply
        return None

    def applied(self, peer: P, has_moved: bool, now_ms: int) -> None:
        """What `next` gave was in order; `has_moved` if the chain is longer by it."""
        if has_moved:
            self._moved_ms = now_ms
        elif (standing := self._standings.get(peer)) is not None:
            standing.missed(0, now_ms)

    def refuse(self, peer: P, now_ms: int) -> None:
        """It sent what is false: whatever else it sent is dropped, and it is left alone a while."""
        standing = self._standings.get(peer)
        if standing is not None:
            standing.lied(now_ms)
        self._forget(peer)

    def _forget(self, peer: P) -> None:
        self._close_all(peer)
        for above in [above for above, held in self._held.items() if held.peer == peer]:
            self._drop(above)

    def _close_all(self, peer: P) -> None:
        self._open = {key: at for key, at in self._open.items() if key[0] != peer}
        if peer in self._standings:
            self._standings[peer].in_flight = 0

    def _drop(self, above: int) -> _Held[P]:
        held = self._held.pop(above)
        self._held_bytes -= held.size
        return held


def _check_shape(reply: Blocks, request: BlockRequest, most: int) -> int:
    """The answer's size in bytes; raises `PeerFault` unless it is of the range asked for."""
    first = reply.blocks[0].header.height
    size = sum(block.content_bytes + BLOCK_BYTES for block in reply.blocks)
    size += BLOCK_BYTES * len(reply.proof.descendants) if reply.proof else 0
    if size > most:
        raise PeerFault(f"an answer of {size} bytes, at most {most} are taken")
    if reply.proof is None:
        if request.block == ZERO_HASH:
            raise PeerFault("final blocks without a proof")
        return size
    if first != request.have_height + 1 or len(reply.blocks) > request.limit:
        raise PeerFault(
            f"{len(reply.blocks)} blocks from {first}, asked for {request.limit} above"
            f" {request.have_height}"
        )
    if reply.blocks[-1].header.height != first + len(reply.blocks) - 1:
        raise PeerFault(f"{len(reply.blocks)} blocks from {first} with gaps")
    return size
