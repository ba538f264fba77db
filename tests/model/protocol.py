"""The voting rules of docs/spec/consensus.md as an explicit transition system.

Only honest members have state: their view and the votes they cast. Votes are signed and may be
seen by anybody at any time, so what was sent is a set that only grows. The faulty members have
signed every vote there is from the start. A step is one honest member's: it enters a view or casts
one vote. Nothing forces a step: messages may come late or never, timers may end at any time.

Leaders are outside the committee here: in each view whoever likes proposes any number of blocks,
which covers each schedule (SIMPLEX-1) and each leader, honest or not (SIMPLEX-2).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache, cached_property
from typing import NamedTuple


class Kind(IntEnum):
    NOTARIZE = 1
    NULLIFY = 2
    FINALIZE = 3


class Block(NamedTuple):
    """A proposed block. `tag` tells apart the blocks of one view on one parent."""

    view: int
    tag: int = 0
    parent: "Block | None" = None

    def __str__(self) -> str:
        """View and tag, then those of its ancestors: `2a.1b` is a block of view 2 on one of 1."""
        names = [f"{block.view}{'abcdefgh'[block.tag]}" for block in chain(self)[:-1]]
        return ".".join(names) or "start"


START = Block(0)
"""The block of view 0."""


class Statement(NamedTuple):
    """What is voted for; with a quorum behind it, a certificate."""

    kind: Kind
    view: int
    block: Block = START
    """`START` for Nullify."""

    def __str__(self) -> str:
        of = "" if self.kind is Kind.NULLIFY else f" {self.block}"
        return f"{self.kind.name.capitalize()}({self.view}{of})"


class Node(NamedTuple):
    """An honest member: the view it is in and its votes, ascending."""

    view: int = 1
    votes: tuple[Statement, ...] = ()


Certificates = frozenset[Statement]


@dataclass(frozen=True)
class Committee:
    """Weights of the honest members, in descending order, and of the faulty ones."""

    honest: tuple[int, ...]
    faulty: tuple[int, ...]

    @cached_property
    def total(self) -> int:
        return sum(self.honest) + sum(self.faulty)

    @cached_property
    def faulty_weight(self) -> int:
        return sum(self.faulty)


class Protocol:
    """The rules. What they permit is here in one method each, for mutants to override."""

    def __init__(self, committee: Committee, views: int) -> None:
        self.committee = committee
        self.views = views
        self._known_parents: dict[tuple[int, Certificates], list[Block]] = {}

    # Rules

    def is_quorum(self, weight: int) -> bool:
        """ENC-6."""
        return 3 * weight > 2 * self.committee.total

    def is_justified(self, parent: Block, view: int, certificates: Certificates) -> bool:
        """SIMPLEX-2: `parent` is notarized, and each view between it and `view` nullified."""
        return is_certified(parent, certificates) and all(
            Statement(Kind.NULLIFY, between) in certificates
            for between in range(parent.view + 1, view)
        )

    def may_enter(self, view: int, certificates: Certificates) -> bool:
        """SIMPLEX-4, SIMPLEX-7: what ended the view before is there."""
        return any(found.view == view - 1 for found in certificates)

    def may_notarize(self, node: Node, block: Block) -> bool:
        """SIMPLEX-3, of a justified block: in its view, once, and not after Nullify."""
        return block.view == node.view and not any(
            vote.view == block.view and vote.kind in (Kind.NOTARIZE, Kind.NULLIFY)
            for vote in node.votes
        )

    def may_nullify(self, node: Node) -> bool:
        """SIMPLEX-6: in the view it is in, not after Finalize."""
        return not any(
            vote.view == node.view and vote.kind in (Kind.NULLIFY, Kind.FINALIZE)
            for vote in node.votes
        )

    def may_finalize(self, node: Node, block: Block) -> bool:
        """SIMPLEX-5, of a notarized block: once a view, not after Nullify; in later views too."""
        return not any(
            vote.view == block.view and vote.kind in (Kind.NULLIFY, Kind.FINALIZE)
            for vote in node.votes
        )

    # What follows from them

    def certificates(self, nodes: Sequence[Node]) -> Certificates:
        """Every certificate that the honest votes so far and the faulty members' make."""
        weights: dict[Statement, int] = {}
        for node, weight in zip(nodes, self.committee.honest, strict=True):
            for vote in node.votes:
                weights[vote] = weights.get(vote, self.committee.faulty_weight) + weight
        return frozenset(vote for vote, weight in weights.items() if self.is_quorum(weight))

    def parents(self, view: int, certificates: Certificates) -> list[Block]:
        """Every block that a proposal of `view` may build on."""
        key = (view, certificates)
        if key not in self._known_parents:
            certified = {START, *(found.block for found in certificates)}
            self._known_parents[key] = [
                parent
                for parent in sorted(certified)
                if parent.view < view and self.is_justified(parent, view, certificates)
            ]
        return self._known_parents[key]

    def proposals(
        self, view: int, nodes: Sequence[Node], certificates: Certificates
    ) -> tuple[Block, ...]:
        """The blocks that can be voted for in `view`. Tags are interchangeable, so of those that
        nobody voted for there is only the one with the lowest tag."""
        used = {vote.block for node in nodes for vote in node.votes if vote.view == view}
        found = []
        for parent in self.parents(view, certificates):
            block = Block(view, 0, parent)
            found.append(block)
            while block in used:
                block = block._replace(tag=block.tag + 1)
                found.append(block)
        return tuple(found)

    def votes(
        self, node: Node, proposals: Sequence[Block], certificates: Certificates
    ) -> Iterator[Statement]:
        """The votes that a member may cast next."""
        for block in proposals:
            if self.may_notarize(node, block):
                yield Statement(Kind.NOTARIZE, block.view, block)
        if self.may_nullify(node):
            yield Statement(Kind.NULLIFY, node.view)
        for found in sorted(certificates):
            if found.kind is Kind.NOTARIZE and self.may_finalize(node, found.block):
                yield Statement(Kind.FINALIZE, found.view, found.block)


def is_certified(block: Block, certificates: Certificates) -> bool:
    """Notarized or finalized, or the start."""
    return block == START or any(
        Statement(kind, block.view, block) in certificates
        for kind in (Kind.NOTARIZE, Kind.FINALIZE)
    )


def cast(node: Node, vote: Statement) -> Node:
    return Node(node.view, tuple(sorted((*node.votes, vote))))


def chain(block: Block) -> list[Block]:
    """The block and its ancestors, the start last."""
    found = [block]
    while found[-1].parent is not None:
        found.append(found[-1].parent)
    return found


@cache
def are_compatible(first: Block, second: Block) -> bool:
    """Whether one is the other, or an ancestor of it."""
    return first in chain(second) or second in chain(first)
