"""JSON-RPC 2.0 without a transport: a body in, calls out; results in, a body out.

Stricter than the standard where it leaves room: an id is a string, an integer or null, and
parameters are a list, as Ethereum's are.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

import msgspec

from sequencer.errors import PeerFault

MAX_BATCH = 1_000
"""TX-5."""
_EXCERPT = 200

CallId = str | int | None


class Code(IntEnum):
    """TX-4."""

    PARSE = -32700
    REQUEST = -32600
    METHOD = -32601
    PARAMS = -32602
    INTERNAL = -32603
    REFUSED = -32000
    LIMIT = -32005


class CallFault(PeerFault):
    """A call that gets an error for an answer."""

    def __init__(self, code: Code, message: str, data: dict[str, int] | None = None) -> None:
        """`data` is what programs may read of it."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data


class Call(msgspec.Struct, frozen=True):
    """A well-formed call. A notification gets no answer, not even an error."""

    method: str
    params: list[object]
    id: CallId
    is_notification: bool


@dataclass(frozen=True, slots=True)
class Malformed:
    """Something in the place of a call, and what to answer."""

    id: CallId
    fault: CallFault


class _Plain(msgspec.Struct):
    """A call as nearly all are."""

    jsonrpc: Literal["2.0"]
    method: str
    params: list[object] = []
    id: CallId | msgspec.UnsetType = msgspec.UNSET


class _Result(msgspec.Struct):
    id: CallId
    result: object
    jsonrpc: Literal["2.0"] = "2.0"


_decoder = msgspec.json.Decoder()
_plain_decoder = msgspec.json.Decoder(list[_Plain])
_encoder = msgspec.json.Encoder()


def decode_body(body: bytes) -> tuple[list[Call | Malformed], bool]:
    """The calls of a request, and whether it is a batch; raises `CallFault` for the whole."""
    plain = _plain_calls(body)
    if plain is not None:
        return plain, True
    try:
        document = _decoder.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise CallFault(Code.PARSE, f"the body is not JSON: {error}") from error
    if not isinstance(document, list):
        return [_decode_call(document)], False
    if not document:
        raise CallFault(Code.REQUEST, "the batch is empty; a batch has at least one call")
    if len(document) > MAX_BATCH:
        raise CallFault(Code.LIMIT, f"the batch has {len(document)} calls, at most {MAX_BATCH} fit")
    return [_decode_call(item) for item in document], True


def encode_result(call_id: CallId, result: object) -> bytes:
    """The answer to a call."""
    return _encoder.encode(_Result(call_id, result))


def encode_fault(call_id: CallId, fault: CallFault) -> bytes:
    """The answer to a call that failed, or to a body that held none (id null)."""
    error: dict[str, object] = {"code": int(fault.code), "message": fault.message}
    if fault.data is not None:
        error["data"] = fault.data
    return _encoder.encode({"jsonrpc": "2.0", "id": call_id, "error": error})


def encode_batch(answers: list[bytes]) -> bytes:
    """The answers to a batch, which are encoded already."""
    return b"[" + b",".join(answers) + b"]"


def excerpt(value: object) -> str:
    """What a caller sent, in at most 200 characters fit to be read back (TX-4)."""
    if isinstance(value, dict | list):
        return f"a JSON {'object' if isinstance(value, dict) else 'list'}"
    text = ascii(value[:_EXCERPT] if isinstance(value, str) else value)
    return text if len(text) <= _EXCERPT else text[: _EXCERPT - 3] + "..."


def _plain_calls(body: bytes) -> list[Call | Malformed] | None:
    """The calls of a batch, if all are well-formed: a quarter of the time of looking at each. None
    of any other body, in which somebody has to say what is wrong with which."""
    try:
        plain = _plain_decoder.decode(body)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    if not 1 <= len(plain) <= MAX_BATCH:
        return None
    return [
        Call(call.method, call.params, None, True)
        if call.id is msgspec.UNSET
        else Call(call.method, call.params, call.id, False)
        for call in plain
    ]


def _decode_call(item: object) -> Call | Malformed:
    if not isinstance(item, dict):
        return _malformed(None, f"a call is an object, found {excerpt(item)}")
    call_id = item.get("id")
    if isinstance(call_id, bool) or not isinstance(call_id, str | int | None):
        return _malformed(None, "an id is a string, an integer or null")
    if item.get("jsonrpc") != "2.0":
        return _malformed(call_id, 'the member jsonrpc is not "2.0"')
    method, params = item.get("method"), item.get("params", [])
    if not isinstance(method, str):
        return _malformed(call_id, "the member method is not a string")
    if isinstance(params, dict):
        fault = CallFault(Code.PARAMS, "parameters go by position here: params is a list")
        return Malformed(call_id, fault)
    if not isinstance(params, list):
        return _malformed(call_id, "the member params is not a list")
    return Call(method, params, call_id, "id" not in item)


def _malformed(call_id: CallId, message: str) -> Malformed:
    return Malformed(call_id, CallFault(Code.REQUEST, message))
