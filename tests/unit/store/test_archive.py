"""The archive of blobs (SUBMIT-6): kept over a restart, bounded by bytes and by age, the oldest go
first."""

import sqlite3
from pathlib import Path

import pytest

from sequencer.crypto.hashing import keccak, word
from sequencer.errors import LocalFault
from sequencer.store.archive import EXPIRED_AT_ONCE, BlobArchive
from sequencer.types import Hash32


def hash_of(number: int) -> Hash32:
    return keccak(word(number))


def kept(archive: BlobArchive, count: int = 50) -> list[int]:
    return [number for number in range(count) if archive.has(hash_of(number))]


def test_put__is_there_after_a_restart(tmp_path: Path) -> None:
    archive = BlobArchive(tmp_path / "blobs", 1_000)
    assert (archive.position, archive.get(hash_of(1))) == (-1, None)
    archive.put(hash_of(1), b"one", 100)
    archive.position = 7
    archive.close()
    again = BlobArchive(tmp_path / "blobs", 1_000)
    assert (again.position, again.get(hash_of(1)), len(again)) == (7, b"one", 1)
    again.close()


def test_put__beyond_the_bytes__the_oldest_go(tmp_path: Path) -> None:
    archive = BlobArchive(tmp_path / "blobs", 35)
    for number, seconds in ((1, 300), (2, 100), (3, 200)):
        archive.put(hash_of(number), b"x" * 10, seconds)
    assert kept(archive) == [1, 2, 3]
    archive.put(hash_of(4), b"x" * 10, 400)
    assert kept(archive) == [1, 3, 4]
    archive.close()
    again = BlobArchive(tmp_path / "blobs", 35)
    again.put(hash_of(5), b"x" * 25, 500)
    assert kept(again) == [4, 5]
    again.put(hash_of(6), b"x" * 36, 600)  # larger than all of it
    assert kept(again) == []
    again.close()


def test_put__again__counts_once(tmp_path: Path) -> None:
    archive = BlobArchive(tmp_path / "blobs", 30)
    for _ in range(10):
        archive.put(hash_of(1), b"x" * 10, 1)
    archive.put(hash_of(2), b"x" * 20, 2)
    assert kept(archive) == [1, 2]
    archive.close()


def test_expire__what_is_older__some_at_a_time(tmp_path: Path) -> None:
    archive = BlobArchive(tmp_path / "blobs", 40)
    for number in range(EXPIRED_AT_ONCE + 5):
        archive.put(hash_of(number), b"x", number)
    archive.expire(EXPIRED_AT_ONCE + 3)
    assert kept(archive) == list(range(EXPIRED_AT_ONCE, EXPIRED_AT_ONCE + 5))
    archive.expire(EXPIRED_AT_ONCE + 3)
    assert kept(archive) == [EXPIRED_AT_ONCE + 3, EXPIRED_AT_ONCE + 4]
    archive.put(hash_of(40), b"x" * 38, 40)  # what has gone makes room
    assert len(archive) == 3
    archive.close()


def test_open__no_archive__is_named(tmp_path: Path) -> None:
    (tmp_path / "blobs").write_bytes(b"rubbish" * 1_000)
    with pytest.raises(LocalFault, match="blobs"):
        BlobArchive(tmp_path / "blobs", 30)
    newer = sqlite3.connect(tmp_path / "newer")
    newer.execute("PRAGMA user_version = 9")
    newer.close()
    with pytest.raises(LocalFault, match="version 9"):
        BlobArchive(tmp_path / "newer", 30)
