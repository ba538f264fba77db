"""What happens to final blocks.

append
├── stored, out of the mempool, reported in order
├── blocks that are there already: nothing twice
├── several at once: the proof is the last one's
├── held segments: positions after those of the payload; stored, but not in batch data
├── older than ten minutes: the same, but for the senders' nonces
└── an undecodable payload: stored, orders nothing
batches
├── cut as BATCH-2 says, data rebuilt from the store equals what was cut
├── after a restart at any block: the same batches (BATCH-1)
├── with blobs: wait for their versioned hashes, without holding up blocks (BATCH-6)
│   └── restart: what is stored is not computed again, what waits is
└── looked up by height; the commit remembered beyond the L1 window
"""

from pathlib import Path

import msgspec
import pytest

from sequencer.batches.codec import decode_batch_data
from sequencer.batches.cut import BatchParameters
from sequencer.crypto.hashing import keccak
from sequencer.ingress.transaction import decode_transaction
from sequencer.l1.events import RollupRegistered
from sequencer.node.catch_up import decode_proof
from sequencer.node.ledger import OLD_MS
from sequencer.types import BatchIndex, Height
from tests.unit.ingress.builders import CHAIN_ID, Raw
from tests.unit.node.chain import (
    HOLDS,
    ROLLUP,
    Chain,
    next_block,
    next_holding_block,
    proof_of,
    start,
)


def test_append__a_block__is_stored_and_leaves_the_mempool(tmp_path: Path) -> None:
    chain = Chain(tmp_path)
    raw = Raw().encode()
    chain.mempool.add(ROLLUP, decode_transaction(raw, CHAIN_ID), 0)
    block = next_block(start(), raw, at_ms=1)
    chain.ledger.append((block,), proof_of(block))
    assert chain.ledger.tip == block.header
    assert len(chain.mempool) == 0
    assert chain.ordered == [keccak(raw)]
    assert chain.ledger.locate(ROLLUP, keccak(raw)) == (1, 0)
    assert chain.ledger.block(Height(1)) == block
    chain.close()


def test_append__long_ago__known_by_hash_alone(tmp_path: Path) -> None:
    chain = Chain(tmp_path)
    mine, other = (decode_transaction(Raw(nonce=n).encode(), CHAIN_ID) for n in (0, 1))
    chain.mempool.add(ROLLUP, mine, 0)
    chain.now_ms = OLD_MS + 2
    first = next_block(start(), mine.raw, at_ms=1)
    second = next_block(first.header, other.raw, at_ms=1)
    chain.ledger.append((first, second), proof_of(second))
    assert len(chain.mempool) == 0
    assert chain.ordered == [mine.hash]
    assert all(chain.mempool.is_known((ROLLUP, tx.hash)) for tx in (mine, other))
    assert chain.mempool.next_nonce(ROLLUP, mine.sender) == 1
    assert chain.ledger.locate(ROLLUP, other.hash) == (2, 0)
    third = next_block(second.header, Raw(nonce=2).encode(), at_ms=2)
    chain.ledger.append((third,), proof_of(third))
    assert chain.mempool.next_nonce(ROLLUP, mine.sender) == 3
    chain.close()


def test_append__what_is_there_already__changes_nothing(tmp_path: Path) -> None:
    chain = Chain(tmp_path)
    first = next_block(start(), Raw().encode(), at_ms=1)
    second = next_block(first.header, at_ms=2)
    chain.ledger.append((first,), proof_of(first))
    chain.ledger.append((first, second), proof_of(second))
    assert chain.ledger.tip == second.header
    assert len(chain.ordered) == 1
    chain.close()


def test_append__several_at_once__keeps_the_proof_with_the_last(tmp_path: Path) -> None:
    chain = Chain(tmp_path)
    first = next_block(start(), at_ms=1)
    second = next_block(first.header, at_ms=2)
    chain.ledger.append((first, second), proof_of(second))
    stored = chain.store.blocks(Height(1), 2, 1_000)
    assert [entry.certificate is not None for entry in stored] == [False, True]
    assert decode_proof(stored[1].certificate or b"") == proof_of(second)
    chain.close()


def test_append__undecodable_payload__orders_nothing(tmp_path: Path) -> None:
    chain = Chain(tmp_path)
    plain = next_block(start(), at_ms=1)
    block = type(plain)(plain.header, b"\x07garbage")
    chain.ledger.append((block,), proof_of(block))
    assert chain.ordered == []
    assert chain.ledger.tip.height == 1
    chain.close()


def test_append__held_segments__are_ordered_and_kept_but_not_posted(tmp_path: Path) -> None:
    """ENC-15, HELD-1; a restart finds them."""
    chain = Chain(tmp_path)
    chain.see(RollupRegistered(HOLDS, CHAIN_ID, True))
    posted, held = (decode_transaction(Raw(nonce=n).encode(), CHAIN_ID) for n in (0, 1))
    chain.mempool.add(HOLDS, held, 0)
    block = next_holding_block(start(), posted.raw, held.raw, at_ms=1)
    block = msgspec.structs.replace(
        block, header=msgspec.structs.replace(block.header, origin_number=chain.height)
    )
    chain.ledger.append((block,), proof_of(block))
    assert chain.ordered == [posted.hash, held.hash]
    assert len(chain.mempool) == 0
    chain.close()
    again = Chain(tmp_path)
    assert again.ledger.locate(ROLLUP, posted.hash) == (1, 0)
    assert again.ledger.locate(HOLDS, held.hash) == (1, 1)
    assert again.ledger.held_segment(keccak(block.held)) == block.held
    assert again.ledger.block(Height(1)) == block
    (derived,) = decode_batch_data(again.ledger.batch_data(Height(1), Height(1))).blocks
    assert (derived.header, derived.payload, derived.held) == (block.header, block.payload, b"")
    again.close()


def test_batches__data_from_the_store__is_what_was_cut(tmp_path: Path) -> None:
    chain = Chain(tmp_path)
    blocks = chain.grow(10)
    assert chain.ledger.last_batch == len(chain.batches) >= 2
    for batch in chain.batches:
        data = chain.ledger.batch_data(batch.first_height, batch.last_height)
        assert keccak(data) == batch.data_hash
        span = slice(batch.first_height - 1, batch.last_height)
        assert list(decode_batch_data(data).blocks) == blocks[span]
    chain.close()


@pytest.mark.parametrize("restart_after", range(1, 10))
def test_batches__restart_at_any_block__cuts_the_same(tmp_path: Path, restart_after: int) -> None:
    (tmp_path / "whole").mkdir()
    whole = Chain(tmp_path / "whole")
    blocks = whole.grow(10)
    before = Chain(tmp_path)
    for block in blocks[:restart_after]:
        before.ledger.append((block,), proof_of(block))
    before.close()
    after = Chain(tmp_path)
    after.ledger.resume()
    for block in blocks[restart_after:]:
        after.ledger.append((block,), proof_of(block))
    assert [*before.batches, *after.batches] == whole.batches
    whole.close()
    after.close()


ALL_WITH_BLOBS = BatchParameters(batch_bytes=4_096, batch_age_ms=1_000, blob_bytes_min=1)


def test_batches__that_wait_for_hashes__hold_up_no_block(tmp_path: Path) -> None:
    (tmp_path / "quick").mkdir()
    quick = Chain(tmp_path / "quick", parameters=ALL_WITH_BLOBS)
    blocks = quick.grow(10)
    slow = Chain(tmp_path, parameters=ALL_WITH_BLOBS)
    slow.is_slow = True
    for block in blocks:
        slow.ledger.append((block,), proof_of(block))
    assert slow.ledger.tip == blocks[-1].header
    assert slow.ledger.last_batch == len(quick.batches) >= 2
    assert slow.batches == []
    assert slow.ledger.batch(BatchIndex(1)) is None
    while slow.ledger.waiting is not None:
        slow.seal()
    assert slow.batches == quick.batches
    quick.close()
    slow.close()


def test_batches__restart_while_one_waits__computes_what_is_not_stored(tmp_path: Path) -> None:
    before = Chain(tmp_path, parameters=ALL_WITH_BLOBS)
    before.is_slow = True
    before.grow(12)
    before.seal()
    before.seal()
    count = before.ledger.last_batch
    before.close()
    after = Chain(tmp_path, parameters=ALL_WITH_BLOBS)
    after.ledger.resume()
    assert after.sealed == list(range(3, count + 1))
    assert [batch.index for batch in after.batches] == after.sealed
    assert after.batches[0].parent_hash == before.batches[-1].hash
    after.close()


def test_blob_data__of_the_batch_with_these_blobs(tmp_path: Path) -> None:
    chain = Chain(tmp_path, parameters=ALL_WITH_BLOBS)
    chain.grow(10)
    batch = chain.batches[0]
    data = chain.ledger.blob_data(BatchIndex(1), batch.blobs_hash)
    assert data is not None
    assert keccak(data) == batch.data_hash
    assert chain.ledger.blob_data(BatchIndex(1), chain.batches[1].blobs_hash) is None
    assert chain.ledger.blob_data(BatchIndex(99), batch.blobs_hash) is None
    chain.close()


def test_batch_of__every_height__is_the_batch_that_holds_it(tmp_path: Path) -> None:
    chain = Chain(tmp_path)
    chain.grow(12)
    for height in range(14):
        found = chain.ledger.batch_of(Height(height))
        holders = [b for b in chain.batches if b.first_height <= height <= b.last_height]
        assert found == (holders[0] if holders else None)
    chain.close()


def test_commitment__of_a_commit_that_left_the_window__is_remembered(tmp_path: Path) -> None:
    chain = Chain(tmp_path, window=4)
    chain.grow(6)
    assert chain.ledger.commitment(Height(1), chain.l1) is None
    chain.commit(chain.batches[0])
    chain.ledger.note_commits(chain.l1)
    for _ in range(8):
        chain.see()
        chain.ledger.note_commits(chain.l1)
    assert chain.l1.commit_of(BatchIndex(1)) is None or chain.l1.final_index == 1
    found = chain.ledger.commitment(Height(1), chain.l1)
    assert found is not None
    assert (found.batch, found.l1_transaction) == (1, b"\x77" * 32)
    chain.close()


def test_commitment__after_a_reorg_took_it_back__is_none(tmp_path: Path) -> None:
    chain = Chain(tmp_path)
    chain.grow(6)
    chain.commit(chain.batches[0])
    chain.ledger.note_commits(chain.l1)
    chain.l1.rollback_to(chain.height - 1)
    assert chain.ledger.commitment(Height(1), chain.l1) is None
    chain.close()
