"""The wallet of `sequencer.wallet` as scripts use it: ape accounts, and a command that signs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
from ape.api import AccountAPI, ProviderAPI
from ape.cli import AccountAliasPromptChoice, account_option
from eth_utils.address import is_address

from scripts._shared import bytes_address, unattended
from sequencer.errors import LocalFault
from sequencer.l1.deployment import Deployment
from sequencer.types import Address
from sequencer.wallet.forced import ForcedInclusion
from sequencer.wallet.options import Options
from sequencer.wallet.signers import CommandSigner, Signer, SignerFault

STATE_FOLDER = "wallet"
"""Beside the deployment file."""

optional_account = account_option(prompt=False)

signer_option = click.option(
    "--signer",
    "signer_command",
    metavar="COMMAND",
    help="Sign by a program of yours instead of --account, e.g. one that speaks to a hardware"
    " wallet. It gets a transaction as JSON on its standard input, in the form of"
    " eth_signTransaction, and answers the raw signed transaction in hex.",
)
from_option = click.option(
    "--from", "from_address", metavar="ADDRESS", help="The address that --signer signs for."
)
label_option = click.option(
    "--label",
    default="",
    metavar="TEXT",
    help="The same command does one thing once, and goes on if it was interrupted. With another"
    " label it is another thing, to be done again.",
)


class ApeSigner:
    """An ape account as a signer."""

    def __init__(self, account: AccountAPI, provider: ProviderAPI) -> None:
        unattended(account)
        self._account = account
        self._ecosystem = provider.network.ecosystem

    @property
    def address(self) -> Address:
        return bytes_address(self._account.address)

    def sign_transaction(self, transaction: Mapping[str, Any]) -> bytes:
        unsigned = self._ecosystem.create_transaction(sender=self._account.address, **transaction)
        signed = self._account.sign_transaction(unsigned)
        if signed is None:
            raise SignerFault("the account did not sign; nothing was sent")
        return bytes(signed.serialize_transaction())


def signer_of(
    provider: ProviderAPI,
    account: AccountAPI | None,
    command: str | None,
    from_address: str | None,
) -> Signer:
    """Of --account, or of --signer with --from; without either a person is asked."""
    if command is None:
        if account is None:
            account = AccountAliasPromptChoice().select_account()
        return ApeSigner(account, provider)
    if account is not None:
        raise LocalFault("--account and --signer are two ways to sign; choose one")
    if from_address is None or not is_address(from_address):
        raise LocalFault("--signer needs --from, the address it signs for")
    return CommandSigner(command, bytes_address(from_address))


def wallet_of(
    provider: ProviderAPI,
    deployment: Deployment,
    deployment_path: Path,
    signer: Signer,
    options: Options,
) -> ForcedInclusion:
    """Its files are beside the deployment's."""
    folder = deployment_path.parent / STATE_FOLDER
    return ForcedInclusion(provider.web3, deployment, signer, folder, options)


def to_address(text: str, option: str) -> Address:
    """Raises `LocalFault`, naming the option."""
    if not is_address(text):
        raise LocalFault(f"{option}: {text!r} is no address")
    return bytes_address(text)
