"""TX-1 and TX-2 against eth_account: what a wallet signs is read as it was meant, and what is
changed afterwards is refused or is another sender's."""

from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from sequencer.crypto.signatures import CURVE_ORDER
from sequencer.errors import DecodeError
from sequencer.ingress.transaction import decode_transaction
from tests.unit.ingress.builders import CHAIN_ID, SENDER, TO, Raw

KINDS = [0, 1, 2, 4]
KEY_32 = b"\x44" * 32

ADDRESSES = st.binary(min_size=20, max_size=20).map(to_checksum_address)
ACCESS_LISTS = st.lists(
    st.fixed_dictionaries(
        {
            "address": ADDRESSES,
            "storageKeys": st.lists(
                st.binary(min_size=32, max_size=32).map(lambda raw: "0x" + raw.hex()), max_size=3
            ),
        }
    ),
    max_size=3,
)
FEES = st.integers(0, 2**64 - 1)
COMMON = {
    "nonce": st.integers(0, 2**64 - 2),
    "gas": st.integers(0, 2**64 - 1),
    "value": st.integers(0, 2**256 - 1),
    "data": st.binary(max_size=80),
    "chainId": st.integers(1, 2**63 - 1),
}
TYPED = {**COMMON, "to": ADDRESSES | st.just(""), "accessList": ACCESS_LISTS}
DYNAMIC = {**TYPED, "maxFeePerGas": FEES, "maxPriorityFeePerGas": FEES}
WALLET_TRANSACTIONS = st.one_of(
    st.fixed_dictionaries({**COMMON, "to": ADDRESSES | st.just(""), "gasPrice": FEES}),
    st.fixed_dictionaries({**TYPED, "type": st.just(1), "gasPrice": FEES}),
    st.fixed_dictionaries({**DYNAMIC, "type": st.just(2)}),
    st.fixed_dictionaries(
        {**DYNAMIC, "type": st.just(4), "to": ADDRESSES, "authorizations": st.integers(1, 3)}
    ),
)
ACCOUNTS = st.binary(min_size=32, max_size=32).filter(
    lambda key: 0 < int.from_bytes(key, "big") < CURVE_ORDER
)


def sign(account: LocalAccount, fields: dict[str, Any]) -> Any:
    count = fields.pop("authorizations", 0)
    if count:
        fields["authorizationList"] = [
            account.sign_authorization(
                {"chainId": number, "address": fields["to"], "nonce": number}
            )
            for number in range(count)
        ]
    return account.sign_transaction(fields)


@given(WALLET_TRANSACTIONS, ACCOUNTS)
def test_decode__what_eth_account_signed__has_its_hash_sender_and_fields(
    fields: dict[str, Any], key: bytes
) -> None:
    account = Account.from_key(key)
    signed = sign(account, dict(fields))
    tx = decode_transaction(bytes(signed.raw_transaction), fields["chainId"])
    assert tx.hash == bytes(signed.hash)
    assert tx.sender == bytes.fromhex(account.address[2:])
    assert (tx.nonce, tx.gas_limit, tx.value, tx.data, tx.type) == (
        fields["nonce"],
        fields["gas"],
        fields["value"],
        fields["data"],
        fields.get("type", 0),
    )
    assert (tx.to or b"") == bytes.fromhex(fields["to"][2:])
    fee = fields.get("gasPrice", fields.get("maxFeePerGas"))
    assert tx.max_fee_per_gas == fee
    assert tx.max_priority_fee_per_gas == fields.get("maxPriorityFeePerGas", fee)


@given(st.sampled_from(KINDS), st.data())
def test_decode__a_changed_byte__is_refused_or_signed_by_someone_else(
    kind: int, choice: st.DataObject
) -> None:
    good = Raw(kind=kind, data=b"\x00\x01", access=[[TO, [KEY_32]]]).encode()
    changed = bytearray(good)
    changed[choice.draw(st.integers(0, len(good) - 1))] ^= choice.draw(st.integers(1, 255))
    try:
        tx = decode_transaction(bytes(changed), CHAIN_ID)
    except DecodeError:
        return
    assert tx.sender != SENDER


EDITS = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 3), st.binary(max_size=4)),
    min_size=1,
    max_size=6,
)


@given(st.sampled_from(KINDS), EDITS)
def test_decode__a_mangled_transaction__raises_nothing_but_decode_errors(
    kind: int, edits: list[tuple[int, int, bytes]]
) -> None:
    data = Raw(kind=kind, access=[[TO, [KEY_32]]]).encode()
    for at, removed, inserted in edits:
        at %= len(data) + 1
        data = data[:at] + inserted + data[at + removed :]
    try:
        decode_transaction(data, CHAIN_ID)
    except DecodeError:
        return


@given(st.binary(max_size=100), st.sampled_from([b"", b"\x01", b"\x02", b"\x04", b"\xf8"]))
def test_decode__any_bytes__raise_nothing_but_decode_errors(data: bytes, prefix: bytes) -> None:
    with pytest.raises(DecodeError):
        decode_transaction(prefix + data, CHAIN_ID)
