"""The end of an epoch: settle who took part, punish who was absent.

    ape run epoch settle 7 --network URL --account ALIAS
    ape run epoch punish 7 --network URL --account ALIAS

Anybody may, once the epoch can have no more commits. Every command takes --dry-run.
"""

from collections.abc import Iterator

import click

from scripts._actions import Actor, Call, Figure, action
from scripts._epochs import batch_bitmaps, members_of
from scripts._figures import operator_figures
from sequencer.deployment.words import ether
from sequencer.errors import LocalFault


@click.group()
def cli() -> None:
    """Settle an epoch, and punish who was absent."""


_epoch_argument = click.argument("epoch", type=click.IntRange(0, 2**40))
_member_option = click.option(
    "--member", type=click.IntRange(0, 127), metavar="INDEX", help="Only this one (default: all)."
)


@action(cli)
@_epoch_argument
def settle(actor: Actor, epoch: int) -> None:
    """Record who signed how many batches of an epoch (WORK-2)."""
    bitmaps = batch_bitmaps(actor, epoch)
    click.echo(f"Epoch {epoch} has {len(bitmaps)} batches.")
    work = Call("Participation", "workOf", (epoch,))
    actor.act(
        Call("Participation", "settle", (epoch, bitmaps)),
        [
            Figure("batches", work, lambda w: str(w["commits"])),
            Figure("absent members", work, lambda w: str([*_bits(w["absent"])])),
            Figure("work", work, lambda w: f"{ether(w['work'])} of weight, times batches"),
        ],
    )


@action(cli)
@_epoch_argument
@_member_option
def punish(actor: Actor, epoch: int, member: int | None) -> None:
    """Slash the absent members of a settled epoch (IDLE-1)."""
    work = actor.read("Participation", "workOf", epoch)
    if not work["commits"]:
        raise LocalFault(f"epoch {epoch} is not settled: ape run epoch settle {epoch}")
    absent = list(_bits(work["absent"])) if member is None else [member]
    if not absent:
        click.echo(f"Nobody was absent in epoch {epoch}.")
    signers = members_of(actor, epoch)
    for index in absent:
        if index >= len(signers):
            raise LocalFault(f"epoch {epoch} has members 0 to {len(signers) - 1}, not {index}")
        operator_id = actor.read("BondRegistry", "operatorIdOfSigner", signers[index])
        click.echo(f"Member {index} of epoch {epoch}, operator {operator_id}:")
        streak = Call("InactivitySlasher", "streakOf", (operator_id,))
        actor.act(
            Call("InactivitySlasher", "punish", (epoch, index)),
            [
                *operator_figures(operator_id),
                Figure("absences in a row", streak, lambda found: str(found[1])),
            ],
        )


def _bits(bitmap: int) -> Iterator[int]:
    return (index for index in range(bitmap.bit_length()) if bitmap >> index & 1)
