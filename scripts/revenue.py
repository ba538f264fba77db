"""Revenue: add to it, and have each share of an epoch paid.

    ape run revenue deposit --amount 1 --network URL --account ALIAS
    ape run revenue pay 7 --network URL --account ALIAS

Anybody may have the shares of a settled epoch paid. Every command takes --dry-run.
"""

import click

from scripts._actions import Actor, Call, Figure, action
from scripts._epochs import counts_of, introduce, members_of
from scripts._figures import pool_figures
from scripts._options import epoch_argument, member_option, rollup_argument
from scripts._shared import bytes_address
from sequencer.deployment.words import ether, parse_ether
from sequencer.errors import LocalFault


@click.group()
def cli() -> None:
    """Deposit revenue, show and pay its shares."""


@action(cli)
@click.option("--amount", required=True, metavar="ETH", help="How much.")
@click.option("--rollup", type=int, default=0, metavar="ID", help="Which rollup it counts for.")
def deposit(actor: Actor, amount: str, rollup: int) -> None:
    """Add to the revenue of this epoch (REV-1)."""
    epoch = actor.contracts.deployment.schedule.epoch_of(actor.now())
    if epoch is None:
        raise LocalFault("epoch 0 has not begun")
    call = Call("RevenueSplitter", "deposit", (rollup,), parse_ether(amount))
    receipt = actor.act(call, _figures(epoch))
    if receipt is not None:
        (event,) = actor.contracts.at("RevenueSplitter").RevenueDeposited.from_receipt(receipt)
        click.echo(f"It is of epoch {event.epoch}.")


@action(cli)
@epoch_argument
@member_option
def pay(actor: Actor, epoch: int, member: int | None) -> None:
    """Pay the members of a settled epoch for their work, delegators after commission (REV-3)."""
    counts, signers = counts_of(actor, epoch), members_of(actor, epoch)
    for index in range(len(signers)) if member is None else (member,):
        if actor.read("RevenueSplitter", "isPaid", epoch, index):
            click.echo(f"Member {index} of epoch {epoch} is paid already.")
            continue
        _, work = actor.read("Participation", "workOfMember", epoch, counts, index)
        if not work:
            click.echo(f"Member {index} of epoch {epoch} signed no batch.")
            continue
        operator_id = introduce(actor, epoch, index, signers[index])
        cold = bytes_address(actor.read("BondRegistry", "operator", operator_id)["operator"])
        reward = Call("BondRegistry", "stakeOf", (operator_id, cold))
        credit = Call("BondRegistry", "credit", (cold,))
        actor.act(
            Call("RevenueSplitter", "pay", (epoch, counts, index)),
            [
                Figure("cold key's credit (commission)", credit, ether),
                Figure("cold key's reward (own shares)", reward, lambda found: ether(found[2])),
                *_figures(epoch),
            ],
        )


@action(cli)
@epoch_argument
@rollup_argument
def rebate(actor: Actor, epoch: int, rollup: int) -> None:
    """Credit a rollup's owner with its part of an epoch that has ended (REV-4)."""
    if not actor.read("RollupRegistry", "isRegistered", rollup):
        raise LocalFault(f"there is no rollup {rollup}")
    owner, *_ = actor.read("RollupRegistry", "rollup", rollup)
    actor.act(
        Call("RevenueSplitter", "rebate", (epoch, rollup)),
        [
            Figure("owner's credit", Call("RevenueSplitter", "credit", (owner,)), ether),
            *_figures(epoch),
        ],
    )


@action(cli)
@epoch_argument
def insure(actor: Actor, epoch: int) -> None:
    """Send the insurance pool its part of an epoch that has ended (REV-5)."""
    actor.act(Call("RevenueSplitter", "insure", (epoch,)), [*pool_figures(), *_figures(epoch)])


@action(cli)
@epoch_argument
def show(actor: Actor, epoch: int) -> None:
    """What came in for an epoch, and whose it is."""
    actor.show(_figures(epoch))


@action(cli)
@epoch_argument
def carry(actor: Actor, epoch: int) -> None:
    """Give what nobody can be paid any more to the current epoch (REV-5)."""
    actor.act(Call("RevenueSplitter", "carry", (epoch,)), _figures(epoch))


def _figures(epoch: int) -> list[Figure]:
    revenue = Call("RevenueSplitter", "revenueOf", (epoch,))
    return [
        Figure("deposited", revenue, lambda r: ether(r["depositedWei"])),
        Figure("carried in", revenue, lambda r: ether(r["carriedWei"])),
        Figure("operators' part", revenue, lambda r: ether(r["operatorsWei"])),
        Figure("rollups' part", revenue, lambda r: ether(r["rebatesWei"])),
        Figure("insurance's part", revenue, lambda r: ether(r["insuranceWei"])),
    ]
