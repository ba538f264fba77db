"""LIST-1 to LIST-3 on a node: what it lists itself, and what it takes from others."""

from dataclasses import dataclass, field

import pytest
from coincurve import PrivateKey

from sequencer.crypto.hashing import keccak
from sequencer.crypto.hot_keys import HotKeys
from sequencer.crypto.signatures import Signer
from sequencer.errors import DecodeError, PeerFault
from sequencer.ingress.transaction import decode_transaction
from sequencer.mempool.pool import Mempool, MempoolConfig, TransactionKey
from sequencer.node.listing import MAX_AT_ONCE, Lister
from sequencer.node.wire import decode
from sequencer.ordering.listings import LIST_ENTRIES, Listing, Listings, ListParameters
from sequencer.types import Committee, Epoch, Member, RollupId
from tests.unit.ingress.builders import CHAIN_ID, KEY, Raw

SEPARATOR = keccak(b"deployment")
VICTIM_KEY = PrivateKey(bytes([9]) * 32)
SIGNERS = [Signer(keccak(bytes([n]))) for n in range(5)]
COMMITTEE = Committee(
    Epoch(3), tuple(Member(signer.address, 1) for signer in SIGNERS[:4]), keccak(b"committee")
)
ROLLUP, NOW, AFTER = RollupId(1), 1_000_000, 1_000


@dataclass
class Node:
    """The lister of one operator, and what it has sent."""

    number: int
    sent: list[bytes] = field(default_factory=list)
    final: set[TransactionKey] = field(default_factory=set)
    chain_ids: dict[RollupId, int] = field(default_factory=lambda: {ROLLUP: CHAIN_ID})

    def __post_init__(self) -> None:
        self.mempool = Mempool(MempoolConfig())
        parameters = ListParameters(list_after_ms=AFTER)
        self.listings = Listings(parameters, 52_000)
        self.lister = Lister(
            HotKeys(SIGNERS[self.number]),
            SEPARATOR,
            self.mempool,
            self.listings,
            parameters,
            self.chain_ids.get,
            self.final.__contains__,
            self.sent.append,
        )
        self.lister.begin(COMMITTEE)

    def pool(self, nonce: int, at_ms: int = NOW, size: int = 0, key: PrivateKey = KEY) -> bytes:
        raw = Raw(nonce=nonce, data=bytes(size), gas=10**7, key=key).encode()
        self.mempool.add(ROLLUP, decode_transaction(raw, CHAIN_ID), at_ms)
        return raw

    def said(self) -> list[Listing]:
        found = [decode(data) for data in self.sent]
        assert all(isinstance(message, Listing) for message in found)
        return found  # type: ignore[return-value]

    def list_all(self, now_ms: int = NOW + AFTER) -> list[Listing]:
        self.lister.list_waiting(now_ms)
        return self.said()


def test_list__ready_for_long_enough__is_said_once() -> None:
    node = Node(0)
    raw = node.pool(0)
    assert not node.lister.list_waiting(NOW + AFTER - 1)
    assert node.lister.list_waiting(NOW + AFTER)
    assert not node.lister.list_waiting(NOW + AFTER + 1)
    (said,) = node.said()
    assert (said.rollup, said.raw, said.member, said.epoch) == (ROLLUP, raw, 0, 3)
    assert (ROLLUP, keccak(raw)) in node.listings


def test_list__behind_a_gap__is_not_said() -> None:
    """It may wait for what its sender has not sent yet."""
    node = Node(0)
    node.mempool.finalized([(ROLLUP, decode_transaction(Raw(nonce=0).encode(), CHAIN_ID))])
    node.pool(5)
    assert not node.lister.list_waiting(NOW + AFTER)


def test_list__without_a_seat__says_nothing() -> None:
    node = Node(4)
    node.pool(0)
    assert node.list_all() == []


def test_list__numbers_rise_and_no_more_is_said_than_may_be_asked_for() -> None:
    node = Node(0)
    for nonce in range(LIST_ENTRIES + 5):
        node.pool(nonce)
    for turn in range(LIST_ENTRIES // MAX_AT_ONCE + 1):
        before = len(node.sent)
        node.lister.list_waiting(NOW + AFTER + turn)
        assert len(node.sent) - before <= MAX_AT_ONCE
    numbers = [said.number for said in node.said()]
    assert numbers == sorted(set(numbers))
    assert len(numbers) == LIST_ENTRIES
    assert numbers[0] == NOW + AFTER


def test_list__behind_many_that_are_too_long_to_be_listed__is_said() -> None:
    """LIST-6: a backlog that nobody may list keeps nothing else out."""
    node = Node(0)
    for nonce in range(MAX_AT_ONCE + 1):
        node.pool(nonce, size=7_000)
    behind, victim = node.pool(MAX_AT_ONCE + 1), node.pool(0, key=VICTIM_KEY)
    assert [said.raw for said in node.list_all()] == [victim]
    assert (ROLLUP, keccak(behind)) not in node.listings


def test_list__what_has_no_room__lets_nothing_of_its_sender_pass() -> None:
    node = Node(0)
    first, second, _ = node.pool(0, size=4_000), node.pool(1, size=4_000), node.pool(2)
    assert [said.raw for said in node.list_all()] == [first]
    assert not node.lister.list_waiting(NOW + AFTER)
    node.listings.settled([(ROLLUP, keccak(first))])
    assert [said.raw for said in node.list_all()][:2] == [first, second]


def test_list__next_epoch__says_again_what_it_still_holds() -> None:
    node = Node(0)
    raw = node.pool(0)
    node.list_all()
    node.lister.begin(Committee(Epoch(4), COMMITTEE.members, COMMITTEE.hash))
    node.list_all()
    assert [(said.epoch, said.raw) for said in node.said()] == [(3, raw), (4, raw)]


def test_on_listing__of_a_member__is_kept_and_passed_on_once() -> None:
    speaker, hearer = Node(0), Node(1)
    speaker.pool(0)
    (said,) = speaker.list_all()
    assert hearer.lister.on_listing(said, NOW)
    assert not hearer.lister.on_listing(said, NOW)
    assert hearer.sent == speaker.sent
    assert said.key in hearer.listings


def test_on_listing__contradicting_another__is_passed_on_and_ends_it() -> None:
    speaker, twin, hearer = Node(0), Node(0), Node(1)
    speaker.pool(0)
    twin.pool(1)
    (first,), (second,) = speaker.list_all(), twin.list_all()
    assert first.number == second.number
    assert hearer.lister.on_listing(first, NOW)
    hearer.lister.on_listing(second, NOW)
    assert len(hearer.said()) == 2
    assert len(hearer.listings) == 0


def test_on_listing__signed_by_another__is_the_senders_fault() -> None:
    speaker, hearer = Node(0), Node(1)
    speaker.pool(0)
    (said,) = speaker.list_all()
    fields = {name: getattr(said, name) for name in said.__struct_fields__}
    with pytest.raises(PeerFault, match="listing of member 2 is signed by 0x"):
        hearer.lister.on_listing(Listing(**{**fields, "member": 2}), NOW)
    with pytest.raises(PeerFault):
        hearer.lister.on_listing(Listing(**{**fields, "signature": bytes(64)}), NOW)
    assert hearer.sent == []


def test_on_listing__no_transaction__is_the_senders_fault() -> None:
    speaker, hearer = Node(0), Node(1)
    speaker.pool(0)
    speaker.chain_ids[ROLLUP] = CHAIN_ID
    (said,) = speaker.list_all()
    hearer.chain_ids[ROLLUP] = CHAIN_ID + 1
    with pytest.raises(DecodeError, match="chain id"):
        hearer.lister.on_listing(said, NOW)


def test_on_listing__final_or_of_an_unknown_rollup__is_left_alone() -> None:
    speaker, hearer = Node(0), Node(1)
    speaker.pool(0)
    (said,) = speaker.list_all()
    hearer.final.add(said.key)
    assert not hearer.lister.on_listing(said, NOW)
    hearer.final.clear()
    del hearer.chain_ids[ROLLUP]
    assert not hearer.lister.on_listing(said, NOW)
    assert hearer.sent == []


@pytest.mark.parametrize("data", [b"\x04", b"\x04\x90", b"\x04" + bytes(40)])
def test_decode__no_listing__is_a_decode_error(data: bytes) -> None:
    with pytest.raises(DecodeError, match="listing"):
        decode(data)


def test_list_one__promised_when_it_is_listed_already__is_not_listed_again() -> None:
    """PROMISE-4: it would take the room of another."""
    node = Node(0)
    raw = node.pool(0)
    node.lister.list_waiting(NOW + AFTER)
    assert len(node.said()) == 1
    tx = decode_transaction(raw, CHAIN_ID)
    node.lister.list_one(ROLLUP, tx, NOW + AFTER + 1)
    assert len(node.said()) == 1
    node.lister.begin(COMMITTEE)
    node.lister.list_one(ROLLUP, tx, NOW + AFTER + 2)
    assert len(node.said()) == 2
