"""No dead end: from each reachable state the honest members alone can finalize a new block.

The faulty members fall silent, and from then on every message arrives. All that is left of the
past is what the honest members hold. So besides the votes, only the certificates count that some
honest member must hold, and of those that it may have come by, the worst choice.
"""

from collections.abc import Iterator
from itertools import product

from tests.model.explore import State
from tests.model.invariants import justification
from tests.model.protocol import (
    Certificates,
    Kind,
    Node,
    Protocol,
    Statement,
    cast,
)


def dead_end(protocol: Protocol, state: State, certificates: Certificates) -> str | None:
    """For `Interleaved` states."""
    for held in holdings(state, certificates):
        stuck = stuck_in(protocol, state, held)
        if stuck is not None:
            return f"{stuck}, with {', '.join(map(str, sorted(held))) or 'nothing'}"
    return None


def holdings(state: State, certificates: Certificates) -> Iterator[Certificates]:
    """The least that the honest members together can hold, each way they can have come by it:
    something that ended the view before each view they acted in or are in, the notarization
    of what they voted to finalize, and the justification of what they voted to notarize."""
    certain: set[Statement] = set()
    visited = {node.view for node in state.nodes}
    for vote in {vote for node in state.nodes for vote in node.votes}:
        if vote.kind is Kind.FINALIZE:
            certain.add(Statement(Kind.NOTARIZE, vote.view, vote.block))
        else:
            visited.add(vote.view)
        if vote.kind is Kind.NOTARIZE:
            assert vote.block.parent is not None
            carried = justification(vote.block) - {vote}
            certain.update(found for found in carried if found.view >= vote.block.parent.view)
    ends = [
        sorted(found for found in certificates if found.view == view - 1) for view in visited - {1}
    ]
    for choice in product(*ends):
        yield frozenset(certain.union(choice))


def stuck_in(protocol: Protocol, state: State, held: Certificates) -> str | None:
    """Everybody gives up on the latest view anybody is in; the leader of the next one is
    honest. None if that leads to a new final block, else what does not work."""
    view = max(node.view for node in state.nodes)
    while protocol.may_enter(view + 1, held):
        view += 1
    nodes = [Node(view, node.votes) for node in state.nodes]
    nodes = [
        cast(node, Statement(Kind.NULLIFY, view)) if protocol.may_nullify(node) else node
        for node in nodes
    ]
    if not is_agreed(protocol, nodes, Statement(Kind.NULLIFY, view)):
        return f"view {view} cannot be nullified"
    held |= {Statement(Kind.NULLIFY, view)}
    nodes = [Node(view + 1, node.votes) for node in nodes]
    blocks = protocol.proposals(view + 1, nodes, held)
    if not blocks:
        return f"nothing can be proposed in view {view + 1}"
    for kind, may_vote in (
        (Kind.NOTARIZE, protocol.may_notarize),
        (Kind.FINALIZE, protocol.may_finalize),
    ):
        vote = Statement(kind, view + 1, blocks[-1])
        nodes = [cast(node, vote) if may_vote(node, vote.block) else node for node in nodes]
        if not is_agreed(protocol, nodes, vote):
            return f"view {view + 1} finds no quorum to {kind.name.lower()}"
    return None


def is_agreed(protocol: Protocol, nodes: list[Node], vote: Statement) -> bool:
    """Whether the honest votes alone are a quorum."""
    weights = protocol.committee.honest
    return protocol.is_quorum(
        sum(weight for node, weight in zip(nodes, weights, strict=True) if vote in node.votes)
    )
