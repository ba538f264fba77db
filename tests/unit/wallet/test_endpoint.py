"""What a wallet asks of L1: the block that no reorg takes back."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from sequencer.l1.rpc import L1Error, L1Refused, L1Unavailable
from sequencer.types import Address
from sequencer.wallet.endpoint import FINALITY_BLOCKS, Endpoint
from tests.unit.wallet.servers import serving

ADDRESS = Address(b"\x11" * 20)


def block(number: int) -> dict[str, str]:
    return {"number": hex(number), "timestamp": "0x1", "baseFeePerGas": "0x7"}


def finalized(answer: dict[str, Any], head: int = 1_000) -> int:
    """With this answer to the tag `finalized`."""

    def reply(_: str, body: Any) -> tuple[int, bytes]:
        tag = body["params"][0]
        said = answer if tag == "finalized" else {"result": block(head)}
        return 200, json.dumps({"id": body["id"], **said}).encode()

    with serving(reply) as url:
        return Endpoint(url).finalized()


def test_finalized__is_what_l1_says() -> None:
    assert finalized({"result": block(936)}) == 936


@pytest.mark.parametrize(
    "answer",
    [{"result": None}, {"error": {"code": -39001, "message": "finalized block not found"}}],
)
def test_finalized__tag_not_known__two_epochs_back(answer: dict[str, Any]) -> None:
    assert finalized(answer) == 1_000 - FINALITY_BLOCKS
    assert finalized(answer, head=10) == 0


def test_finalized__nonsense__is_an_error() -> None:
    with pytest.raises(L1Error):
        finalized({"result": {"number": "soon"}})


REFUSAL = {"error": {"code": -32602, "message": "BlockOutOfRangeError: block height is 5"}}


@pytest.mark.parametrize("answer", [REFUSAL, {"result": None}], ids=["refused", "null"])
@pytest.mark.parametrize(
    "ask",
    [
        lambda l1: l1.timestamp_of(9),
        lambda l1: l1.nonce(ADDRESS, 9),
        lambda l1: l1.logs([ADDRESS], 1, 9),
    ],
    ids=["timestamp_of", "nonce", "logs"],
)
def test_block_that_l1_has_not_any_more__is_asked_for_again(
    ask: Callable[[Endpoint], object], answer: dict[str, Any]
) -> None:
    """WALLET-10: during a reorg an answer may be older than the next question."""
    with serving(lambda _, body: reply_with(body, answer)) as url, pytest.raises(L1Unavailable):
        ask(Endpoint(url))


@pytest.mark.parametrize(
    "ask",
    [lambda l1: l1.send_raw(b"\x02"), lambda l1: l1.estimate_gas(ADDRESS, ADDRESS, b"", 0)],
    ids=["send_raw", "estimate_gas"],
)
def test_transaction_that_l1_refuses__is_an_end(ask: Callable[[Endpoint], object]) -> None:
    with serving(lambda _, body: reply_with(body, REFUSAL)) as url, pytest.raises(L1Refused):
        ask(Endpoint(url))


def reply_with(body: Any, answer: dict[str, Any]) -> tuple[int, bytes]:
    return 200, json.dumps({"id": body["id"], **answer}).encode()
