"""Every order of a scene's inputs, given to the model's member and to the shipped core alike.

A breadth-first search over pairs of their states. Two pairs are the same only if both members
remember the same, so no order is left out because another one led to something similar.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.model import protocol
from tests.model.core import CoreMember
from tests.model.inputs import AskAgain, Built, Did, Input, Judged, Verdict
from tests.model.node import Asked, Committee, Memory, react
from tests.model.protocol import Kind, Node, Statement


@dataclass(frozen=True)
class Scene:
    """Who it is about, and what may come in at any time, in any order, any number of times."""

    name: str
    me: int
    inputs: tuple[Input, ...]
    verdicts: tuple[Verdict, ...] = (Verdict.ACCEPT, Verdict.REJECT, Verdict.NOT_YET)


@dataclass
class Walked:
    states: int = 0
    steps: int = 0
    depth: int = 0
    cast: set[Statement] = field(default_factory=set)
    differences: list[str] = field(default_factory=list)


class Mismatch(AssertionError):
    """The core does something else than the rules say."""


@dataclass(frozen=True)
class Pair:
    memory: Memory
    core: CoreMember
    way: tuple[Input, ...]


def walk(scene: Scene, depth: int | None = None) -> Walked:
    """Raises `Mismatch`, with the shortest way to it."""
    committee = Committee(scene.me)
    memory, first = begin(committee)
    frontier = [Pair(memory, first, ())]
    seen = {(memory, first.fingerprint())}
    walked = Walked()
    while frontier and (depth is None or walked.depth < depth):
        following = []
        for pair in frontier:
            for given in choices(scene, pair.memory):
                after = step(committee, pair, given)
                walked.steps += 1
                key = (after.memory, after.core.fingerprint())
                if key not in seen:
                    seen.add(key)
                    following.append(after)
                    walked.cast |= after.memory.own
        frontier = following
        walked.depth += bool(following)
    walked.states = len(seen)
    return walked


def begin(committee: Committee) -> tuple[Memory, CoreMember]:
    """A leader of view 1 has been asked to build."""
    memory = Memory()
    if committee.leader(1) == committee.me:
        building = protocol.Block(1, 0, protocol.START)
        memory = Memory(asked=Asked.OWN, building=building)
    return memory, CoreMember(committee)


def choices(scene: Scene, memory: Memory) -> Iterable[Input]:
    yield from scene.inputs
    if any(block.view == memory.view for block in memory.proposals):
        yield from map(Judged, scene.verdicts)
    if memory.asked is Asked.LATER:
        yield AskAgain()
    if memory.building is not None:
        yield Built()


def step(committee: Committee, pair: Pair, given: Input) -> Pair:
    way = (*pair.way, given)
    memory, expected = react(committee, pair.memory, given)
    core = pair.core.copy()
    did = core.react(given, pair.memory)
    for what, mine, its in (
        ("", expected, did),
        ("view", memory.view, core.view()),
        ("last final block", memory.final, core.final()),
        ("certificates", above_final(memory, memory.certificates), core.certificates()),
        ("own votes", above_final(memory, memory.own), core.own()),
    ):
        if mine != its:
            told = "\n".join(f"  {each}" for each in way)
            raise Mismatch(f"after\n{told}\n{what}\n  rules: {mine}\n  core:  {its}")
    check_permitted(pair.memory, memory, expected)
    return Pair(memory, core, way)


def above_final(memory: Memory, said: frozenset[Statement]) -> frozenset[Statement]:
    return frozenset(each for each in said if each.view > memory.final.view)


def check_permitted(before: Memory, after: Memory, did: Did) -> None:
    """Each vote is a step of `protocol.py`: what was explored there is what runs here."""
    rules = protocol.Protocol(protocol.Committee((1, 1, 1), (1,)), after.view)
    own = set(before.own)
    for vote in did.cast:
        member = Node(max(before.view, vote.view), tuple(sorted(own)))
        if not is_permitted(rules, member, vote, after.certificates):
            raise Mismatch(f"{vote} after {sorted(own)}")
        own.add(vote)


def is_permitted(
    rules: protocol.Protocol, member: Node, vote: Statement, certificates: protocol.Certificates
) -> bool:
    block = vote.block
    if vote.kind is Kind.NULLIFY:
        return rules.may_nullify(member)
    if vote.kind is Kind.FINALIZE:
        return rules.may_finalize(member, block) and protocol.is_certified(block, certificates)
    assert block.parent is not None
    is_justified = rules.is_justified(block.parent, vote.view, certificates)
    return is_justified and rules.may_notarize(member, block)
