"""Bring evidence against a member of the committee to L1, and earn the reward.

    ape run report --network URL --account ALIAS --evidence build/devnet/node-1/data/evidence/F.json

Evidence files come from nodes, from `switchyard watch`, and from whoever was promised something.
They are shown to L1 only after a commitment to them is a block old, so that nobody who sees the
report on its way can take the reward. A broken promise takes two runs: the first one challenges it,
the second one, once nobody has answered in time, settles.
"""

import secrets
from pathlib import Path

import click

from scripts._actions import Actor, Call, command
from scripts._credit import withdraw_credit
from scripts._figures import credit_figure, operator_figures
from scripts._promises import report_promise
from sequencer.deployment.words import at_time, ether, percent
from sequencer.errors import LocalFault
from sequencer.evidence.fields import report_commitment
from sequencer.evidence.files import Report
from sequencer.evidence.promise import PromiseEvidence
from sequencer.evidence.reading import read_evidence
from sequencer.evidence.words import who_did_what


@command
@click.option(
    "--evidence",
    "evidence_path",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    metavar="FILE",
    help="An evidence file of any kind.",
)
def cli(actor: Actor, evidence_path: Path) -> None:
    """Commit to the evidence, then show it."""
    evidence = read_evidence(evidence_path)
    if evidence.domain != actor.contracts.deployment.domain:
        raise LocalFault(
            f"{evidence_path} is about registry 0x{evidence.domain.registry.hex()} on chain"
            f" {evidence.domain.chain_id}, not about this deployment"
        )
    operator_id = actor.read("BondRegistry", "operatorIdOfSigner", evidence.signer)
    if not operator_id:
        raise LocalFault(f"0x{evidence.signer.hex()} never was an operator's signing key")
    click.echo(f"Operator {operator_id}:")
    for line in who_did_what(evidence):
        click.echo(f"  {line}")
    if isinstance(evidence, PromiseEvidence):
        report_promise(actor, evidence, operator_id)
    else:
        _report(actor, evidence, operator_id)


def _report(actor: Actor, evidence: Report, operator_id: int) -> None:
    salt = secrets.token_bytes(32)
    commitment = report_commitment(evidence.hash(), actor.address, salt)
    receipt = actor.act(
        Call(evidence.contract, "report", (*evidence.for_contract(), salt)),
        [*operator_figures(operator_id), credit_figure("SlashingLedger", actor.address)],
        announcement=Call(evidence.contract, "commitReport", (commitment,)),
    )
    if receipt is None:
        return
    ledger = actor.contracts.ledger
    (event,) = ledger.OperatorSlashed.from_receipt(receipt)
    reward, victim, insurance, burned = event.split
    click.echo(
        f"Slashed: operator {event.id} and its delegators lost {ether(sum(event.split))},"
        f" {percent(event.partBps)} of what they had at stake."
    )
    operator = actor.read("BondRegistry", "operator", operator_id)
    if operator["releaseAt"]:
        click.echo(f"What is left is locked until {at_time(operator['releaseAt'])}.")
    click.echo(f"The reporter gets  {ether(reward)}")
    click.echo(f"Victims get        {ether(victim)}")
    click.echo(f"Insurance gets     {ether(insurance)}")
    click.echo(f"Burned             {ether(burned)}")
    if reward and (paid := withdraw_credit(actor, "SlashingLedger", actor.address)) is not None:
        click.echo(f"{paid}.")
