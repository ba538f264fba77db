"""What a block holds: built of ready transactions, and judged (BLOCK-5, BLOCK-7)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from sequencer.blocks.contents import decode_contents
from sequencer.blocks.header import Block
from sequencer.blocks.held import ENTRY_BYTES, TABLE_OVERHEAD, HeldEntry, held_entry
from sequencer.blocks.merkle import leaf_hashes, payload_leaves, transaction_root
from sequencer.blocks.payload import (
    EMPTY_PAYLOAD,
    PAYLOAD_OVERHEAD,
    SEGMENT_OVERHEAD,
    TRANSACTION_OVERHEAD,
    decode_payload,
    encode_payload,
    held_entries,
)
from sequencer.crypto.hashing import keccak
from sequencer.errors import DecodeError, PeerFault
from sequencer.ingress.transaction import Transaction, check_intrinsic, decode_transaction
from sequencer.l1.view import L1View
from sequencer.mempool.pool import Mempool, TransactionKey
from sequencer.ordering.origins import origin_of
from sequencer.ordering.served import Served
from sequencer.types import Hash32, RollupId

Ordered = tuple[RollupId, Transaction]

_FIXED_BYTES = PAYLOAD_OVERHEAD + TABLE_OVERHEAD
_HELD_BYTES = ENTRY_BYTES + PAYLOAD_OVERHEAD + SEGMENT_OVERHEAD
"""What a held segment adds to a block besides its transactions: a payload of its own."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What goes into a block."""

    ordered: tuple[Ordered, ...]
    """Its transactions, those of held segments last."""
    payload: bytes
    held: bytes
    transaction_root: Hash32


NOTHING = Contents((), EMPTY_PAYLOAD, b"", transaction_root([]))


class ContentRules:
    """One node's way to fill blocks, and its judgement of others'."""

    def __init__(self, l1: L1View, mempool: Mempool, served: Served, block_bytes: int) -> None:
        """`block_bytes`: how long payload and held segments of a block are at most."""
        self._l1 = l1
        self._mempool = mempool
        self._served = served
        self._block_bytes = block_bytes

    def pack(self, taken: Iterable[Ordered]) -> Contents:
        """The contents of a block with the first of these transactions, as many as fit. Rollups
        stand in order of their id, those that hold their data last; inside one the order stays."""
        fitting = self._fitting(taken)
        if not fitting:
            return NOTHING
        ordered = sorted(fitting, key=self._place)
        posted, held = [], []
        for (is_held, rollup), group in groupby(ordered, key=self._place):
            segment = rollup, [tx.raw for _, tx in group]
            if is_held:
                held.append((rollup, encode_payload([segment])))
            else:
                posted.append(segment)
        named = [held_entry(rollup, data) for rollup, data in held]
        return Contents(
            ordered=tuple(ordered),
            payload=encode_payload(posted, held=named),
            held=b"".join(data for _, data in held),
            transaction_root=_root([i for i in ordered if not self._l1.holds_data(i[0])], named),
        )

    def check(self, block: Block, seen: set[TransactionKey]) -> tuple[Ordered, ...]:
        """The transactions of a block that an honest node may have built; `seen`, which grows by
        them, are those of its ancestors that are not final. Raises `PeerFault`."""
        if block.content_bytes > self._block_bytes:
            raise PeerFault(
                f"payload and held segments have {block.content_bytes} bytes,"
                f" at most {self._block_bytes}"
            )
        if not block.is_whole():
            raise PeerFault("payload or held segments are not what the header commits to")
        ordered: list[Ordered] = []
        posted = 0
        for part in decode_contents(block):
            rollup = part.segment.rollup
            chain_id = self._served.check(rollup, origin_of(block.header))
            if self._l1.holds_data(rollup) != part.is_held:
                wrong = "held back, but its data goes" if part.is_held else "posted, but not"
                raise PeerFault(f"transactions of rollup {rollup} are {wrong} to L1")
            for raw in part.segment.transactions:
                key = (rollup, keccak(raw))
                if key in seen:
                    raise PeerFault(f"transaction 0x{key[1].hex()} is in the chain already")
                seen.add(key)
                ordered.append((rollup, self._checked(key, raw, chain_id)))
            if not part.is_held:
                posted = len(ordered)
        if _root(ordered[:posted], held_entries(block.payload)) != block.header.transaction_root:
            raise PeerFault("transaction root is not that of the payload")
        return tuple(ordered)

    def vouches_for(self, block: Block) -> bool:
        """Whether a final block can be answered for on L1 (HELD-1): its root has no leaf but those
        of its payload, it is whole, and none of it is too long for an answer."""
        if block.content_bytes > self._block_bytes or not block.is_whole():
            return False
        try:
            leaves = payload_leaves(decode_payload(block.payload))
        except DecodeError:
            return False
        return transaction_root(leaves) == block.header.transaction_root

    def _place(self, item: Ordered) -> tuple[bool, RollupId]:
        """By this they are sorted: what is held stands last."""
        return self._l1.holds_data(item[0]), item[0]

    def _checked(self, key: TransactionKey, raw: bytes, chain_id: int) -> Transaction:
        """TX-1 to TX-3; what is pooled here has passed them."""
        pooled = self._mempool.get(key)
        if pooled is not None:
            return pooled
        tx = decode_transaction(raw, chain_id)
        check_intrinsic(tx)
        return tx

    def _fitting(self, taken: Iterable[Ordered]) -> list[Ordered]:
        """Those before the first with which the block might be too long, not compressed."""
        room = self._block_bytes - _FIXED_BYTES
        fitting: list[Ordered] = []
        rollups: set[RollupId] = set()
        for rollup, tx in taken:
            room -= len(tx.raw) + TRANSACTION_OVERHEAD
            if rollup not in rollups:
                room -= _HELD_BYTES if self._l1.holds_data(rollup) else SEGMENT_OVERHEAD
            if room < 0:
                break
            rollups.add(rollup)
            fitting.append((rollup, tx))
        return fitting


def _root(posted: Sequence[Ordered], held: Sequence[HeldEntry]) -> Hash32:
    return transaction_root(leaf_hashes(((rollup, tx.hash) for rollup, tx in posted), held))
