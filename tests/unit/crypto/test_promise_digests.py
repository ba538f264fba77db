"""ENC-2: what promises and listings sign is as in the shared vectors."""

import json
from typing import Any

from sequencer.crypto.digests import inclusion_promise, listed_transaction, typed_digest
from sequencer.types import Address, Epoch, Hash32, Height, RollupId
from tests.vectors import generate

ALL: dict[str, Any] = json.loads(generate.PATH.read_text(encoding="utf-8"))
SEPARATOR = Hash32(bytes.fromhex(ALL["domain"]["separator"][2:]))


def unhex(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def test_inclusion_promise__vector__has_the_digest() -> None:
    said = ALL["statements"]["InclusionPromise"]
    message = said["message"]
    struct = inclusion_promise(
        Epoch(message["epoch"]),
        Hash32(unhex(message["committee"])),
        RollupId(message["rollupId"]),
        Hash32(unhex(message["transactionHash"])),
        Height(message["lastHeight"]),
        Address(unhex(message["beneficiary"])),
        message["valueWei"],
    )
    assert typed_digest(SEPARATOR, struct) == unhex(said["digest"])


def test_listed_transaction__vector__has_the_digest() -> None:
    said = ALL["statements"]["ListedTransaction"]
    message = said["message"]
    struct = listed_transaction(
        Epoch(message["epoch"]),
        Hash32(unhex(message["committee"])),
        message["number"],
        RollupId(message["rollupId"]),
        Hash32(unhex(message["transactionHash"])),
    )
    assert typed_digest(SEPARATOR, struct) == unhex(said["digest"])
