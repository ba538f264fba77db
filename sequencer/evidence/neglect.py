"""Evidence of an ignored forced message (NEGLECT-1): a member attested a block that left over a
message which was due at the block's own origin. sans-IO.

The twin of `contracts/slashers/NeglectSlasher.sol`, but for the deadline: L1 has it, and the file
only says what it was when the evidence was found.
"""

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from sequencer.crypto.digests import Domain
from sequencer.errors import PeerFault
from sequencer.evidence.attested import (
    AttestedBlock,
    JsonAttested,
    attested_from_json,
    attested_to_json,
    check_attested,
)
from sequencer.evidence.fields import U64, JsonEvidence, about, from_json, to_json
from sequencer.evidence.offence import Offence
from sequencer.types import Address, Epoch, Hash32


@dataclass(frozen=True, slots=True)
class NeglectEvidence:
    """`deadline`, in seconds, is that of message number `attested.header.forced_count`."""

    domain: Domain
    signer: Address
    attested: AttestedBlock
    deadline: int

    offence: ClassVar[Offence] = Offence.NEGLECT
    contract: ClassVar[str] = "NeglectSlasher"

    @property
    def epoch(self) -> Epoch:
        """Under which the slash is recorded."""
        return self.attested.epoch

    def for_contract(self) -> tuple[Any, ...]:
        """The arguments of `report` before the salt."""
        return (self.attested.for_contract(),)

    def hash(self) -> Hash32:
        """`NeglectSlasher.evidenceHash`."""
        return self.attested.evidence_hash()


def check_neglect(evidence: NeglectEvidence) -> None:
    """Raises `PeerFault` unless `signer` attested the block, and by the deadline in the file the
    message it left over was due."""
    header = check_attested(evidence.attested, evidence.domain, evidence.signer)
    if header.origin_timestamp < evidence.deadline:
        raise PeerFault(
            f"evidence: message {header.forced_count} was due at {evidence.deadline},"
            f" the block's origin is of {header.origin_timestamp} (NEGLECT-1)"
        )


class _JsonNeglect(JsonEvidence, kw_only=True):
    type: Literal["neglect"]
    version: Literal[1]
    attested: JsonAttested
    deadline: U64


def dump_neglect(evidence: NeglectEvidence) -> bytes:
    """The evidence as JSON text."""
    return to_json(
        _JsonNeglect(
            type="neglect",
            version=1,
            attested=attested_to_json(evidence.attested),
            deadline=evidence.deadline,
            **about(evidence.domain, evidence.signer),
        )
    )


def load_neglect(data: bytes) -> NeglectEvidence:
    """The evidence in JSON text, checked. Raises `DecodeError` naming the entry that is malformed,
    `PeerFault` where it convicts nobody."""
    plain = from_json(data, _JsonNeglect)
    attested = attested_from_json(plain.attested)
    evidence = NeglectEvidence(plain.domain(), plain.offender(), attested, plain.deadline)
    check_neglect(evidence)
    return evidence
