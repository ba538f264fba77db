"""JSON-RPC over HTTP with bounds: every call has a timeout and a longest answer, nothing is
retried behind the caller's back, and an error names the call and the endpoint, but no part of a
URL that may hold a key.

Not web3.py's provider, which bounds none of these.
"""

from collections.abc import Callable
from typing import Any, TypeVar
from urllib.parse import urlsplit

import aiohttp
import msgspec

from sequencer.errors import PeerFault

TIMEOUT_SECONDS = 10.0
MAX_ANSWER_BYTES = 64 << 20
MAX_TEXT = 200
"""Characters of an endpoint's own words that are repeated."""

_Shape = TypeVar("_Shape")
_T = TypeVar("_T")


class L1Error(PeerFault):
    """An L1 endpoint did not do what was asked."""


class L1Unavailable(L1Error):
    """It cannot be reached, or does not answer in time."""


class L1Refused(L1Error):
    """It answered with a JSON-RPC error; `data` is what a reverted call returned."""

    def __init__(self, message: str, code: int, data: bytes) -> None:
        super().__init__(message)
        self.code = code
        self.data = data


class _RpcError(msgspec.Struct):
    code: int = 0
    message: str = ""
    data: Any = None


class _Answer(msgspec.Struct):
    id: int | None = None
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: _RpcError | None = None


class JsonRpc:
    """One endpoint."""

    def __init__(
        self,
        url: str,
        timeout_seconds: float = TIMEOUT_SECONDS,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        self._url = url
        self.endpoint = redact(url)
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._max_answer_bytes = max_answer_bytes
        self._session: aiohttp.ClientSession | None = None
        self._last_id = 0

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def ask(
        self, shape: type[_Shape], convert: Callable[[_Shape], _T], method: str, *params: Any
    ) -> _T:
        """The result of a call, decoded as `shape` and converted; `convert` raises `ValueError`
        for a value out of range. Raises `L1Error`; null is one."""
        found = await self.ask_optional(shape, convert, method, *params)
        if found is None:
            raise self.fault(method, "null")
        return found

    async def ask_optional(
        self, shape: type[_Shape], convert: Callable[[_Shape], _T], method: str, *params: Any
    ) -> _T | None:
        """As `ask`, for a result that may be null."""
        self._last_id += 1
        request = {"jsonrpc": "2.0", "id": self._last_id, "method": method, "params": params}
        answer = await self._post(method, msgspec.json.encode(request))
        try:
            parsed = msgspec.json.decode(answer, type=_Answer)
            if parsed.error is not None:
                raise self._refused(method, parsed.error)
            if parsed.id != request["id"]:
                raise ValueError(f"an answer to request {parsed.id}")
            if bytes(parsed.result) == b"null":
                return None
            return convert(msgspec.json.decode(parsed.result, type=shape))
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise self.fault(method, str(error)) from error

    def fault(self, method: str, what: str) -> L1Error:
        """The error for an answer that cannot be right."""
        return L1Error(f"{method} at {self.endpoint} answered {_short(what)}")

    async def _post(self, method: str, body: bytes) -> bytes:
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        headers = {"Content-Type": "application/json"}
        try:
            async with self._session.post(
                self._url, data=body, headers=headers, allow_redirects=False
            ) as response:
                if response.status != 200:
                    raise L1Unavailable(f"{method} at {self.endpoint}: HTTP {response.status}")
                return await self._read(method, response)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            # The message of such an error may repeat the whole URL: its name says enough.
            raise L1Unavailable(
                f"{method} at {self.endpoint}: no answer ({type(error).__name__})"
            ) from None

    async def _read(self, method: str, response: aiohttp.ClientResponse) -> bytes:
        parts: list[bytes] = []
        room = self._max_answer_bytes
        async for part in response.content.iter_any():
            room -= len(part)
            if room < 0:
                raise self.fault(method, f"more than {self._max_answer_bytes} bytes")
            parts.append(part)
        return b"".join(parts)

    def _refused(self, method: str, error: _RpcError) -> L1Refused:
        return L1Refused(
            f"{method} at {self.endpoint} refused: {_short(error.message)} ({error.code})",
            error.code,
            _revert_data(error.data),
        )


def redact(url: str) -> str:
    """A URL without user, path and query: providers put keys there."""
    try:
        parts = urlsplit(url)
        port = "" if parts.port is None else f":{parts.port}"
    except ValueError:
        return "an invalid URL"
    return f"{parts.scheme}://{parts.hostname}{port}"


def _revert_data(data: Any) -> bytes:
    """Endpoints differ: the hex itself, or an object with it."""
    if isinstance(data, dict):
        data = data.get("data")
    try:
        return hex_data(data) if isinstance(data, str) else b""
    except ValueError:
        return b""


def _short(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "…"


def to_hex(value: bytes) -> str:
    return "0x" + value.hex()


def quantity(text: str) -> int:
    """A hex quantity; raises `ValueError`."""
    if not text.startswith("0x") or not text[2:].isalnum() or len(text) > 66:
        raise ValueError(f"{_short(text)!r} is no quantity")
    return int(text[2:], 16)


def hex_data(text: str, length: int | None = None) -> bytes:
    """Hex data, of exactly `length` bytes if given; raises `ValueError`."""
    if not text.startswith("0x"):
        raise ValueError(f"{_short(text)!r} is no hex data")
    value = bytes.fromhex(text[2:])
    if length is not None and len(value) != length:
        raise ValueError(f"{len(value)} bytes, expected {length}")
    return value
