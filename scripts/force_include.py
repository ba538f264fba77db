"""Get a transaction into a rollup's order when the sequencer does not take it.

    ape run force_include --network URL --account ALIAS --rollup 1 --to 0x... --nonce 0

Your account signs the transaction for the rollup and queues it on L1. The committee has until
the deadline to take it. If it does not, this script puts it into the order by L1 alone. Nothing
but L1 is asked: it works when every sequencer and every rollup node is down.
"""

import time
from pathlib import Path

import click
from ape.api import AccountAPI, ProviderAPI
from ape.cli import ConnectedProviderCommand, account_option
from ape.exceptions import ContractLogicError
from eth_utils.address import is_address

from scripts._queue import Consumption, Message, Queue
from scripts._shared import (
    Contracts,
    bytes_address,
    deployment_option,
    plain_errors,
    unattended,
)
from sequencer.deployment.words import at_time, ether, parse_ether
from sequencer.errors import LocalFault
from sequencer.ingress.transaction import Transaction, check_intrinsic, decode_transaction

POLL_SECONDS = 0.25
REMIND_SECONDS = 10
TRANSFER_GAS = 21_000
FORCE_GAS = 100_000
"""It takes the same gas for any number of messages, under 65,000 (INBOX-5)."""
GWEI = 10**9
MAX_ATTEMPTS = 3
MARGIN_PERCENT = 10
"""Others may queue before us, which raises the fee; what is not needed is returned."""


@click.command(cls=ConnectedProviderCommand)
@account_option()
@deployment_option
@click.option("--rollup", type=int, required=True, metavar="ID", help="The rollup's id.")
@click.option("--to", metavar="ADDRESS", required=True, help="Who is called or paid there.")
@click.option("--nonce", type=int, required=True, help="Your account's next nonce on the rollup.")
@click.option("--value", default="0", metavar="ETH", show_default=True, help="Amount to send.")
@click.option("--data", default="0x", metavar="HEX", help="Calldata.")
@click.option("--gas-limit", type=int, help="Needed with --data; a plain transfer takes 21000.")
@click.option("--max-fee", type=float, default=10, metavar="GWEI", show_default=True)
@click.option("--priority-fee", type=float, default=1, metavar="GWEI", show_default=True)
def cli(  # noqa: PLR0913, PLR0917 - one parameter for each field of a transaction
    provider: ProviderAPI,
    account: AccountAPI,
    deployment_path: Path,
    rollup: int,
    to: str,
    nonce: int,
    value: str,
    data: str,
    gas_limit: int | None,
    max_fee: float,
    priority_fee: float,
) -> None:
    """Queue a transaction on L1 and see it into the order."""
    with plain_errors():
        contracts = Contracts(deployment_path, provider)
        unattended(account)
        if not is_address(to):
            raise LocalFault(f"--to: {to!r} is no address")
        if gas_limit is None:
            if data != "0x":
                raise LocalFault("a transaction with --data needs a --gas-limit")
            gas_limit = TRANSFER_GAS
        chain_id = _chain_id(contracts, rollup)
        click.echo(f"Rollup {rollup} has chain id {chain_id}. {account.address} signs:")
        transaction = _sign(
            provider,
            account,
            chainId=chain_id,
            to=to,
            nonce=nonce,
            value=parse_ether(value),
            data=data,
            gas=gas_limit,
            maxFeePerGas=round(max_fee * GWEI),
            maxPriorityFeePerGas=round(priority_fee * GWEI),
        )
        l1_transaction = _enqueue(contracts, account, rollup, transaction)
        _Story(contracts, provider, account, l1_transaction).tell()


def _chain_id(contracts: Contracts, rollup: int) -> int:
    chain_id = int(contracts.rollups.rollup(rollup).chainId) if 0 < rollup < 2**32 else 0
    if not chain_id:
        raise LocalFault(
            f"there is no rollup {rollup}; {contracts.rollups.rollupCount()} are registered"
        )
    return chain_id


def _sign(provider: ProviderAPI, account: AccountAPI, **fields: object) -> Transaction:
    """The signed transaction, judged as the rollup will judge it (TX-1 to TX-3)."""
    unsigned = provider.network.ecosystem.create_transaction(
        type=2, sender=account.address, **fields
    )
    signed = account.sign_transaction(unsigned)
    if signed is None:
        raise LocalFault("the account did not sign; nothing was sent")
    transaction = decode_transaction(
        bytes(signed.serialize_transaction()), int(str(fields["chainId"]))
    )
    check_intrinsic(transaction)
    if transaction.sender != bytes_address(account.address):
        raise LocalFault(f"signed by 0x{transaction.sender.hex()}, not by {account.address}")
    click.echo(f"  transaction 0x{transaction.hash.hex()}, {len(transaction.raw)} bytes")
    return transaction


def _enqueue(
    contracts: Contracts, account: AccountAPI, rollup: int, transaction: Transaction
) -> str:
    """Queue it; returns the hash of the L1 transaction."""
    fee_wei = int(contracts.inbox.fee(len(transaction.raw), transaction.gas_limit))
    click.echo(f"Queueing it on L1. The queue's fee is {ether(fee_wei)} now.")
    receipt = contracts.inbox.enqueue(
        rollup,
        transaction.gas_limit,
        transaction.raw,
        sender=account,
        value=fee_wei * (100 + MARGIN_PERCENT) // 100,
    )
    return str(receipt.txn_hash)


class _Story:
    """From the queue into the order, in plain words."""

    def __init__(
        self,
        contracts: Contracts,
        provider: ProviderAPI,
        account: AccountAPI,
        l1_transaction: str,
    ) -> None:
        self._contracts = contracts
        self._account = account
        self._queue = Queue(provider, contracts.deployment.contracts)
        self._l1_transaction = l1_transaction
        self._told: Message | None = None
        self._reminded = 0.0
        self._attempts = 0

    def tell(self) -> None:
        """Return once the message is in the order."""
        while True:
            message = self._queue.message_of(self._l1_transaction)
            if message is None:
                self._tell_reorg()
            elif consumption := self._queue.consumption_of(message):
                self._tell_end(message, consumption)
                return
            elif self._queue.now() + 1 >= message.deadline:
                # Block times increase, so the next block is at the deadline or after it.
                self._force(message)
            else:
                self._tell_waiting(message)
            time.sleep(POLL_SECONDS)

    def _tell_reorg(self) -> None:
        if self._told is not None:
            click.echo("L1 has reorganised: the message waits to be queued again.")
            self._told = None

    def _tell_waiting(self, message: Message) -> None:
        if message != self._told:
            self._told = message
            self._reminded = time.monotonic()
            before = max(0, message.index - int(self._contracts.inbox.head().consumed))
            click.echo(
                f"Queued as message #{message.index} in L1 block {message.block},"
                f" {before} before it. The committee must take it by"
                f" {at_time(message.deadline)}."
            )
        elif time.monotonic() - self._reminded > REMIND_SECONDS:
            self._reminded = time.monotonic()
            click.echo(
                f"  waiting for the committee; {message.deadline - self._queue.now()} s left"
            )

    def _force(self, message: Message) -> None:
        self._attempts += 1
        if self._attempts == 1:
            click.echo(
                "The deadline is here and the committee has not taken it."
                " Forcing it by L1 alone ..."
            )
        try:
            self._contracts.inbox.forceInclude(
                message.index + 1, sender=self._account, gas_limit=FORCE_GAS
            )
        except ContractLogicError:
            # Somebody was quicker, or L1 has reorganised meanwhile: look again.
            if self._attempts == MAX_ATTEMPTS:
                raise

    def _tell_end(self, message: Message, consumption: Consumption) -> None:
        if consumption.caller is None:
            click.echo(
                f"Consumed by the committee in batch {consumption.batch}, L1 block"
                f" {consumption.block}. Message #{message.index} is in the rollup's order;"
                " no force was needed."
            )
            return
        is_ours = consumption.caller.lower() == str(self._account.address).lower()
        who = "by this account" if is_ours else f"by {consumption.caller}"
        click.echo(
            f"Included by force in L1 block {consumption.block}, {who}. Message #{message.index}"
            " is in the rollup's order, and nobody's signature was asked for."
        )
