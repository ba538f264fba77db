"""JSON-RPC over HTTP: bodies in, bodies out, and what a stranger can make a node hold."""

import asyncio
import gzip
import io
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientSession, web
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st
from web3 import Web3
from web3.exceptions import TransactionNotFound, Web3RPCError

from sequencer import serving as serving_module
from sequencer.crypto.hashing import keccak
from sequencer.errors import LocalFault
from sequencer.ingress import rpc as rpc_module
from sequencer.ingress.methods import CLIENT_VERSION, Methods
from sequencer.ingress.rpc import MAX_BODY, Rpc, create_app, make_runner
from tests.unit.ingress.builders import CHAIN_ID, Raw
from tests.unit.ingress.nodes import FakeNode
from tests.unit.turns import turns_during

NOW_MS = 1_234


def request(method: str = "eth_chainId", *params: object, **members: object) -> bytes:
    return json.dumps(
        {"jsonrpc": "2.0", "id": 1, "method": method, "params": params} | members
    ).encode()


def batch(*calls: bytes) -> bytes:
    return b"[" + b",".join(calls) + b"]"


def notification(method: str, *params: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "method": method, "params": params}).encode()


def answer(node: FakeNode, body: bytes, path_id: str | None = "1") -> Any:
    """What a body is answered, without HTTP."""
    data = asyncio.run(Rpc(Methods(node, lambda: NOW_MS)).answer(path_id, body))
    return json.loads(data) if data else None


def code(found: Any) -> int:
    assert set(found) == {"jsonrpc", "id", "error"}
    return int(found["error"]["code"])


# Bodies


def test_answer__a_call__has_its_id_and_result() -> None:
    assert answer(FakeNode(), request(id="x")) == {"jsonrpc": "2.0", "id": "x", "result": "0x7"}


def test_answer__a_batch__is_in_order_and_without_notifications() -> None:
    found = answer(
        FakeNode(),
        batch(request(id=1), notification("eth_chainId"), b"1", request("no", id=2), request(id=3)),
    )
    assert [each["id"] for each in found] == [1, None, 2, 3]
    assert [each["error"]["code"] for each in found if "error" in each] == [-32600, -32601]


def test_answer__more_transactions_than_may_wait__refuses_the_others_unseen() -> None:
    """POOL-7: those that come first are taken, and none after one that is refused; what is no
    transaction is answered all the same."""
    node = FakeNode()
    node.room = 10
    sent = ["0x" + Raw(nonce=nonce).encode().hex() for nonce in range(40)]
    bodies = [request("eth_sendRawTransaction", raw, id=at) for at, raw in enumerate(sent)]
    first, *found = answer(node, batch(request(id="x"), *bodies))
    assert first["result"] == "0x7"
    assert [each["id"] for each in found if "result" in each] == list(range(10))
    assert len(node.submitted_at) == 10
    assert {each["error"]["code"] for each in found[10:]} == {-32005}
    assert found[10]["error"]["data"] == {"retryAfterMs": 250}
    assert node.room == 10


def test_answer__transactions_of_no_rollup__take_no_room() -> None:
    node = FakeNode()
    node.room = 0
    raw = "0x" + Raw().encode().hex()
    bodies = [request("eth_sendRawTransaction", raw, id=at) for at in range(40)]
    found = answer(node, batch(*bodies), "999")
    assert {each["error"]["message"] for each in found} == {"rollup 999 is not registered"}


@pytest.mark.parametrize("method", ["eth_sendRawTransaction", "eth_chainId"])
@pytest.mark.parametrize("is_batch", [False, True])
def test_answer__l1_not_read_yet__says_so_and_when_to_try_again(
    method: str, is_batch: bool
) -> None:
    """TX-10."""
    node = FakeNode()
    node.has_read_l1 = False
    params = ["0x" + Raw().encode().hex()] if method == "eth_sendRawTransaction" else []
    body = request(method, *params)
    found = answer(node, batch(body) if is_batch else body, "1")
    error = (found[0] if is_batch else found)["error"]
    assert (error["code"], error["data"]) == (-32005, {"retryAfterMs": 1_000})
    assert error["message"].startswith("this node has not read L1 to its head")
    assert node.room == FakeNode().room


async def test_answer__a_transaction_alone__does_not_wait_behind_batches() -> None:
    node = FakeNode()
    rpc = Rpc(Methods(node, lambda: NOW_MS))
    rpc._turns.is_taken = True
    raw = "0x" + Raw().encode().hex()
    found = json.loads(await rpc.answer("1", request("eth_sendRawTransaction", raw)))
    assert found["result"] == "0x" + keccak(Raw().encode()).hex()


async def test_answer__wallet_that_goes__leaves_its_room() -> None:
    node = FakeNode()
    room = node.room
    raw = "0x" + Raw().encode().hex()
    body = batch(*[request("eth_sendRawTransaction", raw, id=at) for at in range(200)])
    rpc = Rpc(Methods(node, lambda: NOW_MS))
    rpc._turns.is_taken = True
    answering = asyncio.create_task(rpc.answer("1", body))
    await asyncio.sleep(0)
    assert node.room == room - 128
    answering.cancel()
    with pytest.raises(asyncio.CancelledError):
        await answering
    assert node.room == room


def test_answer__notifications_only__is_nothing() -> None:
    node = FakeNode()
    raw = "0x" + Raw().encode().hex()
    assert answer(node, notification("eth_sendRawTransaction", raw)) is None
    assert answer(node, batch(notification("no"), notification("eth_chainId"))) is None
    assert len(node.pool) == 1


@pytest.mark.parametrize(
    ("path_id", "body", "expected"),
    [
        ("1", b"", -32700),
        ("1", b"[]", -32600),
        ("1", batch(*[b"1"] * 1_001), -32005),
        ("2", request(), -32602),
        (None, request(), -32601),
    ],
)
def test_answer__what_cannot_be_done__is_one_error(
    path_id: str | None, body: bytes, expected: int
) -> None:
    found = answer(FakeNode(), body, path_id)
    assert code(found) == expected
    assert len(found["error"]["message"]) < 300


@pytest.mark.parametrize(
    "path_id", ["", "x", "-1", "+1", "1 ", "1_0", "0x1", "\u0661", str(2**32), "9" * 5_000]
)
def test_answer__on_the_path_of_no_rollup_id__says_what_one_is(path_id: str) -> None:
    found = answer(FakeNode(), request(), path_id)
    assert code(found) == -32602
    assert found["error"]["message"].startswith("a rollup id is a number below 2**32, found ")
    assert len(found["error"]["message"]) < 300


def test_answer__a_node_that_fails__is_an_internal_error_without_details(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Broken(FakeNode):
        def status(self) -> dict[str, object]:
            raise LocalFault("/secret/path: disk full")

    with caplog.at_level(logging.CRITICAL):
        found = answer(Broken(), batch(request("seq_status"), request()))
    assert found[0]["error"] == {"code": -32603, "message": "internal error"}
    assert found[1]["result"] == "0x7"


def test_answer__long_answers_to_a_batch__are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    one = len(json.dumps(answer(FakeNode(), request("seq_status")), separators=(",", ":")))
    monkeypatch.setattr(rpc_module, "MAX_ANSWER", 2 * one + 1)
    found = answer(FakeNode(), batch(*[request("seq_status")] * 5))
    assert ["result" in each for each in found] == [True, True, True, False, False]
    assert code(found[4]) == -32005


def test_answer__a_long_batch__lets_others_in_between() -> None:
    async def turns(calls: int) -> int:
        rpc = Rpc(Methods(FakeNode(), lambda: NOW_MS))
        return await turns_during(rpc.answer("1", batch(*[request()] * calls)))

    assert asyncio.run(turns(1)) == 0
    assert asyncio.run(turns(128)) == 0
    assert asyncio.run(turns(1_000)) == 1_000 // 128


@pytest.mark.parametrize(
    ("calls", "order"), [((100, 100, 100), [0, 1, 2]), ((1_000, 100, 300), [1, 2, 0])]
)
async def test_answer__batches_at_the_same_time__have_their_turns_by_turns(
    calls: Sequence[int], order: list[int]
) -> None:
    """One for each of the event loop: peers have theirs in between, no body waits for all of
    another, or longer than it must."""
    rpc = Rpc(Methods(FakeNode(), lambda: NOW_MS))
    answered: list[int] = []

    async def ask(number: int, count: int) -> None:
        await rpc.answer("1", batch(*[request()] * count))
        answered.append(number)

    async with asyncio.TaskGroup() as tasks:
        for number, count in enumerate(calls):
            tasks.create_task(ask(number, count))
        turns = 0
        while len(answered) < len(calls):
            await asyncio.sleep(0)
            turns += 1
    assert answered == order
    needed = sum(-(-count // 128) for count in calls)
    assert needed <= turns <= needed + len(calls)


async def test_answer__batch_of_which_nothing_is_taken__waits_for_nobody() -> None:
    """POOL-7: who is refused learns it at once."""
    node = FakeNode()
    node.room = 0
    rpc = Rpc(Methods(node, lambda: NOW_MS))
    raw = "0x" + Raw().encode().hex()
    body = batch(*[request("eth_sendRawTransaction", raw, id=at) for at in range(200)])
    rpc._turns.is_taken = True
    found = json.loads(await rpc.answer("1", body))
    assert {each["error"]["code"] for each in found} == {-32005}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)
METHOD_NAMES = st.sampled_from(
    [
        "eth_sendRawTransaction",
        "eth_chainId",
        "eth_blockNumber",
        "eth_getTransactionReceipt",
        "eth_getTransactionByHash",
        "eth_getTransactionCount",
        "net_version",
        "seq_getBlock",
        "seq_status",
        "web3_clientVersion",
    ]
)
HEX = st.binary(max_size=40).map(lambda data: "0x" + data.hex())
CALLS = st.fixed_dictionaries(
    {"jsonrpc": st.just("2.0"), "method": METHOD_NAMES, "id": JSON},
    optional={"params": st.lists(JSON | HEX, max_size=3) | JSON},
)


@given(
    st.sampled_from([None, "1", "2", "x"]),
    CALLS | st.lists(CALLS | JSON, max_size=5) | JSON,
)
def test_answer__hostile_calls__are_never_an_internal_error(
    path_id: str | None, document: object
) -> None:
    node = FakeNode()
    node.submit(rpc_module.RollupId(1), Raw().encode(), 0)
    node.order()
    found = answer(node, json.dumps(document).encode(), path_id)
    for each in found if isinstance(found, list) else [found]:
        assert each is None or each.get("error", {}).get("code") != -32603


@given(st.binary(max_size=100))
def test_answer__any_bytes__are_answered(data: bytes) -> None:
    assert code(answer(FakeNode(), data)) in (-32700, -32600)


# HTTP


@asynccontextmanager
async def serving(node: FakeNode) -> AsyncIterator[str]:
    """The base URL of a server on a free port."""
    runner = make_runner(create_app(node, lambda: NOW_MS))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def post(url: str, data: bytes, **headers: str) -> tuple[int, Any]:
    file = io.BytesIO(data)
    async with ClientSession() as session, session.post(url, data=file, headers=headers) as found:
        text = await found.text()
        if text:
            assert found.content_type == "application/json"
        return found.status, json.loads(text) if text else None


async def test_http__a_call__is_answered() -> None:
    async with serving(FakeNode()) as url:
        assert await post(f"{url}/rollup/1", request()) == (
            200,
            {"jsonrpc": "2.0", "id": 1, "result": "0x7"},
        )
        status, found = await post(f"{url}/", request("web3_clientVersion"))
        assert (status, found["result"]) == (200, CLIENT_VERSION)


async def test_http__an_error__is_status_200() -> None:
    """web3.py and others throw the body of any other status away."""
    async with serving(FakeNode()) as url:
        status, found = await post(f"{url}/rollup/2", request())
        assert (status, code(found)) == (200, -32602)


async def test_http__a_notification__has_no_content() -> None:
    async with serving(FakeNode()) as url:
        assert await post(f"{url}/rollup/1", notification("eth_chainId")) == (204, None)


async def test_http__a_body_of_2_mib__is_the_most() -> None:
    async with serving(FakeNode()) as url:
        padded = request().ljust(MAX_BODY)
        status, found = await post(f"{url}/rollup/1", padded)
        assert (status, found["result"]) == (200, "0x7")
        status, found = await post(f"{url}/rollup/1", padded + b" ")
        assert (status, code(found)) == (413, -32005)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity"])
async def test_http__an_encoded_body__is_refused_unread(encoding: str) -> None:
    bomb = gzip.compress(bytes(10 << 20))
    async with serving(FakeNode()) as url:
        status, found = await post(f"{url}/rollup/1", bomb, **{"Content-Encoding": encoding})
        assert (status, code(found)) == (415, -32600)


@pytest.mark.parametrize("path", ["/rollup", "/rollup/1/2", "/other"])
async def test_http__another_path__is_not_found(path: str) -> None:
    async with (
        serving(FakeNode()) as url,
        ClientSession() as session,
        session.post(url + path, data=request()) as found,
    ):
        assert found.status == 404


async def test_http__health__is_told_from_readiness() -> None:
    node = FakeNode()

    async def status(path: str) -> tuple[int, Any]:
        async with session.get(url + path) as found:
            return found.status, await found.json()

    async with serving(node) as url, ClientSession() as session:
        assert await status("/healthz") == (200, {"alive": True})
        assert await status("/readyz") == (200, {"ready": True})
        node.ready = False
        assert await status("/healthz") == (200, {"alive": True})
        assert await status("/readyz") == (503, {"ready": False})


async def test_get_blob__from_the_archive_or_not_there() -> None:
    """SUBMIT-6."""
    node, wanted = FakeNode(), keccak(b"blob")
    node.archived = {wanted: b"record"}.get
    async with serving(node) as url, ClientSession() as session:
        for text, status in (
            (f"0x{wanted.hex()}", 200),
            ("0x" + "00" * 32, 404),
            (wanted.hex(), 400),
            ("0x12", 400),
            ("0x" + "zz" * 32, 400),
        ):
            async with session.get(f"{url}/blobs/{text}") as found:
                assert found.status == status
                assert (await found.read() == b"record") == (status == 200)


async def test_get_held__what_the_node_has_or_not_there() -> None:
    """HELD-2."""
    node, wanted = FakeNode(), keccak(b"segment")
    node.held = {wanted: b"segment"}
    async with serving(node) as url, ClientSession() as session:
        for text, status in (
            (f"0x{wanted.hex()}", 200),
            ("0x" + "00" * 32, 404),
            (wanted.hex(), 400),
            ("0x12", 400),
        ):
            async with session.get(f"{url}/held/{text}") as found:
                assert found.status == status
                assert (await found.read() == b"segment") == (status == 200)


async def test_get_blob__taken_slowly__gives_way_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody holds many of them in the node's memory, or one for ever."""
    monkeypatch.setattr(rpc_module, "MAX_RECORDS_IN_FLIGHT", 1)
    monkeypatch.setattr(serving_module, "SEND_SECONDS", 1.5)
    node, path = FakeNode(), "/blobs/0x" + "11" * 32
    node.archived = lambda _: bytes(32 << 20)  # more than the system takes for a slow reader
    async with serving(node) as url, ClientSession() as session:
        port = int(url.rpartition(":")[2])
        slow, writer = await asyncio.open_connection("127.0.0.1", port, limit=1_024)
        writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        assert b"200 OK" in await slow.readline()
        async with session.get(url + path) as refused:
            assert refused.status == 503
        node.archived = lambda _: b"record"
        async with asyncio.timeout(10):
            status = 503
            while status == 503:
                await asyncio.sleep(0.05)  # nothing announces that it is given up
                async with session.get(url + path) as found:
                    status = found.status
        assert status == 200
        writer.close()


async def test_post__long_answer_taken_slowly__gives_way_to_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """NET-9: an answer is in flight until it is taken, and not for ever."""
    monkeypatch.setattr(rpc_module, "MAX_IN_FLIGHT", 1)
    monkeypatch.setattr(serving_module, "SEND_SECONDS", 1.5)
    node = FakeNode()
    node.status = lambda: {"long": "x" * (32 << 20)}  # type: ignore[method-assign]
    body = request("seq_status")
    async with serving(node) as url, ClientSession() as session:
        port = int(url.rpartition(":")[2])
        slow, writer = await asyncio.open_connection("127.0.0.1", port, limit=1_024)
        head = f"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        writer.write(head.encode() + body)
        assert b"200 OK" in await slow.readline()
        async with session.post(url, data=request()) as refused:
            assert refused.status == 503
        async with asyncio.timeout(10):
            status = 503
            while status == 503:
                await asyncio.sleep(0.05)  # nothing announces that it is given up
                async with session.post(url, data=request()) as found:
                    status = found.status
        assert status == 200
        writer.close()


async def begin_request(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A request that the server has begun to answer, without its body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    head = (
        "POST /rollup/1 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n"
    )
    writer.write(head.format(len(request())).encode())
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    return reader, writer


async def test_http__too_many_at_a_time__are_refused_until_one_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rpc_module, "MAX_IN_FLIGHT", 2)
    async with serving(FakeNode()) as url:
        open_requests = [await begin_request(url) for _ in range(2)]
        status, found = await post(f"{url}/rollup/1", request())
        assert (status, code(found)) == (503, -32005)
        reader, writer = open_requests[0]
        writer.write(request())
        assert b" 200 " in await reader.readline()
        assert (await post(f"{url}/rollup/1", request()))[0] == 200
        for _, writer in open_requests:
            writer.close()


async def test_http__a_body_that_does_not_come__is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rpc_module, "BODY_SECONDS", 0.0)
    monkeypatch.setattr(rpc_module, "LINGERING_SECONDS", 0.0)
    async with serving(FakeNode()) as url:
        reader, writer = await begin_request(url)
        assert b" 408 " in await reader.readline()
        writer.close()


# web3.py


async def in_thread(work: Callable[[], Any]) -> Any:
    """web3.py's provider blocks."""
    run: Callable[[Callable[[], Any]], Awaitable[Any]] = asyncio.to_thread
    return await run(work)


async def test_web3__sends_and_finds_a_transaction() -> None:
    node = FakeNode()
    account = Account.from_key(b"\x05" * 32)
    fields = {"to": account.address, "value": 1, "nonce": 0, "gas": 21_000, "chainId": CHAIN_ID}
    fees = {"maxFeePerGas": 10, "maxPriorityFeePerGas": 1}
    signed = account.sign_transaction(fields | fees)
    async with serving(node) as url:
        w3 = Web3(Web3.HTTPProvider(f"{url}/rollup/1"))
        assert await in_thread(lambda: w3.eth.chain_id) == CHAIN_ID
        assert await in_thread(lambda: w3.eth.block_number) == 0
        assert await in_thread(lambda: w3.client_version) == CLIENT_VERSION
        assert await in_thread(lambda: w3.net.version) == str(CHAIN_ID)
        sent = await in_thread(lambda: w3.eth.send_raw_transaction(signed.raw_transaction))
        assert sent == signed.hash
        with pytest.raises(TransactionNotFound):
            await in_thread(lambda: w3.eth.get_transaction_receipt(sent))
        assert (await in_thread(lambda: w3.eth.get_transaction(sent)))["blockNumber"] is None
        with pytest.raises(Web3RPCError, match="already known"):
            await in_thread(lambda: w3.eth.send_raw_transaction(signed.raw_transaction))
        node.order()
        receipt = await in_thread(lambda: w3.eth.wait_for_transaction_receipt(sent, timeout=5))
        assert receipt["transactionHash"] == sent
        assert receipt["from"] == account.address
        assert (receipt["blockNumber"], receipt["ordering"]["state"]) == (1, "finalized")
        assert await in_thread(lambda: w3.eth.block_number) == 1
        count = await in_thread(lambda: w3.eth.get_transaction_count(account.address))
        assert count == 1


async def test_http__garbage_instead_of_it__is_logged_in_one_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with serving(FakeNode()) as url:
        host, port = url.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET / HTTP/1.1\r\nno header\r\n\r\n")
        assert (await reader.read()).startswith(b"HTTP/1.0 400")
        writer.close()
        await writer.wait_closed()
    assert "Error handling request" in caplog.text
    assert "Traceback" not in caplog.text
