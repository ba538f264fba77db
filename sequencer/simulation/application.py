"""The least application: blocks of a few unique bytes, verdicts that may hesitate."""

from dataclasses import dataclass
from random import Random

from sequencer.blocks.header import Block, Header
from sequencer.consensus.events import Verdict
from sequencer.consensus.leaders import leader_of
from sequencer.crypto.hashing import keccak
from sequencer.types import ZERO_HASH, Committee, Hash32, Height, MemberIndex, View

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

    def __init__(self, committee: Committee, random: Random, temper: Temper) -> None:
        self._committee = committee
        self._random = random
        self._temper = temper
        self._ready_ms: dict[Hash32, int] = {}
        self.has_work = False

    def latency_ms(self) -> int:
        return self._random.randint(1, self._temper.latency_ms) if self._temper.latency_ms else 0

    def judge(self, block: Block, parent: Header, now_ms: int) -> Verdict:
        """BLOCK-1, BLOCK-2, and whatever mood the seed put this application in."""
        header = block.header
        leader = leader_of(self._committee, header.view)
        is_good = (
            header.epoch == self._committee.epoch
            and header.proposer == self._committee.members[leader].signer
            and header.parent_hash == parent.hash
            and header.height == parent.height + 1
            and header.timestamp_ms >= parent.timestamp_ms
            and not block.payload.startswith(POISON)
        )
        if not is_good:
            return Verdict.REJECT
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


def make_block(
    committee: Committee,
    member: MemberIndex,
    view: View,
    parent: Header,
    now_ms: int,
    content: bytes = b"",
) -> Block:
    """The block `member` proposes in `view`; `content` tells apart two of one view."""
    payload = content + b"%d %d %d" % (member, view, now_ms)
    header = Header(
        epoch=committee.epoch,
        height=Height(parent.height + 1),
        view=view,
        timestamp_ms=max(now_ms, parent.timestamp_ms),
        parent_hash=parent.hash,
        payload_hash=keccak(payload),
        payload_length=len(payload),
        transaction_root=ZERO_HASH,
        origin_number=0,
        origin_hash=ZERO_HASH,
        origin_timestamp=0,
        forced_count=0,
        proposer=committee.members[member].signer,
    )
    return Block(header, payload)
