"""The connections between nodes, each of which can be cut: a proxy in front of every node.

L1 announces the proxies' ports. A node connects from an address of its own (`peer_source`), so a
proxy knows for each connection who it is from, and a cut may have a direction: what A sends to B
goes over connections that A made, and over no others (NET-1).

A hole is one for TCP too: a filter in the kernel drops each packet before TCP sees it. So nothing
is acknowledged, connecting takes long, and after the cut TCP decides when it tries again. Any user
may set such a filter on a socket of his own, but only on Linux; there, too, all of 127.0.0.0/8 is
this machine.
"""

import asyncio
import ctypes
import socket
import struct
import sys
from collections.abc import Iterable, Sequence
from enum import Enum
from functools import partial
from typing import Self

HOST = "127.0.0.1"
ARE_POSSIBLE = sys.platform == "linux"
_SO_ATTACH_FILTER = 26

Link = tuple[int, int]
"""Who sends and who receives, counted from 0."""


class Cut(Enum):
    """What becomes of a link that is cut."""

    HOLE = "hole"
    """Nothing is delivered and nobody is told."""
    RESET = "reset"
    """Connections are reset, and each new one at once."""


class Links:
    """Proxies for `count` nodes; use as an async context manager."""

    def __init__(self, targets: Iterable[int]) -> None:
        """`targets` are the ports at which the nodes listen."""
        self._targets = list(targets)
        self._servers: list[asyncio.Server] = []
        self._cuts: dict[Link, Cut] = {}
        self._pipes: set[_Pipe] = set()

    @property
    def ports(self) -> tuple[int, ...]:
        """Where the proxies listen."""
        return tuple(server.sockets[0].getsockname()[1] for server in self._servers)

    @property
    def pipes(self) -> int:
        """Connections that stand."""
        return len(self._pipes)

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        for node in range(len(self._targets)):
            server = await loop.create_server(partial(_Pipe, self, node), HOST, 0)
            self._servers.append(server)
        return self

    async def __aexit__(self, *_: object) -> None:
        for server in self._servers:
            server.close()
        for pipe in list(self._pipes):
            pipe.transport.abort()

    def cut(self, links: Iterable[Link], how: Cut) -> None:
        for link in links:
            self._cuts[link] = how
        self._shut_doors()
        for pipe in list(self._pipes):
            pipe.obey(self._cuts.get(pipe.link))

    def heal(self, links: Iterable[Link]) -> None:
        for link in links:
            self._cuts.pop(link, None)
        self._shut_doors()
        for pipe in list(self._pipes):
            pipe.obey(self._cuts.get(pipe.link))

    def opened(self, pipe: "_Pipe") -> None:
        self._pipes.add(pipe)
        pipe.obey(self._cuts.get(pipe.link))

    def closed(self, pipe: "_Pipe") -> None:
        self._pipes.discard(pipe)

    def target(self, node: int) -> int:
        return self._targets[node]

    def _shut_doors(self) -> None:
        """Nobody connects through a hole."""
        for node, server in enumerate(self._servers):
            away = [s for (s, t), how in self._cuts.items() if t == node and how is Cut.HOLE]
            _drop_from(server.sockets[0], map(_address, away))


class _End(asyncio.Protocol):
    """One end of a pipe: what it receives goes out at the other."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport
        self.other: _End | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        if self.other is not None:
            self.other.transport.write(data)

    def pause_writing(self) -> None:
        if self.other is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        if self.other is not None:
            self.other.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        if self.other is not None:
            self.other.transport.close()


class _Pipe(_End):
    """A connection of one node to another; this is the end that the first one made."""

    def __init__(self, links: Links, target: int) -> None:
        super().__init__()
        self._links = links
        self._target = target
        self._cut: Cut | None = None
        self._connecting: asyncio.Task[None] | None = None
        self.link: Link = (-1, target)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.link = (_source(transport.get_extra_info("peername")[0]), self._target)
        self.transport.pause_reading()
        self._links.opened(self)
        self._connecting = asyncio.create_task(self._connect())

    def connection_lost(self, exc: Exception | None) -> None:
        self._links.closed(self)
        super().connection_lost(exc)

    def obey(self, cut: Cut | None) -> None:
        """Be cut like this, or not, from now on."""
        self._cut = cut
        for end in [self] if self.other is None else [self, self.other]:
            if cut is Cut.RESET:
                end.transport.abort()
            elif not end.transport.is_closing():
                _drop_all(end.transport.get_extra_info("socket"), cut is Cut.HOLE)

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            _, other = await loop.create_connection(_End, HOST, self._links.target(self._target))
        except OSError:
            self.transport.abort()
            return
        if self.transport.is_closing():
            other.transport.abort()
            return
        self.other, other.other = other, self
        self.obey(self._cut)
        self.transport.resume_reading()


def _address(node: int) -> str:
    """Where a node connects from."""
    return f"127.0.0.{node + 2}"


def _source(address: str) -> int:
    return int(address.rpartition(".")[2]) - 2


# Classic BPF: (code, jump if true, jump if false, operand).
_Instruction = tuple[int, int, int, int]
_LOAD_SOURCE: _Instruction = (0x20, 0, 0, 0xFFF0_0000 + 12)
"""Of the IPv4 header."""
_DROP: _Instruction = (0x06, 0, 0, 0)
_PASS: _Instruction = (0x06, 0, 0, 0xFFFF_FFFF)


def _drop_from(listener: socket.socket, addresses: Iterable[str]) -> None:
    """Let these connect no more, and the others."""
    known = [int.from_bytes(socket.inet_aton(address), "big") for address in addresses]
    tests = [(0x15, len(known) - i, 0, address) for i, address in enumerate(known)]
    _filter(listener, [_LOAD_SOURCE, *tests, _PASS, _DROP])


def _drop_all(connection: socket.socket, is_hole: bool) -> None:
    """What comes in is dropped before TCP sees it, or is not."""
    _filter(connection, [_DROP if is_hole else _PASS])
    if not is_hole:
        # Whatever the other end has given up meanwhile says so when asked.
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1)


def _filter(which: socket.socket, program: Sequence[_Instruction]) -> None:
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
    header = struct.pack("HP", len(program), ctypes.addressof(code))
    which.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, header)
