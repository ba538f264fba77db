"""Where messages of peers meet the core of one epoch: what is of another epoch or no news is
dropped, the rest is checked first (P5, SIMPLEX-12)."""

from sequencer.consensus.events import Received
from sequencer.consensus.messages import (
    Certificate,
    ConsensusMessage,
    Proposal,
    SignedVote,
    VoteKind,
)
from sequencer.consensus.simplex import Simplex
from sequencer.consensus.verification import Verifier


class Edge:
    """The checks of one committee, in front of its core."""

    def __init__(self, core: Simplex, verifier: Verifier) -> None:
        self._core = core
        self._verifier = verifier

    def is_ahead(self, message: SignedVote | Certificate) -> bool:
        """Whether others are in a later epoch already (EPOCH-5)."""
        return message.vote.epoch > self._core.committee.epoch

    def is_late_call(self, message: ConsensusMessage) -> bool:
        """Whether somebody waits in an epoch that has ended (EPOCH-4)."""
        return (
            isinstance(message, SignedVote)
            and message.vote.kind is VoteKind.NULLIFY
            and message.vote.epoch < self._core.committee.epoch
        )

    def is_settled(self, message: ConsensusMessage) -> bool:
        """Whether it is a certificate that the core keeps nothing beside (SIMPLEX-15)."""
        if not isinstance(message, Certificate):
            return False
        epoch, view = message.vote.epoch, message.vote.view
        return epoch < self._core.committee.epoch or self._core.is_settled(view)

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
