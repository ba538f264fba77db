"""TransactionLib.read and OrderLib.valueOf (ORDER-2, TX-1)

read
├── of each type: what eth-account signed, whatever its fields
├── what nodes read it reads alike
├── when the type, the number of items or their encoding is none: refused
└── when nobody signed it, or without a chain id (EIP-155): refused

valueOf: as the vectors have it (tests/vectors/digests.json)
"""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
import rlp
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from sequencer.ingress.transaction import decode_transaction
from tests.contracts.faults import FaultCatalogue
from tests.vectors import reference as ref
from tests.vectors.generate import PRICED

MAX_WORD = 2**256 - 1
ODD_NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x100, 2**64 - 2)
LENGTHS = (0, 1, 2, 55, 56, 57, 255, 256, 300, 1_000)


def read(library: Any, raw: bytes) -> tuple[Any, ...]:
    """Sender, nonce, max fee, max priority fee."""
    return tuple(vars(library.readTransaction(raw)).values())


def random_fields(random: Random, kind: int) -> dict[str, Any]:
    """Of a transaction of this type, as eth-account takes it."""

    def number(bits: int) -> int:
        return random.choice([*ODD_NUMBERS[:-1], random.getrandbits(bits), 2**bits - 1])

    fields: dict[str, Any] = {
        "nonce": random.choice([*ODD_NUMBERS, random.getrandbits(63)]),
        "gas": number(64),
        "value": number(256),
        "data": random.randbytes(random.choice(LENGTHS)),
        "chainId": random.choice([1, 55, 110, 7_001, 2**32, 2**60 + 7]),
        "to": to_checksum_address(random.randbytes(20)),
    }
    if kind == 0 and random.random() < 0.2:
        del fields["to"]
    if kind < 2:
        fields["gasPrice"] = number(256)
    else:
        fields |= {"maxFeePerGas": number(256), "maxPriorityFeePerGas": number(256)}
    if kind:
        fields["type"] = kind
        fields["accessList"] = [
            {
                "address": to_checksum_address(random.randbytes(20)),
                "storageKeys": [
                    "0x" + random.randbytes(32).hex() for _ in range(random.randrange(3))
                ],
            }
            for _ in range(random.randrange(3))
        ]
    return fields


def signed(random: Random, kind: int) -> tuple[bytes, LocalAccount, dict[str, Any]]:
    account = ref.account_of(1 + random.getrandbits(200))
    fields = random_fields(random, kind)
    if kind == 4:
        authority = ref.account_of(77)
        fields["authorizationList"] = [
            authority.sign_authorization(
                {"chainId": fields["chainId"], "address": random.randbytes(20), "nonce": nonce}
            )
            for nonce in range(1 + random.randrange(2))
        ]
    return bytes(account.sign_transaction(fields).raw_transaction), account, fields


@pytest.mark.parametrize("kind", [0, 1, 2, 4])
def test_read__signed_by_eth_account__is_what_was_signed(library: Any, kind: int) -> None:
    random = Random(kind)
    for _ in range(40):
        raw, account, fields = signed(random, kind)
        fee = fields.get("gasPrice")
        fees = (fee, fee) if kind < 2 else (fields["maxFeePerGas"], fields["maxPriorityFeePerGas"])
        assert read(library, raw) == (account.address, fields["nonce"], *fees)
        # The readable twin, over OpenZeppelin's RLP.
        assert read(library, raw) == tuple(vars(library.plainReadTransaction(raw)).values())
        tx = decode_transaction(raw, fields["chainId"])
        assert (tx.sender.hex(), tx.nonce) == (account.address[2:].lower(), fields["nonce"])
        assert (tx.max_fee_per_gas, tx.max_priority_fee_per_gas) == fees


@pytest.mark.parametrize("kind", [0, 1, 2, 4])
def test_read__mutated__is_read_as_nodes_read_it(library: Any, kind: int) -> None:
    """Whatever a node takes for a transaction L1 reads alike; of other bytes it may read some."""
    random = Random(100 + kind)
    raw, _, fields = signed(random, kind)
    taken = 0
    for _ in range(120):
        place = random.randrange(len(raw))
        changed = bytearray(raw)
        changed[place] = random.choice([0, 0x80, changed[place] ^ 1, random.randrange(256)])
        try:
            tx = decode_transaction(bytes(changed), fields["chainId"])
        except Exception:  # noqa: S112 - what nodes refuse may be anything
            continue
        taken += 1
        fees = (tx.max_fee_per_gas, tx.max_priority_fee_per_gas)
        sender = to_checksum_address(bytes(tx.sender))
        assert read(library, bytes(changed)) == (sender, tx.nonce, *fees)
    assert taken > 20


RAW = ref.signed_transaction(
    ref.account_of(7), 5, {"maxFeePerGas": 10**9, "maxPriorityFeePerGas": 10**8}
)
LEGACY = ref.signed_transaction(ref.account_of(7), 5, {"gasPrice": 10**9})


def changed(raw: bytes, place: int, value: int) -> bytes:
    """With another number in that item, from the end if negative."""
    prefix, body = (b"", raw) if raw[0] >= 0xC0 else (raw[:1], raw[1:])
    items = list(rlp.decode(body))
    items[place] = rlp.sedes.big_endian_int.serialize(value)
    return prefix + bytes(rlp.encode(items))


def items_of(raw: bytes, count: int) -> bytes:
    return raw[:1] + bytes(rlp.encode([b"\1"] * count))


def test_read__no_transaction__is_refused(library: Any, faults: FaultCatalogue) -> None:
    for raw, kind in ((b"", 0), (b"\3" + RAW[1:], 3), (b"\0" + RAW[1:], 0), (b"\xbf" + RAW, 0xBF)):
        with faults.expect("UnknownTransactionType", actual=kind):
            read(library, raw)
    for kind, count in ((1, 11), (2, 12), (4, 13)):
        for wrong in (0, count - 1):
            with faults.expect("InvalidRlp", "UnsignedTransaction"):
                read(library, items_of(bytes([kind]), wrong))
        with faults.expect("TooManyItems"):
            read(library, items_of(bytes([kind]), count + 1))
    with faults.expect("InvalidRlp"):
        read(library, bytes(rlp.encode([b"\1"] * 8)))
    with faults.expect("TooManyItems"):
        read(library, bytes(rlp.encode([b"\1"] * 10)))
    for raw in (RAW[:1], RAW[:-1], RAW[:20], RAW + b"\0", b"\2\x80", LEGACY[:-1], b"\xf8", b"\xc1"):
        with faults.expect("InvalidRlp"):
            read(library, raw)


NOT_CANONICAL = {
    "a zero in front of a number": b"\x82\x00\x05",
    "a byte behind a prefix": b"\x81\x05",
    "a zero byte": b"\x00",
    "a short length in the long form": b"\xb8\x05abcde",
    "a length with a zero in front": b"\xb9\x00\x38" + bytes(56),
    "more than 32 bytes": b"\xa1\x01" + bytes(32),
    "a list": b"\xc1\x05",
}


@pytest.mark.parametrize("case", NOT_CANONICAL)
def test_read__nonce_in_another_encoding__is_refused(
    library: Any, faults: FaultCatalogue, case: str
) -> None:
    prefix, *items = rlp.decode(LEGACY)
    assert prefix == b"\5"
    content = NOT_CANONICAL[case] + b"".join(rlp.encode(item) for item in items)
    header = rlp.codec.length_prefix(len(content), 0xC0)
    with faults.expect("InvalidRlp"):
        read(library, header + content)


def test_read__unsigned__is_refused(library: Any, faults: FaultCatalogue) -> None:
    unsigned = [
        *(changed(RAW, -3, parity) for parity in (2, 27, MAX_WORD)),
        # Without a chain id: anybody could have said it on another chain.
        *(changed(LEGACY, -3, v) for v in (0, 1, 27, 28, 34)),
        *(
            changed(raw, place, value)
            for raw in (RAW, LEGACY)
            for place in (-1, -2)
            for value in (0, MAX_WORD)
        ),
    ]
    for raw in unsigned:
        with faults.expect("UnsignedTransaction"):
            read(library, raw)


def test_read__legacy_of_the_greatest_chain_id__does_not_overflow(library: Any) -> None:
    for v in (35, 36, MAX_WORD - 1, MAX_WORD):
        assert read(library, changed(LEGACY, -3, v))[1:] == (5, 10**9, 10**9)


@pytest.mark.parametrize(("policy", "base_fee"), [(0, 0), (0, 3), (0, 2**96 - 1), (1, 0), (2, 0)])
def test_value_of__each_policy__is_the_references(library: Any, policy: int, base_fee: int) -> None:
    parent = keccak(b"parent")
    for raw in PRICED[:-1]:  # The last is none.
        expected = ref.value(raw, policy, base_fee, parent)
        assert library.orderValue((policy, base_fee), raw, parent) == expected


def test_value_of__fees_beyond_any__are_cut(library: Any) -> None:
    for tip, expected in ((2**128 - 1, 2**128 - 1), (2**128, 2**128 - 1), (MAX_WORD, 2**128 - 1)):
        raw = ref.signed_transaction(
            ref.account_of(7), 0, {"maxFeePerGas": MAX_WORD, "maxPriorityFeePerGas": tip}
        )
        assert library.orderValue((0, 0), raw, bytes(32)) == expected
