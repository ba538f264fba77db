"""Join the sequencer: bond the account you sign with, the cold key, for a hot signing key.

    switchyard keys new hot.json
    ape run bond --network URL --account ALIAS --signer hot.json --endpoint tcp://HOST:PORT

The hot key proves itself by a signature, so its password is needed once: SWITCHYARD_PASSWORD_FILE
or SWITCHYARD_PASSWORD, as for the node.
"""

from pathlib import Path

import click

from scripts._actions import Actor, Call, Figure, command
from scripts._figures import bonded_figure
from sequencer.config import keystore_password
from sequencer.crypto.hot_keys import prove_possession
from sequencer.crypto.keystore import load_secret
from sequencer.crypto.signatures import Signer
from sequencer.crypto.transport_key import transport_public
from sequencer.deployment.economy import PARAMETER_NAMES
from sequencer.deployment.words import (
    at_time,
    ether,
    first_epoch_of_bond,
    parse_endpoint,
    parse_ether,
)


@command
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
@click.option(
    "--commission", type=click.IntRange(0, 10_000), default=0, show_default=True, metavar="BPS",
    help="What you keep of your delegators' rewards, in basis points.",
)  # fmt: skip
def cli(actor: Actor, keystore: Path, endpoint: str, amount: str | None, commission: int) -> None:
    """Bond an operator (BOND-1)."""
    least = actor.read("Parameters", "value", PARAMETER_NAMES.index("MIN_BOND_WEI"))
    bond_wei = least if amount is None else parse_ether(amount)
    secret = load_secret(keystore, keystore_password())
    signer, transport_key = Signer(secret), transport_public(secret)
    domain = actor.contracts.deployment.domain
    application = (
        signer.address,
        transport_key,
        commission,
        parse_endpoint(endpoint),
        prove_possession(signer, domain, actor.address, transport_key),
    )
    receipt = actor.act(
        Call("BondRegistry", "bond", (application,), bond_wei),
        [
            Figure("your operator id", Call("BondRegistry", "operatorIdOf", (actor.address,)), str),
            Figure("operators", Call("BondRegistry", "operatorCount"), str),
            bonded_figure(),
        ],
    )
    if receipt is None:
        return
    (event,) = actor.contracts.registry.OperatorBonded.from_receipt(receipt)
    click.echo(f"Operator {event.id}, {actor.account.address}, has bonded {ether(event.bondWei)}.")
    click.echo(f"Its node signs with 0x{signer.address.hex()} and is reached at {endpoint}.")
    schedule = actor.contracts.deployment.schedule
    epoch = first_epoch_of_bond(schedule, receipt.timestamp // 1_000)
    click.echo(
        f"It can sit in the committee from epoch {epoch} on, which begins"
        f" {at_time(schedule.start_of(epoch))}."
    )
