"""The least application: blocks of a few unique bytes, every other one with a held segment,
verdicts that may hesitate."""

from dataclasses import dataclass
from random import Random

from sequencer.blocks.header import Block, Header
from sequencer.blocks.held import held_entry
from sequencer.blocks.payload import encode_payload
from sequencer.consensus.events import Verdict
from sequencer.consensus.leaders import leader_of
from sequencer.crypto.hashing import keccak
from sequencer.errors import NotYet, PeerFault
from sequencer.l1.events import L1Header
from sequencer.ordering.origins import Origins
from sequencer.ordering.turn import Turn, check_closing, closing_block, has_to_close
from sequencer.simulation.l1 import SimL1
from sequencer.types import ZERO_HASH, Committee, Hash32, Height, RollupId

ORIGIN_LAG = 1
_ROLLUP = RollupId(1)
POISON = b"bad"
"""Payloads that start like this are against the application's rules."""


@dataclass(slots=True)
class Temper:
    """How an application answers; changed by the world as a schedule goes on."""

    latency_ms: int = 0
    hesitation: float = 0.0
    """Share of blocks that it first answers "not yet" to, for up to `hesitation_ms`."""
    hesitation_ms: int = 0
    refusal: float = 0.0
    """Share of good blocks that it refuses all the same."""


class Application:
    """One node's application; the state of an unfinished block is lost in a crash."""

    def __init__(self, l1: SimL1, random: Random, temper: Temper) -> None:
        self.schedule = l1.schedule
        self.origins = Origins(l1, ORIGIN_LAG)
        self._random = random
        self._temper = temper
        self._ready_ms: dict[Hash32, int] = {}
        self.has_work = False

    def latency_ms(self) -> int:
        return self._random.randint(1, self._temper.latency_ms) if self._temper.latency_ms else 0

    def prepare(self, turn: Turn, parent: Header, now_ms: int) -> Block:
        if has_to_close(self.schedule, turn.epoch, parent):
            return closing_block(turn, parent)
        held = b"held in view %d" % turn.view if turn.view % 2 else b""
        origin = self.origins.choose(turn.epoch, parent)
        return make_block(turn, parent, origin, now_ms, held=held)

    def judge(self, committee: Committee, block: Block, parent: Header, now_ms: int) -> Verdict:
        """BLOCK-1, BLOCK-2 but for the clock, BLOCK-3, EPOCH-2, EPOCH-3, and whatever mood the seed
        put this application in."""
        header = block.header
        leader = committee.members[leader_of(committee, header.view)].signer
        turn = Turn(committee.epoch, header.view, leader)
        if has_to_close(self.schedule, turn.epoch, parent):
            return _judge_closing(block, turn, parent)
        is_good = (
            header.epoch == turn.epoch
            and header.proposer == turn.proposer
            and header.parent_hash == parent.hash
            and header.height == parent.height + 1
            and header.timestamp_ms >= parent.timestamp_ms
            and not block.payload.startswith(POISON)
        )
        if not is_good:
            return Verdict.REJECT
        try:
            self.origins.check(turn.epoch, header, parent)
        except NotYet:
            return Verdict.NOT_YET
        except PeerFault:
            return Verdict.REJECT
        return self._mood(header, now_ms)

    def _mood(self, header: Header, now_ms: int) -> Verdict:
        if header.hash not in self._ready_ms:
            self._ready_ms[header.hash] = self._decide(now_ms)
        ready_ms = self._ready_ms[header.hash]
        if ready_ms < 0:
            return Verdict.REJECT
        return Verdict.ACCEPT if ready_ms <= now_ms else Verdict.NOT_YET

    def _decide(self, now_ms: int) -> int:
        """When a good block will be accepted; -1 for never."""
        temper = self._temper
        if temper.refusal and self._random.random() < temper.refusal:
            return -1
        if temper.hesitation and self._random.random() < temper.hesitation:
            return now_ms + self._random.randint(1, temper.hesitation_ms)
        return now_ms


def _judge_closing(block: Block, turn: Turn, parent: Header) -> Verdict:
    try:
        check_closing(block, turn, parent)
    except PeerFault:
        return Verdict.REJECT
    return Verdict.ACCEPT


def make_block(
    turn: Turn,
    parent: Header,
    origin: L1Header,
    now_ms: int,
    content: bytes = b"",
    held: bytes = b"",
) -> Block:
    """The block proposed in a turn; `content` tells apart two of one view, `held` goes behind."""
    payload = content + b"%d %d" % (turn.view, now_ms)
    if held:
        payload = encode_payload([(_ROLLUP, [payload])], held=[held_entry(_ROLLUP, held)])
    header = Header(
        epoch=turn.epoch,
        height=Height(parent.height + 1),
        view=turn.view,
        timestamp_ms=max(now_ms, parent.timestamp_ms),
        parent_hash=parent.hash,
        payload_hash=keccak(payload),
        payload_length=len(payload),
        transaction_root=ZERO_HASH,
        origin_number=origin.number,
        origin_hash=origin.hash,
        origin_timestamp=origin.timestamp,
        forced_count=0,
        proposer=turn.proposer,
    )
    return Block(header, payload, held)
