"""Proofs from a node's own chain (PROOF-1), and which promises it knows to be kept (PROMISE-8).

committed
├── not final, not in a batch, or its batch not on L1: none
├── on L1: from its own batch while L1's ring has it for a while, from a later one after that
└── too far down: refused
kept
├── in time: proved from the challenge's batch down
└── too late, unknown, or another operator's: not
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sequencer.crypto.hashing import keccak
from sequencer.errors import PeerFault
from sequencer.l1.events import PromiseChallenged
from sequencer.node import inclusion as inclusion_module
from sequencer.node.inclusion import Inclusions
from sequencer.promises.challenge import PromiseChallenge
from sequencer.promises.promise import InclusionPromise
from sequencer.types import Address, BatchIndex, Epoch, Hash32, Height
from tests.unit.ingress.builders import Raw
from tests.unit.node.chain import ROLLUP, Chain, next_block, proof_of

RAWS = [Raw(nonce=nonce).encode() for nonce in range(3)]
WANTED = keccak(RAWS[1])
OWN = 3


class World:
    """A chain of blocks 400 ms apart: three to a batch. Block 2 has the transactions."""

    def __init__(self, folder: Path) -> None:
        self.chain = Chain(folder)
        self.chain.grow(1)
        tip = self.chain.ledger.tip
        block = next_block(tip, *RAWS, at_ms=tip.timestamp_ms + 400)
        self.chain.ledger.append((block,), proof_of(block))
        self.inclusions = Inclusions(self.chain.ledger, self.chain.l1, lambda: frozenset((OWN,)))

    def cut(self, count: int) -> None:
        """Grow until that many batches are cut."""
        while len(self.chain.batches) < count:
            self.chain.grow(1)

    def commit(self, count: int) -> None:
        """L1 takes that many more."""
        for batch in self.chain.batches[self.chain.l1.last_index :][:count]:
            self.chain.commit(batch)

    def indices(self) -> list[int] | None:
        """Of the batches in the proof of the wanted transaction."""
        proof = self.inclusions.committed(ROLLUP, WANTED)
        return None if proof is None else [batch.index for batch in proof.batches]

    def asked(
        self, *, last_height: int = 2, tx_hash: Hash32 = WANTED, operator_id: int = OWN
    ) -> PromiseChallenged:
        said = InclusionPromise(
            Epoch(0), ROLLUP, tx_hash, Height(last_height), Address(bytes(20)), 0
        )
        challenge = PromiseChallenge(Address(bytes(20)), 99, 1, False, Hash32(bytes(32)))
        return PromiseChallenged(keccak(b"id"), operator_id, said, BatchIndex(2), challenge)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.chain.close()


def test_committed__only_what_is_on_l1(world: World) -> None:
    assert world.inclusions.committed(ROLLUP, keccak(b"unknown")) is None
    assert world.indices() is None
    world.cut(1)
    assert world.indices() is None
    world.commit(1)
    assert world.indices() == [1]
    proof = world.inclusions.committed(ROLLUP, WANTED)
    assert proof is not None
    batch = world.chain.batches[0]
    assert proof.headers[0].hash == batch.last_block_hash
    assert proof.headers[-1].height == 2
    assert len(proof.headers) == batch.last_height - 2 + 1
    assert (proof.entry.position, proof.entry.tx_hash) == (1, WANTED)


def test_committed__out_of_the_ring_soon__leads_from_a_later_batch(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inclusion_module, "RING_SIZE", 6)
    monkeypatch.setattr(inclusion_module, "RING_MARGIN", 3)
    world.cut(6)
    world.commit(4)
    assert world.indices() == [1]
    world.commit(1)
    assert world.indices() == [2, 1]
    world.commit(1)
    assert world.indices() == [3, 2, 1]
    monkeypatch.setattr(inclusion_module, "MAX_BATCHES", 2)
    with pytest.raises(PeerFault, match="the way down has more than 2 steps"):
        world.indices()


def test_kept__in_time__from_the_batch_of_the_challenge(world: World) -> None:
    asked = world.asked()
    assert world.inclusions.has_kept(asked)
    assert world.inclusions.kept(asked) is None
    world.cut(2)
    proof = world.inclusions.kept(asked)
    assert proof is not None
    assert [batch.index for batch in proof.batches] == [2, 1]


def test_has_kept__too_late_unknown_or_anothers__is_not(world: World) -> None:
    assert not world.inclusions.has_kept(world.asked(last_height=1))
    assert not world.inclusions.has_kept(world.asked(tx_hash=keccak(b"unknown")))
    assert not world.inclusions.has_kept(world.asked(operator_id=OWN + 1))
