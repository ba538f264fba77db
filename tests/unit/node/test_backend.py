"""What a node takes in of a rollup that leaves the committee or is dropped, and what it says of it
(TX-8, FEE-4)."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sequencer.crypto.hashing import keccak
from sequencer.errors import PeerFault
from sequencer.ingress.refusal import OverLimit, Refused, RollupAway
from sequencer.l1.events import (
    BasedEntered,
    Event,
    L1Block,
    L1Header,
    ModeAnnounced,
    NoticeCleared,
    NoticeGiven,
    RollupMode,
)
from sequencer.l1.modes import FOREVER
from sequencer.node import node as node_module
from sequencer.node.node import Node
from sequencer.store.blocks import FinalizedBlock
from sequencer.types import Address
from tests.unit.ingress.builders import Raw
from tests.unit.l1.chains import registered
from tests.unit.node.chain import CHAIN_ID, ROLLUP, l1_hash, next_holding_block
from tests.unit.node.test_node import SECRET, config, deployment, stop, until

LEAVES = 2_000
SEQUENCER = Address(b"\x05" * 20)


class World:
    """A node that is told of L1 by hand: a rollup, and enough blocks to confirm it. The margin is
    10 seconds."""

    def __init__(self, folder: Path) -> None:
        self.node = Node(config(folder), deployment(), SECRET)
        self.see(1_900, registered(1, CHAIN_ID))
        for timestamp in range(1_901, 1_905):
            self.see(timestamp)

    def see(self, timestamp: int, *events: Event) -> None:
        head = self.node.l1.head
        number = head.number + 1 if head else 1
        header = L1Header(number, l1_hash(number), l1_hash(number - 1), timestamp)
        self.node.l1.extend(L1Block(header, events))

    def announce(self) -> None:
        self.see(1_910, ModeAnnounced(ROLLUP, RollupMode.SOLO, SEQUENCER, LEAVES))

    def admit(self, nonce: int) -> None:
        self.node._backend.admit(ROLLUP, Raw(nonce=nonce).encode(), 0)

    def modes(self) -> Any:
        return self.node.status()["modes"]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.node.close()


def test_admit__rollup_that_leaves__is_refused_from_the_margin_on(world: World) -> None:
    world.announce()
    world.see(LEAVES - 11)
    world.admit(0)
    world.see(LEAVES - 10)
    with pytest.raises(RollupAway, match=f"rollup 1 leaves the committee at {LEAVES} to be SOLO"):
        world.admit(1)
    world.see(LEAVES)
    with pytest.raises(RollupAway, match="rollup 1 is SOLO, ordered by 0x0505"):
        world.admit(1)


def test_admit__rollup_that_is_dropped__is_refused_until_it_has_paid(world: World) -> None:
    world.see(1_910, NoticeGiven(ROLLUP, LEAVES))
    world.see(LEAVES - 1)
    world.admit(0)
    assert world.node.status()["feeNotices"] == [
        {"rollup": 1, "dropAt": LEAVES, "isDropped": False}
    ]
    world.see(LEAVES)
    with pytest.raises(RollupAway, match=f"rollup 1 is dropped since {LEAVES}: its sequencing"):
        world.admit(1)
    world.see(LEAVES + 1, NoticeCleared(ROLLUP))
    for later in range(2, 6):
        world.see(LEAVES + later)
    world.admit(1)
    assert world.node.status()["feeNotices"] == []


@pytest.mark.parametrize("withhold_data", [False, True])
def test_held_segment__is_given_unless_withheld(tmp_path: Path, withhold_data: bool) -> None:
    """HELD-2, HELD-5."""
    node = Node(config(tmp_path, withhold_data=withhold_data), deployment(), SECRET)
    block = next_holding_block(node.ledger.tip, b"posted", b"held")
    node._store.put_finalized([FinalizedBlock(block, None, [])])
    expected = None if withhold_data else block.held
    assert node._backend.held_segment(keccak(block.held)) == expected
    assert node._backend.held_segment(keccak(b"")) is None
    node.close()


def test_refusal__is_the_wallets_and_no_fault_of_a_peer() -> None:
    """TX-4: code -32000."""
    assert issubclass(RollupAway, Refused)
    assert not issubclass(RollupAway, OverLimit | PeerFault)


async def test_upkeep__what_waits_for_a_rollup_that_leaves__goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(node_module, "UPKEEP_SECONDS", 0.01)
    world = World(tmp_path)
    world.admit(0)
    running = asyncio.create_task(world.node.run())
    await until((tmp_path / "endpoints.json").exists)
    assert len(world.node.mempool) == 1
    world.announce()
    world.see(LEAVES - 10)
    await until(lambda: len(world.node.mempool) == 0)
    await stop(running)


def test_status__shows_who_has_announced_and_who_has_left(world: World) -> None:
    assert (world.modes(), world.node.status()["basedUntil"]) == ([], 0)
    world.announce()
    assert world.modes() == [
        {"rollup": 1, "mode": "shared", "announced": "solo", "effectiveAt": LEAVES}
    ]
    world.see(LEAVES, BasedEntered())
    assert world.modes() == [{"rollup": 1, "mode": "solo", "announced": None, "effectiveAt": None}]
    assert world.node.status()["basedUntil"] == FOREVER
