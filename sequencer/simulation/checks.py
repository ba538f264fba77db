"""What must hold at every step: no fork, no contradiction signed, no loop, no growth."""

from collections.abc import Sequence

from sequencer.blocks.header import Block, Header
from sequencer.blocks.payload import EMPTY_PAYLOAD
from sequencer.consensus.events import Finalized
from sequencer.consensus.evidence import Equivocation, is_conflict
from sequencer.consensus.messages import (
    Certificate,
    FinalityProof,
    Proposal,
    SignedVote,
    VoteKind,
)
from sequencer.consensus.simplex import WINDOW, Simplex
from sequencer.errors import PeerFault
from sequencer.l1.schedule import Schedule
from sequencer.ordering.origins import origin_of
from sequencer.ordering.turn import is_terminal, origin_epoch
from sequencer.simulation.keys import SimVerifier
from sequencer.simulation.l1 import l1_header
from sequencer.simulation.scheduler import Trace
from sequencer.types import Address, Committee, Epoch, Hash32, MemberIndex, View


class Referee:
    """Collects violations; the first ones of a schedule tell the story."""

    def __init__(
        self,
        honest: frozenset[int],
        is_overrun: bool,
        trace: Trace,
        addresses: Sequence[Address],
        verifiers: dict[Epoch, SimVerifier],
        schedule: Schedule,
    ) -> None:
        """`honest` are positions. With a third of the weight or more against it (`is_overrun`) the
        chain may fork, but not without evidence."""
        self.honest = honest
        self.is_overrun = is_overrun
        self._trace = trace
        self._addresses = addresses
        self._verifiers = verifiers
        self._schedule = schedule
        self.violations: list[str] = []
        self.chain: dict[int, Hash32] = {}
        """Height to the first block any honest node finalized there."""
        self.forks: set[int] = set()
        self.convicted: set[int] = set()
        """Positions; of twins the first."""
        self.evidence: list[Equivocation] = []
        """What honest nodes handed on, in order."""
        self._signed: dict[tuple[int, Epoch, View], list[SignedVote]] = {}

    @property
    def signed(self) -> list[tuple[int, SignedVote]]:
        """Every vote that an honest node has signed, with its position."""
        return [(key[0], vote) for key, votes in self._signed.items() for vote in votes]

    def blame(self, line: str) -> None:
        self.violations.append(line)

    def on_finalized(
        self,
        position: int,
        tip: Header,
        final: Finalized,
        chain: tuple[Block, ...],
        proof: FinalityProof,
    ) -> None:
        """`chain` and `proof` are what of `final` goes into the store (EPOCH-3)."""
        for block in chain:
            header = block.header
            self._trace.note(f"{position} finalizes {header.height} of view {header.view}")
            if header.parent_hash != tip.hash or header.height != tip.height + 1:
                self.blame(f"node {position}: block {header.height} handed on out of order")
            if self.chain.setdefault(header.height, header.hash) != header.hash:
                self.forks.add(header.height)
                if not self.is_overrun:
                    self.blame(f"node {position}: another block is final at height {header.height}")
            if not block.is_whole():
                self.blame(
                    f"node {position}: a block is final with contents that its header does not name"
                )
            self._check_epoch(position, header, tip)
            tip = header
        for block in final.blocks[len(chain) :]:
            if block.payload != EMPTY_PAYLOAD or origin_of(block.header) != origin_of(tip):
                self.blame(f"node {position}: block {block.header.height} closes with contents")
        self._check_proof(position, tip, proof)

    def _check_epoch(self, position: int, header: Header, parent: Header) -> None:
        """EPOCH-1, EPOCH-2: the next epoch begins where its terminal block says, and only there."""
        expected = parent.epoch
        if is_terminal(self._schedule, parent):
            expected = origin_epoch(self._schedule, parent.origin_timestamp)
        if header.epoch != expected:
            self.blame(f"node {position}: block {header.height} is of epoch {header.epoch}")
        named = header.origin_number, header.origin_hash, header.origin_timestamp
        origin = l1_header(header.origin_number)
        if header.origin_number and named != (origin.number, origin.hash, origin.timestamp):
            self.blame(f"node {position}: block {header.height} names no origin of L1")

    def _check_proof(self, position: int, tip: Header, proof: FinalityProof) -> None:
        """A quorum of the committee that decides in the block's epoch finalized it."""
        top = proof.descendants[-1] if proof.descendants else tip
        if proof.certificate.vote.block != top.hash:
            self.blame(f"node {position}: the proof of block {tip.height} is of another one")
        try:
            self._verifiers[tip.epoch].check_finalization(proof.certificate)
        except PeerFault as fault:
            self.blame(f"node {position}: block {tip.height} is not final: {fault}")

    def _check_certificate(self, position: int, epoch: Epoch, certificate: Certificate) -> None:
        try:
            self._verifiers[epoch].check_certificate(certificate)
        except PeerFault as fault:
            self.blame(f"node {position}: believes a certificate of nobody: {fault}")

    def on_notarized(self, position: int, block: Block, parent: Header) -> None:
        """EPOCH-3: an honest vote is for a block that is allowed to follow its parent."""
        header = block.header
        if header.epoch != parent.epoch or not is_terminal(self._schedule, parent):
            return
        here = header.timestamp_ms, header.forced_count, origin_of(header), block.payload
        there = parent.timestamp_ms, parent.forced_count, origin_of(parent), EMPTY_PAYLOAD
        if here != there:
            self.blame(f"node {position}: votes to close an epoch with contents")

    def on_signed(self, position: int, signed: SignedVote) -> None:
        """SLASH-1, and SIMPLEX-3: one Notarize a view, none after Nullify."""
        key = (position, signed.vote.epoch, signed.vote.view)
        earlier = self._signed.setdefault(key, [])
        for other in earlier:
            if is_conflict(other.vote, signed.vote):
                self.blame(f"node {position}: signed a contradiction in view {signed.vote.view}")
            if (other.vote.kind, signed.vote.kind) == (VoteKind.NULLIFY, VoteKind.NOTARIZE):
                self.blame(f"node {position}: Notarize after Nullify in view {signed.vote.view}")
        earlier.append(signed)

    def on_broadcast(
        self,
        position: int,
        member: MemberIndex | None,
        durable: set[SignedVote],
        message: SignedVote | Certificate | Proposal,
    ) -> None:
        """JOURNAL-1, and ENC-6 for what a node makes of votes."""
        own = message.notarize if isinstance(message, Proposal) else message
        if isinstance(own, Certificate):
            self._check_certificate(position, own.vote.epoch, own)
        elif own.member == member and own not in durable:
            self.blame(f"node {position}: sent a vote of view {own.vote.view} not on disk")

    def on_pending(self, tip: Header, parent: Header, pending: tuple[Block, ...]) -> None:
        """What the application is given leads from the finalized block to the parent."""
        for block in pending:
            if block.header.parent_hash != tip.hash:
                self.blame(f"pending chain has a gap at height {block.header.height}")
            tip = block.header
        if tip.hash != parent.hash:
            self.blame(f"pending chain does not end with the parent, height {parent.height}")

    def on_evidence(self, position: int, found: Equivocation) -> None:
        if found.first.member != found.second.member:
            self.blame(f"node {position}: evidence of two members")
        if not is_conflict(found.first.vote, found.second.vote):
            self.blame(f"node {position}: evidence of nothing")
        committee = self._verifiers[found.first.vote.epoch].committee
        offender = self._addresses.index(committee.members[found.first.member].signer)
        if offender in self.honest:
            self.blame(f"node {position}: evidence against honest node {offender}")
        if position in self.honest:
            self.convicted.add(offender)
            self.evidence.append(found)

    def on_fault(self, position: int, sender: int, fault: PeerFault) -> None:
        """NET-4 would silence an honest peer for it."""
        if {position, sender} <= self.honest and not self.forks:
            self.blame(f"node {position}: blames honest node {sender}: {fault}")

    def after_overrun(self, committee: Committee) -> None:
        """The promise that is left: who forks the chain has signed more than a third away."""
        if self.forks and not self.has_evidence(committee):
            self.blame(f"a fork, and evidence only against {sorted(self.convicted)}")

    def has_evidence(self, committee: Committee) -> bool:
        signers = {self._addresses[position] for position in self.convicted}
        weight = sum(m.weight for m in committee.members if m.signer in signers)
        return 3 * weight > committee.total_weight

    def after_input(self, position: int, core: Simplex) -> None:
        """SIMPLEX-12, at every step: what is held is bounded by the views since the last final
        block."""
        views = core.view - core.root_view
        sizes = core.sizes()
        bounds = {
            "rounds": views + 2 * WINDOW + 1,
            "blocks": 4 * views + 4,
            "missing": 2 * views + 2,
            "answered": len(core.committee),
        }
        for name, size in sizes.items():
            if size > bounds[name]:
                self.blame(f"node {position}: {size} {name}, at most {bounds[name]}")

    def after_tick(self, position: int, core: Simplex, view: View, now_ms: int) -> None:
        """A tick that was due in a view leaves nothing due in it."""
        if core.view == view and core.deadline() <= now_ms:
            self.blame(f"node {position}: still due after a tick in view {core.view}")
