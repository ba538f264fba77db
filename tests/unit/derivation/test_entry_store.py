"""Derived entries on disk: what was added comes back, reorgs take it away, a start is fresh."""

from dataclasses import replace
from pathlib import Path

import pytest

from sequencer.blocks.held import HeldEntry
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


def held_entry(index: int, l1_block: int, rollup: RollupId = ONE) -> Entry:
    stated = HeldEntry(rollup, 812, keccak(b"data"))
    plain = entry(rollup, 2 * index, l1_block)
    return replace(plain, index=index, transaction=b"", transaction_hash=keccak(b"id"), held=stated)


def void_mark(index: int, l1_block: int, rollup: RollupId = ONE) -> Entry:
    return replace(
        entry(rollup, 2 * index, l1_block),
        index=index,
        source=Source.VOID,
        transaction=b"",
        transaction_hash=keccak(b"\x03", keccak(b"id")),
        voids=keccak(b"id"),
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


def test_held_segment_and_void_mark__come_back_and_know_each_other(tmp_path: Path) -> None:
    """DERIVE-15, DERIVE-16."""
    store = EntryStore(tmp_path / "entries.sqlite")
    segment, between, mark = held_entry(0, 10), entry(ONE, 1, 10), void_mark(2, 12)
    store.add([segment, between, mark])
    assert store.read(ONE, 0, 100) == [segment, between, mark]
    assert [store.counterpart(one) for one in (segment, between, mark)] == [2, None, 0]
    store.drop_after(11)
    assert store.counterpart(segment) is None
    store.close()


def test_counterpart__bytes_that_hash_alike_or_of_another_rollup__are_none(tmp_path: Path) -> None:
    """Whoever enqueues `0x03 ‖ id` has an entry with the hash of a mark, and voids nothing."""
    store = EntryStore(tmp_path / "entries.sqlite")
    segment, mark = held_entry(0, 10), void_mark(0, 12, TWO)
    forgery = entry(ONE, 1, 11, b"\x03" + keccak(b"id"))
    assert forgery.transaction_hash == mark.transaction_hash
    store.add([segment, forgery, mark])
    assert [store.counterpart(one) for one in (segment, mark)] == [None, None]
    store.close()


def test_answer__is_there_as_long_as_an_l1_block_has_it(tmp_path: Path) -> None:
    """DATA-3, through the reorgs of DERIVE-9; the same data may be answered twice."""
    store = EntryStore(tmp_path / "entries.sqlite")
    wanted = keccak(b"data")
    assert store.answer(wanted) is None
    store.add([], [], [(wanted, 10, b"data"), (wanted, 10, b"data"), (wanted, 12, b"data")])
    assert store.answer(wanted) == b"data"
    store.drop_after(11)
    assert store.answer(wanted) == b"data"
    store.drop_after(9)
    assert store.answer(wanted) is None
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
