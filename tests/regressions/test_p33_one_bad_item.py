"""P33: one bad item must not stop the service. The smallest inputs that would have: each made
a library raise what nobody caught, or work without a bound."""

import asyncio
import json
import tracemalloc
import zlib
from pathlib import Path

import pytest
import rlp

from sequencer.blocks.payload import decode_payload
from sequencer.errors import DecodeError
from sequencer.ingress.methods import Methods
from sequencer.ingress.rpc import Rpc
from sequencer.ingress.transaction import decode_transaction
from sequencer.store.blocks import BlockStore
from sequencer.types import Height
from tests.unit.ingress.nodes import FakeNode


def nested(depth: int) -> bytes:
    """A list in a list in a list: the `rlp` library raises RecursionError."""
    data = b""
    for _ in range(depth):
        data = rlp.codec.length_prefix(len(data), 0xC0) + data
    return data


@pytest.mark.parametrize("prefix", [b"", b"\x01", b"\x02", b"\x04"])
def test_transaction__of_nested_lists__is_a_decode_error(prefix: bytes) -> None:
    with pytest.raises(DecodeError):
        decode_transaction(prefix + nested(5_000), 7)


def test_transaction__with_an_access_list_of_nested_lists__is_a_decode_error() -> None:
    fields = [b"\x07", b"", b"", b"", b"", b"", b"", b""]
    items = b"".join(rlp.encode(field) for field in fields) + nested(5_000) + b"\x80\x01\x01"
    with pytest.raises(DecodeError, match="access list"):
        decode_transaction(b"\x02" + rlp.codec.length_prefix(len(items), 0xC0) + items, 7)


def test_transaction__of_a_thousand_fields__is_read_no_further_than_its_layout() -> None:
    """The `rlp` library spends 390 ms on 128 KiB of one-byte items before anyone sees them."""
    items = b"\x01" * 131_000
    with pytest.raises(DecodeError, match="130991 bytes of further fields follow s"):
        decode_transaction(rlp.codec.length_prefix(len(items), 0xC0) + items, 7)


def test_payload__that_states_no_length__is_not_inflated() -> None:
    """A limit of 0 means none to zlib."""
    bomb = b"\x01\x00\x00\x00\x00" + zlib.compress(bytes(16 << 20), 9)
    tracemalloc.start()
    try:
        with pytest.raises(DecodeError):
            decode_payload(bomb)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_store__asked_for_a_height_of_64_bits__has_none(tmp_path: Path) -> None:
    """sqlite3 raises OverflowError above 63 bits, and a peer names the height."""
    store = BlockStore(tmp_path / "blocks.sqlite")
    assert store.blocks(Height(2**64 - 1), 64, 1 << 20) == []
    store.close()


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'"\xff"',
        b'{"jsonrpc":"2.0","id":1,"method":"eth_chainId","params":'
        + b"[" * 900
        + b"]" * 900
        + b"}",
        b'{"jsonrpc":"2.0","id":1,"method":"seq_getBlock","params":[18446744073709551616]}',
        b'{"jsonrpc":"2.0","id":1,"method":"eth_sendRawTransaction","params":["0x0\\u0660"]}',
    ],
    ids=["nesting", "utf-8", "nested parameters", "height", "digits"],
)
def test_rpc__a_bad_body__is_answered_with_the_callers_fault(body: bytes) -> None:
    data = asyncio.run(Rpc(Methods(FakeNode(), lambda: 0)).answer("1", body))
    assert json.loads(data)["error"]["code"] in (-32700, -32602)
