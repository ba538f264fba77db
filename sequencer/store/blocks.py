"""Finalized blocks, batches and attestations on disk, in one SQLite file.

What is durable when: a method that writes has its rows in the file's write-ahead log when it
returns; certificates wait for what is put next. What is in the log survives the end of this
process however it comes, but not yet a power cut; after one the file is whole and holds a prefix
of what was put. After `sync` what was put before it survives a power cut too. The journal drops
records only then (JOURNAL-5), so what a power cut takes away here is replayed from there.

One process holds the file, by SQLite's own exclusive lock. Calls may come from any thread and
take turns. A damaged file, one of another program or of a newer version is a `LocalFault`; one of
an older version is brought up to date.
"""

import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from sequencer.blocks.contents import transaction_keys
from sequencer.blocks.header import Block, Header
from sequencer.blocks.payload import held_entries
from sequencer.crypto.hashing import keccak
from sequencer.errors import LocalFault
from sequencer.store.index import RUN_LENGTH, Location, TransactionIndex
from sequencer.store.schema import (
    APPLICATION_ID,
    INSERT_CERTIFICATE,
    SCHEMA,
    SELECT_BLOCK_BY_HASH,
    SELECT_BLOCK_BY_HEIGHT,
    SELECT_BLOCKS,
    SELECT_HELD_SEGMENT,
    UPGRADES,
    VERSION,
)
from sequencer.types import Address, BatchIndex, Epoch, Hash32, Height, RollupId, View

_LOCK_WAIT_SECONDS = 0.2
_header_decoder = msgspec.msgpack.Decoder(Header)
_INTEGER_MAX = 2**63 - 1
_CERTIFICATES_TOGETHER = 64
"""So many do not wait any more."""
_INDEXED_BLOCKS, _INDEXED_BYTES = 256, 16 << 20
"""What is indexed in one transaction when a file is opened."""


class FinalizedBlock(NamedTuple):
    """A block to put: its own finalization certificate, if it has one, and its transactions, as
    `transaction_keys` finds them in it."""

    block: Block
    certificate: bytes | None
    transactions: Sequence[tuple[RollupId, Hash32]]


class StoredBlock(NamedTuple):
    """A block as it was put. None when only a descendant's certificate finalizes it."""

    block: Block
    certificate: bytes | None


class BlockStore:
    """The finalized chain from height 1, and the batches cut from it."""

    def __init__(self, path: Path, run_length: int = RUN_LENGTH) -> None:
        """`run_length` is that of the index."""
        self.path = path
        self._run_length = run_length
        self._lock = threading.RLock()
        self._certificates: list[tuple[int, int, int, bytes]] = []
        """To be written with what is written next."""
        with self._faults():
            self._db = _open(path)
        try:
            with self._faults():
                self._prepare()
                self._tip = self._read_tip()
                self._index = self._open_index()
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        """Write everything to the file itself, and let another process have it."""
        with suppress(LocalFault):  # the journal has them
            self._write_certificates()
        with self._faults():
            self._db.close()

    def sync(self) -> None:
        """Return when everything put before is on disk for good (JOURNAL-5)."""
        self._write_certificates()
        with self._faults():
            busy, logged, moved = self._db.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
        if busy or logged != moved:
            raise LocalFault(f"{self.path}: {moved} of {logged} pages reached the file")

    # Blocks

    def put_finalized(self, blocks: Sequence[FinalizedBlock]) -> None:
        """Append blocks to the chain, all or none. A block that is there already is left alone.

        Raises `LocalFault` when one does not follow the block before it, or differs from the
        one that is stored at its height: two blocks of one height are never both finalized.
        """
        with self._lock:
            try:
                with self._transaction():
                    tip = self._tip
                    for finalized in blocks:
                        tip = self._put_block(tip, finalized)
            except BaseException:
                self._index = self._open_index()  # as the file has it: nothing of them
                raise
            self._tip = tip

    def tip(self) -> Header | None:
        """The header of the highest block; None when there is none."""
        return self._tip

    def block_by_height(self, height: Height) -> StoredBlock | None:
        """The finalized block of a height."""
        return self._one_block(SELECT_BLOCK_BY_HEIGHT, _integer(height))

    def block_by_hash(self, block_hash: Hash32) -> StoredBlock | None:
        """The finalized block with a hash."""
        return self._one_block(SELECT_BLOCK_BY_HASH, block_hash)

    def blocks(self, from_height: Height, limit: int, max_bytes: int) -> list[StoredBlock]:
        """Up to `limit` blocks from a height on, ascending, in at most `max_bytes` of payload
        and held segments.

        The first is given whatever its size, so that a reader always gets on.
        """
        found: list[StoredBlock] = []
        with self._faults():
            rows = self._db.execute(SELECT_BLOCKS, (_integer(from_height), limit))
            for row in rows:
                stored = self._decode_block(row)
                max_bytes -= stored.block.content_bytes
                if found and max_bytes < 0:
                    break
                found.append(stored)
            rows.close()
        return found

    def held_segment(self, held_hash: Hash32) -> bytes | None:
        """The bytes of a held segment with this hash, of whatever block (HELD-2)."""
        found = self._one(SELECT_HELD_SEGMENT, held_hash)
        if found is not None and keccak(found) != held_hash:
            raise LocalFault(f"{self.path}: held segment 0x{held_hash.hex()} is damaged")
        return found

    def locate(self, rollup: RollupId, tx_hash: Hash32) -> Location | None:
        """Where a transaction was ordered first."""
        with self._faults():
            return self._index.locate((rollup, tx_hash))

    def ordered_lately(
        self, keys: Sequence[tuple[RollupId, Hash32]]
    ) -> set[tuple[RollupId, Hash32]]:
        """Those of them that are among the newest transactions of the chain (TX-6): the last
        `RECENT_RUNS * RUN_LENGTH`, and up to one run more. Any that is not takes about a
        microsecond, if many are asked for at once."""
        found = self._index.slots_of(keys)
        if not found:
            return set()
        with self._faults():
            return {keys[at] for at, slots in found if self._index.has_lately(keys[at], slots)}

    # Batches; what a record holds is the caller's

    def put_batch(self, index: BatchIndex, record: bytes) -> None:
        """Keep a batch; raises `LocalFault` if another one is kept under its index (BATCH-4)."""
        with self._transaction():
            kept = self._one("SELECT record FROM batches WHERE number = ?", index)
            if kept is not None and kept != record:
                raise LocalFault(f"{self.path}: batch {index} is kept with another content")
            self._db.execute("INSERT OR IGNORE INTO batches VALUES (?, ?)", (index, record))

    def batch(self, index: BatchIndex) -> bytes | None:
        """The record of a batch."""
        return self._one("SELECT record FROM batches WHERE number = ?", _integer(index))

    def batches_from(self, index: BatchIndex, limit: int) -> list[tuple[BatchIndex, bytes]]:
        """Up to `limit` batches from an index on, ascending."""
        with self._faults():
            rows = self._db.execute(
                "SELECT number, record FROM batches WHERE number >= ? ORDER BY number LIMIT ?",
                (_integer(index), limit),
            ).fetchall()
        return [(BatchIndex(number), record) for number, record in rows]

    def put_attestation(
        self, index: BatchIndex, epoch: Epoch, signer: Address, record: bytes
    ) -> None:
        """Keep a member's attestation of a batch in an epoch, instead of an earlier one."""
        with self._transaction():
            self._db.execute(
                "INSERT OR REPLACE INTO attestations VALUES (?, ?, ?, ?)",
                (index, epoch, signer, record),
            )

    def attestations(self, index: BatchIndex) -> list[tuple[Epoch, Address, bytes]]:
        """All attestations of a batch, by epoch and signer."""
        with self._faults():
            rows = self._db.execute(
                "SELECT epoch, signer, record FROM attestations WHERE number = ? "
                "ORDER BY epoch, signer",
                (_integer(index),),
            ).fetchall()
        return [(Epoch(epoch), Address(signer), record) for epoch, signer, record in rows]

    def drop_attestations(self, through: BatchIndex) -> None:
        """Forget the attestations up to a batch whose commit is final on L1 (BATCH-5)."""
        with self._transaction():
            self._db.execute("DELETE FROM attestations WHERE number <= ?", (through,))

    # Certificates of settled views (SIMPLEX-15)

    def put_certificate(self, epoch: Epoch, view: View, kind: int, record: bytes) -> None:
        """Keep the first certificate of its kind in a view. It is written with what is put next: at
        the latest with the block that it makes final."""
        with self._lock:
            self._certificates.append((epoch, _integer(view), kind, record))
        if len(self._certificates) >= _CERTIFICATES_TOGETHER:
            self._write_certificates()

    def _write_certificates(self) -> None:
        if self._certificates:
            with self._transaction():
                pass

    def certificates(self, epoch: Epoch, view: View) -> list[bytes]:
        """Those that are kept of a view."""
        self._write_certificates()
        with self._faults():
            rows = self._db.execute(
                "SELECT record FROM certificates WHERE epoch = ? AND view = ? ORDER BY kind",
                (_integer(epoch), _integer(view)),
            ).fetchall()
        return [record for (record,) in rows]

    def drop_certificates(self, before: Epoch, most: int) -> None:
        """Forget up to `most` certificates of epochs before one, the oldest first."""
        with self._transaction():
            self._db.execute(
                "DELETE FROM certificates WHERE (epoch, view, kind) IN (SELECT epoch, view, kind"
                " FROM certificates WHERE epoch < ? ORDER BY epoch, view LIMIT ?)",
                (before, most),
            )

    # Whatever else its owner remembers

    def set_meta(self, key: str, value: bytes) -> None:
        """Remember a value under a name."""
        with self._transaction():
            self._db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def get_meta(self, key: str) -> bytes | None:
        """The value under a name."""
        return self._one("SELECT value FROM meta WHERE key = ?", key)

    def _put_block(self, tip: Header | None, finalized: FinalizedBlock) -> Header:
        header = finalized.block.header
        height = tip.height if tip else 0
        if header.height <= height:
            kept = self._one("SELECT hash FROM blocks WHERE height = ?", header.height)
            if kept != header.hash or tip is None:
                raise LocalFault(
                    f"{self.path}: block {header.height} is 0x{(kept or b'').hex()}, "
                    f"and 0x{header.hash.hex()} was finalized"
                )
            return tip
        if header.height != height + 1 or (tip and header.parent_hash != tip.hash):
            raise LocalFault(
                f"{self.path}: block {header.height} does not follow "
                f"block {height} (0x{tip.hash.hex() if tip else ''})"
            )
        block, packed = finalized.block, msgspec.msgpack.encode(header)
        self._db.execute(
            "INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?)",
            (header.height, header.hash, packed, block.payload, finalized.certificate, block.held),
        )
        self._index_held(block)
        self._index.add(header.height, finalized.transactions)
        return header

    def _open_index(self) -> TransactionIndex:
        """The index of this file, and what it has not of the blocks."""
        with self._faults():
            index = TransactionIndex(self._db, self._run_length)
        while blocks := self.blocks(Height(index.height + 1), _INDEXED_BLOCKS, _INDEXED_BYTES):
            with self._transaction():
                for stored in blocks:
                    index.add(stored.block.header.height, transaction_keys(stored.block))
        return index

    def _index_held(self, block: Block) -> None:
        start = 0
        for entry in held_entries(block.payload):
            self._db.execute(
                "INSERT OR IGNORE INTO held_segments VALUES (?, ?, ?, ?)",
                (entry.hash, block.header.height, start, entry.length),
            )
            start += entry.length

    def _one_block(self, query: str, value: int | bytes) -> StoredBlock | None:
        with self._faults():
            row = self._db.execute(query, (value,)).fetchone()
            return self._decode_block(row) if row else None

    def _decode_block(self, row: tuple[bytes, bytes, bytes, bytes, bytes | None]) -> StoredBlock:
        """A row as a block. The hashes show damage that SQLite has no checksums to notice."""
        block_hash, packed, payload, held, certificate = row
        block = Block(_header_decoder.decode(packed), payload, held)
        if block.header.hash != block_hash or not block.is_whole():
            raise LocalFault(f"{self.path}: block {block.header.height} is damaged")
        return StoredBlock(block, certificate)

    def _read_tip(self) -> Header | None:
        packed = self._one("SELECT header FROM blocks ORDER BY height DESC LIMIT 1")
        return _header_decoder.decode(packed) if packed else None

    def _one(self, query: str, *values: int | str | bytes) -> bytes | None:
        with self._faults():
            row = self._db.execute(query, values).fetchone()
        return row[0] if row else None

    def _prepare(self) -> None:
        """Take the file for this process, and make or check its tables."""
        for pragma in ("locking_mode = EXCLUSIVE", "journal_mode = WAL", "synchronous = NORMAL"):
            self._db.execute(f"PRAGMA {pragma}").fetchone()
        with self._transaction():
            application = self._db.execute("PRAGMA application_id").fetchone()[0]
            version = self._db.execute("PRAGMA user_version").fetchone()[0]
            tables = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if application == 0 and tables == 0:
                for statement in SCHEMA:
                    self._db.execute(statement)
            elif application != APPLICATION_ID:
                raise LocalFault(f"{self.path} belongs to another program")
            elif version in UPGRADES:
                for statement in UPGRADES[version]:
                    self._db.execute(statement)
            elif version != VERSION:
                raise LocalFault(
                    f"{self.path} has schema version {version}, this program knows {VERSION}"
                )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All statements inside are kept, or none; and the certificates that wait."""
        with self._faults():
            self._db.execute("BEGIN IMMEDIATE")
            try:
                if self._certificates:
                    self._db.executemany(INSERT_CERTIFICATE, self._certificates)
                yield
                self._db.execute("COMMIT")
                self._certificates.clear()
            except BaseException:
                if self._db.in_transaction:  # SQLite has ended it itself when the disk is full
                    self._db.execute("ROLLBACK")
                raise

    @contextmanager
    def _faults(self) -> Iterator[None]:
        """One thread at a time; what SQLite cannot do is this node's fault."""
        with self._lock:
            try:
                yield
            except sqlite3.OperationalError as error:
                busy = error.sqlite_errorcode == sqlite3.SQLITE_BUSY
                problem = "another process holds it" if busy else error
                raise LocalFault(f"{self.path}: {problem}") from error
            except (sqlite3.Error, msgspec.DecodeError) as error:
                raise LocalFault(f"{self.path}: {error}") from error


def _open(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(
        path, timeout=_LOCK_WAIT_SECONDS, isolation_level=None, check_same_thread=False
    )
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # SQLite does not make the name of a new file durable
    finally:
        os.close(folder)
    return db


def _integer(value: int) -> int:
    """A number that a peer or a wallet asked about, in the range that SQLite takes."""
    return min(value, _INTEGER_MAX)
