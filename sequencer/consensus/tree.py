"""The blocks above the last finalized one that a node holds, by hash."""

from collections.abc import Iterator

from sequencer.blocks.header import Block, Header
from sequencer.types import Hash32, View


class BlockTree:
    """A root (the last finalized header) and the blocks above it."""

    def __init__(self, root: Header, root_view: View) -> None:
        """`root_view` is 0 for the block that an epoch starts from: its own view is another
        epoch's."""
        self.root = root
        self._root_view = root_view
        self._blocks: dict[Hash32, Block] = {}

    def __len__(self) -> int:
        return len(self._blocks)

    def add(self, block: Block) -> None:
        if self._is_above_root(block.header):
            self._blocks[block.header.hash] = block

    def header(self, block_hash: Hash32) -> Header | None:
        """The header of the root or of a block above it; None if unknown."""
        if block_hash == self.root.hash:
            return self.root
        block = self._blocks.get(block_hash)
        return block.header if block else None

    def block(self, block_hash: Hash32) -> Block | None:
        return self._blocks.get(block_hash)

    def blocks(self) -> Iterator[Block]:
        """Every block above the root."""
        return iter(self._blocks.values())

    def path(self, block_hash: Hash32) -> tuple[list[Block], Hash32 | None]:
        """The blocks from above the root up to `block_hash`, ascending, and None; or, if one is
        missing, those above the gap and the missing hash."""
        blocks: list[Block] = []
        at = block_hash
        while at != self.root.hash:
            block = self._blocks.get(at)
            if block is None:
                return blocks[::-1], at
            blocks.append(block)
            at = block.header.parent_hash
        return blocks[::-1], None

    def advance(self, root: Header) -> None:
        """Make `root` the root and drop what can no longer be built on."""
        self.root = root
        self._root_view = root.view
        self._blocks = {h: b for h, b in self._blocks.items() if self._is_above_root(b.header)}

    def _is_above_root(self, header: Header) -> bool:
        """By view too: a leader is free to claim any height for a block that is never voted for."""
        return header.height > self.root.height and header.view > self._root_view
