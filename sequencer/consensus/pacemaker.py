"""When a node gives up on a view: SIMPLEX-8 to SIMPLEX-10. Durations in milliseconds."""

from dataclasses import dataclass

from sequencer.consensus.leaders import leader_of
from sequencer.types import Committee, MemberIndex, View


@dataclass(frozen=True, slots=True)
class Timing:
    """Durations in milliseconds."""

    timeout_ms: int = 400
    max_timeout_ms: int = 5_000
    heartbeat_ms: int = 1_000
    retry_ms: int = 20
    """How soon a "not yet" block is judged again."""


class Pacemaker:
    """The timer of the current view and what it depends on."""

    def __init__(self, committee: Committee, me: MemberIndex | None, timing: Timing) -> None:
        self._committee = committee
        self._me = me
        self._timing = timing
        self._heard: dict[MemberIndex, View] = {}
        self._first_view = View(0)
        self._view = View(0)
        self._leader = leader_of(committee, View(0))
        self._entered_ms = 0
        self._hurry_ms: int | None = None
        self._gave_up_ms: int | None = None
        self._took_ms: dict[MemberIndex, int] = {}
        self._floor_ms = timing.timeout_ms
        self.timeout_ms = timing.timeout_ms
        """Δ."""

    def start(self, view: View) -> None:
        """From here on silence counts."""
        self._first_view = view

    def enter(self, view: View, now_ms: int) -> None:
        if view > self._view + 1:
            self._first_view = view  # it was away from the views between: nobody was silent in them
        self._view = view
        self._leader = leader_of(self._committee, view)
        self._entered_ms = now_ms
        self._hurry_ms = None
        self._gave_up_ms = None

    def hurry(self, now_ms: int) -> None:
        """There is work, or a proposal: from the first such moment the view has at most Δ."""
        if self._hurry_ms is None:
            self._hurry_ms = now_ms

    def give_up(self, now_ms: int) -> None:
        """The timer ended; it runs for another Δ."""
        self._gave_up_ms = now_ms

    def heartbeat_due(self) -> int:
        return self._entered_ms + self._timing.heartbeat_ms

    def expiry(self) -> int:
        """When this node gives up on the view (again)."""
        if self._gave_up_ms is not None:
            return self._gave_up_ms + self.timeout_ms
        if self._is_inactive(self._leader):
            return self._entered_ms
        slow = self.heartbeat_due() + self.timeout_ms
        return slow if self._hurry_ms is None else min(slow, self._hurry_ms + self.timeout_ms)

    def on_vote(self, member: MemberIndex, view: View) -> None:
        self._heard[member] = max(self._heard.get(member, view), view)

    def on_notarized(self, view: View, now_ms: int) -> None:
        """SIMPLEX-9: how long the leader's view took, of the Δ it had. Once the honest leaders
        were measured they are more than two thirds, so the slowest of that many is no slower than
        an honest one: less than a third cannot stretch Δ by being slow on purpose."""
        if view != self._view or self._hurry_ms is None:
            return
        members = self._committee.members
        took_ms = min(now_ms - self._hurry_ms, self.timeout_ms)  # an outage is not the leader's
        self._took_ms[self._leader] = took_ms
        measured = sum(members[leader].weight for leader in self._took_ms)
        weight = 0
        for took_ms, leader in sorted((t, m) for m, t in self._took_ms.items()):
            weight += members[leader].weight
            if 3 * weight > 2 * measured:
                self._floor_ms = max(self._timing.timeout_ms, self._bounded(2 * took_ms))
                return

    def on_nullified(self, view: View) -> None:
        """SIMPLEX-9: a view was lost, and not because its leader is known to be away."""
        if not self._is_inactive(leader_of(self._committee, view)):
            self.timeout_ms = self._bounded(self.timeout_ms * 3 // 2)

    def on_finalized(self) -> None:
        self.timeout_ms = self._floor_ms

    def _bounded(self, timeout_ms: int) -> int:
        return min(timeout_ms, self._timing.max_timeout_ms)

    def _is_inactive(self, member: MemberIndex) -> bool:
        """SIMPLEX-10."""
        horizon = 2 * len(self._committee)
        if member == self._me or self._view - self._first_view < horizon:
            return False
        return self._view - self._heard.get(member, self._first_view) > horizon
