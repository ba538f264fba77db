"""`seq_sendTransaction`, `seq_getPromise`, `seq_getInclusionProof`: what comes in and goes out
(PROMISE-1, PROOF-1). What a node promises is tests/unit/promises/test_book.py's."""

import msgspec
import pytest

from sequencer.crypto.hashing import keccak
from sequencer.errors import LocalFault
from sequencer.ingress.jsonrpc import Code
from sequencer.ingress.methods import Methods
from sequencer.ingress.rpc import Rpc
from tests.unit.ingress.builders import Raw
from tests.unit.ingress.nodes import FakeNode
from tests.unit.ingress.test_methods import UNKNOWN_HASH, call, fault, hexed, send

RAW = Raw().encode()
HASH = hexed(keccak(RAW))


@pytest.fixture
def node() -> FakeNode:
    return FakeNode()


def promise(value_wei: int) -> dict[str, object]:
    return {
        "epoch": 1,
        "committee": hexed(keccak(b"committee")),
        "rollupId": 1,
        "transactionHash": HASH,
        "lastHeight": 256,
        "beneficiary": "0x" + "07" * 20,
        "valueWei": str(value_wei),
        "signature": "0x" + "00" * 64,
    }


@pytest.mark.parametrize("options", [(), ({},), ({"promise": False},)])
def test_send__without_a_promise__only_sends(node: FakeNode, options: tuple[object, ...]) -> None:
    found = call(node, "seq_sendTransaction", hexed(RAW), *options)
    assert found == {"hash": HASH, "promise": None}
    assert (node.untold, len(node.pool)) == (0, 1)


@pytest.mark.parametrize(("value", "wei"), [(3, 3), ("10", 10), (0, 0)])
def test_send__with_a_promise__returns_it(node: FakeNode, value: object, wei: int) -> None:
    options = {"promise": True, "valueWei": value}
    found = call(node, "seq_sendTransaction", hexed(RAW), options)
    assert found == {"hash": HASH, "promise": promise(wei)}


def test_send__no_promise__is_taken_in_and_says_why(node: FakeNode) -> None:
    options = {"promise": True, "valueWei": 11}
    found = call(node, "seq_sendTransaction", hexed(RAW), options)
    assert found == {"hash": HASH, "promise": None, "refused": "11 wei is above 10"}
    assert len(node.pool) == 1


def test_send__known_or_wrong__is_refused_as_ever(node: FakeNode) -> None:
    send(node, Raw())
    options = {"promise": True}
    assert fault(node, Code.REFUSED, "seq_sendTransaction", hexed(RAW), options) == "already known"
    short = hexed(Raw(gas=1).encode())
    assert "gas" in fault(node, Code.REFUSED, "seq_sendTransaction", short, options)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"promise": 1}, "promise is true or false, found 1"),
        ({"promise": True, "valueWei": -1}, "valueWei is 0 to 2\\*\\*96 - 1, found -1"),
        ({"valueWei": 2**96}, "valueWei is"),
        ({"valueWei": "9" * 30}, "valueWei is"),
        ({"valueWei": "1e18"}, "valueWei is"),
        ({"valueWei": "\u0663"}, "valueWei is"),
        ({"valueWei": True}, "valueWei is"),
        ({"value": 1}, "options are an object with promise, valueWei, found a JSON object"),
        ([], "options are an object"),
        (None, "options are an object"),
    ],
)
def test_send__wrong_options__are_named(node: FakeNode, options: object, expected: str) -> None:
    message = fault(node, Code.PARAMS, "seq_sendTransaction", hexed(RAW), options)
    assert expected.replace("\\", "") in message
    assert len(node.pool) == 0


def test_get_promise__allowed_or_not(node: FakeNode) -> None:
    assert call(node, "seq_getPromise", HASH, {"valueWei": "10"}) == promise(10)
    assert fault(node, Code.REFUSED, "seq_getPromise", HASH, {"valueWei": 11}) == (
        "11 wei is above 10"
    )
    assert "a transaction hash" in fault(node, Code.PARAMS, "seq_getPromise", "0x12")
    assert "options" in fault(node, Code.PARAMS, "seq_getPromise", HASH, {"promise": True})


def test_get_inclusion_proof__unknown_is_null(node: FakeNode) -> None:
    assert call(node, "seq_getInclusionProof", UNKNOWN_HASH) is None
    send(node, Raw())
    node.order()
    assert call(node, "seq_getInclusionProof", HASH) == {"sides": "0x0"}


async def test_answer__is_told_only_when_it_is_durable(node: FakeNode) -> None:
    """PROMISE-3."""
    rpc = Rpc(Methods(node, lambda: 0))
    calls = [
        {"jsonrpc": "2.0", "id": n, "method": "seq_getPromise", "params": [HASH]} for n in (1, 2)
    ]
    answers = msgspec.json.decode(await rpc.answer("1", msgspec.json.encode(calls)))
    assert [answer["result"]["transactionHash"] for answer in answers] == [HASH, HASH]
    assert node.untold == 0


async def test_answer__cannot_be_made_durable__tells_nothing() -> None:
    class Broken(FakeNode):
        async def durable(self) -> None:
            raise LocalFault("disk full")

    rpc = Rpc(Methods(Broken(), lambda: 0))
    body = {"jsonrpc": "2.0", "id": 1, "method": "seq_getPromise", "params": [HASH]}
    answer = msgspec.json.decode(await rpc.answer("1", msgspec.json.encode(body)))
    assert answer == {
        "jsonrpc": "2.0",
        "id": None,
        "error": {"code": -32603, "message": "internal error"},
    }
