"""Get a transaction into a rollup's order when the sequencer does not take it.

    ape run force_include --network URL --account ALIAS --rollup 1 --to 0x... --nonce 0

Your account signs the transaction for the rollup and queues it on L1. The committee has until
the deadline to take it. If it does not, this script puts it into the order by L1 alone. Nothing
but L1 is asked: it works when every sequencer and every rollup node is down.

It may be interrupted at any time. The same command goes on where it was: nothing is queued twice.
"""

from dataclasses import dataclass
from pathlib import Path

import click
from ape.api import AccountAPI, ProviderAPI
from ape.cli import ConnectedProviderCommand
from eth_utils.address import to_checksum_address

from scripts._shared import Contracts, deployment_option, plain_errors
from scripts._story import Story, tell_rest
from scripts._wallet import (
    from_option,
    label_option,
    optional_account,
    signer_of,
    signer_option,
    to_address,
    wallet_of,
)
from sequencer.crypto.hashing import keccak
from sequencer.deployment.words import at_time, ether, parse_ether
from sequencer.errors import LocalFault
from sequencer.l1.events import RollupMode
from sequencer.types import Address, RollupId
from sequencer.wallet import errands
from sequencer.wallet.errands import Errand, Kind
from sequencer.wallet.forced import ForcedInclusion
from sequencer.wallet.options import Options
from sequencer.wallet.signers import Signer, Unsigned, sign

TRANSFER_GAS = 21_000
GWEI = 10**9
FORMS = {"transaction": Kind.TRANSACTION, "call": Kind.CALL, "deposit": Kind.ETHER}


@dataclass(frozen=True, slots=True)
class Wish:
    """What the options ask for. Amounts in wei, fees per gas of the rollup."""

    kind: Kind
    rollup: int
    to: Address
    nonce: int | None
    value: int
    data: bytes
    gas_limit: int
    max_fee: int
    tip: int


@click.command(cls=ConnectedProviderCommand)
@optional_account
@signer_option
@from_option
@deployment_option
@click.option("--rollup", type=int, required=True, metavar="ID", help="The rollup's id.")
@click.option("--to", metavar="ADDRESS", required=True, help="Who is called or paid there.")
@click.option("--nonce", type=int, help="Your account's next nonce on the rollup.")
@click.option("--value", default="0", metavar="ETH", show_default=True, help="Amount to send.")
@click.option("--data", default="0x", metavar="HEX", help="Calldata.")
@click.option("--gas-limit", type=int, help="Needed with --data; a plain transfer takes 21000.")
@click.option("--max-fee", type=float, default=10, metavar="GWEI", show_default=True)
@click.option("--priority-fee", type=float, default=1, metavar="GWEI", show_default=True)
@click.option(
    "--as",
    "form",
    type=click.Choice(list(FORMS)),
    default="transaction",
    show_default=True,
    help="A transaction signed for the rollup; a call from your L1 address, which needs no"
    " signature and no nonce there; or a deposit of --value through the rollup's vault.",
)
@click.option(
    "--post",
    "is_post",
    is_flag=True,
    help="Post the transaction instead of queueing it: in the order at once, while L1 orders the"
    " rollup (see `ape run fallback`).",
)
@click.option("--estimate", "is_estimate", is_flag=True, help="Say what it costs, and stop.")
@click.option(
    "--max-queue-fee",
    default="0.1",
    metavar="ETH",
    show_default=True,
    help="More is not paid to the queue.",
)
@click.option(
    "--max-l1-fee",
    type=float,
    default=1_000,
    metavar="GWEI",
    show_default=True,
    help="More is not paid per gas of L1.",
)
@click.option("--confirmations", type=int, default=2, show_default=True, metavar="BLOCKS")
@click.option("--follower", metavar="URL", help="A follower, to ask for the place in the list.")
@click.option("--rollup-rpc", metavar="URL", help="The rollup's RPC, to ask if it was executed.")
@label_option
def cli(  # noqa: PLR0913, PLR0917 - one parameter for each field of a transaction
    provider: ProviderAPI,
    account: AccountAPI | None,
    signer_command: str | None,
    from_address: str | None,
    deployment_path: Path,
    rollup: int,
    to: str,
    nonce: int | None,
    value: str,
    data: str,
    gas_limit: int | None,
    max_fee: float,
    priority_fee: float,
    form: str,
    is_post: bool,
    is_estimate: bool,
    max_queue_fee: str,
    max_l1_fee: float,
    confirmations: int,
    follower: str | None,
    rollup_rpc: str | None,
    label: str,
) -> None:
    """Queue a transaction on L1 and see it into the order."""
    with plain_errors():
        contracts = Contracts(deployment_path, provider)
        wish = Wish(
            kind=FORMS[form],
            rollup=rollup,
            to=to_address(to, "--to"),
            nonce=nonce,
            value=parse_ether(value),
            data=_data(data),
            gas_limit=_gas_limit(gas_limit, data),
            max_fee=round(max_fee * GWEI),
            tip=round(priority_fee * GWEI),
        )
        signer = signer_of(provider, account, signer_command, from_address)
        options = Options(
            max_queue_fee_wei=parse_ether(max_queue_fee),
            max_fee_wei=round(max_l1_fee * GWEI),
            confirmations=confirmations,
            follower_url=follower,
            rollup_url=rollup_rpc,
        )
        wallet = wallet_of(provider, contracts.deployment, deployment_path, signer, options)
        _carry_out(contracts, wallet, signer, wish, label, is_post, is_estimate)


def _carry_out(
    contracts: Contracts,
    wallet: ForcedInclusion,
    signer: Signer,
    wish: Wish,
    label: str,
    is_post: bool,
    is_estimate: bool,
) -> None:
    chain_id = wallet.chain_id_of(wish.rollup)
    click.echo(f"Rollup {wish.rollup} has chain id {chain_id}. 0x{signer.address.hex()} signs:")
    key = _key(wish, chain_id)
    begun = wallet.begun(wish.kind, key, label=label)
    errand = _errand(wish, chain_id, signer) if begun is None else begun
    click.echo(f"  {_words(wish, errand)}")
    if begun is not None:
        click.echo("  this was begun before; going on")
    if is_post:
        _post(wallet, errand, label)
        return
    _tell_mode(contracts, wish.rollup)
    if begun is None or is_estimate:
        _tell_estimate(wallet, errand)
    if not is_estimate:
        _see_through(wallet, signer, errand, key, label)


def _words(wish: Wish, errand: Errand) -> str:
    to = to_checksum_address(wish.to)
    if wish.kind is Kind.TRANSACTION:
        return f"transaction 0x{keccak(errand.content).hex()}, {len(errand.content)} bytes"
    if wish.kind is Kind.CALL:
        return f"a call of {to} on the rollup by its L1 address"
    return f"a deposit of {ether(wish.value)} to {to} on the rollup"


def _data(text: str) -> bytes:
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError as error:
        raise LocalFault(f"--data: {text!r} is no hex") from error


def _gas_limit(gas_limit: int | None, data: str) -> int:
    if gas_limit is None and data != "0x":
        raise LocalFault("a transaction with --data needs a --gas-limit")
    return TRANSFER_GAS if gas_limit is None else gas_limit


def _unsigned(wish: Wish, chain_id: int) -> Unsigned:
    if wish.nonce is None:
        raise LocalFault("a transaction needs --nonce, your account's next one on the rollup")
    return Unsigned(
        chain_id=chain_id,
        nonce=wish.nonce,
        to=wish.to,
        value=wish.value,
        data=wish.data,
        gas_limit=wish.gas_limit,
        max_fee=wish.max_fee,
        tip=wish.tip,
    )


def _key(wish: Wish, chain_id: int) -> bytes:
    """What makes it this errand: for a transaction all that is signed, and not the signature."""
    head = wish.rollup.to_bytes(4, "big")
    if wish.kind is Kind.TRANSACTION:
        return head + _unsigned(wish, chain_id).items()
    amounts = wish.gas_limit.to_bytes(8, "big") + wish.value.to_bytes(32, "big")
    return head + amounts + wish.to + wish.data


def _errand(wish: Wish, chain_id: int, signer: Signer) -> Errand:
    rollup = RollupId(wish.rollup)
    if wish.kind is Kind.TRANSACTION:
        return errands.transaction(rollup, chain_id, sign(signer, _unsigned(wish, chain_id)).raw)
    make = errands.call if wish.kind is Kind.CALL else errands.ether
    return make(rollup, wish.gas_limit, wish.to, wish.value, wish.data)


def _tell_mode(contracts: Contracts, rollup: int) -> None:
    """POST-1: whether anyone may post for the rollup now."""
    mode = RollupMode(contracts.rollups.modeOf(rollup).mode)
    is_shared_open = mode is RollupMode.SHARED and contracts.chain.isBased()
    if mode is RollupMode.BASED or is_shared_open:
        click.echo("L1 orders this rollup now: with --post it would be in the order at once.")


def _tell_estimate(wallet: ForcedInclusion, errand: Errand) -> None:
    estimate = wallet.estimate(errand)
    click.echo(
        f"Queueing it on L1. The queue's fee is {ether(estimate.fee_wei)} now;"
        f" {ether(estimate.pay_wei)} are sent along, and what is not needed comes back."
    )
    click.echo(f"It would be in the order by {at_time(estimate.latest_at)} at the latest.")


def _see_through(
    wallet: ForcedInclusion, signer: Signer, errand: Errand, key: bytes, label: str
) -> None:
    with wallet.open(errand, key=key, label=label) as message:
        story = Story(signer.address, message.before)
        receipt = wallet.run(message.step, story.tell)
    tell_rest(receipt, is_followed=wallet.options.follower_url is not None)


def _post(wallet: ForcedInclusion, errand: Errand, label: str) -> None:
    if errand.kind is not Kind.TRANSACTION:
        raise LocalFault("only a signed transaction can be posted")
    receipt = wallet.post(errand.rollup, [errand.content], label=label)
    click.echo(f"Posted as batch #{receipt.number} of the rollup in L1 block {receipt.block}.")
    click.echo("It is in the rollup's order, and nobody's signature was asked for.")
