"""Put Switchyard on the L1 you are connected to, and write the deployment file.

    ape run deploy --network http://127.0.0.1:8545 --account ALIAS --parameters devnet

The contracts are created one after another at addresses known beforehand, and everything
is read back at the end. Nothing in them can be changed later.
"""

from pathlib import Path

import click
from ape.api import AccountAPI, ProviderAPI
from ape.cli import ConnectedProviderCommand, account_option
from ape.utils import ZERO_ADDRESS

from scripts._shared import (
    DEFAULT_DEPLOYMENT,
    Contracts,
    ape_container,
    bytes_address,
    eth_call,
    plain_errors,
    unattended,
)
from sequencer.blocks.order import OrderingPolicy
from sequencer.deployment.artifacts import load_artifact
from sequencer.deployment.parameters import load_parameters
from sequencer.deployment.plan import CONTRACTS, Plan, deployment_of, plan_deployment
from sequencer.deployment.wiring import questions
from sequencer.deployment.words import at_time
from sequencer.errors import LocalFault
from sequencer.l1.deployment import save_deployment


@click.command(cls=ConnectedProviderCommand)
@account_option()
@click.option(
    "--parameters",
    "parameters_name",
    required=True,
    metavar="NAME|FILE",
    help="A named set (devnet, demo) or a TOML file of your own.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=DEFAULT_DEPLOYMENT,
    show_default=True,
    help="The deployment file to write.",
)
@click.option(
    "--rollup",
    "chain_ids",
    type=int,
    multiple=True,
    metavar="CHAIN_ID",
    help="Register a rollup, owned by the account. May be given more than once.",
)
@click.option(
    "--held-rollup",
    "held_chain_ids",
    type=int,
    multiple=True,
    metavar="CHAIN_ID",
    help="The same, of a rollup whose data the committee keeps; their ids follow the others'.",
)
@click.option(
    "--ordering",
    "policy",
    type=click.Choice([policy.name.lower() for policy in OrderingPolicy]),
    default="priority",
    show_default=True,
    help="How transactions of these rollups stand in a block, for ever.",
)
@click.option(
    "--base-fee",
    "base_fee_wei",
    type=click.IntRange(0, 2**96 - 1),
    default=0,
    metavar="WEI",
    help="What the priority fee is paid on top of, with --ordering priority.",
)
def cli(
    provider: ProviderAPI,
    account: AccountAPI,
    parameters_name: str,
    out: Path,
    chain_ids: tuple[int, ...],
    held_chain_ids: tuple[int, ...],
    policy: str,
    base_fee_wei: int,
) -> None:
    """Deploy the contracts and write the deployment file."""
    with plain_errors():
        if out.exists():
            raise LocalFault(f"{out} exists; move it away or choose another file with --out")
        parameters = load_parameters(parameters_name)
        unattended(account)
        latest = provider.get_block("latest")
        plan = plan_deployment(
            chain_id=provider.chain_id,
            deployer=bytes_address(account.address),
            first_nonce=account.nonce,
            genesis=latest.timestamp + parameters.genesis_delay_seconds,
            parameters=parameters,
        )
        _create(account, plan)
        _check(provider, plan)
        out.parent.mkdir(parents=True, exist_ok=True)
        save_deployment(deployment_of(plan, int(latest.number)), out)
        click.echo(f"Wrote {out}.")
        contracts = Contracts(out, provider)
        ordering = int(OrderingPolicy[policy.upper()]), base_fee_wei
        _register(account, contracts, chain_ids, ordering, holds_data=False)
        _register(account, contracts, held_chain_ids, ordering, holds_data=True)
        click.echo(
            f"Operators can bond now (ape run bond). Epoch 0 begins {at_time(plan.genesis)};"
            " who bonds before that sits in the first committee."
        )


def _create(account: AccountAPI, plan: Plan) -> None:
    for creation in plan.creations:
        container = ape_container(load_artifact(creation.name))
        instance = account.deploy(container, *creation.arguments)
        if bytes_address(instance.address) != creation.address:
            raise LocalFault(
                f"{creation.name} is at {instance.address}, planned was"
                f" 0x{creation.address.hex()}: the account has sent something else meanwhile"
            )
        click.echo(f"{creation.name:20} {instance.address}")


def _check(provider: ProviderAPI, plan: Plan) -> None:
    asked = list(questions(plan, {name: load_artifact(name) for name in CONTRACTS}))
    for question in asked:
        question.check(eth_call(provider, question.address, question.call_data()))
    click.echo(f"Read back {len(asked)} values: all contracts are wired as planned.")


def _register(
    account: AccountAPI,
    contracts: Contracts,
    chain_ids: tuple[int, ...],
    ordering: tuple[int, int],
    *,
    holds_data: bool,
) -> None:
    for chain_id in chain_ids:
        receipt = contracts.rollups.register(
            chain_id, ZERO_ADDRESS, holds_data, ordering, sender=account
        )
        (event,) = contracts.rollups.RollupRegistered.from_receipt(receipt)
        held = "; the committee keeps its data" if event.holdsData else ""
        click.echo(f"Registered rollup {event.rollupId} with chain id {chain_id}{held}.")
