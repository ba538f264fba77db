"""The compiled contracts in build/contracts, as `make build` leaves them."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eth_abi.abi import encode as abi_encode
from eth_utils.abi import collapse_if_tuple, function_abi_to_4byte_selector

from sequencer.errors import LocalFault

DEFAULT_FOLDER = Path("build/contracts")


@dataclass(frozen=True, slots=True)
class Artifact:
    """One compiled contract."""

    name: str
    abi: tuple[dict[str, Any], ...] = field(repr=False)
    bytecode: bytes = field(repr=False)

    def init_code(self, arguments: tuple[Any, ...]) -> bytes:
        """What a transaction that creates the contract carries."""
        inputs: Any = next((e["inputs"] for e in self.abi if e["type"] == "constructor"), [])
        return self.bytecode + abi_encode(abi_types(inputs), arguments)

    def function(self, name: str) -> dict[str, Any]:
        """The ABI entry of a function; every name is given once in these contracts."""
        return next(e for e in self.abi if e["type"] == "function" and e["name"] == name)

    def call_data(self, name: str, arguments: tuple[Any, ...] = ()) -> bytes:
        """The input of a call."""
        entry: Any = self.function(name)
        selector = function_abi_to_4byte_selector(entry)
        return selector + abi_encode(abi_types(entry["inputs"]), arguments)


def abi_types(parameters: Any) -> list[str]:
    """Canonical type names: structs as the tuples of their fields."""
    return [collapse_if_tuple(entry) for entry in parameters]


def load_artifact(name: str, folder: Path = DEFAULT_FOLDER) -> Artifact:
    """Raises `LocalFault` when the contract is not compiled."""
    path = folder / f"{name}.json"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        bytecode = bytes.fromhex(content["bytecode"].removeprefix("0x"))
        return Artifact(name, tuple(content["abi"]), bytecode)
    except FileNotFoundError as error:
        raise LocalFault(f"{path}: no such file; `make build` compiles the contracts") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise LocalFault(f"{path}: not a compiled contract ({error}); run `make build`") from error
