"""The sockets between nodes, over loopback.

a peer on the list: heard, with the signer its key belongs to; answered
a key that is not on the list: never heard, whatever it sends (NET-2)
garbage on the port: the peers are heard as before
a peer that leaves the list: no longer heard, although its connection stands
a peer that came too early: connected again (`refresh`)
a peer that dials before the list is known: waits, and is admitted or refused then
a peer that nothing reaches any more: given up, and reached again later (NET-10)
an address to connect from: that is where the peer sees it; no address: a LocalFault
a peer that is not there: messages to it are dropped, not kept (NET-5)
an address in use: a LocalFault that names it
bulk: after all else, several at a time, or when it is hastened, for some time at once (NET-11)
closed: what is sent is dropped
"""

import asyncio
import contextlib
import os
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from itertools import count
from types import SimpleNamespace

import pytest
import zmq
from zmq.utils import z85

from sequencer.devnet.outages.links import ARE_POSSIBLE, Cut, Links
from sequencer.errors import LocalFault
from sequencer.node import transport as transport_module
from sequencer.node.transport import BULK_TOGETHER, HASTEN_SECONDS, Peer, Transport
from sequencer.types import Address

SECONDS = 10


class Endpoint:
    """One transport with what it has received."""

    def __init__(self, number: int, source: str = "") -> None:
        public, secret = zmq.curve_keypair()
        self.signer = Address(bytes([number]) * 20)
        self.public = z85.decode(public)
        self.received: asyncio.Queue[tuple[Address, bytes]] = asyncio.Queue()
        self.together: list[int] = []
        """How many bulk messages came at each time."""
        self.transport = Transport(
            z85.decode(secret),
            ("127.0.0.1", 0),
            lambda signer, data: self.received.put_nowait((signer, data)),
            source,
            lambda data: data.startswith(b"bulk"),
            self.receive_bulk,
        )

    def receive_bulk(self, messages: Sequence[tuple[Address, bytes]]) -> int:
        self.together.append(len(messages))
        for message in messages:
            self.received.put_nowait(message)
        return sum(len(data) for _, data in messages if b"unheard" not in data)

    def start(self) -> None:
        self.transport.start()
        self.read()

    def read(self) -> None:
        self.task = asyncio.create_task(self.transport.run())

    async def pause(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)

    @property
    def port(self) -> int:
        return int(self.transport.endpoint.rpartition(":")[2])

    def peer(self, port: int | None = None) -> Peer:
        """As L1 lists it; `port` if it is reached by another one."""
        endpoint = f"tcp://127.0.0.1:{port or self.port}"
        return Peer(self.signer, self.public, endpoint)

    async def next(self) -> tuple[Address, bytes]:
        return await asyncio.wait_for(self.received.get(), SECONDS)

    async def stop(self) -> None:
        await self.pause()
        self.transport.close()


Make = Callable[..., Awaitable[Endpoint]]


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    made: list[Endpoint] = []

    async def make_one(number: int, source: str = "") -> Endpoint:
        endpoint = Endpoint(number, source)
        endpoint.start()
        made.append(endpoint)
        return endpoint

    yield make_one
    for endpoint in made:
        await endpoint.stop()


async def reach(sender: Endpoint, receiver: Endpoint, data: bytes) -> tuple[Address, bytes]:
    """Send until it arrives: what is sent before the handshake is done is dropped (NET-5)."""
    while True:
        sender.transport.send(receiver.signer, data)
        try:
            return await asyncio.wait_for(receiver.received.get(), 0.05)
        except TimeoutError:
            continue


async def connect(first: Endpoint, second: Endpoint) -> None:
    first.transport.set_peers([second.peer()])
    second.transport.set_peers([first.peer()])
    await asyncio.wait_for(reach(first, second, b"hello"), SECONDS)
    await asyncio.wait_for(reach(second, first, b"hello"), SECONDS)
    for endpoint in (first, second):
        while not endpoint.received.empty():
            endpoint.received.get_nowait()


async def test_send__to_a_listed_peer__arrives_under_the_senders_signer(make: Make) -> None:
    first, second = await make(1), await make(2)
    await connect(first, second)
    first.transport.send(second.signer, b"question")
    assert await second.next() == (first.signer, b"question")
    second.transport.broadcast(b"answer")
    assert await first.next() == (second.signer, b"answer")


async def test_send__to_a_hot_key_that_was_rotated__arrives(make: Make) -> None:
    """STAKE-11: committees recorded before name the old key."""
    first, second = await make(1), await make(2)
    await connect(first, second)
    old, new = second.signer, Address(b"\x77" * 20)
    first.transport.set_peers([replace(second.peer(), signer=new, former=(old,))])
    for name in (old, new):
        second.signer = name
        assert await asyncio.wait_for(reach(first, second, b"hello"), SECONDS)
    second.transport.send(first.signer, b"answer")
    assert await first.next() == (new, b"answer")
    first.transport.set_peers([replace(second.peer(), signer=new)])
    first.transport.send(old, b"nobody's")


async def test_receive__from_a_key_not_on_the_list__is_never_heard(make: Make) -> None:
    first, second, stranger = await make(1), await make(2), await make(3)
    await connect(first, second)
    stranger.transport.set_peers([first.peer()])
    for _ in range(20):
        stranger.transport.send(first.signer, b"let me in")
        second.transport.send(first.signer, b"still here")
        assert await first.next() == (second.signer, b"still here")
    assert stranger.transport.dropped == 20


async def test_receive__garbage_on_the_port__leaves_the_peers_alone(make: Make) -> None:
    first, second = await make(1), await make(2)
    await connect(first, second)
    for garbage in (b"GET / HTTP/1.1\r\n\r\n", os.urandom(4096), b"\xff" * 10):
        with socket.create_connection(("127.0.0.1", first.port)) as connection:
            connection.sendall(garbage)
    second.transport.send(first.signer, b"still here")
    assert await first.next() == (second.signer, b"still here")


async def test_set_peers__without_a_connected_one__stops_hearing_it(make: Make) -> None:
    first, second, third = await make(1), await make(2), await make(3)
    await connect(first, second)
    first.transport.set_peers([third.peer()])
    third.transport.set_peers([first.peer()])
    second.transport.send(first.signer, b"from the one that left")
    found = await asyncio.wait_for(reach(third, first, b"from the one that stays"), SECONDS)
    assert found == (third.signer, b"from the one that stays")


async def test_refresh__after_a_refused_handshake__connects_again(make: Make) -> None:
    early, late = await make(1), await make(2)
    early.transport.set_peers([late.peer()])  # late does not know early yet: refused
    stranger = await make(3)
    late.transport.set_peers([stranger.peer()])
    stranger.transport.set_peers([late.peer()])
    early.transport.send(late.signer, b"too early")
    await asyncio.wait_for(reach(stranger, late, b"hello"), SECONDS)
    late.transport.set_peers([early.peer()])

    async def insist() -> tuple[Address, bytes]:
        while True:
            early.transport.send(late.signer, b"now")
            early.transport.refresh()
            early.transport.send(late.signer, b"now")
            early.transport.refresh()
            with contextlib.suppress(TimeoutError):
                return await asyncio.wait_for(late.received.get(), 0.2)

    assert await asyncio.wait_for(insist(), SECONDS) == (early.signer, b"now")


async def test_handshake__before_the_list_is_known__waits_for_it(make: Make) -> None:
    early, late = await make(1), await make(2)
    early.transport.set_peers([late.peer()])
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reach(early, late, b"too early"), 0.3)
    late.transport.set_peers([early.peer()])  # and no `refresh`
    assert await asyncio.wait_for(reach(early, late, b"now"), SECONDS) == (early.signer, b"now")


@pytest.mark.skipif(not ARE_POSSIBLE, reason="needs socket filters of Linux")
async def test_send__through_a_hole__is_given_up_and_arrives_when_it_is_closed(make: Make) -> None:
    """NET-10. TCP alone would take what is sent for as long as its buffers last."""
    first, second = await make(1, source="127.0.0.2"), await make(2)
    async with Links([second.port]) as links:
        first.transport.set_peers([second.peer(links.ports[0])])
        second.transport.set_peers([first.peer()])
        await asyncio.wait_for(reach(first, second, b"before"), SECONDS)
        links.cut([(0, 0)], Cut.HOLE)
        dropped = first.transport.dropped
        async with asyncio.timeout(SECONDS):
            while first.transport.dropped == dropped:
                first.transport.send(second.signer, b"into the hole")
                await asyncio.sleep(0.05)
        links.heal([(0, 0)])
        found = await asyncio.wait_for(reach(first, second, b"after"), SECONDS)
        assert found == (first.signer, b"after")


def test_source__that_is_no_address__is_a_local_fault() -> None:
    with pytest.raises(LocalFault, match="peer_source: 'eth0'"):
        Transport(bytes(range(32)), ("127.0.0.1", 0), lambda *_: None, "eth0")


async def test_send__to_a_peer_that_is_not_there__is_dropped(make: Make) -> None:
    first, second = await make(1), await make(2)
    gone = second.peer()
    await second.stop()
    first.transport.set_peers([Peer(gone.signer, gone.transport_key, "tcp://127.0.0.1:1")])
    for _ in range(100):
        first.transport.send(gone.signer, bytes(1000))
    assert first.transport.dropped == 100


@pytest.mark.parametrize(
    "endpoint",
    [
        "not an endpoint",
        "",
        "ipc:///tmp/socket",
        "inproc://zeromq.zap.01",
        "tcp://a.name.that.takes.long.to.look.up:1",
        "tcp://127.0.0.1:999999",
        "tcp://127.0.0.1:1\n",
        "tcp://300.300.300.300:1",
    ],
)
async def test_set_peers__with_a_hostile_endpoint__is_logged_and_left_out(
    make: Make, endpoint: str
) -> None:
    first = await make(1)
    first.transport.set_peers([Peer(Address(b"\x09" * 20), bytes(32), endpoint)])
    assert first.transport.peers == ()


async def test_start__address_in_use__is_a_local_fault_that_names_it(make: Make) -> None:
    first = await make(1)
    second = Transport(bytes(range(32)), ("127.0.0.1", first.port), lambda *_: None)
    with pytest.raises(LocalFault, match=f"peer address 127.0.0.1:{first.port}"):
        second.start()
    second.close()


async def unread(make: Make, *sent: bytes) -> tuple[Endpoint, Endpoint]:
    """A peer, and a node that has taken in what it has sent and handed over nothing."""
    first, second = await make(1), await make(2)
    await connect(first, second)
    await second.pause()
    for data in sent:
        first.transport.send(second.signer, data)
    async with asyncio.timeout(SECONDS):
        while len(second.transport._inbox) + len(second.transport._bulk) < len(sent):
            second.transport._take_in()
            await asyncio.sleep(0.001)
    return first, second


async def test_receive__bulk__waits_for_all_that_is_not(make: Make) -> None:
    first, second = await unread(make, b"bulk 1", b"bulk 2", b"vote 1", b"vote 2")
    second.read()
    heard = [await second.next() for _ in range(4)]
    assert heard == [(first.signer, data) for data in (b"vote 1", b"vote 2", b"bulk 1", b"bulk 2")]


async def test_receive__bulk_after_much_of_it__waits_for_more(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that more comes together."""
    monkeypatch.setattr(transport_module, "MAX_BULK_PAUSE_SECONDS", 1.0)
    first, second = await unread(make, b"bulk" + bytes(10**6))
    second.read()
    await second.next()
    due = second.transport._bulk_due
    for number in range(3):
        first.transport.send(second.signer, b"bulk %d" % number)
    heard = [await second.next() for _ in range(3)]
    assert time.monotonic() >= due
    assert [data for _, data in heard] == [b"bulk 0", b"bulk 1", b"bulk 2"]
    assert second.together == [1, 3]


@pytest.mark.parametrize(
    ("data", "seconds"),
    [(bytes(1_000), 2e-3), (bytes(10**6), 0.1), (b"unheard" + bytes(10**6), 0.0)],
)
async def test_receive__bulk__what_comes_next_waits_by_what_was_looked_at(
    make: Make, monkeypatch: pytest.MonkeyPatch, data: bytes, seconds: float
) -> None:
    _, second = await unread(make)
    second.transport._bulk.put(Address(b"\x09" * 20), data)
    monkeypatch.setattr(transport_module, "time", SimpleNamespace(monotonic=lambda: 5.0))
    second.transport._hand_over_bulk()
    monkeypatch.undo()
    assert second.transport._bulk_due == pytest.approx(5.0 + seconds, abs=1e-4)


async def test_receive__more_bulk_than_goes_together__comes_in_parts_at_once(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BULK_PAUSE_SECONDS_EACH", "MAX_BULK_PAUSE_SECONDS"):
        monkeypatch.setattr(transport_module, name, 3_600.0)
    _, second = await unread(make, *(b"bulk %d" % number for number in range(20)))
    second.read()
    for _ in range(20):
        await second.next()
    assert second.together == [BULK_TOGETHER, BULK_TOGETHER, 4]


async def test_hasten__what_waits_of_a_peer__is_handed_over_at_once(make: Make) -> None:
    first, second = await unread(make, b"bulk 1", b"vote", b"bulk 2")
    second.transport._bulk_due = time.monotonic() + 3_600
    second.transport.hasten(Address(b"\x09" * 20))
    assert second.received.empty()
    second.transport.hasten(first.signer)
    heard = [second.received.get_nowait() for _ in range(second.received.qsize())]
    assert heard == [(first.signer, b"bulk 1"), (first.signer, b"bulk 2")]
    assert (len(second.transport._inbox), len(second.transport._bulk)) == (1, 0)
    second.transport.hasten()


async def test_hasten__a_peer__is_heard_before_others_and_these_with_it(make: Make) -> None:
    _, second = await unread(make)
    one, other = Address(b"\x08" * 20), Address(b"\x09" * 20)
    for number in range(10):
        second.transport._bulk.put(one, b"bulk one")
        second.transport._bulk.put(other, b"bulk %d" % number)
    second.transport.hasten(other)
    heard = [second.received.get_nowait() for _ in range(second.received.qsize())]
    assert [data for peer, data in heard if peer == other] == [b"bulk %d" % n for n in range(10)]
    assert {peer for peer, _ in heard[:8]} == {other}
    assert second.together == [8, 8]
    second.transport.hasten()
    assert second.together == [8, 8, 4]


async def test_hasten__more_than_there_is_time_for__waits_on(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A peer that sends much, and a proposal, keeps nobody's votes waiting for long."""
    first, second = await unread(make, *(b"bulk %d" % number for number in range(25)))
    looks = count(0, HASTEN_SECONDS / 2)
    clock = SimpleNamespace(monotonic=lambda: next(looks))
    with monkeypatch.context() as patch:
        patch.setattr(transport_module, "time", clock)
        second.transport.hasten(first.signer)
    assert second.together == [BULK_TOGETHER]
    assert len(second.transport._bulk) == 17


async def test_send__after_close__is_dropped(make: Make) -> None:
    """A timer may do that while the loop ends."""
    first, second = Endpoint(1), await make(2)
    first.start()
    await connect(first, second)
    await first.stop()
    first.transport.broadcast(b"late")
