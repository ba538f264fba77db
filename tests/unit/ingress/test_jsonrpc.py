"""JSON-RPC 2.0, section by section: request, notification, batch, response, error (TX-4, TX-5).

decode_body
├── not JSON → -32700
├── an empty batch → -32600, above 1,000 calls → -32005
└── each call
    ├── no object, id of another type, not 2.0, method no string, params no list → -32600
    ├── params an object → -32602
    └── else → a call, a notification if it has no id
"""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.ingress.jsonrpc import (
    MAX_BATCH,
    Call,
    CallFault,
    Code,
    Malformed,
    decode_body,
    encode_batch,
    encode_fault,
    encode_result,
    excerpt,
)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=10,
)


def body(**members: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "method": "m", "id": 1} | members).encode()


def only(data: bytes) -> Call | Malformed:
    calls, is_batch = decode_body(data)
    assert not is_batch
    (call,) = calls
    return call


@pytest.mark.parametrize("call_id", [0, -1, 7, 2**64, "", "seven", None])
def test_call__with_an_id_of_an_allowed_type__keeps_it(call_id: object) -> None:
    assert only(body(id=call_id, params=[1, "a"])) == Call("m", [1, "a"], call_id, False)


def test_call__without_id__is_a_notification() -> None:
    assert only(b'{"jsonrpc":"2.0","method":"m"}') == Call("m", [], None, True)


@pytest.mark.parametrize("call_id", [1.5, True, [], {}])
def test_call__with_an_id_of_another_type__is_malformed(call_id: object) -> None:
    malformed = only(body(id=call_id))
    assert isinstance(malformed, Malformed)
    assert (malformed.id, malformed.fault.code) == (None, Code.REQUEST)


@pytest.mark.parametrize(
    "members",
    [
        {"jsonrpc": "1.0"},
        {"jsonrpc": 2.0},
        {"jsonrpc": None},
        {"method": 1},
        {"method": None},
        {"params": 1},
        {"params": "a"},
        {"params": None},
    ],
)
def test_call__with_a_wrong_member__is_malformed_and_keeps_its_id(
    members: dict[str, object],
) -> None:
    malformed = only(body(**members))
    assert isinstance(malformed, Malformed)
    assert (malformed.id, malformed.fault.code) == (1, Code.REQUEST)


@pytest.mark.parametrize("member", ["jsonrpc", "method"])
def test_call__without_a_member__is_malformed(member: str) -> None:
    request = json.loads(body())
    del request[member]
    malformed = only(json.dumps(request).encode())
    assert isinstance(malformed, Malformed)
    assert malformed.fault.code == Code.REQUEST


def test_call__with_named_parameters__is_told_that_they_go_by_position() -> None:
    malformed = only(body(params={"hash": "0x"}))
    assert isinstance(malformed, Malformed)
    assert (malformed.id, malformed.fault.code) == (1, Code.PARAMS)


@pytest.mark.parametrize("item", [b"1", b'"a"', b"null", b"true", b"1.5"])
def test_call__that_is_no_object__is_malformed(item: bytes) -> None:
    assert isinstance(only(item), Malformed)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[1,",
        b"{} {}",
        b"nothing",
        b"NaN",
        b"\xff",
        b'"\xff"',
        b'"\\ud800"',
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"1" * 100_000,
        b"1e400",
    ],
)
def test_body__that_is_not_json__is_a_parse_error(data: bytes) -> None:
    with pytest.raises(CallFault) as caught:
        decode_body(data)
    assert caught.value.code == Code.PARSE
    assert len(caught.value.message) < 200


def test_batch__empty__is_refused() -> None:
    with pytest.raises(CallFault) as caught:
        decode_body(b"[]")
    assert caught.value.code == Code.REQUEST


def test_batch__of_a_thousand__is_the_most() -> None:
    calls, is_batch = decode_body(b"[" + b",".join([body()] * MAX_BATCH) + b"]")
    assert (len(calls), is_batch) == (1_000, True)
    with pytest.raises(CallFault, match="1001 calls") as caught:
        decode_body(b"[" + b",".join([b"1"] * (MAX_BATCH + 1)) + b"]")
    assert caught.value.code == Code.LIMIT


def test_batch__with_something_wrong_inside__has_the_rest() -> None:
    calls, _ = decode_body(b"[1," + body() + b"]")
    assert [type(call) for call in calls] == [Malformed, Call]


@given(st.binary(max_size=60) | JSON.map(lambda found: json.dumps(found).encode()))
def test_body__any__is_calls_or_a_fault(data: bytes) -> None:
    try:
        calls, is_batch = decode_body(data)
    except CallFault:
        return
    assert calls
    assert is_batch or len(calls) == 1


def test_answers__have_the_members_of_the_standard() -> None:
    result: Any = json.loads(encode_result("a", {"b": None}))
    assert result == {"jsonrpc": "2.0", "id": "a", "result": {"b": None}}
    fault: Any = json.loads(encode_fault(None, CallFault(Code.PARAMS, "wrong")))
    error = {"code": -32602, "message": "wrong"}
    assert fault == {"jsonrpc": "2.0", "id": None, "error": error}
    assert json.loads(encode_batch([b"1", b"2"])) == [1, 2]


def test_codes__are_ethereums() -> None:
    assert [int(code) for code in Code] == [-32700, -32600, -32601, -32602, -32603, -32000, -32005]


@given(JSON)
def test_excerpt__of_anything__is_short_and_printable(value: object) -> None:
    text = excerpt(value)
    assert len(text) <= 200
    assert text.isascii()
    assert text.isprintable()


def test_excerpt__of_something_long__is_cut() -> None:
    assert excerpt("a" * 1_000) == "'" + "a" * 196 + "..."
    assert excerpt("é" * 1_000)[:8] == "'\\xe9\\xe"
    assert excerpt([[]] * 10**6) == "a JSON list"
    assert excerpt({}) == "a JSON object"
