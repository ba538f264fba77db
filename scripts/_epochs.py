"""What L1's logs and code say of an epoch, for the scripts that act on one."""

from collections.abc import Sequence

import click

from scripts._actions import Actor
from sequencer.crypto.hashing import keccak
from sequencer.errors import LocalFault
from sequencer.types import Address, Epoch, decode_committee


def batch_bitmaps(actor: Actor, epoch: int) -> list[int]:
    """Who signed each batch of an epoch, in order (WORK-2); raises `LocalFault` without any."""
    start = actor.contracts.deployment.schedule.start_of(Epoch(epoch))
    first, last = actor.block_at(start), _last_block(actor, epoch)
    found = actor.events("CommitmentChain", "BatchCommitted", first, last)
    bitmaps = [event["signers"] for event in found if event["epoch"] == epoch]
    if not bitmaps:
        raise LocalFault(f"L1 has no batch of epoch {epoch}")
    return bitmaps


def counts_of(actor: Actor, epoch: int) -> Sequence[int]:
    """How often each member signed, packed as L1 has hashed it; raises `LocalFault` until the
    epoch is settled."""
    last = _last_block(actor, epoch)
    for event in actor.events("Participation", "EpochSettled", last, actor.head()):
        if event["epoch"] == epoch:
            counts: Sequence[int] = event["counts"]
            return counts
    raise not_settled(epoch)


def not_settled(epoch: int) -> LocalFault:
    """The fault that tells so."""
    return LocalFault(f"epoch {epoch} is not settled: ape run epoch settle {epoch}")


def members_of(actor: Actor, epoch: int) -> list[Address]:
    """The signing keys of an epoch's committee, in its order."""
    code = actor.read("Committee", "committeeBytes", epoch)
    committee = decode_committee(Epoch(epoch), code, keccak(code))
    return [member.signer for member in committee.members]


def introduce(actor: Actor, epoch: int, index: int, signer: Address) -> int:
    """Name the operator behind a member, of whom the lines that follow tell; its id."""
    operator_id = int(actor.read("BondRegistry", "operatorIdOfSigner", signer))
    click.echo(f"Member {index} of epoch {epoch}, operator {operator_id}:")
    return operator_id


def _last_block(actor: Actor, epoch: int) -> int:
    """The last L1 block in which the epoch's committee could commit (CERT-3), so far."""
    deployment = actor.contracts.deployment
    end = deployment.schedule.end_of(Epoch(epoch)) + deployment.commit_grace_seconds
    return actor.block_at(end)
