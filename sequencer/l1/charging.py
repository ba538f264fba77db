"""When rollups are to be charged for committed batches, and the call that does it (SUBMIT-9)."""

from typing import Protocol

from msgspec.structs import astuple

from sequencer.batches.batch import Batch
from sequencer.batches.usage import count_entries
from sequencer.l1 import abi
from sequencer.l1.account import L1Account, L1Call
from sequencer.l1.deployment import Contracts
from sequencer.l1.fees import Charged
from sequencer.l1.submission import Charge
from sequencer.l1.view import L1View
from sequencer.types import BatchIndex

CHARGE_BATCHES = 16
"""Charged with one call at most, and as soon as there are so many."""
MAX_ENTRIES = 128
"""Of usage, in one call. One that gives notice, of a rollup that never paid, takes 80,000 gas."""

_CHARGE = abi.function("SequencingFees", "charge")


class UsageSource(Protocol):
    """What is asked of whoever charges."""

    def batch(self, index: BatchIndex) -> Batch | None:
        """A batch whose usage is here."""

    def usage(self, batch: Batch) -> bytes:
        """ENC-12."""


def charge_due_since(view: L1View) -> int | None:
    """Since when, in seconds of L1, there is enough to charge for: `CHARGE_BATCHES` batches, or
    one of an epoch before another's. None while there is not. What is older than the view's
    window, or was begun, is due since genesis."""
    first = view.charged.last + 1
    if first > view.last_index:
        return None
    oldest = view.commit_of(BatchIndex(first))
    if oldest is None or view.charged.entries:
        return view.schedule.genesis
    for index in range(first, min(first + CHARGE_BATCHES - 1, view.last_index) + 1):
        commit = view.commit_of(BatchIndex(index))
        assert commit is not None, "later than one that is known"
        if commit.epoch > oldest.epoch or index == first + CHARGE_BATCHES - 1:
            block = view.block_at(commit.l1_number)
            return view.schedule.genesis if block is None else block.timestamp
    return None


class Charging:
    """Charges for the batches after the last charged one, as many as go together."""

    def __init__(self, account: L1Account, contracts: Contracts, source: UsageSource) -> None:
        self._account = account
        self._contract = contracts.sequencing_fees
        self._source = source

    async def calls(self, step: Charge) -> list[L1Call]:
        """One; none while this node has not the first batch. It is tried out, so that what L1
        would refuse is known before it is paid for. Raises `L1Error`."""
        batches, usages, entries = choose_batches(self._source, step.charged, step.last)
        if not batches:
            return []
        data = _CHARGE.call([astuple(batch) for batch in batches], usages, entries)
        label = f"charge({batches[0].index} to {batches[-1].index})"
        return [await self._account.tried(label, self._contract, data)]


def choose_batches(
    source: UsageSource, charged: Charged, last: BatchIndex
) -> tuple[list[Batch], list[bytes], int]:
    """What to charge next, of the batches up to `last`: batches, their usages, and up to which
    entry of the last one: beyond its end, but for a first batch that is too long for one call."""
    batches: list[Batch] = []
    usages: list[bytes] = []
    room, entries = MAX_ENTRIES, 0
    for index in range(charged.last + 1, min(charged.last + CHARGE_BATCHES, last) + 1):
        batch = source.batch(BatchIndex(index))
        if batch is None:
            break
        usage = source.usage(batch)
        done = 0 if batches else charged.entries
        size = count_entries(usage)
        if batches and size > room:
            break
        batches.append(batch)
        usages.append(usage)
        entries = min(size, done + room)
        room -= entries - done
        if entries < size:
            break
    return batches, usages, entries
