"""TX-1 to TX-3.

decode_transaction
├── empty, above 128 KiB, of a type not accepted → refused
├── not one list of the type's fields, or bytes behind it → refused
├── a field of another shape, not minimal or too large → refused, naming the field
├── another chain id, or none → refused
├── signature not canonical, or recovers no key → refused
└── else → a transaction (test_transaction_wallets holds it to eth_account)
check_intrinsic
├── gas limit below the intrinsic gas or the calldata floor → refused
├── priority fee above the fee → refused
└── else → accepted
"""

from dataclasses import replace

import pytest

from sequencer.blocks.payload import MAX_TRANSACTION_BYTES
from sequencer.crypto.hashing import keccak
from sequencer.crypto.signatures import CURVE_ORDER
from sequencer.errors import DecodeError, PeerFault
from sequencer.ingress.transaction import Transaction, check_intrinsic, decode_transaction
from tests.unit.ingress.builders import (
    AUTHORIZATION,
    CHAIN_ID,
    NAMES,
    SENDER,
    TO,
    Item,
    Raw,
    malleated,
)

KINDS = [0, 1, 2, 4]
KEY_32 = b"\x44" * 32


def decode(raw: Raw | bytes) -> Transaction:
    return decode_transaction(raw if isinstance(raw, bytes) else raw.encode(), CHAIN_ID)


def refused(raw: Raw | bytes, problem: str) -> None:
    with pytest.raises(DecodeError, match=problem):
        decode(raw)


@pytest.mark.parametrize("kind", KINDS)
def test_decode__each_type__has_its_fields(kind: int) -> None:
    raw = Raw(kind=kind, data=b"\x00\x01").encode()
    tx = decode(raw)
    assert tx.raw == raw
    assert tx.hash == keccak(raw)
    assert (tx.type, tx.chain_id, tx.nonce, tx.sender) == (kind, CHAIN_ID, 5, SENDER)
    assert (tx.to, tx.value, tx.gas_limit, tx.data) == (TO, 10**18, 200_000, b"\x00\x01")
    assert tx.max_fee_per_gas == 10**10
    assert tx.max_priority_fee_per_gas == (10**9 if kind in (2, 4) else 10**10)


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_decode__no_recipient__is_a_creation(kind: int) -> None:
    assert decode(Raw(kind=kind, to=b"")).to is None


# TX-1


@pytest.mark.parametrize("first", [0x00, 0x03, 0x05, 0x7F, 0x80, 0xB8, 0xBF])
def test_decode__another_type__is_refused(first: int) -> None:
    refused(bytes([first]) + Raw(kind=0).encode(), f"type {first} is not accepted")


def test_decode__nothing__is_refused() -> None:
    refused(b"", "0 bytes")


def test_decode__128_kib__is_the_most() -> None:
    room = MAX_TRANSACTION_BYTES - len(Raw(data=bytes(100_000)).encode())
    longest = Raw(data=bytes(100_000 + room), gas=10**7)
    assert len(longest.encode()) == MAX_TRANSACTION_BYTES
    assert len(decode(longest).data) == 100_000 + room
    refused(replace(longest, data=bytes(100_001 + room)), "131073 bytes")


# TX-2: the encoding


@pytest.mark.parametrize("kind", KINDS)
def test_decode__bytes_behind_it__are_refused(kind: int) -> None:
    refused(Raw(kind=kind).encode() + b"\x00", "1 bytes follow")


@pytest.mark.parametrize("kind", KINDS)
def test_decode__cut_short__is_refused(kind: int) -> None:
    raw = Raw(kind=kind).encode()
    for length in range(len(raw)):
        with pytest.raises(DecodeError):
            decode(raw[:length])


@pytest.mark.parametrize("kind", KINDS)
def test_decode__one_field_more_or_less__is_refused(kind: int) -> None:
    refused(Raw(kind=kind, extra=(b"",)), "further fields")
    raw = Raw(kind=kind)
    parity, r, _ = raw.signature()
    refused(raw.with_items([parity, r]), "s: .*list ends")


@pytest.mark.parametrize("kind", [1, 2, 4])
def test_decode__a_string_for_the_list__is_refused(kind: int) -> None:
    refused(bytes([kind, 0x82, 1, 2]), "list expected")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("name", "field", "bytes_too_long"),
    [
        ("nonce", "nonce", 9),
        ("priority", "max_priority_fee_per_gas", 33),
        ("max_fee", "max_fee_per_gas", 33),
        ("gas", "gas_limit", 9),
        ("value", "value", 33),
    ],
)
def test_decode__an_integer__is_minimal_and_bounded(
    kind: int, name: str, field: str, bytes_too_long: int
) -> None:
    if name not in NAMES[kind]:
        return
    wrong: dict[bytes | tuple[()], str] = {
        b"\x00": "zero byte",
        b"\x00\x01": "zero byte",
        b"\x01" * bytes_too_long: "bits",
        (): "found a list",
    }
    for item, problem in wrong.items():
        refused(replace(Raw(kind=kind), **{name: item}), f"{field}: .*{problem}")


def test_decode__the_largest_integers__fit() -> None:
    most_64, most_256 = b"\xff" * 8, b"\xff" * 32
    tx = decode(Raw(gas=most_64, max_fee=most_256, priority=most_256, value=most_256))
    assert (tx.gas_limit, tx.value, tx.max_fee_per_gas) == (2**64 - 1, 2**256 - 1, 2**256 - 1)


def test_decode__the_last_nonce__is_refused() -> None:
    assert decode(Raw(nonce=2**64 - 2)).nonce == 2**64 - 2
    refused(Raw(nonce=2**64 - 1), "nonce 18446744073709551615")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("to", "problem"),
    [(TO[1:], "19 bytes"), (TO + b"\x01", "21 bytes"), ([TO], "found a list")],
)
def test_decode__a_recipient__is_20_bytes(kind: int, to: Item, problem: str) -> None:
    refused(Raw(kind=kind, to=to), f"to: .*{problem}")


def test_decode__type_4_without_recipient__is_refused() -> None:
    refused(Raw(kind=4, to=b""), "creates no contract")


def test_decode__data_as_a_list__is_refused() -> None:
    refused(Raw(data=[]), "data: .*found a list")


@pytest.mark.parametrize("kind", [1, 2, 4])
@pytest.mark.parametrize(
    "access",
    [
        b"",
        [b""],
        [[]],
        [[TO]],
        [[TO[1:], []]],
        [[TO + b"\x01", []]],
        [[[], []]],
        [[TO, b""]],
        [[TO, [], b""]],
        [[TO, [KEY_32[1:]]]],
        [[TO, [KEY_32 + b"\x01"]]],
        [[TO, [[]]]],
        [[TO, []], []],
    ],
)
def test_decode__an_access_list_of_another_shape__is_refused(kind: int, access: Item) -> None:
    refused(Raw(kind=kind, access=access), "access list or authorizations: ")


@pytest.mark.parametrize(
    "authorizations",
    [
        b"",
        [],
        [b""],
        [AUTHORIZATION[:5]],
        [[*AUTHORIZATION, b""]],
        [AUTHORIZATION, []],
        [[b"\x00", *AUTHORIZATION[1:]]],
        [[b"\x01" * 33, *AUTHORIZATION[1:]]],
        [[CHAIN_ID, TO[1:], *AUTHORIZATION[2:]]],
        [[CHAIN_ID, TO, 2**64, *AUTHORIZATION[3:]]],
        [[CHAIN_ID, TO, 0, 256, *AUTHORIZATION[4:]]],
        [[*AUTHORIZATION[:4], b"\x01" * 33, b"\x01"]],
        [[*AUTHORIZATION[:5], b"\x01" * 33]],
        [[*AUTHORIZATION[:5], b"\x00"]],
        [[*AUTHORIZATION[:5], []]],
    ],
)
def test_decode__authorizations_of_another_shape__are_refused(authorizations: Item) -> None:
    refused(Raw(kind=4, auth=authorizations), "access list or authorizations: ")


# TX-2: chain id and signature


@pytest.mark.parametrize("kind", KINDS)
def test_decode__another_chain__is_refused(kind: int) -> None:
    refused(Raw(kind=kind, chain=8), "chain id 8, this rollup has 7")


@pytest.mark.parametrize("v", [27, 28])
def test_decode__legacy_without_chain_id__is_refused(v: int) -> None:
    raw = Raw(kind=0)
    _, r, s = raw.signature()
    refused(raw.with_items([v, r, s]), "EIP-155")


@pytest.mark.parametrize("v", [0, 1, 34])
def test_decode__legacy_with_a_senseless_v__is_refused(v: int) -> None:
    raw = Raw(kind=0)
    _, r, s = raw.signature()
    refused(raw.with_items([v, r, s]), "v: chain id")


@pytest.mark.parametrize("kind", KINDS)
def test_decode__the_high_s_twin__is_refused(kind: int) -> None:
    refused(malleated(Raw(kind=kind)), "signature s")


@pytest.mark.parametrize("kind", [1, 2, 4])
@pytest.mark.parametrize("parity", [2, 27, 255])
def test_decode__another_parity__is_refused(kind: int, parity: int) -> None:
    raw = Raw(kind=kind)
    _, r, s = raw.signature()
    refused(raw.with_signature(parity, r, s), "parity")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("r", [0, CURVE_ORDER, CURVE_ORDER + 1, 2**256 - 1])
def test_decode__r_out_of_range__is_refused(kind: int, r: int) -> None:
    raw = Raw(kind=kind)
    parity, _, s = raw.signature()
    refused(raw.with_signature(parity, r, s), "signature r")


@pytest.mark.parametrize("s", [0, CURVE_ORDER // 2 + 1, CURVE_ORDER, 2**256 - 1])
def test_decode__s_out_of_range__is_refused(s: int) -> None:
    raw = Raw()
    parity, r, _ = raw.signature()
    refused(raw.with_signature(parity, r, s), "signature s")


def test_decode__a_signature_off_the_curve__is_refused() -> None:
    raw = Raw()
    parity, _, s = raw.signature()
    refused(raw.with_signature(parity, 5, s), "recovers no key")  # no point has x = 5


# TX-3


@pytest.mark.parametrize(
    ("raw", "gas"),
    [
        (Raw(), 21_000),
        (Raw(kind=0), 21_000),
        # EIP-2028 counts 4 and 16 a byte, the floor of EIP-7623 10 and 40: the floor decides.
        (Raw(data=b"\x00"), 21_010),
        (Raw(data=b"\x01"), 21_040),
        (Raw(data=b"\x00\x01" * 100), 21_000 + 10 * 100 + 40 * 100),
        # A creation pays 32,000 and EIP-3860's 2 a word: there the floor is below.
        (Raw(to=b""), 53_000),
        (Raw(to=b"", data=b"\x01"), 53_000 + 16 + 2),
        (Raw(to=b"", data=b"\x01" * 32), 53_000 + 16 * 32 + 2),
        (Raw(to=b"", data=b"\x01" * 33), 53_000 + 16 * 33 + 4),
        (Raw(to=b"", data=b"\x01" * 2000), 21_000 + 40 * 2000),
        # EIP-2930.
        (Raw(access=[[TO, []]]), 23_400),
        (Raw(kind=1, access=[[TO, [KEY_32] * 2], [TO, [KEY_32]]]), 21_000 + 2 * 2_400 + 3 * 1_900),
        (Raw(access=[[TO, [KEY_32]]], data=b"\x01" * 10), 21_000 + 160 + 4_300),
        # EIP-7702.
        (Raw(kind=4), 46_000),
        (Raw(kind=4, auth=[AUTHORIZATION] * 3, access=[[TO, []]]), 21_000 + 75_000 + 2_400),
    ],
)
def test_intrinsic__each_rule__to_the_unit_of_gas(raw: Raw, gas: int) -> None:
    assert decode(raw).intrinsic_gas == gas
    check_intrinsic(decode(replace(raw, gas=gas)))
    with pytest.raises(PeerFault, match=f"gas limit {gas - 1} is below the intrinsic {gas}"):
        check_intrinsic(decode(replace(raw, gas=gas - 1)))


@pytest.mark.parametrize("kind", [2, 4])
def test_intrinsic__a_priority_fee_above_the_fee__is_refused(kind: int) -> None:
    check_intrinsic(decode(Raw(kind=kind, max_fee=9, priority=9)))
    with pytest.raises(PeerFault, match="max fee per gas 9 is below the priority fee 10"):
        check_intrinsic(decode(Raw(kind=kind, max_fee=9, priority=10)))
