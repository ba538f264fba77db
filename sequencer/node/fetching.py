"""Catch-up on a running node: the fetcher, its timer, and answers applied one after another."""

import asyncio
import time
from collections.abc import Callable, Iterable

from sequencer.consensus.fetcher import POLL_MS, Ask, Fetcher
from sequencer.consensus.messages import Blocks
from sequencer.errors import PeerFault
from sequencer.node.catch_up import Chain, apply_next, apply_wanted
from sequencer.node.clock import Clock
from sequencer.node.transport import Transport
from sequencer.node.wire import encode_consensus
from sequencer.types import Address, Hash32

REST = 3.0
"""CATCHUP-5: after an answer was applied the node does other things for the processor time that
took, times this."""


class Fetching:
    """One for all epochs: what peers are like, and answers of an epoch to come, outlive an
    instance, which gives its chain by `follow` and takes it back by `pause`."""

    def __init__(
        self,
        transport: Transport,
        clock: Clock,
        on_peer_fault: Callable[[Address, PeerFault], None],
        on_failure: Callable[[Exception], None],
    ) -> None:
        self.fetcher: Fetcher[Address] = Fetcher()
        self._transport = transport
        self._clock = clock
        self._on_peer_fault = on_peer_fault
        self._on_failure = on_failure
        self._chain: Chain | None = None
        self._root = 0
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._rests_until = 0.0
        """Both in seconds of the event loop."""

    def set_peers(self, peers: Iterable[Address]) -> None:
        self.fetcher.set_peers(peers)

    def follow(self, chain: Chain) -> None:
        """Apply answers to this chain from now on."""
        self._chain = chain
        self._step_after(0)

    def pause(self) -> None:
        """The epoch is over: what comes is held until the next one begins."""
        if self._chain is not None:
            self._root = self._chain.root
        self._chain = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def want(self, block: Hash32, prefer: Address | None = None) -> None:
        """SIMPLEX-13."""
        root = self._chain.root if self._chain else self._root
        self._send(self.fetcher.want(block, root, self._clock.now_ms(), prefer))
        self._step_after(POLL_MS / 1000)

    def on_blocks(self, peer: Address, reply: Blocks) -> None:
        """Raises `PeerFault` for an answer that is false at first sight."""
        now_ms = self._clock.now_ms()
        root = self._chain.root if self._chain else self._root
        self.fetcher.on_answer(peer, reply, root, now_ms)
        if self._chain is not None:
            apply_wanted(self.fetcher, self._chain, peer, reply, now_ms)
        self._step_after(0)

    def _step_after(self, seconds: float) -> None:
        if self._chain is None:
            return
        loop = asyncio.get_running_loop()
        at = max(loop.time() + seconds, self._rests_until)
        if self._timer is not None:
            if self._due <= at:
                return
            self._timer.cancel()
        self._due = at
        self._timer = loop.call_at(at, self._step)

    def _step(self) -> None:
        """Apply one answer, and ask for more."""
        self._timer = None
        try:
            self._apply_and_ask()
        except Exception as error:  # a callback of the loop: nothing above would see it
            self._on_failure(error)

    def _apply_and_ask(self) -> None:
        chain = self._chain
        if chain is None:
            return
        started = time.thread_time()
        now_ms = self._clock.now_ms()
        was_due = apply_next(self.fetcher, chain, self._on_peer_fault, now_ms)
        self._send(self.fetcher.poll(chain.root, now_ms))
        if was_due:
            spent = time.thread_time() - started
            self._rests_until = asyncio.get_running_loop().time() + REST * spent
            self._step_after(0)
        elif self.fetcher.is_busy(chain.root):
            self._step_after(POLL_MS / 1000)

    def _send(self, asks: list[Ask[Address]]) -> None:
        for ask in asks:
            self._transport.send(ask.peer, encode_consensus(ask.request))
