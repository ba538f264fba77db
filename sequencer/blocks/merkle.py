"""ENC-11: the Merkle tree over a block's transactions and held segments.

A level with an odd count carries its last entry up unchanged, so a proof needs the number of
leaves to know on which levels it has no sibling. Leaves of either kind and nodes are hashed in
separate domains. A leaf holds its own position; the root does not bind the number of leaves, which
no one who has the position needs.
"""

from collections.abc import Iterable, Sequence

from sequencer.blocks.held import HeldEntry
from sequencer.blocks.order import KEY_BYTES
from sequencer.crypto.hashing import keccak
from sequencer.types import ZERO_HASH, Hash32, RollupId

_LEAF, _NODE, _HELD_LEAF = b"\x00", b"\x01", b"\x02"


def leaf_hash(rollup: RollupId, position: int, tx_hash: Hash32, order_key: int) -> Hash32:
    """The leaf of the transaction at `position`, counted from 0 through the whole block."""
    place = rollup.to_bytes(4, "big") + position.to_bytes(4, "big")
    return keccak(_LEAF + place + tx_hash + order_key.to_bytes(KEY_BYTES, "big"))


def held_leaf_hash(rollup: RollupId, position: int, length: int, held_hash: Hash32) -> Hash32:
    """The leaf of a held segment of `length` bytes; positions go on after the transactions."""
    place = rollup.to_bytes(4, "big") + position.to_bytes(4, "big")
    return keccak(_HELD_LEAF + place + length.to_bytes(4, "big") + held_hash)


def leaf_hashes(
    transactions: Iterable[tuple[RollupId, Hash32, int]], held: Sequence[HeldEntry] = ()
) -> list[Hash32]:
    """The leaves of a block, from the transactions of its payload with their order keys, and its
    held segments, both in payload order."""
    leaves = [
        leaf_hash(rollup, at, tx_hash, key)
        for at, (rollup, tx_hash, key) in enumerate(transactions)
    ]
    return leaves + [
        held_leaf_hash(entry.rollup, at, entry.length, entry.hash)
        for at, entry in enumerate(held, start=len(leaves))
    ]


def transaction_root(leaves: Sequence[Hash32]) -> Hash32:
    """The root over leaf hashes; the zero word for none."""
    if not leaves:
        return ZERO_HASH
    level = leaves
    while len(level) > 1:
        level = _parents(level)
    return level[0]


def prove(leaves: Sequence[Hash32], position: int) -> tuple[Hash32, ...]:
    """The siblings of the leaf at `position`, from the bottom up.

    Raises `IndexError` when there is no such leaf.
    """
    if not 0 <= position < len(leaves):
        raise IndexError(f"position {position} of {len(leaves)} leaves")
    siblings = []
    level = leaves
    while len(level) > 1:
        sibling = position ^ 1
        if sibling < len(level):
            siblings.append(level[sibling])
        level = _parents(level)
        position //= 2
    return tuple(siblings)


def sides_of(count: int, position: int) -> int:
    """Bit i is set if sibling i of the leaf at `position` of `count` stands on the left."""
    sides, sibling = 0, 0
    while count > 1:
        if position ^ 1 < count:
            sides |= (position & 1) << sibling
            sibling += 1
        position //= 2
        count = (count + 1) // 2
    return sides


def root_above(leaf: Hash32, siblings: Sequence[Hash32], sides: int) -> Hash32:
    """The root to which the siblings of a leaf lead, from the bottom up; `sides` as `sides_of` has
    them. The twin of `MerkleLib.rootOf`."""
    node = leaf
    for place, sibling in enumerate(siblings):
        is_left = sides >> place & 1
        node = _node(sibling, node) if is_left else _node(node, sibling)
    return node


def verify_proof(
    root: Hash32, count: int, position: int, leaf: Hash32, siblings: Sequence[Hash32]
) -> bool:
    """Whether `leaf` is at `position` of the `count` leaves under `root`."""
    if not 0 <= position < count:
        return False
    node = leaf
    remaining = iter(siblings)
    while count > 1:
        if position ^ 1 < count:
            sibling = next(remaining, None)
            if sibling is None:
                return False
            node = _node(sibling, node) if position & 1 else _node(node, sibling)
        position //= 2
        count = (count + 1) // 2
    return next(remaining, None) is None and node == root


def _parents(level: Sequence[Hash32]) -> list[Hash32]:
    parents = [_node(left, right) for left, right in zip(level[::2], level[1::2], strict=False)]
    if len(level) % 2:
        parents.append(level[-1])
    return parents


def _node(left: Hash32, right: Hash32) -> Hash32:
    return keccak(_NODE + left + right)
