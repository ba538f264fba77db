"""SIMPLEX-15: the certificates of settled views, kept for as long as they can convict."""

from collections.abc import Callable, Iterator
from itertools import product
from typing import Protocol

import msgspec

from sequencer.consensus.evidence import Equivocation, is_conflict
from sequencer.consensus.messages import Certificate, SignedVote
from sequencer.consensus.verification import Verifier
from sequencer.types import Epoch, View

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Certificate)


class CertificateStore(Protocol):
    """Where they are kept: one of each kind for each view of an epoch, the first that came."""

    def put_certificate(self, epoch: Epoch, view: View, kind: int, record: bytes) -> None: ...

    def certificates(self, epoch: Epoch, view: View) -> list[bytes]: ...


class CertificateArchive:
    """Meets what comes late: a fork found long after it happened still convicts its signers."""

    def __init__(
        self, store: CertificateStore, verifier_of: Callable[[Epoch], Verifier | None]
    ) -> None:
        """`verifier_of` an epoch; None where its committee is not known (any more)."""
        self._store = store
        self._verifier_of = verifier_of

    def keep(self, certificate: Certificate) -> None:
        vote = certificate.vote
        self._store.put_certificate(vote.epoch, vote.view, vote.kind, _encoder.encode(certificate))

    def confront(self, certificate: Certificate) -> list[Equivocation]:
        """What a certificate of an old view and those that are kept of it say against their common
        signers, which is more than a third of the weight, or nothing. Its signatures are checked
        only if there is something: raises `PeerFault` if they do not hold."""
        vote = certificate.vote
        kept = map(_decoder.decode, self._store.certificates(vote.epoch, vote.view))
        rivals = [rival for rival in kept if is_conflict(rival.vote, vote)]
        verifier = self._verifier_of(vote.epoch) if rivals else None
        if verifier is None:
            return []
        verifier.check_certificate(certificate)
        return [found for rival in rivals for found in _common(rival, certificate)]


def _common(first: Certificate, second: Certificate) -> Iterator[Equivocation]:
    pairs: Iterator[tuple[SignedVote, SignedVote]] = product(
        first.signed_votes(), second.signed_votes()
    )
    return (Equivocation(a, b) for a, b in pairs if a.member == b.member)
