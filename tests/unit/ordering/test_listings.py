"""LIST-1 to LIST-5: what is listed must be in a block, and nobody can ask for too much."""

import pytest

from sequencer.crypto.hashing import keccak, word
from sequencer.errors import NotYet, PeerFault
from sequencer.ingress.transaction import decode_transaction
from sequencer.mempool.pool import TransactionKey
from sequencer.ordering.contents import Ordered
from sequencer.ordering.listings import LIST_ENTRIES, Listing, Listings, ListParameters
from sequencer.types import Address, Committee, Epoch, Member, MemberIndex, RollupId
from tests.unit.ingress.builders import CHAIN_ID, Raw

ROLLUP = RollupId(1)
MEMBERS = tuple(Member(Address(bytes([n]) * 20), 1) for n in (1, 2, 3, 4))
COMMITTEE = Committee(Epoch(7), MEMBERS, keccak(b"committee"))
NOW, GRACE = 1_000_000, 500
BLOCK_BYTES = 52_000


def listings(committee: Committee = COMMITTEE, block_bytes: int = BLOCK_BYTES) -> Listings:
    made = Listings(ListParameters(list_grace_ms=GRACE), block_bytes)
    made.begin(committee)
    return made


def listing(number: int, raw: bytes, member: int = 0, committee: Committee = COMMITTEE) -> Listing:
    return Listing(
        committee.epoch,
        committee.hash,
        MemberIndex(member),
        number,
        ROLLUP,
        raw,
        bytes(64),
    )


def raw(nonce: int, size: int = 0) -> bytes:
    return Raw(nonce=nonce, data=bytes(size)).encode()


def ordered(*raws: bytes) -> list[Ordered]:
    return [(ROLLUP, decode_transaction(one, CHAIN_ID)) for one in raws]


def add(to: Listings, said: Listing, at_ms: int = NOW) -> bool:
    assert to.is_news(said)
    return to.add(said, decode_transaction(said.raw, CHAIN_ID), at_ms)


def key(one: bytes) -> TransactionKey:
    return ROLLUP, keccak(one)


def demands(of: Listings, one: bytes, at_ms: int = NOW + GRACE) -> bool:
    """Whether a block of nothing is refused for leaving it out."""
    try:
        of.check([], frozenset(), at_ms)
    except NotYet as reason:
        return keccak(one).hex() in str(reason)
    return False


def test_check__held_for_the_grace__must_be_in_the_block() -> None:
    known = listings()
    assert add(known, listing(1, raw(0)))
    known.check([], frozenset(), NOW + GRACE - 1)
    with pytest.raises(NotYet, match=r"of rollup 1 is listed, and left out \(LIST-4\)"):
        known.check([], frozenset(), NOW + GRACE)
    known.check(ordered(raw(0)), frozenset(), NOW + GRACE)


def test_check__in_an_ancestor_or_of_a_rollup_that_is_away__is_not_asked_for() -> None:
    known = listings()
    add(known, listing(1, raw(0)))
    known.check([], {key(raw(0))}, NOW + GRACE)


def test_check__another_of_the_sender_and_nonce__stands_for_it() -> None:
    """A block cannot hold both (ORDER-4)."""
    known = listings()
    add(known, listing(1, raw(0)))
    known.check(ordered(raw(0, size=9)), frozenset(), NOW + GRACE)


def test_settled__final__is_asked_for_no_more_and_leaves_room() -> None:
    known = listings()
    for number in range(2 * LIST_ENTRIES):
        assert add(known, listing(number, raw(number)))
    assert not add(known, listing(99, raw(99)))
    known.settled([key(raw(0))])
    assert not demands(known, raw(0))
    assert add(known, listing(99, raw(99)))
    assert len(known) == 2 * LIST_ENTRIES


def test_add__more_than_may_be_asked_for__is_kept_and_not_asked_for() -> None:
    """Who is behind refuses nothing that others ask for."""
    known = listings()
    for number in range(2 * LIST_ENTRIES):
        add(known, listing(number, raw(number)))
    block = ordered(*(raw(number) for number in range(LIST_ENTRIES)))
    known.check(block, frozenset(), NOW + GRACE)
    with pytest.raises(NotYet):
        known.check(block[1:], frozenset(), NOW + GRACE)


def test_add__bytes__are_bounded_for_each_member_so_that_all_fit_half_a_block() -> None:
    known = listings(block_bytes=8_000)
    assert known.bytes_each == 1_000
    large = [raw(nonce, size=700) for nonce in range(3)]
    assert add(known, listing(1, large[0]))
    assert add(known, listing(2, large[1]))
    assert not add(known, listing(3, large[2]))
    assert demands(known, large[0])
    known.check(ordered(large[0]), frozenset(), NOW + GRACE)
    assert add(known, listing(3, large[2], member=1))


def test_add__own_words__are_no_more_than_may_be_asked_for() -> None:
    """LIST-2: what an honest member says fits everywhere, also where less is final."""
    known = listings()
    for number in range(LIST_ENTRIES):
        said = listing(number, raw(number))
        assert known.add(said, decode_transaction(said.raw, CHAIN_ID), NOW, times=1)
    said = listing(99, raw(99))
    assert not known.add(said, decode_transaction(said.raw, CHAIN_ID), NOW, times=1)


def test_add__two_of_one_number__end_the_members_say() -> None:
    known = listings()
    add(known, listing(1, raw(0)))
    add(known, listing(2, raw(1)))
    add(known, listing(5, raw(1), member=1))
    assert add(known, listing(1, raw(2))), "the others must hear of it"
    assert not demands(known, raw(0))
    assert demands(known, raw(1)), "another member lists it as well"
    assert not known.is_news(listing(3, raw(3)))
    assert len(known) == 1


def test_add__of_two_members__counts_from_each_ones_time() -> None:
    known = listings()
    add(known, listing(1, raw(0)), NOW)
    add(known, listing(1, raw(0), member=1), NOW + 100)
    add(known, listing(1, raw(9)), NOW + 200)
    assert not demands(known, raw(0), NOW + GRACE)
    assert demands(known, raw(0), NOW + GRACE + 100)


def test_is_news__what_is_known_or_of_another_epoch__is_none() -> None:
    known = listings()
    add(known, listing(1, raw(0)))
    assert not known.is_news(listing(1, raw(0)))
    other = Committee(Epoch(8), MEMBERS, COMMITTEE.hash)
    assert not known.is_news(listing(2, raw(1), committee=other))
    other = Committee(Epoch(7), MEMBERS, keccak(word(9)))
    assert not known.is_news(listing(2, raw(1), committee=other))
    assert not Listings(ListParameters(), BLOCK_BYTES).is_news(listing(1, raw(0)))


def test_is_news__no_such_member__is_the_senders_fault() -> None:
    with pytest.raises(PeerFault, match="listing of member 4 of 4"):
        listings().is_news(listing(1, raw(0), member=4))


def test_keep__rollup_that_leaves__takes_its_listings_along() -> None:
    known = listings()
    add(known, listing(1, raw(0)))
    known.keep(lambda rollup: rollup != ROLLUP)
    assert len(known) == 0
    known.check([], frozenset(), NOW + GRACE)


def test_waiting__for_a_proposer__is_all_that_is_held() -> None:
    known = listings()
    add(known, listing(2, raw(1)))
    add(known, listing(1, raw(0)))
    assert known.waiting(frozenset()) == ordered(raw(1), raw(0))
    assert known.waiting({key(raw(1))}) == ordered(raw(0))


def test_rival__another_of_the_same_sender_and_nonce__until_it_is_settled() -> None:
    known = listings()
    ((_, mine),) = ordered(raw(3))
    assert add(known, listing(1, raw(3)))
    assert add(known, listing(2, raw(4)))
    assert not known.has_rival(ROLLUP, mine)
    assert add(known, listing(3, raw(3, size=1)))
    assert known.has_rival(ROLLUP, mine)
    assert not known.has_rival(RollupId(2), mine)
    known.settled([key(raw(3, size=1))])
    assert not known.has_rival(ROLLUP, mine)
