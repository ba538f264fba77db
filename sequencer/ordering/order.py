"""ORDER-1 to ORDER-4: in what order the transactions of a rollup stand in a block."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from sequencer.blocks.merkle import leaf_hashes
from sequencer.blocks.order import Ordering, OrderingOf, order_keys, value_of
from sequencer.blocks.payload import Payload, decode_payload
from sequencer.blocks.roots import root_of_entries
from sequencer.crypto.hashing import keccak_each
from sequencer.errors import PeerFault
from sequencer.ingress.transaction import Transaction, read_fees
from sequencer.types import Address, Hash32, RollupId

Known = Mapping[tuple[RollupId, Hash32], Transaction]
"""Transactions that were read before, so that they need not be read again."""
NOTHING_KNOWN: Known = MappingProxyType({})


def arrange(
    transactions: Sequence[Transaction], ordering: Ordering, parent_hash: Hash32
) -> list[Transaction]:
    """The transactions of one rollup, each sender's by rising nonce, in order (ORDER-4); of equal
    ones the first comes first."""
    keys: dict[Address, int] = {}
    groups: list[tuple[int, list[Transaction]]] = []
    last_of: dict[Address, list[Transaction]] = {}
    for tx in transactions:
        value = _value(tx, ordering, parent_hash)
        key = keys.get(tx.sender)
        if key is not None and value > key:
            last_of[tx.sender].append(tx)  # It follows at once: nothing else is worth more.
            continue
        keys[tx.sender] = value
        last_of[tx.sender] = [tx]
        groups.append((value, last_of[tx.sender]))
    groups.sort(key=lambda group: -group[0])
    return [tx for _, group in groups for tx in group]


def merged(
    first: Sequence[tuple[RollupId, Transaction]], then: Sequence[tuple[RollupId, Transaction]]
) -> list[tuple[RollupId, Transaction]]:
    """Both, one after the other, but each sender's by rising nonce, and of a nonce the first."""
    if not first:
        return list(then)
    lanes: dict[tuple[RollupId, Address], dict[int, Transaction]] = {}
    places: list[tuple[RollupId, Address]] = []
    for rollup, tx in (*first, *then):
        lane = lanes.setdefault((rollup, tx.sender), {})
        if tx.nonce not in lane:
            lane[tx.nonce] = tx
            places.append((rollup, tx.sender))
    rising = {key: iter(sorted(lane.items())) for key, lane in lanes.items()}
    return [(key[0], next(rising[key])[1]) for key in places]


def check_order(
    transactions: Sequence[Transaction], ordering: Ordering, parent_hash: Hash32
) -> None:
    """ORDER-4 for the transactions of one rollup; raises `PeerFault` naming what breaks it."""
    nonces: dict[Address, int] = {}
    key = 0
    before: Transaction | None = None
    for tx in transactions:
        if tx.nonce <= nonces.get(tx.sender, -1):
            raise PeerFault(
                f"nonce {tx.nonce} of 0x{tx.sender.hex()} stands after {nonces[tx.sender]}"
            )
        nonces[tx.sender] = tx.nonce
        value = _value(tx, ordering, parent_hash)
        if before is None or value <= key:
            key = value
        elif tx.sender != before.sender:
            raise PeerFault(
                f"transaction 0x{tx.hash.hex()} of value {value} stands behind one of key {key}"
                f" and another sender ({ordering.policy.name} order)"
            )
        before = tx


def payload_entries(
    payload: Payload, parent_hash: Hash32, known: Known = NOTHING_KNOWN
) -> list[tuple[RollupId, Hash32, int]]:
    """Rollup, hash and order key of the transactions of a payload on the block of that hash, by
    position."""
    hashes: list[Hash32] = []
    values: list[tuple[RollupId, int]] = []
    for segment in payload.segments:
        raws = segment.transactions
        for raw, tx_hash in zip(raws, keccak_each(raws), strict=True):
            tx = known.get((segment.rollup, tx_hash))
            fees = read_fees(raw) if tx is None else _fees(tx)
            hashes.append(tx_hash)
            values.append((segment.rollup, value_of(segment.ordering, fees, tx_hash, parent_hash)))
    return _keyed(hashes, values)


def payload_root(payload: Payload, parent_hash: Hash32, known: Known = NOTHING_KNOWN) -> Hash32:
    """The transaction root of the block with this payload on the block of that hash (ENC-11)."""
    return root_of_entries(payload_entries(payload, parent_hash, known), payload.held)


def payload_leaves(payload: Payload, parent_hash: Hash32) -> list[Hash32]:
    """The leaves of the block with this payload on the block of that hash (ENC-11)."""
    return leaf_hashes(payload_entries(payload, parent_hash), payload.held)


def root_of(payload: bytes, parent_hash: Hash32) -> Hash32:
    """As `payload_root`, of a payload as it was sent; raises `DecodeError`."""
    return payload_root(decode_payload(payload), parent_hash)


def keyed(
    transactions: Iterable[tuple[RollupId, Transaction]],
    ordering_of: OrderingOf,
    parent_hash: Hash32,
) -> list[tuple[RollupId, Hash32, int]]:
    """Rollup, hash and order key of transactions as they stand in a block."""
    hashes: list[Hash32] = []
    values: list[tuple[RollupId, int]] = []
    for rollup, tx in transactions:
        hashes.append(tx.hash)
        values.append((rollup, _value(tx, ordering_of(rollup), parent_hash)))
    return _keyed(hashes, values)


def _keyed(
    hashes: Sequence[Hash32], values: Sequence[tuple[RollupId, int]]
) -> list[tuple[RollupId, Hash32, int]]:
    rollups = (rollup for rollup, _ in values)
    return list(zip(rollups, hashes, order_keys(values), strict=True))


def _value(tx: Transaction, ordering: Ordering, parent_hash: Hash32) -> int:
    return value_of(ordering, _fees(tx), tx.hash, parent_hash)


def _fees(tx: Transaction) -> tuple[int, int]:
    return tx.max_fee_per_gas, tx.max_priority_fee_per_gas
