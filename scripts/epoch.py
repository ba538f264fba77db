"""The end of an epoch: settle who took part, punish who was absent, note who was there.

    ape run epoch settle 7 --network URL --account ALIAS
    ape run epoch punish 7 --network URL --account ALIAS
    ape run epoch note 7 --member 2 --network URL --account ALIAS

Anybody may, once the epoch can have no more commits. Every command takes --dry-run.
"""

from collections.abc import Iterator, Sequence

import click

from scripts._actions import Actor, Call, Figure, action
from scripts._epochs import batch_bitmaps, introduce, members_of, not_settled
from scripts._figures import credit_figure, operator_figures, yes_or_no
from scripts._options import epoch_argument, member_option, operator_argument
from sequencer.deployment.words import ether, percent
from sequencer.errors import LocalFault
from sequencer.types import Address

OFFENCES = ("equivocation", "data", "inactivity", "ordering", "promise", "neglect")
"""`Offence` of `ISlashingLedger`, from its second on."""

Tally = tuple[int, bytes, list[int]]
"""`Tally` of `IParticipation`."""


@click.group()
def cli() -> None:
    """Settle an epoch, punish who was absent, note who was there, escalate a slash."""


@action(cli)
@epoch_argument
@click.option(
    "--part", type=click.IntRange(1, 4_000), default=2_000, show_default=True, metavar="N",
    help="How many batches to count with one call, at most.",
)  # fmt: skip
def settle(actor: Actor, epoch: int, part: int) -> None:
    """Record who signed how many batches of an epoch (WORK-2, WORK-5)."""
    bitmaps = batch_bitmaps(actor, epoch)
    click.echo(f"Epoch {epoch} has {len(bitmaps)} batches.")
    tally = _tally(actor, epoch, bitmaps, part) if len(bitmaps) > part else None
    if tally is None:
        call = Call("Participation", "settle", (epoch, bitmaps))
    else:
        call = Call("Participation", "settleFrom", (epoch, tally, bitmaps[tally[0] :]))
    work = Call("Participation", "workOf", (epoch,))
    actor.act(
        call,
        [
            Figure("batches", work, lambda w: str(w["commits"])),
            Figure("absent members", work, lambda w: str([*_bits(w["absent"])])),
            Figure("work", work, lambda w: f"{ether(w['work'])} of weight, times batches"),
        ],
    )


def _tally(actor: Actor, epoch: int, bitmaps: list[int], part: int) -> Tally:
    """Count all batches but the last few (WORK-5); whoever was interrupted begins anew."""
    if actor.is_dry_run:
        raise LocalFault(
            f"they are more than {part}, and so take several calls, of which each needs the one"
            " before: no dry run of that"
        )
    if not actor.read("Participation", "isOver", epoch):
        raise LocalFault(f"too early: the committee of epoch {epoch} may still commit batches")
    tally: Tally = (0, bytes(20), [])
    while len(bitmaps) - tally[0] > part:
        chosen = bitmaps[tally[0] : tally[0] + part]
        receipt = actor.act(Call("Participation", "tally", (epoch, tally, chosen)), [])
        (event,) = actor.contracts.at("Participation").EpochTallied.from_receipt(receipt)
        commits, participation, counts = event.tally
        tally = commits, bytes(participation), list(counts)
        click.echo(f"Counted {tally[0]} of {len(bitmaps)}.")
    return tally


@action(cli)
@epoch_argument
@member_option
def punish(actor: Actor, epoch: int, member: int | None) -> None:
    """Slash the absent members of a settled epoch (IDLE-1)."""
    signers, absent = _settled(actor, epoch)
    chosen = _chosen(signers, absent, member)
    if not chosen:
        click.echo(f"Nobody was absent in epoch {epoch}.")
    for index in chosen:
        operator_id = introduce(actor, epoch, index, signers[index])
        if actor.read("InactivitySlasher", "isNoted", operator_id, epoch):
            click.echo(f"Operator {operator_id} showed itself in epoch {epoch} (IDLE-3).")
            continue
        streak = Call("InactivitySlasher", "streakOf", (operator_id,))
        actor.act(
            Call("InactivitySlasher", "punish", (epoch, index)),
            [
                *operator_figures(operator_id),
                Figure("absences in a row", streak, lambda found: str(found[1])),
                credit_figure("SlashingLedger", actor.address),
            ],
        )


@action(cli)
@epoch_argument
@member_option
def note(actor: Actor, epoch: int, member: int | None) -> None:
    """Note that members of a settled epoch were there: it ends their row of absences (IDLE-2)."""
    signers, absent = _settled(actor, epoch)
    present = [index for index in range(len(signers)) if index not in absent]
    for index in _chosen(signers, present, member):
        operator_id = introduce(actor, epoch, index, signers[index])
        is_noted = Call("InactivitySlasher", "isNoted", (operator_id, epoch))
        actor.act(
            Call("InactivitySlasher", "notePresence", (epoch, index)),
            [Figure("presence noted", is_noted, yes_or_no)],
        )


@action(cli)
@epoch_argument
@operator_argument
@click.option(
    "--offence", type=click.Choice(OFFENCES), default="equivocation", show_default=True,
    help="What the operator was slashed for.",
)  # fmt: skip
def escalate(actor: Actor, epoch: int, operator_id: int, offence: str) -> None:
    """Take what a slash was too small, for others have offended alike since (LEDGER-3)."""
    key = (epoch, operator_id, 1 + OFFENCES.index(offence))
    actor.act(
        Call("SlashingLedger", "escalate", key),
        [
            Figure("part taken", Call("SlashingLedger", "partOf", key), percent),
            *operator_figures(operator_id),
            credit_figure("SlashingLedger", actor.address),
        ],
    )


def _settled(actor: Actor, epoch: int) -> tuple[list[Address], list[int]]:
    """The signing keys of a settled epoch's members, and who of them was absent."""
    work = actor.read("Participation", "workOf", epoch)
    if not work["commits"]:
        raise not_settled(epoch)
    return members_of(actor, epoch), list(_bits(work["absent"]))


def _chosen(signers: Sequence[Address], found: list[int], member: int | None) -> list[int]:
    """One member, if it is asked for, or all that were found."""
    if member is None:
        return found
    if member >= len(signers):
        raise LocalFault(f"the epoch has members 0 to {len(signers) - 1}, not {member}")
    return [member]


def _bits(bitmap: int) -> Iterator[int]:
    return (index for index in range(bitmap.bit_length()) if bitmap >> index & 1)
