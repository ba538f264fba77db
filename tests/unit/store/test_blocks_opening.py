"""Which files the block store opens, and which damage it notices.

opening
├── held by another process, of another program, of a newer version, no database → LocalFault
├── from before there were held segments, or runs → brought up to date: what blocks hold is nothing,
│   and the index is made of them
├── with a block that changed and is not in the index → LocalFault
└── else → the chain as it was, but for rows that changed: reading those is a LocalFault
"""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from sequencer.blocks.contents import transaction_keys
from sequencer.crypto.hashing import keccak
from sequencer.errors import LocalFault
from sequencer.store.blocks import BlockStore, Location, StoredBlock
from sequencer.store.schema import VERSION, WITHOUT_HELD, WITHOUT_RUNS
from sequencer.types import Height
from tests.unit.batches.builders import Step, chain
from tests.unit.store.builders import BLOCKS, holding, put, reopened


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
        with pytest.raises(
            LocalFault, match=f"version {VERSION + 1}, this program knows {VERSION}"
        ):
            BlockStore(path)
    edit(path, f"PRAGMA user_version = {VERSION}")
    assert reopened(path) == []


@pytest.mark.parametrize("version", [WITHOUT_HELD, WITHOUT_RUNS])
def test_open__an_older_version__is_brought_up_to_date(path: Path, version: int) -> None:
    store = BlockStore(path)
    put(store, *BLOCKS[:2])
    store.close()
    make_old(path, version)
    for _ in range(2):
        assert reopened(path) == list(BLOCKS[:2])
    store = BlockStore(path)
    block, segment = holding(BLOCKS[1])
    put(store, block)
    assert store.held_segment(keccak(segment)) == segment
    assert [stored.block for stored in store.blocks(Height(2), 2, 1 << 20)] == [BLOCKS[1], block]
    for height in (1, 2):
        key = transaction_keys(BLOCKS[height - 1])[0]
        assert store.locate(*key) == Location(Height(height), 0)
        assert store.ordered_lately([key]) == {key}
    store.close()


def make_old(path: Path, version: int) -> None:
    """A file as programs of that version made it."""
    edit(path, "DROP TABLE transaction_runs")
    edit(path, "DROP TABLE indexed")
    edit(
        path,
        "CREATE TABLE transactions (hash BLOB NOT NULL, rollup INTEGER NOT NULL, height INTEGER NOT"
        " NULL, position INTEGER NOT NULL, PRIMARY KEY (hash, rollup)) STRICT, WITHOUT ROWID",
    )
    if version == WITHOUT_HELD:
        edit(path, "DROP TABLE held_segments")
        edit(path, "ALTER TABLE blocks DROP COLUMN held")
    edit(path, f"PRAGMA user_version = {version}")


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
    store = BlockStore(path, run_length=1)
    put(store, *BLOCKS[:3])
    store.close()
    edit(path, f"UPDATE blocks SET {column} = ? WHERE height = 2", value)  # noqa: S608
    store = BlockStore(path, run_length=1)
    with pytest.raises(LocalFault, match=str(path)):
        store.block_by_height(Height(2))
    with pytest.raises(LocalFault, match=str(path)):
        store.blocks(Height(1), 10, 1 << 20)
    assert store.block_by_height(Height(3)) == StoredBlock(BLOCKS[2], None)
    store.close()


def test_open__a_block_that_changed_before_it_was_indexed__is_a_fault(path: Path) -> None:
    store = BlockStore(path)
    put(store, *BLOCKS[:3])
    store.close()
    edit(path, "UPDATE blocks SET payload = ? WHERE height = 2", b"x")
    for _ in range(2):
        with pytest.raises(LocalFault, match="block 2 is damaged"):
            BlockStore(path)


@pytest.mark.parametrize("value", [b"", b"x"])
def test_read__held_bytes_that_changed__are_a_fault(path: Path, value: bytes) -> None:
    store = BlockStore(path, run_length=1)
    block, segment = holding(BLOCKS[0])
    put(store, BLOCKS[0], block)
    store.close()
    edit(path, "UPDATE blocks SET held = ? WHERE height = 2", value)
    store = BlockStore(path, run_length=1)
    with pytest.raises(LocalFault, match="block 2 is damaged"):
        store.block_by_height(Height(2))
    with pytest.raises(LocalFault, match="is damaged"):
        store.held_segment(keccak(segment))
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
