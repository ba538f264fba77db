"""What L1's logs and code say of an epoch, for the scripts that act on one."""

from collections.abc import Sequence

from scripts._actions import Actor
from sequencer.crypto.hashing import keccak
from sequencer.errors import LocalFault
from sequencer.types import Address, Epoch, decode_committee


def batch_bitmaps(actor: Actor, epoch: int) -> list[int]:
    """Who signed each batch of an epoch, in order (WORK-2); raises `LocalFault` without any."""
    first, last = _blocks_of(actor, epoch)
    found = actor.events("CommitmentChain", "BatchCommitted", first, last)
    bitmaps = [event["signers"] for event in found if event["epoch"] == epoch]
    if not bitmaps:
        raise LocalFault(f"L1 has no batch of epoch {epoch}")
    return bitmaps


def counts_of(actor: Actor, epoch: int) -> Sequence[int]:
    """How often each member signed, packed as L1 has hashed it; raises `LocalFault` until the
    epoch is settled."""
    _, last = _blocks_of(actor, epoch)
    for event in actor.events("Participation", "EpochSettled", last, actor.head()):
        if event["epoch"] == epoch:
            counts: Sequence[int] = event["counts"]
            return counts
    raise LocalFault(f"epoch {epoch} is not settled: ape run epoch settle {epoch}")


def members_of(actor: Actor, epoch: int) -> list[Address]:
    """The signing keys of an epoch's committee, in its order."""
    code = actor.read("Committee", "committeeBytes", epoch)
    committee = decode_committee(Epoch(epoch), code, keccak(code))
    return [member.signer for member in committee.members]


def _blocks_of(actor: Actor, epoch: int) -> tuple[int, int]:
    """The L1 blocks in which the epoch's committee could commit (CERT-3), so far."""
    deployment = actor.contracts.deployment
    start = deployment.schedule.start_of(Epoch(epoch))
    end = deployment.schedule.end_of(Epoch(epoch)) + deployment.commit_grace_seconds
    return actor.block_at(start), actor.block_at(end)
