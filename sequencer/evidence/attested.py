"""A block, and the attestation by which a member answers for it (ATTEST-1); the twin of
`contracts/slashers/AttestationSlasher.sol`. sans-IO."""

from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
from msgspec.structs import asdict, astuple

from sequencer.batches.attestations import Attestation
from sequencer.batches.batch import Batch
from sequencer.blocks.header import Header
from sequencer.crypto.digests import Domain
from sequencer.crypto.hashing import keccak
from sequencer.crypto.signatures import recover
from sequencer.errors import DecodeError, PeerFault
from sequencer.evidence.fields import (
    U64,
    HexAddress,
    HexSignature,
    HexWord,
    from_hex,
    to_hex,
    word_of,
)
from sequencer.types import Address, Epoch, Hash32

MAX_HEADERS = 1_024
"""Of one file: more than fit an L1 transaction."""


@dataclass(frozen=True, slots=True)
class AttestedBlock:
    """`headers`: the batch's last block first, each further one the parent of the one before it;
    the last is the block. `committee` is what the attestation names: L1 has it by the epoch."""

    epoch: Epoch
    committee: Hash32
    signature: bytes
    batch: Batch
    headers: tuple[Header, ...]

    @property
    def header(self) -> Header:
        """Of the block."""
        return self.headers[-1]

    def evidence_hash(self) -> Hash32:
        """`IAttestationSlasher.evidenceHash`: what a reporter commits to (REPORT-1)."""
        return keccak(self.signature + self.header.hash)

    def for_contract(self) -> tuple[Any, ...]:
        return (
            self.epoch,
            self.signature,
            astuple(self.batch),
            [astuple(header) for header in self.headers],
        )


def check_attested(attested: AttestedBlock, domain: Domain, signer: Address) -> Header:
    """The header of the block; raises `PeerFault` unless it is of the batch, and `signer` attested
    that in the block's own epoch."""
    header = _check_chain(attested)
    if attested.epoch != header.epoch:
        raise PeerFault(
            f"evidence: attested in epoch {attested.epoch}, the block is of {header.epoch}: who"
            " attests it later only goes on from it"
        )
    batch = attested.batch
    said = Attestation(attested.epoch, attested.committee, batch.index, batch.hash)
    try:
        found = recover(said.digest(domain.separator()), attested.signature)
    except DecodeError as error:
        raise PeerFault(f"evidence: attestation: {error}") from error
    if found != signer:
        raise PeerFault(
            f"evidence: batch {batch.index} is attested by 0x{found.hex()}, not by 0x{signer.hex()}"
        )
    return header


def _check_chain(attested: AttestedBlock) -> Header:
    """The twin of `ChainLib.blockIn`."""
    if not attested.headers:
        raise PeerFault("evidence: no headers lead to the block")
    expected = attested.batch.last_block_hash
    for place, header in enumerate(attested.headers):
        if header.hash != expected:
            raise PeerFault(
                f"evidence: header {place} has the hash 0x{header.hash.hex()},"
                f" expected 0x{expected.hex()}"
            )
        expected = header.parent_hash
    if header.height < attested.batch.first_height:
        raise PeerFault(
            f"evidence: block {header.height} is below the batch,"
            f" which begins with {attested.batch.first_height}"
        )
    return header


# --- as JSON --------------------------------------------------------------------------------


class _JsonBatch(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    index: U64
    parent_hash: HexWord
    first_height: U64
    last_height: U64
    last_block_hash: HexWord
    forced_count: U64
    data_hash: HexWord
    blobs_hash: HexWord
    usage_hash: HexWord


class _JsonHeader(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    epoch: U64
    height: U64
    view: U64
    timestamp_ms: U64
    parent_hash: HexWord
    payload_hash: HexWord
    payload_length: U64
    transaction_root: HexWord
    origin_number: U64
    origin_hash: HexWord
    origin_timestamp: U64
    forced_count: U64
    proposer: HexAddress


class JsonAttested(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """An `AttestedBlock` in a file."""

    epoch: U64
    committee: HexWord
    signature: HexSignature
    batch: _JsonBatch
    headers: Annotated[list[_JsonHeader], msgspec.Meta(min_length=1, max_length=MAX_HEADERS)]


def attested_to_json(attested: AttestedBlock) -> JsonAttested:
    return JsonAttested(
        epoch=attested.epoch,
        committee=to_hex(attested.committee),
        signature=to_hex(attested.signature),
        batch=_JsonBatch(**_written(attested.batch)),
        headers=[_JsonHeader(**_written(header)) for header in attested.headers],
    )


def attested_from_json(plain: JsonAttested) -> AttestedBlock:
    return AttestedBlock(
        epoch=Epoch(plain.epoch),
        committee=word_of(plain.committee),
        signature=from_hex(plain.signature),
        batch=Batch(**_read(plain.batch)),
        headers=tuple(Header(**_read(header)) for header in plain.headers),
    )


def _written(struct: Batch | Header) -> dict[str, Any]:
    values = asdict(struct).items()
    return {name: to_hex(v) if isinstance(v, bytes) else v for name, v in values}


def _read(plain: _JsonBatch | _JsonHeader) -> dict[str, Any]:
    values = asdict(plain).items()
    return {name: from_hex(v) if isinstance(v, str) else v for name, v in values}
