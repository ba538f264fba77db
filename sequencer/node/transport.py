"""The sockets between nodes: ZeroMQ with CURVE (NET-1 to NET-5, NET-7; docs/adr/0002).

A node binds one ROUTER, whose handshake admits the transport keys of the current peers only,
and connects one DEALER to each peer. Everything is sent by DEALER; nothing is ever sent back
through the ROUTER, so a peer cannot make this node queue for it.
"""

import asyncio
import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import ip_address

import zmq
import zmq.asyncio
from zmq.auth.asyncio import AsyncioAuthenticator
from zmq.utils import z85

from sequencer.errors import LocalFault
from sequencer.types import Address

MAX_MESSAGE_BYTES = 4 << 20
QUEUE_MESSAGES = 1_024
MAX_PORT = 65_535
_DRAIN = 64
"""Messages handled before other tasks get a turn."""

log = logging.getLogger(__name__)

_ENDPOINT = re.compile(r"tcp://(?:([0-9.]+)|\[([0-9a-fA-F:.]+)\]):([0-9]{1,5})")

Receive = Callable[[Address, bytes], None]


@dataclass(frozen=True, slots=True)
class Peer:
    """Another operator's node; `transport_key` is 32 bytes, `endpoint` as ZeroMQ writes it."""

    signer: Address
    transport_key: bytes
    endpoint: str


class Transport:
    """Connections to a changing set of peers. Messages are handed to `receive` with the
    signer whose transport key sent them; it must not raise."""

    def __init__(self, secret: bytes, listen: tuple[str, int], receive: Receive) -> None:
        self._secret = z85.encode(secret)
        self._public = zmq.curve_public(self._secret)
        self._listen = listen
        self._receive = receive
        self._context = zmq.asyncio.Context()
        self._authenticator = AsyncioAuthenticator(self._context, log=log)
        self._router = self._context.socket(zmq.ROUTER)
        self._signers: dict[str, Address] = {}
        self._peers: dict[Address, Peer] = {}
        self._dealers: dict[Address, zmq.Socket[bytes]] = {}
        self._failing: set[Address] = set()
        self._failed_before: set[Address] = set()
        self.dropped = 0
        """Messages that a full queue or a missing connection took."""

    @property
    def endpoint(self) -> str:
        """Where the ROUTER listens; the port is known once `start` has returned."""
        return self._router.getsockopt_string(zmq.LAST_ENDPOINT).rstrip("\0")

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
        try:
            self._router.bind(f"tcp://{host}:{port}")
        except zmq.ZMQError as error:
            raise LocalFault(f"peer address {host}:{port}: {error.strerror}") from error

    def callback(self, _domain: str, key: bytes) -> bool:
        """NET-2: pyzmq asks whether a client key may connect."""
        return key.decode("ascii") in self._signers

    def set_peers(self, peers: Iterable[Peer]) -> None:
        """Connect to new peers, leave those that are gone or have moved."""
        wanted = {peer.signer: peer for peer in peers}
        for signer, known in list(self._peers.items()):
            if wanted.get(signer) != known:
                self._dealers.pop(signer).close(linger=0)
                del self._peers[signer]
        for signer, peer in wanted.items():
            if signer not in self._peers:
                self._connect(peer)
        self._signers = {_z85(peer.transport_key): signer for signer, peer in self._peers.items()}

    def send(self, signer: Address, data: bytes) -> None:
        """Queue a message to a peer, or drop it (NET-5). An unknown peer is no error."""
        dealer = self._dealers.get(signer)
        if dealer is None:
            return
        try:
            dealer.send(data, zmq.NOBLOCK)
            self._failing.discard(signer)
        except zmq.Again:
            self._failing.add(signer)
            self.dropped += 1

    def refresh(self) -> None:
        """Connect anew to peers that took nothing since the last call: a peer that did not know
        this node's key yet refused it in the handshake, and ZeroMQ does not try again then."""
        for signer in self._failing & self._failed_before & self._dealers.keys():
            self._dealers.pop(signer).close(linger=0)
            self._connect(self._peers.pop(signer))
        self._failed_before = set(self._failing)

    def broadcast(self, data: bytes) -> None:
        for signer in self._dealers:
            self.send(signer, data)

    async def run(self) -> None:
        """Receive until cancelled."""
        router: zmq.Socket[bytes] = zmq.Socket.shadow(self._router.underlying)
        while True:
            await self._router.poll(zmq.POLLIN)
            for _ in range(_DRAIN):
                try:
                    frames = router.recv_multipart(zmq.NOBLOCK, copy=False)
                except zmq.Again:
                    break
                self._deliver(frames)
            await asyncio.sleep(0)

    def close(self) -> None:
        for dealer in self._dealers.values():
            dealer.close(linger=0)
        self._router.close(linger=0)
        self._authenticator.stop()
        self._context.term()

    def _deliver(self, frames: list[zmq.Frame]) -> None:
        """A connection that was admitted may outlive its peer's place: look again."""
        signer = self._signers.get(str(frames[-1].get("User-Id")))
        if signer is not None and len(frames) == 2:
            self._receive(signer, frames[1].bytes)

    def _connect(self, peer: Peer) -> None:
        if not is_endpoint(peer.endpoint):
            log.warning(
                "peer 0x%s: endpoint %r is not tcp://IP:port", peer.signer.hex(), peer.endpoint
            )
            return
        dealer = zmq.Socket(zmq.Context.shadow(self._context.underlying), zmq.DEALER)
        _configure(dealer, self._secret, self._public)
        dealer.curve_serverkey = z85.encode(peer.transport_key)
        dealer.setsockopt(zmq.IMMEDIATE, 1)
        dealer.setsockopt(zmq.RECONNECT_IVL, 100)
        dealer.setsockopt(zmq.RECONNECT_IVL_MAX, 2_000)
        try:
            dealer.connect(peer.endpoint)
        except zmq.ZMQError as error:
            dealer.close(linger=0)
            log.warning("peer 0x%s: endpoint %r: %s", peer.signer.hex(), peer.endpoint, error)
            return
        self._dealers[peer.signer] = dealer
        self._peers[peer.signer] = peer


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


def _configure(
    socket: "zmq.Socket[bytes] | zmq.asyncio.Socket", secret: bytes, public: bytes
) -> None:
    socket.curve_secretkey = secret
    socket.curve_publickey = public
    socket.setsockopt(zmq.LINGER, 0)
    socket.setsockopt(zmq.SNDHWM, QUEUE_MESSAGES)
    socket.setsockopt(zmq.RCVHWM, QUEUE_MESSAGES)
    socket.setsockopt(zmq.MAXMSGSIZE, MAX_MESSAGE_BYTES)
    socket.setsockopt(zmq.HANDSHAKE_IVL, 5_000)
    socket.setsockopt(zmq.HEARTBEAT_IVL, 2_000)
    socket.setsockopt(zmq.HEARTBEAT_TIMEOUT, 6_000)


def _z85(key: bytes) -> str:
    return z85.encode(key).decode("ascii")
