"""Wrong protocols: each drops one rule, and must break an invariant."""

from dataclasses import dataclass

from tests.model.explore import Found, Interleaved, explore
from tests.model.invariants import (
    Check,
    agreement,
    conviction,
    extension,
    holds,
    honesty,
    one_end,
    one_notarization,
    proof_of_fork,
)
from tests.model.liveness import dead_end
from tests.model.protocol import Block, Certificates, Committee, Kind, Node, Protocol, is_certified

FOUR = Committee((1, 1, 1), (1,))


class LooseQuorum(Protocol):
    """ENC-6: two thirds are enough."""

    def is_quorum(self, weight: int) -> bool:
        return 3 * weight >= 2 * self.committee.total


class Unjustified(Protocol):
    """SIMPLEX-2: a block may skip views that are not nullified."""

    def is_justified(self, parent: Block, view: int, certificates: Certificates) -> bool:
        return is_certified(parent, certificates)


class NotarizeTwice(Protocol):
    """SIMPLEX-3: a member votes Notarize for each proposal of a view."""

    def may_notarize(self, node: Node, block: Block) -> bool:
        return block.view == node.view and all(
            vote.view != block.view or (vote.kind is not Kind.NULLIFY and vote.block != block)
            for vote in node.votes
        )


class FinalizeAfterNullify(Protocol):
    """SIMPLEX-5."""

    def may_finalize(self, node: Node, block: Block) -> bool:
        return (Kind.FINALIZE, block.view) not in {vote[:2] for vote in node.votes}


class NullifyAfterFinalize(Protocol):
    """SIMPLEX-6."""

    def may_nullify(self, node: Node) -> bool:
        return (Kind.NULLIFY, node.view) not in {vote[:2] for vote in node.votes}


class NullifyOrNotarize(Protocol):
    """SIMPLEX-6: a member that voted Notarize does not vote Nullify."""

    def may_nullify(self, node: Node) -> bool:
        return super().may_nullify(node) and (Kind.NOTARIZE, node.view) not in {
            vote[:2] for vote in node.votes
        }


@dataclass(frozen=True)
class Mutant:
    """A wrong protocol, an invariant it breaks, and where that shows."""

    protocol: type[Protocol]
    breaks: Check
    committee: Committee = FOUR
    views: int = 1

    def find(self) -> Found:
        system = Interleaved(self.protocol(self.committee, self.views))
        return explore(system, holds(system, self.breaks))


THREE = Committee((1, 1), (1,))
"""A faulty third exactly: safe with the quorum above two thirds, though without liveness."""

MUTANTS = (
    Mutant(LooseQuorum, agreement, THREE),
    Mutant(LooseQuorum, conviction, THREE),
    Mutant(Unjustified, agreement, views=2),
    Mutant(Unjustified, extension, views=2),
    Mutant(Unjustified, proof_of_fork, views=2),
    Mutant(NotarizeTwice, one_notarization),
    Mutant(NotarizeTwice, honesty),
    Mutant(FinalizeAfterNullify, one_end),
    Mutant(FinalizeAfterNullify, honesty),
    Mutant(FinalizeAfterNullify, agreement, views=2),
    Mutant(NullifyAfterFinalize, one_end),
    Mutant(NullifyAfterFinalize, agreement, views=2),
    Mutant(NullifyOrNotarize, dead_end),
)
