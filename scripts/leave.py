"""Decide who orders your rollup: the committee (shared), one sequencer (solo), or anyone (based).

    ape run leave --network URL --rollup 1
    ape run leave --network URL --account ALIAS --rollup 1 --to solo --sequencer 0x...
    ape run leave --network URL --account ALIAS --rollup 1 --cancel

Without --to it shows what is and what is announced. A change is announced by the rollup's owner
and takes effect by itself after a fixed delay; nobody can stop it or put it off, and until then
the owner can cancel it. Forced inclusion goes on in every mode.
"""

from pathlib import Path

import click
from ape.api import AccountAPI, ProviderAPI
from ape.cli import AccountAliasPromptChoice, ConnectedProviderCommand
from ape.utils import ZERO_ADDRESS

from scripts._shared import Contracts, deployment_option, plain_errors, unattended
from scripts._wallet import optional_account, to_address
from sequencer.deployment.words import at_time
from sequencer.errors import LocalFault
from sequencer.l1.events import RollupMode

MODES = {mode.name.lower(): mode for mode in RollupMode}


@click.command(cls=ConnectedProviderCommand)
@optional_account
@deployment_option
@click.option("--rollup", type=int, required=True, metavar="ID", help="The rollup's id.")
@click.option("--to", "mode", type=click.Choice(list(MODES)), help="Announce this mode.")
@click.option("--sequencer", metavar="ADDRESS", help="Who orders a solo rollup: a key or contract.")
@click.option("--cancel", "is_cancel", is_flag=True, help="Take back what is announced.")
def cli(
    provider: ProviderAPI,
    account: AccountAPI | None,
    deployment_path: Path,
    rollup: int,
    mode: str | None,
    sequencer: str | None,
    is_cancel: bool,
) -> None:
    """Show, announce or cancel a change of who orders a rollup."""
    with plain_errors():
        contracts = Contracts(deployment_path, provider)
        if not 0 < rollup < 2**32 or not contracts.rollups.isRegistered(rollup):
            raise LocalFault(
                f"there is no rollup {rollup}; {contracts.rollups.rollupCount()} are registered"
            )
        if mode is not None and is_cancel:
            raise LocalFault("--to and --cancel are two different things; choose one")
        if mode is None and not is_cancel:
            _show(contracts, rollup)
            return
        if account is None:
            account = AccountAliasPromptChoice().select_account()
        unattended(account)
        if mode is None:
            contracts.rollups.cancelMode(rollup, sender=account)
            click.echo("Cancelled.")
        else:
            who = _sequencer(mode, sequencer)
            contracts.rollups.announceMode(rollup, MODES[mode].value, who, sender=account)
        _show(contracts, rollup)


def _sequencer(mode: str, sequencer: str | None) -> str:
    if MODES[mode] is not RollupMode.SOLO:
        if sequencer is not None:
            raise LocalFault(f"a {mode} rollup has no --sequencer of its own")
        return str(ZERO_ADDRESS)
    if sequencer is None:
        raise LocalFault("a solo rollup needs --sequencer, the address that orders it")
    return "0x" + to_address(sequencer, "--sequencer").hex()


def _show(contracts: Contracts, rollup: int) -> None:
    """What is, and what is announced (ROLL-5)."""
    about, current = contracts.rollups.rollup(rollup), contracts.rollups.modeOf(rollup)
    click.echo(f"Rollup {rollup}, chain id {about.chainId}, is owned by {about.owner}.")
    click.echo(f"It is {_words(current.mode, current.sequencer)}.")
    announced = contracts.rollups.announcementOf(rollup)
    if announced.effectiveAt:
        click.echo(
            f"Announced: {_words(announced.mode, announced.sequencer)}, from"
            f" {at_time(announced.effectiveAt)} on."
        )
    else:
        click.echo("No change is announced.")


def _words(mode: int, sequencer: str) -> str:
    return {
        RollupMode.SHARED: "shared: the committee orders it",
        RollupMode.SOLO: f"solo: {sequencer} orders it",
        RollupMode.BASED: "based: anyone orders it, by posting to L1",
    }[RollupMode(mode)]
