"""Evidence files of any kind (EVID-1)."""

from collections.abc import Callable

import msgspec

from sequencer.decoding import decoded
from sequencer.errors import DecodeError
from sequencer.evidence.disorder import DisorderEvidence, dump_disorder, load_disorder
from sequencer.evidence.equivocation import (
    EquivocationEvidence,
    dump_equivocation,
    load_equivocation,
)
from sequencer.evidence.fields import MAX_EVIDENCE_BYTES
from sequencer.evidence.neglect import NeglectEvidence, dump_neglect, load_neglect
from sequencer.evidence.promise import PromiseEvidence, dump_promise, load_promise

Report = EquivocationEvidence | DisorderEvidence | NeglectEvidence
"""What convicts by being shown (REPORT-1)."""
Evidence = Report | PromiseEvidence

_LOADERS: dict[str, Callable[[bytes], Evidence]] = {
    "equivocation": load_equivocation,
    "disorder": load_disorder,
    "neglect": load_neglect,
    "promise": load_promise,
}


class _Kind(msgspec.Struct):
    type: str


_kinds = msgspec.json.Decoder(_Kind)


def load_evidence(data: bytes) -> Evidence:
    """The evidence in JSON text, with all that needs no L1 checked. Raises `DecodeError` for what
    is malformed, `PeerFault` for what is well-formed and convicts nobody."""
    if len(data) > MAX_EVIDENCE_BYTES:
        raise DecodeError(f"evidence: {len(data)} bytes, at most {MAX_EVIDENCE_BYTES} expected")
    kind = decoded("evidence", _kinds.decode, data).type
    loader = _LOADERS.get(kind)
    if loader is None:
        raise DecodeError(f"evidence: type {kind[:40]!r}, expected one of {', '.join(_LOADERS)}")
    return loader(data)


def dump_evidence(evidence: Evidence) -> bytes:
    """JSON text that `load_evidence` reads."""
    match evidence:
        case EquivocationEvidence():
            return dump_equivocation(evidence)
        case DisorderEvidence():
            return dump_disorder(evidence)
        case NeglectEvidence():
            return dump_neglect(evidence)
        case PromiseEvidence():
            return dump_promise(evidence)


def name_of(evidence: Evidence) -> str:
    """A file name: alike for whatever L1 slashes once (LEDGER-1), but for promises, each of which
    has its own victim."""
    name = evidence.offence.name.lower()
    if isinstance(evidence, EquivocationEvidence):
        name = evidence.first.statement.kind.name.lower()
    elif isinstance(evidence, PromiseEvidence):
        name += "-" + evidence.hash()[:8].hex()
    return f"{evidence.epoch}-{evidence.signer.hex()}-{name}.json"
