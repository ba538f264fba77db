"""`python -m tests.symbolic.shares`: the arithmetic of StakeLib, proved for numbers of any size.

Each step of a pool is a formula of whole numbers. A product of two unknowns stands as an unknown of
its own, of which nothing is used but that it is linear in either; so z3 decides every claim, and
that its negation has no solution is a proof. What is claimed of each step is that it keeps

    held * one >= all shares * index + all tickets * their indices                  (STAKE-7)

and that it moves nothing but what it should (STAKE-1, STAKE-5, STAKE-9). The same is asked of
formulas with one bug each, for which it must not be proved. The status is 0 if all comes out so.
"""

import sys
from collections.abc import Iterator

import z3

one, wei = z3.Ints("ONE wei")
held, after = z3.Ints("held after")
# Products shares * index (i before a slash, j after it): of who acts, and of all the others.
mine, others, mine_j, others_j = z3.Ints("mine*i others*i mine*j others*j")
new = z3.Int("new*i")
index = z3.Int("i")
# Tickets that were released: their shares times the index that they keep.
free = z3.Int("free")
# Shares times what each was rewarded, of the same two.
mine_r, others_r = z3.Ints("mine*r others*r")

ONE = 10**27
"""What `one` is, where the number matters."""

Claim = tuple[str, list[z3.BoolRef], z3.BoolRef]


def divided(result: z3.ArithRef, product: z3.ArithRef) -> z3.BoolRef:
    """`result` is `product / one`, rounded down."""
    return z3.And(result * one <= product, product < result * one + one)


def divided_up(result: z3.ArithRef, product: z3.ArithRef) -> z3.BoolRef:
    """The same rounded up, as it must not be."""
    return z3.And(result * one >= product, product > result * one - one)


POSITIVE = [one > 0, wei >= 0, mine >= 0, others >= 0, free >= 0, index > 0]
SOLVENT = held * one >= mine + others + free
# A slash: index j is at most i.
SLASHED = [mine_j >= 0, mine_j <= mine, others_j >= 0, others_j <= others]
# `add`: new shares are wei * one / index, rounded down.
BOUGHT = [new >= 0, new <= wei * one, wei * one < new + index]
BOUGHT_UP = [new >= wei * one, wei * one > new - index]
# `reward`: each share gets wei * one / shares, rounded down.
REWARDED = [mine_r >= 0, others_r >= 0, mine_r + others_r <= wei * one]


def claims() -> Iterator[Claim]:
    """What is true."""
    begin = [*POSITIVE, SOLVENT]
    worth, before = z3.Ints("worth before")
    added = [*begin, *BOUGHT, after == held + wei]
    yield "add: solvent", added, after * one >= mine + others + free + new
    yield "add: worth no more than paid", [*added, divided(worth, new)], worth <= wei
    yield (
        "add: less than a wei is lost to rounding",
        [*added, index <= one, divided(worth, new)],
        worth >= wei - 1,
    )
    whole = divided(worth, mine + others - mine_j - others_j)
    slashed = [*begin, *SLASHED, whole, after == held - worth]
    yield "slash: solvent, released tickets whole", slashed, after * one >= mine_j + others_j + free
    yield "slash: no more is taken than is held", slashed, z3.And(after >= 0, worth >= 0)
    yield (
        "slash: worth never rises",
        [*begin, *SLASHED, divided(before, mine), divided(worth, mine_j)],
        worth <= before,
    )
    paid = [*begin, divided(worth, mine), after == held - worth]
    yield "claim: solvent", paid, after * one >= others + free
    yield "claim: no more is paid than is held", paid, after >= 0
    first, second = z3.Ints("a b")
    yield (
        "pieces: worth no more than the whole",
        [*begin, divided(first, mine), divided(second, others), divided(worth, mine + others)],
        z3.And(first + second <= worth, worth <= first + second + 1),
    )
    rewarded = [*POSITIVE, *REWARDED, divided(first, mine_r), divided(second, others_r)]
    yield "reward: no more is gained than was paid", rewarded, first + second <= wei
    narrow = [wei >= 0, wei < 2**96, new <= wei * ONE, index > ONE >> 32]
    yield "add: 96 bits of wei are 128 bits of shares", narrow, new < 2**128 * index


def broken() -> Iterator[Claim]:
    """The same with a bug in each."""
    begin = [*POSITIVE, SOLVENT]
    worth = z3.Int("worth")
    added = [*begin, *BOUGHT_UP, after == held + wei]
    yield "add that rounds up: solvent", added, after * one >= mine + others + free + new
    whole = divided_up(worth, mine + others - mine_j - others_j)
    slashed = [*begin, *SLASHED, whole, after == held - worth]
    yield "slash that rounds up: solvent", slashed, after * one >= mine_j + others_j + free
    tickets = divided(worth, mine + others + free - mine_j - others_j)
    slashed = [*begin, *SLASHED, tickets, after == held - worth]
    yield "slash of released tickets: solvent", slashed, after * one >= mine_j + others_j + free
    paid = [*begin, divided_up(worth, mine), after == held - worth]
    yield "claim that rounds up: solvent", paid, after * one >= others + free
    first, second = z3.Ints("a b")
    rewarded = [*POSITIVE, *REWARDED, divided_up(first, mine_r), divided_up(second, others_r)]
    yield "reward that rounds up: no more is gained than was paid", rewarded, first + second <= wei
    narrow = [wei >= 0, wei < 2**96, new <= wei * ONE, index > ONE >> 33]
    yield "add to a lower index: 128 bits of shares", narrow, new < 2**128 * index


def is_proved(claim: Claim) -> bool:
    """Whether nothing that fits the formulas contradicts the claim."""
    _, given, then = claim
    solver = z3.Solver()
    solver.set("timeout", 60_000)
    solver.add(*given, z3.Not(then))
    return bool(solver.check() == z3.unsat)


def main() -> int:
    wrong = 0
    for expected, group in ((True, claims()), (False, broken())):
        for claim in group:
            proved = is_proved(claim)
            wrong += proved is not expected
            print(f"{'proved' if proved else 'not proved'}: {claim[0]}", flush=True)
    print(f"shares: {wrong} not as they should be")
    return 0 if wrong == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
