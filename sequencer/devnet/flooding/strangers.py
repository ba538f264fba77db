"""Connections that are of no use: to the port for peers and to the JSON-RPC of each node.

What needs no key: connections that say nothing, or garbage; handshakes with a key that nobody has
registered; requests that never end, are too many in one, or too long. With a registered key:
connections over and over, and frames longer than a message may be (NET-3).
"""

import asyncio
import contextlib
import os
import random
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

import aiohttp
import zmq
from zmq.utils import z85

from sequencer.consensus.messages import BlockRequest
from sequencer.crypto.transport_key import transport_secret
from sequencer.devnet.flooding.arsenal import ASKED_BLOCKS
from sequencer.node.transport import MAX_MESSAGE_BYTES
from sequencer.node.wire import encode_consensus

Endpoints = Callable[[], Sequence[tuple[bytes, str]]]
"""Transport key and endpoint of each node."""

PAUSE_SECONDS = 0.25
HELD = 200
"""Silent connections held open to each port."""
HANDSHAKES = 8
"""Open at one time to each node, half of them with a registered key."""
OVERSIZE = 0.1
"""Share of them that send a frame which is too long."""
_OVERSIZE = bytes(MAX_MESSAGE_BYTES + 1)
_HARMLESS = encode_consensus(BlockRequest(2**40, limit=ASKED_BLOCKS))
BATCH = 1_000
BODY_BYTES = 3 << 20


class Strangers:
    """Runs all of it until cancelled. What the nodes refuse is no error."""

    def __init__(self, secret: bytes, rpc: Sequence[str]) -> None:
        """`secret` is the signing key of the operator that floods."""
        self._own = z85.encode(transport_secret(secret))
        self._rpc = rpc
        self._context = zmq.Context()
        self._handshakes: list[zmq.Socket[bytes]] = []
        self._held: list[asyncio.StreamWriter] = []

    async def run(self, endpoints: Endpoints) -> None:
        async with aiohttp.ClientSession() as session, asyncio.TaskGroup() as tasks:
            tasks.create_task(self._shake_hands(endpoints))
            tasks.create_task(self._hold(endpoints))
            tasks.create_task(self._ask(session))

    async def _shake_hands(self, endpoints: Endpoints) -> None:
        """Handshakes that succeed and fail in turn, some followed by an oversize frame. The oldest
        connections go."""
        while True:
            await asyncio.sleep(PAUSE_SECONDS)
            for key, endpoint in endpoints():
                is_known = random.random() < 0.5
                secret = self._own if is_known else zmq.curve_keypair()[1]
                dealer = self._dealer(secret, key)
                dealer.connect(endpoint)
                with contextlib.suppress(zmq.Again):
                    is_over = random.random() < OVERSIZE
                    dealer.send(_OVERSIZE if is_over else _HARMLESS, zmq.NOBLOCK)
                self._handshakes.append(dealer)
            while len(self._handshakes) > HANDSHAKES * max(1, len(endpoints())):
                self._handshakes.pop(0).close(linger=0)

    def _dealer(self, secret: bytes, server: bytes) -> "zmq.Socket[bytes]":
        dealer: zmq.Socket[bytes] = self._context.socket(zmq.DEALER)
        dealer.curve_secretkey = secret
        dealer.curve_publickey = zmq.curve_public(secret)
        dealer.curve_serverkey = z85.encode(server)
        dealer.setsockopt(zmq.LINGER, 0)
        return dealer

    async def _hold(self, endpoints: Endpoints) -> None:
        """Connections that say nothing, the start of a request, or garbage."""
        while True:
            await asyncio.sleep(PAUSE_SECONDS)
            urls = [*self._rpc, *(endpoint for _, endpoint in endpoints())]
            for url in urls:
                await self._open(url)
            while len(self._held) > HELD * max(1, len(urls)):
                self._held.pop(0).close()

    async def _open(self, url: str) -> None:
        place = urlsplit(url)
        try:
            _, writer = await asyncio.open_connection(place.hostname, place.port)
        except OSError:
            return
        self._held.append(writer)
        start = b"POST / HTTP/1.1\r\nHost: node\r\nContent-Length: 1000000\r\n\r\n[1,"
        writer.write(random.choice((b"", start[:20], start, os.urandom(200))))

    async def _ask(self, session: aiohttp.ClientSession) -> None:
        """Requests as large as they come, one after another."""
        call = b'{"jsonrpc":"2.0","id":1,"method":"seq_getBlock","params":["latest"]}'
        bodies = (
            b"[" + b",".join([call] * BATCH) + b"]",
            b"[" + b",".join([call] * (BATCH + 1)) + b"]",
            b" " * BODY_BYTES,
            b"[" * 100_000,
            os.urandom(1_000),
        )
        timeout = aiohttp.ClientTimeout(total=5)
        while True:
            await asyncio.sleep(PAUSE_SECONDS)
            for url in self._rpc:
                with contextlib.suppress(aiohttp.ClientError, OSError, TimeoutError):
                    body = random.choice(bodies)
                    async with session.post(url, data=body, timeout=timeout) as answer:
                        await answer.read()
