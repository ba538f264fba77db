"""Who orders now: the committee, or L1 by itself. And let L1 order, when the committee does not.

    ape run fallback --network URL
    ape run fallback --network URL --account ALIAS --enter

Once the committee has been silent for long enough, or leaves a message of the forced queue past its
deadline for long enough, anyone may enter the fallback: from then on anyone may post batches of
every rollup to L1 (`ape run post`), until the committee has caught up. Nobody is asked.
"""

from dataclasses import dataclass
from pathlib import Path

import click
from ape.api import AccountAPI, ProviderAPI
from ape.cli import AccountAliasPromptChoice, ConnectedProviderCommand

from scripts._shared import Contracts, deployment_option, plain_errors, unattended
from scripts._wallet import optional_account
from sequencer.deployment.words import at_time, span

FOREVER = 2**40 - 1
"""FALLBACK-1."""


@click.command(cls=ConnectedProviderCommand)
@optional_account
@deployment_option
@click.option("--enter", "is_enter", is_flag=True, help="Enter the fallback, if that is allowed.")
def cli(
    provider: ProviderAPI, account: AccountAPI | None, deployment_path: Path, is_enter: bool
) -> None:
    """Show who orders, or let L1 order."""
    with plain_errors():
        contracts = Contracts(deployment_path, provider)
        facts = _read(contracts, int(provider.get_block("latest").timestamp))
        for line in facts.lines():
            click.echo(line)
        if not is_enter:
            return
        if facts.based_until == FOREVER:
            click.echo("Nothing to do: the fallback is entered already.")
            return
        if account is None:
            account = AccountAliasPromptChoice().select_account()
        unattended(account)
        receipt = contracts.chain.enterBased(sender=account)
        click.echo(f"Entered the fallback in L1 block {receipt.block_number}: L1 orders now.")
        click.echo("Anyone may post batches of every shared rollup: ape run post --help")


@dataclass(frozen=True, slots=True)
class Facts:
    """Of the chain and the queue. Times and spans in seconds, on L1."""

    now: int
    genesis: int
    last_index: int
    committed_at: int
    silent: int
    pending: int
    overdue: int | None
    """Since when the first message left is due; negative before that, None if there is none."""
    based_until: int
    liveness: int
    overdue_limit: int
    tail: int

    def lines(self) -> list[str]:
        return [self._last(), self._queue(), self._mode(), *self._entry()]

    def _last(self) -> str:
        if not self.committed_at:
            return f"Last commit: none. Epoch 0 begins {at_time(self.genesis, self.now)}."
        return f"Last commit: batch {self.last_index}, {at_time(self.committed_at, self.now)}."

    def _queue(self) -> str:
        if self.overdue is None:
            return "Forced queue: empty."
        waiting = f"Forced queue: {self.pending} waiting, the first of them"
        if self.overdue >= 0:
            return f"{waiting} past its deadline for {span(self.overdue)}."
        return f"{waiting} due in {span(-self.overdue)}."

    def _mode(self) -> str:
        if self.based_until == FOREVER:
            return (
                "L1 orders (the chain is based): anyone may post batches. That ends"
                f" {span(self.tail)} after a commit that has caught up with the forced queue."
            )
        if self.now < self.based_until:
            return (
                "The committee has caught up. Until"
                f" {at_time(self.based_until, self.now)} anyone may still post batches."
            )
        return "The committee orders."

    def _entry(self) -> list[str]:
        """FALLBACK-2: why the fallback may be entered, or why not."""
        if self.based_until == FOREVER:
            return []
        reasons = []
        if self.silent >= self.liveness:
            reasons.append(f"no commit for {span(self.silent)}, {span(self.liveness)} are enough")
        if self.overdue is not None and self.overdue >= self.overdue_limit:
            reasons.append(
                f"a message is past its deadline for {span(self.overdue)},"
                f" {span(self.overdue_limit)} are enough"
            )
        if reasons:
            return [f"Anyone may enter the fallback (--enter): {'; '.join(reasons)}."]
        why_not = (
            f"The fallback cannot be entered now. That takes {span(self.liveness)} without a"
            f" commit (it is {span(self.silent)}), or a message left for"
            f" {span(self.overdue_limit)} after its deadline."
        )
        return [why_not]


def _read(contracts: Contracts, now: int) -> Facts:
    health, limits = contracts.chain.health(), contracts.chain.fallbackParameters()
    head = contracts.inbox.head()
    overdue = None
    if head.consumed < head.length:
        overdue = now - int(contracts.inbox.message(head.consumed).deadline)
    return Facts(
        now=now,
        genesis=contracts.deployment.schedule.genesis,
        last_index=int(health.lastIndex),
        committed_at=int(health.committedAt),
        silent=int(health.secondsSince),
        pending=int(health.pending),
        overdue=overdue,
        based_until=int(health.basedUntil),
        liveness=int(limits.livenessSeconds),
        overdue_limit=int(limits.overdueSeconds),
        tail=int(limits.tailSeconds),
    )
