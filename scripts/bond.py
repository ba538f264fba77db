"""Join the sequencer: bond the account you sign with, the cold key, for a hot signing key.

    switchyard keys new hot.json
    ape run bond --network URL --account ALIAS --signer hot.json --endpoint tcp://HOST:PORT

The hot key proves itself by a signature, so its password is needed once: SWITCHYARD_PASSWORD_FILE
or SWITCHYARD_PASSWORD, as for the node.
"""

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
from sequencer.config import keystore_password
from sequencer.crypto.digests import key_possession, typed_digest
from sequencer.crypto.keystore import load_secret
from sequencer.crypto.signatures import Signer
from sequencer.crypto.transport_key import transport_public
from sequencer.deployment.words import (
    at_time,
    ether,
    first_epoch_of_bond,
    parse_endpoint,
    parse_ether,
)


@click.command(cls=ConnectedProviderCommand)
@account_option()
@deployment_option
@click.option(
    "--signer",
    "keystore",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="Keystore of the hot signing key.",
)
@click.option(
    "--endpoint",
    required=True,
    metavar="tcp://HOST:PORT",
    help="Where the other nodes reach yours: its peer_listen address, seen from outside.",
)
@click.option(
    "--amount", type=str, metavar="ETH", help="The bond, e.g. 32 or 1.5 (default: the least)."
)
def cli(
    provider: ProviderAPI,
    account: AccountAPI,
    deployment_path: Path,
    keystore: Path,
    endpoint: str,
    amount: str | None,
) -> None:
    """Bond an operator."""
    with plain_errors():
        contracts = Contracts(deployment_path, provider)
        least = int(contracts.registry.parameters().minBond)
        bond_wei = least if amount is None else parse_ether(amount)
        secret = load_secret(keystore, keystore_password())
        signer, transport_key = Signer(secret), transport_public(secret)
        digest = typed_digest(
            contracts.deployment.domain.separator(),
            key_possession(bytes_address(account.address), signer.address, transport_key),
        )
        unattended(account)
        receipt = contracts.registry.bond(
            "0x" + signer.address.hex(),
            transport_key,
            parse_endpoint(endpoint),
            signer.sign(digest),
            sender=account,
            value=bond_wei,
        )
        (event,) = contracts.registry.OperatorBonded.from_receipt(receipt)
        click.echo(f"Operator {event.id}, {account.address}, has bonded {ether(event.bondWei)}.")
        click.echo(f"Its node signs with 0x{signer.address.hex()} and is reached at {endpoint}.")
        schedule = contracts.deployment.schedule
        epoch = first_epoch_of_bond(schedule, receipt.timestamp // 1_000)
        click.echo(
            f"It can sit in the committee from epoch {epoch} on, which begins"
            f" {at_time(schedule.start_of(epoch))}."
        )
