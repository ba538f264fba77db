"""INBOX-4 in Python gives the bytes of the shared vectors, for every kind of message."""

import json
from typing import Any

import pytest

from sequencer.crypto.digests import forced_message
from sequencer.types import Address, RollupId
from tests.vectors import generate

VECTORS: dict[str, Any] = json.loads(generate.PATH.read_text(encoding="utf-8"))["forcedQueue"]
MESSAGE = VECTORS["message"]
# The first message is of kind 0; its content is told by the generator alone.
CASES = [
    (MESSAGE["kind"], MESSAGE["index"], b"transaction", VECTORS["hash"]),
    *(
        (vector["kind"], vector["index"], bytes.fromhex(vector["content"][2:]), vector["hash"])
        for vector in VECTORS["contents"]
    ),
]


@pytest.mark.parametrize(("kind", "index", "content", "expected"), CASES)
def test_forced_message__vector__has_the_hash(
    kind: int, index: int, content: bytes, expected: str
) -> None:
    found = forced_message(
        kind,
        index,
        RollupId(MESSAGE["rollup_id"]),
        Address(bytes.fromhex(MESSAGE["sender"][2:])),
        MESSAGE["gas_limit"],
        MESSAGE["deadline"],
        content,
    )
    assert found == bytes.fromhex(expected[2:])


def test_vectors__every_kind__is_among_them() -> None:
    assert {kind for kind, *_ in CASES} == {0, 1, 2, 3}
