"""Make the committee show the data that it holds for a rollup, or lose bond.

    ape run challenge_data --network URL --account ALIAS --entry 0x...

--entry is the id of a held segment, as followers list it. The committee has until the deadline to
bring its bytes to L1, where anyone can read them. If nobody does, the segment is void, everyone who
signed its batch is slashed, and the reward is yours. It may be interrupted: the same command goes
on.
"""

import time
from collections.abc import Awaitable, Callable, Iterator
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

import click
from ape.api import AccountAPI, ProviderAPI
from ape.cli import ConnectedProviderCommand, account_option
from ape.exceptions import CustomError

from scripts._batches import search_held
from scripts._options import archives_option, beacon_option
from scripts._shared import (
    Contracts,
    bytes_address,
    deployment_option,
    http_url,
    plain_errors,
    unattended,
)
from sequencer.blocks.payload import decode_segment
from sequencer.crypto.hashing import keccak
from sequencer.deployment.words import at_time, ether
from sequencer.errors import DecodeError, LocalFault
from sequencer.types import BatchIndex, Hash32, RollupId
from sequencer.wallet.held_proof import challenge_arguments
from sequencer.wallet.held_search import HeldSearch

POLL_SECONDS = 1.0
REMIND_SECONDS = 60
SIGNATURE_BYTES = 64
"""ENC-3."""
_T = TypeVar("_T")


class Status(Enum):
    """Of a challenge, as the contract has it."""

    NONE = 0
    OPEN = 1
    ANSWERED = 2
    VOID = 3


@click.command(cls=ConnectedProviderCommand)
@account_option()
@deployment_option
@click.option("--entry", required=True, metavar="ID", help="The held segment's id: 32 bytes.")
@click.option(
    "--batch",
    type=click.IntRange(min=1),
    metavar="INDEX",
    help="The batch that holds it, which followers show too. Without it all are looked through,"
    " the last first.",
)
@beacon_option
@archives_option
def cli(
    provider: ProviderAPI,
    account: AccountAPI,
    deployment_path: Path,
    entry: str,
    batch: int | None,
    beacon: str | None,
    archives: tuple[str, ...],
) -> None:
    """Challenge a held segment, and see it through."""
    with plain_errors():
        contracts = Contracts(deployment_path, provider)
        wanted = _id(entry)
        unattended(account)
        l1 = _L1(provider, contracts, beacon, archives)
        errand = _Errand(l1, contracts, account, wanted)
        if errand.status is not Status.NONE:
            click.echo(f"Challenged before, by {errand.state.challenger}; going on.")
        # L1 may reorganise at any point, and then says itself where it goes on.
        while (status := errand.status) in (Status.NONE, Status.OPEN):
            if status is Status.NONE:
                errand.challenge(None if batch is None else BatchIndex(batch))
            else:
                errand.wait()
        if status is Status.ANSWERED:
            errand.show_answer()
        else:
            errand.punish()
        errand.withdraw()


class _L1:
    """L1 as the script reads it."""

    def __init__(
        self,
        provider: ProviderAPI,
        contracts: Contracts,
        beacon: str | None,
        archives: tuple[str, ...],
    ) -> None:
        self._provider = provider
        self._contracts = contracts
        self._beacon = beacon
        self._archives = archives

    def now(self) -> int:
        """Seconds, of the last block."""
        return int(self._provider.get_block("latest").timestamp)

    def search(self, ask: Callable[[HeldSearch], Awaitable[_T]]) -> _T:
        url = http_url(self._provider)
        return search_held(self._contracts, url, self._beacon, self._archives, ask)


class _Errand:
    """One challenge. What is done is on L1, and nothing is kept here."""

    def __init__(self, l1: _L1, contracts: Contracts, account: AccountAPI, wanted: Hash32) -> None:
        self._l1 = l1
        self._contracts = contracts
        self._account = account
        self._id = wanted

    @property
    def state(self) -> Any:
        """`challengeOf`."""
        return self._contracts.data.challengeOf(self._id)

    @property
    def status(self) -> Status:
        return Status(self.state.status)

    def challenge(self, index: BatchIndex | None) -> None:
        """DATA-1, DATA-2."""
        contract = self._contracts.data
        found = self._l1.search(lambda search: search.find(self._id, index))
        entry, batch = found.place.entry, found.call.batch.index
        click.echo(
            f"Found: {entry.length} bytes of rollup {entry.rollup},"
            f" in block {found.place.headers[-1].height} of batch {batch}."
        )
        if (settled := contract.settledIndex()) >= batch:
            raise LocalFault(f"too late: batches up to {settled} can be challenged no more")
        payer = bytes_address(self._account.address)
        price = self._l1.search(lambda search: search.price(entry.length, payer))
        click.echo(
            f"The price is {ether(price)}: it goes to whoever answers, or comes back to you. A"
            " third of it is sent along in case it rises, and credited to you if it does not."
        )
        contract.challenge(
            *challenge_arguments(found.place, found.batches),
            value=price * 4 // 3,
            sender=self._account,
        )
        click.echo(f"Challenged. The committee must answer before {at_time(self.state.deadline)}.")

    def wait(self) -> None:
        """Until it is answered, or can be settled, and is."""
        deadline, reminded = self.state.deadline, time.monotonic()
        while (now := self._l1.now()) < deadline and self.status is Status.OPEN:
            if time.monotonic() - reminded > REMIND_SECONDS:
                reminded = time.monotonic()
                click.echo(f"  waiting for an answer; {deadline - now} s left")
            time.sleep(POLL_SECONDS)
        if self.status is not Status.OPEN:
            return
        click.echo("The deadline is here and nobody has answered. Settling ...")
        try:
            self._contracts.data.settle(self._id, sender=self._account)
        except CustomError:
            if self.status is Status.OPEN:  # nobody else was first
                raise

    def show_answer(self) -> None:
        """DATA-3."""
        answer, state = self._l1.search(lambda search: search.answer(self._id)), self.state
        if len(answer.data) != state.length or keccak(answer.data) != bytes(state.hash):
            raise LocalFault("L1's endpoint shows other bytes than the contract has checked")
        click.echo(
            f"Answered in L1 block {answer.l1_block}, transaction"
            f" 0x{answer.transaction_hash.hex()}: the event DataAnswered has the {state.length}"
            " bytes."
        )
        try:
            count = len(decode_segment(RollupId(state.rollupId), answer.data))
        except DecodeError as error:
            click.echo(f"They hold no transactions: {error}.")
        else:
            click.echo(f"Transactions of rollup {state.rollupId} in them: {count}.")

    def punish(self) -> None:
        """DATA-5, everyone whose signature is with the batch."""
        index = BatchIndex(self.state.index)
        click.echo("Void: the segment counts as empty. Showing L1 who signed its batch ...")
        call = self._l1.search(lambda search: search.commit(index))
        for signature in _signatures(call.signatures):
            try:
                receipt = self._contracts.data.punish(
                    self._id, call.epoch, signature, sender=self._account
                )
            except CustomError as refusal:
                click.echo(f"  not slashed: {refusal!r}")
                continue
            (slashed,) = self._contracts.ledger.OperatorSlashed.from_receipt(receipt)
            click.echo(f"  operator {slashed.id} lost {ether(sum(slashed.split))}")

    def withdraw(self) -> None:
        """DATA-8, BOND-6: what is credited to this account."""
        for what, contract in (
            ("challenges", self._contracts.data),
            ("rewards", self._contracts.ledger),
        ):
            if amount := contract.credit(self._account.address):
                contract.withdraw(self._account.address, sender=self._account)
                click.echo(f"Paid {ether(amount)} from {what} to {self._account.address}.")


def _id(text: str) -> Hash32:
    try:
        wanted = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        wanted = b""
    if len(wanted) != 32:
        raise LocalFault("--entry: an id is 0x and 32 bytes in hex")
    return Hash32(wanted)


def _signatures(joined: bytes) -> Iterator[bytes]:
    for at in range(0, len(joined), SIGNATURE_BYTES):
        yield joined[at : at + SIGNATURE_BYTES]
