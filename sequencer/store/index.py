"""Where each transaction was ordered first, in a few sequential writes.

Transactions are gathered in memory, in 256 buckets by the first byte of their hash, until there are
`RUN_LENGTH` of them; then they are written as one *run*, a row for each bucket. Four runs of a
level make one of the next, with four times the buckets: a row of each of the four becomes four
rows. That happens row by row, some at every sixteenth of a run that comes in, so that no step takes
more than some milliseconds; and a question meets eight runs of each level at most, and a few more
of the lowest. Inside a row, and from higher levels to lower ones, entries stand in the order of the
chain: the first one found is where a transaction was ordered first.

A filter in memory tells which of the `RECENT_RUNS` newest runs may have a transaction
(`filter.py`).

Hashes are random, unless somebody looks for such as begin alike, which takes 256 signatures for
each. If a whole run is of those, its row is three MB long; to merge four such rows takes 0.1 s.

The blocks are the truth. What is not in a row yet is read from those above `height` when the file
is opened: no more than one run and `MOST_BLOCKS` blocks.

Not thread-safe but for `slots_of`: `BlockStore` lets one thread in at a time.
"""

import sqlite3
import struct
from collections.abc import Sequence
from typing import NamedTuple

from sequencer.store.filter import CLEARING_STEPS, RUNS, RunFilter
from sequencer.types import Hash32, Height, RollupId

RUN_LENGTH = 65_536
RECENT_RUNS = RUNS - 2
"""Full ones that the filter knows, besides the one that grows; a slot is being emptied."""
MOST_BLOCKS = 4_096
"""After so many blocks an unfinished run is written as it is."""

_FAN_BITS = 2
_FAN = 1 << _FAN_BITS
_LEVELS = 8
"""Runs of the last one have 2^30 transactions each, and are left as they are."""
_BUCKETS = 256
_KEPT_APART = (RECENT_RUNS + _FAN, *[_FAN] * (_LEVELS - 2))
"""How many runs of a level there are before the oldest four are merged. The filter tells runs of
level 0 apart: so those it knows stay there."""
_MERGED_AT_ONCE = _BUCKETS // _FAN // CLEARING_STEPS
"""Rows of each of the four, at every step: so they are merged when the next four are there."""
_ENTRY = struct.Struct(">32sIQ")
"""Hash; rollup; height << 16 | position."""
_ENTRY_BYTES = _ENTRY.size
_ROLLUP_BYTES = 4
_POSITION_BITS = 16
"""A block has 20,000 transactions at most (ENC-10)."""
_MOST_POSITION = (1 << _POSITION_BITS) - 1
_MOST_ROLLUP = 2**32 - 1
_BUCKET_BITS = 24
_LEVEL_SHIFT = 56
_ROW = "SELECT entries FROM transaction_runs WHERE id = ?"
_ROWS = "SELECT entries FROM transaction_runs WHERE id BETWEEN ? AND ? ORDER BY id"
_PUT = "INSERT OR REPLACE INTO transaction_runs VALUES (?, ?)"

Key = tuple[RollupId, Hash32]


class Location(NamedTuple):
    """Where a transaction was ordered; `position` counts through the whole block (ENC-11)."""

    height: Height
    position: int


class TransactionIndex:
    """The index in a block store's file. `add` is called inside a transaction of that file; if the
    transaction is undone, what is here is of no use any more."""

    def __init__(self, db: sqlite3.Connection, run_length: int = RUN_LENGTH) -> None:
        self._db = db
        self._run_length = run_length
        written: tuple[int, int] | None = db.execute("SELECT run, height FROM indexed").fetchone()
        run, height = written or (0, 0)
        self._run = run
        """The one that grows."""
        self.height = Height(height)
        """Up to this block everything is here."""
        self._written_height = self.height
        self._buckets = self._rows(self._run) or _empty()
        self._count = sum(map(len, self._buckets)) // _ENTRY_BYTES
        self._steps = self._steps_due()
        self._filter = RunFilter()
        for run in range(max(0, self._run - RECENT_RUNS), self._run):
            self._filter.add(run, b"".join(self._rows(run)), _ENTRY_BYTES)
        self._filter.add(self._run, b"".join(self._buckets), _ENTRY_BYTES)
        self._firsts: list[int] = []
        """By level: the oldest run that is not merged."""
        self._merged: list[int] = []
        """By level: how many rows of each of the oldest four are."""
        self._find_levels()

    def add(self, height: Height, keys: Sequence[Key]) -> None:
        """The transactions of the next block, in order."""
        buckets, pack = self._buckets, _ENTRY.pack
        for place, (rollup, tx_hash) in enumerate(keys, height << _POSITION_BITS):
            buckets[tx_hash[0]] += pack(tx_hash, rollup, place)
        self._filter.add(self._run, b"".join([tx_hash for _, tx_hash in keys]))
        self.height = height
        self._count += len(keys)
        while self._steps < self._steps_due():
            self._step()
        if self._count >= self._run_length:
            self._write()
            self._run += 1
            self._buckets, self._count, self._steps = _empty(), 0, 0
            self._note()
        elif height - self._written_height >= MOST_BLOCKS:
            self._write()
            self._note()

    def locate(self, key: Key) -> Location | None:
        """Where a transaction was ordered first."""
        if key[0] > _MOST_ROLLUP:
            return None
        sought = _sought(key)
        for level in reversed(range(1, _LEVELS)):
            for run in range(self._firsts[level], self._end(level)):
                if found := _find(self._row(level, run, sought), sought):
                    return found
        slots, recent = self._filter.slots(sought), self._run - RECENT_RUNS
        for run in range(self._firsts[0], self._run):
            if (run < recent or slots >> run % RUNS & 1) and (
                found := _find(self._row(0, run, sought), sought)
            ):
                return found
        return _find(self._buckets[sought[0]], sought)

    def slots_of(self, keys: Sequence[Key]) -> list[tuple[int, int]]:
        """Of those that `has_lately` has to look for: the place in the sequence, and the slots of
        the filter. From any thread."""
        return self._filter.slots_of([tx_hash for _, tx_hash in keys])

    def has_lately(self, key: Key, slots: int) -> bool:
        """Whether one of the newest runs has a transaction."""
        if key[0] > _MOST_ROLLUP:
            return False
        sought = _sought(key)
        if slots >> self._run % RUNS & 1 and _find(self._buckets[sought[0]], sought):
            return True
        return any(
            slots >> run % RUNS & 1 and _find(self._row(0, run, sought), sought)
            for run in range(max(0, self._run - RECENT_RUNS), self._run)
        )

    def _steps_due(self) -> int:
        return min(CLEARING_STEPS, self._count * CLEARING_STEPS // self._run_length)

    def _step(self) -> None:
        self._filter.clear(self._run + 1, self._steps)
        for level, apart in enumerate(_KEPT_APART):
            made = self._run if level == 0 else self._firsts[level - 1] // _FAN
            for _ in range(_MERGED_AT_ONCE):
                if made - self._firsts[level] >= apart:
                    self._merge(level)
        self._steps += 1

    def _merge(self, level: int) -> None:
        """One row of each of the oldest four runs of a level into four rows of the next level."""
        first, bucket = self._firsts[level], self._merged[level]
        parts = [bytearray() for _ in range(_FAN)]
        byte, shift = divmod(8 + _FAN_BITS * level, 8)
        shift = 8 - _FAN_BITS - shift
        for run in range(first, first + _FAN):
            identifier = _id(level, run, bucket)
            row = self._db.execute(_ROW, (identifier,)).fetchone()
            if row is None:
                raise sqlite3.DatabaseError(f"row {identifier} of the runs of transactions is gone")
            (entries,) = row
            for at in range(0, len(entries), _ENTRY_BYTES):
                parts[entries[at + byte] >> shift & _FAN - 1] += entries[at : at + _ENTRY_BYTES]
            self._db.execute("DELETE FROM transaction_runs WHERE id = ?", (identifier,))
        start = _id(level + 1, first // _FAN, bucket * _FAN)
        self._db.executemany(_PUT, enumerate(parts, start))
        self._merged[level] += 1
        if self._merged[level] == _BUCKETS * _FAN**level:
            self._firsts[level], self._merged[level] = first + _FAN, 0

    def _write(self) -> None:
        self._db.executemany(_PUT, enumerate(self._buckets, _id(0, self._run, 0)))

    def _note(self) -> None:
        self._db.execute(
            "INSERT OR REPLACE INTO indexed VALUES (0, ?, ?)", (self._run, self.height)
        )
        self._written_height = self.height

    def _find_levels(self) -> None:
        """From the oldest row of each level."""
        for level in range(_LEVELS):
            oldest = self._db.execute(
                "SELECT min(id) FROM transaction_runs WHERE id BETWEEN ? AND ?",
                (_id(level, 0, 0), _id(level + 1, 0, 0) - 1),
            ).fetchone()[0]
            if oldest is not None:
                run, bucket = divmod(oldest - _id(level, 0, 0), 1 << _BUCKET_BITS)
            elif level:
                run, bucket = self._firsts[level - 1] // _FAN, 0
            else:
                run, bucket = self._run, 0
            self._firsts.append(run)
            self._merged.append(bucket)

    def _end(self, level: int) -> int:
        """After the last run of a level above 0, of which there may be a part."""
        return self._firsts[level - 1] // _FAN + (self._merged[level - 1] > 0)

    def _rows(self, run: int) -> list[bytearray]:
        """Of level 0; none if the run was never written."""
        rows = self._db.execute(_ROWS, (_id(0, run, 0), _id(0, run, _BUCKETS - 1)))
        return [bytearray(entries) for (entries,) in rows]

    def _row(self, level: int, run: int, sought: bytes) -> bytes:
        bucket = int.from_bytes(sought[:4], "big") >> 24 - _FAN_BITS * level
        row = self._db.execute(_ROW, (_id(level, run, bucket),)).fetchone()
        return row[0] if row else b""


def _empty() -> list[bytearray]:
    return [bytearray() for _ in range(_BUCKETS)]


def _id(level: int, run: int, bucket: int) -> int:
    return level << _LEVEL_SHIFT | run << _BUCKET_BITS | bucket


def _sought(key: Key) -> bytes:
    rollup, tx_hash = key
    return tx_hash + rollup.to_bytes(_ROLLUP_BYTES, "big")


def _find(entries: bytes | bytearray, sought: bytes) -> Location | None:
    at = entries.find(sought)
    while at % _ENTRY_BYTES and at >= 0:  # across two entries: no hash does that by chance
        at = entries.find(sought, at + 1)
    if at < 0:
        return None
    _, _, place = _ENTRY.unpack_from(entries, at)
    return Location(Height(place >> _POSITION_BITS), place & _MOST_POSITION)
