"""Report a sequencer that contradicted itself, and earn the reward.

    ape run report --network URL --account ALIAS --evidence build/devnet/node-1/data/evidence/F.json

The evidence is shown to L1 only after a commitment to it is a block old, so that nobody who sees
the report on its way can take the reward.
"""

import secrets
import time
from pathlib import Path

import click
from ape.api import AccountAPI, ProviderAPI
from ape.cli import ConnectedProviderCommand, account_option

from scripts._shared import (
    Contracts,
    bytes_address,
    deployment_option,
    plain_errors,
    unattended,
)
from sequencer.deployment.words import at_time, ether
from sequencer.errors import LocalFault
from sequencer.evidence import (
    MAX_EVIDENCE_BYTES,
    EquivocationEvidence,
    SignedStatement,
    StatementKind,
    load_equivocation,
)

POLL_SECONDS = 0.25


@click.command(cls=ConnectedProviderCommand)
@account_option()
@deployment_option
@click.option(
    "--evidence",
    "evidence_path",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    metavar="FILE",
    help="Evidence that a node wrote to its data folder.",
)
def cli(
    provider: ProviderAPI, account: AccountAPI, deployment_path: Path, evidence_path: Path
) -> None:
    """Commit to the evidence, then show it."""
    with plain_errors():
        contracts = Contracts(deployment_path, provider)
        evidence = _read(evidence_path)
        if evidence.domain != contracts.deployment.domain:
            raise LocalFault(
                f"{evidence_path} is about registry 0x{evidence.domain.registry.hex()} on chain"
                f" {evidence.domain.chain_id}, not about this deployment"
            )
        operator_id = contracts.registry.operatorIdOfSigner("0x" + evidence.signer.hex())
        if not operator_id:
            raise LocalFault(f"0x{evidence.signer.hex()} never was an operator's signing key")
        click.echo(f"Operator {operator_id} signed with 0x{evidence.signer.hex()}")
        click.echo(f"  {_said(evidence.first)}")
        click.echo(f"  {_said(evidence.second)}")
        unattended(account)
        salt = secrets.token_bytes(32)
        commitment = evidence.report_commitment(bytes_address(account.address), salt)
        click.echo("Committing to the report ...")
        committed = contracts.slasher.commitReport(commitment, sender=account)
        _wait_for_block(provider, committed.block_number + 1)
        _show(contracts, account, evidence, salt)


def _read(path: Path) -> EquivocationEvidence:
    try:
        with path.open("rb") as file:
            return load_equivocation(file.read(MAX_EVIDENCE_BYTES + 1))
    except OSError as error:
        raise LocalFault(f"{path}: {error.strerror}") from error


def _said(signed: SignedStatement) -> str:
    statement = signed.statement
    if statement.kind is StatementKind.ATTESTATION:
        about = f"batch {statement.position} = 0x{statement.content.hex()}"
    elif statement.kind is StatementKind.NULLIFY:
        about = f"view {statement.position}"
    else:
        about = f"view {statement.position}: block 0x{statement.content.hex()}"
    return f"{statement.kind.name.lower():12} epoch {statement.epoch}, {about}"


def _wait_for_block(provider: ProviderAPI, number: int) -> None:
    while int(provider.get_block("latest").number) < number:
        time.sleep(POLL_SECONDS)


def _show(
    contracts: Contracts, account: AccountAPI, evidence: EquivocationEvidence, salt: bytes
) -> None:
    click.echo("Showing the evidence ...")
    receipt = contracts.slasher.report(
        evidence.first.for_contract(), evidence.second.for_contract(), salt, sender=account
    )
    (event,) = contracts.ledger.OperatorSlashed.from_receipt(receipt)
    reward, victim, insurance, burned = event.split
    click.echo(
        f"Slashed: operator {event.id} and its delegators lost {ether(sum(event.split))},"
        f" {event.partBps / 100:g} % of what they had at stake."
    )
    stake, operator = contracts.registry.stake(event.id), contracts.registry.operator(event.id)
    click.echo(
        f"{ether(stake.stakedWei)} are left, locked until {at_time(operator.releaseAt)}; no"
        " committee that is chosen from now on has this operator."
    )
    click.echo(f"The reporter gets  {ether(reward)}")
    click.echo(f"Victims get        {ether(victim)}")
    click.echo(f"Insurance gets     {ether(insurance)}")
    click.echo(f"Burned             {ether(burned)}")
    if reward:
        paid = contracts.ledger.withdraw(account.address, sender=account)
        (withdrawn,) = contracts.ledger.CreditWithdrawn.from_receipt(paid)
        click.echo(f"Paid {ether(withdrawn.amountWei)} to {withdrawn.to}.")
