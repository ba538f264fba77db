"""The rules of consensus, explored; `make model` goes further.

explore
├── the rules: no invariant breaks, in any order of steps
├── one rule wrong: an invariant breaks, and the shortest way there is told
└── view by view: reaches the same certificates as every order
"""

import pytest

from tests.model.explore import Interleaved, Layered, State, explore
from tests.model.invariants import ACCOUNTABILITY, SAFETY, Check, agreement, holds
from tests.model.liveness import dead_end
from tests.model.mutants import FOUR, MUTANTS, THREE, Mutant, Unjustified
from tests.model.protocol import Certificates, Committee, Protocol

OVERRUN = Committee((1, 1), (1, 1))


@pytest.mark.parametrize(
    ("kind", "committee", "views", "checks", "states"),
    [
        (Interleaved, FOUR, 1, (*SAFETY, dead_end), 90),
        (Layered, FOUR, 3, SAFETY, 11_134),
        (Layered, THREE, 3, SAFETY, 578),
        (Layered, Committee((3, 2, 2), (1,)), 2, SAFETY, 2_114),
        (Layered, OVERRUN, 2, ACCOUNTABILITY, 1_054),
    ],
    ids=["dead end", "four", "a third", "weights", "overrun"],
)
def test_rules__every_reachable_state__no_violation(
    kind: type[Interleaved],
    committee: Committee,
    views: int,
    checks: tuple[Check, ...],
    states: int,
) -> None:
    system = kind(Protocol(committee, views))
    found = explore(system, holds(system, *checks))
    assert not found.trace
    assert found.violation is None
    assert found.states == states  # nothing was cut off, nothing came in


QUICK = [mutant for mutant in MUTANTS if (mutant.breaks, mutant.views) != (agreement, 2)]


@pytest.mark.parametrize(
    "mutant", QUICK, ids=lambda m: f"{m.protocol.__name__} {m.breaks.__name__}"
)
def test_one_rule_wrong__an_invariant_breaks(mutant: Mutant) -> None:
    found = mutant.find()
    assert found.violation is not None
    assert found.violation.startswith(mutant.breaks.__name__)
    assert len(found.trace) == found.depth


def test_trace__names_each_member_by_its_own_number() -> None:
    """SIMPLEX-2: 1a is final, then 2a on the start."""
    found = Mutant(Unjustified, agreement, views=2).find()
    assert found.violation == "agreement: 1a and 2a are both final"
    finalizing = [line.split(": ") for line in found.trace if "Finalize" in line]
    by_block = {block: {who for who, what in finalizing if block in what} for block in ("1a", "2a")}
    assert [len(members) for members in by_block.values()] == [2, 2]


@pytest.mark.parametrize("committee", [FOUR, OVERRUN], ids=["four", "overrun"])
def test_view_by_view__same_certificates_as_every_order(committee: Committee) -> None:
    assert reached(Layered, committee) == reached(Interleaved, committee)


def reached(kind: type[Interleaved], committee: Committee) -> set[Certificates]:
    system = kind(Protocol(committee, 2))
    sets: set[Certificates] = set()

    def visit(state: State) -> None:
        sets.add(system.certificates(state))

    explore(system, lambda _: None, visit)
    assert len(sets) > 10
    return sets
