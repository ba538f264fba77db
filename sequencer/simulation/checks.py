"""What must hold at every step: no fork, no contradiction signed, no loop, no growth."""

from sequencer.blocks.header import Block, Header
from sequencer.consensus.events import Finalized
from sequencer.consensus.evidence import Equivocation, is_conflict
from sequencer.consensus.messages import Certificate, Proposal, SignedVote, VoteKind
from sequencer.consensus.simplex import WINDOW, Simplex
from sequencer.errors import PeerFault
from sequencer.simulation.disk import Disk
from sequencer.simulation.scheduler import Trace
from sequencer.types import Committee, Hash32, MemberIndex, View


class Referee:
    """Collects violations; the first ones of a schedule tell the story."""

    def __init__(self, honest: frozenset[int], is_overrun: bool, trace: Trace) -> None:
        """`honest` are positions; those of members are their indices. With a third of the weight
        or more against it (`is_overrun`) the chain may fork, but not without evidence."""
        self.honest = honest
        self.is_overrun = is_overrun
        self._trace = trace
        self.violations: list[str] = []
        self.chain: dict[int, Hash32] = {}
        """Height to the first block any honest node finalized there."""
        self.forks: set[int] = set()
        self.convicted: set[MemberIndex] = set()
        self.evidence: list[Equivocation] = []
        """What honest nodes handed on, in order."""
        self._signed: dict[tuple[int, View], list[SignedVote]] = {}

    def blame(self, line: str) -> None:
        self.violations.append(line)

    def on_finalized(self, position: int, tip: Header, final: Finalized) -> None:
        for block in final.blocks:
            header = block.header
            self._trace.note(f"{position} finalizes {header.height} of view {header.view}")
            if header.parent_hash != tip.hash or header.height != tip.height + 1:
                self.blame(f"node {position}: block {header.height} handed on out of order")
            if self.chain.setdefault(header.height, header.hash) != header.hash:
                self.forks.add(header.height)
                if not self.is_overrun:
                    self.blame(f"node {position}: another block is final at height {header.height}")
            if not block.is_whole():
                self.blame(f"node {position}: a payload is final that its header does not name")
            tip = header

    def on_signed(self, position: int, signed: SignedVote) -> None:
        """SLASH-1, and SIMPLEX-3: one Notarize a view, none after Nullify."""
        earlier = self._signed.setdefault((position, signed.vote.view), [])
        for other in earlier:
            if is_conflict(other.vote, signed.vote):
                self.blame(f"node {position}: signed a contradiction in view {signed.vote.view}")
            if (other.vote.kind, signed.vote.kind) == (VoteKind.NULLIFY, VoteKind.NOTARIZE):
                self.blame(f"node {position}: Notarize after Nullify in view {signed.vote.view}")
        earlier.append(signed)

    def on_broadcast(
        self, member: MemberIndex | None, disk: Disk, message: SignedVote | Certificate | Proposal
    ) -> None:
        """JOURNAL-1."""
        own = message.notarize if isinstance(message, Proposal) else message
        if isinstance(own, SignedVote) and own.member == member and not disk.is_durable(own):
            self.blame(f"member {member}: sent a vote of view {own.vote.view} not on disk")

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
        if found.first.member in self.honest:
            self.blame(f"node {position}: evidence against honest member {found.first.member}")
        if position in self.honest:
            self.convicted.add(found.first.member)
            self.evidence.append(found)

    def on_fault(self, position: int, sender: int, fault: PeerFault) -> None:
        """NET-4 would silence an honest peer for it."""
        if sender in self.honest and not self.forks:
            self.blame(f"node {position}: blames honest node {sender}: {fault}")

    def after_overrun(self, committee: Committee) -> None:
        """The promise that is left: who forks the chain has signed more than a third away."""
        if self.forks and not self.has_evidence(committee):
            self.blame(f"a fork, and evidence only against {sorted(self.convicted)}")

    def has_evidence(self, committee: Committee) -> bool:
        weight = sum(committee.members[member].weight for member in self.convicted)
        return 3 * weight > committee.total_weight

    def after_all(self, position: int, core: Simplex) -> None:
        """SIMPLEX-12, after a calm in which everything was finalized."""
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
