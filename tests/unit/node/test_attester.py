"""Batch attestations on a node (BATCH-4, BATCH-5, HELD-1).

on_batch
├── a member: journaled, then sent; once per index
├── no seat, or committed already: nothing
├── nothing that an honest node could not answer for (HELD-1)
├── another content for an index that was attested, also before a restart: refused (P8)
└── a later epoch: the same content again
presence
├── of a committed batch, in the name of the epoch: as if it were not committed
├── of another epoch, without a seat, of what is final on L1: none
└── of another content than was attested: none; what was signed here, stays so (P8)
quorum
├── three of four: a certificate that checks
├── after a restart: from the store
└── a signer with two contents: handed on as a conflict, once
"""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from sequencer.batches.attestations import (
    Attestation,
    AttestationConflict,
    SignedAttestation,
    attest,
    check_certificate,
    decode_attestation,
    encode_attestation,
)
from sequencer.blocks.header import Block
from sequencer.blocks.merkle import held_leaf_hash
from sequencer.blocks.payload import EMPTY_PAYLOAD
from sequencer.consensus.journal import AttestedRecord, Journal
from sequencer.crypto.hashing import keccak
from sequencer.crypto.hot_keys import HotKeys
from sequencer.crypto.signatures import Signer
from sequencer.errors import PeerFault
from sequencer.node.attester import Attester
from sequencer.types import ZERO_HASH, Address, BatchIndex, Epoch, Hash32, MemberIndex
from tests.unit.node.chain import (
    BLOCK_BYTES,
    ROLLUP,
    SEPARATOR,
    SIGNERS,
    Chain,
    committee_of,
    next_block,
    proof_of,
)


class Member:
    """A node's attester over files in `folder`, with what it sent and found."""

    def __init__(
        self,
        folder: Path,
        signer: Signer = SIGNERS[0],
        former: Sequence[Signer] = (),
        window: int = 256,
    ) -> None:
        folder.mkdir(exist_ok=True)
        self.chain = Chain(folder, window=window)
        self.chain.ledger.resume()
        self.journal = Journal(
            *(folder / "journal", SEPARATOR, signer.address), *(old.address for old in former)
        )
        self.sent: list[SignedAttestation] = []
        self.conflicts: list[AttestationConflict] = []
        self.attester = Attester(
            HotKeys(signer, *former),
            SEPARATOR,
            self.journal,
            self.chain.store,
            self.chain.l1,
            self.send,
            lambda conflict, _: self.conflicts.append(conflict),
            self.chain.ledger.vouches_for,
        )
        for record in self.journal.restored():
            assert isinstance(record, AttestedRecord)
            self.attester.restore(record)

    def send(self, signed: SignedAttestation) -> None:
        assert self.journal.is_synced
        self.sent.append(signed)

    def start(self, epoch: int = 0) -> "Member":
        self.attester.start_epoch(committee_of(epoch))
        self.attester.attest_waiting(self.chain.ledger)
        return self

    def cut(self, count: int = 1) -> None:
        """Finalize blocks until `count` more batches are cut, and attest them."""
        known = len(self.chain.batches)
        while len(self.chain.batches) < known + count:
            self.chain.grow(1)
            self.attester.attest_next(self.chain.ledger)

    def close(self) -> None:
        self.journal.close()
        self.chain.close()


def by(signer: Signer, member: Member, epoch: int = 0, **changes: object) -> SignedAttestation:
    batch = msgspec.structs.replace(member.chain.batches[0], **changes)
    return attest(batch.index, batch.hash, committee_of(epoch), signer, SEPARATOR)


def test_on_batch__a_member__journals_and_sends(tmp_path: Path) -> None:
    member = Member(tmp_path).start()
    member.cut(2)
    assert [s.attestation.index for s in member.sent] == [1, 2]
    assert [r.index for r in member.attester.records()] == [1, 2]
    member.close()


def test_on_batch__without_a_seat__sends_nothing(tmp_path: Path) -> None:
    member = Member(tmp_path, Signer(b"\x09" * 32)).start()
    member.cut()
    assert member.sent == []
    member.close()


def test_on_batch__after_a_rotation__signs_with_the_key_that_has_the_seat(tmp_path: Path) -> None:
    """STAKE-11: the committee names the key of before."""
    new, old = Signer(b"\x09" * 32), SIGNERS[0]
    member = Member(tmp_path, new, [old]).start()
    member.cut()
    assert member.sent == [by(old, member)]
    member.close()


def test_on_batch__attested_with_the_key_of_before__no_other_content_with_any(
    tmp_path: Path,
) -> None:
    """JOURNAL-9."""
    old = Member(tmp_path).start()
    old.cut()
    other = msgspec.structs.replace(old.chain.batches[0], forced_count=9)
    old.close()
    rotated = Member(tmp_path, Signer(b"\x09" * 32), [SIGNERS[0]]).start()
    rotated.sent.clear()
    rotated.attester.on_batch(other)
    assert rotated.sent == []
    rotated.close()


def test_on_batch__committed_already__sends_nothing(tmp_path: Path) -> None:
    member = Member(tmp_path).start()
    member.cut()
    member.sent.clear()
    member.chain.commit(member.chain.batches[0])
    member.attester.on_batch(member.chain.batches[0])
    assert member.sent == []
    member.close()


@pytest.mark.parametrize(
    "forged",
    [
        {"transaction_root": held_leaf_hash(ROLLUP, 0, 100, keccak(b"never was"))},
        {"payload": b"\xff"},
        {"payload": bytes(BLOCK_BYTES + 1)},
    ],
    ids=["a leaf that the payload has not", "no payload", "too long to answer"],
)
def test_on_batch__of_a_hostile_quorum__is_not_answered_for(
    tmp_path: Path, forged: dict[str, bytes]
) -> None:
    """HELD-1: L1 could ask for data that this node never had. Later batches are attested."""
    member = Member(tmp_path).start()
    tip = member.chain.ledger.tip
    payload = forged.get("payload", EMPTY_PAYLOAD)
    block = next_block(
        tip,
        at_ms=5_000_000,
        transaction_root=forged.get("transaction_root", ZERO_HASH),
        payload_hash=keccak(payload),
        payload_length=len(payload),
    )
    block = Block(block.header, payload)
    member.chain.ledger.append((block,), proof_of(block))
    member.cut(2)
    assert [s.attestation.index for s in member.sent] == [2]
    member.close()
    again = Member(tmp_path).start()
    assert [s.attestation.index for s in again.sent] == [2]
    again.close()


def test_on_batch__other_content_of_an_attested_index__is_never_signed(tmp_path: Path) -> None:
    member = Member(tmp_path).start()
    member.cut()
    other = msgspec.structs.replace(member.chain.batches[0], forced_count=9)
    member.attester.on_batch(other)
    assert len(member.sent) == 1
    member.close()
    again = Member(tmp_path).start()
    again.sent.clear()
    again.attester.on_batch(other)
    assert again.sent == []
    again.close()


def test_attest_waiting__uncommitted_batches__are_attested_again(tmp_path: Path) -> None:
    member = Member(tmp_path).start()
    member.cut(2)
    member.chain.commit(member.chain.batches[0])
    member.sent.clear()
    member.start(epoch=1)
    (again,) = member.sent
    assert (again.attestation.epoch, again.attestation.index) == (1, 2)
    assert again.attestation.batch_hash == member.chain.batches[1].hash
    member.close()


def test_presence__committed_batch__is_attested_in_the_name_of_the_epoch(tmp_path: Path) -> None:
    """IDLE-3: also of one that was signed in an earlier epoch, and after a rotation."""
    member = Member(tmp_path, Signer(b"\x09" * 32), [SIGNERS[0]]).start()
    member.cut()
    batch = member.chain.batches[0]
    member.chain.commit(batch)
    member.start(epoch=1)
    member.sent.clear()
    assert member.attester.presence(batch, Epoch(1)) == by(SIGNERS[0], member, epoch=1)
    assert member.attester.presence(batch, Epoch(0)) is None
    assert member.sent == []
    member.close()


def test_presence__without_a_seat__is_none(tmp_path: Path) -> None:
    member = Member(tmp_path, Signer(b"\x09" * 32)).start()
    member.cut()
    assert member.attester.presence(member.chain.batches[0], Epoch(0)) is None
    member.close()


def test_presence__final_on_l1__is_none(tmp_path: Path) -> None:
    """What was attested there is forgotten: nothing says that it was this."""
    member = Member(tmp_path, window=2).start()
    member.cut()
    batch = member.chain.batches[0]
    member.chain.commit(batch)
    assert member.attester.presence(batch, Epoch(0)) is not None
    for _ in range(3):
        member.chain.see()
    assert member.attester.presence(batch, Epoch(0)) is None
    member.close()


def test_presence__first_statement_of_an_index__is_the_only_one(tmp_path: Path) -> None:
    member = Member(tmp_path)
    member.cut()
    batch = member.chain.batches[0]
    other = msgspec.structs.replace(batch, forced_count=9)
    member.attester.start_epoch(committee_of(0))
    assert member.attester.presence(batch, Epoch(0)) is not None
    assert member.journal.is_synced
    member.close()
    again = Member(tmp_path).start()
    again.sent.clear()
    assert again.attester.presence(other, Epoch(0)) is None
    again.attester.on_batch(other)
    assert again.sent == []
    again.close()


def quorum(member: Member) -> None:
    for signer in SIGNERS[1:3]:
        member.attester.on_attestation(by(signer, member))


def test_certificate__three_of_four__checks(tmp_path: Path) -> None:
    member = Member(tmp_path).start()
    member.cut()
    batch = member.chain.batches[0]
    assert member.attester.certificate(batch) is None
    quorum(member)
    certificate = member.attester.certificate(batch)
    assert certificate is not None
    check_certificate(certificate, committee_of(0), SEPARATOR)
    member.close()


def test_certificate__after_a_restart__comes_from_the_store(tmp_path: Path) -> None:
    member = Member(tmp_path).start()
    member.cut()
    quorum(member)
    batch = member.chain.batches[0]
    member.close()
    again = Member(tmp_path).start()
    again.attester.restore_pool(again.chain.ledger)
    assert again.attester.certificate(batch) is not None
    again.close()


def test_on_attestation__of_another_content__is_a_conflict_once(tmp_path: Path) -> None:
    member = Member(tmp_path).start()
    member.cut()
    member.attester.on_attestation(by(SIGNERS[1], member))
    member.attester.on_attestation(by(SIGNERS[1], member, forced_count=9))
    member.attester.on_attestation(by(SIGNERS[1], member, forced_count=8))
    (conflict,) = member.conflicts
    assert conflict.first.member == conflict.second.member
    member.close()


def test_on_attestation__forged__is_the_senders_fault(tmp_path: Path) -> None:
    member = Member(tmp_path).start()
    member.cut()
    forged = msgspec.structs.replace(by(SIGNERS[1], member), member=2)
    with pytest.raises(PeerFault, match="signature of member 2"):
        member.attester.on_attestation(forged)
    member.close()


@pytest.mark.parametrize("index", [0, 2**62])
def test_on_attestation__index_out_of_bounds__is_neither_kept_nor_stored(
    tmp_path: Path, index: int
) -> None:
    """Found by review: it was not checked, and yet taken for good."""
    member = Member(tmp_path).start()
    statement = Attestation(
        committee_of(0).epoch, committee_of(0).hash, BatchIndex(index), Hash32(b"\x01" * 32)
    )
    for seat in (0, 127):
        member.attester.on_attestation(
            SignedAttestation(statement, MemberIndex(seat), b"\x02" * 64)
        )
    assert member.chain.store.attestations(BatchIndex(index)) == []
    member.close()


def test_on_attestation__another_content__does_not_replace_the_stored_first(tmp_path: Path) -> None:
    member = Member(tmp_path).start()
    member.cut()
    first = by(SIGNERS[1], member)
    for signed in (
        first,
        by(SIGNERS[1], member, forced_count=9),
        by(SIGNERS[1], member, forced_count=8),
    ):
        member.attester.on_attestation(signed)
    stored = [
        decode_attestation(record)
        for _, _, record in member.chain.store.attestations(first.attestation.index)
    ]
    assert first in stored
    assert len(stored) == 2
    member.close()


def test_restore_pool__a_stored_row_that_does_not_check__is_left_out(tmp_path: Path) -> None:
    member = Member(tmp_path).start()
    member.cut()
    quorum(member)
    batch = member.chain.batches[0]
    forged = msgspec.structs.replace(by(SIGNERS[3], member), signature=b"\x02" * 64)
    member.chain.store.put_attestation(
        batch.index, committee_of(0).epoch, SIGNERS[3].address, encode_attestation(forged)
    )
    member.chain.store.put_attestation(
        batch.index, committee_of(0).epoch, Address(b"\x09" * 20), b"garbage"
    )
    member.close()
    again = Member(tmp_path).start()
    again.attester.restore_pool(again.chain.ledger)
    assert again.attester.certificate(batch) is not None
    again.close()


def test_on_attestation__of_an_unknown_epoch__says_nothing(tmp_path: Path) -> None:
    member = Member(tmp_path).start()
    member.cut()
    member.attester.on_attestation(by(SIGNERS[1], member, epoch=7))
    assert member.conflicts == []
    member.close()


def test_follow__batches_that_l1_was_too_far_behind__attested_when_it_comes_nearer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else nobody would ever attest them in this epoch, and L1 would get no more."""
    monkeypatch.setattr("sequencer.node.attester.AHEAD", 2)
    member = Member(tmp_path).start()
    member.cut(5)
    assert [s.attestation.index for s in member.sent] == [1, 2]
    member.attester.follow(member.chain.ledger)
    assert [s.attestation.index for s in member.sent] == [1, 2]
    for batch in member.chain.batches[:2]:
        member.chain.commit(batch)
        member.attester.follow(member.chain.ledger)
    assert [s.attestation.index for s in member.sent] == [1, 2, 3, 4]
    member.sent.clear()
    member.start(1)
    assert [s.attestation.index for s in member.sent] == [3, 4]
    member.close()


def test_cut__l1_has_just_come_nearer__none_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The view of L1 goes on block by block, and only then is it followed."""
    monkeypatch.setattr("sequencer.node.attester.AHEAD", 2)
    member = Member(tmp_path).start()
    member.cut(5)
    for batch in member.chain.batches[:4]:
        member.chain.commit(batch)
    member.cut()
    assert [s.attestation.index for s in member.sent] == [1, 2, 5, 6]
    member.close()


def test_repeat__own_attestations__go_out_again_until_committed(tmp_path: Path) -> None:
    member = Member(tmp_path).start()
    member.cut(2)
    member.sent.clear()
    member.attester.repeat()
    assert [s.attestation.index for s in member.sent] == [1, 2]
    member.chain.commit(member.chain.batches[0])
    member.sent.clear()
    member.attester.repeat()
    assert [s.attestation.index for s in member.sent] == [2]
    member.close()
