"""TX-1 and TX-2 in bulk, held to `decode_transaction`, the plain twin.

decode_transactions
├── none → none
├── each that the twin accepts → the same transaction
├── each that the twin refuses → the same error
├── from several threads → the same
└── without the C helper → the same
the C helper
├── legacy, type 1, type 2 → taken
├── another type, chain id or shape → left to the twin
└── what is no bytes or not of 64 bits → an error
"""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import rlp
from coincurve import PrivateKey

from sequencer import native
from sequencer.blocks.payload import MAX_TRANSACTION_BYTES
from sequencer.crypto.hashing import keccak
from sequencer.crypto.signatures import CURVE_ORDER, HALF_ORDER
from sequencer.errors import DecodeError
from sequencer.ingress import transactions
from sequencer.ingress.rlp import list_prefix
from sequencer.ingress.transaction import Transaction, decode_transaction
from sequencer.ingress.transactions import decode_transactions
from tests.unit.ingress.builders import CHAIN_ID, KEY, Item, Raw, as_rlp, malleated

Outcome = Transaction | tuple[type[Exception], tuple[object, ...]]

needs_helper = pytest.mark.skipif(native.bulk is None, reason="the C helper is not built")

NUMBERS: list[Item] = [
    *(0, 1, 0x7F, 0x80, 0xFF, 2**32, 2**64 - 2, 2**64 - 1, 2**64, 2**255, 2**256 - 1, 2**256),
    *(b"\x00", b"\x00\x01", b"\x01" * 8, b"\x01" * 9, b"\x01" * 33, ()),
]
KEY_32 = b"\x44" * 32
ENTRY: list[Item] = [b"\x11" * 20, [KEY_32, KEY_32]]
ACCESS: list[Item] = [
    *((), [ENTRY], [ENTRY] * 30, [[b"\x11" * 20, ()]], b"", b"\x01", [b""], [()]),
    *([[b"\x11" * 19, ()]], [[b"\x11" * 20, [b"\x44" * 31]]], [[b"\x11" * 20, b""]]),
    *([[b"\x11" * 20]], [[b"\x11" * 20, (), ()]], [ENTRY, b"\x05"], [[ENTRY, ()]]),
]
CHOICES: dict[str, list[Item]] = {
    "nonce": NUMBERS,
    "priority": NUMBERS,
    "max_fee": NUMBERS,
    "gas": NUMBERS,
    "value": NUMBERS,
    "to": [b"", b"\x11" * 20, b"\x00" * 20, b"\x11" * 19, b"\x11" * 21, ()],
    "data": [b"", b"\x00", b"\x7f", b"\x80", b"\0\1" * 27, bytes(55), b"\1" * 56, b"\2" * 300, ()],
    "access": ACCESS,
}


def outcome(raw: bytes, chain_id: int = CHAIN_ID) -> Outcome:
    try:
        return decode_transaction(raw, chain_id)
    except DecodeError as error:
        return type(error), error.args


def outcomes(raws: list[bytes], chain_id: int = CHAIN_ID) -> list[Outcome]:
    return [
        tx if isinstance(tx, Transaction) else (type(tx), tx.args)
        for tx in decode_transactions(raws, chain_id)
    ]


def differing(raws: list[bytes], chain_id: int = CHAIN_ID) -> list[str]:
    """The transactions of which the two do not think the same."""
    pairs = zip(raws, outcomes(raws, chain_id), strict=True)
    return [raw.hex() for raw, bulk in pairs if bulk != outcome(raw, chain_id)]


def valid(seed: int, count: int) -> list[bytes]:
    draw = random.Random(seed)
    keys = [PrivateKey(draw.randbytes(32)) for _ in range(5)]
    return [
        Raw(
            kind=draw.choice([0, 1, 2, 2, 4]),
            nonce=draw.getrandbits(draw.choice([1, 8, 63])),
            priority=draw.getrandbits(draw.choice([1, 40, 256])),
            max_fee=draw.getrandbits(draw.choice([1, 40, 256])),
            gas=draw.getrandbits(draw.choice([8, 64])),
            to=draw.choice([b"\x11" * 20, b"\x22" * 20]),
            value=draw.getrandbits(draw.choice([1, 64, 65, 256])),
            data=draw.randbytes(draw.choice([0, 1, 20, 55, 56, 68, 255, 256, 2_000])),
            access=draw.choice([(), (), [ENTRY], [ENTRY] * 12]),
            key=draw.choice(keys),
        ).encode()
        if index % 2
        else Raw(kind=draw.choice([0, 1, 2]), to=b"", key=draw.choice(keys), nonce=index).encode()
        for index in range(count)
    ]


def of_odd_fields(seed: int, count: int) -> Iterator[bytes]:
    """One or two fields from their edges, signed as they are."""
    draw = random.Random(seed)
    for _ in range(count):
        kind = draw.choice([0, 1, 2, 4])
        names = draw.sample(sorted(CHOICES), draw.choice([1, 1, 2]))
        fields = {name: draw.choice(CHOICES[name]) for name in names}
        chain = draw.choice([CHAIN_ID, CHAIN_ID, CHAIN_ID, 0, CHAIN_ID + 1, 2**64 + CHAIN_ID])
        yield replace(Raw(kind=kind, chain=chain), **fields).encode()  # type: ignore[arg-type]


def of_odd_signatures(seed: int, count: int) -> Iterator[bytes]:
    draw = random.Random(seed)
    edges: list[Item] = [
        *(0, 1, 2, 3, HALF_ORDER, HALF_ORDER + 1, CURVE_ORDER - 1, CURVE_ORDER, CURVE_ORDER + 1),
        *(2**256 - 1, b"\x00", b"\x00" * 32, b"\x01" * 33, (), b""),
    ]
    for _ in range(count):
        raw = Raw(kind=draw.choice([0, 1, 2]), nonce=draw.getrandbits(20))
        parity, r, s = raw.signature()
        v = parity if raw.kind else 35 + 2 * CHAIN_ID + parity
        signature: list[Item] = [v, r, s]
        for place in draw.sample([0, 1, 2], draw.choice([1, 1, 2])):
            value = draw.choice([*edges, draw.getrandbits(256), 27, 28, 35, v ^ 1])
            signature[place] = value
        yield raw.with_items(signature)
        yield malleated(raw)


def in_longer_forms(item: bytes) -> Iterator[bytes]:
    """The encoded item, and with prefixes that a shorter one could stand for."""
    yield item
    if item[0] < 0x80:
        yield b"\x81" + item
        yield b"\xb8\x01" + item
        return
    is_list, size = item[0] >= 0xC0, len(item) - 1
    if size <= 55:  # its prefix has one byte
        for digits in (1, 2, 4, 5, 8):
            yield (
                bytes([(0xF7 if is_list else 0xB7) + digits])
                + size.to_bytes(digits, "big")
                + item[1:]
            )


def of_longer_forms() -> Iterator[bytes]:
    """Signed over the bytes as they are, so that only the form of one item is wrong."""
    values = [CHAIN_ID, 5, 200, 300, 2**20, b"\x11" * 20, 0, b"\x05", ()]
    items = [rlp.encode(as_rlp(value), infer_serializer=False) for value in values]
    for place, item in enumerate(items):
        for form in in_longer_forms(item):
            body = b"".join([*items[:place], form, *items[place + 1 :]])
            compact = KEY.sign_recoverable(
                keccak(b"\x02" + list_prefix(len(body)) + body), hasher=None
            )
            parity = b"\x01" if compact[64] else b"\x80"
            r, s = (b"\xa0" + compact[at : at + 32] for at in (0, 32))
            for signature in (
                *(parity + form + s for form in in_longer_forms(r)),
                *(form + r + s for form in in_longer_forms(parity)),
            ):
                content = body + signature
                yield b"\x02" + list_prefix(len(content)) + content
                for digits in (2, 3, 5, 8):
                    yield bytes([2, 0xF7 + digits]) + len(content).to_bytes(digits, "big") + content


def mutated(raws: list[bytes], seed: int, count: int) -> Iterator[bytes]:
    """Bytes changed, taken, added or repeated, anywhere."""
    draw = random.Random(seed)
    for _ in range(count):
        raw = bytearray(draw.choice(raws))
        # Most of what a reader can get wrong is in front.
        at = draw.randrange(min(len(raw), draw.choice([4, 60, 10_000])))
        kind = draw.randrange(5)
        if kind == 0:
            raw[at] = draw.choice([0, 1, 0x7F, 0x80, 0x81, 0xB8, 0xC0, 0xC1, 0xF8, 0xFF])
        elif kind == 1:
            raw[at] ^= 1 << draw.randrange(8)
        elif kind == 2:
            del raw[at : at + draw.choice([1, 2, 30])]
        elif kind == 3:
            raw[at:at] = draw.randbytes(draw.choice([1, 2, 8]))
        else:
            raw = raw[:at]
        yield bytes(raw)


def test_bulk__of_nothing__is_nothing() -> None:
    assert decode_transactions([], CHAIN_ID) == []


def test_bulk__valid__are_what_the_twin_reads() -> None:
    raws = valid(seed=1, count=1_500)
    assert differing(raws) == []
    assert sum(isinstance(tx, Transaction) for tx in decode_transactions(raws, CHAIN_ID)) == 1_500


def test_bulk__odd_fields__are_judged_alike() -> None:
    assert differing(list(of_odd_fields(seed=2, count=2_000))) == []


def test_bulk__odd_signatures__are_judged_alike() -> None:
    assert differing(list(of_odd_signatures(seed=3, count=700))) == []


def test_bulk__mutated__are_judged_alike() -> None:
    raws = valid(seed=4, count=40)
    assert differing(list(mutated(raws, seed=4, count=6_000))) == []


def test_bulk__forms_that_are_not_the_shortest__are_judged_alike() -> None:
    raws = list(of_longer_forms())
    assert differing(raws) == []
    taken = [tx for tx in decode_transactions(raws, CHAIN_ID) if isinstance(tx, Transaction)]
    assert len(taken) == 2 * 9  # only the shortest, twice for each of nine items


def test_bulk__cut_anywhere__are_judged_alike() -> None:
    for kind in (0, 1, 2):
        raw = Raw(kind=kind, data=b"\1" * 60, access=[ENTRY]).encode()
        assert differing([raw[:length] for length in range(len(raw) + 1)]) == []


@pytest.mark.parametrize("chain_id", [0, 1, 2**32, 2**62, 2**63, 2**64 - 1, 2**64, 2**200])
def test_bulk__any_chain_id__is_judged_alike(chain_id: int) -> None:
    raws = [Raw(kind=kind, chain=chain_id).encode() for kind in (0, 1, 2, 4)]
    assert differing(raws, chain_id) == []
    assert differing(raws, (chain_id + 2**63) % 2**64) == []


def test_bulk__the_longest__are_judged_alike() -> None:
    short = len(Raw(data=bytes(100_000)).encode()) - 100_000
    raws = [
        Raw(data=bytes(MAX_TRANSACTION_BYTES - short + more), gas=10**7).encode()
        for more in (-1, 0, 1)
    ]
    raws.append(Raw(access=[[b"\x11" * 20, [KEY_32] * 3_000]]).encode())
    assert differing(raws) == []


def test_bulk__from_threads__is_the_same() -> None:
    raws = valid(seed=5, count=2_100)  # more than the helper takes at once
    raws[7::100] = [b"\x05"] * len(raws[7::100])
    expected = [outcome(raw) for raw in raws]
    with ThreadPoolExecutor(4) as pool:
        assert all(got == expected for got in pool.map(outcomes, [raws] * 8))


def test_bulk__without_the_helper__is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    raws = [*valid(seed=6, count=100), b"", b"\x05"]
    with_helper = outcomes(raws)
    monkeypatch.setattr(transactions, "bulk", None)
    assert outcomes(raws) == with_helper == [outcome(raw) for raw in raws]


@needs_helper
@pytest.mark.parametrize("kind", [0, 1, 2])
def test_helper__common_types__are_taken(kind: int) -> None:
    raw = Raw(kind=kind, access=[ENTRY]).encode()
    assert native.bulk is not None
    (taken,) = native.bulk.decode([raw], [CHAIN_ID], Transaction, MAX_TRANSACTION_BYTES)
    assert taken == decode_transaction(raw, CHAIN_ID)


@needs_helper
def test_helper__what_it_does_not_know__is_left_to_the_twin() -> None:
    raws = [
        *(Raw(kind=4).encode(), Raw(chain=8).encode(), malleated(Raw()), b"", Raw().encode()[:-1]),
        *(memoryview(Raw().encode()), bytearray(Raw().encode()), None),
    ]
    assert native.bulk is not None
    chain_ids = [CHAIN_ID] * len(raws)
    taken = native.bulk.decode(raws, chain_ids, Transaction, MAX_TRANSACTION_BYTES)
    assert taken == [None] * len(raws)


@needs_helper
def test_helper__arguments_of_another_shape__are_errors() -> None:
    assert native.bulk is not None
    with pytest.raises(OverflowError):
        native.bulk.decode([b"1"], [2**64], Transaction, 10)
    with pytest.raises(OverflowError):
        native.bulk.decode([b"1"], [-1], Transaction, 10)
    with pytest.raises(TypeError):
        native.bulk.decode([b"1"], ["1"], Transaction, 10)
    with pytest.raises(TypeError):
        native.bulk.decode(7, [1], Transaction, 10)
    with pytest.raises(TypeError):
        native.bulk.decode([b"1"], 1, Transaction, 10)
    with pytest.raises(ValueError, match="one chain id for each"):
        native.bulk.decode([b"1"], [1, 1], Transaction, 10)
    with pytest.raises(TypeError):  # a type with other fields
        native.bulk.decode([Raw().encode()], [CHAIN_ID], DecodeError.mro, MAX_TRANSACTION_BYTES)
