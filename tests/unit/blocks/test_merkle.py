"""ENC-11. Carrying odd entries up makes the tree of RFC 6962, which splits from the top: the
left half is the largest power of two below the count. The reference here is written that way.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sequencer.blocks.held import held_entry
from sequencer.blocks.merkle import (
    held_leaf_hash,
    leaf_hash,
    leaf_hashes,
    prove,
    sides_of,
    transaction_root,
    verify_proof,
)
from sequencer.crypto.hashing import keccak
from sequencer.types import ZERO_HASH, Hash32, RollupId

HASHES = st.lists(st.binary(min_size=32, max_size=32).map(Hash32), min_size=1, max_size=33)


def root_from_the_top(leaves: list[Hash32]) -> Hash32:
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << ((len(leaves) - 1).bit_length() - 1)
    return keccak(b"\x01", root_from_the_top(leaves[:split]), root_from_the_top(leaves[split:]))


def leaves_of(count: int) -> list[Hash32]:
    return leaf_hashes((RollupId(1), keccak(bytes([number])), number) for number in range(count))


def test_leaf__has_the_bytes_of_the_specification() -> None:
    tx_hash = keccak(b"transaction")
    place = bytes.fromhex("00" + "00000102" + "00000304")
    expected = keccak(place + tx_hash + bytes(14) + bytes.fromhex("0506"))
    assert leaf_hash(RollupId(0x102), 0x304, tx_hash, 0x506) == expected


def test_leaves__count_through_the_whole_block() -> None:
    tx_hash = keccak(b"transaction")
    assert leaf_hashes([(RollupId(1), tx_hash, 3), (RollupId(2), tx_hash, 4)]) == [
        leaf_hash(RollupId(1), 0, tx_hash, 3),
        leaf_hash(RollupId(2), 1, tx_hash, 4),
    ]


def test_root__of_nothing__is_the_zero_word() -> None:
    assert transaction_root([]) == ZERO_HASH


def test_root__of_three__carries_the_third_up() -> None:
    first, second, third = leaves_of(3)
    pair = keccak(b"\x01" + first + second)
    assert transaction_root([first, second, third]) == keccak(b"\x01" + pair + third)


@given(HASHES)
def test_root__of_any_leaves__is_that_of_the_tree_built_from_the_top(leaves: list[Hash32]) -> None:
    assert transaction_root(leaves) == root_from_the_top(leaves)


@pytest.mark.parametrize("count", range(1, 34))
def test_proof__of_every_position__holds_there_and_nowhere_else(count: int) -> None:
    leaves = leaves_of(count)
    root = transaction_root(leaves)
    for position, leaf in enumerate(leaves):
        siblings = prove(leaves, position)
        assert verify_proof(root, count, position, leaf, siblings)
        for other in range(-1, count + 1):
            if other != position:
                assert not verify_proof(root, count, other, leaf, siblings)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8, 13])
def test_proof__tampered__does_not_hold(count: int) -> None:
    leaves = leaves_of(count)
    root = transaction_root(leaves)
    siblings = prove(leaves, count - 1)
    leaf = leaves[-1]
    assert not verify_proof(keccak(root), count, count - 1, leaf, siblings)
    assert not verify_proof(root, count, count - 1, keccak(leaf), siblings)
    assert not verify_proof(root, count, count - 1, leaf, (*siblings, leaf))
    for at, sibling in enumerate(siblings):
        changed = (*siblings[:at], keccak(sibling), *siblings[at + 1 :])
        assert not verify_proof(root, count, count - 1, leaf, changed)
        assert not verify_proof(root, count, count - 1, leaf, siblings[:at] + siblings[at + 1 :])


def test_proof__a_node_in_the_place_of_a_leaf__does_not_hold_with_a_whole_block() -> None:
    leaves = leaves_of(4)
    root = transaction_root(leaves)
    node = keccak(b"\x01" + leaves[0] + leaves[1])
    siblings = prove(leaves, 0)
    assert not verify_proof(root, 4, 0, node, siblings)
    assert not verify_proof(root, 4, 0, node, siblings[1:])


@pytest.mark.parametrize(("count", "position"), [(0, 0), (3, 3), (3, -1)])
def test_prove__no_such_leaf__is_the_callers_error(count: int, position: int) -> None:
    with pytest.raises(IndexError):
        prove(leaves_of(count), position)


def test_held_leaf__has_the_bytes_of_the_specification() -> None:
    held_hash = keccak(b"segment")
    expected = keccak(bytes.fromhex("02" + "00000102" + "00000304" + "00000506") + held_hash)
    assert held_leaf_hash(RollupId(0x102), 0x304, 0x506, held_hash) == expected


def test_leaves__of_held_segments__count_on_after_the_transactions() -> None:
    held = [held_entry(RollupId(1), b"segment"), held_entry(RollupId(4), b"other")]
    assert leaf_hashes([(RollupId(2), keccak(b"transaction"), 3)], held) == [
        leaf_hash(RollupId(2), 0, keccak(b"transaction"), 3),
        held_leaf_hash(RollupId(1), 1, 7, keccak(b"segment")),
        held_leaf_hash(RollupId(4), 2, 5, keccak(b"other")),
    ]


@given(HASHES)
def test_sides__fold_every_leaf_to_the_root(leaves: list[Hash32]) -> None:
    """As the contract does (DATA-1)."""
    for position, leaf in enumerate(leaves):
        node, sides = leaf, sides_of(len(leaves), position)
        for at, sibling in enumerate(prove(leaves, position)):
            left, right = (sibling, node) if sides >> at & 1 else (node, sibling)
            node = keccak(b"\x01", left, right)
        assert node == transaction_root(leaves)
        assert sides < 1 << len(prove(leaves, position))
