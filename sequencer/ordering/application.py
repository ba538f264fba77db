"""What goes into a block, and what an honest node votes for (BLOCK-1 to BLOCK-7).

The engine asks; nothing here waits or signs. It reads the node's view of L1 and its mempool.
"""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import TypeVar

from sequencer.blocks.contents import read_contents, transaction_keys
from sequencer.blocks.header import Block, Header
from sequencer.crypto.hashing import keccak
from sequencer.errors import NotYet, PeerFault
from sequencer.ingress.refusal import Refused
from sequencer.ingress.transaction import Transaction
from sequencer.l1.view import L1View
from sequencer.mempool.pool import Mempool, TransactionKey
from sequencer.ordering.contents import ContentRules, Ordered
from sequencer.ordering.forced import Forced
from sequencer.ordering.listings import Listings
from sequencer.ordering.origins import Origins, origin_of
from sequencer.ordering.served import Served
from sequencer.ordering.turn import Turn, check_closing, closing_block, has_to_close
from sequencer.types import Address, Epoch, Hash32, Height

MAX_CLOCK_DRIFT_MS = 2_000
"""BLOCK-2."""
PAYLOAD_ROOM = 1_024
"""More than a block needs besides its transactions and their table entries, if few rollups share
it."""
PAUSE_MS_EACH = 3
MAX_PAUSE_MS = 50
_REMEMBERED_BLOCKS = 256

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class OrderingParameters:
    block_bytes: int
    """How long payload and held segments of a block are at most, the same for the whole network
    (BLOCK-5, BLOCK-7)."""
    forced_margin_seconds: int
    """BLOCK-4: how long before its deadline a forced message is pressing."""
    max_block_transactions: int = 20_000
    deny_senders: frozenset[Address] = frozenset()
    """POOL-6."""
    origin_lag: int = 1
    """How far below the highest confirmed L1 block this node's origins lie: a peer whose view
    lags by as much can judge them at once."""


class Application:
    """Builds and judges blocks for one node."""

    def __init__(
        self, l1: L1View, mempool: Mempool, parameters: OrderingParameters, listings: Listings
    ) -> None:
        self._l1 = l1
        self._mempool = mempool
        self._listings = listings
        self._parameters = parameters
        self._origins = Origins(l1, parameters.origin_lag)
        self._forced = self.make_forced(l1)
        self.served = Served(l1, parameters.forced_margin_seconds)
        self._rules = self.make_rules(l1)
        self._contents: OrderedDict[Hash32, tuple[Ordered, ...]] = OrderedDict()
        """Of blocks that this node has built or judged."""
        self._read: OrderedDict[Hash32, tuple[Ordered, ...]] = OrderedDict()
        """Of blocks that others have made final before this node could judge them."""
        self._keys: OrderedDict[Hash32, frozenset[TransactionKey]] = OrderedDict()
        """Of blocks that others were built on."""

    def make_forced(self, l1: L1View) -> Forced:
        """The one place that decides which forced messages a block consumes."""
        return Forced(l1, self._parameters.forced_margin_seconds, self._parameters.deny_senders)

    def make_rules(self, l1: L1View) -> ContentRules:
        """The one place that decides what a block holds, and in what order."""
        return ContentRules(l1, self._mempool, self.served, self._parameters.block_bytes)

    def pause_ms(
        self, epoch: Epoch, parent: Header, pending: Sequence[Block], now_ms: int
    ) -> int | None:
        """How long a view lasts before its leader builds on `parent` (BLOCK-10); None where a block
        would carry nothing, and none is needed to end the epoch."""
        if has_to_close(self._l1.schedule, epoch, parent):
            return 0
        origin = self._origins.choose(epoch, parent)
        if self._forced.count(origin, parent) > parent.forced_count:
            return 0
        excluded = self.served.excluding(self._held_by(pending), origin)
        if self._listings.waiting(excluded):
            return 0
        if not self._mempool.has_work(excluded, now_ms):
            return None
        if self._has_whole_block(pending):
            return 0
        return min(MAX_PAUSE_MS, PAUSE_MS_EACH * len(self._contents.get(parent.hash, ())))

    def prepare(self, turn: Turn, parent: Header, pending: Sequence[Block], now_ms: int) -> Block:
        """This node's block on `parent`; it passes `process` on every honest node."""
        if has_to_close(self._l1.schedule, turn.epoch, parent):
            return closing_block(turn, parent)
        origin = self._origins.choose(turn.epoch, parent)
        excluded = self.served.excluding(self._held_by(pending), origin)
        taken = self._mempool.take(
            self._parameters.block_bytes - PAYLOAD_ROOM,
            self._parameters.max_block_transactions,
            excluded,
            now_ms,
        )
        fitting = self._rules.fitting(self._listings.waiting(excluded), taken)
        contents = self._rules.pack(fitting, parent.hash)
        header = Header(
            epoch=turn.epoch,
            height=Height(parent.height + 1),
            view=turn.view,
            timestamp_ms=max(now_ms, parent.timestamp_ms),
            parent_hash=parent.hash,
            payload_hash=keccak(contents.payload),
            payload_length=len(contents.payload),
            transaction_root=contents.transaction_root,
            origin_number=origin.number,
            origin_hash=origin.hash,
            origin_timestamp=origin.timestamp,
            forced_count=self._forced.count(origin, parent),
            proposer=turn.proposer,
        )
        _keep(self._contents, header.hash, contents.ordered)
        return Block(header, contents.payload, contents.held)

    def process(
        self, turn: Turn, block: Block, parent: Header, pending: Sequence[Block], now_ms: int
    ) -> None:
        """Raises `PeerFault` for a block no honest node proposes, and `NotYet` for one that
        this node cannot judge now."""
        header = block.header
        self._check_place(turn, header, parent)
        if has_to_close(self._l1.schedule, turn.epoch, parent):
            check_closing(block, turn, parent)
            return
        if header.timestamp_ms < parent.timestamp_ms:
            raise PeerFault(f"timestamp {header.timestamp_ms} is before {parent.timestamp_ms}")
        if header.timestamp_ms > now_ms + MAX_CLOCK_DRIFT_MS:
            raise NotYet(f"timestamp {header.timestamp_ms} is ahead of the clock, {now_ms}")
        self._origins.check(turn.epoch, header, parent)
        self._forced.check(header, parent)
        seen = self._held_by(pending)
        excluded = self.served.excluding(seen, origin_of(header))
        ordered = self._rules.check(block, seen)
        self._pool(ordered, now_ms)
        self._listings.check(ordered, excluded, now_ms)
        _keep(self._contents, header.hash, ordered)

    def transactions(self, block: Block) -> tuple[Ordered, ...]:
        """A final block's transactions; those that break TX-1 or TX-2 are left out (DERIVE-6)."""
        known = self._contents.get(block.header.hash)
        if known is not None:
            return known
        found: list[Ordered] = []
        for rollup, group in groupby(read_contents(block), itemgetter(0)):
            chain_id = self._l1.chain_id_of(rollup, block.header.origin_number)
            if chain_id is not None:
                read = self._rules.read(rollup, [raw for _, raw in group], chain_id)
                found += [(rollup, tx) for tx in read if isinstance(tx, Transaction)]
        _keep(self._read, block.header.hash, tuple(found))
        return tuple(found)

    def keys(self, block: Block) -> Sequence[TransactionKey]:
        """Of every transaction of a final block, in order (`transaction_keys`): of a block that was
        built or judged here all decode, and their hashes are known."""
        known = self._contents.get(block.header.hash)
        if known is None:
            return transaction_keys(block)
        return [(rollup, tx.hash) for rollup, tx in known]

    def settled(self, keys: Iterable[TransactionKey]) -> None:
        """These are in a final block."""
        self._listings.settled(keys)

    def vouches_for(self, block: Block, epoch: Epoch) -> bool:
        """HELD-1 and ATTEST-2, of a final block and an attestation of that epoch; what this node
        has judged before needs no second look, but that L1 may have gone back since."""
        if block.header.epoch == epoch and self._forced.is_neglected(block.header):
            return False
        if block.header.hash in self._contents:
            return True
        known = {(rollup, tx.hash): tx for rollup, tx in self._read.get(block.header.hash, ())}
        return self._rules.vouches_for(block, epoch, known)

    def _check_place(self, turn: Turn, header: Header, parent: Header) -> None:
        """BLOCK-1."""
        found = (header.epoch, header.view, header.proposer, header.parent_hash, header.height)
        expected = (turn.epoch, turn.view, turn.proposer, parent.hash, parent.height + 1)
        if found != expected:
            raise PeerFault(f"header's place is {found}, expected {expected}")

    def _held_by(self, pending: Sequence[Block]) -> Collection[TransactionKey]:
        """What these blocks hold."""
        keys = [self._keys_of(block) for block in pending]
        return keys[0] if len(keys) == 1 else frozenset().union(*keys)

    def _keys_of(self, block: Block) -> frozenset[TransactionKey]:
        known = self._keys.get(block.header.hash)
        if known is None:
            known = frozenset(self.keys(block))
            _keep(self._keys, block.header.hash, known)
        return known

    def _pool(self, ordered: Iterable[Ordered], now_ms: int) -> None:
        """POOL-5: what a block has brought before its gossip came is not checked again then."""
        for rollup, tx in ordered:
            if (rollup, tx.hash) not in self._mempool:
                with suppress(Refused):
                    self._mempool.add(rollup, tx, now_ms)

    def _has_whole_block(self, pending: Sequence[Block]) -> bool:
        """Whether the pool has enough for a block besides what these hold, by the mean length of
        what is in it."""
        count = len(self._mempool)
        free = count - sum(len(self._contents.get(b.header.hash, ())) for b in pending)
        room = self._parameters.block_bytes - PAYLOAD_ROOM
        return free * self._mempool.total_bytes >= count * room


def _keep(among: OrderedDict[Hash32, _T], block_hash: Hash32, value: _T) -> None:
    among[block_hash] = value
    if len(among) > _REMEMBERED_BLOCKS:
        among.popitem(last=False)
