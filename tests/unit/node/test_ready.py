"""Which batches the submitter takes, and how long it waits for who is slow (SUBMIT-8, WORK-3).

get
├── nobody was seen less than others: as soon as there is a quorum
├── a member that was hardly seen has not attested: `LATE_MS` later, counted from the quorum on
├── it attests meanwhile: at once, with its signature
├── it was seen in a half of the commits, or hardly seen in another epoch: at once
└── batches that go before in the same go count as commits
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sequencer.batches.attestations import BatchCertificate, attest, check_certificate
from sequencer.crypto.signatures import Signer
from sequencer.l1.events import BatchCommitted, CommitteeRecorded
from sequencer.node.ready import LATE_MS, ReadyBatches
from sequencer.types import BatchIndex, Epoch, Hash32
from tests.unit.node.chain import SEPARATOR, SIGNERS, committee_of
from tests.unit.node.test_attester import Member

PUNCTUAL = (0, 1, 2)
SLOW = 3
STRANGER = Signer(b"\x09" * 32)
"""The node that submits has no seat, so it holds what the test gives it, and no more."""


class Submitting:
    """A node's batches and attestations, and a clock."""

    def __init__(self, folder: Path) -> None:
        self._member = Member(folder, STRANGER).start()
        self._chain = self._member.chain
        self.now_ms = 10_000
        self._ready = ReadyBatches(
            self._chain.ledger, self._member.attester, self._chain.l1, lambda: self.now_ms
        )

    def close(self) -> None:
        self._member.close()

    def cut(self, count: int = 1) -> None:
        self._member.cut(count)

    def attest(self, index: int, *members: int, epoch: int = 0) -> None:
        batch = self._chain.batches[index - 1]
        for member in members:
            signed = attest(
                batch.index, batch.hash, committee_of(epoch), SIGNERS[member], SEPARATOR
            )
            self._member.attester.on_attestation(signed)

    def commit(self, index: int, *members: int) -> None:
        """L1 takes a batch with these signers."""
        batch, signers = self._chain.batches[index - 1], sum(1 << member for member in members)
        transaction = Hash32(b"\x77" * 32)
        self._chain.see(
            BatchCommitted(BatchIndex(index), batch.hash, Epoch(0), transaction, signers=signers)
        )

    def enter(self, epoch: int) -> None:
        committee = committee_of(epoch)
        self._chain.see(CommitteeRecorded(committee))
        self._member.attester.start_epoch(committee)

    def signers(self, index: int) -> int | None:
        """Who would sign the commit of a batch, as a bitmap; None while it is not ready."""
        found = self._ready.get(BatchIndex(index))
        return None if found is None else _checked(found[1])


def _checked(certificate: BatchCertificate) -> int:
    check_certificate(certificate, committee_of(certificate.attestation.epoch), SEPARATOR)
    return int.from_bytes(certificate.signers, "big")


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Submitting]:
    node = Submitting(tmp_path)
    node.cut(3)
    yield node
    node.close()


@pytest.fixture
def behind(node: Submitting) -> Submitting:
    """The first batch is on L1, without the slow member."""
    node.commit(1, *PUNCTUAL)
    return node


def test_get__nobody_is_behind__at_once(node: Submitting) -> None:
    assert node.signers(1) is None
    node.attest(1, *PUNCTUAL)
    assert node.signers(1) == 0b0111


def test_get__slow_member_never_attests__waits_and_goes_on_without_it(behind: Submitting) -> None:
    behind.attest(2, *PUNCTUAL)
    assert behind.signers(2) is None
    behind.now_ms += LATE_MS - 1
    assert behind.signers(2) is None
    behind.now_ms += 1
    assert behind.signers(2) == 0b0111


def test_get__no_quorum_yet__does_not_begin_to_wait(behind: Submitting) -> None:
    behind.attest(2, *PUNCTUAL[1:])
    assert behind.signers(2) is None
    behind.now_ms += LATE_MS
    behind.attest(2, PUNCTUAL[0])
    assert behind.signers(2) is None
    behind.now_ms += LATE_MS
    assert behind.signers(2) == 0b0111


def test_get__slow_member_attests_in_time__is_in_the_certificate(behind: Submitting) -> None:
    behind.attest(2, *PUNCTUAL)
    assert behind.signers(2) is None
    behind.now_ms += LATE_MS // 2
    behind.attest(2, SLOW)
    assert behind.signers(2) == 0b1011


def test_get__seen_in_a_half_of_the_commits__is_not_waited_for(behind: Submitting) -> None:
    behind.commit(2, 0, 1, SLOW)
    behind.attest(3, *PUNCTUAL)
    assert behind.signers(3) == 0b0111


def test_get__seen_in_the_same_go__counts(behind: Submitting) -> None:
    """It signs the second batch, which goes before the third: one of two is a half."""
    behind.attest(2, 0, 1, SLOW)
    behind.attest(3, *PUNCTUAL)
    assert behind.signers(3) == 0b0111


def test_get__left_out_in_the_same_go__is_waited_for(node: Submitting) -> None:
    node.attest(1, *PUNCTUAL)
    node.attest(2, *PUNCTUAL)
    assert node.signers(1) == 0b0111
    assert node.signers(2) is None
    node.now_ms += LATE_MS
    assert node.signers(2) == 0b0111


def test_get__left_out_in_another_epoch__is_not_waited_for(behind: Submitting) -> None:
    behind.enter(1)
    behind.attest(2, *PUNCTUAL, epoch=1)
    assert behind.signers(2) == 0b0111
