"""A broken promise on its way through L1 (PROMISE-5 to PROMISE-7), for the script that reports."""

import asyncio
import secrets
from enum import IntEnum

import click
import msgspec

from scripts._actions import Actor, Call
from scripts._credit import withdraw_credit
from scripts._figures import credit_figure, operator_figures
from sequencer.batches.batch import Batch
from sequencer.deployment.words import at_time, ether
from sequencer.errors import LocalFault
from sequencer.evidence.fields import report_commitment
from sequencer.evidence.promise import PromiseEvidence
from sequencer.l1 import abi
from sequencer.l1.account import GWEI
from sequencer.l1.backwards import logs_backwards
from sequencer.l1.calldata import decode_commit, decode_commit_blobs, is_with_blobs
from sequencer.l1.client import L1Client
from sequencer.l1.promises import find_challenge
from sequencer.promises.challenge import PromiseChallenge
from sequencer.types import Hash32, Height


class _Status(IntEnum):
    """The numbers of `PromiseStatus` in `IPromiseSlasher`."""

    NONE = 0
    OPEN = 1
    KEPT = 2
    BROKEN = 3


def report_promise(actor: Actor, evidence: PromiseEvidence, operator_id: int) -> None:
    """Challenge it, or settle the challenge and have the price back, whichever is next."""
    promise_id = evidence.id(operator_id)
    status, is_reclaimed = actor.read("PromiseSlasher", "statusOf", promise_id)
    if status == _Status.NONE:
        _challenge(actor, evidence, operator_id)
        return
    if status == _Status.KEPT:
        raise LocalFault("L1 was shown that the promise was kept")
    asked = _asked(actor, promise_id)
    if actor.now() < asked.deadline:
        click.echo(f"It is challenged, and may be answered until {at_time(asked.deadline)}.")
        click.echo("Run this again then.")
        return
    is_ours = asked.challenger == actor.address
    if is_ours and not is_reclaimed:
        _reclaim(actor, promise_id, asked)
    if status == _Status.OPEN:
        _settle(actor, evidence, operator_id, asked)
    elif not is_ours or is_reclaimed:
        raise LocalFault("the promise is settled as broken already")


def _challenge(actor: Actor, evidence: PromiseEvidence, operator_id: int) -> None:
    """PROMISE-5. What is paid above the price is credited."""
    batch = asyncio.run(_batch_with(actor, evidence.promise.last_height))
    price_wei = _price_wei(actor)
    promise_id = evidence.id(operator_id)
    salt = secrets.token_bytes(32)
    commitment = report_commitment(promise_id, actor.address, salt)
    arguments = (*evidence.for_contract(), msgspec.structs.astuple(batch), salt)
    receipt = actor.act(
        Call("PromiseSlasher", "challenge", arguments, price_wei),
        [credit_figure("PromiseSlasher", actor.address)],
        announcement=Call("PromiseSlasher", "commitReport", (commitment,)),
    )
    if receipt is None:
        return
    asked = _asked(actor, promise_id)
    click.echo(f"Challenged with batch {batch.index}, for {ether(asked.price_wei)}.")
    click.echo(f"If nobody answers until {at_time(asked.deadline)}, run this again.")


def _reclaim(actor: Actor, promise_id: Hash32, asked: PromiseChallenge) -> None:
    """PROMISE-7: nobody has answered."""
    arguments = (promise_id, asked.for_contract(), actor.address)
    if actor.act(Call("PromiseSlasher", "reclaim", arguments), []) is not None:
        click.echo(f"The price of the challenge is back: {ether(asked.price_wei)}.")


def _settle(
    actor: Actor, evidence: PromiseEvidence, operator_id: int, asked: PromiseChallenge
) -> None:
    """PROMISE-7."""
    arguments = (operator_id, evidence.promise.for_contract(), asked.for_contract())
    receipt = actor.act(
        Call("PromiseSlasher", "settle", arguments),
        [*operator_figures(operator_id), credit_figure("SlashingLedger", actor.address)],
    )
    if receipt is not None:
        click.echo("The promise is broken: its beneficiary is compensated.")
        for contract in ("SlashingLedger", "PromiseSlasher"):
            if actor.read(contract, "credit", actor.address):
                paid = withdraw_credit(actor, contract, actor.address)
                assert paid is not None, "settled, so this is no dry run"
                click.echo(f"{paid} by {contract}.")


def _asked(actor: Actor, promise_id: Hash32) -> PromiseChallenge:
    return asyncio.run(_find_challenge(actor, promise_id))


async def _find_challenge(actor: Actor, promise_id: Hash32) -> PromiseChallenge:
    client = L1Client(actor.url)
    try:
        return await find_challenge(client, actor.contracts.deployment, promise_id)
    finally:
        await client.close()


def _price_wei(actor: Actor) -> int:
    """With room for the base fee to double until it is mined."""
    gas = actor.read("PromiseSlasher", "ANSWER_GAS")
    return int(gas) * (4 * actor.base_fee_wei() + GWEI)


async def _batch_with(actor: Actor, height: Height) -> Batch:
    """The batch on L1 that has the block of a height; the last ones are looked at first. Raises
    `LocalFault` if there is none."""
    deployment, client = actor.contracts.deployment, L1Client(actor.url)
    committed = abi.event("CommitmentChain", "BatchCommitted").hash
    chain, start = deployment.contracts.commitment_chain, deployment.start_block
    try:
        async for log in logs_backwards(client, chain, start):
            if log.topics[0] != committed:
                continue
            transaction = await client.transaction(log.transaction_hash)
            if transaction is None:
                raise LocalFault("L1 changes; try again")
            data = transaction.data
            batch = (decode_commit_blobs if is_with_blobs(data) else decode_commit)(data).batch
            if batch.last_height < height:
                raise LocalFault(f"L1 has not come to height {height}: it is early to tell")
            if batch.first_height <= height:
                return batch
    finally:
        await client.close()
    raise LocalFault(f"L1 has no batch with the block of height {height}")
