"""What a wallet asks of L1: the block that no reorg takes back."""

import json
from typing import Any

import pytest

from sequencer.l1.rpc import L1Error
from sequencer.wallet.endpoint import FINALITY_BLOCKS, Endpoint
from tests.unit.wallet.servers import serving


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
