"""The vote journal (JOURNAL-3 to JOURNAL-5).

open
├── no file: created, empty
├── held by another opener: refused
├── another key or deployment: refused
├── torn tail at any byte: the durable records survive, the rest is cut off
└── damage
    ├── before a record that knew it durable: refused, naming the byte
    └── in an unsynced tail: cut off
rewrite
├── keeps exactly the given records
└── fails: the old journal goes on
"""

from pathlib import Path

import pytest

from sequencer.consensus.journal import MAX_RECORD_BYTES, AttestedRecord, Journal, Record
from sequencer.consensus.messages import SignedVote, Vote, VoteKind
from sequencer.errors import LocalFault
from sequencer.types import Address, Epoch, Hash32, MemberIndex, View

SEPARATOR = Hash32(b"d" * 32)
SIGNER = Address(b"s" * 20)


def vote(view: int) -> SignedVote:
    return SignedVote(
        Vote(VoteKind.NULLIFY, Epoch(1), Hash32(b"c" * 32), View(view)), MemberIndex(0), bytes(64)
    )


def open_journal(path: Path) -> Journal:
    return Journal(path, SEPARATOR, SIGNER)


def write_synced(path: Path, records: list[Record]) -> None:
    journal = open_journal(path)
    for record in records:
        journal.append(record)
        assert not journal.is_synced
        journal.sync()
        assert journal.is_synced
    journal.close()


def read(path: Path) -> list[Record]:
    journal = open_journal(path)
    try:
        return list(journal.restored())
    finally:
        journal.close()


def test_open__new_file__is_empty(tmp_path: Path) -> None:
    assert read(tmp_path / "votes") == []


def test_open__after_close__gives_back_every_record_in_order(tmp_path: Path) -> None:
    records: list[Record] = [vote(1), AttestedRecord(1, b"b" * 32), vote(2)]
    write_synced(tmp_path / "votes", records)
    assert read(tmp_path / "votes") == records


def test_open__held_by_another__is_refused(tmp_path: Path) -> None:
    held = open_journal(tmp_path / "votes")
    with pytest.raises(LocalFault, match="in use by another process"):
        open_journal(tmp_path / "votes")
    held.close()


@pytest.mark.parametrize(
    ("separator", "signer"), [(Hash32(b"x" * 32), SIGNER), (SEPARATOR, Address(b"x" * 20))]
)
def test_open__of_another_key_or_deployment__is_refused(
    tmp_path: Path, separator: Hash32, signer: Address
) -> None:
    write_synced(tmp_path / "votes", [vote(1)])
    with pytest.raises(LocalFault, match="belongs to another key or deployment"):
        Journal(tmp_path / "votes", separator, signer)


def test_open__of_a_former_key__keeps_its_votes_and_is_the_new_ones_once_rewritten(
    tmp_path: Path,
) -> None:
    """JOURNAL-9: the votes of all keys are in one journal."""
    path, new = tmp_path / "votes", Address(b"n" * 20)
    write_synced(path, [vote(1)])
    journal = Journal(path, SEPARATOR, new, SIGNER)
    assert list(journal.restored()) == [vote(1)]
    journal.append(vote(2))
    journal.sync()
    journal.close()
    assert read(path) == [vote(1), vote(2)], "until it is rewritten it is the old key's"
    journal = Journal(path, SEPARATOR, new, Address(b"o" * 20), SIGNER)
    journal.rewrite([vote(2)])
    journal.close()
    with pytest.raises(LocalFault, match="belongs to another key or deployment"):
        open_journal(path)
    journal = Journal(path, SEPARATOR, new)
    assert list(journal.restored()) == [vote(2)]
    journal.close()


def test_open__cut_at_any_byte_of_the_last_record__keeps_the_others(tmp_path: Path) -> None:
    path = tmp_path / "votes"
    write_synced(path, [vote(1)])
    keep = path.stat().st_size
    write_synced(path, [vote(2)])
    whole = path.read_bytes()
    for cut in range(keep, len(whole)):
        path.write_bytes(whole[:cut])
        assert read(path) == [vote(1)]
        assert path.stat().st_size == keep


def test_open__damage_before_durable_records__names_the_byte(tmp_path: Path) -> None:
    path = tmp_path / "votes"
    write_synced(path, [vote(1)])
    at = path.stat().st_size
    write_synced(path, [vote(2), vote(3)])
    damaged = bytearray(path.read_bytes())
    damaged[at + 30] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(LocalFault, match=f"damaged at byte {at}"):
        read(path)
    assert path.read_bytes() == damaged


def test_open__damage_in_an_unsynced_tail__is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "votes"
    write_synced(path, [vote(1)])
    at = path.stat().st_size
    journal = open_journal(path)
    journal.append(vote(2))
    journal.append(vote(3))
    journal.close()
    torn = bytearray(path.read_bytes())
    torn[at + 30] ^= 1
    path.write_bytes(torn)
    assert read(path) == [vote(1)]


def test_open__a_record_lost_in_the_middle__is_damage(tmp_path: Path) -> None:
    path = tmp_path / "votes"
    write_synced(path, [vote(1)])
    first = path.stat().st_size
    write_synced(path, [vote(2)])
    second = path.stat().st_size
    write_synced(path, [vote(3)])
    whole = path.read_bytes()
    path.write_bytes(whole[:first] + whole[second:])
    with pytest.raises(LocalFault, match=f"damaged at byte {first}"):
        read(path)


def test_rewrite__keeps_what_is_given_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "votes"
    write_synced(path, [vote(view) for view in range(1, 50)])
    journal = open_journal(path)
    journal.rewrite([vote(49)])
    journal.append(vote(50))
    journal.sync()
    journal.close()
    assert read(path) == [vote(49), vote(50)]


def test_rewrite__that_fails__the_old_journal_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "votes"
    journal = open_journal(path)
    journal.append(vote(1))
    journal.sync()
    extent = journal.extent
    too_long = SignedVote(vote(2).vote, MemberIndex(0), bytes(MAX_RECORD_BYTES))
    with pytest.raises(LocalFault, match="at most"):
        journal.rewrite([too_long])
    assert journal.extent == extent
    journal.append(vote(3))
    journal.sync()
    journal.close()
    assert read(path) == [vote(1), vote(3)]


def test_open__a_file_that_is_no_journal__is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "votes"
    path.write_bytes(b"\x99" * 9_999)
    with pytest.raises(LocalFault, match="is no journal"):
        read(path)
    assert path.stat().st_size == 9_999


def test_open__a_folder_in_its_place__is_refused(tmp_path: Path) -> None:
    (tmp_path / "votes").mkdir()
    with pytest.raises(LocalFault, match="directory"):
        read(tmp_path / "votes")


def test_open__torn_tail__is_said_in_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "votes"
    write_synced(path, [vote(1)])
    path.write_bytes(path.read_bytes() + b"SYJ1torn")
    assert read(path) == [vote(1)]
    assert "8 bytes were not finished" in caplog.text
