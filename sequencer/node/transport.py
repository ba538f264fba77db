"""The sockets between nodes: ZeroMQ with CURVE (NET-1 to NET-5, NET-7, NET-10; docs/adr/0002).

A node binds one ROUTER, whose handshake admits the transport keys of the current peers only,
and connects one DEALER to each peer. Everything is sent by DEALER; nothing is ever sent back
through the ROUTER, so a peer cannot make this node queue for it.

ZeroMQ bounds queues by messages, not bytes. So long messages go by a second connection with a short
queue, and what comes in is taken out of ZeroMQ at once and bounded here (`inbox.py`).

libzmq aborts the process when a connection breaks whose input it has stopped reading because a
queue is full, and a heartbeat is due or comes in (`!_io_error`, libzmq issue 4364). So the ROUTER's
queue is never full, and dead connections are found by TCP's own means.
"""

import asyncio
import contextlib
import logging
import re
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

import zmq
import zmq.asyncio
from zmq.auth.asyncio import AsyncioAuthenticator
from zmq.utils import z85

from sequencer.errors import LocalFault
from sequencer.node.inbox import Inbox
from sequencer.types import Address

MAX_MESSAGE_BYTES = 4 << 20
LONG_BYTES = 64 << 10
"""Longer messages go by the second connection."""
QUEUE_MESSAGES = 1_024
QUEUE_LONG_MESSAGES = 32
MAX_PORT = 65_535
SLICE_SECONDS = 0.005
"""How long messages are handled before other tasks get a turn."""
HASTEN_SECONDS = 0.1
"""How long what waits of one peer may keep what all have sent waiting (NET-11)."""
BULK_TOGETHER = 8
"""Bulk messages that are handed over together: 20 ms of signature checks, twice as much without
hints, in which nothing else is done."""
BULK_PAUSE_SECONDS_EACH = 2e-6
"""How long bulk that comes later waits for more of it, for each byte of what was looked at."""
MAX_BULK_PAUSE_SECONDS = 0.1
_DRAIN = 4_096
"""Messages taken from ZeroMQ at one time: more than come while that many are taken."""
_UNREAD_BYTES = 1_024
"""The longest frame a DEALER takes, which nobody has to send it: those of the handshake fit."""
_DEAD_MS = 4_000
"""How long a connection may be silent towards what is sent on it (NET-10)."""
_CONNECT_MS = 1_500
"""TCP asks a second time after 1 s; together with the pause that is at least once a second."""
_RETRY_MS = 100
_MAX_RETRY_MS = 500

log = logging.getLogger(__name__)

_ENDPOINT = re.compile(r"tcp://(?:([0-9.]+)|\[([0-9a-fA-F:.]+)\]):([0-9]{1,5})")

Receive = Callable[[Address, bytes], None]
ReceiveBulk = Callable[[Sequence[tuple[Address, bytes]]], int]
"""Gives how many bytes of these were looked at."""
_Lane = tuple[Address, bool]
"""A peer, and whether it is the connection for long messages."""


@dataclass(frozen=True, slots=True)
class Peer:
    """Another operator's node; `transport_key` is 32 bytes, `endpoint` as ZeroMQ writes it."""

    signer: Address
    transport_key: bytes
    endpoint: str
    former: tuple[Address, ...] = ()
    """Hot keys that it had before, by which committees may know it (STAKE-11)."""


class Transport:
    """Connections to a changing set of peers. Messages are handed to `receive` with the
    signer whose transport key sent them; it must not raise."""

    def __init__(
        self,
        secret: bytes,
        listen: tuple[str, int],
        receive: Receive,
        source: str = "",
        is_bulk: Callable[[bytes], bool] = lambda _: False,
        receive_bulk: ReceiveBulk = lambda _: 0,
    ) -> None:
        """`source` is the local IP address to connect from (NET-2); empty is any. Messages that are
        bulk wait for all that are not, and are handed to `receive_bulk`, several at a time
        (NET-11).

        Raises `LocalFault` if it is no IP address.
        """
        self._secret = z85.encode(secret)
        self._public = zmq.curve_public(self._secret)
        self._listen = listen
        self._receive = receive
        self._prefix = _source_prefix(source)
        self._context = zmq.asyncio.Context()
        self._authenticator = AsyncioAuthenticator(self._context, log=log)
        # Plain sockets: those of zmq.asyncio cost a tenth of what a block does.
        self._router = zmq.Socket(zmq.Context.shadow(self._context.underlying), zmq.ROUTER)
        self._has_arrived = asyncio.Event()
        self._signers: dict[str, Address] = {}
        self._current: dict[Address, Address] = {}
        """The hot key of now, by each that came before it."""
        self._are_peers_known = asyncio.Event()
        self._peers: dict[Address, Peer] = {}
        self._dealers: dict[_Lane, zmq.Socket[bytes]] = {}
        self._failing: set[_Lane] = set()
        self._failed_before: set[_Lane] = set()
        self._is_bulk = is_bulk
        self._receive_bulk = receive_bulk
        self._bulk_due = 0.0
        self._inbox, self._bulk = Inbox(), Inbox()
        self._unsent = 0

    @property
    def endpoint(self) -> str:
        """Where the ROUTER listens; the port is known once `start` has returned."""
        return self._router.getsockopt_string(zmq.LAST_ENDPOINT).rstrip("\0")

    @property
    def dropped(self) -> int:
        """Messages that a full queue or a missing connection took."""
        return self._unsent + self._inbox.dropped + self._bulk.dropped

    @property
    def peers(self) -> tuple[Peer, ...]:
        return tuple(self._peers.values())

    def start(self) -> None:
        """Bind; raises `LocalFault` if the address cannot be had."""
        self._authenticator.start()
        self._authenticator.configure_curve_callback(credentials_provider=self)
        host, port = self._listen
        _configure(self._router, self._secret, self._public)
        self._router.curve_server = True
        self._router.setsockopt(zmq.RCVHWM, 0)
        try:
            self._router.bind(f"tcp://{host}:{port}")
        except zmq.ZMQError as error:
            raise LocalFault(f"peer address {host}:{port}: {error.strerror}") from error

    async def callback(self, _domain: str, key: bytes) -> bool:
        """NET-2: pyzmq asks whether a client key may connect. Until the peers are known nobody
        is refused, which would cost a peer that is right some seconds; the handshake waits."""
        await self._are_peers_known.wait()
        return key.decode("ascii") in self._signers

    def set_peers(self, peers: Iterable[Peer]) -> None:
        """Connect to new peers, leave those that are gone or have moved."""
        wanted = {peer.signer: peer for peer in peers}
        for signer, known in list(self._peers.items()):
            if wanted.get(signer) != known:
                for lane in _lanes(signer):
                    self._disconnect(lane)
                del self._peers[signer]
        for signer, peer in wanted.items():
            if signer not in self._peers and self._connect(peer, False):
                self._connect(peer, True)
                self._peers[signer] = peer
        self._signers = {_z85(peer.transport_key): signer for signer, peer in self._peers.items()}
        self._current = {old: peer.signer for peer in self._peers.values() for old in peer.former}
        self._are_peers_known.set()

    def send(self, signer: Address, data: bytes) -> None:
        """Queue a message to a peer, by any of its hot keys, or drop it (NET-5). An unknown peer is
        no error."""
        lane = self._current.get(signer, signer), len(data) > LONG_BYTES
        dealer = self._dealers.get(lane)
        if dealer is None:
            return
        try:
            dealer.send(data, zmq.NOBLOCK)
            self._failing.discard(lane)
        except zmq.Again:
            self._failing.add(lane)
            self._unsent += 1

    def refresh(self) -> None:
        """Connect anew where nothing was taken since the last call: a peer that did not know
        this node's key yet refused it in the handshake, and ZeroMQ does not try again then."""
        for lane in self._failing & self._failed_before:
            signer, is_long = lane
            self._disconnect(lane)
            self._connect(self._peers[signer], is_long)
        self._failed_before = set(self._failing)

    def broadcast(self, data: bytes) -> None:
        for signer in self._peers:
            self.send(signer, data)

    def hasten(self, peer: Address | None = None) -> None:
        """Hand over bulk though it should wait: all that a peer has sent, as far as time allows,
        and some of the others' with it (NET-11)."""
        if peer is None:
            self._hand_over_bulk()
            return
        until = time.monotonic() + HASTEN_SECONDS
        while self._bulk.has(peer) and time.monotonic() < until:
            self._hand_over_bulk(peer)

    def _hand_over_bulk(self, first: Address | None = None) -> None:
        """Some of it, that of one peer before that of others."""
        found: list[tuple[Address, bytes]] = []
        while len(found) < BULK_TOGETHER and (message := self._bulk.take(first)):
            found.append(message)
        if found:
            size = self._receive_bulk(found)
            pause_seconds = min(MAX_BULK_PAUSE_SECONDS, BULK_PAUSE_SECONDS_EACH * size)
            # What waits already is company enough.
            self._bulk_due = time.monotonic() + (0 if self._bulk else pause_seconds)

    async def run(self) -> None:
        """Receive until cancelled."""
        loop, descriptor = asyncio.get_running_loop(), int(self._router.getsockopt(zmq.FD))
        loop.add_reader(descriptor, self._has_arrived.set)
        try:
            await self._receive_all()
        finally:
            loop.remove_reader(descriptor)

    async def _receive_all(self) -> None:
        while True:
            if not self._inbox:
                # ZeroMQ says once that something has come: until nothing is left it is asked.
                await self._wait()
            self._has_arrived.clear()
            self._take_in()
            until = time.monotonic() + SLICE_SECONDS
            while time.monotonic() < until and (found := self._inbox.take()):
                self._receive(*found)
            if not self._inbox and time.monotonic() >= self._bulk_due:
                self._hand_over_bulk()
            await asyncio.sleep(0)

    async def _wait(self) -> None:
        """Until something has arrived, or bulk is due."""
        if not self._bulk:
            await self._has_arrived.wait()
        elif (seconds := self._bulk_due - time.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._has_arrived.wait()

    def close(self) -> None:
        """What is sent afterwards, by a timer that was set before, is dropped."""
        for dealer in self._dealers.values():
            dealer.close(linger=0)
        self._dealers.clear()
        self._router.close(linger=0)
        self._authenticator.stop()
        self._context.term()

    def _take_in(self) -> None:
        """Move what has come from ZeroMQ to the inbox. A connection that was admitted may outlive
        its peer's place: look again."""
        for _ in range(_DRAIN):
            try:
                frames = self._router.recv_multipart(zmq.NOBLOCK, copy=False)
            except zmq.Again:
                return
            signer = self._signers.get(str(frames[-1].get("User-Id")))
            if signer is not None and len(frames) == 2:
                data = frames[1].bytes
                (self._bulk if self._is_bulk(data) else self._inbox).put(signer, data)
        self._has_arrived.set()  # There may be more, of which ZeroMQ says no more.

    def _connect(self, peer: Peer, is_long: bool) -> bool:
        """Whether the endpoint is one; whether anybody is there only time tells."""
        if not is_endpoint(peer.endpoint):
            log.warning(
                "peer 0x%s: endpoint %r is not tcp://IP:port", peer.signer.hex(), peer.endpoint
            )
            return False
        dealer = zmq.Socket(zmq.Context.shadow(self._context.underlying), zmq.DEALER)
        _configure(dealer, self._secret, self._public)
        dealer.curve_serverkey = z85.encode(peer.transport_key)
        dealer.setsockopt(zmq.SNDHWM, QUEUE_LONG_MESSAGES if is_long else QUEUE_MESSAGES)
        dealer.setsockopt(zmq.RCVHWM, 1)
        dealer.setsockopt(zmq.MAXMSGSIZE, _UNREAD_BYTES)
        dealer.setsockopt(zmq.IMMEDIATE, 1)
        dealer.setsockopt(zmq.CONNECT_TIMEOUT, _CONNECT_MS)
        dealer.setsockopt(zmq.RECONNECT_IVL, _RETRY_MS)
        dealer.setsockopt(zmq.RECONNECT_IVL_MAX, _MAX_RETRY_MS)
        try:
            dealer.connect("tcp://" + self._prefix + peer.endpoint.removeprefix("tcp://"))
        except zmq.ZMQError as error:
            dealer.close(linger=0)
            log.warning("peer 0x%s: endpoint %r: %s", peer.signer.hex(), peer.endpoint, error)
            return False
        self._dealers[peer.signer, is_long] = dealer
        return True

    def _disconnect(self, lane: _Lane) -> None:
        self._failing.discard(lane)
        if dealer := self._dealers.pop(lane, None):
            dealer.close(linger=0)


def _lanes(signer: Address) -> tuple[_Lane, _Lane]:
    return (signer, False), (signer, True)


def is_endpoint(text: str) -> bool:
    """NET-2: `tcp://IP:port`. ZeroMQ looks names up in the thread that serves every peer."""
    found = _ENDPOINT.fullmatch(text)
    if found is None or int(found[3]) > MAX_PORT:
        return False
    try:
        ip_address(found[1] or found[2])
    except ValueError:
        return False
    return True


def _source_prefix(source: str) -> str:
    """What ZeroMQ wants before the address of the peer."""
    if not source:
        return ""
    try:
        address = ip_address(source)
    except ValueError as error:
        raise LocalFault(f"peer_source: {source!r} is no IP address") from error
    return f"[{address}]:0;" if address.version == 6 else f"{address}:0;"


def _configure(socket: "zmq.Socket[bytes]", secret: bytes, public: bytes) -> None:
    socket.curve_secretkey = secret
    socket.curve_publickey = public
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
    socket.setsockopt(zmq.HANDSHAKE_IVL, 5_000)
    socket.setsockopt(zmq.TCP_KEEPALIVE, 1)
    socket.setsockopt(zmq.TCP_KEEPALIVE_IDLE, 3)
    socket.setsockopt(zmq.TCP_KEEPALIVE_INTVL, 1)
    socket.setsockopt(zmq.TCP_KEEPALIVE_CNT, 3)
    socket.setsockopt(zmq.TCP_MAXRT, _DEAD_MS)


def _z85(key: bytes) -> str:
    return z85.encode(key).decode("ascii")
