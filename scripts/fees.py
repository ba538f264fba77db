"""What a rollup pays for its place in the shared order.

    ape run fees prepay 1 --amount 0.5 --network URL --account ALIAS

Nodes charge by themselves (SUBMIT-9). Every command takes --dry-run.
"""

import click

from scripts._actions import Actor, Call, Figure, action
from scripts._figures import moment
from sequencer.deployment.words import ether, parse_ether


@click.group()
def cli() -> None:
    """Prepay a rollup's bytes, and show its account."""


_rollup_argument = click.argument("rollup", type=click.IntRange(1, 2**32 - 1))


@action(cli)
@_rollup_argument
@click.option("--amount", required=True, metavar="ETH", help="How much; arrears come first.")
def prepay(actor: Actor, rollup: int, amount: str) -> None:
    """Buy bytes for a rollup, at the price of now (FEE-2)."""
    actor.act(Call("SequencingFees", "prepay", (rollup,), parse_ether(amount)), _figures(rollup))


@action(cli)
@_rollup_argument
def show(actor: Actor, rollup: int) -> None:
    """A rollup's account."""
    actor.show(_figures(rollup))


def _figures(rollup: int) -> list[Figure]:
    account = Call("SequencingFees", "accountOf", (rollup,))
    is_dropped = Call("SequencingFees", "isDropped", (rollup,))
    return [
        Figure("bytes left", account, lambda a: str(a["leftBytes"])),
        Figure("paid for them", account, lambda a: ether(a["paidWei"])),
        Figure("arrears in bytes", account, lambda a: str(a["arrearsBytes"])),
        Figure("dropped from", account, lambda a: moment(a["dropAt"])),
        Figure("is dropped", is_dropped, lambda found: "yes" if found else "no"),
    ]
