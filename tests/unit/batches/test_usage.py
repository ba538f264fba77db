"""ENC-12: the usage of a batch."""

import json
from typing import Any

from sequencer.batches.usage import count_entries, usage_of
from sequencer.blocks.header import Block
from sequencer.blocks.held import held_entry
from sequencer.blocks.payload import encode_payload
from sequencer.types import RollupId
from tests.unit.batches.builders import Step, chain
from tests.vectors import generate

VECTOR: dict[str, Any] = json.loads(generate.PATH.read_text(encoding="utf-8"))["usage"]
ONE, TWO = RollupId(1), RollupId(2)


def entry(rollup: int, size: int) -> bytes:
    return rollup.to_bytes(4, "big") + size.to_bytes(8, "big")


def test_usage__vector__is_the_same() -> None:
    payloads = [bytes.fromhex(text[2:]) for text in VECTOR["payloads"]]
    blocks = chain(*(Step(payload=payload) for payload in payloads))
    assert usage_of(blocks) == bytes.fromhex(VECTOR["bytes"][2:])
    assert count_entries(usage_of(blocks)) == 4


def test_usage__no_transactions__is_empty() -> None:
    assert usage_of(chain(Step(), Step(forced=1))) == b""


def test_usage__compressed__counts_raw_bytes() -> None:
    plain, packed = (
        encode_payload([(ONE, [bytes(range(256)) * 4])], compress=compress)
        for compress in (False, True)
    )
    assert len(packed) < len(plain) // 2
    assert usage_of(chain(Step(payload=packed))) == entry(1, 1_024)
    assert usage_of(chain(Step(payload=plain))) == entry(1, 1_024)


def test_usage__held_segment__counts_its_length() -> None:
    held = [held_entry(TWO, encode_payload([(TWO, [b"kept"])]))]
    payload = encode_payload([(ONE, [b"shown"])], held=held)
    assert usage_of(chain(Step(payload=payload))) == entry(1, 5) + entry(2, held[0].length)


def test_usage__payload_that_does_not_decode__counts_for_nothing() -> None:
    """A quorum that finalizes it orders nothing with it (DERIVE-5)."""
    good, other = chain(Step(transactions=(b"one",)), Step(transactions=(b"three",)))
    for broken in (b"", b"\x07", other.payload[:-1], other.payload + b"\0"):
        assert usage_of([good, Block(other.header, broken)]) == entry(1, 3)
