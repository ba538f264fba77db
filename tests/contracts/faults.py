"""Expecting a custom error, by name and arguments, from whichever contract it comes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import pytest
from ape.exceptions import ContractLogicError
from ape.managers.compilers import CompilerManager
from ape_ethereum.trace import Trace
from eth_abi.abi import decode
from eth_utils.crypto import keccak

# Of a transaction: the revert data. Of a call: "custom error 0xSELECTOR: ARGUMENTS", where Anvil
# prints the arguments as text if they happen to be text.
_RAW = re.compile(r"0x([0-9a-f]{8})(?:: )?(.*)", re.DOTALL)
_HEX = re.compile(r"[0-9a-f]*")

Fault = tuple[str, dict[str, Any]]


@dataclass
class Expected:
    """What came of an expectation."""

    arguments: dict[str, Any] = field(default_factory=dict)


class FaultCatalogue:
    """Decodes revert data with the errors of all contracts, because a fault may come from a
    contract that the called one calls."""

    def __init__(self, contract_types: list[Any]) -> None:
        self._by_selector = {
            keccak(text=error.selector)[:4]: error
            for contract_type in contract_types
            for error in contract_type.errors
        }

    def decode_bytes(self, data: bytes) -> Fault:
        """Name and arguments of ABI-encoded revert data."""
        error = self._by_selector.get(data[:4])
        if error is None:
            return "0x" + data.hex(), {}
        values = decode([entry.canonical_type for entry in error.inputs], data[4:])
        return error.name, {e.name: v for e, v in zip(error.inputs, values, strict=True)}

    def decode(self, fault: ContractLogicError) -> Fault:
        """Name and arguments of what ape raised."""
        raw = _RAW.search(fault.message or "")
        if raw is None:
            return fault.message, {}
        arguments = bytes.fromhex(raw[2]) if _HEX.fullmatch(raw[2]) else raw[2].encode()
        return self.decode_bytes(bytes.fromhex(raw[1]) + arguments)

    @contextmanager
    def expect(self, *names: str, **arguments: Any) -> Iterator[Expected]:
        """The block must revert with one of these errors; each argument given must be the
        error's. Afterwards the yielded value holds all of the error's arguments."""
        expected = Expected()
        with _plain_reverts(), pytest.raises(ContractLogicError) as caught:
            yield expected
        name, expected.arguments = self.decode(caught.value)
        assert name in names, f"expected {names}, got {name} {expected.arguments}"
        for key, value in arguments.items():
            assert _plain(expected.arguments[key]) == _plain(value), f"{name}.{key}"


@contextmanager
def _plain_reverts() -> Iterator[None]:
    """Keep ape from looking for the error's name in the whole trace and from printing it: that
    takes seconds when one contract calls another, and the catalogue knows the name."""
    with (
        patch.object(CompilerManager, "enrich_error", lambda _, error: error),
        patch.object(Trace, "show", lambda *_, **__: None),
    ):
        yield


def _plain(value: Any) -> Any:
    """Addresses and bytes come in several spellings."""
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return value.lower() if isinstance(value, str) else value
