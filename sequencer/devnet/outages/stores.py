"""What nodes that have stopped have on disk."""

import contextlib
from collections.abc import Iterator

from sequencer.devnet.node_process import NodeProcess
from sequencer.store.blocks import BlockStore, StoredBlock
from sequencer.types import Height

_PAGE = 256
_PAGE_BYTES = 1 << 24


def stored_blocks(node: NodeProcess) -> Iterator[StoredBlock]:
    """The whole chain, ascending."""
    with contextlib.closing(BlockStore(node.data_dir / "blocks.sqlite")) as store:
        height = 1
        while page := store.blocks(Height(height), _PAGE, _PAGE_BYTES):
            yield from page
            height += len(page)
