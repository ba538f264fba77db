"""The client against an HTTP server that says what a test wants (L1-4)."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from aiohttp import web

from sequencer.crypto.hashing import keccak
from sequencer.l1.client import L1Client, L1Transaction, Receipt
from sequencer.l1.events import L1Header
from sequencer.l1.rpc import L1Error, L1Refused, L1Unavailable, redact
from sequencer.types import Address

ADDRESS = Address(b"\x11" * 20)
HASH, PARENT = keccak(b"block"), keccak(b"parent")
BLOCK = {
    "number": "0x10",
    "hash": "0x" + HASH.hex(),
    "parentHash": "0x" + PARENT.hex(),
    "timestamp": "0x64",
    "baseFeePerGas": "0x7",
    "extraData": "0x",
}
LOG = {
    "address": "0x" + ADDRESS.hex(),
    "topics": ["0x" + HASH.hex()],
    "data": "0x0102",
    "blockNumber": "0x10",
    "blockHash": "0x" + HASH.hex(),
    "transactionHash": "0x" + PARENT.hex(),
    "logIndex": "0x3",
    "removed": False,
}


class Server:
    """Answers every request with `answer(method, params)`, or with a raw response."""

    def __init__(self) -> None:
        self.answer: Callable[[str, Any], Any] = lambda method, params: None
        self.raw: web.StreamResponse | None = None
        self.requests: list[dict[str, Any]] = []
        self.url = ""
        self.is_silent = False
        self.closing = asyncio.Event()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = json.loads(await request.text())
        self.requests.append(body)
        if self.is_silent:
            await self.closing.wait()
        if self.raw is not None:
            return self.raw
        result = self.answer(body["method"], body["params"])
        if isinstance(result, dict) and "error" in result:
            return web.json_response({"jsonrpc": "2.0", "id": body["id"], **result})
        return web.json_response({"jsonrpc": "2.0", "id": body["id"], "result": result})

    def says(self, result: Any) -> None:
        self.answer = lambda method, params: result


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    app = web.Application()
    app.router.add_post("/{path:.*}", made.handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    made.url = f"http://{host}:{port}/v3/secret-key"
    yield made
    made.closing.set()
    await runner.cleanup()


@pytest.fixture
async def client(server: Server) -> AsyncIterator[L1Client]:
    made = L1Client(server.url, timeout_seconds=5, max_answer_bytes=10_000)
    yield made
    await made.close()


class TestAnswers:
    async def test_header(self, server: Server, client: L1Client) -> None:
        server.says(BLOCK)
        assert await client.header(16) == L1Header(16, HASH, PARENT, 100)
        assert await client.head() == L1Header(16, HASH, PARENT, 100)
        assert await client.base_fee_wei() == 7
        assert server.requests[0]["params"] == ["0x10", False]

    async def test_header__not_there_yet__is_none(self, server: Server, client: L1Client) -> None:
        server.says(None)
        assert await client.header(16) is None
        with pytest.raises(L1Error, match="null"):
            await client.head()

    async def test_header__of_another_number__is_refused(
        self, server: Server, client: L1Client
    ) -> None:
        server.says(BLOCK)
        with pytest.raises(L1Error, match="block 16, asked 17"):
            await client.header(17)

    async def test_call__at_the_head_or_at_a_block(self, server: Server, client: L1Client) -> None:
        server.says("0x07")
        assert await client.call(ADDRESS, b"\1") == b"\7"
        assert await client.call(ADDRESS, b"\1", 16) == b"\7"
        assert [request["params"][1] for request in server.requests] == ["latest", "0x10"]

    async def test_logs__come_in_order(self, server: Server, client: L1Client) -> None:
        server.says([{**LOG, "logIndex": "0x5"}, {**LOG, "blockNumber": "0xf"}, LOG])
        found = await client.logs_between([ADDRESS], 15, 16)
        assert [(log.block_number, log.index) for log in found] == [(15, 3), (16, 3), (16, 5)]
        assert (found[0].address, found[0].topics, found[0].data) == (ADDRESS, (HASH,), b"\1\2")
        (query,) = server.requests[0]["params"]
        assert query == {"address": ["0x" + "11" * 20], "fromBlock": "0xf", "toBlock": "0x10"}

    async def test_logs__outside_the_range__are_refused(
        self, server: Server, client: L1Client
    ) -> None:
        server.says([LOG])
        with pytest.raises(L1Error, match="outside"):
            await client.logs_between([ADDRESS], 17, 20)

    async def test_logs_of__asks_by_hash(self, server: Server, client: L1Client) -> None:
        server.says([])
        assert await client.logs_of([ADDRESS], HASH) == []
        assert server.requests[0]["params"][0]["blockHash"] == "0x" + HASH.hex()

    async def test_transaction_and_receipt(self, server: Server, client: L1Client) -> None:
        server.says({"input": "0xaabb", "to": "0x" + ADDRESS.hex(), "blockHash": None})
        assert await client.transaction(HASH) == L1Transaction(ADDRESS, b"\xaa\xbb", None)
        server.says(
            {
                "status": "0x1",
                "blockNumber": "0x10",
                "blockHash": "0x" + HASH.hex(),
                "gasUsed": "0x5208",
            }
        )
        assert await client.receipt(HASH) == Receipt(HASH, True, 16, HASH, 21_000)
        server.says(None)
        assert await client.transaction(HASH) is None
        assert await client.receipt(HASH) is None

    async def test_sending(self, server: Server, client: L1Client) -> None:
        server.says("0x" + HASH.hex())
        assert await client.send_raw(b"\x02raw") == HASH
        server.says("0x5")
        assert await client.nonce(ADDRESS) == 5
        assert await client.estimate_gas(ADDRESS, ADDRESS, b"\x01") == 5
        assert await client.chain_id() == 5
        server.says("0x0102")
        assert await client.call(ADDRESS, b"\x01") == b"\x01\x02"
        assert await client.call_priced(ADDRESS, ADDRESS, b"\x01", 7) == b"\x01\x02"
        (call, _block) = server.requests[-1]["params"]
        assert (int(call["gasPrice"], 16), call["from"]) == (7, call["to"])

    @pytest.mark.parametrize(
        "result",
        [
            {**BLOCK, "hash": "0x12"},
            {**BLOCK, "number": 16},
            {**BLOCK, "number": "16"},
            {**BLOCK, "number": "0x-1"},
            {**BLOCK, "number": "0x" + "f" * 70},
            {**BLOCK, "timestamp": "0xzz"},
            {name: value for name, value in BLOCK.items() if name != "parentHash"},
            [BLOCK],
            "block",
        ],
    )
    async def test_answer_that_does_not_decode__is_refused_naming_the_call(
        self, server: Server, client: L1Client, result: Any
    ) -> None:
        server.says(result)
        with pytest.raises(L1Error, match="eth_getBlockByNumber at http"):
            await client.head()


class TestFaults:
    async def test_error_answer__carries_the_revert_data(
        self, server: Server, client: L1Client
    ) -> None:
        for data in ("0xdeadbeef", {"data": "0xdeadbeef"}):
            server.says({"error": {"code": 3, "message": "reverted " + "x" * 999, "data": data}})
            with pytest.raises(L1Refused, match="refused: reverted") as caught:
                await client.estimate_gas(ADDRESS, ADDRESS, b"")
            assert (caught.value.code, caught.value.data) == (3, b"\xde\xad\xbe\xef")
            assert len(str(caught.value)) < 400

    @pytest.mark.parametrize("data", [None, 7, "zz", "0xzz", {}, {"data": 1}])
    async def test_error_answer__with_odd_data(
        self, server: Server, client: L1Client, data: Any
    ) -> None:
        server.says({"error": {"code": -32000, "message": "no", "data": data}})
        with pytest.raises(L1Refused) as caught:
            await client.chain_id()
        assert caught.value.data == b""

    async def test_answer_to_another_request__is_refused(
        self, server: Server, client: L1Client
    ) -> None:
        server.raw = web.json_response({"jsonrpc": "2.0", "id": 999, "result": "0x1"})
        with pytest.raises(L1Error, match="request 999"):
            await client.chain_id()

    @pytest.mark.parametrize(
        "body",
        [b"", b"[]", b"<html>", b"\xff\xff", b'{"id": 1', b'{"note": ' + b"[" * 5_000],
        ids=["none", "list", "html", "no text", "cut", "lists within lists"],
    )
    async def test_body_that_is_no_json_rpc__is_refused(
        self, server: Server, client: L1Client, body: bytes
    ) -> None:
        server.raw = web.Response(body=body)
        with pytest.raises(L1Error, match="eth_chainId"):
            await client.chain_id()

    async def test_answer_longer_than_the_bound__is_not_kept(
        self, server: Server, client: L1Client
    ) -> None:
        server.says("0x" + "00" * 10_000)
        with pytest.raises(L1Error, match="more than 10000 bytes"):
            await client.code(ADDRESS)

    async def test_compressed_answer__is_bounded_by_its_inflated_size(
        self, server: Server, client: L1Client
    ) -> None:
        response = web.Response(body=b"0" * 5_000_000)
        response.enable_compression()
        server.raw = response
        with pytest.raises(L1Error, match="more than 10000 bytes"):
            await client.code(ADDRESS)

    @pytest.mark.parametrize("status", [429, 500, 302])
    async def test_http_status(self, server: Server, client: L1Client, status: int) -> None:
        server.raw = web.Response(status=status, headers={"Location": "/elsewhere"})
        with pytest.raises(L1Unavailable, match=f"HTTP {status}"):
            await client.chain_id()
        assert len(server.requests) == 1

    async def test_slow_answer__is_given_up(self, server: Server) -> None:
        slow = L1Client(server.url, timeout_seconds=0.05)
        server.is_silent = True
        with pytest.raises(L1Unavailable, match="TimeoutError"):
            await slow.chain_id()
        await slow.close()

    async def test_nobody_listens__is_unavailable_and_keeps_the_key_to_itself(self) -> None:
        client = L1Client("http://user:password@127.0.0.1:1/v3/secret-key?token=t")
        with pytest.raises(L1Unavailable) as caught:
            await client.chain_id()
        assert "eth_chainId at http://127.0.0.1:1" in str(caught.value)
        for secret in ("user", "password", "secret-key", "token"):
            assert secret not in str(caught.value)
        await client.close()

    async def test_no_error_names_the_path(self, server: Server, client: L1Client) -> None:
        server.raw = web.Response(status=500)
        with pytest.raises(L1Unavailable) as caught:
            await client.chain_id()
        assert "secret-key" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://a:b@host:8545/key?x=1", "http://host:8545"),
        ("https://host/key", "https://host"),
        ("http://host:99999/", "an invalid URL"),
        ("http://[::1]:8545", "http://::1:8545"),
    ],
)
def test_redact(url: str, shown: str) -> None:
    assert redact(url) == shown


async def test_url_that_is_none__is_an_error_of_the_call() -> None:
    for url in ("", "host:8545", "http://host:99999/"):
        client = L1Client(url)
        with pytest.raises(L1Error):
            await client.chain_id()
        await client.close()
