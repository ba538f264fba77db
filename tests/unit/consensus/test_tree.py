"""The blocks above the last finalized one.

add
├── above the root: kept
└── height or view not above the root's: dropped
path
├── root itself: empty, nothing missing
├── complete: ascending
└── gap: the part above it, and the missing hash
advance
├── descendants stay
├── siblings and what is below go
└── a block with an invented height goes with its view
"""

import msgspec

from sequencer.blocks.header import Block
from sequencer.consensus.tree import BlockTree
from sequencer.types import Height, View
from tests.unit.consensus.builders import START, block

ONE = block(1)
TWO = block(2, ONE.header)
THREE = block(3, TWO.header)


def tree_of(*blocks: Block) -> BlockTree:
    tree = BlockTree(START, View(0))
    for each in blocks:
        tree.add(each)
    return tree


def test_path__of_root__empty() -> None:
    assert tree_of().path(START.hash) == ([], None)


def test_path__complete__ascending() -> None:
    assert tree_of(THREE, ONE, TWO).path(THREE.header.hash) == ([ONE, TWO, THREE], None)


def test_path__gap__names_what_is_missing() -> None:
    assert tree_of(ONE, THREE).path(THREE.header.hash) == ([THREE], TWO.header.hash)
    assert tree_of().path(TWO.header.hash) == ([], TWO.header.hash)


def test_header__root_known_and_unknown() -> None:
    tree = tree_of(ONE)
    assert tree.header(START.hash) is START
    assert tree.header(ONE.header.hash) == ONE.header
    assert tree.header(TWO.header.hash) is None
    assert tree.block(START.hash) is None


def test_advance__keeps_descendants_only() -> None:
    sibling = block(4, START)
    tree = tree_of(ONE, TWO, THREE, sibling)
    tree.advance(TWO.header)
    assert list(tree.blocks()) == [THREE]
    assert tree.path(THREE.header.hash) == ([THREE], None)


def test_advance__invented_height__dropped_with_its_view() -> None:
    invented = Block(msgspec.structs.replace(ONE.header, height=Height(10**12)), ONE.payload)
    tree = tree_of(invented, TWO, ONE)
    tree.advance(TWO.header)
    assert len(tree) == 0


def test_add__not_above_the_root__dropped() -> None:
    tree = tree_of(ONE, TWO)
    tree.advance(TWO.header)
    tree.add(ONE)
    tree.add(Block(msgspec.structs.replace(TWO.header, height=Height(9)), b""))
    assert len(tree) == 0


def test_add__first_view_of_a_later_epoch__kept() -> None:
    """The block an epoch starts from has a view of another epoch."""
    start = msgspec.structs.replace(START, view=View(77), height=Height(100))
    tree = BlockTree(start, View(0))
    first = block(1, start)
    tree.add(first)
    assert tree.path(first.header.hash) == ([first], None)
