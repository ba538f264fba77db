"""What members say, as a node repeats it to whoever watches (WATCH-1): signed votes and
attestations, in pages. sans-IO."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec

from sequencer.decoding import decoded
from sequencer.evidence.equivocation import (
    JsonStatement,
    SignedStatement,
    statement_from_json,
    statement_to_json,
)
from sequencer.evidence.fields import U64, HexAddress, from_hex, to_hex
from sequencer.types import Address

PAGE_STATEMENTS = 512
MAX_PAGE_BYTES = 1 << 20
"""More than a page has."""


@dataclass(frozen=True, slots=True)
class Said:
    """A statement, and the key that signed it."""

    signer: Address
    signed: SignedStatement


@dataclass(frozen=True, slots=True)
class Page:
    """Statements in the order in which a node heard them; ask for those after `next` then."""

    next: int
    statements: tuple[Said, ...]


class _JsonSaid(msgspec.Struct):
    signer: HexAddress
    said: JsonStatement


class _JsonPage(msgspec.Struct):
    next: U64
    statements: Annotated[list[_JsonSaid], msgspec.Meta(max_length=PAGE_STATEMENTS)]


_pages = msgspec.json.Decoder(_JsonPage)


def encode_page(next_number: int, statements: Sequence[Said]) -> bytes:
    """JSON text of at most `PAGE_STATEMENTS`."""
    said = [_JsonSaid(to_hex(one.signer), statement_to_json(one.signed)) for one in statements]
    return msgspec.json.encode(_JsonPage(next_number, said))


def decode_page(data: bytes) -> Page:
    """What `encode_page` gave. Raises `DecodeError`. Not checked: the signatures."""
    plain = decoded("statements", _pages.decode, data)
    found = (
        Said(Address(from_hex(one.signer)), statement_from_json(one.said))
        for one in plain.statements
    )
    return Page(plain.next, tuple(found))
