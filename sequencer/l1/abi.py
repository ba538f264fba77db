"""The contracts' ABI (`abi.json`, generated from the sources): events, calls and errors."""

import json
from dataclasses import dataclass
from importlib import resources
from typing import Any

from eth_abi.abi import decode, encode
from eth_abi.exceptions import DecodingError as AbiDecodingError
from eth_utils.abi import collapse_if_tuple

from sequencer.crypto.hashing import keccak
from sequencer.errors import DecodeError


@dataclass(frozen=True, slots=True)
class Entry:
    """A function, event or error; types are canonical, structs as tuples of their fields."""

    name: str
    names: tuple[str, ...]
    types: tuple[str, ...]
    indexed: tuple[bool, ...]
    outputs: tuple[dict[str, Any], ...]
    hash: bytes
    """Keccak of the signature: an event's topic; its first four bytes are the selector."""

    def call(self, *arguments: Any) -> bytes:
        """The calldata of a function."""
        return self.hash[:4] + encode(self.types, arguments)

    def returned(self, data: bytes) -> Any:
        """What a call returned, several values as a tuple, structs as dictionaries; raises
        `DecodeError`."""
        try:
            values = decode([collapse_if_tuple(part) for part in self.outputs], data)
        except (AbiDecodingError, OverflowError, UnicodeDecodeError) as error:
            raise DecodeError(f"answer of {self.name}: {error}") from error
        named = tuple(map(_named, self.outputs, values))
        return named[0] if len(named) == 1 else named

    def decode_event(self, topics: tuple[bytes, ...], data: bytes) -> dict[str, Any]:
        """The arguments of a log by name; raises `DecodeError`.

        A `string` comes as bytes: L1 does not check that it is UTF-8, and an operator who bonds
        with one that is not must not stop anybody's reader.
        """
        count = sum(self.indexed)
        if len(topics) != count + 1 or topics[0] != self.hash:
            raise DecodeError(f"log of {self.name}: {len(topics)} topics, expected {count + 1}")
        plain = [
            kind for kind, indexed in zip(self.types, self.indexed, strict=True) if not indexed
        ]
        words = [kind for kind, indexed in zip(self.types, self.indexed, strict=True) if indexed]
        try:
            found = iter(decode(["bytes" if k == "string" else k for k in plain], data))
            topic = iter(decode(words, b"".join(topics[1:])))
        except (AbiDecodingError, OverflowError) as error:
            raise DecodeError(f"log of {self.name}: {error}") from error
        return {
            name: next(topic) if indexed else next(found)
            for name, indexed in zip(self.names, self.indexed, strict=True)
        }


def _load() -> list[tuple[str, str, Entry]]:
    """Contract, kind and entry. Errors of one name may differ in their values."""
    text = resources.files("sequencer.l1").joinpath("abi.json").read_text(encoding="utf-8")
    found: list[tuple[str, str, Entry]] = []
    for contract, entries in json.loads(text).items():
        for raw in entries:
            if raw["type"] not in ("function", "event", "error"):
                continue
            types = tuple(collapse_if_tuple(part) for part in raw["inputs"])
            entry = Entry(
                name=raw["name"],
                names=tuple(part["name"] for part in raw["inputs"]),
                types=types,
                indexed=tuple(bool(part.get("indexed")) for part in raw["inputs"]),
                outputs=tuple(raw.get("outputs", ())),
                hash=keccak(f"{raw['name']}({','.join(types)})".encode()),
            )
            found.append((contract, raw["type"], entry))
    return found


def _named(part: dict[str, Any], value: Any) -> Any:
    """A value with the names of its struct's fields."""
    if not part["type"].startswith("tuple"):
        return value
    if part["type"] != "tuple":
        element = {**part, "type": part["type"].rpartition("[")[0]}
        return [_named(element, one) for one in value]
    fields = part["components"]
    return {one["name"]: _named(one, found) for one, found in zip(fields, value, strict=True)}


_LOADED = _load()
_ENTRIES = {(contract, kind, entry.name): entry for contract, kind, entry in _LOADED}


def function(contract: str, name: str) -> Entry:
    """A function by the names in the sources; raises `KeyError`."""
    return _ENTRIES[contract, "function", name]


def functions(contract: str) -> dict[str, Entry]:
    """All functions of a contract, by name."""
    return {
        name: entry
        for (whose, kind, name), entry in _ENTRIES.items()
        if (whose, kind) == (contract, "function")
    }


def event(contract: str, name: str) -> Entry:
    """An event by the names in the sources; raises `KeyError`."""
    return _ENTRIES[contract, "event", name]


def errors() -> dict[bytes, Entry]:
    """Every custom error of the contracts by selector."""
    return {entry.hash[:4]: entry for _, kind, entry in _LOADED if kind == "error"}
