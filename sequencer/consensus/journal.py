"""The vote journal: what a node signed is on disk before anybody sees it (JOURNAL-1 to JOURNAL-8).

A file of records, each `magic ‖ u32 crc ‖ u32 length ‖ u64 sequence ‖ u64 durable ‖ body`. The
CRC-32 covers all behind it; `durable` is how much of the file was on disk when the record was
written, which tells a torn tail (nothing after it was promised) from damage. The first record
names the deployment and the signing key. Records are what the core takes back as
`Restored`: own votes, blocks voted for, certificates; and own attestations.
"""

import fcntl
import logging
import os
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import msgspec

from sequencer.blocks.header import Block
from sequencer.consensus.messages import Certificate, SignedVote
from sequencer.errors import LocalFault
from sequencer.types import Address, Hash32

log = logging.getLogger(__name__)

FORMAT = 1
MAX_RECORD_BYTES = 2 << 20
MAGIC = b"SYJ1"
_FRAME = struct.Struct(">4sI")
_HEAD = struct.Struct(">IQQ")
_PREFIX = _FRAME.size + _HEAD.size


class Identity(msgspec.Struct, frozen=True, array_like=True, tag=0):
    """JOURNAL-4: whose journal this is."""

    format: int
    separator: bytes
    signer: bytes
    generation: int
    """Counts the rewrites from 1: an old copy has a lower one (JOURNAL-6)."""


class BlockRecord(msgspec.Struct, frozen=True, array_like=True, tag=6):
    block: Block


class AttestedRecord(msgspec.Struct, frozen=True, array_like=True, tag=7):
    """BATCH-4: the one content this key ever signed for a batch index."""

    index: int
    batch_hash: bytes


class SettledRecord(msgspec.Struct, frozen=True, array_like=True, tag=8):
    """JOURNAL-7: the last final block when the journal was rewritten."""

    height: int


Record = SignedVote | Certificate | BlockRecord | AttestedRecord | SettledRecord
_Stored = Identity | Record

_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[_Stored] = msgspec.msgpack.Decoder(_Stored)


class Extent(NamedTuple):
    """How far a journal has come; later ones compare higher."""

    generation: int
    durable_bytes: int


class Journal:
    """An open journal. `append` buffers, `sync` makes all that was appended durable."""

    def __init__(self, path: Path, separator: Hash32, signer: Address, *former: Address) -> None:
        """Open or create; one begun under a `former` key is taken over (JOURNAL-9). Raises
        `LocalFault` if the file is damaged, in use, or another's."""
        self._path = path
        self._identity = Identity(FORMAT, separator, signer, generation=1)
        self._former = former
        self._lock = self._lock_file()
        try:
            try:
                self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError as error:
                raise LocalFault(f"journal {path}: {error.strerror}") from error
            self._restored, self._size = self._load()
            self._sequence = len(self._restored)
            self._durable = self._size
            if not self._restored:
                self._write(self._identity)
                self.sync()
                _sync_folder(path.parent)
        except BaseException:
            os.close(self._lock)
            raise

    @property
    def is_synced(self) -> bool:
        """Whether everything appended is durable: asserted before anything is sent."""
        return self._durable == self._size

    @property
    def size(self) -> int:
        """Bytes in the file."""
        return self._size

    @property
    def extent(self) -> "Extent":
        """What is durable in it."""
        return Extent(self._identity.generation, self._durable)

    def restored(self) -> Iterator[Record]:
        """The records found when the journal was opened, oldest first; once."""
        records, self._restored = self._restored, []
        for record in records:
            if not isinstance(record, Identity):
                yield record

    def append(self, record: Record) -> None:
        self._write(record)

    def sync(self) -> None:
        """Return when every appended record is on disk."""
        if not self.is_synced:
            os.fdatasync(self._file)
            self._durable = self._size

    def rewrite(self, records: Iterable[Record]) -> None:
        """Replace the contents, atomically (JOURNAL-5: the caller's store holds the rest). If that
        fails, the old file is still the journal: nothing may be signed into one that is not."""
        fresh = self._path.with_suffix(".new")
        old = self._identity, self._file, self._sequence, self._size, self._durable
        file = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        generation = self._identity.generation + 1
        self._identity = msgspec.structs.replace(self._identity, generation=generation)
        self._file, self._sequence, self._size, self._durable = file, 0, 0, 0
        try:
            self._write(self._identity)
            for record in records:
                self._write(record)
            self.sync()
            os.replace(fresh, self._path)
        except BaseException:
            os.close(file)
            self._identity, self._file, self._sequence, self._size, self._durable = old
            raise
        _sync_folder(self._path.parent)
        os.close(old[1])

    def close(self) -> None:
        os.close(self._file)
        os.close(self._lock)

    def _write(self, record: _Stored) -> None:
        body = _encoder.encode(record)
        if len(body) > MAX_RECORD_BYTES:
            raise LocalFault(f"journal record of {len(body)} bytes, at most {MAX_RECORD_BYTES}")
        checked = _HEAD.pack(len(body), self._sequence, self._durable) + body
        frame = _FRAME.pack(MAGIC, zlib.crc32(checked)) + checked
        written = os.pwrite(self._file, frame, self._size)
        if written != len(frame):
            raise LocalFault(f"journal {self._path}: wrote {written} of {len(frame)} bytes")
        self._size += written
        self._sequence += 1

    def _lock_file(self) -> int:
        """A lock beside the journal: the journal itself is replaced by `rewrite`."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(
            self._path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
        )
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(handle)
            raise LocalFault(
                f"journal {self._path} is in use by another process: two nodes with one key"
                " would be slashed"
            ) from error
        return handle

    def _load(self) -> tuple[list[_Stored], int]:
        """Every record, and where the last good one ends; a torn tail is cut off (JOURNAL-3)."""
        data = self._path.read_bytes()
        records: list[_Stored] = []
        at = 0
        while at < len(data):
            found = _record_at(data, at)
            if found is None or found.sequence != len(records):
                self._cut_tail(data, at)
                break
            records.append(found.record)
            at = found.end
        if records:
            self._adopt(records[0])
        return records, at

    def _adopt(self, first: _Stored) -> None:
        """JOURNAL-4."""
        expected = self._identity
        if isinstance(first, Identity):
            self._identity = msgspec.structs.replace(expected, generation=first.generation)
            if first.signer in self._former:
                first = msgspec.structs.replace(first, signer=expected.signer)
        if first != self._identity:
            raise LocalFault(
                f"journal {self._path} belongs to another key or deployment: {first!r},"
                f" expected {expected!r}"
            )

    def _cut_tail(self, data: bytes, at: int) -> None:
        """Cut off what a crash in the middle of an append leaves. If a record further on says
        that byte `at` was durable before, this is damage instead, and votes may be missing."""
        later = data.find(MAGIC, at)
        while later >= 0:
            found = _record_at(data, later)
            if found is not None and found.durable > at:
                raise LocalFault(
                    f"journal {self._path} is damaged at byte {at}: votes may be missing, and a"
                    " node that forgets its votes can be slashed. Restore the disk, or start with"
                    " a new signing key"
                )
            later = data.find(MAGIC, later + 1)
        if at == 0 and not MAGIC.startswith(data[: len(MAGIC)]):
            raise LocalFault(f"{self._path} is no journal: it starts with 0x{data[:8].hex()}")
        log.warning(
            "journal %s: the last %d bytes were not finished when the node stopped; cut off",
            self._path,
            len(data) - at,
        )
        os.ftruncate(self._file, at)
        os.fsync(self._file)


def read_records(data: bytes, at: int = 0) -> Iterator[tuple[int, Record]]:
    """The whole records from byte `at` on, each with where it ends: for whoever looks at the
    journal of a node that runs."""
    while (found := _record_at(data, at)) is not None:
        at = found.end
        if not isinstance(found.record, Identity):
            yield at, found.record


@dataclass(frozen=True, slots=True)
class _Found:
    record: _Stored
    sequence: int
    durable: int
    end: int


def _record_at(data: bytes, at: int) -> _Found | None:
    """The record whose frame starts at `at`, if it checks."""
    if at + _PREFIX > len(data):
        return None
    magic, checksum = _FRAME.unpack_from(data, at)
    length, sequence, durable = _HEAD.unpack_from(data, at + _FRAME.size)
    end = at + _PREFIX + length
    if magic != MAGIC or length > MAX_RECORD_BYTES or end > len(data):
        return None
    if zlib.crc32(data[at + _FRAME.size : end]) != checksum:
        return None
    try:
        return _Found(_decoder.decode(data[at + _PREFIX : end]), sequence, durable, end)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
