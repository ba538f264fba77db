"""The wires between nodes: delay, reordering, loss, duplication, cuts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from sequencer.consensus.messages import (
    BlockRequest,
    Certificate,
    ConsensusMessage,
    Proposal,
    SignedVote,
    VoteKind,
    decode_message,
    encode_message,
)
from sequencer.simulation.scheduler import Scheduler, Trace

Deliver = Callable[[int, ConsensusMessage], None]
Link = tuple[int, int]
"""(sender, receiver), by position."""
_KINDS = {kind: kind.name.lower() for kind in VoteKind}


@dataclass(frozen=True, slots=True)
class Conditions:
    """How the wires behave; `cuts` are links that carry nothing."""

    delay_ms: tuple[int, int] = (5, 25)
    slow_rate: float = 0.0
    slow_ms: int = 0
    loss: float = 0.0
    duplicates: float = 0.0
    cuts: frozenset[Link] = field(default_factory=frozenset)


def summary(message: ConsensusMessage) -> str:
    """Few words, for the trace."""
    if isinstance(message, SignedVote):
        return f"{_KINDS[message.vote.kind]} {message.vote.view} of {message.member}"
    if isinstance(message, Certificate):
        return f"{_KINDS[message.vote.kind]} {message.vote.view} certified"
    if isinstance(message, Proposal):
        return f"proposal {message.notarize.vote.view}"
    if isinstance(message, BlockRequest):
        return f"request above {message.have_height}"
    return f"blocks {len(message.blocks)}"


class Network:
    """Positions are those of the nodes in the world, members first."""

    def __init__(self, scheduler: Scheduler, random: Random, trace: Trace) -> None:
        self.conditions = Conditions()
        self.is_encoding = False
        """Whether messages go through their bytes: slower, so not in every schedule."""
        self.severed: frozenset[Link] = frozenset()
        """Links that are cut for good."""
        self._scheduler = scheduler
        self._random = random
        self._trace = trace
        self._receivers: list[Deliver] = []

    def attach(self, deliver: Deliver) -> None:
        self._receivers.append(deliver)

    def positions(self) -> range:
        return range(len(self._receivers))

    def send(self, sender: int, receiver: int, message: ConsensusMessage, hold_ms: int = 0) -> None:
        """Put a message on the wire, `hold_ms` later than now."""
        now = self.conditions
        if (sender, receiver) in now.cuts or (sender, receiver) in self.severed:
            return
        for _ in range(2 if now.duplicates and self._random.random() < now.duplicates else 1):
            if now.loss and self._random.random() < now.loss:
                continue
            delay = hold_ms + self._random.randint(*now.delay_ms)
            if now.slow_rate and self._random.random() < now.slow_rate:
                delay += self._random.randint(0, now.slow_ms)
            self._scheduler.after(delay, lambda: self._arrive(sender, receiver, message))

    def _arrive(self, sender: int, receiver: int, message: ConsensusMessage) -> None:
        self._trace.note(f"{self._scheduler.now_ms} {sender}>{receiver} {summary(message)}")
        if self.is_encoding:
            message = decode_message(encode_message(message))
        self._receivers[receiver](sender, message)
