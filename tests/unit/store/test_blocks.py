"""The block store: what it keeps, what it refuses, and what survives which end of the process.

put_finalized
├── follows the tip → kept with its transactions
├── kept already → left alone
└── another block at a kept height, a gap, another parent → LocalFault, nothing of it kept
"""

import random
import shutil
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sequencer.blocks.header import Block
from sequencer.crypto.hashing import keccak
from sequencer.errors import LocalFault
from sequencer.store.blocks import BlockStore, FinalizedBlock, Location, StoredBlock
from sequencer.types import BatchIndex, Epoch, Height, View
from tests.unit.batches.builders import Step, chain
from tests.unit.store.builders import (
    ALICE,
    BLOCKS,
    BOB,
    ONE,
    OTHER_BLOCKS,
    RAW,
    TWO,
    finalized,
    holding,
    put,
    reopened,
    tx_hash,
)

# Blocks


def test_store__new__is_empty(store: BlockStore) -> None:
    assert store.tip() is None
    assert store.block_by_height(Height(1)) is None
    assert store.block_by_hash(BLOCKS[0].header.hash) is None
    assert store.blocks(Height(0), 10, 1 << 20) == []
    assert store.locate(ONE, tx_hash(1, 0)) is None


def test_put__a_chain__is_found_by_height_and_hash(store: BlockStore) -> None:
    store.put_finalized([finalized(BLOCKS[0]), finalized(BLOCKS[1], b"certificate")])
    put(store, BLOCKS[2])
    assert store.tip() == BLOCKS[2].header
    for block, certificate in zip(BLOCKS[:3], (None, b"certificate", None), strict=True):
        expected = StoredBlock(block, certificate)
        assert store.block_by_height(block.header.height) == expected
        assert store.block_by_hash(block.header.hash) == expected
    assert store.block_by_height(Height(4)) is None


def test_put__nothing__changes_nothing(store: BlockStore) -> None:
    store.put_finalized([])
    assert store.tip() is None


def test_locate__a_transaction__is_found_on_its_rollup_only(store: BlockStore) -> None:
    put(store, *BLOCKS[:2])
    assert store.locate(TWO, tx_hash(2, 1)) == Location(Height(2), 1)
    assert store.locate(ONE, tx_hash(2, 0)) == Location(Height(2), 0)
    assert store.locate(ONE, tx_hash(2, 1)) is None


def test_locate__ordered_twice__is_where_it_was_first(store: BlockStore) -> None:
    twice = [(ONE, tx_hash(0, 0)), (TWO, tx_hash(0, 0))]
    store.put_finalized([FinalizedBlock(block, None, twice) for block in BLOCKS[:2]])
    assert store.locate(ONE, tx_hash(0, 0)) == Location(Height(1), 0)
    assert store.locate(TWO, tx_hash(0, 0)) == Location(Height(1), 1)


def test_held_segment__is_found_by_its_hash_and_comes_with_its_block(
    store: BlockStore, path: Path
) -> None:
    """HELD-1, HELD-2: another process finds it too, once it was put."""
    first, segment = holding(BLOCKS[0])
    again, _ = holding(first)
    other, other_segment = holding(again, b"other")
    put(store, BLOCKS[0], first, again, other)
    for found, hashed in ((segment, segment), (other_segment, other_segment), (None, b"unknown")):
        assert store.held_segment(keccak(hashed)) == found
    assert [stored.block for stored in store.blocks(Height(2), 9, 1 << 20)] == [first, again, other]
    store.close()
    assert reopened(path)[1:] == [first, again, other]


def test_blocks__with_held_segments__count_them(store: BlockStore) -> None:
    first, segment = holding(BLOCKS[0], random.Random(1).randbytes(500))
    put(store, BLOCKS[0], first)
    size = len(BLOCKS[0].payload) + len(first.payload) + len(segment)
    assert len(store.blocks(Height(1), 2, size)) == 2
    assert len(store.blocks(Height(1), 2, size - 1)) == 1


def test_blocks__from_a_height__are_as_many_as_asked_for(store: BlockStore) -> None:
    put(store, *BLOCKS)
    size = len(BLOCKS[0].payload)
    assert [stored.block for stored in store.blocks(Height(2), 3, 1 << 20)] == BLOCKS[1:4]
    assert len(store.blocks(Height(1), 10, 3 * size)) == 3
    assert len(store.blocks(Height(1), 10, 3 * size - 1)) == 2
    assert len(store.blocks(Height(1), 10, 0)) == 1
    assert store.blocks(Height(7), 10, 1 << 20) == []


def test_questions__beyond_what_a_row_can_number__have_no_answer(store: BlockStore) -> None:
    put(store, BLOCKS[0])
    for most in (2**63, 2**64 - 1):
        assert store.block_by_height(Height(most)) is None
        assert store.blocks(Height(most), 10, 1 << 20) == []
        assert store.batch(BatchIndex(most)) is None
        assert store.batches_from(BatchIndex(most), 10) == []
        assert store.attestations(BatchIndex(most)) == []


def test_put__again__is_left_alone(store: BlockStore) -> None:
    put(store, *BLOCKS[:3])
    store.put_finalized([finalized(block, b"later") for block in BLOCKS[1:4]])
    assert store.tip() == BLOCKS[3].header
    assert store.blocks(Height(3), 2, 1 << 20) == [
        StoredBlock(BLOCKS[2], None),
        StoredBlock(BLOCKS[3], b"later"),
    ]


def test_put__another_block_at_a_kept_height__is_a_fault(store: BlockStore) -> None:
    put(store, *BLOCKS[:2])
    with pytest.raises(LocalFault, match=r"block 1 is 0x[0-9a-f]{64}, and 0x[0-9a-f]{64}"):
        put(store, OTHER_BLOCKS[0])
    assert store.block_by_height(Height(1)) == StoredBlock(BLOCKS[0], None)


@pytest.mark.parametrize(
    ("kept", "next_block"),
    [(0, BLOCKS[1]), (2, BLOCKS[3]), (2, OTHER_BLOCKS[2])],
    ids=["first is not height 1", "a gap", "another parent"],
)
def test_put__what_does_not_follow__is_a_fault(
    store: BlockStore, kept: int, next_block: Block
) -> None:
    put(store, *BLOCKS[:kept])
    with pytest.raises(LocalFault, match=f"does not follow block {kept}"):
        put(store, next_block)
    assert store.block_by_hash(next_block.header.hash) is None


def test_put__one_that_does_not_follow__undoes_those_before_it(store: BlockStore) -> None:
    put(store, BLOCKS[0])
    with pytest.raises(LocalFault):
        put(store, BLOCKS[1], BLOCKS[3])
    assert store.tip() == BLOCKS[0].header
    assert store.block_by_height(Height(2)) is None
    assert store.locate(ONE, tx_hash(2, 0)) is None
    put(store, BLOCKS[1])


# Batches, attestations, meta


def test_batch__kept__is_never_another(store: BlockStore) -> None:
    for index in (2, 1, 3):
        store.put_batch(BatchIndex(index), b"batch %d" % index)
    store.put_batch(BatchIndex(1), b"batch 1")
    with pytest.raises(LocalFault, match="batch 1 is kept with another content"):
        store.put_batch(BatchIndex(1), b"batch one")
    assert store.batch(BatchIndex(1)) == b"batch 1"
    assert store.batch(BatchIndex(4)) is None
    assert store.batches_from(BatchIndex(2), 10) == [(2, b"batch 2"), (3, b"batch 3")]
    assert store.batches_from(BatchIndex(1), 2) == [(1, b"batch 1"), (2, b"batch 2")]


def test_attestations__are_one_for_each_epoch_and_signer(store: BlockStore) -> None:
    first = BatchIndex(1)
    store.put_attestation(first, Epoch(5), BOB, b"bob in 5")
    store.put_attestation(first, Epoch(5), ALICE, b"alice in 5")
    store.put_attestation(first, Epoch(4), BOB, b"bob in 4")
    store.put_attestation(first, Epoch(5), BOB, b"bob in 5 again")
    assert store.attestations(first) == [
        (4, BOB, b"bob in 4"),
        (5, ALICE, b"alice in 5"),
        (5, BOB, b"bob in 5 again"),
    ]
    assert store.attestations(BatchIndex(2)) == []


def test_attestations__dropped__are_those_up_to_a_batch(store: BlockStore) -> None:
    for index in (1, 2, 3):
        store.put_attestation(BatchIndex(index), Epoch(1), ALICE, b"attestation")
    store.drop_attestations(BatchIndex(2))
    assert [len(store.attestations(BatchIndex(index))) for index in (1, 2, 3)] == [0, 0, 1]


def test_meta__is_what_was_set_last(store: BlockStore) -> None:
    assert store.get_meta("cursor") is None
    store.set_meta("cursor", b"1")
    store.set_meta("cursor", b"2")
    store.set_meta("other", b"")
    assert store.get_meta("cursor") == b"2"
    assert store.get_meta("other") == b""


# What survives


def test_close__keeps_everything_in_one_file(store: BlockStore, path: Path) -> None:
    put(store, *BLOCKS)
    store.put_batch(BatchIndex(1), b"batch")
    store.close()
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert reopened(path) == BLOCKS


def test_sync__has_moved_what_was_put_into_the_file_itself(
    store: BlockStore, path: Path, tmp_path: Path
) -> None:
    """The write-ahead log is what a power cut may take away: the copy is without it."""
    put(store, *BLOCKS[:2])
    store.sync()
    put(store, BLOCKS[2])
    copy = tmp_path / "copy.sqlite"
    shutil.copy(path, copy)
    assert reopened(copy) == BLOCKS[:2]
    store.sync()
    store.sync()
    shutil.copy(path, copy)
    assert reopened(copy) == BLOCKS[:3]


def test_pragmas__are_what_the_durability_rests_on(store: BlockStore) -> None:
    """`sync` is durable because checkpoints are synced, which they are from NORMAL (1) on."""
    assert store._db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert store._db.execute("PRAGMA synchronous").fetchone() == (1,)


CHECKOUT = Path(__file__).parents[3]
CRASH = """
    import os, sys
    from pathlib import Path
    from sequencer.store.blocks import BlockStore
    from tests.unit.store.builders import BLOCKS, put
    store = BlockStore(Path(sys.argv[1]))
    put(store, *BLOCKS[:4])
    store._db.execute("BEGIN")
    store._db.execute("DELETE FROM blocks")
    os._exit(9)
"""


def test_crash__of_the_process__keeps_what_was_put_and_nothing_halfway(path: Path) -> None:
    command = [sys.executable, "-c", textwrap.dedent(CRASH), str(path)]
    assert subprocess.run(command, check=False, cwd=CHECKOUT).returncode == 9
    assert reopened(path) == BLOCKS[:4]


# Certificates


def test_certificates__first_of_each_kind__until_dropped(store: BlockStore) -> None:
    for view, kind, record in ((1, 2, b"a"), (1, 1, b"b"), (1, 2, b"c"), (2**64 - 1, 1, b"d")):
        store.put_certificate(Epoch(3), View(view), kind, record)
    store.put_certificate(Epoch(4), View(1), 1, b"e")
    assert store.certificates(Epoch(3), View(1)) == [b"b", b"a"]
    assert store.certificates(Epoch(3), View(2)) == []
    store.drop_certificates(Epoch(3), 10)
    store.drop_certificates(Epoch(4), 1)
    assert store.certificates(Epoch(3), View(1)) == [b"a"]
    store.drop_certificates(Epoch(4), 10)
    assert store.certificates(Epoch(3), View(1)) == []
    assert store.certificates(Epoch(3), View(2**64 - 1)) == []
    assert store.certificates(Epoch(4), View(1)) == [b"e"]


def test_certificates__with_the_next_block__as_one(store: BlockStore, path: Path) -> None:
    def left() -> list[bytes]:
        """Those of epoch 3 that a process killed now leaves."""
        copy = path.with_name("copy.sqlite")
        for suffix in ("", "-wal"):
            shutil.copyfile(f"{path}{suffix}", f"{copy}{suffix}")
        found = BlockStore(copy)
        views = range(100)
        records = [r for view in views for r in found.certificates(Epoch(3), View(view))]
        found.close()
        return records

    store.put_certificate(Epoch(3), View(1), 1, b"a")
    put(store, BLOCKS[0])
    with pytest.raises(LocalFault):
        put(store, BLOCKS[2])
    store.put_certificate(Epoch(3), View(2), 1, b"b")
    assert left() == [b"a"]
    for view in range(3, 66):
        store.put_certificate(Epoch(3), View(view), 1, b"c")
    assert left() == [b"a", b"b", *[b"c"] * 63]
    store.put_certificate(Epoch(3), View(99), 1, b"d")
    assert b"d" not in left()
    store.sync()
    assert b"d" in left()


# Threads


def test_threads__reading_while_one_writes__see_whole_blocks(store: BlockStore) -> None:
    blocks = chain(*(Step(transactions=RAW, elapsed_ms=1) for _ in range(60)))
    seen: list[int] = []

    def read() -> None:
        while not seen or seen[-1] < 60:
            tip = store.tip()
            height = tip.height if tip else 0
            if tip is not None:
                assert store.block_by_height(tip.height) == StoredBlock(blocks[height - 1], None)
                assert store.locate(TWO, tx_hash(height, 1)) == Location(tip.height, 1)
            seen.append(height)

    reader = threading.Thread(target=read)
    reader.start()
    for block in blocks:
        put(store, block)
    reader.join(timeout=30)
    assert not reader.is_alive()
    assert seen == sorted(seen)


def test_threads__inside_a_transaction__have_the_store_to_themselves(store: BlockStore) -> None:
    with ThreadPoolExecutor(max_workers=1) as pool, store._transaction():
        assert pool.submit(store._lock.acquire, blocking=False).result(timeout=30) is False


def test_threads__writing_at_once__take_turns(store: BlockStore) -> None:
    def write(name: str) -> None:
        for number in range(50):
            store.set_meta(name, b"%d" % number)

    with ThreadPoolExecutor(max_workers=4) as pool:
        for done in [pool.submit(write, name) for name in "abcd"]:
            done.result(timeout=30)
    assert [store.get_meta(name) for name in "abcd"] == [b"49"] * 4
