"""What goes into a block, and what an honest node votes for (BLOCK-1 to BLOCK-7).

The engine asks; nothing here waits or signs. It reads the node's view of L1 and its mempool.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

from sequencer.blocks.contents import read_contents
from sequencer.blocks.header import Block, Header
from sequencer.crypto.hashing import keccak
from sequencer.errors import DecodeError, NotYet, PeerFault
from sequencer.ingress.transaction import decode_transaction
from sequencer.l1.view import L1View
from sequencer.mempool.pool import Mempool, TransactionKey
from sequencer.ordering.contents import ContentRules, Ordered
from sequencer.ordering.forced import Forced
from sequencer.ordering.origins import Origins
from sequencer.ordering.served import Served
from sequencer.ordering.turn import Turn, check_closing, closing_block, has_to_close
from sequencer.types import Address, Epoch, Hash32, Height

MAX_CLOCK_DRIFT_MS = 2_000
"""BLOCK-2."""
PAYLOAD_ROOM = 1_024
"""More than a block needs besides its transactions and their table entries, if few rollups share
it."""
_REMEMBERED_BLOCKS = 256


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

    def __init__(self, l1: L1View, mempool: Mempool, parameters: OrderingParameters) -> None:
        self._l1 = l1
        self._mempool = mempool
        self._parameters = parameters
        self._origins = Origins(l1, parameters.origin_lag)
        self._forced = Forced(l1, parameters.forced_margin_seconds, parameters.deny_senders)
        self.served = Served(l1, parameters.forced_margin_seconds)
        self._rules = ContentRules(l1, mempool, self.served, parameters.block_bytes)
        self._contents: OrderedDict[Hash32, tuple[Ordered, ...]] = OrderedDict()

    def has_work(self, epoch: Epoch, parent: Header, pending: Sequence[Block], now_ms: int) -> bool:
        """Whether a block on `parent` would carry anything, or is needed to end the epoch."""
        if has_to_close(self._l1.schedule, epoch, parent):
            return True
        origin = self._origins.choose(epoch, parent)
        if self._forced.count(origin, parent) > parent.forced_count:
            return True
        excluded = self.served.excluding(self._keys(pending), origin)
        return self._mempool.has_work(excluded, now_ms)

    def prepare(self, turn: Turn, parent: Header, pending: Sequence[Block], now_ms: int) -> Block:
        """This node's block on `parent`; it passes `process` on every honest node."""
        if has_to_close(self._l1.schedule, turn.epoch, parent):
            return closing_block(turn, parent)
        origin = self._origins.choose(turn.epoch, parent)
        taken = self._mempool.take(
            self._parameters.block_bytes - PAYLOAD_ROOM,
            self._parameters.max_block_transactions,
            self.served.excluding(self._keys(pending), origin),
            now_ms,
        )
        contents = self._rules.pack(taken)
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
        self._remember(header.hash, contents.ordered)
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
        self._remember(header.hash, self._rules.check(block, self._keys(pending)))

    def transactions(self, block: Block) -> tuple[Ordered, ...]:
        """A final block's transactions; those that break TX-1 or TX-2 are left out (DERIVE-6)."""
        known = self._contents.get(block.header.hash)
        if known is not None:
            return known
        found: list[Ordered] = []
        for rollup, raw in read_contents(block):
            chain_id = self._l1.chain_id_of(rollup, block.header.origin_number)
            if chain_id is None:
                continue
            try:
                found.append((rollup, decode_transaction(raw, chain_id)))
            except DecodeError:
                continue
        return tuple(found)

    def vouches_for(self, block: Block) -> bool:
        """HELD-1, of a final block; what this node has judged before needs no second look."""
        return block.header.hash in self._contents or self._rules.vouches_for(block)

    def _check_place(self, turn: Turn, header: Header, parent: Header) -> None:
        """BLOCK-1."""
        found = (header.epoch, header.view, header.proposer, header.parent_hash, header.height)
        expected = (turn.epoch, turn.view, turn.proposer, parent.hash, parent.height + 1)
        if found != expected:
            raise PeerFault(f"header's place is {found}, expected {expected}")

    def _keys(self, pending: Sequence[Block]) -> set[TransactionKey]:
        return {(rollup, tx.hash) for block in pending for rollup, tx in self.transactions(block)}

    def _remember(self, block_hash: Hash32, contents: tuple[Ordered, ...]) -> None:
        self._contents[block_hash] = contents
        if len(self._contents) > _REMEMBERED_BLOCKS:
            self._contents.popitem(last=False)
