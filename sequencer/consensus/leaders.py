"""SIMPLEX-1: who leads which view."""

from functools import lru_cache

from sequencer.types import Committee, MemberIndex, View

TURNS_PER_MEMBER = 16


@lru_cache(maxsize=8)
def leader_table(weights: tuple[int, ...]) -> tuple[MemberIndex, ...]:
    """Smooth weighted round-robin over `16 * N` turns: in proportion to weight, and spread."""
    total = sum(weights)
    credit = [0] * len(weights)
    table = []
    for _ in range(TURNS_PER_MEMBER * len(weights)):
        for member, weight in enumerate(weights):
            credit[member] += weight
        chosen = max(range(len(weights)), key=lambda member: (credit[member], -member))
        credit[chosen] -= total
        table.append(MemberIndex(chosen))
    return tuple(table)


def leader_of(committee: Committee, view: View) -> MemberIndex:
    table = leader_table(committee.weights)
    return table[view % len(table)]
