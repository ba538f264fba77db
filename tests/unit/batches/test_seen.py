"""Who signs a certificate: members that were seen least, and no more than a quorum (SUBMIT-8)."""

from hypothesis import given
from hypothesis import strategies as st

from sequencer.batches.attestations import AttestationPool, attest, check_certificate
from sequencer.batches.seen import NOBODY, Seen
from sequencer.crypto.hashing import keccak
from sequencer.types import BatchIndex, Committee, Epoch, MemberIndex
from tests.unit.batches.builders import SEPARATOR, committee_of, signers

SIGNERS = signers(7)
CONTENT = keccak(b"content")
EPOCH = Epoch(3)
ONE = BatchIndex(1)


def pool_of(committee: Committee, *members: int) -> AttestationPool:
    pool = AttestationPool(SEPARATOR)
    for member in members:
        pool.add(attest(ONE, CONTENT, committee, SIGNERS[member], SEPARATOR), committee)
    return pool


def choose(pool: AttestationPool, committee: Committee, seen: Seen) -> int:
    certificate = pool.certificate(ONE, CONTENT, committee, seen)
    assert certificate is not None
    check_certificate(certificate, committee, SEPARATOR)
    return int.from_bytes(certificate.signers, "big")


def test_certificate__more_than_a_quorum_held__takes_no_more_than_it_needs() -> None:
    committee = committee_of(EPOCH, SIGNERS)
    assert choose(pool_of(committee, *range(7)), committee, NOBODY) == 0b0011111


def test_certificate__some_seen_more__takes_the_others_first() -> None:
    committee = committee_of(EPOCH, SIGNERS)
    seen = NOBODY.after(EPOCH, 0b0011111)
    assert choose(pool_of(committee, *range(7)), committee, seen) == 0b1100111


def test_certificate__least_seen_has_not_attested__takes_who_is_there() -> None:
    committee = committee_of(EPOCH, SIGNERS)
    seen = NOBODY.after(EPOCH, 0b0011111)
    assert choose(pool_of(committee, *range(6)), committee, seen) == 0b0101111


def test_certificate__seen_in_another_epoch__does_not_count() -> None:
    committee = committee_of(EPOCH, SIGNERS)
    seen = NOBODY.after(Epoch(2), 0b0011111)
    assert choose(pool_of(committee, *range(7)), committee, seen) == 0b0011111


def test_p08_member_no_quorum_needs__is_seen_all_the_same() -> None:
    """Two of three weigh a quorum: the third is never needed, and must not count as absent."""
    committee = committee_of(EPOCH, SIGNERS[:3], [50, 45, 5])
    pool, seen = pool_of(committee, 0, 1, 2), NOBODY
    for _ in range(10):
        seen = seen.after(EPOCH, choose(pool, committee, seen))
    assert min(seen.counts[:3]) >= 5


@given(
    weights=st.lists(st.integers(1, 100), min_size=7, max_size=7),
    commits=st.integers(1, 40),
)
def test_p08_members_that_attest__are_seen_alike(weights: list[int], commits: int) -> None:
    """With any weights, whoever attests in time is seen in a half of the batches at least."""
    committee = committee_of(EPOCH, SIGNERS, weights)
    pool, seen = pool_of(committee, *range(7)), NOBODY
    for _ in range(commits):
        seen = seen.after(EPOCH, choose(pool, committee, seen))
    assert min(seen.counts[:7]) >= commits // 2
    assert not any(seen.is_behind(MemberIndex(member)) for member in range(7)) or commits % 2


def test_seen__first_commit_of_an_epoch__begins_anew() -> None:
    seen = NOBODY.after(EPOCH, 0b11).after(EPOCH, 0b10).after(Epoch(4), 0b1)
    assert (seen.epoch, seen.commits, seen.counts[:3]) == (4, 1, (1, 0, 0))
    assert seen.of(EPOCH).commits == 0
