"""What the scripts share: options, contracts, and errors as people read them."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from pathlib import Path

import click
from ape.api import AccountAPI, ProviderAPI
from ape.contracts import ContractContainer, ContractInstance
from ape.exceptions import ApeException, CustomError
from eth_utils.address import to_checksum_address
from ethpm_types import ContractType

from sequencer.deployment.artifacts import Artifact
from sequencer.deployment.plan import snake_case
from sequencer.errors import LocalFault, SwitchyardError
from sequencer.l1.deployment import Deployment, load_deployment
from sequencer.types import Address

DEFAULT_DEPLOYMENT = Path("build/devnet/deployment.json")

deployment_option = click.option(
    "--deployment",
    "deployment_path",
    type=click.Path(path_type=Path, dir_okay=False),
    default=DEFAULT_DEPLOYMENT,
    show_default=True,
    help="The deployment file that `ape run deploy` or `make devnet` wrote.",
)


class Contracts:
    """The contracts of a deployment, on the network the script is connected to."""

    def __init__(self, path: Path, provider: ProviderAPI) -> None:
        self.deployment: Deployment = load_deployment(path)
        if provider.chain_id != self.deployment.chain_id:
            raise click.ClickException(
                f"{path} is for chain {self.deployment.chain_id}, but the network you are"
                f" connected to is chain {provider.chain_id}; choose it with --network"
            )
        self.registry = self.at("BondRegistry")
        self.ledger = self.at("SlashingLedger")
        self.rollups = self.at("RollupRegistry")
        self.inbox = self.at("ForcedInbox")
        self.chain = self.at("CommitmentChain")
        self.rollup_inbox = self.at("RollupInbox")
        self.slasher = self.at("EquivocationSlasher")
        self.data = self.at("DataAvailabilityChallenge")

    def at(self, name: str) -> ContractInstance:
        """By the name in the sources."""
        return _contract(name, getattr(self.deployment.contracts, snake_case(name)))


@cache
def _contract(name: str, address: Address) -> ContractInstance:
    abis = json.loads(resources.files("sequencer.l1").joinpath("abi.json").read_text())
    kind = ContractType.model_validate({"contractName": name, "abi": abis[name]})
    return ContractInstance(to_checksum_address(address), kind)


def ape_container(artifact: Artifact) -> ContractContainer:
    """A compiled contract as ape deploys it."""
    kind = ContractType.model_validate(
        {
            "contractName": artifact.name,
            "abi": list(artifact.abi),
            "deploymentBytecode": {"bytecode": "0x" + artifact.bytecode.hex()},
        }
    )
    return ContractContainer(kind)


def unattended(account: AccountAPI) -> None:
    """Sign without asking if the account's passphrase is in the environment, as ape names it."""
    name = f"APE_ACCOUNTS_{account.alias}_PASSPHRASE"
    if name in os.environ and hasattr(account, "set_autosign"):
        account.set_autosign(True)


def bytes_address(text: str) -> Address:
    """An address as ape writes it, as 20 bytes."""
    return Address(bytes.fromhex(text[2:]))


def http_url(provider: ProviderAPI) -> str:
    """Of the endpoint; raises `LocalFault` for one that is reached otherwise."""
    if provider.http_uri is None:
        raise LocalFault("this needs a network that is reached by http:// or https://")
    return str(provider.http_uri)


def eth_call(provider: ProviderAPI, to: Address, data: bytes) -> bytes:
    """What a view returns, undecoded."""
    call = {"to": "0x" + to.hex(), "data": "0x" + data.hex()}
    answer: str = provider.make_request("eth_call", [call, "latest"])
    return bytes.fromhex(answer[2:])


@contextmanager
def plain_errors() -> Iterator[None]:
    """Our faults, and what a contract refuses, as one line and exit status 1."""
    try:
        yield
    except SwitchyardError as fault:
        raise click.ClickException(str(fault)) from fault
    except CustomError as refusal:
        raise click.ClickException(f"the contract refuses: {refusal!r}") from refusal
    except ApeException as error:
        raise click.ClickException(str(error)) from error
