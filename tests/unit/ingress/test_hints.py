"""Transactions verified in batches by hints, held to `decode_transaction`.

decode_with_hints
├── a transaction that is right → what the plain reader reads, and a hint
└── another, or no helper → the error, and no hint
verify_transactions
├── right transactions with their hints, however many, of whatever senders → as decoded
├── a hint of another form, off the curve or of another transaction → None, never another sender
├── a wrong transaction with the hint of the right one → None
├── wrong hints that would cancel out under factors known before → None
└── no helper → None; not as many of something → an error
decode_hinted
├── messages of several chains → as decoded
├── wrong hints in one message → as decoded, told of that one, the others not recovered one by one
└── few, or no helper → as decoded, told of none
"""

import random
from collections.abc import Sequence
from typing import Any

import pytest
from coincurve import PrivateKey, PublicKey

from sequencer import native
from sequencer.blocks.payload import MAX_TRANSACTION_BYTES
from sequencer.crypto.signatures import CURVE_ORDER
from sequencer.errors import DecodeError
from sequencer.ingress import transactions
from sequencer.ingress.transaction import Transaction, decode_transaction
from sequencer.ingress.transactions import (
    HINT_BYTES,
    Hinted,
    decode_hinted,
    decode_transactions,
    decode_with_hints,
    verify_transactions,
)
from tests.unit.ingress.builders import CHAIN_ID, Raw, malleated

FIELD = 2**256 - 2**32 - 977
KEYS = [PrivateKey(bytes([number]) * 32) for number in range(1, 12)]

needs_batches = pytest.mark.skipif(
    not hasattr(native.bulk, "verify"), reason="the C helper is not built with libsecp256k1"
)


def raws_of(count: int, senders: int = len(KEYS)) -> list[bytes]:
    return [
        Raw(kind=number % 3, nonce=number, key=KEYS[number % senders]).encode()
        for number in range(count)
    ]


def outcome(raw: bytes) -> Transaction | None:
    try:
        return decode_transaction(raw, CHAIN_ID)
    except DecodeError:
        return None


def hint_of(raw: bytes) -> bytes:
    _, (hint,) = decode_with_hints([raw], CHAIN_ID)
    return hint


def verify(
    raws: Sequence[bytes], hints: Sequence[bytes], chain_id: int = CHAIN_ID
) -> list[Transaction | None]:
    return verify_transactions(hinted(raws, hints, chain_id))


def hinted(raws: Sequence[bytes], hints: Sequence[bytes], chain_id: int = CHAIN_ID) -> list[Hinted]:
    return [Hinted(raw, chain_id, hint) for raw, hint in zip(raws, hints, strict=True)]


def verified(raw: bytes, hint: bytes) -> Transaction | None:
    (tx,) = verify([raw], [hint])
    return tx


@needs_batches
def test_decode__with_hints__gives_key_and_point() -> None:
    raw = Raw(key=KEYS[3])
    parity, r, _ = raw.signature()
    good, wrong = raw.encode(), b"\x05"
    (tx, error), (hint, none) = decode_with_hints([good, wrong], CHAIN_ID)
    assert tx == decode_transaction(good, CHAIN_ID)
    assert isinstance(error, DecodeError)
    assert none == b""
    point = PublicKey(bytes([2 + parity]) + r.to_bytes(32, "big")).format(compressed=False)
    assert hint == KEYS[3].public_key.format(compressed=False)[1:] + point[33:]


@needs_batches
@pytest.mark.parametrize("count", [0, 1, 2, 43, 44, 88, 400, 1_023, 1_025, 2_100])
@pytest.mark.parametrize("senders", [1, 11])
def test_verify__right_hints__are_as_decoded(count: int, senders: int) -> None:
    raws = raws_of(count, senders)
    decoded, hints = decode_with_hints(raws, CHAIN_ID)
    assert verify(raws, hints) == decoded == decode_transactions(raws, CHAIN_ID)


@needs_batches
def test_verify__a_transaction_many_times__is_as_decoded() -> None:
    raw = Raw().encode()
    hint = hint_of(raw)
    for count in (2, 3, 100, 200):
        got = verify([raw] * count, [hint] * count)
        assert got == [decode_transaction(raw, CHAIN_ID)] * count


@needs_batches
def test_verify__a_hint_off_form__takes_nobody_along() -> None:
    raws = raws_of(5)
    decoded, hints = decode_with_hints(raws, CHAIN_ID)
    off_curve = bytearray(hints[1])
    off_curve[63] ^= 1
    too_large = hints[1][:64] + (FIELD + 1).to_bytes(32, "big")
    other_parity = hints[1][:64] + (FIELD - int.from_bytes(hints[1][64:], "big")).to_bytes(
        32, "big"
    )
    for wrong in (
        *(b"", hints[1][:-1], hints[1] + b"\0", bytes(HINT_BYTES), hints[2]),
        *(off_curve, too_large, other_parity),
    ):
        got = verify(raws, [hints[0], bytes(wrong), *hints[2:]])
        assert got == [decoded[0], None, *decoded[2:]]


@needs_batches
def test_verify__any_byte_of_a_hint_changed__shows_nothing() -> None:
    raw = Raw().encode()
    hint = hint_of(raw)
    for at in range(HINT_BYTES):
        wrong = bytearray(hint)
        wrong[at] ^= 1 << at % 8
        assert verified(raw, bytes(wrong)) is None
    assert verified(raw, hint) == decode_transaction(raw, CHAIN_ID)


@needs_batches
@pytest.mark.parametrize("count", [1, 20, 200])
def test_verify__a_hint_with_points_of_another__shows_nothing(count: int) -> None:
    raws = raws_of(count)
    _, hints = decode_with_hints(raws, CHAIN_ID)
    other = hint_of(Raw(key=KEYS[-1], nonce=9_999).encode())
    key_y = int.from_bytes(hints[0][32:64], "big")
    for wrong in (
        other[:64] + hints[0][64:],  # the key of another
        hints[0][:32] + (FIELD - key_y).to_bytes(32, "big") + hints[0][64:],  # -Q
    ):
        got = verify(raws, [wrong, *hints[1:]])
        assert got == [None] * count


@needs_batches
def test_verify__a_wrong_transaction__is_not_shown_by_the_hint_of_the_right_one() -> None:
    draw = random.Random(1)
    right = [Raw(kind=kind, data=b"\1\0" * 9, key=KEYS[kind]) for kind in (0, 1, 2)]
    for _ in range(1_500):
        source = draw.choice(right)
        raw = bytearray(source.encode())
        raw[draw.randrange(len(raw))] ^= 1 << draw.randrange(8)
        hint = hint_of(source.encode())
        assert verified(bytes(raw), hint) in (None, outcome(bytes(raw)))


@needs_batches
def test_verify__signatures_on_the_edge__are_not_shown() -> None:
    for source in (Raw(kind=0), Raw(kind=1), Raw(kind=2)):
        hint = hint_of(source.encode())
        parity, r, s = source.signature()
        y = (FIELD - int.from_bytes(hint[64:], "big")).to_bytes(32, "big")
        for wrong in (
            malleated(source),
            source.with_signature(parity, r, CURVE_ORDER - s),
            source.with_signature(1 - parity, r, s),
            source.with_signature(parity + 2, r, s),
            source.with_signature(parity, r + CURVE_ORDER, s) if r + CURVE_ORDER < 2**256 else b"",
            source.with_signature(parity, 0, s),
            source.with_signature(parity, r, 0),
        ):
            assert verified(wrong, hint) is None
            assert verified(wrong, hint[:64] + y) is None


def shifted(hint: bytes, shift: PublicKey) -> bytes:
    """The hint with another key: that plus `shift`."""
    key = PublicKey(b"\x04" + hint[:64])
    return PublicKey.combine_keys([key, shift]).format(compressed=False)[1:] + hint[64:]


@needs_batches
def test_verify__wrong_hints_that_cancel_out__need_the_factors() -> None:
    """Q1 + D and Q2 - (u1 / u2) D, where u is r / s: the sum of both errors is zero if their
    factors are equal, so a batch without factors would take both senders."""
    first, second = Raw(key=KEYS[0]), Raw(key=KEYS[1])
    (_, r1, s1), (_, r2, s2) = first.signature(), second.signature()
    ratio = -r1 * s2 * pow(s1 * r2, -1, CURVE_ORDER) % CURVE_ORDER
    shift = KEYS[2].public_key
    raws = [first.encode(), second.encode()]
    _, hints = decode_with_hints(raws, CHAIN_ID)
    wrong = [
        shifted(hints[0], shift),
        shifted(hints[1], shift.multiply(ratio.to_bytes(32, "big"))),
    ]
    assert native.bulk is not None
    known = native.bulk.verify(
        raws, [CHAIN_ID] * 2, Transaction, MAX_TRANSACTION_BYTES, wrong, (bytes(15) + b"\1") * 2
    )
    assert None not in known
    assert known != decode_transactions(raws, CHAIN_ID)
    assert verify(raws, wrong) == [None, None]


@needs_batches
@pytest.mark.parametrize(
    ("chain_ids", "hints", "factors", "message"),
    [
        ([1], [b"", b""], bytes(32), "one chain id for each"),
        ([1, 1], [b""], bytes(32), "one hint and 16 random bytes for each"),
        ([1, 1], [b"", b""], bytes(31), "one hint and 16 random bytes for each"),
    ],
)
def test_verify__not_as_many_of_something__is_an_error(
    chain_ids: list[int], hints: list[bytes], factors: bytes, message: str
) -> None:
    assert native.bulk is not None
    with pytest.raises(ValueError, match=message):
        native.bulk.verify([b"", b""], chain_ids, Transaction, 100, hints, factors)


@needs_batches
def test_decode_hinted__of_several_chains_and_messages__is_as_decoded() -> None:
    chains = [CHAIN_ID, 7, 8]
    raws = [[Raw(chain=chain, nonce=n).encode() for n in range(9)] for chain in chains]
    messages = [
        [*hinted(some, decode_with_hints(some, chain)[1], chain)]
        for some, chain in zip(raws, chains, strict=True)
    ]
    mixed = [[message[at] for message in messages] for at in range(9)]
    expected = [
        [decode_transaction(each.raw, each.chain_id) for each in message] for message in mixed
    ]
    heard = decode_hinted(mixed)
    assert [found.decoded for found in heard] == expected
    assert not any(found.has_wrong_hints for found in heard)


@needs_batches
def test_decode_hinted__wrong_hints_in_one_message__slow_down_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raws = raws_of(30)
    _, hints = decode_with_hints(raws, CHAIN_ID)
    hints[12] = hints[13]
    hints[14] = shifted(hints[14], KEYS[2].public_key)
    hints[25] = b""
    messages = [hinted(raws[at : at + 10], hints[at : at + 10]) for at in (0, 10, 20)]
    recovered: list[int] = []
    decoded = transactions._decoded

    def count(raws: Sequence[bytes], *rest: Any) -> Any:
        recovered.append(len(raws))
        return decoded(raws, *rest)

    monkeypatch.setattr(transactions, "_decoded", count)
    heard = decode_hinted(messages)
    assert [tx for found in heard for tx in found.decoded] == decode_transactions(raws, CHAIN_ID)
    assert [found.has_wrong_hints for found in heard] == [False, True, False]
    assert recovered[:2] == [10, 1]


@pytest.mark.parametrize("has_helper", [True, False])
def test_decode_hinted__few_or_without_the_helper__blames_nobody(
    monkeypatch: pytest.MonkeyPatch, has_helper: bool
) -> None:
    raws = raws_of(7 if has_helper else 20)
    if not has_helper:
        monkeypatch.setattr(transactions, "bulk", None)
    (heard,) = decode_hinted([hinted(raws, [b"\1" * HINT_BYTES] * len(raws))])
    assert heard.decoded == decode_transactions(raws, CHAIN_ID)
    assert not heard.has_wrong_hints


def test_verify__another_chain_or_too_large_an_id__shows_nothing() -> None:
    raw = Raw().encode()
    for chain_id in (CHAIN_ID + 1, 2**64, 2**200):
        assert verify([raw], [hint_of(raw)], chain_id) == [None]


def test_hints__without_the_helper__are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    raws = [Raw().encode(), b"\x05"]
    _, with_helper = decode_with_hints(raws, CHAIN_ID)
    monkeypatch.setattr(transactions, "bulk", None)
    decoded, hints = decode_with_hints(raws, CHAIN_ID)
    assert decoded[0] == decode_transaction(raws[0], CHAIN_ID)
    assert hints == [b"", b""]
    assert verify(raws, with_helper) == [None, None]
