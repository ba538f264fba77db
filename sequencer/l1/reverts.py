"""Why L1 refused a call, in words: revert data to text."""

from typing import Any

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError as AbiDecodingError

from sequencer.crypto.hashing import keccak
from sequencer.l1 import abi

MAX_TEXT = 200
"""Characters of what others wrote that are repeated."""

_BUILT_IN = {
    keccak(b"Error(string)")[:4]: ("Error", ("message",), ("string",)),
    keccak(b"Panic(uint256)")[:4]: ("Panic", ("code",), ("uint256",)),
}
_ERRORS = _BUILT_IN | {
    selector: (entry.name, entry.names, entry.types) for selector, entry in abi.errors().items()
}


def revert_name(data: bytes) -> str | None:
    """The name of the error, if it is one of the contracts' or of Solidity."""
    known = _ERRORS.get(data[:4])
    return None if known is None else known[0]


def revert_values(data: bytes) -> dict[str, Any]:
    """The values in a known error, by name; nothing of any other. Never raises."""
    known = _ERRORS.get(data[:4])
    if known is None:
        return {}
    _, names, types = known
    try:
        return dict(zip(names, decode(types, data[4:]), strict=True))
    except (AbiDecodingError, OverflowError, UnicodeDecodeError):
        return {}


def describe_revert(data: bytes) -> str:
    """`DueMessageLeft(index=3, deadline=1700000000, actual=1700000012)`; the bytes themselves if
    they are no known error. Never raises."""
    if not data:
        return "reverted without a reason"
    name, values = revert_name(data), revert_values(data)
    if name is not None and len(values) == len(_ERRORS[data[:4]][1]):
        shown = ", ".join(f"{label}={_text(value)}" for label, value in values.items())
        return f"{name}({shown})"
    return f"reverted with {_text(data)}"


def _text(value: Any) -> str:
    text = "0x" + value.hex() if isinstance(value, bytes) else str(value)
    return text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "…"
