"""Leave the sequencer, one step at a time: run it again until your bond is back.

    ape run exit --network URL --account ALIAS

First the weight goes and the unbonding time starts; when that is over the bond is released and
paid to the account. Until then it can still be slashed for what the hot key has signed.
"""

import click

from scripts._actions import Actor, Call, Figure, command
from scripts._credit import withdraw_credit
from scripts._figures import credit_figure, moment, operator_field, operator_figures
from scripts._wallet import to_address
from sequencer.deployment.words import at_time, ether
from sequencer.errors import LocalFault
from sequencer.l1.stakes import STATUS_NAMES


@command
@click.option("--to", metavar="ADDRESS", help="Who is paid in the end (default: the account).")
def cli(actor: Actor, to: str | None) -> None:
    """Exit, release and withdraw, whichever is next."""
    receiver = actor.address if to is None else to_address(to, "--to")
    operator_id = actor.read("BondRegistry", "operatorIdOf", actor.address)
    if operator_id:
        operator = actor.read("BondRegistry", "operator", operator_id)
        if STATUS_NAMES[operator["status"]] in ("active", "jailed"):
            _begin(actor, operator_id)
            return
        if actor.now() < operator["releaseAt"]:
            stake = actor.read("BondRegistry", "stake", operator_id)
            click.echo(f"Operator {operator_id} is leaving already.")
            click.echo(
                f"Its bond, {ether(stake['ownWei'])}, is released from"
                f" {at_time(operator['releaseAt'])}. Run this again then."
            )
            return
        if not _release(actor, operator_id):
            return
    if not actor.read("BondRegistry", "credit", actor.address):
        raise LocalFault(f"{actor.account.address} is no operator and has no credit")
    figures = [credit_figure("BondRegistry", actor.address)]
    paid = withdraw_credit(actor, "BondRegistry", receiver, figures)
    if paid is not None:
        click.echo(f"{paid}.")


def _begin(actor: Actor, operator_id: int) -> None:
    """BOND-5."""
    receipt = actor.act(
        Call("BondRegistry", "initiateExit"),
        [
            *operator_figures(operator_id),
            operator_field(operator_id, "released", "releaseAt", moment),
        ],
    )
    if receipt is not None:
        (event,) = actor.contracts.registry.ExitInitiated.from_receipt(receipt)
        click.echo(f"Operator {operator_id} is leaving: its weight is zero from now on.")
        click.echo(f"Its bond is released from {at_time(event.releaseAt)}.")


def _release(actor: Actor, operator_id: int) -> bool:
    """BOND-6. Whether it was sent."""
    own = Figure(
        f"operator {operator_id} own",
        Call("BondRegistry", "stake", (operator_id,)),
        lambda stake: ether(stake["ownWei"]),
    )
    receipt = actor.act(
        Call("BondRegistry", "release", (operator_id,)),
        [own, credit_figure("BondRegistry", actor.address)],
    )
    if receipt is None:
        return False
    (event,) = actor.contracts.registry.OperatorReleased.from_receipt(receipt)
    click.echo(f"Operator {operator_id} is released with {ether(event.creditedWei)}.")
    return True
