"""SIMPLEX-4: which certificates are passed on, when, and to whom."""

from sequencer.consensus.events import Send
from sequencer.consensus.messages import Certificate, VoteKind
from sequencer.types import Committee, MemberIndex


class Relays:
    """What one member has yet to pass on: the last notarization and the last finalization, unless
    the second says it all."""

    def __init__(self, committee: Committee, me: MemberIndex | None, pause_ms: int) -> None:
        """`pause_ms` is how long they wait: by then votes and proposals have brought most others to
        them, or past them."""
        self._members = relays_of(committee, me)
        self._pause_ms = pause_ms
        self._waiting: dict[VoteKind, Certificate] = {}
        self.due_ms: int | None = None
        """When those that wait are to be passed on; it counts from the first that waited."""

    def at_once(self, certificate: Certificate) -> list[Send]:
        return [Send(member, certificate) for member in self._members]

    def later(self, certificate: Certificate, now_ms: int) -> None:
        """A certificate of a block."""
        kind, view = certificate.vote.kind, certificate.vote.view
        if not self._members or view <= max(self._view(kind), self._view(VoteKind.FINALIZE)):
            return
        self._waiting[kind] = certificate
        if self._view(VoteKind.NOTARIZE) <= self._view(VoteKind.FINALIZE):
            self._waiting.pop(VoteKind.NOTARIZE, None)
        if self.due_ms is None:
            self.due_ms = now_ms + self._pause_ms

    def due(self, now_ms: int) -> list[Send]:
        """What has waited long enough."""
        return [] if self.due_ms is None or now_ms < self.due_ms else self.rest()

    def rest(self) -> list[Send]:
        """All that waits."""
        waiting, self._waiting, self.due_ms = self._waiting, {}, None
        return [send for certificate in waiting.values() for send in self.at_once(certificate)]

    def _view(self, kind: VoteKind) -> int:
        waiting = self._waiting.get(kind)
        return waiting.vote.view if waiting else 0


def relays_of(committee: Committee, me: MemberIndex | None) -> tuple[MemberIndex, ...]:
    """The members 1, 2, 4, ... places after `me`, around the committee: a certificate reaches
    everybody in log2(N) steps. An observer passes nothing on."""
    if me is None:
        return ()
    size = len(committee)
    distances = (1 << power for power in range((size - 1).bit_length()))
    return tuple(MemberIndex((me + distance) % size) for distance in distances)
