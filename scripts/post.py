"""Post transactions of a rollup to L1 yourself: they are in its order at once.

    ape run post --network URL --account ALIAS --rollup 1 --transactions FILE

FILE has raw signed transactions in hex, one a line; "-" reads them from standard input. Anyone may
post for a rollup that is based, and for every shared one while the chain is based (see `ape run
fallback`); for a solo rollup its sequencer may. It may be interrupted: the same command goes on.
"""

from pathlib import Path

import click
from ape.api import AccountAPI, ProviderAPI
from ape.cli import ConnectedProviderCommand

from scripts._shared import Contracts, deployment_option, plain_errors
from scripts._wallet import (
    from_option,
    label_option,
    optional_account,
    signer_of,
    signer_option,
    wallet_of,
)
from sequencer.errors import LocalFault
from sequencer.wallet.options import Options

MAX_FILE_CHARACTERS = 8 << 20


@click.command(cls=ConnectedProviderCommand)
@optional_account
@signer_option
@from_option
@deployment_option
@click.option("--rollup", type=int, required=True, metavar="ID", help="The rollup's id.")
@click.option(
    "--transactions",
    "file",
    type=click.File(),
    required=True,
    metavar="FILE",
    help="Raw signed transactions in hex, one a line, in the order they are to have.",
)
@click.option("--confirmations", type=int, default=2, show_default=True, metavar="BLOCKS")
@label_option
def cli(  # noqa: PLR0913, PLR0917 - one parameter for each option
    provider: ProviderAPI,
    account: AccountAPI | None,
    signer_command: str | None,
    from_address: str | None,
    deployment_path: Path,
    rollup: int,
    file: click.utils.LazyFile,
    confirmations: int,
    label: str,
) -> None:
    """Post a batch of raw transactions."""
    with plain_errors():
        contracts = Contracts(deployment_path, provider)
        raws = _transactions(str(file.read(MAX_FILE_CHARACTERS)))
        signer = signer_of(provider, account, signer_command, from_address)
        options = Options(confirmations=confirmations)
        wallet = wallet_of(provider, contracts.deployment, deployment_path, signer, options)
        chain_id = wallet.chain_id_of(rollup)
        click.echo(f"Rollup {rollup} has chain id {chain_id}; {len(raws)} transactions to post.")
        receipt = wallet.post(rollup, raws, label=label)
        click.echo(f"Posted as batch #{receipt.number} of the rollup in L1 block {receipt.block}.")


def _transactions(text: str) -> list[bytes]:
    if len(text) >= MAX_FILE_CHARACTERS:
        raise LocalFault(f"the file has {MAX_FILE_CHARACTERS} characters or more")
    found: list[bytes] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                found.append(bytes.fromhex(line.strip().removeprefix("0x")))
            except ValueError as error:
                raise LocalFault(f"line {number} is no hex") from error
    return found
