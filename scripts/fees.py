"""What a rollup pays for its place in the shared order.

    ape run fees prepay 1 --amount 0.5 --network URL --account ALIAS
    ape run fees charge --network URL --account ALIAS

Nodes charge by themselves (SUBMIT-9), and anybody may. Every command takes --dry-run.
"""

import click
from msgspec.structs import astuple

from scripts._actions import Actor, Call, Figure, action
from scripts._batches import Usages, search_held
from scripts._figures import moment, yes_or_no
from scripts._options import archives_option, beacon_option, rollup_argument
from sequencer.batches.usage import rollups_of
from sequencer.deployment.words import at_time, ether, parse_ether
from sequencer.errors import LocalFault
from sequencer.l1.charging import CHARGE_BATCHES, choose_batches
from sequencer.l1.fees import Charged
from sequencer.types import BatchIndex


@click.group()
def cli() -> None:
    """Prepay a rollup's bytes, show its account, and charge for batches."""


@action(cli)
@rollup_argument
@click.option("--amount", required=True, metavar="ETH", help="How much; arrears come first.")
def prepay(actor: Actor, rollup: int, amount: str) -> None:
    """Buy bytes for a rollup, at the price of now (FEE-2)."""
    actor.act(Call("SequencingFees", "prepay", (rollup,), parse_ether(amount)), _figures(rollup))


@action(cli)
@rollup_argument
def show(actor: Actor, rollup: int) -> None:
    """A rollup's account."""
    actor.show(_figures(rollup))


@action(cli)
@beacon_option
@archives_option
def charge(actor: Actor, beacon: str | None, archives: tuple[str, ...]) -> None:
    """Charge rollups for the batches that come next, 16 at most (FEE-3). By anyone."""
    charged = Charged(*actor.read("SequencingFees", "charged"))
    last = actor.read("CommitmentChain", "lastIndex")
    if charged.last >= last:
        raise LocalFault(f"L1 has batches up to {last}, and all of them are charged for")
    first, end = BatchIndex(charged.last + 1), BatchIndex(min(charged.last + CHARGE_BATCHES, last))
    calls = search_held(
        actor.contracts, actor.url, beacon, archives, lambda search: search.commits(first, end)
    )
    source = Usages(calls, _passable(actor))
    batches, usages, entries = choose_batches(source, charged, end)
    if not batches:
        raise LocalFault(
            f"the data of batch {first} has another usage than its quorum has signed: a day after"
            " ape run fees doubt it may be passed over (FEE-6)"
        )
    click.echo(f"Batches {batches[0].index} to {batches[-1].index} of {last}.")
    rollups = sorted({rollup for usage in usages for rollup in rollups_of(usage)})
    actor.act(
        Call("SequencingFees", "charge", ([astuple(one) for one in batches], usages, entries)),
        [
            Figure(
                "charged batches", Call("SequencingFees", "charged"), lambda found: str(found[0])
            ),
            *(figure for rollup in rollups for figure in _figures(rollup)),
        ],
    )


@action(cli)
def doubt(actor: Actor) -> None:
    """Say that nobody shows what the next batch used: in a day it may be passed over (FEE-6)."""
    doubted = Call("SequencingFees", "doubted")
    actor.act(
        Call("SequencingFees", "doubt"),
        [
            Figure("doubted batch", doubted, lambda found: str(found[0])),
            Figure("passed over from", doubted, lambda found: moment(found[1])),
        ],
    )


def _passable(actor: Actor) -> BatchIndex | None:
    """FEE-6."""
    index, passable_at = actor.read("SequencingFees", "doubted")
    if not index:
        return None
    if actor.now() < passable_at:
        click.echo(f"Batch {index} is doubted; it may be passed over {at_time(passable_at)}.")
        return None
    return BatchIndex(index)


def _figures(rollup: int) -> list[Figure]:
    name = f"rollup {rollup}"
    account = Call("SequencingFees", "accountOf", (rollup,))
    is_dropped = Call("SequencingFees", "isDropped", (rollup,))
    return [
        Figure(f"{name} bytes left", account, lambda a: str(a["leftBytes"])),
        Figure(f"{name} paid for them", account, lambda a: ether(a["paidWei"])),
        Figure(f"{name} arrears in bytes", account, lambda a: str(a["arrearsBytes"])),
        Figure(f"{name} dropped from", account, lambda a: moment(a["dropAt"])),
        Figure(f"{name} is dropped", is_dropped, yes_or_no),
    ]
