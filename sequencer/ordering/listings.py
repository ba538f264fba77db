"""LIST-1 to LIST-5: what members have listed, and what a block must not leave out. Sans-IO.

A listing counts from when it came here, and for each member that made it. What one member can ask
of a block is bounded, and twice as much is kept of it as is asked for, so that nodes which are not
equally far ask for nothing that another has refused. Each listing of a member has a number of its
own: who gives two of one number has said different things to different nodes, and is not listened
to any more in that epoch.
"""

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Annotated

import msgspec

from sequencer.blocks.header import U64, WireHash
from sequencer.blocks.payload import MAX_TRANSACTION_BYTES
from sequencer.crypto.digests import listed_transaction
from sequencer.crypto.hashing import keccak
from sequencer.errors import NotYet, PeerFault
from sequencer.ingress.transaction import Transaction
from sequencer.mempool.pool import TransactionKey
from sequencer.ordering.contents import Ordered
from sequencer.types import MAX_MEMBERS, Committee, Epoch, Hash32, MemberIndex, RollupId

LIST_ENTRIES = 32
"""LIST-2: transactions of one member that a block must hold."""
_KEPT = 2
"""So many times what is asked for."""


class Listing(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A member's word that it holds a transaction; as it goes from node to node (LIST-1)."""

    epoch: Annotated[Epoch, U64]
    committee: WireHash
    member: Annotated[MemberIndex, msgspec.Meta(ge=0, lt=MAX_MEMBERS)]
    number: Annotated[int, U64]
    """Used once: milliseconds, so that a restart uses none again."""
    rollup: Annotated[RollupId, msgspec.Meta(ge=0, le=2**32 - 1)]
    raw: Annotated[bytes, msgspec.Meta(min_length=1, max_length=MAX_TRANSACTION_BYTES)]
    signature: Annotated[bytes, msgspec.Meta(min_length=64, max_length=64)]

    @property
    def key(self) -> TransactionKey:
        return self.rollup, keccak(self.raw)

    def struct_hash(self) -> Hash32:
        return listed_transaction(
            self.epoch, self.committee, self.number, self.rollup, keccak(self.raw)
        )


@dataclass(frozen=True, slots=True)
class ListParameters:
    list_after_ms: int = 1_000
    """LIST-1: how long a transaction has been ready before it is listed."""
    list_grace_ms: int = 500
    """LIST-4: how long a listing has been here before a block must hold it."""


@dataclass(slots=True)
class _Word:
    """One member's listing of a transaction."""

    since_ms: int
    key: TransactionKey
    size: int


@dataclass(slots=True)
class _Member:
    words: dict[int, _Word] = field(default_factory=dict)
    """By number."""
    is_void: bool = False


class Listings:
    """The listings of the current epoch at one node."""

    def __init__(self, parameters: ListParameters, block_bytes: int) -> None:
        self._parameters = parameters
        self._block_bytes = block_bytes
        self._committee: Committee | None = None
        self._members: dict[MemberIndex, _Member] = {}
        self._listed: dict[TransactionKey, Transaction] = {}

    def __len__(self) -> int:
        """Transactions that are listed."""
        return len(self._listed)

    def __contains__(self, key: TransactionKey) -> bool:
        return key in self._listed

    @property
    def committee(self) -> Committee | None:
        return self._committee

    @property
    def bytes_each(self) -> int:
        """What a member may ask of a block."""
        assert self._committee is not None
        return self._block_bytes // (2 * len(self._committee))

    def begin(self, committee: Committee) -> None:
        """An epoch begins; members list again what they still hold."""
        self._committee = committee
        self._members = {}
        self._listed = {}

    def is_news(self, listing: Listing) -> bool:
        """Whether it is of this epoch and says what is not known: ask before the signature."""
        committee = self._committee
        if committee is None or (listing.epoch, listing.committee) != _name(committee):
            return False
        if listing.member >= len(committee):
            raise PeerFault(f"listing of member {listing.member} of {len(committee)}")
        member = self._members.get(listing.member)
        if member is None:
            return True
        if member.is_void:
            return False
        known = member.words.get(listing.number)
        return known is None or known.key != listing.key

    def add(
        self, listing: Listing, transaction: Transaction, now_ms: int, times: int = _KEPT
    ) -> bool:
        """Take in a listing that is news, signed by its member, if it fits `times` what the member
        may ask for; whether it is to be passed on. One that contradicts another is: it ends the
        member's say everywhere."""
        member = self._members.setdefault(listing.member, _Member())
        key, size = listing.key, len(listing.raw)
        if listing.number in member.words:
            self._void(member)
            return True
        held = sum(word.size for word in member.words.values())
        if len(member.words) >= times * LIST_ENTRIES or held + size > times * self.bytes_each:
            return False
        member.words[listing.number] = _Word(now_ms, key, size)
        self._listed.setdefault(key, transaction)
        return True

    def settled(self, keys: Iterable[TransactionKey]) -> None:
        """These are in final blocks, or will be in none."""
        gone = {key for key in keys if key in self._listed}
        if not gone:
            return
        for key in gone:
            del self._listed[key]
        for member in self._members.values():
            member.words = {n: word for n, word in member.words.items() if word.key not in gone}

    def keep(self, is_kept: Callable[[RollupId], bool]) -> None:
        """LIST-3: drop those of rollups that are not kept."""
        self.settled([key for key in self._listed if not is_kept(key[0])])

    def has_rival(self, rollup: RollupId, tx: Transaction) -> bool:
        """Whether another transaction of the same nonce and sender is listed: a block has one of
        them at most, and what was listed first goes first."""
        return any(
            (key[0], other.sender, other.nonce) == (rollup, tx.sender, tx.nonce)
            and other.hash != tx.hash
            for key, other in self._listed.items()
        )

    def waiting(self, excluded: Container[TransactionKey]) -> list[Ordered]:
        """What a proposer puts first (LIST-5)."""
        return [(key[0], tx) for key, tx in self._listed.items() if key not in excluded]

    def check(
        self, ordered: Iterable[Ordered], excluded: Container[TransactionKey], now_ms: int
    ) -> None:
        """LIST-4, of a block with these transactions; `excluded` is what it must not hold. Raises
        `NotYet`: it may be no fault of the proposer's."""
        if not self._listed:
            return
        found: set[TransactionKey] = set()
        places: set[tuple[RollupId, bytes, int]] = set()
        for rollup, tx in ordered:
            found.add((rollup, tx.hash))
            places.add((rollup, tx.sender, tx.nonce))
        for key in self._due(now_ms):
            tx = self._listed[key]
            if key in found or key in excluded or (key[0], tx.sender, tx.nonce) in places:
                continue
            raise NotYet(
                f"transaction 0x{key[1].hex()} of rollup {key[0]} is listed, and left out (LIST-4)"
            )

    def _due(self, now_ms: int) -> Iterator[TransactionKey]:
        """What each member may ask of a block, its oldest listings first."""
        newest_ms = now_ms - self._parameters.list_grace_ms
        for member in self._members.values():
            room = self.bytes_each
            for _, word in sorted(member.words.items())[:LIST_ENTRIES]:
                room -= word.size
                if room < 0:
                    break
                if word.since_ms <= newest_ms:
                    yield word.key

    def _void(self, member: _Member) -> None:
        keys = {word.key for word in member.words.values()}
        member.words, member.is_void = {}, True
        still = {word.key for other in self._members.values() for word in other.words.values()}
        for key in keys - still:
            del self._listed[key]


def _name(committee: Committee) -> tuple[Epoch, Hash32]:
    return committee.epoch, committee.hash
