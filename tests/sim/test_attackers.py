"""That each attacker attacks: what the others see of it, by the delivery."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import combinations

import pytest

from sequencer.consensus.evidence import Equivocation, is_conflict
from sequencer.consensus.leaders import leader_of
from sequencer.consensus.messages import (
    BlockRequest,
    Blocks,
    Certificate,
    ConsensusMessage,
    Proposal,
    SignedVote,
    VoteKind,
)
from sequencer.consensus.simplex import WINDOW
from sequencer.errors import PeerFault
from sequencer.simulation import attackers
from sequencer.simulation.attackers import Attacker
from sequencer.simulation.attacks import EACH_ALONE
from sequencer.simulation.false_historian import FalseHistorian
from sequencer.simulation.network import Conditions, Network
from sequencer.simulation.scenario import Outage
from sequencer.simulation.world import World
from sequencer.types import MemberIndex, View
from tests.sim.scenarios import scenario

BAD = MemberIndex(1)
"""The attacker's seat, of four equal ones."""
SEEDS = range(4)
NOTARIZE, NULLIFY, FINALIZE = VoteKind.NOTARIZE, VoteKind.NULLIFY, VoteKind.FINALIZE


@dataclass(frozen=True)
class Delivery:
    sender: int
    receiver: int
    message: ConsensusMessage
    view: View
    """The receiver's, when it came."""
    root_view: View


@dataclass
class Seen:
    """What the honest nodes saw of some schedules with one attacker."""

    world: World
    deliveries: list[Delivery] = field(default_factory=list)
    faults: list[int] = field(default_factory=list)
    """Senders."""
    lines: list[str] = field(default_factory=list)

    @property
    def bad(self) -> list[Delivery]:
        return [one for one in self.deliveries if one.sender == BAD]

    def votes(self, kind: VoteKind) -> list[tuple[Delivery, SignedVote]]:
        """Single votes that the attacker's node sent."""
        found = ((one, one.message) for one in self.bad)
        return [
            (one, vote)
            for one, vote in found
            if isinstance(vote, SignedVote) and vote.vote.kind is kind
        ]

    def certified(self, kind: VoteKind) -> set[View]:
        """Views in which three of four voted so."""
        members: dict[View, set[int]] = {}
        for one in self.deliveries:
            if isinstance(one.message, SignedVote) and one.message.vote.kind is kind:
                members.setdefault(one.message.vote.view, set()).add(one.message.member)
        return {view for view, voters in members.items() if len(voters) > 2}

    def proposals(self) -> list[Proposal]:
        return [one.message for one in self.bad if isinstance(one.message, Proposal)]

    def convictions(self) -> list[set[VoteKind]]:
        found: list[Equivocation] = self.world.referee.evidence
        return [
            {one.first.vote.kind, one.second.vote.kind} for one in found if one.first.member == BAD
        ]


def watch(kind: type[Attacker], seed: int) -> Seen:
    """A schedule of three honest members and an attacker, busy for two seconds."""
    # What is past is asked for by those who were away.
    away = (
        Outage(at_ms, position, 2, 150) for position in (0, 2) for at_ms in range(200, 2_000, 400)
    )
    weather = tuple((at_ms, Conditions()) for at_ms in range(0, 2_000, 200))
    made = scenario(
        seed=seed,
        attackers=((BAD, kind),),
        load="busy",
        chaos_ms=2_000,
        weather=weather,
        outages=tuple(away) if kind is FalseHistorian else (),
    )
    lines: list[str] = []
    world = World(made, chaos_events=10**6, tell=lines.append)
    seen = Seen(world, lines=lines)
    _tap(world.network, seen)
    on_fault = world.referee.on_fault

    def note_fault(position: int, sender: int, fault: PeerFault) -> None:
        seen.faults.append(sender)
        on_fault(position, sender, fault)

    world.referee.on_fault = note_fault  # type: ignore[method-assign]
    outcome = world.run()
    assert not outcome.violations
    assert not outcome.is_stuck
    return seen


def _tap(network: Network, seen: Seen) -> None:
    """Write down what arrives at honest nodes, before they see it."""

    def listen(position: int, deliver: Callable[[int, ConsensusMessage], None]) -> None:
        node = seen.world.nodes[position]

        def receive(sender: int, message: ConsensusMessage) -> None:
            if node.is_up and node.is_honest:
                at = node.core.view, node.core.root_view
                seen.deliveries.append(Delivery(sender, position, message, *at))
            deliver(sender, message)

        network._receivers[position] = receive

    for position, deliver in enumerate(network._receivers):
        listen(position, deliver)


def is_silent(seen: Seen) -> bool:
    lost = {v for v in seen.certified(NULLIFY) if leader_of(seen.world.committee, v) == BAD}
    return not seen.bad and bool(lost)


def is_told_to_some_only(seen: Seen) -> bool:
    receivers: dict[SignedVote, set[int]] = {}
    for kind in VoteKind:
        for one, vote in seen.votes(kind):
            receivers.setdefault(vote, set()).add(one.receiver)
    return sum(len(found) < 3 for found in receivers.values()) > 10


def is_late(seen: Seen) -> bool:
    return sum(vote.vote.view < one.view for one, vote in seen.votes(NOTARIZE)) > 10


def is_payload_asked_for(seen: Seen) -> bool:
    withheld = {proposal.block.header.hash for proposal in seen.proposals()}
    asked = {
        one.message.block
        for one in seen.deliveries
        if one.sender != BAD and isinstance(one.message, BlockRequest)
    }
    return len(withheld & asked) > 3


def is_kept_back(seen: Seen) -> bool:
    """Never a vote of its own, yet certificates that only it had."""
    receivers: dict[bytes, set[int]] = {}
    for one in seen.bad:
        if isinstance(one.message, Certificate):
            receivers.setdefault(one.message.signatures, set()).add(one.receiver)
    own = [one for kind in (NOTARIZE, FINALIZE) for one in seen.votes(kind)]
    return not own and sum(len(found) == 1 for found in receivers.values()) > 10


def is_convicted(*kinds: VoteKind) -> Callable[[Seen], bool]:
    return lambda seen: set(kinds) in seen.convictions()


def is_of_two_minds(seen: Seen) -> bool:
    """Votes under one key, from both of its nodes, that no single honest node casts."""
    views: dict[View, list[SignedVote]] = {}
    for one in seen.deliveries:
        vote = one.message
        if isinstance(vote, SignedVote) and vote.member == BAD and one.sender in (BAD, 4):
            views.setdefault(vote.vote.view, []).append(vote)
    pairs = (pair for votes in views.values() for pair in combinations(votes, 2))
    return any(is_conflict(first.vote, second.vote) for first, second in pairs)


def is_nullified_for_nothing(seen: Seen) -> bool:
    views = {vote.vote.view for _, vote in seen.votes(NULLIFY)}
    return len(views & seen.certified(FINALIZE)) > 10 and not seen.proposals()


def is_blamed(seen: Seen) -> bool:
    return seen.faults.count(BAD) > 3


def is_forked_off(seen: Seen) -> bool:
    """Proposals of a height that is long taken."""
    heights = [proposal.block.header.height for proposal in seen.proposals()]
    return is_blamed(seen) and len(heights) > 3


def is_stale(seen: Seen) -> bool:
    """Others' words, of views that were final."""
    old = [
        one
        for one in seen.bad
        if isinstance(one.message, SignedVote | Certificate)
        and one.message.vote.view <= one.root_view
        and not (isinstance(one.message, SignedVote) and one.message.member == BAD)
    ]
    return len(old) > 10


def is_flooded(seen: Seen) -> bool:
    far = [
        vote
        for kind in VoteKind
        for one, vote in seen.votes(kind)
        if vote.vote.view > one.view + WINDOW
    ]
    heights = [proposal.block.header.height for proposal in seen.proposals()]
    return len({vote.vote.view for vote in far}) > 4 * WINDOW and max(heights) > 10**12


def is_false_history(seen: Seen) -> bool:
    return sum(isinstance(one.message, Blocks) for one in seen.bad) > 1


BITES: dict[type[Attacker], Callable[[Seen], bool]] = {
    attackers.Silent: is_silent,
    attackers.Twin: is_of_two_minds,
    attackers.SelectiveSender: is_told_to_some_only,
    attackers.LateVoter: is_late,
    attackers.Withholder: is_payload_asked_for,
    attackers.Hoarder: is_kept_back,
    attackers.Equivocator: is_convicted(NOTARIZE),
    attackers.NullifyFinalizer: is_convicted(FINALIZE, NULLIFY),
    attackers.NullifyOnly: is_nullified_for_nothing,
    attackers.ForkProposer: is_forked_off,
    attackers.StaleCertificates: is_stale,
    attackers.Flooder: is_flooded,
    attackers.Garbage: is_blamed,
    FalseHistorian: is_false_history,
}


def test_every_attacker_is_here() -> None:
    assert set(BITES) == {*EACH_ALONE, attackers.Twin}


@pytest.mark.parametrize("kind", BITES, ids=lambda kind: kind.__name__)
def test_attacker__bites_and_is_named(kind: type[Attacker]) -> None:
    schedules = [watch(kind, seed) for seed in SEEDS]
    assert sum(BITES[kind](seen) for seen in schedules) >= len(SEEDS) // 2
    for seen in schedules:
        assert sum(f" {kind.__name__}: " in line for line in seen.lines) > 2
