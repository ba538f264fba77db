"""A whole node in this process, and one member of its committee that floods it, mode by mode.

a mode that breaks a rule: ten faults, and then nothing of it is looked at (NET-4)
a mode that breaks none, by a member or by an operator without a seat: no fault; what is kept stays
within the bounds of SIMPLEX-12, POOL-3 and BATCH-5
one that costs much: what is over the budget is not looked at (NET-8)
after each of them: the node orders and decides
"""

import asyncio
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import msgspec
import pytest

from sequencer.config import ConsensusSection
from sequencer.consensus.messages import Certificate
from sequencer.crypto.hashing import keccak, word
from sequencer.crypto.signatures import Signer
from sequencer.crypto.transport_key import transport_public
from sequencer.devnet.flooding.arsenal import KNOWN_INDICES, Arsenal, Mode, Target
from sequencer.devnet.flooding.transactions import Sender
from sequencer.devnet.wallets import Rollup
from sequencer.l1.events import (
    CommitteeRecorded,
    Event,
    L1Block,
    L1Header,
    OperatorBonded,
    RollupRegistered,
)
from sequencer.node.budget import BURST_SECONDS, PeerBudget
from sequencer.node.gossip import FAULTS_ALLOWED
from sequencer.node.node import Node
from sequencer.node.wire import encode_consensus
from sequencer.types import Committee, Epoch, Hash32, Height, Member, RollupId
from tests.unit.node.test_node import SECRET, config, deployment, until

FLOODER = b"\x02" * 32
ROLLUP = Rollup(RollupId(1), 7001)
WINDOW = 64
MEMBERS = 2
TIMING = ConsensusSection(timeout_ms=50, max_timeout_ms=100, heartbeat_ms=20)
MODES = Arsenal(FLOODER, keccak(b""), [ROLLUP]).modes


class World:
    """A node that is a quorum by itself, with a flooder beside it."""

    def __init__(self, folder: Path) -> None:
        settings = msgspec.structs.replace(config(folder, max_transactions=500), consensus=TIMING)
        self.node = Node(settings, deployment(), SECRET)
        self.flooder = Signer(FLOODER).address
        self._height = 0
        self.arsenal = Arsenal(FLOODER, deployment().domain.separator(), [ROLLUP])

    def start(self, flooder_weight: int) -> None:
        """L1 shows the rollup, the flooder's bond, and the committee."""
        bonded = OperatorBonded(
            1, self.flooder, self.flooder, transport_public(FLOODER), "tcp://127.0.0.1:1"
        )
        members = [Member(self.node.keys.current.address, 9)]
        members += [Member(self.flooder, flooder_weight)] if flooder_weight else []
        committee = Committee(Epoch(0), tuple(members), keccak(b"committee"))
        self._see(bonded, RollupRegistered(ROLLUP.id, ROLLUP.chain_id))
        self._see(CommitteeRecorded(committee))
        for _ in range(8):
            self._see()
        self.node.ledger.resume()
        self.node._on_l1()

    def _see(self, *events: Event) -> None:
        self._height += 1
        number = self._height
        header = L1Header(number, _hash(number), _hash(number - 1), 1_000 + number)
        self.node.l1.extend(L1Block(header, events))

    def target(self) -> Target:
        instance = self.node.epochs.instance
        assert instance is not None
        core, tip = instance.core, self.node.ledger.tip.height
        final = self.node.ledger.block(Height(tip))
        records = [core.finalization, *core.live_records()]
        return Target(
            committee=instance.committee,
            member=instance.committee.index_of(self.flooder),
            view=core.view,
            root_view=core.root_view,
            height=tip,
            settled=self.node.l1.final_index,
            blocks=[final] if final else [],
            heard=[encode_consensus(r) for r in records if isinstance(r, Certificate)],
        )

    async def flood(self, mode: Mode, messages: int) -> int:
        """How many were made and received; few after it is silenced."""
        received = 0
        for turn in range(messages):
            if self.node._faults.total == FAULTS_ALLOWED and turn % 16 == 0:
                break
            message = mode.make(self.target())
            if message is not None:
                self.node._receive(self.flooder, message)
                received += 1
            if turn % 16 == 0:
                await asyncio.sleep(0)
        return received

    async def decides(self) -> None:
        """A wallet's transaction is final within seconds."""
        sender = Sender(10**6 + self.node.ledger.tip.height, ROLLUP)
        self.node.mempool.expire(self.node._clock.now_ms() + 10**6)  # a full pool refuses it
        (found,) = self.node._backend.submit_many(
            ROLLUP.id, [sender.next()], self.node._clock.now_ms()
        )
        await until(lambda: self.node.ledger.locate(ROLLUP.id, found) is not None)

    def check_bounds(self) -> None:
        instance = self.node.epochs.instance
        assert instance is not None
        core = instance.core
        sizes = core.sizes()
        assert sizes["rounds"] <= 2 * WINDOW + 1 + core.view - core.root_view
        assert sizes["blocks"] <= core.view + 1 - core.root_view
        assert sizes["missing"] <= 2 * (core.view + WINDOW - core.root_view)
        assert len(self.node.mempool) <= 500
        assert len(self.node.attester._pool) <= MEMBERS * KNOWN_INDICES
        assert len(self.node._evidence) <= 4  # one for each kind of statement


def _hash(number: int) -> Hash32:
    return keccak(b"l1", word(number))


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    world = World(tmp_path)
    yield world
    world.node.close()


def messages(mode: Mode) -> int:
    """Unasked answers are faults from the 65th on (CATCHUP-5)."""
    return 16 if mode.is_scarce else 150


FAULTY = [number for number, mode in enumerate(MODES) if mode.is_fault]


@pytest.mark.parametrize("number", FAULTY, ids=[MODES[number].name for number in FAULTY])
async def test_flood__of_a_mode_that_breaks_a_rule__is_silenced(world: World, number: int) -> None:
    world.start(3)
    await world.decides()
    mode = world.arsenal.modes[number]
    assert await world.flood(mode, messages(mode)) > FAULTS_ALLOWED
    assert world.node._faults.total == FAULTS_ALLOWED
    world.check_bounds()
    await world.decides()


@pytest.mark.parametrize("weight", [3, 0], ids=["by a member", "by an operator without a seat"])
async def test_flood__of_each_mode_that_breaks_no_rule__is_bounded(
    world: World, weight: int
) -> None:
    world.start(weight)
    await world.decides()
    for mode in world.arsenal.modes:
        if not mode.is_fault:
            received = await world.flood(mode, messages(mode))
            assert received > 0 or weight == 0, mode.name  # some only a member can say
            assert world.node._faults.total == 0, mode.name
            world.check_bounds()
            await world.decides()


@pytest.mark.parametrize(
    "name", ["requests for blocks", "attestations of any batch", "duplicate transactions"]
)
async def test_flood__that_breaks_no_rule_and_costs_much__is_dropped_unread(
    world: World, name: str
) -> None:
    """NET-8, with messages of which each takes a fifth of what there is."""
    world.start(3)
    took = count()
    world.node._inbound._budget = budget = PeerBudget(
        used=lambda: BURST_SECONDS / 4.5 * next(took), now=lambda: 0.0
    )
    mode = next(mode for mode in world.arsenal.modes if mode.name == name)
    assert await world.flood(mode, 20) == 20
    assert budget.refused == 15
    assert world.node._faults.total == 0
    await world.decides()
