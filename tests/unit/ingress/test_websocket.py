"""JSON-RPC over WebSocket (TX-9): what a POST gets, and what a stranger can make a node hold."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import (
    ClientSession,
    ClientWebSocketResponse,
    WSCloseCode,
    WSMsgType,
    WSServerHandshakeError,
)
from eth_account import Account
from web3 import AsyncWeb3, WebSocketProvider

from sequencer.ingress import rpc, websocket
from sequencer.ingress.methods import CLIENT_VERSION
from sequencer.ingress.rpc import MAX_BODY
from tests.unit.ingress.builders import CHAIN_ID, Raw
from tests.unit.ingress.nodes import FakeNode
from tests.unit.ingress.test_rpc import batch, begin_request, code, notification, request, serving

MASK = bytes(4)
UPGRADE = (
    b"GET /rollup/1 HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
)


@pytest.fixture(autouse=True)
def short_lingering(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rpc, "LINGERING_SECONDS", 0.3)


@asynccontextmanager
async def connected(
    node: FakeNode, path: str = "/rollup/1", **options: Any
) -> AsyncIterator[ClientWebSocketResponse]:
    async with (
        serving(node) as url,
        ClientSession() as session,
        asyncio.timeout(20),
        session.ws_connect(url + path, **options) as socket,
    ):
        yield socket


async def ask(socket: ClientWebSocketResponse, body: bytes) -> Any:
    await socket.send_frame(body, WSMsgType.TEXT)
    return json.loads(await socket.receive_str())


async def closing(socket: ClientWebSocketResponse) -> tuple[int, str]:
    """How the server closes."""
    message = await socket.receive()
    assert message.type is WSMsgType.CLOSE
    return message.data, message.extra or ""


async def raw_socket(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Upgraded, for frames that no library sends; reads no more than it is asked for."""
    port = int(url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1_024)
    writer.write(UPGRADE + b"\r\n")
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    return reader, writer


async def is_free(url: str) -> bool:
    """Whether another WebSocket may open."""
    try:
        async with ClientSession() as session, session.ws_connect(f"{url}/rollup/1"):
            return True
    except WSServerHandshakeError:
        return False


async def until_free(url: str) -> None:
    while not await is_free(url):  # noqa: ASYNC110 - nothing tells when it was noticed
        await asyncio.sleep(0.01)


def frame(body: bytes, first: int = 0x81) -> bytes:
    """As a client sends it, below 126 bytes."""
    return bytes([first, 0x80 | len(body)]) + MASK + body


# What a POST gets


async def test_message__a_call__is_answered() -> None:
    async with connected(FakeNode()) as socket:
        assert await ask(socket, request(id=5)) == {"jsonrpc": "2.0", "id": 5, "result": "0x7"}
        await socket.send_bytes(request(id=6))
        assert (await socket.receive_json())["id"] == 6
    async with connected(FakeNode(), "/") as socket:
        found = await ask(socket, request("web3_clientVersion"))
        assert found["result"] == CLIENT_VERSION


@pytest.mark.parametrize(
    "body",
    [
        request(),
        request("no"),
        request("eth_sendRawTransaction", "0x" + Raw().encode().hex()),
        batch(request(id=1), notification("eth_chainId"), b"1", request("no", id=2)),
        b"",
        b"{",
        b"\xff",
        b"[]",
        batch(*[b"1"] * 1_001),
    ],
)
@pytest.mark.parametrize("path", ["/", "/rollup/1", "/rollup/2", "/rollup/x"])
async def test_message__any_body__gets_the_bytes_that_a_post_gets(body: bytes, path: str) -> None:
    async with (
        serving(FakeNode()) as url,
        ClientSession() as session,
        session.post(url + path, data=body) as response,
    ):
        posted = await response.read()
    async with connected(FakeNode(), path) as socket:
        await socket.send_frame(body, WSMsgType.TEXT)
        assert (await socket.receive_str()).encode() == posted


async def test_message__a_notification__is_not_answered() -> None:
    node = FakeNode()
    async with connected(node) as socket:
        raw = "0x" + Raw().encode().hex()
        await socket.send_frame(notification("eth_sendRawTransaction", raw), WSMsgType.TEXT)
        assert (await ask(socket, request(id=2)))["id"] == 2
    assert len(node.pool) == 1


async def test_message__in_fragments_with_a_ping_between__is_one() -> None:
    async with serving(FakeNode()) as url:
        reader, writer = await raw_socket(url)
        body = request()
        writer.write(frame(body[:9], 0x01) + frame(b"hi", 0x89) + frame(body[9:], 0x80))
        assert await reader.readexactly(4) == b"\x8a\x02hi"
        head = await reader.readexactly(2)
        assert json.loads(await reader.readexactly(head[1]))["result"] == "0x7"
        writer.close()


async def test_web3__over_websocket__sends_and_finds_a_transaction() -> None:
    node = FakeNode()
    account = Account.from_key(b"\x05" * 32)
    fields = {"to": account.address, "value": 1, "nonce": 0, "gas": 21_000, "chainId": CHAIN_ID}
    signed = account.sign_transaction(fields | {"maxFeePerGas": 10, "maxPriorityFeePerGas": 1})
    async with serving(node) as url:
        address = url.replace("http", "ws", 1) + "/rollup/1"
        async with AsyncWeb3(WebSocketProvider(address)) as w3:
            assert await w3.eth.chain_id == CHAIN_ID
            assert await w3.eth.send_raw_transaction(signed.raw_transaction) == signed.hash
            node.order()
            receipt = await w3.eth.get_transaction_receipt(signed.hash)
            assert receipt["blockNumber"] == 1


# What is not upgraded


@pytest.mark.parametrize("path", ["/", "/rollup/1"])
async def test_get__without_an_upgrade__says_what_to_do(path: str) -> None:
    async with (
        serving(FakeNode()) as url,
        ClientSession() as session,
        session.get(url + path) as found,
    ):
        assert (found.status, found.headers["Upgrade"]) == (426, "websocket")
        assert "POST" in await found.text()


async def test_upgrade__from_a_page__is_refused() -> None:
    with pytest.raises(WSServerHandshakeError, match="403"):
        async with connected(FakeNode(), origin="http://elsewhere.example"):
            pass


async def test_upgrade__compression_offered__is_not_agreed_to() -> None:
    async with connected(FakeNode(), compress=15) as socket:
        assert socket.compress == 0
        assert (await ask(socket, request()))["result"] == "0x7"


async def test_upgrade__with_subprotocols__has_none_and_few_lines(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with serving(FakeNode()) as url, ClientSession() as session:
        with caplog.at_level(logging.WARNING):
            for _ in range(30):
                async with session.ws_connect(f"{url}/rollup/1", protocols=["x"]) as socket:
                    assert socket.protocol is None
    assert 0 < len(caplog.records) <= 20


async def test_upgrade__many_connections__are_refused_until_one_closes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(websocket, "MAX_SOCKETS", 20)
    async with serving(FakeNode()) as url, ClientSession() as session:
        sockets = [await session.ws_connect(f"{url}/rollup/1") for _ in range(20)]
        with pytest.raises(WSServerHandshakeError, match="503"):
            await session.ws_connect(f"{url}/rollup/1")
        async with session.post(f"{url}/rollup/1", data=request()) as found:
            assert found.status == 200
        for found in await asyncio.gather(*(ask(socket, request()) for socket in sockets)):
            assert found["result"] == "0x7"
        await sockets[0].close()
        async with session.ws_connect(f"{url}/rollup/1") as another:
            assert (await ask(another, request()))["result"] == "0x7"
        for socket in sockets:
            await socket.close()


# Bounds


async def test_message__of_2_mib__is_the_longest() -> None:
    async with connected(FakeNode()) as socket:
        padded = request().ljust(MAX_BODY)
        assert (await ask(socket, padded))["result"] == "0x7"
        await socket.send_frame(padded + b" ", WSMsgType.TEXT)
        assert await closing(socket) == (1009, f"a message has more than {MAX_BODY} bytes")


async def test_message__too_long_in_fragments__is_refused_before_its_end() -> None:
    async with serving(FakeNode()) as url, asyncio.timeout(20):
        reader, writer = await raw_socket(url)
        most = bytes([0x01, 0xFF]) + MAX_BODY.to_bytes(8) + MASK + bytes(MAX_BODY)
        writer.write(most + frame(b"x", 0x00))
        head = await reader.readexactly(4)
        assert (head[0], int.from_bytes(head[2:])) == (0x88, WSCloseCode.MESSAGE_TOO_BIG)
        writer.close()


@pytest.mark.parametrize(
    "data",
    [
        frame(b"x", 0xC1),  # compressed
        frame(b"x", 0x80),  # goes on with nothing
        frame(b"x", 0x83),  # a reserved kind
        frame(b"", 0x09),  # a ping in fragments
        frame(b"\x03\xe8\xff", 0x88),  # a reason that is not UTF-8
    ],
)
async def test_frame__against_the_rules__closes_with_a_reason(data: bytes) -> None:
    async with serving(FakeNode()) as url, asyncio.timeout(10):
        reader, writer = await raw_socket(url)
        writer.write(data + frame(request()))
        head = await reader.readexactly(4)
        assert head[0] == 0x88
        assert int.from_bytes(head[2:]) in (1002, 1007)
        rest = await reader.read()
        assert len(rest) == head[1] - 2 > 10
        writer.close()


async def test_message__too_many_at_a_time__gets_the_error_of_a_post(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rpc, "MAX_IN_FLIGHT", 1)
    async with serving(FakeNode()) as url, ClientSession() as session:
        _, writer = await begin_request(url)
        async with session.ws_connect(f"{url}/rollup/1") as socket:
            assert code(await ask(socket, request())) == -32005
            async with session.post(f"{url}/rollup/1", data=request()) as refused:
                assert refused.status == 503
        writer.close()


async def test_flood__of_one_connection__waits_for_itself() -> None:
    """One message of it at a time, and others are answered meanwhile."""
    gate, running, most = asyncio.Event(), 0, 0

    class Slow(FakeNode):
        async def durable(self) -> None:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await gate.wait()
            running -= 1

    async with serving(Slow()) as url, ClientSession() as session, asyncio.timeout(20):
        reader, writer = await raw_socket(url)
        flood = frame(request()) * 200_000
        writer.write(flood)
        await asyncio.sleep(0.2)
        assert (running, most) == (1, 1)
        waiting = writer.transport.get_write_buffer_size()
        assert waiting > len(flood) // 2
        async with session.ws_connect(f"{url}/rollup/1") as other:
            await other.send_frame(request(), WSMsgType.TEXT)
            gate.set()
            assert (await other.receive_json())["result"] == "0x7"
        for _ in range(2_000):
            head = await reader.readexactly(2)
            assert json.loads(await reader.readexactly(head[1]))["result"] == "0x7"
        writer.transport.abort()


async def test_flood__of_pings__lets_others_in_between() -> None:
    async with serving(FakeNode()) as url, asyncio.timeout(20):
        reader, writer = await raw_socket(url)
        writer.write(frame(b"", 0x89) * 2_000)
        turns = 0
        pongs = asyncio.create_task(reader.readexactly(2 * 2_000))
        while not pongs.done():
            turns += 1
            await asyncio.sleep(0)
        assert turns > 2_000
        writer.close()


async def test_answer__not_taken__closes_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(websocket, "MAX_SOCKETS", 1)
    monkeypatch.setattr(websocket, "SEND_SECONDS", 1.5)

    class Talkative(FakeNode):
        def status(self) -> dict[str, object]:
            return {"long": "x" * (32 << 20)}  # more than the system takes for a slow reader

    async with serving(Talkative()) as url, asyncio.timeout(20):
        reader, writer = await raw_socket(url)
        writer.write(frame(request("seq_status")))
        await reader.readexactly(10)
        assert not await is_free(url)
        await until_free(url)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(32 << 20)
        writer.close()


async def test_connection__without_a_frame__is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rpc, "IDLE_SECONDS", 0.5)
    async with connected(FakeNode()) as socket:
        until = time.monotonic() + 1.0
        while time.monotonic() < until:
            await asyncio.sleep(0.1)
            await socket.ping()
        assert (await ask(socket, request()))["result"] == "0x7"
        assert await closing(socket) == (1001, "silent for 0 s")


async def test_connection__gone_in_the_middle__leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(websocket, "MAX_SOCKETS", 1)
    gate, begun = asyncio.Event(), asyncio.Event()

    class Slow(FakeNode):
        async def durable(self) -> None:
            begun.set()
            await gate.wait()

    async with serving(Slow()) as url, asyncio.timeout(20):
        _, writer = await raw_socket(url)
        writer.write(frame(request()))
        await begun.wait()  # in the middle of an answer
        writer.transport.abort()
        assert not await is_free(url)
        gate.set()
        await until_free(url)
        _, writer = await raw_socket(url)
        writer.write(frame(request())[:9])  # in the middle of a message
        writer.transport.abort()
        await until_free(url)
    assert not caplog.records


async def test_stop__with_open_connections__tells_them() -> None:
    async with ClientSession() as session, asyncio.timeout(20):
        async with serving(FakeNode()) as url:
            socket = await session.ws_connect(f"{url}/rollup/1")
            silent, writer = await raw_socket(url)
            told = asyncio.create_task(closing(socket))
            await asyncio.sleep(0)
        assert await told == (1001, "the node stops")
        assert await silent.read() == b"\x88\x10\x03\xe9the node stops"
        writer.close()
        await socket.close()
