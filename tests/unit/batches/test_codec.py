"""ENC-13: one batch, one encoding, and nothing else decodes."""

import pytest
import rlp
from hypothesis import given
from hypothesis import strategies as st

from sequencer.batches.codec import (
    BLOCK_OVERHEAD_BYTES,
    MAX_DATA_BYTES,
    decode_batch_data,
    encode_batch_data,
)
from sequencer.blocks.header import Block, Header
from sequencer.errors import DecodeError
from sequencer.types import U64_MAX
from tests.unit.batches.builders import Step, chain

STEPS = st.lists(
    st.builds(
        Step,
        transactions=st.lists(st.binary(min_size=1, max_size=60), max_size=3).map(tuple),
        elapsed_ms=st.integers(0, 3000),
        origin_advance=st.integers(0, 2),
        forced=st.integers(0, 2),
        epoch=st.just(5),
        compress=st.booleans(),
    ),
    min_size=1,
    max_size=8,
)
BLOCKS = chain(
    Step(transactions=(b"abc", b"d" * 300), origin_advance=3, elapsed_ms=1),
    Step(origin_advance=0, forced=1),
    Step(transactions=(b"e",), origin_advance=1),
)


def rows(blocks: list[Block]) -> list[object]:
    """The fields of ENC-13 as the `rlp` library takes them, for tampering."""
    return list(rlp.decode(encode_batch_data(blocks)[1:], strict=True))


def data_of(fields: object) -> bytes:
    return b"\x01" + rlp.encode(fields, infer_serializer=False)


@given(STEPS)
def test_decode__encoded_blocks__are_rebuilt_with_their_hashes(steps: list[Step]) -> None:
    blocks = chain(*steps)
    decoded = decode_batch_data(encode_batch_data(blocks))
    assert list(decoded.blocks) == blocks
    assert decoded.blocks[-1].header.hash == blocks[-1].header.hash
    assert (decoded.epoch, decoded.first_height) == (5, 1)
    assert decoded.parent_hash == blocks[0].header.parent_hash


@given(STEPS)
def test_encode__any_blocks__is_the_rlp_that_the_library_writes(steps: list[Step]) -> None:
    data = encode_batch_data(chain(*steps))
    assert data[:1] + rlp.encode(rlp.decode(data[1:], strict=True)) == data


@given(STEPS, st.data())
def test_decode__any_changed_byte__is_refused_or_is_the_encoding_of_something_else(
    steps: list[Step], choice: st.DataObject
) -> None:
    data = bytearray(encode_batch_data(chain(*steps)))
    at = choice.draw(st.integers(0, len(data) - 1))
    data[at] ^= choice.draw(st.integers(1, 255))
    try:
        decoded = decode_batch_data(bytes(data))
    except DecodeError:
        return
    assert encode_batch_data(decoded.blocks) == bytes(data)


@given(st.binary(max_size=300))
def test_decode__any_bytes__only_ever_raises_decode_error(noise: bytes) -> None:
    for data in (noise, b"\x01" + noise):
        with pytest.raises(DecodeError):
            decode_batch_data(data)


@pytest.mark.parametrize("end", range(0, 420, 7))
def test_decode__cut_short__is_refused(end: int) -> None:
    data = encode_batch_data(BLOCKS)
    assert len(data) > 420
    with pytest.raises(DecodeError):
        decode_batch_data(data[:end])


def test_decode__nested_deeper_than_the_stack__is_refused() -> None:
    """A hostile submitter cannot reach the recursion limit: nothing recurses."""
    item = b""
    for _ in range(20_000):
        length = len(item)
        size = (length.bit_length() + 7) // 8
        head = (
            bytes([0xC0 + length])
            if length < 56
            else bytes([0xF7 + size]) + length.to_bytes(size, "big")
        )
        item = head + item
    with pytest.raises(DecodeError):
        decode_batch_data(b"\x01" + item)


def test_decode__longer_than_any_batch__is_refused_unread() -> None:
    with pytest.raises(DecodeError, match="at most"):
        decode_batch_data(b"\x01" * (MAX_DATA_BYTES + 1))


def test_decode__trailing_byte__is_refused() -> None:
    with pytest.raises(DecodeError):
        decode_batch_data(encode_batch_data(BLOCKS) + b"\0")


def test_decode__other_version__is_refused() -> None:
    with pytest.raises(DecodeError, match="version"):
        decode_batch_data(b"\x02" + encode_batch_data(BLOCKS)[1:])


def test_decode__no_blocks__is_refused() -> None:
    fields = rows(BLOCKS)
    fields[3] = []
    with pytest.raises(DecodeError, match="no blocks"):
        decode_batch_data(data_of(fields))


@pytest.mark.parametrize("extra", [b"", b"\x07", []])
def test_decode__extra_item__is_refused(extra: object) -> None:
    fields = rows(BLOCKS)
    with pytest.raises(DecodeError):
        decode_batch_data(data_of([*fields, extra]))
    fields[3][0] = [*fields[3][0], extra]  # type: ignore[index]
    with pytest.raises(DecodeError):
        decode_batch_data(data_of(fields))


@pytest.mark.parametrize(
    ("row", "field", "value"),
    [
        (0, 0, b"\x00"),  # zero has one form, the empty string
        (0, 0, b"\x00\x07"),
        (0, 1, b"\x01" + bytes(8)),  # 2**64
        (0, 3, b""),  # the first origin of a batch states its hash
        (1, 3, b"\x55" * 32),  # an unchanged origin does not
        (1, 4, b"\x01"),
        (2, 3, b""),
        (0, 3, b"\x55" * 31),
        (0, 6, b"\x55" * 19),
        (0, 6, [b"\x55" * 20]),
        (0, 7, b""),  # a payload has a codec byte
        (0, 7, b"\x02\x00\x00"),
    ],
)
def test_decode__field_in_another_form__is_refused(row: int, field: int, value: object) -> None:
    fields = rows(BLOCKS)
    fields[3][row][field] = value  # type: ignore[index]
    with pytest.raises(DecodeError):
        decode_batch_data(data_of(fields))


@pytest.mark.parametrize("first_height", [U64_MAX - 1, U64_MAX])
def test_decode__height_beyond_64_bits__is_refused(first_height: int) -> None:
    fields = rows(BLOCKS)
    fields[2] = first_height.to_bytes(8, "big")
    with pytest.raises(DecodeError, match="64 bits"):
        decode_batch_data(data_of(fields))


def test_s3_encode__block_with_the_largest_fields__stays_within_the_stated_overhead() -> None:
    """BATCH-2 counts a block by this bound."""
    payload = bytes(1 << 20)
    top = Header(
        *(U64_MAX, 1, U64_MAX, U64_MAX, bytes(32), bytes(32), len(payload), bytes(32)),  # type: ignore[arg-type]
        *(U64_MAX, b"\xff" * 32, U64_MAX, U64_MAX, b"\xff" * 20),  # type: ignore[arg-type]
    )
    one, two = (len(encode_batch_data([Block(top, payload)] * count)) for count in (1, 2))
    assert two - one <= len(payload) + BLOCK_OVERHEAD_BYTES
    assert one <= len(payload) + BLOCK_OVERHEAD_BYTES + 64
