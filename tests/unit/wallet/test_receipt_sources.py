"""WALLET-7: what a follower and the rollup's node say; P30: included is not executed.

execution_of
├── a receipt with a status → executed, reverted
├── a receipt without → not known: a node that orders
├── none, and the account's nonce is past it, before it → stale, early
├── none, and the account is too poor → no funds
├── none otherwise → not executed yet
└── no answer, or nonsense → not known
place_of
├── consumed → its position, or why it is skipped
└── queued, on another branch, away, nonsense → nothing
"""

import json
from typing import Any

import pytest

from sequencer.errors import LocalFault
from sequencer.ingress.transaction import decode_transaction
from sequencer.wallet.execution import Execution, execution_of
from sequencer.wallet.follower import Place, place_of
from sequencer.wallet.queue import Queued
from sequencer.wallet.web import MAX_ANSWER_BYTES
from tests.unit.derivation.worlds import transaction
from tests.unit.wallet.servers import json_rpc, serving

SENT = decode_transaction(transaction(3), 7001)
RICH = hex(10**24)
MESSAGE = Queued(index=4, deadline=1_900_000_000, block=17)


def execution(receipt: Any, nonce: Any = "0x3", balance: Any = RICH) -> Execution:
    results = {
        "eth_getTransactionReceipt": receipt,
        "eth_getTransactionCount": nonce,
        "eth_getBalance": balance,
    }
    with serving(json_rpc(results)) as url:
        return execution_of(url, SENT)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (({"status": "0x1"},), Execution.SUCCEEDED),
        (({"status": "0x0"},), Execution.REVERTED),
        (({"ordering": {"state": "committed"}},), Execution.UNKNOWN),
        ((None, "0x4"), Execution.STALE_NONCE),
        ((None, "0x2"), Execution.EARLY_NONCE),
        ((None, "0x3", "0x0"), Execution.NO_FUNDS),
        ((None, "0x3", RICH), Execution.PENDING),
        (("no receipt",), Execution.UNKNOWN),
        (({"status": "yes"},), Execution.UNKNOWN),
        ((ValueError("no such method"),), Execution.UNKNOWN),
    ],
)
def test_p30_execution__each_answer(answers: tuple[Any, ...], expected: Execution) -> None:
    assert execution(*answers) is expected


def test_execution__nobody_there__is_not_known() -> None:
    assert execution_of("http://127.0.0.1:1", SENT) is Execution.UNKNOWN


def place(content: bytes, status: int = 200) -> Place | None:
    asked: list[str] = []

    def answer(path: str, _: Any) -> tuple[int, bytes]:
        asked.append(path)
        return status, content

    with serving(answer) as url:
        found = place_of(url + "/", MESSAGE)
    assert asked == ["/message/4"]
    return found


def follower_says(block: int = 17, **consumed: Any) -> bytes:
    return json.dumps({"index": 4, "l1Block": block, "consumed": consumed or None}).encode()


def test_place__included__is_its_position() -> None:
    said = follower_says(position=9, skipped=None, batch=3, l1Block=20)
    assert place(said) == Place(9, None)


def test_place__skipped__says_why() -> None:
    assert place(follower_says(position=9, skipped="chain id 1")) == Place(9, "chain id 1")


@pytest.mark.parametrize(
    "content",
    [
        follower_says(),
        follower_says(block=18, position=9),
        b"",
        b"{}",
        b"\xff",
        b"[" * 100_000,
        b'"' + b"x" * MAX_ANSWER_BYTES + b'"',
    ],
    ids=["queued", "another branch", "nothing", "empty", "no text", "deep", "long"],
)
def test_place__anything_else__is_nothing(content: bytes) -> None:
    assert place(content) is None


def test_place__not_found__is_nothing() -> None:
    assert place(follower_says(position=9), status=404) is None


def test_place__nobody_there__is_nothing() -> None:
    assert place_of("http://127.0.0.1:1", MESSAGE) is None


def test_place__no_url__is_our_fault() -> None:
    with pytest.raises(LocalFault, match="no http"):
        place_of("file:///etc", MESSAGE)
