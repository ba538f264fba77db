"""LIST-1 to LIST-3 on a running node: its own listings signed and sent, those of others checked and
passed on."""

from collections.abc import Callable

from sequencer.crypto.digests import typed_digest
from sequencer.crypto.hot_keys import HotKeys
from sequencer.crypto.signatures import recover
from sequencer.errors import PeerFault
from sequencer.ingress.transaction import Transaction, check_intrinsic, decode_transaction
from sequencer.mempool.pool import Mempool, TransactionKey
from sequencer.node.wire import encode_listing
from sequencer.ordering.listings import Listing, Listings, ListParameters
from sequencer.types import Committee, Hash32, RollupId

MAX_AT_ONCE = 4
"""Own listings made in one go, ten times a second: where everything waits for long, no more is
listed than others can look at, the oldest first."""


class Lister:
    """What a member says it holds, and what it hears of others."""

    def __init__(
        self,
        keys: HotKeys,
        separator: Hash32,
        mempool: Mempool,
        listings: Listings,
        parameters: ListParameters,
        chain_id_of: Callable[[RollupId], int | None],
        is_ordered: Callable[[TransactionKey], bool],
        broadcast: Callable[[bytes], None],
    ) -> None:
        self._keys = keys
        self._separator = separator
        self._mempool = mempool
        self._listings = listings
        self._parameters = parameters
        self._chain_id_of = chain_id_of
        self._is_ordered = is_ordered
        self._broadcast = broadcast
        self._own: set[TransactionKey] = set()
        self._number = 0

    def begin(self, committee: Committee) -> None:
        """An epoch begins."""
        self._listings.begin(committee)
        self._own = set()

    def has_rival(self, rollup: RollupId, tx: Transaction) -> bool:
        """Whether another one of its sender and nonce is listed."""
        return self._listings.has_rival(rollup, tx)

    def list_waiting(self, now_ms: int) -> bool:
        """LIST-1: list what has been ready for too long; whether that was anything."""
        if self._listings.committee is None:
            return False
        before_ms = now_ms - self._parameters.list_after_ms
        self._own = {key for key in self._own if key in self._mempool}
        waiting = self._mempool.ready_since(
            before_ms, MAX_AT_ONCE, self._own, self._listings.bytes_each
        )
        for place, (rollup, tx) in enumerate(waiting):
            # Nothing goes before what its sender sent earlier, for want of room.
            if not self.list_one(rollup, tx, now_ms):
                return place > 0
        return bool(waiting)

    def list_one(self, rollup: RollupId, tx: Transaction, now_ms: int) -> bool:
        """List a transaction of the pool, once, unless this node has no seat or its list has no
        room; whether it is listed now."""
        committee = self._listings.committee
        seat = None if committee is None else self._keys.seat(committee)
        if committee is None or seat is None:
            return False
        if (rollup, tx.hash) in self._own:
            return True
        self._number = max(self._number + 1, now_ms)
        unsigned = Listing(
            committee.epoch, committee.hash, seat.member, self._number, rollup, tx.raw, bytes(64)
        )
        signature = seat.signer.sign(typed_digest(self._separator, unsigned.struct_hash()))
        listing = Listing(
            committee.epoch, committee.hash, seat.member, self._number, rollup, tx.raw, signature
        )
        if not self._listings.add(listing, tx, now_ms, times=1):
            return False
        self._own.add((rollup, tx.hash))
        self._broadcast(encode_listing(listing))
        return True

    def on_listing(self, listing: Listing, now_ms: int) -> bool:
        """A peer's listing; whether there is something new to order. Raises `PeerFault`."""
        if not self._listings.is_news(listing):
            return False
        committee = self._listings.committee
        assert committee is not None, "else it is no news"
        signer = recover(typed_digest(self._separator, listing.struct_hash()), listing.signature)
        if signer != committee.members[listing.member].signer:
            raise PeerFault(f"listing of member {listing.member} is signed by 0x{signer.hex()}")
        chain_id = self._chain_id_of(listing.rollup)
        if chain_id is None:
            return False  # registered on L1 a moment ago, perhaps
        key = listing.key
        tx = self._mempool.get(key)
        if tx is None:
            if self._is_ordered(key):  # however long ago: every node is to find the same
                return False
            tx = decode_transaction(listing.raw, chain_id)
            check_intrinsic(tx)
        if not self._listings.add(listing, tx, now_ms):
            return False
        self._broadcast(encode_listing(listing))
        return True
