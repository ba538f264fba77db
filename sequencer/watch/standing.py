"""Whether evidence that others bring would convict somebody, by L1 as it is known now (WATCH-4):
what would not must not stand in the place of what does."""

from sequencer.blocks.header import Header
from sequencer.blocks.order import Ordering
from sequencer.evidence.disorder import DisorderEvidence
from sequencer.evidence.equivocation import EquivocationEvidence
from sequencer.evidence.files import Evidence
from sequencer.evidence.neglect import NeglectEvidence
from sequencer.l1.view import L1View
from sequencer.types import Address, Committee, Epoch, Hash32, RollupId


def stands(evidence: Evidence, view: L1View) -> bool:
    """For evidence that was checked as far as it can be without L1 (EVID-1). Promises convict
    nobody by themselves."""
    match evidence:
        case EquivocationEvidence():
            said = evidence.first.statement, evidence.second.statement
            return all(_is_member(view, one.epoch, one.committee, evidence.signer) for one in said)
        case DisorderEvidence():
            header = evidence.attested.header
            found = provable_ordering(view, evidence.rollup_id, header)
            return found == evidence.ordering and _has_attested(view, evidence)
        case NeglectEvidence():
            deadline = view.deadline(evidence.attested.header.forced_count)
            return deadline == evidence.deadline and _has_attested(view, evidence)
        case _:
            return False


def provable_ordering(view: L1View, rollup: RollupId, header: Header) -> Ordering | None:
    """The ordering of a rollup, if a block with this header can convict for it (ORDER-7)."""
    found = view.registration_of(rollup)
    if found is None or header.origin_timestamp < found.provable_from:
        return None
    return found.ordering


def committee_of(view: L1View, epoch: Epoch) -> Committee | None:
    """As of L1's head."""
    return None if view.head is None else view.committee_at(epoch, view.head.number)


def _has_attested(view: L1View, evidence: DisorderEvidence | NeglectEvidence) -> bool:
    attested = evidence.attested
    return _is_member(view, attested.epoch, attested.committee, evidence.signer)


def _is_member(view: L1View, epoch: Epoch, committee_hash: Hash32, signer: Address) -> bool:
    committee = committee_of(view, epoch)
    if committee is None or committee.hash != committee_hash:
        return False
    return committee.index_of(signer) is not None
