"""One way to act on the contracts, for every script: what it changes is shown before and after,
and with --dry-run the endpoint computes what it would change (`eth_simulateV1`) and nothing is
sent.
"""

import inspect
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from ape.api import AccountAPI, ProviderAPI, ReceiptAPI
from ape.cli import ConnectedProviderCommand, account_option
from web3.types import RPCEndpoint

from scripts._refusals import refusal
from scripts._shared import (
    Contracts,
    bytes_address,
    deployment_option,
    http_url,
    plain_errors,
    unattended,
)
from sequencer.errors import LocalFault
from sequencer.l1 import abi
from sequencer.types import Address

POLL_SECONDS = 0.25
LOG_BLOCKS = 5_000
"""Asked for at once: most endpoints give no more."""

dry_run_option = click.option(
    "--dry-run", "is_dry_run", is_flag=True, help="Show what would change, and send nothing."
)


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a contract, by the names in the sources."""

    contract: str
    function: str
    arguments: tuple[Any, ...] = ()
    value_wei: int = 0

    def data(self) -> bytes:
        return abi.function(self.contract, self.function).call(*self.arguments)

    def returned(self, output: bytes) -> Any:
        return abi.function(self.contract, self.function).returned(output)


@dataclass(frozen=True, slots=True)
class Figure:
    """What a person may want to see change: a view, and its answer in words."""

    label: str
    call: Call
    words: Callable[[Any], str]


class Actor:
    """An account, on the contracts of a deployment."""

    def __init__(
        self, provider: ProviderAPI, account: AccountAPI, contracts: Contracts, *, is_dry_run: bool
    ) -> None:
        self.account = account
        self.contracts = contracts
        self.is_dry_run = is_dry_run
        self._provider = provider

    @property
    def address(self) -> Address:
        return bytes_address(self.account.address)

    @property
    def url(self) -> str:
        """As `http_url`."""
        return http_url(self._provider)

    def now(self) -> int:
        """Of the last block, in seconds."""
        return int(self._provider.get_block("latest").timestamp)

    def read(self, contract: str, function: str, *arguments: Any) -> Any:
        """What a view returns: structs as dictionaries."""
        return self._view(Call(contract, function, arguments))

    def head(self) -> int:
        """Number of the last block."""
        return int(self._provider.get_block("latest").number or 0)

    def base_fee_wei(self) -> int:
        """Per gas, of the last block."""
        return int(self._ask("eth_getBlockByNumber", "latest", False)["baseFeePerGas"], 16)

    def block_at(self, seconds: int) -> int:
        """The last block whose timestamp is at most this, or the deployment's first."""
        low, high = self.contracts.deployment.start_block, self.head()
        while low < high:
            middle = (low + high + 1) // 2
            if int(self._provider.get_block(middle).timestamp) <= seconds:
                low = middle
            else:
                high = middle - 1
        return low

    def events(self, contract: str, name: str, first: int, last: int) -> list[dict[str, Any]]:
        """The arguments of every event of this name in a range of blocks, in order."""
        entry, found = abi.event(contract, name), []
        for start in range(first, last + 1, LOG_BLOCKS):
            asked = {
                "address": str(self.contracts.at(contract).address),
                "topics": ["0x" + entry.hash.hex()],
                "fromBlock": hex(start),
                "toBlock": hex(min(start + LOG_BLOCKS - 1, last)),
            }
            for log in self._ask("eth_getLogs", asked):
                topics = tuple(bytes.fromhex(topic[2:]) for topic in log["topics"])
                found.append(entry.decode_event(topics, bytes.fromhex(log["data"][2:])))
        return found

    def show(self, figures: Sequence[Figure]) -> None:
        """What is."""
        words = [self._words(figure) for figure in figures]
        show_changes([figure.label for figure in figures], words, words)

    def act(
        self, call: Call, figures: Sequence[Figure], announcement: Call | None = None
    ) -> ReceiptAPI | None:
        """Send the call, or with --dry-run find out what it would do; show the figures before and
        after. `announcement` is a call that has to be a block older (REPORT-1). Returns None after
        a dry run. Raises `LocalFault` if the contract refuses."""
        before = [self._words(figure) for figure in figures]
        if announcement is not None and not self.is_dry_run:
            click.echo("Committing to the report ...")
            self._wait_for_block(int(self._sent(announcement).block_number) + 1)
        if self.is_dry_run:
            after, receipt = self._simulated(call, figures, announcement), None
            click.echo(f"Dry run of {call.contract}.{call.function}: nothing was sent.")
        else:
            receipt = self._sent(call)
            after = [self._words(figure) for figure in figures]
        show_changes([figure.label for figure in figures], before, after)
        return receipt

    def _sent(self, call: Call) -> ReceiptAPI:
        # Found out here, a refusal costs no gas and has its reason.
        self._ask("eth_call", self._transaction(call), "latest")
        unattended(self.account)
        transaction = self._provider.network.ecosystem.create_transaction(
            sender=self.account.address,
            receiver=self.contracts.at(call.contract).address,
            data=call.data(),
            value=call.value_wei,
            gas=self._gas(call),
        )
        return self.account.call(transaction)

    def _gas(self, call: Call) -> int:
        """A limit for a call that goes through. Anvil's estimate fails now and then for such a one
        (at a limit it has tried that ends in a write), and a simulation tells as well."""
        try:
            estimated = int(self._ask("eth_estimateGas", self._transaction(call)), 16)
        except LocalFault:
            (result,) = self._simulation([call])
            estimated = int(result["gasUsed"], 16) * 5 // 4  # without what it gets back
        return estimated + estimated // 4

    def _words(self, figure: Figure) -> str:
        return figure.words(self._view(figure.call))

    def _view(self, call: Call) -> Any:
        answer: str = self._ask("eth_call", self._transaction(call), "latest")
        return call.returned(bytes.fromhex(answer[2:]))

    def _wait_for_block(self, number: int) -> None:
        while self.head() < number:
            time.sleep(POLL_SECONDS)

    def _simulated(
        self, call: Call, figures: Sequence[Figure], announcement: Call | None
    ) -> list[str]:
        """The figures after the call."""
        calls = [call, *(figure.call for figure in figures)]
        results = self._simulation(calls, announcement)
        outputs = [_output(result) for result in results]
        return [
            figure.words(figure.call.returned(output))
            for figure, output in zip(figures, outputs[1:], strict=True)
        ]

    def _simulation(
        self, calls: Sequence[Call], announcement: Call | None = None
    ) -> list[dict[str, Any]]:
        """What becomes of these calls in the block after the head, or after an announcement."""
        head = self._provider.get_block("latest")
        asked = [calls] if announcement is None else [[announcement], calls]
        blocks = [
            {
                "blockOverrides": {
                    "number": hex(int(head.number or 0) + ahead),
                    "time": hex(head.timestamp + ahead),
                },
                "calls": [self._transaction(call) for call in together],
            }
            for ahead, together in enumerate(asked, 1)
        ]
        *_, simulated = self._ask("eth_simulateV1", {"blockStateCalls": blocks}, "latest")
        results: list[dict[str, Any]] = simulated["calls"]
        return results

    def _transaction(self, call: Call) -> dict[str, str]:
        return {
            "from": self.account.address,
            "to": str(self.contracts.at(call.contract).address),
            "data": "0x" + call.data().hex(),
            "value": hex(call.value_wei),
        }

    def _ask(self, method: str, *parameters: Any) -> Any:
        """Of the endpoint, past ape's own errors: ours name every contract's reasons."""
        answer = self._provider.web3.provider.make_request(RPCEndpoint(method), parameters)
        error = answer.get("error")
        if error is None:
            return answer["result"]
        data = error.get("data") if isinstance(error, dict) else None
        if isinstance(data, str) and data.startswith("0x"):
            raise refusal(bytes.fromhex(data[2:]))
        message = error["message"] if isinstance(error, dict) else error
        raise LocalFault(f"{method}: the endpoint refuses: {message}")


def _output(result: dict[str, Any]) -> bytes:
    """Of one simulated call; raises `LocalFault` with the contract's reason."""
    if int(result["status"], 16) == 1:
        return bytes.fromhex(result["returnData"][2:])
    data = result.get("error", {}).get("data") or result["returnData"]
    raise refusal(bytes.fromhex(data[2:]))


def show_changes(labels: Sequence[str], before: Sequence[str], after: Sequence[str]) -> None:
    """One line for each figure; an arrow where it changes."""
    width = max(map(len, labels), default=0)
    old_width = max(map(len, before), default=0)
    for label, old, new in zip(labels, before, after, strict=True):
        change = f"{old:{old_width}} → {new}" if old != new else old
        click.echo(f"  {label:{width}}  {change}")


def command(function: Callable[..., None]) -> click.Command:
    """A command out of a function whose first argument is an `Actor`; the options that all
    actions have are added, and errors are one line."""

    def run(
        provider: ProviderAPI,
        account: AccountAPI,
        deployment_path: Path,
        is_dry_run: bool,
        **arguments: Any,
    ) -> None:
        with plain_errors():
            contracts = Contracts(deployment_path, provider)
            function(Actor(provider, account, contracts, is_dry_run=is_dry_run), **arguments)

    run.__doc__ = inspect.getdoc(function)
    # Click's decorators have put a function's options there.
    run.__click_params__ = getattr(function, "__click_params__", [])  # type: ignore[attr-defined]
    decorated = account_option()(deployment_option(dry_run_option(run)))
    return click.command(function.__name__, cls=ConnectedProviderCommand)(decorated)


def action(group: click.Group) -> Callable[[Callable[..., None]], click.Command]:
    """Such a command, of a group."""

    def register(function: Callable[..., None]) -> click.Command:
        made = command(function)
        group.add_command(made)
        return made

    return register
