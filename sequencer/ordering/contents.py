"""What a block holds: built of ready transactions, and judged (BLOCK-5, BLOCK-7)."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from sequencer.blocks.contents import Part, decode_contents
from sequencer.blocks.header import Block, Header
from sequencer.blocks.held import ENTRY_BYTES, TABLE_OVERHEAD, HeldEntry, held_entry
from sequencer.blocks.merkle import transaction_root
from sequencer.blocks.order import Ordering
from sequencer.blocks.payload import (
    EMPTY_PAYLOAD,
    PAYLOAD_OVERHEAD,
    SEGMENT_OVERHEAD,
    TRANSACTION_OVERHEAD,
    Segment,
    decode_payload,
    encode_payload,
    held_entries,
)
from sequencer.blocks.roots import root_of_entries
from sequencer.crypto.hashing import keccak_each
from sequencer.errors import DecodeError, PeerFault
from sequencer.ingress.transaction import Transaction, check_intrinsic
from sequencer.ingress.transactions import decode_transactions
from sequencer.l1.view import L1View
from sequencer.mempool.pool import Mempool, TransactionKey
from sequencer.ordering.order import (
    NOTHING_KNOWN,
    Known,
    arrange,
    check_order,
    keyed,
    merged,
    payload_root,
)
from sequencer.ordering.origins import origin_of
from sequencer.ordering.served import Served
from sequencer.types import Epoch, Hash32, RollupId

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

    def fitting(self, listed: Sequence[Ordered], taken: Sequence[Ordered]) -> Sequence[Ordered]:
        """What a block has room for, what is listed before all else (LIST-5): no sender's earlier
        transactions push out a later one that a member asks for."""
        if not listed:
            return taken
        known = {(rollup, tx.hash) for rollup, tx in listed}
        others = [(rollup, tx) for rollup, tx in taken if (rollup, tx.hash) not in known]
        kept = self._fitting([*listed, *others])
        return merged(kept[: len(listed)], kept[len(listed) :])

    def pack(self, taken: Iterable[Ordered], parent_hash: Hash32) -> Contents:
        """The contents of a block, on the block of that hash, with the first of these transactions,
        as many as fit. Rollups stand in order of their id, those that hold their data last; inside
        one the order is by its policy (ORDER-4)."""
        fitting = self._fitting(taken)
        if not fitting:
            return NOTHING
        ordered: list[Ordered] = []
        posted, held = [], []
        for (is_held, rollup), group in groupby(sorted(fitting, key=self._place), key=self._place):
            ordering = self._ordering(rollup)
            arranged = self.arrange([tx for _, tx in group], ordering, parent_hash)
            ordered += [(rollup, tx) for tx in arranged]
            segment = rollup, [tx.raw for tx in arranged]
            if is_held:
                held.append((rollup, encode_payload([segment], ordering_of=self._ordering)))
            else:
                posted.append(segment)
        named = [held_entry(rollup, data) for rollup, data in held]
        leaves = [item for item in ordered if not self._l1.holds_data(item[0])]
        return Contents(
            ordered=tuple(ordered),
            payload=encode_payload(posted, held=named, ordering_of=self._ordering),
            held=b"".join(data for _, data in held),
            transaction_root=self._root(leaves, named, parent_hash),
        )

    def arrange(
        self, transactions: Sequence[Transaction], ordering: Ordering, parent_hash: Hash32
    ) -> list[Transaction]:
        """ORDER-4."""
        return arrange(transactions, ordering, parent_hash)

    def check(self, block: Block, seen: Collection[TransactionKey]) -> tuple[Ordered, ...]:
        """The transactions of a block that an honest node may have built; `seen` are those of its
        ancestors that are not final. Raises `PeerFault`."""
        if block.content_bytes > self._block_bytes:
            raise PeerFault(
                f"payload and held segments have {block.content_bytes} bytes,"
                f" at most {self._block_bytes}"
            )
        if not block.is_whole():
            raise PeerFault("payload or held segments are not what the header commits to")
        parent_hash = block.header.parent_hash
        ordered: list[Ordered] = []
        posted = 0
        for part in decode_contents(block):
            rollup = part.segment.rollup
            chain_id = self._served.check(rollup, origin_of(block.header))
            if self._l1.holds_data(rollup) != part.is_held:
                wrong = "held back, but its data goes" if part.is_held else "posted, but not"
                raise PeerFault(f"transactions of rollup {rollup} are {wrong} to L1")
            transactions = self._checked(part.segment, chain_id, seen)
            ordered += [(rollup, tx) for tx in transactions]
            self.check_order(part, transactions, parent_hash)
            if not part.is_held:
                posted = len(ordered)
        root = self._root(ordered[:posted], held_entries(block.payload), parent_hash)
        if root != block.header.transaction_root:
            raise PeerFault("transaction root is not that of the payload")
        return tuple(ordered)

    def vouches_for(self, block: Block, epoch: Epoch, known: Known = NOTHING_KNOWN) -> bool:
        """Whether a final block can be answered for on L1 in an attestation of that epoch (HELD-1,
        ATTEST-2): its root has no leaf but those of its payload, they are in order if the epoch is
        its own, it is whole, and none of it is too long for an answer. `known` are transactions of
        it that this node has read."""
        if block.content_bytes > self._block_bytes or not block.is_whole():
            return False
        try:
            payload = decode_payload(block.payload)
            if block.header.epoch == epoch:
                for segment in payload.segments:
                    self._check_provable(segment, block.header, known)
        except PeerFault:
            return False
        root = payload_root(payload, block.header.parent_hash, known)
        return root == block.header.transaction_root

    def check_order(
        self, part: Part, transactions: Sequence[Transaction], parent_hash: Hash32
    ) -> None:
        """ORDER-3, ORDER-4; raises `PeerFault`. A held segment's statement is as good as none."""
        segment, ordering = part.segment, self._ordering(part.segment.rollup)
        if segment.ordering != ordering and not part.is_held:
            raise PeerFault(f"rollup {segment.rollup} has {ordering}, not {segment.ordering}")
        check_order(transactions, ordering, parent_hash)

    def _check_provable(self, segment: Segment, header: Header, known: Known) -> None:
        """What can be proved against a posted segment of a final block (ORDER-7); raises
        `PeerFault`."""
        found = self._l1.registration_of(segment.rollup)
        if found is None or header.origin_timestamp < found.provable_from:
            return
        if segment.ordering != found.ordering:
            raise PeerFault(f"rollup {segment.rollup} has {found.ordering}, not {segment.ordering}")
        read = _read(segment.rollup, segment.transactions, found.chain_id, known.get)
        transactions = [_readable(tx) for tx in read]
        check_order(transactions, found.ordering, header.parent_hash)

    def _ordering(self, rollup: RollupId) -> Ordering:
        """Of a rollup that is served, and so registered."""
        found = self._l1.registration_of(rollup)
        assert found is not None, f"rollup {rollup} is not registered"
        return found.ordering

    def _root(
        self, posted: Sequence[Ordered], held: Sequence[HeldEntry], parent_hash: Hash32
    ) -> Hash32:
        return root_of_entries(keyed(posted, self._ordering, parent_hash), held)

    def _place(self, item: Ordered) -> tuple[bool, RollupId]:
        """By this they are sorted: what is held stands last."""
        return self._l1.holds_data(item[0]), item[0]

    def read(
        self, rollup: RollupId, raws: Sequence[bytes], chain_id: int
    ) -> list[Transaction | DecodeError]:
        """TX-1 and TX-2; what is pooled here has passed them."""
        return _read(rollup, raws, chain_id, self._mempool.get)

    def _checked(
        self, segment: Segment, chain_id: int, seen: Collection[TransactionKey]
    ) -> list[Transaction]:
        """TX-1 to TX-3, of transactions that are not `seen`, each but once."""
        found = [_valid(tx) for tx in self.read(segment.rollup, segment.transactions, chain_id)]
        keys = [(segment.rollup, tx.hash) for tx in found]
        if len(set(keys)) < len(keys) or any(key in seen for key in keys):
            times = Counter(keys)
            again = next(key for key in keys if key in seen or times[key] > 1)
            raise PeerFault(f"transaction 0x{again[1].hex()} is in the chain already")
        return found

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


def _read(
    rollup: RollupId,
    raws: Sequence[bytes],
    chain_id: int,
    known: Callable[[TransactionKey], Transaction | None],
) -> list[Transaction | DecodeError]:
    """TX-1 and TX-2; what is known has passed them."""
    found = [known((rollup, tx_hash)) for tx_hash in keccak_each(raws)]
    found = [tx if tx is not None and tx.chain_id == chain_id else None for tx in found]
    strange = [raw for raw, tx in zip(raws, found, strict=True) if tx is None]
    decoded = iter(decode_transactions(strange, chain_id))
    return [tx or next(decoded) for tx in found]


def _readable(found: Transaction | DecodeError) -> Transaction:
    if isinstance(found, DecodeError):
        raise found
    return found


def _valid(found: Transaction | DecodeError) -> Transaction:
    tx = _readable(found)
    check_intrinsic(tx)
    return tx
