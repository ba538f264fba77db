"""ENC-10: many payloads for the same transactions, one reading of each, and hard limits.

decode_payload
├── longer than 1 MiB, no codec, unknown codec → refused
├── codec 2, 3 → the table of held segments, then as codec 0, 1
│   └── empty, cut short, ids not ascending, a length of 0 → refused
├── codec 0 → the plain form
├── codec 1
│   ├── states more than 4 MiB → refused before inflating
│   ├── inflates to more, less or nothing → refused, inflating no more than is stated
│   ├── bytes behind the stream → refused
│   └── exact → the plain form
└── plain form
    ├── table cut short, ids not ascending, count 0 or too many, length 0 or too long → refused
    ├── lengths do not end where the bytes end → refused
    └── fits → the transactions
"""

import random
import struct
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.blocks.held import ENTRY_BYTES, TABLE_OVERHEAD, HeldEntry, held_entry
from sequencer.blocks.order import Ordering, OrderingPolicy
from sequencer.blocks.payload import (
    EMPTY_PAYLOAD,
    MAX_INFLATION,
    MAX_PAYLOAD_BYTES,
    MAX_PLAIN_BYTES,
    MAX_TRANSACTION_BYTES,
    MAX_TRANSACTIONS,
    PAYLOAD_OVERHEAD,
    SEGMENT_OVERHEAD,
    TRANSACTION_OVERHEAD,
    decode_payload,
    decode_segment,
    encode_payload,
    held_entries,
)
from sequencer.errors import DecodeError
from sequencer.types import Hash32, RollupId

SEGMENTS = st.dictionaries(
    st.integers(0, 2**32 - 1).map(RollupId),
    st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=4),
    max_size=4,
).map(lambda found: sorted(found.items()))


HELD = st.dictionaries(
    st.integers(0, 2**32 - 1).map(RollupId), st.binary(min_size=1, max_size=40), max_size=4
).map(lambda found: [held_entry(rollup, data) for rollup, data in sorted(found.items())])
NAMED = HeldEntry(RollupId(5), 1, Hash32(bytes(32)))


def table(*entries: tuple[int, int], count: int | None = None) -> bytes:
    """Codec 2 and a table of whatever ids and lengths."""
    packed = b"".join(struct.pack(">II32s", *entry, bytes(32)) for entry in entries)
    return b"\x02" + struct.pack(">H", len(entries) if count is None else count) + packed


def plain(*segments: tuple[int, list[int]], tail: bytes = b"") -> bytes:
    """A plain form with whatever ids and lengths, to tamper with."""
    table = b"".join(
        struct.pack(f">I13xI{len(lengths)}I", rollup, len(lengths), *lengths)
        for rollup, lengths in segments
    )
    return struct.pack(">H", len(segments)) + table + tail


def packed(content: bytes, stated: int | None = None, level: int = 9) -> bytes:
    size = len(content) if stated is None else stated
    return b"\x01" + struct.pack(">I", size) + zlib.compress(content, level)


def noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)


def test_encode__two_segments__has_the_bytes_of_the_specification() -> None:
    segments = [(RollupId(1), [b"ab", b"c"]), (RollupId(7), [b"def"])]
    head = "000002"
    first = "00000001" + "00" * 13 + "000000020000000200000001"
    second = "00000007" + "00" * 13 + "0000000100000003"
    transactions = "616263646566"
    expected = bytes.fromhex(head + first + second + transactions)
    assert encode_payload(segments, compress=False) == expected


def test_encode__ordering__is_stated_of_each_rollup() -> None:
    """ENC-10, ORDER-1."""
    orderings = [Ordering(base_fee_wei=0x1234), Ordering(OrderingPolicy.ARRIVAL)]
    data = encode_payload(
        [(RollupId(0), [b"ab"]), (RollupId(1), [b"c"])],
        compress=False,
        ordering_of=lambda rollup: orderings[rollup],
    )
    assert bytes.fromhex("00000000" + "00" + "00" * 10 + "1234" + "00000001") in data
    assert bytes.fromhex("00000001" + "02" + "00" * 12 + "00000001") in data
    assert [part.ordering for part in decode_payload(data).segments] == orderings


def test_encode__nothing__is_the_empty_payload() -> None:
    assert encode_payload([]) == EMPTY_PAYLOAD == b"\x00\x00\x00"
    assert len(decode_payload(EMPTY_PAYLOAD)) == 0


@given(SEGMENTS, st.booleans())
def test_decode__encoded__gives_the_transactions_in_order(
    segments: list[tuple[RollupId, list[bytes]]], compress: bool
) -> None:
    payload = decode_payload(encode_payload(segments, compress=compress))
    assert [(part.rollup, list(part.transactions)) for part in payload.segments] == segments
    assert list(payload) == [(rollup, raw) for rollup, raws in segments for raw in raws]
    assert len(payload) == len(list(payload))


def test_encode__repetitive__is_compressed_unless_told_otherwise() -> None:
    segments = [(RollupId(1), [noise(100) + b"transfer" * 50] * 2)]
    small, large = encode_payload(segments), encode_payload(segments, compress=False)
    assert (small[0], large[0]) == (1, 0)
    assert len(small) < len(large) // 4
    assert decode_payload(small) == decode_payload(large)


@pytest.mark.parametrize("raw", [[bytes(5_000)], [b"a"] * 2_000])
def test_encode__more_than_a_stream_may_hold__is_left_plain(raw: list[bytes]) -> None:
    payload = encode_payload([(RollupId(1), raw)])
    assert payload[0] == 0
    assert [one for _, one in decode_payload(payload)] == raw


def test_encode__incompressible__is_left_plain() -> None:
    assert encode_payload([(RollupId(1), [noise(500)])])[0] == 0


def test_encode__held_segments__has_the_bytes_of_the_specification() -> None:
    held = [HeldEntry(RollupId(3), 0x102, Hash32(b"\xaa" * 32)), NAMED]
    segments = [(RollupId(1), [b"ab"])]
    names = "0002" + "00000003" + "00000102" + "aa" * 32 + "00000005" + "00000001" + "00" * 32
    body = "0001" + "00000001" + "00" * 13 + "00000001" + "00000002" + "6162"
    expected = bytes.fromhex("02" + names + body)
    assert encode_payload(segments, held=held, compress=False) == expected
    assert len(names) // 2 == TABLE_OVERHEAD + 2 * ENTRY_BYTES


@given(SEGMENTS, HELD, st.booleans())
def test_decode__held_segments__stand_beside_the_rest(
    segments: list[tuple[RollupId, list[bytes]]], held: list[HeldEntry], compress: bool
) -> None:
    data = encode_payload(segments, held=held, compress=compress)
    assert (data[0] >= 2) == bool(held)
    payload = decode_payload(data)
    assert payload.held == held_entries(data) == tuple(held)
    assert payload.segments == decode_payload(encode_payload(segments)).segments


@pytest.mark.parametrize(
    "ids", [[RollupId(2), RollupId(1)], [RollupId(1), RollupId(1)]], ids=["falling", "twice"]
)
def test_encode__held_segments_out_of_order__is_the_callers_error(ids: list[RollupId]) -> None:
    with pytest.raises(ValueError, match="ascending"):
        encode_payload([], held=[held_entry(rollup, b"a") for rollup in ids])


def test_encode__more_held_segments_than_a_table_counts__is_the_callers_error() -> None:
    held = [HeldEntry(RollupId(number), 1, NAMED.hash) for number in range(2**16)]
    with pytest.raises(ValueError, match="65536 held segments"):
        encode_payload([], held=held)


def test_encode__a_held_segment_of_no_bytes__is_the_callers_error() -> None:
    with pytest.raises(ValueError, match="at least one byte"):
        encode_payload([], held=[held_entry(RollupId(1), b"")])


def test_overheads__of_a_plain_payload__add_up() -> None:
    segments = [(RollupId(1), [noise(50), noise(60)]), (RollupId(2), [noise(70)])]
    assert len(encode_payload(segments, compress=False)) == (
        PAYLOAD_OVERHEAD + 2 * SEGMENT_OVERHEAD + 3 * TRANSACTION_OVERHEAD + 180
    )


@pytest.mark.parametrize("level", range(10))
def test_decode__any_level__reads_the_same(level: int) -> None:
    raw = noise(100) + b"x" * 600
    data = packed(plain((1, [700]), tail=raw), level=level)
    assert list(decode_payload(data)) == [(1, raw)]


def test_s15_decode__a_stream_of_more_entries_than_bytes_could_hold__is_refused() -> None:
    """20,000 transactions of a byte in 148 bytes: each entry costs whoever derives."""
    lengths = [1] * MAX_TRANSACTIONS
    bomb = packed(plain((1, lengths), tail=b"a" * MAX_TRANSACTIONS))
    assert len(bomb) < 300
    with pytest.raises(DecodeError, match="at most 8 for each"):
        decode_payload(bomb)
    tail = noise(20 << 10)
    table = plain((1, [1] * 8_000 + [len(tail)]), tail=b"a" * 8_000 + tail)
    with pytest.raises(DecodeError, match="has 8001 transactions, expected 1 to 41"):
        decode_payload(packed(table))


@pytest.mark.parametrize(
    ("segments", "problem"),
    [
        ([(2, [b"a"]), (1, [b"b"])], "ascending"),
        ([(1, [b"a"]), (1, [b"b"])], "ascending"),
        ([(1, [])], "at least one"),
        ([(1, [b"a", b""])], "1 to 131072"),
        ([(1, [bytes(MAX_TRANSACTION_BYTES + 1)])], "1 to 131072"),
        ([(1, [b"a"] * MAX_TRANSACTIONS), (2, [b"a"])], "20001 transactions"),
        ([(1, [bytes(MAX_TRANSACTION_BYTES)] * 32)], "plain form"),
        ([(1, [noise(MAX_TRANSACTION_BYTES)] * 8)], "payload has"),
    ],
)
def test_encode__what_no_payload_holds__is_the_callers_error(
    segments: list[tuple[RollupId, list[bytes]]], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        encode_payload(segments, compress=problem != "payload has")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "no codec"),
        (b"\x04" + plain(), "codec 4"),
        (bytes(MAX_PAYLOAD_BYTES + 1), "1048577 bytes"),
        (b"\x00", "cut short"),
        (b"\x00\x00", "cut short"),
        (b"\x00\x00\x01\x00\x00", "cut short"),
        (b"\x00" + plain((1, [2, 3]))[:-1], "cut short"),
        (b"\x00" + plain((1, [1]), (1, [1]), tail=b"ab"), "ascending"),
        (b"\x00" + plain((2, [1]), (1, [1]), tail=b"ab"), "ascending"),
        (b"\x00" + plain((1, []), tail=b"ab"), "has 0 transactions"),
        (b"\x00" + plain((1, [0])), "transaction of 0"),
        (b"\x00" + plain((1, [1, MAX_TRANSACTION_BYTES + 1])), "131073 bytes"),
        (b"\x00" + plain((1, [2]), tail=b"a"), "end at byte 29, the plain form at 28"),
        (b"\x00" + plain((1, [2]), tail=b"abc"), "end at byte 29, the plain form at 30"),
        (b"\x00" + plain(tail=b"a"), "end at byte 2, the plain form at 3"),
        (b"\x00\x00\x01" + struct.pack(">I13xI", 1, 2**32 - 1), "expected 1 to 20000"),
        (b"\x00\x00\x01" + struct.pack(">IB12xII", 1, 3, 1, 1) + b"a", "ordering policy 3"),
        (b"\x00\x00\x01" + struct.pack(">IB11xBII", 1, 1, 9, 1, 1) + b"a", "SHUFFLED order with"),
        (b"\x01\x00\x00\x00", "plain length"),
        (b"\x01\x00\x00\x00\x02", "2 plain bytes for a stream of 0"),
        (packed(b"", MAX_PLAIN_BYTES + 1), "4194305 plain bytes"),
        (packed(b"\x00\x00", 3), "does not inflate to the 3"),
        (packed(b"\x00\x00", 1), "does not inflate to the 1"),
        (packed(b"\x00\x00", 0), "does not inflate to the 0"),
        (packed(b"\x00\x00")[:-1], "does not inflate"),
        (packed(b"\x00\x00") + b"a", "1 bytes follow"),
        (b"\x01\x00\x00\x00\x02not zlib", "no zlib stream"),
        (packed(b"\x00\x00")[:-1] + b"\xff", "no zlib stream"),
    ],
)
def test_decode__what_no_payload_is__names_the_problem(data: bytes, problem: str) -> None:
    with pytest.raises(DecodeError, match=problem):
        decode_payload(data)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"\x02", "cut short"),
        (b"\x02\x01", "cut short"),
        (table() + plain(), "0 held segments"),
        (table((1, 1), count=2) + plain(), "cut short"),
        (table((1, 1))[:-1], "cut short"),
        (table((2, 1), (1, 1)) + plain(), "rollup 1 follows that of 2"),
        (table((1, 1), (1, 1)) + plain(), "rollup 1 follows that of 1"),
        (table((1, 0)) + plain(), "no bytes"),
    ],
)
def test_decode__a_table_that_is_none__names_the_problem_and_names_no_segments(
    data: bytes, problem: str
) -> None:
    with pytest.raises(DecodeError, match=problem):
        decode_payload(data)
    assert held_entries(data) == ()


def test_held_entries__of_a_payload_that_does_not_inflate__are_in_the_table_all_the_same() -> None:
    data = encode_payload([], held=[NAMED]) + b"garbage"
    with pytest.raises(DecodeError, match="the plain form at 9"):
        decode_payload(data)
    assert held_entries(data) == (NAMED,)


def test_held_entries__of_more_than_a_payload__are_none() -> None:
    longest = encode_payload([], held=[NAMED]).ljust(MAX_PAYLOAD_BYTES, b"\0")
    assert held_entries(longest) == (NAMED,)
    assert held_entries(longest + b"\0") == ()


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (encode_payload([]), "holds rollups none"),
        (encode_payload([(RollupId(2), [b"a"])]), "holds rollups 2"),
        (encode_payload([(RollupId(1), [b"a"]), (RollupId(2), [b"b"])]), "holds rollups 1, 2"),
        (encode_payload([(RollupId(1), [b"a"])], held=[NAMED]), "1 and names 1 held segments"),
        (b"\x09", "codec 9"),
    ],
)
def test_decode_segment__of_another_payload__is_refused(data: bytes, problem: str) -> None:
    with pytest.raises(DecodeError, match=problem):
        decode_segment(RollupId(1), data)


def test_decode_segment__of_its_rollup_alone__gives_the_transactions() -> None:
    assert decode_segment(RollupId(1), encode_payload([(RollupId(1), [b"b", b"a"])])) == (
        b"b",
        b"a",
    )


def test_decode__a_stream_with_a_preset_dictionary__is_refused() -> None:
    stream = zlib.compressobj(zdict=b"\x00\x00")
    data = b"\x01\x00\x00\x00\x02" + stream.compress(b"\x00\x00") + stream.flush()
    with pytest.raises(DecodeError, match="no zlib stream"):
        decode_payload(data)


@pytest.mark.parametrize("stated", [0, 1, 2, 1000])
def test_decode__a_stream_that_swells__costs_no_more_than_it_states(stated: int) -> None:
    bomb = packed(bytes(64 << 20), stated)
    assert len(bomb) < MAX_PAYLOAD_BYTES
    tracemalloc.start()
    try:
        with pytest.raises(DecodeError, match="does not inflate"):
            decode_payload(bomb)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def test_limits__reached_exactly__are_kept() -> None:
    most = [(RollupId(1), [b"a"] * (MAX_TRANSACTIONS - 1)), (RollupId(2), [b"b"])]
    assert len(decode_payload(encode_payload(most))) == MAX_TRANSACTIONS
    longest = [(RollupId(1), [noise(MAX_TRANSACTION_BYTES)])]
    assert list(decode_payload(encode_payload(longest))) == [(1, longest[0][1][0])]
    filled = [noise(MAX_TRANSACTION_BYTES)] * 7
    room = MAX_PAYLOAD_BYTES - PAYLOAD_OVERHEAD - SEGMENT_OVERHEAD - 8 * TRANSACTION_OVERHEAD
    filled.append(noise(room - 7 * MAX_TRANSACTION_BYTES))
    data = encode_payload([(RollupId(1), filled)], compress=False)
    assert len(data) == MAX_PAYLOAD_BYTES
    assert len(decode_payload(data)) == 8


def test_limits__eight_bytes_for_each_of_the_stream__are_kept() -> None:
    stream = zlib.compress(b"")
    for size in range(60, 400):
        body = plain((1, [size - 23]), tail=noise(20) + bytes(size - 43))
        stream = zlib.compress(body, 9)
        is_kept = len(body) <= MAX_INFLATION * len(stream)
        data = b"\x01" + struct.pack(">I", len(body)) + stream
        if is_kept:
            assert len(decode_payload(data)) == 1
            continue
        with pytest.raises(DecodeError, match="at most 8 for each"):
            decode_payload(data)
        return
    raise AssertionError("never reached")


def test_decode__too_many_over_several_segments__is_refused() -> None:
    lengths = [1] * MAX_TRANSACTIONS
    data = b"\x00" + plain((1, lengths), (2, [1]), tail=bytes(MAX_TRANSACTIONS + 1))
    with pytest.raises(DecodeError, match="rollup 2 has 1 transactions, expected 1 to 0"):
        decode_payload(data)


@given(st.binary(max_size=60) | st.binary(max_size=60).map(packed))
def test_decode__any_bytes__are_a_payload_or_a_decode_error(data: bytes) -> None:
    try:
        decode_payload(data)
    except DecodeError:
        return
    assert data[0] in range(4)


@given(st.binary(max_size=30), HELD)
def test_decode__any_body_behind_a_table__is_a_payload_or_a_decode_error(
    body: bytes, held: list[HeldEntry]
) -> None:
    head = encode_payload([], held=[NAMED, *(entry for entry in held if entry.rollup > 5)])[:-2]
    try:
        payload = decode_payload(head + body)
    except DecodeError:
        return
    assert payload.held[0] == NAMED


@given(SEGMENTS, HELD, st.data())
def test_decode__a_changed_plain_payload__is_refused_or_has_no_other_encoding(
    segments: list[tuple[RollupId, list[bytes]]], held: list[HeldEntry], choice: st.DataObject
) -> None:
    data = bytearray(encode_payload(segments, held=held, compress=False))
    data[choice.draw(st.integers(1, len(data) - 1))] ^= choice.draw(st.integers(1, 255))
    try:
        payload = decode_payload(bytes(data))
    except DecodeError:
        return
    again = [(part.rollup, part.transactions) for part in payload.segments]
    orderings = {part.rollup: part.ordering for part in payload.segments}
    encoded = encode_payload(
        again, held=payload.held, compress=False, ordering_of=orderings.__getitem__
    )
    assert encoded == data
