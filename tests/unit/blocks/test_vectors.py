"""ENC-10 to ENC-12 and ENC-15 give the bytes of the shared vectors."""

import json
from typing import Any

import pytest

from sequencer.blocks.held import held_entry
from sequencer.blocks.merkle import transaction_root
from sequencer.blocks.order import Ordering, OrderingPolicy, order_keys, value_of
from sequencer.blocks.payload import decode_payload, decode_segment, encode_payload
from sequencer.crypto.hashing import keccak
from sequencer.ingress.transaction import read_fees
from sequencer.ordering.order import payload_leaves
from sequencer.types import ZERO_HASH, Hash32, RollupId
from tests.vectors import generate

ALL: dict[str, Any] = json.loads(generate.PATH.read_text(encoding="utf-8"))
VECTORS: list[dict[str, Any]] = ALL["contents"]


def unhex(text: str) -> bytes:
    return bytes.fromhex(text[2:])


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{len(vector['held'])} held")
def test_contents__vector__have_the_payload_and_the_root(vector: dict[str, Any]) -> None:
    segments = [
        (RollupId(part["rollupId"]), [unhex(raw) for raw in part["transactions"]])
        for part in vector["segments"]
    ]
    held = [held_entry(RollupId(part["rollupId"]), unhex(part["data"])) for part in vector["held"]]
    assert [entry.hash for entry in held] == [unhex(part["hash"]) for part in vector["held"]]
    payload = unhex(vector["payload"])
    assert encode_payload(segments, held=held, compress=False) == payload
    leaves = payload_leaves(decode_payload(payload), ZERO_HASH)
    assert leaves == [unhex(leaf) for leaf in vector["leaves"]]
    assert transaction_root(leaves) == unhex(vector["transactionRoot"])
    for part in vector["held"]:
        assert len(decode_segment(RollupId(part["rollupId"]), unhex(part["data"]))) == 1


@pytest.mark.parametrize("vector", ALL["orders"], ids=lambda v: f"{v['policy']}, {v['baseFeeWei']}")
def test_orders__vector__have_the_values_and_the_keys(vector: dict[str, Any]) -> None:
    """ORDER-2, ORDER-3."""
    ordering = Ordering(OrderingPolicy(vector["policy"]), vector["baseFeeWei"])
    parent = Hash32(unhex(vector["parentHash"]))
    raws = [unhex(raw) for raw in vector["transactions"]]
    values = [value_of(ordering, read_fees(raw), keccak(raw), parent) for raw in raws]
    assert [str(value) for value in values] == vector["values"]
    keys = order_keys((RollupId(7), value) for value in values)
    assert [str(key) for key in keys] == vector["keys"]
    payload = unhex(vector["payload"])
    segments = [(RollupId(7), raws)]
    assert encode_payload(segments, compress=False, ordering_of=lambda _: ordering) == payload
    leaves = payload_leaves(decode_payload(payload), parent)
    assert leaves == [unhex(leaf) for leaf in vector["leaves"]]
