"""Where messages of peers meet the core of one epoch: what is of another epoch or no news is
dropped, the rest is checked first (P5, SIMPLEX-12)."""

from collections.abc import Callable
from typing import Protocol, TypeVar

from sequencer.consensus.events import Input, Received
from sequencer.consensus.messages import (
    BlockRequest,
    Blocks,
    Certificate,
    ConsensusMessage,
    Proposal,
    SignedVote,
    Vote,
    VoteKind,
)
from sequencer.consensus.simplex import Simplex
from sequencer.consensus.verification import Verifier

P = TypeVar("P")
P_contra = TypeVar("P_contra", contravariant=True)


class Inlet(Protocol[P_contra]):
    """What an instance does with messages, each of one sort."""

    is_over: bool

    def answer_request(self, peer: P_contra, request: BlockRequest) -> None: ...

    def take_blocks(self, peer: P_contra, reply: Blocks) -> None: ...

    def ask_for_final(self, peer: P_contra) -> None:
        """The peer is in a later epoch already (EPOCH-5)."""

    def say_farewell(self, peer: P_contra) -> None:
        """The peer waits in an epoch that has ended (EPOCH-4)."""

    def confront(self, late: Certificate) -> None:
        """It is of a view that the core keeps nothing of (SIMPLEX-15)."""

    def feed(self, event: Input) -> None: ...


class Edge:
    """The checks of one committee, in front of its core."""

    def __init__(
        self,
        core: Simplex,
        verifier: Verifier,
        on_vote: Callable[[SignedVote], None] = lambda _: None,
    ) -> None:
        """`on_vote` is called with each vote that was checked."""
        self._core = core
        self._verifier = verifier
        self._on_vote = on_vote

    def take(self, inlet: Inlet[P], peer: P, message: ConsensusMessage) -> None:
        """Hand a peer's message to whatever it is for. Raises `PeerFault` for what its sender must
        not send."""
        match message:
            case BlockRequest():
                inlet.answer_request(peer, message)
            case Certificate() if self._is_settled(message.vote, inlet.is_over):
                inlet.confront(message)
            case _ if inlet.is_over:
                pass  # the next instance asks again
            case Blocks():
                inlet.take_blocks(peer, message)
            case SignedVote() | Certificate() if message.vote.epoch > self._core.committee.epoch:
                inlet.ask_for_final(peer)
            case SignedVote() if self._is_late_call(message):
                inlet.say_farewell(peer)
            case SignedVote() | Certificate() | Proposal():
                admitted = self.admit(message)
                if admitted is not None:
                    inlet.feed(admitted)

    def _is_late_call(self, signed: SignedVote) -> bool:
        vote = signed.vote
        return vote.kind is VoteKind.NULLIFY and vote.epoch < self._core.committee.epoch

    def _is_settled(self, vote: Vote, is_over: bool) -> bool:
        ours = self._core.committee.epoch
        if vote.epoch != ours:
            return vote.epoch < ours
        return is_over or self._core.is_settled(vote.view)

    def admit(self, message: SignedVote | Certificate | Proposal) -> Received | None:
        """The input for the core, if it makes a difference. Raises `PeerFault`."""
        signed = message.notarize if isinstance(message, Proposal) else message
        if signed.vote.epoch != self._core.committee.epoch or not self._core.is_news(message):
            return None
        self.check(signed)
        if isinstance(message, Proposal):
            for certificate in (message.parent_certificate, *message.nullifications):
                if certificate is not None and self._core.is_news(certificate):
                    self.check(certificate)
        return Received(message)

    def check(self, message: SignedVote | Certificate) -> None:
        if isinstance(message, Certificate):
            self._verifier.check_certificate(message)
        else:
            self._verifier.check_vote(message)
            self._on_vote(message)
