"""Evidence of equivocation (SLASH-1): two statements that contradict each other, and that one key
has signed. sans-IO.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Any, ClassVar, Literal

import msgspec
from eth_abi.abi import encode as abi_encode

from sequencer.batches.attestations import SignedAttestation
from sequencer.consensus.messages import SignedVote, VoteKind
from sequencer.crypto import digests
from sequencer.crypto.digests import Domain, typed_digest
from sequencer.crypto.hashing import keccak
from sequencer.crypto.signatures import recover
from sequencer.errors import DecodeError, PeerFault
from sequencer.evidence.fields import (
    U64,
    HexSignature,
    HexWord,
    JsonEvidence,
    about,
    from_hex,
    from_json,
    to_hex,
    to_json,
    word_of,
)
from sequencer.evidence.offence import Offence
from sequencer.types import ZERO_HASH, Address, BatchIndex, Epoch, Hash32, View

_STATEMENT_ABI = "((uint8,uint64,bytes32,uint64,bytes32),bytes)"

ContractStatement = tuple[tuple[int, int, bytes, int, bytes], bytes]
"""`SignedStatement` of `IEquivocationSlasher`, as ABI encoders take it."""


class StatementKind(IntEnum):
    """The numbers of `StatementKind` in `IEquivocationSlasher`."""

    NOTARIZE = 0
    NULLIFY = 1
    FINALIZE = 2
    ATTESTATION = 3


@dataclass(frozen=True, slots=True)
class Statement:
    """What a member signs (ENC-2). `position` is the view, or the index of a batch;
    `content` the block or batch hash, the zero word for a Nullify."""

    kind: StatementKind
    epoch: Epoch
    committee: Hash32
    position: int
    content: Hash32 = ZERO_HASH

    def digest(self, separator: Hash32) -> Hash32:
        return typed_digest(separator, self._struct_hash())

    def _struct_hash(self) -> Hash32:
        epoch, committee, view = self.epoch, self.committee, View(self.position)
        match self.kind:
            case StatementKind.NOTARIZE:
                return digests.notarize(epoch, committee, view, self.content)
            case StatementKind.NULLIFY:
                return digests.nullify(epoch, committee, view)
            case StatementKind.FINALIZE:
                return digests.finalize(epoch, committee, view, self.content)
            case StatementKind.ATTESTATION:
                index = BatchIndex(self.position)
                return digests.batch_attestation(epoch, committee, index, self.content)


@dataclass(frozen=True, slots=True)
class SignedStatement:
    """A statement and its ENC-3 signature."""

    statement: Statement
    signature: bytes

    def for_contract(self) -> ContractStatement:
        s = self.statement
        return (int(s.kind), s.epoch, s.committee, s.position, s.content), self.signature


@dataclass(frozen=True, slots=True)
class EquivocationEvidence:
    """Two statements that `signer` signed for the deployment `domain`, and no honest key does."""

    domain: Domain
    signer: Address
    first: SignedStatement
    second: SignedStatement

    offence: ClassVar[Offence] = Offence.EQUIVOCATION
    contract: ClassVar[str] = "EquivocationSlasher"

    @property
    def epoch(self) -> Epoch:
        """Under which the slash is recorded: the lower of the two."""
        return min(self.first.statement.epoch, self.second.statement.epoch)

    def for_contract(self) -> tuple[Any, ...]:
        """The arguments of `report` before the salt."""
        return self.first.for_contract(), self.second.for_contract()

    def hash(self) -> Hash32:
        """`EquivocationSlasher.evidenceHash`: keccak of both statements' ABI encoding."""
        return keccak(abi_encode([_STATEMENT_ABI, _STATEMENT_ABI], self.for_contract()))


def is_conflict(first: Statement, second: Statement) -> bool:
    """SLASH-1; the twin of `EquivocationLib.isConflict`."""
    if first.position != second.position:
        return False
    if StatementKind.ATTESTATION in (first.kind, second.kind):
        return first.kind == second.kind and first.content != second.content
    if (first.epoch, first.committee) != (second.epoch, second.committee):
        return False
    if first.kind == second.kind:
        return first.kind != StatementKind.NULLIFY and first.content != second.content
    return {first.kind, second.kind} == {StatementKind.FINALIZE, StatementKind.NULLIFY}


def check_equivocation(evidence: EquivocationEvidence) -> None:
    """Raises `PeerFault` unless the statements conflict and `signer` signed both."""
    if not is_conflict(evidence.first.statement, evidence.second.statement):
        raise PeerFault("evidence: the two statements do not contradict each other (SLASH-1)")
    separator = evidence.domain.separator()
    for name, signed in (("first", evidence.first), ("second", evidence.second)):
        try:
            found = recover(signed.statement.digest(separator), signed.signature)
        except DecodeError as error:
            raise PeerFault(f"evidence: {name} statement: {error}") from error
        if found != evidence.signer:
            raise PeerFault(
                f"evidence: the {name} statement is signed by 0x{found.hex()},"
                f" not by 0x{evidence.signer.hex()}"
            )


# --- from what nodes say to each other ------------------------------------------------------

_VOTE_KINDS = {
    VoteKind.NOTARIZE: StatementKind.NOTARIZE,
    VoteKind.NULLIFY: StatementKind.NULLIFY,
    VoteKind.FINALIZE: StatementKind.FINALIZE,
}


def votes_evidence(
    domain: Domain, signer: Address, first: SignedVote, second: SignedVote
) -> EquivocationEvidence:
    """Evidence from two votes of the member whose key is `signer`; raises `PeerFault`."""
    return _checked(
        EquivocationEvidence(domain, signer, statement_of_vote(first), statement_of_vote(second))
    )


def attestations_evidence(
    domain: Domain, signer: Address, first: SignedAttestation, second: SignedAttestation
) -> EquivocationEvidence:
    """Evidence from two attestations of the member whose key is `signer`; raises `PeerFault`."""
    pair = statement_of_attestation(first), statement_of_attestation(second)
    return _checked(EquivocationEvidence(domain, signer, *pair))


def _checked(evidence: EquivocationEvidence) -> EquivocationEvidence:
    check_equivocation(evidence)
    return evidence


def statement_of_vote(signed: SignedVote) -> SignedStatement:
    vote = signed.vote
    statement = Statement(
        _VOTE_KINDS[vote.kind], vote.epoch, Hash32(vote.committee), vote.view, Hash32(vote.block)
    )
    return SignedStatement(statement, signed.signature)


def statement_of_attestation(signed: SignedAttestation) -> SignedStatement:
    said = signed.attestation
    statement = Statement(
        StatementKind.ATTESTATION,
        said.epoch,
        Hash32(said.committee),
        said.index,
        Hash32(said.batch_hash),
    )
    return SignedStatement(statement, signed.signature)


# --- as JSON --------------------------------------------------------------------------------


class _JsonSigned(msgspec.Struct, forbid_unknown_fields=True, tag_field="kind", kw_only=True):
    epoch: U64
    committee: HexWord
    signature: HexSignature


class _Notarize(_JsonSigned, tag="notarize", kw_only=True):
    view: U64
    block: HexWord


class _Nullify(_JsonSigned, tag="nullify", kw_only=True):
    view: U64


class _Finalize(_JsonSigned, tag="finalize", kw_only=True):
    view: U64
    block: HexWord


class _Attestation(_JsonSigned, tag="attestation", kw_only=True):
    index: U64
    batch: HexWord


JsonStatement = _Notarize | _Nullify | _Finalize | _Attestation


class _JsonEquivocation(JsonEvidence, kw_only=True):
    type: Literal["equivocation"]
    version: Literal[1]
    first: JsonStatement
    second: JsonStatement


def dump_equivocation(evidence: EquivocationEvidence) -> bytes:
    """The evidence as JSON text."""
    return to_json(
        _JsonEquivocation(
            type="equivocation",
            version=1,
            first=statement_to_json(evidence.first),
            second=statement_to_json(evidence.second),
            **about(evidence.domain, evidence.signer),
        )
    )


def load_equivocation(data: bytes) -> EquivocationEvidence:
    """The evidence in JSON text, checked.

    Raises `DecodeError` naming the entry that is malformed, `PeerFault` when well-formed
    statements convict nobody.
    """
    plain = from_json(data, _JsonEquivocation)
    first, second = statement_from_json(plain.first), statement_from_json(plain.second)
    return _checked(EquivocationEvidence(plain.domain(), plain.offender(), first, second))


def statement_to_json(signed: SignedStatement) -> JsonStatement:
    s = signed.statement
    content = to_hex(s.content)
    common: dict[str, Any] = {
        "epoch": s.epoch,
        "committee": to_hex(s.committee),
        "signature": to_hex(signed.signature),
    }
    match s.kind:
        case StatementKind.NOTARIZE:
            return _Notarize(view=s.position, block=content, **common)
        case StatementKind.NULLIFY:
            return _Nullify(view=s.position, **common)
        case StatementKind.FINALIZE:
            return _Finalize(view=s.position, block=content, **common)
        case StatementKind.ATTESTATION:
            return _Attestation(index=s.position, batch=content, **common)


def statement_from_json(plain: JsonStatement) -> SignedStatement:
    kind, position, content = _said(plain)
    statement = Statement(kind, Epoch(plain.epoch), word_of(plain.committee), position, content)
    return SignedStatement(statement, from_hex(plain.signature))


def _said(plain: JsonStatement) -> tuple[StatementKind, int, Hash32]:
    match plain:
        case _Notarize():
            return StatementKind.NOTARIZE, plain.view, word_of(plain.block)
        case _Nullify():
            return StatementKind.NULLIFY, plain.view, ZERO_HASH
        case _Finalize():
            return StatementKind.FINALIZE, plain.view, word_of(plain.block)
        case _Attestation():
            return StatementKind.ATTESTATION, plain.index, word_of(plain.batch)
