"""PROOF-1 without L1: what a proof holds, and how it is shown. The contract's judgement is in
tests/integration/test_promises.py."""

import pytest

from sequencer.batches.batch import Batch
from sequencer.blocks.header import Block
from sequencer.blocks.merkle import leaf_hash, verify_proof
from sequencer.crypto.hashing import keccak
from sequencer.errors import PeerFault
from sequencer.promises.inclusion import InclusionProof, prove_inclusion
from sequencer.types import BatchIndex, Hash32
from tests.unit.ingress.builders import Raw
from tests.unit.node.chain import ROLLUP, next_block, next_holding_block, start

RAWS = [Raw(nonce=nonce).encode() for nonce in range(5)]
BLOCK = next_block(start(), *RAWS)
LATER = [next_block(BLOCK.header)]
LATER.append(next_block(LATER[0].header))


def batch_of(first: Block, last: Block) -> Batch:
    zero = Hash32(bytes(32))
    return Batch(
        index=BatchIndex(3),
        parent_hash=zero,
        first_height=first.header.height,
        last_height=last.header.height,
        last_block_hash=last.header.hash,
        forced_count=0,
        data_hash=zero,
        blobs_hash=zero,
        usage_hash=zero,
    )


BATCH = batch_of(BLOCK, LATER[-1])


def proof(position: int) -> InclusionProof:
    return prove_inclusion([BATCH], [one.header for one in LATER], BLOCK, position)


@pytest.mark.parametrize("position", range(len(RAWS)))
def test_prove__leads_from_the_batchs_last_block_to_the_leaf(position: int) -> None:
    made = proof(position)
    assert made.headers[0].hash == BATCH.last_block_hash
    for above, below in zip(made.headers, made.headers[1:], strict=False):
        assert above.parent_hash == below.hash
    entry = made.entry
    assert (entry.rollup, entry.position, entry.tx_hash) == (
        *(ROLLUP, position),
        keccak(RAWS[position]),
    )
    leaf = leaf_hash(entry.rollup, entry.position, entry.tx_hash, entry.order_key)
    root = made.headers[-1].transaction_root
    assert verify_proof(root, len(RAWS), position, leaf, made.siblings)


def test_prove__of_a_held_segment__is_refused() -> None:
    block = next_holding_block(start(), RAWS[0], RAWS[1])
    made = prove_inclusion([BATCH], [], block, 0)
    assert len(made.siblings) == 1
    with pytest.raises(PeerFault, match="L1 can prove whole segments"):
        prove_inclusion([BATCH], [], block, 1)


def test_to_json__has_the_fields_of_the_contracts_in_order() -> None:
    made = proof(4)
    shown = made.to_json()
    (batch,), (*_, header) = shown["batches"], shown["headers"]  # type: ignore[misc]
    assert [batch["index"], batch["firstHeight"], batch["lastBlockHash"]] == [
        *(3, 1, "0x" + LATER[-1].header.hash.hex())
    ]
    assert list(header)[3:6] == ["timestampMs", "parentHash", "payloadHash"]
    assert shown["entry"] == {
        "rollupId": 1,
        "position": 4,
        "transactionHash": "0x" + keccak(RAWS[4]).hex(),
        "orderKey": hex(10**9),
    }
    assert shown["sides"] == "0x1"
