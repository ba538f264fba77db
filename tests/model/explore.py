"""Breadth-first search over every reachable state of the honest members.

`Interleaved` takes the steps in any order. `Layered` takes those of view 1 first, then those of
view 2, and so on, and keeps of a finished view only its certificates. That reaches the same
certificates, so it finds a violation if and only if `Interleaved` does (docs/model.md).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from tests.model.protocol import Block, Certificates, Node, Protocol, cast


class State(NamedTuple):
    """The members, those of equal weight sorted: they are interchangeable."""

    nodes: tuple[Node, ...]
    past: Certificates = frozenset()
    """Layered: of the finished views."""


class Step(NamedTuple):
    """A move of the member at a position; `order` tells where sorting took each position from."""

    member: int | None
    label: str
    order: tuple[int, ...]


class Interleaved:
    """Every order of all steps."""

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol
        self._latest: tuple[State, Certificates] | None = None
        self._known_moves: dict[tuple[object, ...], tuple[tuple[str, Node], ...]] = {}

    def initial(self) -> State:
        return State(tuple(Node() for _ in self.protocol.committee.honest))

    def certificates(self, state: State) -> Certificates:
        if self._latest is None or self._latest[0] is not state:
            self._latest = state, self.protocol.certificates(state.nodes) | state.past
        return self._latest[1]

    def successors(self, state: State) -> Iterator[tuple[Step, State]]:
        nodes = state.nodes
        certificates = self.certificates(state)
        proposals = {
            view: self.protocol.proposals(view, nodes, certificates)
            for view in {node.view for node in nodes}
        }
        weights = self.protocol.committee.honest
        for member, node in enumerate(nodes):
            if member and (node, weights[member]) == (nodes[member - 1], weights[member - 1]):
                continue  # as good as the other
            for label, moved in self._moves(node, proposals[node.view], certificates):
                after, order = arrange((*nodes[:member], moved, *nodes[member + 1 :]), weights)
                yield Step(member, label, order), State(after, state.past)

    def _moves(
        self, node: Node, proposals: tuple[Block, ...], certificates: Certificates
    ) -> tuple[tuple[str, Node], ...]:
        """Remembered: few situations of one member make all the states of several."""
        key = (node, proposals, certificates)
        if key not in self._known_moves:
            self._known_moves[key] = tuple(self.moves(*key))
        return self._known_moves[key]

    def moves(
        self, node: Node, proposals: tuple[Block, ...], certificates: Certificates
    ) -> Iterator[tuple[str, Node]]:
        for view in range(node.view + 1, self.protocol.views + 1):
            if self.protocol.may_enter(view, certificates):
                yield f"enters view {view}", Node(view, node.votes)
        for vote in self.protocol.votes(node, proposals, certificates):
            yield str(vote), cast(node, vote)


class Layered(Interleaved):
    """All steps of a view before those of the next."""

    def successors(self, state: State) -> Iterator[tuple[Step, State]]:
        yield from super().successors(state)
        following = state.nodes[0].view + 1
        certificates = self.certificates(state)
        if following <= self.protocol.views and self.protocol.may_enter(following, certificates):
            nodes = tuple(Node(following) for _ in state.nodes)
            step = Step(None, f"view {following} begins", tuple(range(len(nodes))))
            yield step, State(nodes, certificates)

    def moves(
        self, node: Node, proposals: tuple[Block, ...], certificates: Certificates
    ) -> Iterator[tuple[str, Node]]:
        for vote in self.protocol.votes(node, proposals, certificates):
            if vote.view == node.view:
                yield str(vote), cast(node, vote)


@dataclass
class Found:
    """What a search saw."""

    states: int
    depth: int
    violation: str | None = None
    trace: tuple[str, ...] = ()
    """The shortest way to the violation, with the members' own numbers."""


def explore(
    system: Interleaved,
    violation_of: Callable[[State], str | None],
    visit: Callable[[State], None] = lambda _: None,
) -> Found:
    """Every reachable state, nearest first, up to the first violation."""
    start = system.initial()
    before: dict[State, State | None] = {start: None}
    frontier, depth = [start], 0
    while frontier:
        following = []
        for state in frontier:
            visit(state)
            violation = violation_of(state)
            if violation is not None:
                return Found(len(before), depth, violation, tell(system, before, state))
            for _, after in system.successors(state):
                if after not in before:
                    before[after] = state
                    following.append(after)
        frontier = following
        depth += bool(following)
    return Found(len(before), depth)


def arrange(
    nodes: tuple[Node, ...], weights: Sequence[int]
) -> tuple[tuple[Node, ...], tuple[int, ...]]:
    """Members of equal weight in ascending order of their states."""
    order = tuple(sorted(range(len(nodes)), key=lambda at: (-weights[at], nodes[at])))
    return tuple(nodes[at] for at in order), order


def tell(system: Interleaved, before: dict[State, State | None], last: State) -> tuple[str, ...]:
    """The steps from the start to `last`."""
    path = [last]
    while (previous := before[path[-1]]) is not None:
        path.append(previous)
    path.reverse()
    names = tuple(range(len(last.nodes)))
    lines = []
    for state, reached in pairwise(path):
        step = next(step for step, after in system.successors(state) if after == reached)
        who = "all" if step.member is None else f"member {names[step.member]}"
        lines.append(f"{who}: {step.label}")
        names = tuple(names[at] for at in step.order)
    return tuple(lines)
