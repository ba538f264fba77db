"""Consensus messages that come before this node has begun their epoch (EPOCH-5)."""

from collections import deque
from itertools import count
from typing import NamedTuple

from sequencer.consensus.messages import Certificate, Proposal, SignedVote
from sequencer.node.wire import Message
from sequencer.types import Address, Epoch

MAX_MESSAGES = 32
"""Of one peer."""
MAX_BYTES = 256 << 10
"""Of one peer: a proposal with the largest block fits."""


class _Kept(NamedTuple):
    arrival: int
    epoch: Epoch
    data: bytes


class EarlyMessages:
    """The last messages of each peer for later epochs. A peer takes room only from itself."""

    def __init__(self) -> None:
        self._kept: dict[Address, deque[_Kept]] = {}
        self._arrivals = count()

    def keep(self, peer: Address, epoch: Epoch, data: bytes) -> None:
        """Keep a message, encoded; the peer's oldest make room for it."""
        kept = self._kept.setdefault(peer, deque())
        kept.append(_Kept(next(self._arrivals), epoch, data))
        while len(kept) > MAX_MESSAGES or sum(len(known.data) for known in kept) > MAX_BYTES:
            kept.popleft()

    def take(self, epoch: Epoch) -> list[tuple[Address, bytes]]:
        """The messages of an epoch that begins, in order of arrival. They are forgotten, and so
        are those of epochs before it."""
        taken: list[tuple[int, Address, bytes]] = []
        for peer, kept in list(self._kept.items()):
            taken += [(known.arrival, peer, known.data) for known in kept if known.epoch == epoch]
            later = deque(known for known in kept if known.epoch > epoch)
            if later:
                self._kept[peer] = later
            else:
                del self._kept[peer]
        return [(peer, data) for _, peer, data in sorted(taken)]


def epoch_of(message: Message) -> Epoch | None:
    """The epoch whose instance a message is for; None if it is for any."""
    match message:
        case Proposal():
            return message.notarize.vote.epoch
        case SignedVote() | Certificate():
            return message.vote.epoch
        case _:
            return None
