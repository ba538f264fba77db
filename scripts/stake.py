"""Stake: delegate, take it out again, and what an operator's cold key decides.

    ape run stake delegate 1 --amount 2 --network URL --account ALIAS
    ape run stake undelegate 1 --all --network URL --account ALIAS
    ape run stake claim 7 --network URL --account ALIAS

`ape run bond` makes an operator, `ape run exit` ends one. Every command takes --dry-run, which
shows what would change and sends nothing. `switchyard stake` shows all operators.
"""

from pathlib import Path

import click

from scripts._actions import Actor, Call, Figure, action
from scripts._figures import (
    credit_figure,
    moment,
    operator_field,
    operator_figures,
    staker_figures,
)
from scripts._options import operator_argument
from scripts._shared import bytes_address
from scripts._wallet import to_address
from sequencer.config import keystore_password
from sequencer.crypto.hot_keys import prove_possession
from sequencer.crypto.keystore import load_secret
from sequencer.crypto.signatures import Signer
from sequencer.crypto.transport_key import transport_public
from sequencer.deployment.words import (
    at_time,
    ether,
    parse_endpoint,
    parse_ether,
    percent,
)
from sequencer.errors import LocalFault

ONE = 10**27
"""An index of this is a wei a share (STAKE-1)."""
CREDIT_CONTRACTS = (
    "BondRegistry",
    "SlashingLedger",
    "InsurancePool",
    "DataAvailabilityChallenge",
    "RevenueSplitter",
)


@click.group()
def cli() -> None:
    """Delegate, undelegate, claim, and what an operator decides."""


@action(cli)
@operator_argument
@click.option("--amount", required=True, metavar="ETH", help="How much, e.g. 32 or 1.5.")
def delegate(actor: Actor, operator_id: int, amount: str) -> None:
    """Stake with an operator (STAKE-2)."""
    actor.act(
        Call("BondRegistry", "delegate", (operator_id,), parse_ether(amount)),
        [*operator_figures(operator_id), *staker_figures(operator_id, actor.address)],
    )


@action(cli)
@operator_argument
def show(actor: Actor, operator_id: int) -> None:
    """An operator, and what you have staked with it."""
    actor.show([*operator_figures(operator_id), *staker_figures(operator_id, actor.address)])


@action(cli)
@operator_argument
@click.option("--amount", metavar="ETH", help="About how much, rounded down to whole shares.")
@click.option("--shares", type=click.IntRange(1), metavar="N", help="Exactly so many shares.")
@click.option("--all", "is_all", is_flag=True, help="Everything.")
def undelegate(
    actor: Actor,
    operator_id: int,
    amount: str | None,
    shares: int | None,
    is_all: bool,
) -> None:
    """Take stake out (STAKE-3): it becomes a ticket, to be claimed after the unbonding."""
    if sum((amount is not None, shares is not None, is_all)) != 1:
        raise LocalFault("choose one of --amount, --shares and --all")
    if is_all:
        shares, _, _ = actor.read("BondRegistry", "stakeOf", operator_id, actor.address)
    elif amount is not None:
        index = actor.read("BondRegistry", "stake", operator_id)["index"]
        if index == 0:
            raise LocalFault(f"shares of operator {operator_id} are worth nothing; use --shares")
        shares = parse_ether(amount) * ONE // index
    receipt = actor.act(
        Call("BondRegistry", "undelegate", (operator_id, shares)),
        [*operator_figures(operator_id), *staker_figures(operator_id, actor.address)],
    )
    if receipt is not None:
        (event,) = actor.contracts.registry.Undelegated.from_receipt(receipt)
        click.echo(f"Ticket {event.ticket} can be claimed from {at_time(event.releaseAt)}.")


@action(cli)
@click.argument("ticket", type=click.IntRange(1))
def claim(actor: Actor, ticket: int) -> None:
    """Credit a released ticket to its owner (STAKE-4), then `withdraw`."""
    found = actor.read("BondRegistry", "ticketOf", ticket)
    if not found["shares"]:
        raise LocalFault(f"there is no ticket {ticket}, or it was claimed before")
    click.echo(
        f"Ticket {ticket}: {found['shares']} shares of operator {found['id']}, worth"
        f" {ether(actor.read('BondRegistry', 'ticketWei', ticket))}, released"
        f" {moment(found['releaseAt'])}."
    )
    owner = bytes_address(found["owner"])
    actor.act(
        Call("BondRegistry", "claim", (ticket,)),
        [
            Figure("ticket's shares", Call("BondRegistry", "ticketOf", (ticket,)), _ticket_shares),
            Figure("its owner's credit", Call("BondRegistry", "credit", (owner,)), ether),
        ],
    )


def _ticket_shares(ticket: dict[str, int]) -> str:
    return str(ticket["shares"])


@action(cli)
@operator_argument
def collect(actor: Actor, operator_id: int) -> None:
    """Make what you were rewarded credit (STAKE-9), then `withdraw`."""
    _, _, reward_wei = actor.read("BondRegistry", "stakeOf", operator_id, actor.address)
    if not reward_wei:
        raise LocalFault(f"operator {operator_id} has no reward of yours")
    actor.act(
        Call("BondRegistry", "collect", (operator_id,)),
        staker_figures(operator_id, actor.address),
    )


@action(cli)
@click.option(
    "--from", "contract", type=click.Choice(CREDIT_CONTRACTS), default="BondRegistry",
    show_default=True, help="Where the credit is: rewards of reports are in the ledger.",
)  # fmt: skip
@click.option("--to", metavar="ADDRESS", help="Who is paid (default: the account).")
def withdraw(actor: Actor, contract: str, to: str | None) -> None:
    """Pay your whole credit out (CREDIT-1)."""
    receiver = actor.address if to is None else to_address(to, "--to")
    actor.act(Call(contract, "withdraw", (receiver,)), [credit_figure(contract, actor.address)])


@action(cli)
@click.argument("bps", type=click.IntRange(0, 10_000))
def commission(actor: Actor, bps: int) -> None:
    """Set your commission, in basis points (STAKE-10)."""
    operator_id = _own_id(actor)
    actor.act(
        Call("BondRegistry", "setCommission", (bps,)),
        [
            operator_field(operator_id, "commission", "commissionBps", percent),
            operator_field(operator_id, "last raised", "commissionRaisedAt", moment),
        ],
    )


@action(cli)
@click.option(
    "--signer", "keystore", required=True, metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False), help="Keystore of the new hot key.",
)  # fmt: skip
def rotate(actor: Actor, keystore: Path) -> None:
    """Replace the hot signing key (STAKE-11). Committees recorded from then on have the new one."""
    operator_id = _own_id(actor)
    signer = Signer(load_secret(keystore, keystore_password()))
    transport_key, _ = actor.read("BondRegistry", "peer", operator_id)
    domain = actor.contracts.deployment.domain
    proof = prove_possession(signer, domain, actor.address, transport_key)
    actor.act(
        Call("BondRegistry", "rotateSigner", (signer.address, proof)),
        [operator_field(operator_id, "signer", "signer")],
    )
    if not actor.is_dry_run:
        present = actor.contracts.deployment.schedule.epoch_of(actor.now()) or 0
        click.echo(
            f"Committees name the new key from epoch {present + 2} on at the latest. As long as one"
            " names the old, the node needs both: [keys] signer is the new keystore, [keys] former"
            " lists the old. The new one has another transport key: ape run stake announce."
        )


@action(cli)
@click.option(
    "--signer", "keystore", required=True, metavar="FILE",
    type=click.Path(path_type=Path, dir_okay=False), help="Keystore that the node runs with.",
)  # fmt: skip
@click.option("--endpoint", required=True, metavar="tcp://HOST:PORT", help="Where peers connect.")
def announce(actor: Actor, keystore: Path, endpoint: str) -> None:
    """Tell where your node is reached, under the keystore's transport key (BOND-9)."""
    operator_id = _own_id(actor)
    transport_key = transport_public(load_secret(keystore, keystore_password()))
    peer = Call("BondRegistry", "peer", (operator_id,))
    actor.act(
        Call("BondRegistry", "announce", (transport_key, parse_endpoint(endpoint))),
        [
            Figure("transport key", peer, lambda found: "0x" + found[0].hex()),
            Figure("endpoint", peer, lambda found: str(found[1])),
        ],
    )


@action(cli)
def unjail(actor: Actor) -> None:
    """Come back from jail (LEDGER-5)."""
    operator_id = _own_id(actor)
    actor.act(
        Call("BondRegistry", "unjail"),
        [
            *operator_figures(operator_id),
            operator_field(operator_id, "jailed until", "jailedUntil", moment),
        ],
    )


@action(cli)
@operator_argument
def release(actor: Actor, operator_id: int) -> None:
    """Free the place of an operator that has left (BOND-6). By anyone."""
    owner = bytes_address(actor.read("BondRegistry", "operator", operator_id)["operator"])
    actor.act(
        Call("BondRegistry", "release", (operator_id,)),
        [
            *operator_figures(operator_id),
            Figure("the cold key's credit", Call("BondRegistry", "credit", (owner,)), ether),
        ],
    )


def _own_id(actor: Actor) -> int:
    operator_id = int(actor.read("BondRegistry", "operatorIdOf", actor.address))
    if operator_id == 0:
        raise LocalFault(f"{actor.account.address} is no operator's cold key")
    return operator_id
