"""SIMPLEX-4: which certificates are passed on, when, and to whom."""

from sequencer.consensus.events import Send
from sequencer.consensus.messages import Certificate, Vote, VoteKind
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
        self._last: dict[VoteKind, int] = dict.fromkeys(VoteKind, 0)
        """The highest view of each kind that waits or was passed on."""
        self.due_ms: int | None = None
        """When those that wait are to be passed on; it counts from the first that waited."""

    def at_once(self, certificate: Certificate) -> list[Send]:
        """Those that it makes old do not go any more."""
        self._note(certificate.vote)
        if not self._waiting:
            self.due_ms = None
        return self._to_members(certificate)

    def later(self, certificate: Certificate, now_ms: int) -> None:
        """A certificate of a block."""
        if not self._members or self._is_old(certificate.vote):
            return
        self._note(certificate.vote)
        self._waiting[certificate.vote.kind] = certificate
        if self.due_ms is None:
            self.due_ms = now_ms + self._pause_ms

    def due(self, now_ms: int) -> list[Send]:
        """What has waited long enough."""
        return [] if self.due_ms is None or now_ms < self.due_ms else self.rest()

    def rest(self) -> list[Send]:
        """All that waits."""
        waiting, self._waiting, self.due_ms = self._waiting, {}, None
        return [send for certificate in waiting.values() for send in self._to_members(certificate)]

    def _to_members(self, certificate: Certificate) -> list[Send]:
        return [Send(member, certificate) for member in self._members]

    def _note(self, vote: Vote) -> None:
        self._last[vote.kind] = max(self._last[vote.kind], vote.view)
        self._waiting = {k: c for k, c in self._waiting.items() if not self._is_old(c.vote)}

    def _is_old(self, vote: Vote) -> bool:
        """Whether nobody who has the last ones needs it."""
        is_passed = vote.kind is VoteKind.NOTARIZE and vote.view <= self._last[VoteKind.FINALIZE]
        return is_passed or vote.view < self._last[vote.kind]


def relays_of(committee: Committee, me: MemberIndex | None) -> tuple[MemberIndex, ...]:
    """The members 1, 2, 4, ... places after `me`, around the committee: a certificate reaches
    everybody in log2(N) steps. An observer passes nothing on."""
    if me is None:
        return ()
    size = len(committee)
    distances = (1 << power for power in range((size - 1).bit_length()))
    return tuple(MemberIndex((me + distance) % size) for distance in distances)
