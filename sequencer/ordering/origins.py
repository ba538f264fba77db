"""Which L1 block a block names as its origin (BLOCK-3, EPOCH-2)."""

from typing import Protocol

from sequencer.blocks.header import Header
from sequencer.errors import NotYet, PeerFault
from sequencer.l1.events import L1Header
from sequencer.l1.schedule import Schedule
from sequencer.ordering.turn import origin_epoch
from sequencer.types import ZERO_HASH, Committee, Epoch


class L1Blocks(Protocol):
    """What of a view of L1 origins are chosen and judged by."""

    @property
    def schedule(self) -> Schedule: ...

    @property
    def confirmed(self) -> L1Header | None: ...

    def block_at(self, number: int) -> L1Header | None: ...

    def committee_at(self, epoch: Epoch, number: int) -> Committee | None: ...


class Origins:
    """One node's choice and judgement of origins."""

    def __init__(self, l1: L1Blocks, lag: int) -> None:
        """`lag`: how many L1 blocks below the highest confirmed one this node's origins lie."""
        self._l1 = l1
        self._lag = lag

    def choose(self, epoch: Epoch, parent: Header) -> L1Header:
        """The highest confirmed L1 block, less the lag, that EPOCH-2 allows; if none is new, the
        parent's."""
        confirmed = self._l1.confirmed
        if confirmed is None:
            return origin_of(parent)
        highest = confirmed.number - self._lag
        for number in range(highest, parent.origin_number, -1):
            origin = self._l1.block_at(number)
            if origin is not None and self._is_allowed(epoch, origin):
                return origin
        return origin_of(parent)

    def check(self, epoch: Epoch, header: Header, parent: Header) -> None:
        """Raises `PeerFault` for an origin no honest node names, `NotYet` for one this node does
        not know."""
        found = origin_of(header)
        if header.origin_number <= parent.origin_number:
            if found != origin_of(parent):
                raise PeerFault(
                    f"origin {header.origin_number} does not follow {parent.origin_number}"
                )
            return
        confirmed = self._l1.confirmed
        if confirmed is None or header.origin_number > confirmed.number:
            raise NotYet(f"origin {header.origin_number} is not confirmed here yet")
        known = self._l1.block_at(header.origin_number)
        if known is None:
            raise PeerFault(f"origin {header.origin_number} is older than the L1 blocks kept here")
        if (known.hash, known.timestamp) != (found.hash, found.timestamp):
            raise NotYet(f"origin {header.origin_number} is on another L1 branch than this node")
        if not self._is_allowed(epoch, known):
            raise PeerFault(f"origin {header.origin_number} is in an epoch without a committee")

    def _is_allowed(self, epoch: Epoch, origin: L1Header) -> bool:
        """EPOCH-2."""
        later = origin_epoch(self._l1.schedule, origin.timestamp)
        return later <= epoch or self._l1.committee_at(later, origin.number) is not None


def origin_of(header: Header) -> L1Header:
    """The origin a header names; its parent on L1 is not told and not needed."""
    return L1Header(header.origin_number, header.origin_hash, ZERO_HASH, header.origin_timestamp)
