"""SIMPLEX-15: certificates of settled views, and what comes late against them.

confront
├── another block notarized in a view: its common signers are convicted
├── a finalization of a view that was nullified, or where another block is final: likewise
├── the same again, a finalization of what was notarized, a view of which nothing is kept: nothing
├── another epoch, or its committee unknown: nothing
└── signatures that do not hold: PeerFault
keep: the first of each kind
"""

import msgspec
import pytest

from sequencer.consensus.archive import CertificateArchive
from sequencer.consensus.messages import Certificate
from sequencer.errors import PeerFault
from sequencer.simulation.certificates import CertificateTable
from sequencer.simulation.keys import SimVerifier
from sequencer.types import Epoch, MemberIndex
from tests.unit.consensus.builders import (
    COMMITTEE,
    FINALIZE,
    NOTARIZE,
    NULLIFY,
    block,
    certificate,
    signed,
)

ONE, OTHER = block(1), block(1, content=b"other")


def archive_of(*kept: Certificate) -> CertificateArchive:
    known = {COMMITTEE.epoch: SimVerifier(COMMITTEE)}
    archive = CertificateArchive(CertificateTable(), known.get)
    for each in kept:
        archive.keep(each)
    return archive


def convicted(archive: CertificateArchive, late: Certificate) -> list[MemberIndex]:
    found = archive.confront(late)
    assert all(f.first.member == f.second.member for f in found)
    assert all(f.second.vote == late.vote for f in found)
    return [f.first.member for f in found]


def test_confront__another_block_notarized__common_signers() -> None:
    archive = archive_of(certificate(NOTARIZE, 1, ONE, (0, 1, 2)))
    late = certificate(NOTARIZE, 1, OTHER, (0, 2, 3))
    assert convicted(archive, late) == [0, 2]
    (first, _) = archive.confront(late)
    assert first.first == signed(0, NOTARIZE, 1, ONE)
    assert first.second == signed(0, NOTARIZE, 1, OTHER)


def test_confront__finalization_of_a_nullified_view__common_signers() -> None:
    archive = archive_of(certificate(NOTARIZE, 1, ONE), certificate(NULLIFY, 1))
    assert convicted(archive, certificate(FINALIZE, 1, ONE, (1, 2, 3))) == [1, 2]
    assert convicted(archive_of(certificate(NULLIFY, 1)), certificate(NOTARIZE, 1, ONE)) == []


def test_confront__nothing_that_excludes_it__nothing() -> None:
    archive = archive_of(certificate(NOTARIZE, 1, ONE))
    assert convicted(archive, certificate(NOTARIZE, 1, ONE, (1, 2, 3))) == []
    assert convicted(archive, certificate(FINALIZE, 1, ONE)) == []
    assert convicted(archive, certificate(NOTARIZE, 2, OTHER)) == []


def test_confront__unknown_committee__nothing() -> None:
    known = certificate(NOTARIZE, 1, ONE)
    archive = CertificateArchive(CertificateTable(), lambda _: None)
    archive.keep(known)
    assert archive.confront(certificate(NOTARIZE, 1, OTHER)) == []
    of_another = msgspec.structs.replace(known.vote, epoch=Epoch(COMMITTEE.epoch + 1))
    assert archive_of(known).confront(replace_vote(known, of_another)) == []


def test_confront__signatures_do_not_hold__fault() -> None:
    archive = archive_of(certificate(NOTARIZE, 1, ONE))
    forged = replace_vote(certificate(NOTARIZE, 1, ONE), certificate(NOTARIZE, 1, OTHER).vote)
    with pytest.raises(PeerFault):
        archive.confront(forged)
    without_quorum = certificate(NOTARIZE, 1, OTHER, (0, 1))
    with pytest.raises(PeerFault, match="no quorum"):
        archive.confront(without_quorum)


def test_confront__another_block_final__common_signers() -> None:
    archive = archive_of(certificate(FINALIZE, 1, OTHER, (0, 1, 2)))
    assert convicted(archive, certificate(FINALIZE, 1, ONE, (1, 2, 3))) == [1, 2]


def test_keep__first_of_each_kind() -> None:
    archive = archive_of(
        certificate(NOTARIZE, 1, ONE, (0, 1, 2)), certificate(NOTARIZE, 1, OTHER, (0, 1, 3))
    )
    assert convicted(archive, certificate(NOTARIZE, 1, OTHER, (1, 2, 3))) == [1, 2]


def replace_vote(of: Certificate, vote: object) -> Certificate:
    return msgspec.structs.replace(of, vote=vote)
