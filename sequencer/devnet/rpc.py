"""Clients of a node's JSON-RPC and of a follower, for programs that watch a network."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec

from sequencer.errors import SwitchyardError
from sequencer.types import RollupId

TIMEOUT_SECONDS = 15.0


class RpcUnreachable(SwitchyardError):
    """Nothing answers there, or not with JSON-RPC."""


class RpcRefused(SwitchyardError):
    """The node answered with an error."""

    def __init__(self, method: str, code: int, message: str) -> None:
        super().__init__(f"{method}: {message} ({code})")
        self.code = code
        self.message = message


class _Error(msgspec.Struct):
    code: int
    message: str


class _Answer(msgspec.Struct):
    id: int | None = None
    result: Any = None
    error: _Error | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a batch."""

    method: str
    params: tuple[Any, ...] = ()


class NodeRpc:
    """One node. Use as an async context manager."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def call(self, method: str, *params: Any, rollup: RollupId | None = None) -> Any:
        """The result of one call; raises `RpcUnreachable` or `RpcRefused`."""
        call = Call(method, params)
        answer = await self._post(_path(rollup), _body(0, call))
        if isinstance(answer, list):
            raise RpcUnreachable(f"{self.url} answers one call with a batch")
        result = _result(call, answer)
        if isinstance(result, RpcRefused):
            raise result
        return result

    async def batch(self, calls: Sequence[Call], *, rollup: RollupId | None = None) -> list[Any]:
        """The results of a JSON-RPC batch, in order; a refusal stands where its result would.

        Raises `RpcUnreachable`, or `RpcRefused` when the batch as a whole is refused.
        """
        answers = await self._post(_path(rollup), [_body(i, call) for i, call in enumerate(calls)])
        if not isinstance(answers, list):
            refusal = _result(Call("batch"), answers)
            raise refusal if isinstance(refusal, RpcRefused) else RpcUnreachable(self.url)
        by_id = {answer.id: answer for answer in answers}
        if set(by_id) != set(range(len(calls))):
            raise RpcUnreachable(f"{self.url} answers {len(by_id)} of {len(calls)} calls")
        return [_result(call, by_id[i]) for i, call in enumerate(calls)]

    async def _post(self, path: str, body: Any) -> list[_Answer] | _Answer:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
            self._session = aiohttp.ClientSession(timeout=timeout)
        try:
            async with self._session.post(
                self.url + path,
                data=msgspec.json.encode(body),
                headers={"Content-Type": "application/json"},
            ) as response:
                return _decoder.decode(await response.read())
        except TimeoutError as error:
            raise RpcUnreachable(f"{self.url} does not answer in {TIMEOUT_SECONDS} s") from error
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise RpcUnreachable(f"{self.url} does not answer: {error}") from error


_decoder: msgspec.json.Decoder[list[_Answer] | _Answer] = msgspec.json.Decoder(
    list[_Answer] | _Answer
)


def _path(rollup: RollupId | None) -> str:
    return "/" if rollup is None else f"/rollup/{rollup}"


def _body(number: int, call: Call) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": number, "method": call.method, "params": call.params}


def _result(call: Call, answer: _Answer) -> Any:
    if answer.error is not None:
        return RpcRefused(call.method, answer.error.code, answer.error.message)
    return answer.result
