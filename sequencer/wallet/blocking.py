"""L1 for programs that do not await: the bounds and checks of `l1.rpc`, over calls that block.

The coroutines of `JsonRpc` wait for nothing but `_post`. With one that blocks instead each runs to
its end in a single step: no event loop is needed, and none is in the way of a program that has one.
"""

import http.client
import ssl
from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

import msgspec

from sequencer.errors import LocalFault
from sequencer.l1.rpc import MAX_ANSWER_BYTES, TIMEOUT_SECONDS, JsonRpc, L1Unavailable

_T = TypeVar("_T")
_Shape = TypeVar("_Shape")


class Web3Provider(Protocol):
    """What is used of a provider of web3.py."""

    def make_request(self, method: Any, params: Any) -> Any: ...


class Web3Like(Protocol):
    """A `web3.Web3`, which is not imported for it."""

    @property
    def provider(self) -> Any: ...


class BlockingRpc(JsonRpc):
    """One endpoint, over a connection for each call."""

    def __init__(
        self,
        url: str,
        timeout_seconds: float = TIMEOUT_SECONDS,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
    ) -> None:
        super().__init__(url, timeout_seconds, max_answer_bytes)
        self._timeout_seconds = timeout_seconds
        try:
            parts = urlsplit(url)
            self._host, self._port = parts.hostname or "", parts.port
        except ValueError as error:
            raise LocalFault("the L1 endpoint is no URL") from error
        if parts.scheme not in ("http", "https") or not self._host:
            raise LocalFault("the L1 endpoint is no http:// or https:// URL")
        self._is_tls = parts.scheme == "https"
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def fetch(
        self, shape: type[_Shape], convert: Callable[[_Shape], _T], method: str, *params: Any
    ) -> _T:
        """As `ask`."""
        return run(self.ask(shape, convert, method, *params))

    def fetch_optional(
        self, shape: type[_Shape], convert: Callable[[_Shape], _T], method: str, *params: Any
    ) -> _T | None:
        """As `ask_optional`."""
        return run(self.ask_optional(shape, convert, method, *params))

    async def _post(self, method: str, body: bytes) -> bytes:
        connection = self._connection()
        try:
            connection.request("POST", self._path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            if answer.status != 200:
                raise L1Unavailable(f"{method} at {self.endpoint}: HTTP {answer.status}")
            found = answer.read(self._max_answer_bytes + 1)
        except (OSError, http.client.HTTPException) as error:
            # The message of such an error may repeat the whole URL: its name says enough.
            raise L1Unavailable(
                f"{method} at {self.endpoint}: no answer ({type(error).__name__})"
            ) from None
        finally:
            connection.close()
        if len(found) > self._max_answer_bytes:
            raise self.fault(method, f"more than {self._max_answer_bytes} bytes")
        return found

    def _connection(self) -> http.client.HTTPConnection:
        if self._is_tls:
            return http.client.HTTPSConnection(
                self._host,
                self._port,
                timeout=self._timeout_seconds,
                context=ssl.create_default_context(),
            )
        return http.client.HTTPConnection(self._host, self._port, timeout=self._timeout_seconds)


class Web3Rpc(BlockingRpc):
    """The endpoint of a web3.py object, with whatever that does for its connection. Bounds on
    time and length are then its own."""

    def __init__(self, provider: Web3Provider) -> None:
        super().__init__("http://web3")
        self.endpoint = "the web3 provider"
        self._provider = provider

    async def _post(self, method: str, body: bytes) -> bytes:
        request = msgspec.json.decode(body)
        try:
            answer = dict(self._provider.make_request(request["method"], request["params"]))
        except (OSError, TimeoutError) as error:  # requests' errors are OSErrors
            raise L1Unavailable(
                f"{method} at {self.endpoint}: no answer ({type(error).__name__})"
            ) from None
        kept = {name: answer[name] for name in ("result", "error") if name in answer}
        return msgspec.json.encode({"id": request["id"], **kept})


def run(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """The result of a coroutine that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        found: _T = end.value
        return found
    coroutine.close()
    raise RuntimeError("a blocking call waited")


def rpc_of(l1: str | Web3Like) -> BlockingRpc:
    """The endpoint behind a URL or a `Web3`; raises `LocalFault`."""
    return BlockingRpc(l1) if isinstance(l1, str) else Web3Rpc(l1.provider)
