"""What must hold in every reachable state.

Each of these, once broken, stays broken, because votes are never taken back. So it is enough to
look at one order of independent steps (`Layered`).
"""

from collections.abc import Callable
from functools import cache
from itertools import combinations

from tests.model.explore import Interleaved, State
from tests.model.protocol import (
    Block,
    Certificates,
    Kind,
    Node,
    Protocol,
    Statement,
    are_compatible,
    chain,
)

Check = Callable[[Protocol, State, Certificates], str | None]


def finalized(certificates: Certificates) -> list[Block]:
    return sorted(found.block for found in certificates if found.kind is Kind.FINALIZE)


def is_contradiction(first: Statement, second: Statement) -> bool:
    """SLASH-1: two Notarize or two Finalize of one view, or Finalize and Nullify of it."""
    if first.view != second.view:
        return False
    if first.kind is second.kind:
        return first.block != second.block
    return {first.kind, second.kind} == {Kind.FINALIZE, Kind.NULLIFY}


def agreement(_: Protocol, __: State, certificates: Certificates) -> str | None:
    """Of two finalized blocks, one builds on the other."""
    for first, second in combinations(finalized(certificates), 2):
        if not are_compatible(first, second):
            return f"{first} and {second} are both final"
    return None


def one_end(_: Protocol, __: State, certificates: Certificates) -> str | None:
    """No view is both finalized and nullified."""
    for block in finalized(certificates):
        if Statement(Kind.NULLIFY, block.view) in certificates:
            return f"view {block.view} is finalized and nullified"
    return None


def one_notarization(_: Protocol, __: State, certificates: Certificates) -> str | None:
    """No two blocks of a view are notarized."""
    blocks = sorted(found for found in certificates if found.kind is Kind.NOTARIZE)
    for first, second in combinations(blocks, 2):
        if first.view == second.view:
            return f"{first.block} and {second.block} are both notarized"
    return None


def extension(protocol: Protocol, _: State, certificates: Certificates) -> str | None:
    """Every block that can be justified in a view after a finalized one builds on that one."""
    for block in finalized(certificates):
        for view in range(block.view + 1, protocol.views + 2):
            for parent in protocol.parents(view, certificates):
                if block not in chain(parent):
                    return f"view {view} may build on {parent}, though {block} is final"
    return None


def honesty(_: Protocol, state: State, __: Certificates) -> str | None:
    """SLASH-1: no honest member signs what it would be slashed for."""
    return next(filter(None, map(contradiction_of, state.nodes)), None)


@cache
def contradiction_of(node: Node) -> str | None:
    for first, second in combinations(node.votes, 2):
        if is_contradiction(first, second):
            return f"an honest member votes {first} and {second}"
    return None


SAFETY: tuple[Check, ...] = (agreement, one_end, one_notarization, extension, honesty)


def conviction(protocol: Protocol, state: State, certificates: Certificates) -> str | None:
    """Whoever made two certificates that contradict each other, however few signers each names,
    signed SLASH-1 pairs with more than a third of the weight."""
    for first, second in combinations(sorted(certificates - state.past), 2):
        if is_contradiction(first, second):
            weight = least_convicted(protocol, state, first, second)
            if 3 * weight <= protocol.committee.total:
                return f"{first} and {second} convict a weight of {weight} only"
    return None


def least_convicted(protocol: Protocol, state: State, first: Statement, second: Statement) -> int:
    """The least weight that two certificates can have in common, if each names any quorum of
    those who signed it."""
    committee = protocol.committee
    weights = committee.honest + committee.faulty
    faulty = range(len(committee.honest), len(weights))

    def quorums(statement: Statement) -> list[set[int]]:
        signers = [m for m, node in enumerate(state.nodes) if statement in node.votes]
        signers.extend(faulty)
        chosen = (
            set(some) for size in range(len(signers) + 1) for some in combinations(signers, size)
        )
        return [some for some in chosen if protocol.is_quorum(sum(weights[m] for m in some))]

    return min(
        sum(weights[member] for member in one & other)
        for one in quorums(first)
        for other in quorums(second)
    )


def proof_of_fork(protocol: Protocol, _: State, certificates: Certificates) -> str | None:
    """Of two final blocks that exclude each other, the certificates that made them so, and those
    that justify their chains, contain a contradiction."""
    for first, second in combinations(finalized(certificates), 2):
        if are_compatible(first, second):
            continue
        proof = {
            Statement(Kind.FINALIZE, first.view, first),
            Statement(Kind.FINALIZE, second.view, second),
            *justification(first),
            *justification(second),
        }
        if not any(is_contradiction(*pair) for pair in combinations(proof & certificates, 2)):
            return f"{first} and {second} are both final, and nobody can be blamed"
    return None


def justification(block: Block) -> set[Statement]:
    """The certificates that a chain stands on: a notarization for each block, a nullification
    for each view without one."""
    found = set()
    for ancestor in chain(block)[:-1]:
        assert ancestor.parent is not None
        found.add(Statement(Kind.NOTARIZE, ancestor.view, ancestor))
        skipped = range(ancestor.parent.view + 1, ancestor.view)
        found.update(Statement(Kind.NULLIFY, view) for view in skipped)
    return found


ACCOUNTABILITY: tuple[Check, ...] = (conviction, proof_of_fork, honesty)


OF_CERTIFICATES = (agreement, one_end, one_notarization, extension, proof_of_fork)
"""These look at nothing else."""


def holds(system: Interleaved, *checks: Check) -> Callable[[State], str | None]:
    """The first violation in a state, named after its check. What depends on certificates alone
    is looked at once for each set of them."""
    known: dict[Certificates, str | None] = {}
    of_certificates = [check for check in checks if check in OF_CERTIFICATES]
    of_states = [check for check in checks if check not in OF_CERTIFICATES]

    def look(state: State, certificates: Certificates, chosen: list[Check]) -> str | None:
        for check in chosen:
            violation = check(system.protocol, state, certificates)
            if violation is not None:
                return f"{check.__name__}: {violation}"
        return None

    def violation_of(state: State) -> str | None:
        certificates = system.certificates(state)
        if certificates not in known:
            known[certificates] = look(state, certificates, of_certificates)
        return known[certificates] or look(state, certificates, of_states)

    return violation_of
