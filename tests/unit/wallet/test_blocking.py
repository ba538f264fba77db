"""L1 by calls that block: the checks of `l1.rpc`, over HTTP or a web3 provider."""

import asyncio
from typing import Any

import pytest

from sequencer.errors import LocalFault
from sequencer.l1.rpc import L1Error, L1Refused, L1Unavailable, quantity
from sequencer.wallet.blocking import BlockingRpc, Web3Rpc, rpc_of
from tests.unit.wallet.servers import json_rpc, serving


class Provider:
    """As web3.py's: an answer as a mapping, or an error of requests, which is an OSError."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer
        self.provider = self

    def make_request(self, method: str, params: Any) -> Any:
        assert (method, list(params)) == ("eth_chainId", [])
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def chain_id(rpc: BlockingRpc) -> int:
    return rpc.fetch(str, quantity, "eth_chainId")


def test_http__answers() -> None:
    with serving(json_rpc({"eth_chainId": "0x7a69"})) as url:
        assert chain_id(rpc_of(url)) == 31_337


async def test_http__inside_an_event_loop__works_too() -> None:
    """A notebook has one that runs."""
    assert asyncio.get_running_loop() is not None
    with serving(json_rpc({"eth_chainId": "0x7a69"})) as url:
        assert chain_id(rpc_of(url)) == 31_337


def test_http__refused__with_its_words() -> None:
    with (
        serving(json_rpc({"eth_chainId": ValueError("not today")})) as url,
        pytest.raises(L1Refused, match="not today"),
    ):
        chain_id(rpc_of(url))


@pytest.mark.parametrize("content", [b"", b"{}", b'{"id": 1, "result": 5}', b"\xff"])
def test_http__nonsense__is_an_error(content: bytes) -> None:
    with serving(lambda _path, _body: (200, content)) as url, pytest.raises(L1Error):
        chain_id(rpc_of(url))


def test_http__longer_than_allowed__is_an_error() -> None:
    with (
        serving(lambda _path, _body: (200, b" " * 101)) as url,
        pytest.raises(L1Error, match="more than 100 bytes"),
    ):
        chain_id(BlockingRpc(url, max_answer_bytes=100))


def test_http__error_status__is_away() -> None:
    with serving(lambda _path, _body: (503, b"")) as url, pytest.raises(L1Unavailable, match="503"):
        chain_id(rpc_of(url))


def test_http__nobody_there__names_no_key() -> None:
    with pytest.raises(L1Unavailable) as found:
        chain_id(rpc_of("http://127.0.0.1:1/secret-key"))
    assert "secret" not in str(found.value)


@pytest.mark.parametrize("url", ["ftp://host", "localhost:8545", "http://", "http://a:port/"])
def test_url__not_http__is_our_fault(url: str) -> None:
    with pytest.raises(LocalFault):
        rpc_of(url)


def test_web3__answers() -> None:
    assert chain_id(rpc_of(Provider({"jsonrpc": "2.0", "id": 9, "result": "0x1"}))) == 1


def test_web3__refused__with_revert_data() -> None:
    error = {"code": 3, "message": "execution reverted", "data": "0x1234"}
    with pytest.raises(L1Refused) as found:
        chain_id(Web3Rpc(Provider({"error": error})))
    assert found.value.data == b"\x12\x34"


def test_web3__connection_lost__is_away() -> None:
    with pytest.raises(L1Unavailable):
        chain_id(Web3Rpc(Provider(ConnectionResetError("gone"))))
