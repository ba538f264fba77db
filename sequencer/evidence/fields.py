"""What evidence files are made of: bounded JSON fields, and bytes as 0x and hex."""

from typing import Annotated, Any, TypeVar

import msgspec
from eth_abi.abi import encode as abi_encode

from sequencer.crypto.digests import Domain
from sequencer.crypto.hashing import keccak
from sequencer.decoding import decoded
from sequencer.errors import DecodeError
from sequencer.types import Address, Hash32

MAX_EVIDENCE_BYTES = 4 << 20
"""More than two transactions and the headers of a long batch take."""

U32 = Annotated[int, msgspec.Meta(ge=0, le=2**32 - 1)]
U64 = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
"""Half of u64 is all that msgspec can bound, and far beyond any epoch, view or index."""
Decimal = Annotated[str, msgspec.Meta(pattern="^(0|[1-9][0-9]{0,38})$")]
"""What may be above 64 bits, which JSON readers lose: decimal digits, of a u128 at most."""
HexAddress = Annotated[str, msgspec.Meta(pattern="^0x[0-9a-fA-F]{40}$")]
HexWord = Annotated[str, msgspec.Meta(pattern="^0x[0-9a-fA-F]{64}$")]
HexSignature = Annotated[str, msgspec.Meta(pattern="^0x[0-9a-fA-F]{128}$")]
HexBytes = Annotated[str, msgspec.Meta(pattern="^0x([0-9a-fA-F]{2})*$", max_length=2 << 20)]

_Plain = TypeVar("_Plain", bound="JsonEvidence")


class JsonEvidence(msgspec.Struct, forbid_unknown_fields=True, rename="camel", kw_only=True):
    """What every file says: for which deployment, and whose key is convicted. Each kind says its
    own type and version."""

    type: str
    version: int
    chain_id: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
    registry: HexAddress
    signer: HexAddress

    def domain(self) -> Domain:
        return Domain(self.chain_id, Address(from_hex(self.registry)))

    def offender(self) -> Address:
        return Address(from_hex(self.signer))


def about(domain: Domain, signer: Address) -> dict[str, Any]:
    """The fields of `JsonEvidence`."""
    return {
        "chain_id": domain.chain_id,
        "registry": to_hex(domain.registry),
        "signer": to_hex(signer),
    }


def to_json(plain: msgspec.Struct) -> bytes:
    """JSON text that people can read."""
    return msgspec.json.format(msgspec.json.encode(plain), indent=1) + b"\n"


def from_json(data: bytes, shape: type[_Plain]) -> _Plain:
    """Raises `DecodeError` naming the entry that is malformed."""
    if len(data) > MAX_EVIDENCE_BYTES:
        raise DecodeError(f"evidence: {len(data)} bytes, at most {MAX_EVIDENCE_BYTES} expected")
    return decoded("evidence", msgspec.json.Decoder(shape).decode, data)


def to_hex(value: bytes) -> str:
    return "0x" + value.hex()


def from_hex(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def word_of(text: str) -> Hash32:
    return Hash32(from_hex(text))


def from_decimal(text: str, bits: int, what: str) -> int:
    """Raises `DecodeError` for more than so many bits."""
    value = int(text)
    if value >= 1 << bits:
        raise DecodeError(f"evidence: {what} {value} does not fit {bits} bits")
    return value


def report_commitment(evidence_hash: Hash32, reporter: Address, salt: bytes) -> Hash32:
    """SLASH-3, REPORT-1: what a reporter announces before it shows evidence of this hash."""
    return keccak(abi_encode(["address", "bytes32", "bytes32"], [reporter, salt, evidence_hash]))
