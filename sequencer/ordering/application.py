"""What goes into a block, and what an honest node votes for (BLOCK-1 to BLOCK-6).

The engine asks; nothing here waits or signs. It reads the node's view of L1 and its mempool.
"""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from sequencer.blocks.header import Block, Header
from sequencer.blocks.merkle import leaf_hashes, transaction_root
from sequencer.blocks.payload import EMPTY_PAYLOAD, decode_payload, encode_payload
from sequencer.crypto.hashing import keccak
from sequencer.errors import DecodeError, NotYet, PeerFault
from sequencer.ingress.transaction import Transaction, check_intrinsic, decode_transaction
from sequencer.l1.events import L1Header, MessageKind
from sequencer.l1.view import ForcedMessage, L1View
from sequencer.mempool.pool import Mempool, TransactionKey
from sequencer.ordering.origins import Origins, origin_of
from sequencer.ordering.served import Served
from sequencer.ordering.turn import Turn, check_closing, closing_block, has_to_close
from sequencer.types import Address, Epoch, Hash32, Height, RollupId

MAX_CLOCK_DRIFT_MS = 2_000
"""BLOCK-2."""
PAYLOAD_ROOM = 1_024
"""What a payload needs besides its transactions and their table entries: segment heads."""
_REMEMBERED_BLOCKS = 256

Ordered = tuple[RollupId, Transaction]


@dataclass(frozen=True, slots=True)
class OrderingParameters:
    block_bytes: int
    """The longest payload of a block, the same for the whole network (BLOCK-5)."""
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
        self.served = Served(l1, parameters.forced_margin_seconds)
        self._contents: OrderedDict[Hash32, tuple[Ordered, ...]] = OrderedDict()

    def has_work(self, epoch: Epoch, parent: Header, pending: Sequence[Block], now_ms: int) -> bool:
        """Whether a block on `parent` would carry anything, or is needed to end the epoch."""
        if has_to_close(self._l1.schedule, epoch, parent):
            return True
        origin = self._origins.choose(epoch, parent)
        if self._forced_count(origin, parent) > parent.forced_count:
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
        timestamp_ms = max(now_ms, parent.timestamp_ms)
        return self._assemble(turn, parent, timestamp_ms, origin, taken)

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
        self._check_forced(header, parent)
        self._remember(header.hash, self._check_payload(block, pending))

    def transactions(self, block: Block) -> tuple[Ordered, ...]:
        """A final block's transactions; those that break TX-1 or TX-2 are left out (DERIVE-6)."""
        known = self._contents.get(block.header.hash)
        if known is not None:
            return known
        found: list[Ordered] = []
        try:
            entries = list(decode_payload(block.payload))
        except DecodeError:
            return ()
        for rollup, raw in entries:
            chain_id = self._l1.chain_id_of(rollup, block.header.origin_number)
            if chain_id is None:
                continue
            try:
                found.append((rollup, decode_transaction(raw, chain_id)))
            except DecodeError:
                continue
        return tuple(found)

    # --- forced messages ---

    def _forced_count(self, origin: L1Header, parent: Header) -> int:
        """How many messages a block with this origin consumes: all that its origin shows."""
        length = self._l1.queue_length_at(origin.number)
        if length is None or length <= parent.forced_count:
            return parent.forced_count
        if self._parameters.deny_senders:
            return self._count_before_denied(parent.forced_count, length)
        return length

    def _count_before_denied(self, start: int, end: int) -> int:
        """POOL-6."""
        for index in range(max(start, self._l1.consumed), end):
            message = self._l1.message(index)
            if message is None:
                continue
            if self._signer_of(message) in self._parameters.deny_senders:
                return index
        return end

    def _signer_of(self, message: ForcedMessage) -> Address | None:
        """Who acts on the rollup by a message; None if its transaction is no good."""
        if message.kind is not MessageKind.TRANSACTION:
            return message.sender
        chain_id = self._l1.chain_id_of(message.rollup_id, message.l1_block)
        if chain_id is None:
            return None
        try:
            return decode_transaction(message.content, chain_id).sender
        except DecodeError:
            return None

    def _check_forced(self, header: Header, parent: Header) -> None:
        """BLOCK-4."""
        length = self._l1.queue_length_at(header.origin_number)
        most = parent.forced_count if length is None else max(parent.forced_count, length)
        if not parent.forced_count <= header.forced_count <= most:
            raise PeerFault(
                f"forced count {header.forced_count}, expected {parent.forced_count} to {most}"
            )
        if header.forced_count == most or header.forced_count < self._l1.consumed:
            return
        left_over = self._l1.message(header.forced_count)
        pressing_from = header.origin_timestamp + self._parameters.forced_margin_seconds
        if left_over is None or left_over.deadline > pressing_from:
            return
        if self._parameters.deny_senders:
            return  # POOL-6: this node would have left it over too
        raise PeerFault(
            f"forced message {left_over.index} is left over, due at {left_over.deadline},"
            f" pressing at origin time {header.origin_timestamp}"
        )

    # --- contents ---

    def _check_place(self, turn: Turn, header: Header, parent: Header) -> None:
        """BLOCK-1."""
        found = (header.epoch, header.view, header.proposer, header.parent_hash, header.height)
        expected = (turn.epoch, turn.view, turn.proposer, parent.hash, parent.height + 1)
        if found != expected:
            raise PeerFault(f"header's place is {found}, expected {expected}")

    def _check_payload(self, block: Block, pending: Sequence[Block]) -> tuple[Ordered, ...]:
        """BLOCK-5; the transactions, decoded."""
        header = block.header
        if len(block.payload) > self._parameters.block_bytes:
            raise PeerFault(
                f"payload has {len(block.payload)} bytes, at most {self._parameters.block_bytes}"
            )
        if not block.is_whole():
            raise PeerFault("payload is not the one that the header commits to")
        seen = self._keys(pending)
        ordered: list[Ordered] = []
        for segment in decode_payload(block.payload).segments:
            chain_id = self.served.check(segment.rollup, origin_of(header))
            for raw in segment.transactions:
                key = (segment.rollup, keccak(raw))
                if key in seen:
                    raise PeerFault(f"transaction 0x{key[1].hex()} is in the chain already")
                seen.add(key)
                ordered.append((segment.rollup, self._checked(key, raw, chain_id)))
        root = transaction_root(leaf_hashes((rollup, tx.hash) for rollup, tx in ordered))
        if root != header.transaction_root:
            raise PeerFault("transaction root is not that of the payload")
        return tuple(ordered)

    def _checked(self, key: TransactionKey, raw: bytes, chain_id: int) -> Transaction:
        """TX-1 to TX-3; what is pooled here has passed them."""
        pooled = self._mempool.get(key)
        if pooled is not None:
            return pooled
        tx = decode_transaction(raw, chain_id)
        check_intrinsic(tx)
        return tx

    def _assemble(
        self,
        turn: Turn,
        parent: Header,
        timestamp_ms: int,
        origin: L1Header,
        taken: Sequence[Ordered],
    ) -> Block:
        # Segments stand in order of rollup; inside one, the order of arrival stays.
        ordered = sorted(taken, key=lambda item: item[0])
        segments = [
            (rollup, [tx.raw for _, tx in group])
            for rollup, group in groupby(ordered, key=lambda item: item[0])
        ]
        payload = encode_payload(segments) if segments else EMPTY_PAYLOAD
        root = transaction_root(leaf_hashes((rollup, tx.hash) for rollup, tx in ordered))
        header = Header(
            epoch=turn.epoch,
            height=Height(parent.height + 1),
            view=turn.view,
            timestamp_ms=timestamp_ms,
            parent_hash=parent.hash,
            payload_hash=keccak(payload),
            payload_length=len(payload),
            transaction_root=root,
            origin_number=origin.number,
            origin_hash=origin.hash,
            origin_timestamp=origin.timestamp,
            forced_count=self._forced_count(origin, parent),
            proposer=turn.proposer,
        )
        self._remember(header.hash, tuple(ordered))
        return Block(header, payload)

    def _keys(self, pending: Sequence[Block]) -> set[TransactionKey]:
        return {(rollup, tx.hash) for block in pending for rollup, tx in self.transactions(block)}

    def _remember(self, block_hash: Hash32, contents: tuple[Ordered, ...]) -> None:
        self._contents[block_hash] = contents
        if len(self._contents) > _REMEMBERED_BLOCKS:
            self._contents.popitem(last=False)
