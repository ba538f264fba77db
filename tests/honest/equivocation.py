"""Attempts at EquivocationSlasher: pairs of what honest members signed in one run (SLASH-1)."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations
from random import Random

from sequencer.crypto.hashing import keccak
from sequencer.evidence.equivocation import SignedStatement, StatementKind
from sequencer.l1 import abi
from sequencer.types import Epoch, Hash32
from tests.honest.ground import Attempt, Ground
from tests.honest.votes import Said

KIND = "equivocation"
_REPORT = abi.function("EquivocationSlasher", "report")
NO_CONFLICT = frozenset({"NoConflict"})
OTHER_SIGNER = frozenset({"DifferentSigners"})
EITHER = NO_CONFLICT | OTHER_SIGNER


def report(
    ground: Ground,
    pair: tuple[SignedStatement, SignedStatement],
    expected: frozenset[str],
    about: str,
) -> Attempt:
    slasher = ground.deployment.contracts.equivocation_slasher
    data = _REPORT.call(*(signed.for_contract() for signed in pair), bytes(32))
    return Attempt(KIND, slasher, data, expected, about)


OTHERS = 40
"""Pairs of a run beside those of one signer and place."""


def attempts(ground: Ground, said: Sequence[Said], random: Random) -> Iterator[Attempt]:
    """All pairs of one signer about one place, and some others."""
    mine: dict[object, list[Said]] = defaultdict(list)
    places: dict[object, list[Said]] = defaultdict(list)
    for one in said:
        mine[one.position, one.place].append(one)
        places[one.place].append(one)
    for group in mine.values():
        for pair in combinations(group, 2):
            first, second = random.sample(pair, 2)
            about = f"two of signer {first.position} at {first.place}"
            yield report(ground, (first.signed, second.signed), NO_CONFLICT, about)
    shared = list(places.values())
    for _ in range(OTHERS if said else 0):
        yield random.choice((_of_one_place, _of_any, _altered))(ground, said, shared, random)


def _of_one_place(
    ground: Ground, _: Sequence[Said], places: Sequence[Sequence[Said]], random: Random
) -> Attempt:
    """Whoever signed them: what contradicts itself is of different signers."""
    group = random.choice(places)
    first, second = random.choice(group), random.choice(group)
    expected = EITHER if first.position != second.position else NO_CONFLICT
    about = f"of signers {first.position} and {second.position} at {first.place}"
    return report(ground, (first.signed, second.signed), expected, about)


def _of_any(
    ground: Ground, said: Sequence[Said], _: Sequence[Sequence[Said]], random: Random
) -> Attempt:
    first, second = random.choice(said), random.choice(said)
    # A batch may be attested again in another epoch, with the same content; and views of two epochs
    # have the same numbers. Different signers alone may contradict each other.
    expected = EITHER if first.position != second.position else NO_CONFLICT
    about = f"of signers {first.position} and {second.position} anywhere"
    return report(ground, (first.signed, second.signed), expected, about)


def _altered(
    ground: Ground, said: Sequence[Said], _: Sequence[Sequence[Said]], random: Random
) -> Attempt:
    """A statement beside itself with another content, which its signature does not cover."""
    first = random.choice(said)
    statement, content = first.signed.statement, Hash32(random.randbytes(32))
    how = random.choice(("content", "content", "kind", "committee", "epoch"))
    match how:
        case "content":
            kind = statement.kind
            if kind is StatementKind.NULLIFY:
                kind = StatementKind.FINALIZE  # What alone contradicts it.
            altered = replace(statement, kind=kind, content=content)
            expected = OTHER_SIGNER
        case "kind":
            is_nullify = statement.kind is StatementKind.NULLIFY
            kind = StatementKind.FINALIZE if is_nullify else StatementKind.NULLIFY
            altered = replace(statement, kind=kind)
            expected = EITHER | {"NullifyWithContent"}
        case "committee":
            altered = replace(statement, committee=keccak(content), content=content)
            expected = NO_CONFLICT | {"WrongCommittee"}
        case _:
            altered = replace(statement, epoch=Epoch(statement.epoch + 1), content=content)
            expected = EITHER | {"NullifyWithContent"}
    pair = first.signed, replace(first.signed, statement=altered)
    about = f"signer {first.position} at {first.place} with another {how}"
    return report(ground, pair, expected, about)
