"""What a node repeats to whoever watches: pages of a bounded memory."""

from sequencer.batches.attestations import Attestation, SignedAttestation
from sequencer.consensus.messages import SignedVote, Vote, VoteKind
from sequencer.crypto.hashing import keccak
from sequencer.crypto.signatures import SIGNATURE_LENGTH
from sequencer.evidence.equivocation import StatementKind
from sequencer.evidence.stream import PAGE_STATEMENTS, decode_page
from sequencer.node.statements import StatementLog
from sequencer.types import BatchIndex, Epoch, MemberIndex, View
from tests.unit.node.chain import SIGNERS, committee_of

COMMITTEE = committee_of(0)
SIGNATURE = bytes(SIGNATURE_LENGTH)


def vote(view: int, member: int = 1) -> SignedVote:
    said = Vote(VoteKind.NOTARIZE, Epoch(0), COMMITTEE.hash, View(view), keccak(b"block"))
    return SignedVote(said, MemberIndex(member), SIGNATURE)


def views(log: StatementLog, after: int) -> list[int]:
    return [one.signed.statement.position for one in decode_page(log.page(after)).statements]


def test_page__votes_and_attestations__by_the_key_of_their_member() -> None:
    log = StatementLog(lambda: 7)
    log.vote(vote(5), COMMITTEE)
    said = Attestation(Epoch(0), COMMITTEE.hash, BatchIndex(3), keccak(b"batch"))
    log.attestation(SignedAttestation(said, MemberIndex(2), SIGNATURE), COMMITTEE)
    page = decode_page(log.page(0))
    assert [one.signer for one in page.statements] == [SIGNERS[1].address, SIGNERS[2].address]
    kinds = [one.signed.statement.kind for one in page.statements]
    assert kinds == [StatementKind.NOTARIZE, StatementKind.ATTESTATION]
    assert decode_page(log.page(page.next)).statements == ()


def test_page__more_than_fit__go_on_where_it_ended() -> None:
    log = StatementLog(lambda: 0)
    for view in range(PAGE_STATEMENTS + 3):
        log.vote(vote(view), COMMITTEE)
    first = decode_page(log.page(0))
    assert len(first.statements) == PAGE_STATEMENTS
    assert views(log, first.next) == [PAGE_STATEMENTS, PAGE_STATEMENTS + 1, PAGE_STATEMENTS + 2]


def test_page__full__the_oldest_go() -> None:
    log = StatementLog(lambda: 0, kept=4)
    for view in range(10):
        log.vote(vote(view), COMMITTEE)
    assert views(log, 0) == [6, 7, 8, 9]
    assert views(log, 8) == [8, 9]
    assert views(log, 10**18) == []


def test_numbers__after_a_restart__go_on_rising() -> None:
    """Whoever asks for what came after an old number misses nothing."""
    before = StatementLog(lambda: 1_000)
    before.vote(vote(1), COMMITTEE)
    asked = decode_page(before.page(0)).next
    after = StatementLog(lambda: 1_001)
    after.vote(vote(2), COMMITTEE)
    assert views(after, asked) == [2]
