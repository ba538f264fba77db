"""ENC-15: the bytes behind a block are exactly those that its payload names, or it is not whole.

is_whole
├── payload of another length or hash → no
├── payload without a table, or with one that is none
│   ├── no held bytes → yes
│   └── held bytes → no
└── payload with a table
    ├── bytes missing, too few, too many, in another order, of another hash → no
    └── its segments in order → yes
"""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.blocks.header import Block, genesis
from sequencer.blocks.held import held_entry, split_held
from sequencer.blocks.payload import encode_payload
from sequencer.crypto.hashing import keccak
from sequencer.errors import DecodeError
from sequencer.types import RollupId

PARTS = (b"one", b"other")
ENTRIES = [held_entry(RollupId(number), part) for number, part in enumerate(PARTS, start=1)]
NAMING = encode_payload([(RollupId(9), [b"transaction"])], held=ENTRIES)
PLAIN = encode_payload([(RollupId(9), [b"transaction"])])


def block_of(payload: bytes, held: bytes) -> Block:
    header = msgspec.structs.replace(
        genesis(keccak(b"")), payload_hash=keccak(payload), payload_length=len(payload)
    )
    return Block(header, payload, held)


@pytest.mark.parametrize(
    ("payload", "held", "expected"),
    [
        (PLAIN, b"", True),
        (PLAIN, b"o", False),
        (NAMING, b"oneother", True),
        (NAMING, b"", False),
        (NAMING, b"oneothe", False),
        (NAMING, b"oneother.", False),
        (NAMING, b"otherone", False),
        (NAMING, b"oneOther", False),
        (b"\x02\x00\x00", b"", True),
        (b"\x02\x00\x00", b"o", False),
        (b"", b"", True),
        (b"", b"o", False),
    ],
)
def test_is_whole__by_payload_and_held_bytes(payload: bytes, held: bytes, expected: bool) -> None:
    block = block_of(payload, held)
    assert block.is_whole() is expected
    assert not Block(block.header, payload + b"\0", held).is_whole()


def test_held_segments__of_a_whole_block__are_cut_by_the_table() -> None:
    block = block_of(NAMING, b"oneother")
    assert block.held_segments() == tuple(zip(ENTRIES, PARTS, strict=True))
    assert block.content_bytes == len(NAMING) + 8


@given(st.binary(max_size=12))
def test_split__any_bytes__are_the_segments_or_a_decode_error(held: bytes) -> None:
    try:
        parts = split_held(ENTRIES, held)
    except DecodeError:
        assert held != b"oneother"
    else:
        assert parts == PARTS


def test_block__from_before_there_were_held_segments__is_read_as_one_without() -> None:
    block = block_of(PLAIN, b"")
    old = msgspec.msgpack.encode((block.header, block.payload))
    assert msgspec.msgpack.decode(old, type=Block) == block
