"""InclusionProofs.heightOf (PROOF-1)

heightOf
├── for every transaction of every number of them: its height
├── also by a later batch of the ring, down to one that has left it
├── when there is no batch: refused
├── when the first batch is not on L1, or a later one not the parent: refused
├── when a header is missing or the leaf none: refused
└── when the transaction is another one, or another rollup's: refused
"""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils.crypto import keccak

from sequencer.blocks import merkle
from tests.contracts.faults import FaultCatalogue
from tests.contracts.network import Network
from tests.contracts.ordered import Placed, blocks_of, inclusion_proof
from tests.contracts.promised import commit_ordered
from tests.vectors import reference as ref

RAWS = [b"%d" % number for number in range(7)]
BLOCKS = blocks_of(
    [[Placed(raw, key) for key, raw in enumerate(RAWS[:n])] for n in range(1, 8)],
    60,
    first_height=11,
)


@pytest.fixture
def batch(network: Network, submitter: Any) -> ref.Batch:
    return commit_ordered(network, BLOCKS, submitter)


def height_of(network: Network, proof: Any, raw: bytes = RAWS[1], rollup: int = 1) -> int:
    return int(network.proofs.heightOf(rollup, keccak(raw), proof))


def test_height_of__every_leaf_of_every_count__is_found(network: Network, batch: ref.Batch) -> None:
    for at, block in enumerate(BLOCKS):
        for position in range(len(block.placed)):
            proof = inclusion_proof([batch], BLOCKS, at, position)
            # The program's own tree gives the same path.
            assert tuple(proof[3]) == merkle.prove(block.leaves, position)
            assert height_of(network, proof, RAWS[position]) == block.height


def test_height_of__batch_that_left_the_ring__is_reached_by_parents(
    network: Network, faults: FaultCatalogue, chain: Any, batch: ref.Batch, submitter: Any
) -> None:
    later = [
        commit_ordered(network, blocks_of([[]], 60, first_height=20 + n), submitter)
        for n in range(2)
    ]
    word = (1_025 << 64).to_bytes(32, "big")
    chain.provider.set_storage(network.chain.address, 0, word)
    with faults.expect("BatchHashUnavailable", index=1, last=1_025):
        height_of(network, inclusion_proof([batch], BLOCKS, 3, 1))
    assert height_of(network, inclusion_proof([*reversed(later), batch], BLOCKS, 3, 1)) == 14


def test_height_of__wrong_proof__is_refused(
    network: Network, faults: FaultCatalogue, batch: ref.Batch
) -> None:
    batches, headers, entry, siblings, sides = inclusion_proof([batch], BLOCKS, 3, 1)
    rollup, position, hash_, key = entry
    forged = batch.but(firstHeight=1).as_tuple()
    wrong: list[tuple[str, tuple[Any, ...]]] = [
        ("NoBatch", ([], headers, entry, siblings, sides)),
        ("WrongBatch", ([forged], headers, entry, siblings, sides)),
        ("WrongBatch", ([*batches, *batches], headers, entry, siblings, sides)),
        ("EmptyProof", (batches, [], entry, siblings, sides)),
        ("WrongHeader", (batches, headers[1:], entry, siblings, sides)),
        ("WrongHeader", (batches, headers[:1] + headers[2:], entry, siblings, sides)),
        ("WrongRoot", (batches, headers[:-1], entry, siblings, sides)),
        ("WrongRoot", (batches, headers, (rollup, 2, hash_, key), siblings, sides)),
        ("WrongRoot", (batches, headers, (rollup, position, hash_, 9), siblings, sides)),
        ("WrongRoot", (batches, headers, entry, siblings[:-1], sides)),
        ("WrongRoot", (batches, headers, entry, [*siblings, siblings[0]], sides)),
        ("WrongRoot", (batches, headers, entry, siblings, 0)),
        ("AnotherTransaction", (batches, headers, (2, *entry[1:]), siblings, sides)),
        ("AnotherTransaction", inclusion_proof([batch], BLOCKS, 3, 2)),
    ]
    for name, proof in wrong:
        with faults.expect(name):
            height_of(network, proof)
    with faults.expect("BatchHashUnavailable", index=2, last=1):
        height_of(network, inclusion_proof([batch.but(index=2)], BLOCKS, 3, 1))
    for raw, asked in ((RAWS[0], 1), (RAWS[1], 2)):
        with faults.expect("AnotherTransaction", rollupId=asked):
            height_of(network, (batches, headers, entry, siblings, sides), raw, asked)


def test_height_of__node_for_a_leaf__is_refused(
    network: Network, faults: FaultCatalogue, batch: ref.Batch
) -> None:
    """A second preimage: the children of a node, given out as what a leaf hashes."""
    leaves = BLOCKS[1].leaves
    batches, headers, *_ = inclusion_proof([batch], BLOCKS, 1, 0)
    node = leaves[0] + leaves[1]
    for raw in (node, b"\1" + node):
        entry = (1, 0, keccak(raw), 0)
        with faults.expect("WrongRoot", expected=keccak(b"\1" + node)):
            height_of(network, (batches, headers, entry, [], 0), raw)
