"""The insurance pool: pay into it, and have it pay the claims that stand first.

    ape run insurance fund --amount 10 --network URL --account ALIAS
    ape run insurance pay --network URL --account ALIAS

Every command takes --dry-run. `switchyard stake` shows the pool beside all operators.
"""

import click

from scripts._actions import Actor, Call, Figure, action
from scripts._figures import pool_figures
from sequencer.deployment.words import parse_ether


@click.group()
def cli() -> None:
    """Fund the insurance pool, and have it pay."""


@action(cli)
@click.option("--amount", required=True, metavar="ETH", help="How much; it never comes back.")
def fund(actor: Actor, amount: str) -> None:
    """Pay into the pool (INS-1)."""
    actor.act(Call("InsurancePool", "fund", (), parse_ether(amount)), pool_figures())


@action(cli)
@click.option(
    "--count", type=click.IntRange(1), default=16, show_default=True, metavar="N",
    help="How many claims to look at, at most.",
)  # fmt: skip
def pay(actor: Actor, count: int) -> None:
    """Credit the claims that stand first (INS-3). By anyone."""
    actor.act(Call("InsurancePool", "pay", (count,)), _figures())


@action(cli)
def show(actor: Actor) -> None:
    """What the pool has, and what it owes."""
    actor.show(_figures())


def _figures() -> list[Figure]:
    claims = Call("InsurancePool", "claimCount")
    paid = Figure("claims paid", claims, lambda found: f"{found[1]} of {found[0]}")
    return [*pool_figures(), paid]
