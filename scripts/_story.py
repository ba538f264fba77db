"""A message from the wallet into the order, in plain words."""

import time
from typing import Protocol

import click

from sequencer.deployment.words import at_time
from sequencer.types import Address
from sequencer.wallet.queue import Queued
from sequencer.wallet.receipt import Receipt, Stage

REMIND_SECONDS = 10


class Before(Protocol):
    """How many messages wait before one."""

    def __call__(self, message: Queued) -> int: ...


class Story:
    """Tells what has changed since it was told last."""

    def __init__(self, owner: Address, before: Before) -> None:
        self._owner = "0x" + owner.hex()
        self._before = before
        self._last: Receipt | None = None
        self._reminded = time.monotonic()

    def tell(self, now: Receipt) -> None:
        last, self._last = self._last, now
        if now.stage in (Stage.SENDING, Stage.FAILED):
            self._tell_sending(last, now)
        elif now.message != (None if last is None else last.message):
            self._tell_queued(last, now)
        elif now.stage is Stage.QUEUED:
            self._remind(last, now)
        if now.stage is Stage.FORCING and (last is None or last.stage is not Stage.FORCING):
            click.echo(
                "The deadline is here and the committee has not taken it."
                " Forcing it by L1 alone ..."
            )
        if now.stage is Stage.ORDERED and (last is None or last.stage is not Stage.ORDERED):
            self._tell_ordered(now)

    def _tell_sending(self, last: Receipt | None, now: Receipt) -> None:
        if last is not None and last.message is not None:
            click.echo("L1 has reorganised: the message waits to be queued again.")
        elif last is not None and (last.stage, last.l1_transaction) == (
            now.stage,
            now.l1_transaction,
        ):
            return
        sent = "0x" + now.l1_transaction.hex()
        if now.stage is Stage.FAILED:
            click.echo(
                f"L1 transaction {sent} was mined and failed. Another is sent once that is final"
                " (about 13 minutes on Ethereum), so that nothing is queued twice."
            )
        elif last is None or last.message is not None:
            click.echo(f"  L1 transaction {sent}")
        else:
            click.echo(f"Not mined yet; replaced by L1 transaction {sent} at a higher fee.")

    def _tell_queued(self, last: Receipt | None, now: Receipt) -> None:
        message = now.message
        assert message is not None, "it is queued"
        if last is not None and last.message is not None:
            click.echo("L1 has reorganised.")
        self._reminded = time.monotonic()
        click.echo(
            f"Queued as message #{message.index} in L1 block {message.block},"
            f" {self._before(message)} before it. The committee must take it by"
            f" {at_time(message.deadline)}."
        )
        if now.latest_at is not None and now.stage is Stage.QUEUED:
            click.echo(
                f"Whatever the committee does, it is in the order by {at_time(now.latest_at)}."
                " You may interrupt this: the same command goes on."
            )

    def _remind(self, last: Receipt | None, now: Receipt) -> None:
        assert now.message is not None, "it is queued"
        if last is not None and last.stage is Stage.ORDERED:
            click.echo("L1 has reorganised: the message is in the queue, and not in the order.")
        elif time.monotonic() - self._reminded > REMIND_SECONDS:
            self._reminded = time.monotonic()
            left = max(0, now.message.deadline - round(time.time()))
            click.echo(f"  waiting for the committee; {left} s left")

    def _tell_ordered(self, now: Receipt) -> None:
        message, end = now.message, now.consumption
        assert message is not None, "it is in the order"
        assert end is not None, "it is in the order"
        if end.caller is None:
            click.echo(
                f"Consumed by the committee in batch {end.batch}, L1 block {end.block}."
                f" Message #{message.index} is in the rollup's order; no force was needed."
            )
            return
        who = "by this account" if end.caller.lower() == self._owner else f"by {end.caller}"
        click.echo(
            f"Included by force in L1 block {end.block}, {who}. Message #{message.index}"
            " is in the rollup's order, and nobody's signature was asked for."
        )


def tell_rest(receipt: Receipt, *, is_followed: bool) -> None:
    """What others than L1 say, once it is in the order."""
    place = receipt.place
    if place is not None and place.skipped is not None:
        click.echo(f"Followers skip it, so it has no place in the list: {place.skipped}.")
    elif place is not None:
        click.echo(f"A follower has it at position {place.position} of the rollup's list.")
    elif is_followed:
        click.echo("The follower does not list it yet.")
    if receipt.execution is not None:
        click.echo(f"The rollup's node says: {receipt.execution.value}.")
