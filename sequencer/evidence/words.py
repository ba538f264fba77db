"""Evidence in plain words: who did what, and what L1 will still check."""

from collections.abc import Iterator

from sequencer.evidence.attested import AttestedBlock
from sequencer.evidence.disorder import DisorderEvidence, OrderFault
from sequencer.evidence.equivocation import EquivocationEvidence, SignedStatement, StatementKind
from sequencer.evidence.files import Evidence
from sequencer.evidence.neglect import NeglectEvidence
from sequencer.evidence.promise import PromiseEvidence

_FAULTS = {
    OrderFault.RISING: "the order key rises from position {0} to {1}",
    OrderFault.OVERSTATED: "the order key at position {0} is above what its transaction is worth",
    OrderFault.UNEARNED: "the transaction at position {0} stands behind one that is worth less",
    OrderFault.NONCES: "a later nonce of one sender at position {0} stands before that at {1}",
}


def who_did_what(evidence: Evidence) -> list[str]:
    """One line for each thing that the file shows."""
    about = f"of registry 0x{evidence.domain.registry.hex()} on chain {evidence.domain.chain_id}"
    return [f"0x{evidence.signer.hex()}, a member {about},", *_deeds(evidence)]


def what_l1_checks(evidence: Evidence) -> list[str]:
    """What a file cannot show by itself."""
    checks = [
        "that the key is, or was, of a bonded operator",
        f"that the evidence, of epoch {evidence.epoch}, is not too old (SLASH-2)",
    ]
    match evidence:
        case EquivocationEvidence():
            checks.append("that the committee named is that of the epoch on this chain")
        case DisorderEvidence():
            ordering = evidence.ordering
            policy = f"{ordering.policy.name} order, base fee {ordering.base_fee_wei} wei"
            checks.append(_COMMITTEE)
            checks.append(
                f"that rollup {evidence.rollup_id} has had {policy}, long before (ORDER-7)"
            )
        case NeglectEvidence():
            checks += [_COMMITTEE, f"that the deadline is {evidence.deadline} in its own queue"]
        case PromiseEvidence():
            checks += [
                _COMMITTEE,
                f"that a batch up to height {evidence.promise.last_height} is committed",
                "that nobody shows the transaction in time: only then is the promise broken",
            ]
            return checks
    return [*checks, f"that it was not slashed for {_offence(evidence)} in that epoch (LEDGER-1)"]


_COMMITTEE = "that the signature is in the name of the committee of its epoch on this chain"


def said(signed: SignedStatement) -> str:
    """One statement in a line."""
    statement = signed.statement
    if statement.kind is StatementKind.ATTESTATION:
        about = f"batch {statement.position} = 0x{statement.content.hex()}"
    elif statement.kind is StatementKind.NULLIFY:
        about = f"view {statement.position}"
    else:
        about = f"view {statement.position}: block 0x{statement.content.hex()}"
    return f"{statement.kind.name.lower():12} epoch {statement.epoch}, {about}"


def _deeds(evidence: Evidence) -> Iterator[str]:
    match evidence:
        case EquivocationEvidence():
            yield "signed two statements that contradict each other (SLASH-1):"
            yield f"  {said(evidence.first)}"
            yield f"  {said(evidence.second)}"
        case DisorderEvidence():
            places = [entry.position for entry in evidence.entries]
            if evidence.fault is OrderFault.UNEARNED:
                places = places[-1:]
            yield _attested(evidence.attested)
            yield f"in which rollup {evidence.rollup_id} is not in order (ORDER-6,"
            yield f"{evidence.fault.name}): {_FAULTS[evidence.fault].format(*places)}"
        case NeglectEvidence():
            header = evidence.attested.header
            yield _attested(evidence.attested)
            yield f"which leaves forced message {header.forced_count} over (NEGLECT-1): it was due"
            yield f"at {evidence.deadline}, the block's L1 origin is of {header.origin_timestamp}"
        case PromiseEvidence():
            promise = evidence.promise
            yield f"promised that transaction 0x{promise.tx_hash.hex()} of rollup"
            yield f"{promise.rollup} is in a block up to height {promise.last_height},"
            yield f"and answers with {promise.value_wei} wei to 0x{promise.beneficiary.hex()}"
            yield "(PROMISE-1)"


def _attested(attested: AttestedBlock) -> str:
    header, batch = attested.header, attested.batch
    return (
        f"attested batch {batch.index} in epoch {attested.epoch}, with block {header.height}"
        f" (0x{header.hash.hex()}),"
    )


def _offence(evidence: Evidence) -> str:
    return evidence.offence.name.lower()
