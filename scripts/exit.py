"""Leave the sequencer, one step at a time: run it again until your bond is back.

    ape run exit --network URL --account ALIAS

First the weight goes and the unbonding time starts; when that is over the bond is released and
paid to the account. Until then it can still be slashed for what the hot key has signed.
"""

from pathlib import Path

import click
from ape.api import AccountAPI, ProviderAPI
from ape.cli import ConnectedProviderCommand, account_option

from scripts._shared import (
    Contracts,
    deployment_option,
    plain_errors,
    unattended,
)
from sequencer.deployment.words import at_time, ether

ACTIVE = 1
"""`OperatorStatus` of `IBondRegistry`; the others that hold a place are leaving."""


@click.command(cls=ConnectedProviderCommand)
@account_option()
@deployment_option
@click.option("--to", metavar="ADDRESS", help="Who is paid in the end (default: the account).")
def cli(provider: ProviderAPI, account: AccountAPI, deployment_path: Path, to: str | None) -> None:
    """Exit, release and withdraw, whichever is next."""
    with plain_errors():
        registry = Contracts(deployment_path, provider).registry
        unattended(account)
        operator_id = registry.operatorIdOf(account.address)
        if operator_id:
            operator = registry.operator(operator_id)
            if operator.status == ACTIVE:
                receipt = registry.initiateExit(sender=account)
                (event,) = registry.ExitInitiated.from_receipt(receipt)
                click.echo(f"Operator {operator_id} is leaving: its weight is zero from now on.")
                click.echo(f"Its bond is released from {at_time(event.releaseAt)}.")
                return
            now = provider.get_block("latest").timestamp
            if now < operator.releaseAt:
                click.echo(f"Operator {operator_id} is leaving already.")
                click.echo(
                    f"Its bond, {ether(operator.bondWei)}, is released from"
                    f" {at_time(operator.releaseAt)}. Run this again then."
                )
                return
            receipt = registry.release(operator_id, sender=account)
            (event,) = registry.OperatorReleased.from_receipt(receipt)
            click.echo(f"Operator {operator_id} is released with {ether(event.creditedWei)}.")
        if not registry.credit(account.address):
            raise click.ClickException(f"{account.address} is no operator and has no credit")
        receipt = registry.withdraw(to or account.address, sender=account)
        (event,) = registry.CreditWithdrawn.from_receipt(receipt)
        click.echo(f"Paid {ether(event.amountWei)} to {event.to}.")
