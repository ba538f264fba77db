"""Revert data in words."""

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from sequencer.crypto.hashing import keccak
from sequencer.l1.reverts import describe_revert, revert_name

DUE = keccak(b"DueMessageLeft(uint64,uint64,uint64)")[:4]


def test_describe__custom_error__with_its_values() -> None:
    data = DUE + encode(["uint64"] * 3, [3, 100, 112])
    assert describe_revert(data) == "DueMessageLeft(index=3, deadline=100, actual=112)"
    assert revert_name(data) == "DueMessageLeft"


def test_describe__bytes_values__as_hex() -> None:
    wrong = keccak(b"WrongParent(bytes32,bytes32)")[:4]
    text = describe_revert(wrong + b"\x01" * 32 + b"\x02" * 32)
    assert text == f"WrongParent(expected=0x{'01' * 32}, actual=0x{'02' * 32})"


def test_name__two_errors_of_one_name_in_a_contract__are_both_known() -> None:
    for signature in (b"WrongBatch(bytes32,bytes32)", b"WrongBatch(uint256,bytes32,bytes32)"):
        assert revert_name(keccak(signature)[:4]) == "WrongBatch"


def test_describe__soliditys_own_errors() -> None:
    message = keccak(b"Error(string)")[:4] + encode(["string"], ["no funds"])
    panic = keccak(b"Panic(uint256)")[:4] + encode(["uint256"], [17])
    assert describe_revert(message) == "Error(message=no funds)"
    assert describe_revert(panic) == "Panic(code=17)"


def test_describe__nothing_known() -> None:
    assert describe_revert(b"") == "reverted without a reason"
    assert describe_revert(b"\xde\xad\xbe\xef") == "reverted with 0xdeadbeef"
    assert revert_name(b"\xde\xad\xbe\xef") is None


@pytest.mark.parametrize("selector", [DUE, keccak(b"Error(string)")[:4], b"\0\0\0\0"])
@given(tail=st.binary(max_size=100))
def test_describe__any_data__gives_short_text(selector: bytes, tail: bytes) -> None:
    assert len(describe_revert(selector + tail * 50)) < 800
