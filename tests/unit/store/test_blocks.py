"""The block store: what it keeps, what it refuses, and what survives which end of the process.

put_finalized
├── follows the tip → kept with its transactions
├── kept already → left alone
├── another block at a kept height, a gap, another parent → LocalFault, nothing of it kept
opening
├── held by another process, of another program, of a newer version, damaged → LocalFault
└── else → the chain as it was
"""

import shutil
import sqlite3
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sequencer.blocks.header import Block
from sequencer.crypto.hashing import keccak
from sequencer.errors import LocalFault
from sequencer.store.blocks import BlockStore, FinalizedBlock, Location, StoredBlock
from sequencer.store.schema import VERSION
from sequencer.types import Address, BatchIndex, Epoch, Hash32, Height, RollupId
from tests.unit.batches.builders import Step, chain

ONE, TWO = RollupId(1), RollupId(2)
ALICE, BOB = Address(b"a" * 20), Address(b"b" * 20)
RAW = tuple(bytes([number]) * 50 for number in range(1, 10))
BLOCKS = chain(*(Step(transactions=(raw,), elapsed_ms=10) for raw in RAW[:6]))
OTHER_BLOCKS = chain(*(Step(transactions=(raw,), elapsed_ms=11) for raw in RAW[:6]))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "blocks.sqlite"


@pytest.fixture
def store(path: Path) -> Iterator[BlockStore]:
    opened = BlockStore(path)
    yield opened
    opened.close()


def finalized(block: Block, certificate: bytes | None = None) -> FinalizedBlock:
    """A block with two transactions that are named after its height."""
    names = [(ONE, tx_hash(block.header.height, 0)), (TWO, tx_hash(block.header.height, 1))]
    return FinalizedBlock(block, certificate, names)


def tx_hash(height: int, position: int) -> Hash32:
    return keccak(b"%d/%d" % (height, position))


def put(store: BlockStore, *blocks: Block) -> None:
    store.put_finalized([finalized(block) for block in blocks])


def reopened(path: Path) -> list[Block]:
    """The chain that a fresh process finds."""
    opened = BlockStore(path)
    try:
        return [stored.block for stored in opened.blocks(Height(1), 100, 1 << 30)]
    finally:
        opened.close()


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


CRASH = """
    import os, sys
    from pathlib import Path
    from tests.unit.store.test_blocks import BLOCKS, BlockStore, put
    store = BlockStore(Path(sys.argv[1]))
    put(store, *BLOCKS[:4])
    store._db.execute("BEGIN")
    store._db.execute("DELETE FROM blocks")
    os._exit(9)
"""


def test_crash__of_the_process__keeps_what_was_put_and_nothing_halfway(path: Path) -> None:
    command = [sys.executable, "-c", textwrap.dedent(CRASH), str(path)]
    assert subprocess.run(command, check=False).returncode == 9
    assert reopened(path) == BLOCKS[:4]


# Opening


def test_open__held_by_another_process__is_a_fault(store: BlockStore, path: Path) -> None:
    command = "import sys; from pathlib import Path; from sequencer.store.blocks import BlockStore"
    code = f"{command}; BlockStore(Path(sys.argv[1]))"
    run = subprocess.run(
        [sys.executable, "-c", code, str(path)], check=False, capture_output=True, text=True
    )
    assert f"LocalFault: {path}: another process holds it" in run.stderr
    put(store, BLOCKS[0])


def test_open__held_by_this_process__is_a_fault(store: BlockStore, path: Path) -> None:
    with pytest.raises(LocalFault, match="another process holds it"):
        BlockStore(path)
    put(store, BLOCKS[0])


def test_open__a_folder_that_is_not_there__is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "blocks.sqlite"
    with pytest.raises(LocalFault, match=str(path)):
        BlockStore(path)


def test_open__a_newer_version__is_a_fault_and_can_be_tried_again(path: Path) -> None:
    BlockStore(path).close()
    edit(path, f"PRAGMA user_version = {VERSION + 1}")
    for _ in range(2):
        with pytest.raises(LocalFault, match="schema version 2, this program knows 1"):
            BlockStore(path)
    edit(path, f"PRAGMA user_version = {VERSION}")
    assert reopened(path) == []


def test_open__the_file_of_another_program__is_left_alone(path: Path) -> None:
    edit(path, "CREATE TABLE notes (text TEXT)")
    with pytest.raises(LocalFault, match="belongs to another program"):
        BlockStore(path)
    edit(path, "INSERT INTO notes VALUES ('mine')")


def test_open__no_database__is_a_fault(path: Path) -> None:
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(LocalFault, match=f"{path}: file is not a database"):
        BlockStore(path)


def edit(path: Path, statement: str, *values: object) -> None:
    """What somebody else does to the file."""
    db = sqlite3.connect(path)
    with db:
        db.execute(statement, values)
    db.close()


# Damage


@pytest.mark.parametrize(
    ("column", "value"),
    [("payload", b"x"), ("payload", b""), ("header", b"x"), ("header", b""), ("hash", bytes(32))],
)
def test_read__a_row_that_changed__is_a_fault(path: Path, column: str, value: bytes) -> None:
    store = BlockStore(path)
    put(store, *BLOCKS[:3])
    store.close()
    edit(path, f"UPDATE blocks SET {column} = ? WHERE height = 2", value)  # noqa: S608
    store = BlockStore(path)
    with pytest.raises(LocalFault, match=str(path)):
        store.block_by_height(Height(2))
    with pytest.raises(LocalFault, match=str(path)):
        store.blocks(Height(1), 10, 1 << 20)
    assert store.block_by_height(Height(3)) == StoredBlock(BLOCKS[2], None)
    store.close()


def test_read__pages_that_changed__are_a_fault(path: Path) -> None:
    store = BlockStore(path)
    big = chain(*(Step(transactions=(bytes([number]) * 60_000,)) for number in range(20)))
    put(store, *big)
    store.close()
    data = bytearray(path.read_bytes())
    data[8192:-4096] = b"\xa5" * (len(data) - 8192 - 4096)
    path.write_bytes(data)
    with pytest.raises(LocalFault, match=str(path)):
        reopened(path)


def test_use__after_close__is_a_fault(path: Path) -> None:
    store = BlockStore(path)
    store.close()
    with pytest.raises(LocalFault, match="closed"):
        store.block_by_height(Height(1))


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
