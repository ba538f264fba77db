"""WALLET-6: what a signer gives back is hostile until it is checked.

sign
├── the asked transaction, by the expected address → taken
├── any field changed, an access list, another type or chain → refused
├── another key, no canonical signature, no transaction → refused
CommandSigner
├── hex on standard output → taken
├── no program, declined, no hex, too much, too slow → refused
└── does not read what it is to sign → its answer counts
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import rlp
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from sequencer.crypto.signatures import CURVE_ORDER
from sequencer.errors import LocalFault
from sequencer.types import Address
from sequencer.wallet import signers
from sequencer.wallet.signers import CommandSigner, KeySigner, SignerFault, Unsigned, sign

KEY = bytes([3]) * 32
ASKED = Unsigned(
    chain_id=31_337,
    nonce=7,
    to=Address(bytes([0x11]) * 20),
    value=10**18,
    data=b"\x01\x02\x03",
    gas_limit=100_000,
    max_fee=10**10,
    tip=10**9,
)
SIGNER = KeySigner(KEY)


class Answers:
    """A signer that gives back what it was told to, whatever it is asked."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self.address = SIGNER.address

    def sign_transaction(self, transaction: Mapping[str, Any]) -> bytes:
        return self._raw


def signed(**changes: Any) -> bytes:
    return bytes(Account.from_key(KEY).sign_transaction(ASKED.fields() | changes).raw_transaction)


def test_sign__as_asked() -> None:
    found = sign(SIGNER, ASKED)
    assert found.raw == signed()
    assert (found.sender, found.nonce, found.data) == (SIGNER.address, 7, b"\x01\x02\x03")


def test_sign__eth_account_account__is_a_signer_too() -> None:
    assert sign(KeySigner(Account.from_key(KEY)), ASKED).raw == signed()


@pytest.mark.parametrize(
    "changes",
    [
        {"nonce": 8},
        {"to": "0x" + "22" * 20},
        {"value": 10**18 + 1},
        {"data": "0x010203ff"},
        {"data": "0x"},
        {"gas": 100_001},
        {"maxFeePerGas": 10**10 + 1},
        {"maxPriorityFeePerGas": 1},
        {"accessList": [{"address": "0x" + "22" * 20, "storageKeys": []}]},
    ],
    ids=str,
)
def test_sign__another_transaction__is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(SignerFault, match="another transaction"):
        sign(Answers(signed(**changes)), ASKED)


def test_sign__another_chain__is_refused() -> None:
    with pytest.raises(SignerFault, match="chain id 1"):
        sign(Answers(signed(chainId=1)), ASKED)


def test_sign__another_type__is_refused() -> None:
    fields = ASKED.fields()
    legacy = {name: fields[name] for name in ("chainId", "nonce", "to", "value", "data", "gas")}
    raw = Account.from_key(KEY).sign_transaction(legacy | {"gasPrice": 10**10}).raw_transaction
    with pytest.raises(SignerFault, match="another transaction"):
        sign(Answers(bytes(raw)), ASKED)


def test_sign__another_key__is_refused() -> None:
    raw = Account.from_key(bytes([4]) * 32).sign_transaction(ASKED.fields()).raw_transaction
    with pytest.raises(SignerFault, match="as expected"):
        sign(Answers(bytes(raw)), ASKED)


def test_sign__malleated_signature__is_refused() -> None:
    with pytest.raises(SignerFault, match="no transaction"):
        sign(Answers(malleated(signed())), ASKED)


def test_sign__bytes_behind_it__are_refused() -> None:
    with pytest.raises(SignerFault, match="no transaction"):
        sign(Answers(signed() + b"\x00"), ASKED)


@given(st.binary(max_size=300))
def test_sign__any_bytes__only_ever_raises_signer_fault(noise: bytes) -> None:
    with pytest.raises(SignerFault):
        sign(Answers(noise), ASKED)


@given(st.integers(min_value=0, max_value=2**16))
def test_sign__any_bit_flipped__is_refused(bit: int) -> None:
    raw = bytearray(signed())
    at, shift = divmod(bit % (8 * len(raw)), 8)
    raw[at] ^= 1 << shift
    with pytest.raises(SignerFault):
        sign(Answers(bytes(raw)), ASKED)


def test_items__are_what_eth_account_signs() -> None:
    """Our own RLP of the asked transaction against another's, at the edges of integers."""
    edge = replace(ASKED, nonce=0, value=0, data=b"", tip=0)
    assert sign(SIGNER, edge).value == 0


class TestCommand:
    PROGRAM = """
import json, sys
from eth_account import Account
asked = json.load(sys.stdin)
assert asked.pop("from") == Account.from_key(bytes([3]) * 32).address
assert asked["chainId"] == "0x7a69" and asked["nonce"] == "0x7" and asked["type"] == "0x2"
print(Account.from_key(bytes([3]) * 32).sign_transaction(asked).raw_transaction.to_0x_hex())
"""

    def test_answer__is_taken(self) -> None:
        assert sign(self._command(self.PROGRAM), ASKED).raw == signed()

    def test_fields__are_those_of_eth_sign_transaction(self) -> None:
        asked = json.loads(signers._as_json(ASKED.fields(), SIGNER.address))
        assert asked["value"] == hex(10**18)
        assert asked["data"] == "0x010203"
        assert set(asked) == {
            *("from", "type", "chainId", "nonce", "to", "value", "data", "gas"),
            *("maxFeePerGas", "maxPriorityFeePerGas"),
        }

    @pytest.mark.parametrize(
        ("program", "problem"),
        [
            ("import sys; sys.exit(3)", "declined to sign .exit status 3"),
            ("print('0xzz')", "something else than hex"),
            ("import sys; sys.stdout.buffer.write(bytes(200))", "something else than hex"),
            ("print()", "no transaction"),
            ("import sys\nwhile True: sys.stdout.write('00' * 4096)", "more than"),
        ],
    )
    def test_answer__of_another_kind__is_refused(self, program: str, problem: str) -> None:
        with pytest.raises(SignerFault, match=problem):
            sign(self._command(program), ASKED)

    def test_too_slow__is_refused(self) -> None:
        signer = self._command("import time; time.sleep(600)", timeout_seconds=0.5)
        with pytest.raises(SignerFault, match="did not answer"):
            sign(signer, ASKED)

    def test_too_slow__and_its_child_holds_the_pipe__is_refused(self) -> None:
        program = "import subprocess; subprocess.run(['sleep', '5'])"
        with pytest.raises(SignerFault, match="did not answer"):
            sign(self._command(program, timeout_seconds=1.0), ASKED)

    def test_does_not_read__its_answer_counts(self) -> None:
        asked = replace(ASKED, data=bytes(100_000), gas_limit=2_000_000)
        with pytest.raises(SignerFault, match="another transaction"):
            sign(self._command(f"print('{signed().hex()}')"), asked)

    def test_no_such_program__is_our_fault(self) -> None:
        with pytest.raises(LocalFault, match="No such file"):
            sign(CommandSigner("/nonexistent/signer", SIGNER.address), ASKED)

    def test_empty_command__is_our_fault(self) -> None:
        with pytest.raises(LocalFault, match="empty"):
            CommandSigner(" ", SIGNER.address)

    def _command(self, program: str, **options: Any) -> CommandSigner:
        return CommandSigner([sys.executable, "-c", program], SIGNER.address, **options)


def malleated(raw: bytes) -> bytes:
    """With the other signature that recovers the same sender."""
    *fields, parity, r, s = rlp.decode(raw[1:])
    other = CURVE_ORDER - int.from_bytes(s, "big")
    flipped = 1 - int.from_bytes(parity, "big")
    return raw[:1] + bytes(rlp.encode([*fields, flipped, r, other]))
