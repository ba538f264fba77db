"""When a member shows L1 that it works though its signatures are left out, and the call that does
it (IDLE-3, SUBMIT-10)."""

from typing import Protocol

from sequencer.batches.attestations import SignedAttestation
from sequencer.l1 import abi
from sequencer.l1.account import L1Account, L1Call
from sequencer.l1.deployment import Contracts
from sequencer.l1.view import L1View
from sequencer.types import BatchIndex, Epoch, Hash32, MemberIndex

LEAST_COMMITS = 4
"""In an epoch with fewer nobody is absent, whatever the parameters (PARAM-2, WORK-3)."""

_SHOW = abi.function("InactivitySlasher", "showPresence")


class PresenceSource(Protocol):
    """What is asked of a node that shows its presence."""

    def presence(
        self, epoch: Epoch, index: BatchIndex, batch_hash: Hash32
    ) -> SignedAttestation | None:
        """This node's own attestation of a committed batch, in the name of `epoch`; None if it
        has no seat there, or no reason to sign this content."""


def presence_due(view: L1View, member: MemberIndex) -> Epoch | None:
    """The epoch that runs, in its last quarter, if L1 has seen the member in less than half of its
    commits: whatever the parameters, that is well above the floor (PARAM-2)."""
    head = view.head
    epoch = None if head is None else view.schedule.epoch_of(head.timestamp)
    if head is None or epoch is None:
        return None
    schedule, seen = view.schedule, view.seen.of(epoch)
    if 4 * (schedule.end_of(epoch) - head.timestamp) > schedule.epoch_seconds:
        return None
    return epoch if seen.commits >= LEAST_COMMITS and seen.is_behind(member) else None


class Presence:
    """Shows it once an epoch, by the last batch of L1."""

    def __init__(self, account: L1Account, contracts: Contracts, source: PresenceSource) -> None:
        self._account = account
        self._contract = contracts.inactivity_slasher
        self._source = source

    async def calls(self, epoch: Epoch, view: L1View) -> list[L1Call]:
        """One; none while this node has not the last batch. It is tried out, so that what L1 would
        refuse is known before it is paid for. Raises `L1Error`."""
        commit = view.commit_of(view.last_index)
        if commit is None:
            return []
        signed = self._source.presence(epoch, commit.index, commit.batch_hash)
        if signed is None:
            return []
        data = _SHOW.call(epoch, signed.member, commit.index, signed.signature)
        return [await self._account.tried(f"showPresence({epoch})", self._contract, data)]
