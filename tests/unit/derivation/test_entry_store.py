"""Derived entries on disk: what was added comes back, reorgs take it away, a start is fresh."""

from pathlib import Path

import pytest

from sequencer.crypto.hashing import keccak
from sequencer.derivation.entries import Entry, QueuedMessage, Source
from sequencer.derivation.entry_store import EntryStore
from sequencer.errors import LocalFault
from sequencer.l1.events import MessageKind
from sequencer.types import Address, BatchIndex, RollupId

ONE, TWO = RollupId(1), RollupId(2)


def entry(rollup: RollupId, index: int, l1_block: int, raw: bytes = b"\x02raw") -> Entry:
    is_forced = index % 2 == 1
    return Entry(
        rollup,
        index,
        Source.FORCED if is_forced else Source.BLOCK,
        position=100 * rollup + index if is_forced else 7,
        batch_index=None if is_forced else BatchIndex(3),
        l1_block=l1_block,
        transaction_hash=keccak(raw),
        transaction=raw,
        running_hash=keccak(raw, bytes([index])),
        skipped="too much gas" if is_forced else None,
        kind=MessageKind.ETHER if is_forced else MessageKind.TRANSACTION,
        sender=Address(b"\x05" * 20) if is_forced else None,
        gas_limit=21_000 if is_forced else None,
    )


def queued(index: int, l1_block: int) -> QueuedMessage:
    sender = Address(b"\x05" * 20)
    hash_ = keccak(bytes([index]))
    return QueuedMessage(index, ONE, MessageKind.TOKEN, sender, 21_000, 77, l1_block, hash_)


def test_read__what_was_added__comes_back_by_rollup_and_position(tmp_path: Path) -> None:
    store = EntryStore(tmp_path / "entries.sqlite")
    ones = [entry(ONE, index, 10 + index) for index in range(5)]
    store.add([*ones, entry(TWO, 0, 10)])
    assert store.read(ONE, 0, 100) == ones
    assert store.read(ONE, 2, 2) == ones[2:4]
    assert store.read(TWO, 1, 100) == []
    store.close()


def test_find__a_transaction_listed_twice__is_found_twice(tmp_path: Path) -> None:
    store = EntryStore(tmp_path / "entries.sqlite")
    twice = [entry(ONE, 0, 1), entry(ONE, 1, 2)]
    store.add([*twice, entry(ONE, 2, 3, b"\x02other")])
    assert store.find(ONE, keccak(b"\x02raw")) == twice
    assert store.find(TWO, keccak(b"\x02raw")) == []
    store.close()


def test_drop_after__a_reorg__takes_what_came_later(tmp_path: Path) -> None:
    store = EntryStore(tmp_path / "entries.sqlite")
    entries = [entry(ONE, index, 10 + index) for index in range(4)]
    store.add(entries)
    store.drop_after(11)
    assert store.read(ONE, 0, 100) == entries[:2]
    store.add(entries[2:])
    assert store.read(ONE, 0, 100) == entries
    store.close()


def test_message__queued_then_in_the_order_then_back(tmp_path: Path) -> None:
    """DERIVE-13, through the reorgs of DERIVE-9."""
    store = EntryStore(tmp_path / "entries.sqlite")
    message, found = queued(101, 10), entry(ONE, 1, 12)
    assert store.message(101) is None
    store.add([], [message, queued(102, 11)])
    assert store.message(101) == (message, None)
    store.add([entry(ONE, 0, 12), found])
    assert store.message(101) == (message, found)
    store.drop_after(11)
    assert store.message(101) == (message, None)
    store.drop_after(9)
    assert store.message(101) is None
    store.close()


def test_init__over_an_old_file__starts_empty(tmp_path: Path) -> None:
    first = EntryStore(tmp_path / "entries.sqlite")
    first.add([entry(ONE, 0, 1)])
    first.close()
    second = EntryStore(tmp_path / "entries.sqlite")
    assert second.read(ONE, 0, 10) == []
    second.close()


def test_init__where_no_file_can_be__is_a_local_fault(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LocalFault, match="file"):
        EntryStore(tmp_path / "file" / "entries.sqlite")
