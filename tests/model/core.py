"""The shipped core as a member of the model: the same inputs in, the same observations out."""

from collections.abc import Hashable
from functools import cache
from typing import Any

from sequencer.blocks import header as headers
from sequencer.consensus import events
from sequencer.consensus.evidence import Equivocation
from sequencer.consensus.messages import (
    Certificate,
    Proposal,
    SignedVote,
    Vote,
    VoteKind,
    make_certificate,
)
from sequencer.consensus.missing import MissingBlocks
from sequencer.consensus.pacemaker import Pacemaker, Timing
from sequencer.consensus.rounds import Round, Rounds
from sequencer.consensus.simplex import Simplex
from sequencer.consensus.tree import BlockTree
from sequencer.errors import PeerFault
from sequencer.simulation.keys import SimVerifier
from sequencer.types import ZERO_HASH, MemberIndex
from tests.model import inputs, node
from tests.model.protocol import START, Block, Kind, Statement
from tests.unit.consensus import builders

COMMITTEE, GENESIS = builders.COMMITTEE, builders.START
TIMING = Timing(timeout_ms=1_000_000, max_timeout_ms=1_000_000, heartbeat_ms=0, retry_ms=1)
"""So long that only a timer that is asked to end does."""
KEYS = SimVerifier(COMMITTEE)
_blocks: dict[bytes, Block] = {GENESIS.hash: START}


@cache
def real_block(block: Block) -> headers.Block:
    assert block.parent is not None
    parent = GENESIS if block.parent == START else real_block(block.parent).header
    found = builders.block(block.view, parent, b"%d" % block.tag)
    _blocks[found.header.hash] = block
    return found


@cache
def signed(member: int, said: Statement) -> SignedVote:
    of = ZERO_HASH if said.kind is Kind.NULLIFY else real_block(said.block)
    return builders.signed(member, VoteKind(said.kind), said.view, of)


@cache
def certificate(said: Statement, signers: tuple[int, ...]) -> Certificate:
    return make_certificate({MemberIndex(m): signed(m, said) for m in signers})


@cache
def proposal(given: inputs.Proposal, signers: tuple[int, ...]) -> Proposal:
    block = real_block(given.block)
    parent = given.block.parent
    own = signed(
        node.Committee(0).leader(given.block.view),
        Statement(Kind.NOTARIZE, given.block.view, given.block),
    )
    if given.is_bare or parent is None:
        return Proposal(block, None, (), own)
    return Proposal(
        block,
        None
        if parent == START
        else certificate(Statement(Kind.NOTARIZE, parent.view, parent), signers),
        tuple(
            certificate(Statement(Kind.NULLIFY, view), signers)
            for view in range(parent.view + 1, given.block.view)
        ),
        own,
    )


MESSAGES = (inputs.Vote, inputs.Certificate, inputs.Proposal)


def real_message(
    given: inputs.Vote | inputs.Certificate | inputs.Proposal, signers: tuple[int, ...]
) -> SignedVote | Certificate | Proposal:
    if isinstance(given, inputs.Vote):
        return signed(given.member, given.statement)
    if isinstance(given, inputs.Certificate):
        return certificate(given.statement, signers)
    return proposal(given, signers)


def statement(vote: Vote) -> Statement:
    block = START if vote.kind is VoteKind.NULLIFY else _blocks[vote.block]
    return Statement(Kind(vote.kind), vote.view, block)


class CoreMember:
    """A `Simplex` and the least runtime: it signs at once, and its application builds and
    judges when it is told to."""

    def __init__(
        self, committee: node.Committee, core: Simplex | None = None, now: int = 0
    ) -> None:
        self.committee = committee
        self.now_ms = now
        if core is None:
            core = Simplex(COMMITTEE, MemberIndex(committee.me), GENESIS, TIMING)
            self.core = core
            self.handle(events.Start())
            self.handle(events.WorkChanged(True))
        self.core = core

    def copy(self) -> "CoreMember":
        core = Simplex(COMMITTEE, MemberIndex(self.committee.me), GENESIS, TIMING)
        for name, value in vars(self.core).items():
            if name != "_handlers":  # bound to the core they are of
                setattr(core, name, duplicate(value))
        return CoreMember(self.committee, core, self.now_ms)

    def fingerprint(self) -> Hashable:
        """All that the core remembers, but for times."""
        return freeze({n: v for n, v in vars(self.core).items() if n not in NOT_COMPARED})

    def react(self, given: inputs.Input, memory: node.Memory) -> inputs.Did:
        """`memory`, the model's, tells which block the application speaks of."""
        try:
            outputs = self.give(given, memory)
        except PeerFault:
            return inputs.Did(is_fault=True)
        return observed(outputs)

    def give(self, given: inputs.Input, memory: node.Memory) -> list[events.Output]:
        others = self.committee.others
        if isinstance(given, inputs.Restart):
            return self.restart()
        if isinstance(given, MESSAGES):
            return self.handle(events.Received(real_message(given, others)))
        if isinstance(given, inputs.Blocks):
            return self.handle(events.Fetched((real_block(given.block),), None))
        if isinstance(given, inputs.TimerEnds):
            self.now_ms = self.core._pace.expiry()
            return self.handle(events.Tick())
        if isinstance(given, inputs.AskAgain):
            self.now_ms = self.core._judge_again_ms or self.now_ms
            assert self.now_ms < self.core._pace.expiry()
            return self.handle(events.Tick())
        if isinstance(given, inputs.Built):
            assert memory.building is not None
            return self.handle(events.Built(real_block(memory.building)))
        block = next(b for b in memory.proposals if b.view == memory.view)
        verdict = events.Verdict(given.verdict.value)
        real = real_block(block)
        return self.handle(events.Judged(real.header.view, real.header.hash, verdict))

    def handle(self, event: events.Input) -> list[events.Output]:
        outputs: list[events.Output] = []
        waiting = [event]
        while waiting:
            view = self.core.view
            for output in self.core.handle(waiting.pop(0), self.now_ms):
                outputs.append(output)
                if isinstance(output, events.CastVote | events.Propose):
                    own = KEYS.sign(output.vote, MemberIndex(self.committee.me))
                    waiting.append(events.Received(own))
            if self.core.view != view:
                waiting.insert(0, events.WorkChanged(True))
        return outputs

    def restart(self) -> list[events.Output]:
        """JOURNAL-2, from what JOURNAL-5 says is enough."""
        records = list(self.core.live_records())
        root, finalization = self.core.tree.root, self.core.finalization
        stored = None if root == GENESIS else (root, finalization)
        self.core = Simplex(COMMITTEE, MemberIndex(self.committee.me), GENESIS, TIMING, stored)
        outputs: list[events.Output] = []
        for record in records:
            found = self.handle(events.Restored(record))
            outputs += (o for o in found if not isinstance(o, Equivocation))  # as `replay`
        for event in (events.Start(), events.WorkChanged(True)):
            outputs += self.handle(event)
        return outputs

    # What is compared after each input, besides what it did

    def view(self) -> int:
        return self.core.view

    def final(self) -> Block:
        return _blocks[self.core.tree.root.hash]

    def certificates(self) -> frozenset[Statement]:
        """Above the last final block."""
        return frozenset(
            statement(found.vote)
            for known in self.core._rounds.above(self.core.root_view)
            for found in known.certificates.values()
        )

    def own(self) -> frozenset[Statement]:
        """Above the last final block: what must never be contradicted."""
        return frozenset(
            statement(builders.vote(kind, known.view, block))
            for known in self.core._rounds.above(self.core.root_view)
            for kind, block in known.voted.items()
        )


def observed(outputs: list[events.Output]) -> inputs.Did:
    def of(kind: type) -> list[Any]:
        return [output for output in outputs if isinstance(output, kind)]

    return inputs.Did(
        cast=tuple(statement(o.vote) for o in outputs if isinstance(o, VOTING)),
        repeated=frozenset(
            statement(o.message.vote)
            for o in of(events.Broadcast)
            if isinstance(o.message, SignedVote)
        ),
        judges=tuple(_blocks[o.block.header.hash] for o in of(events.Verify)),
        builds_on=tuple(_blocks[o.parent.hash] for o in of(events.Build)),
        finalized=tuple(
            _blocks[each.header.hash] for o in of(events.Finalized) for each in o.blocks
        ),
        convicted=frozenset(o.first.member for o in of(Equivocation)),
    )


VOTING = (events.CastVote, events.Propose)
NOT_COMPARED = frozenset(
    ("_handlers", "_out", "_now", "_pace", "_answered_ms", "_timing", "committee")
)
"""Wiring, and when things happen: of that, only whether a time was set counts."""
MUTABLE = (Rounds, Round, BlockTree, MissingBlocks, Pacemaker)


def attributes(value: object) -> dict[str, Any]:
    names = getattr(type(value), "__slots__", None) or vars(value)
    return {name: getattr(value, name) for name in names}


def duplicate(value: Any) -> Any:
    """A copy that shares what cannot change."""
    if isinstance(value, dict):
        return {key: duplicate(each) for key, each in value.items()}
    if isinstance(value, set | list):
        return type(value)(value)
    if isinstance(value, MUTABLE):
        copy = object.__new__(type(value))
        for name, each in attributes(value).items():
            setattr(copy, name, duplicate(each))
        return copy
    return value


def freeze(value: Any) -> Hashable:
    """A hashable picture of a state. Of certificates and votes it takes what they say, and of
    due times that there is one."""
    if isinstance(value, dict):
        return frozenset((key, freeze(each)) for key, each in value.items())
    if isinstance(value, set | list | tuple):
        return tuple(sorted(value)) if isinstance(value, set) else tuple(map(freeze, value))
    if isinstance(value, MissingBlocks):
        return frozenset(value._due_ms)
    if isinstance(value, MUTABLE):
        return freeze(attributes(value))
    return value
