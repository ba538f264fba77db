"""The keys of one operator: the one that a committee names signs there, and no other (STAKE-11)."""

from sequencer.crypto.hot_keys import HotKeys
from sequencer.crypto.signatures import Signer
from sequencer.types import Committee, Epoch, Hash32, Member

KEYS = [Signer(bytes([number]) * 32) for number in range(1, 5)]


def committee(*signers: Signer) -> Committee:
    members = tuple(Member(signer.address, 1) for signer in signers)
    return Committee(Epoch(7), members, Hash32(bytes(32)))


def test_seat__of_the_key_that_is_a_member() -> None:
    old, new, *others = KEYS
    keys = HotKeys(new, old)
    for named in (old, new):
        seat = keys.seat(committee(*others, named))
        assert seat is not None
        assert (seat.member, seat.signer) == (2, named)


def test_seat__no_key_is_a_member__is_none() -> None:
    old, new, *others = KEYS
    assert HotKeys(new, old).seat(committee(*others)) is None


def test_addresses__the_current_one_first() -> None:
    old, new, *_ = KEYS
    assert HotKeys(new, old).addresses == (new.address, old.address)
