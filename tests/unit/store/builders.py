"""Chains for the store, and what a fresh process finds of them."""

from pathlib import Path

from sequencer.blocks.header import Block
from sequencer.blocks.held import held_entry
from sequencer.blocks.payload import encode_payload
from sequencer.crypto.hashing import keccak
from sequencer.store.blocks import BlockStore, FinalizedBlock
from sequencer.types import Address, Hash32, Height, RollupId
from tests.unit.batches.builders import Step, chain, next_block

ONE, TWO = RollupId(1), RollupId(2)
ALICE, BOB = Address(b"a" * 20), Address(b"b" * 20)
RAW = tuple(bytes([number]) * 50 for number in range(1, 10))
BLOCKS = chain(*(Step(transactions=(raw,), elapsed_ms=10) for raw in RAW[:6]))
OTHER_BLOCKS = chain(*(Step(transactions=(raw,), elapsed_ms=11) for raw in RAW[:6]))


def finalized(block: Block, certificate: bytes | None = None) -> FinalizedBlock:
    """A block with two transactions that are named after its height."""
    names = [(ONE, tx_hash(block.header.height, 0)), (TWO, tx_hash(block.header.height, 1))]
    return FinalizedBlock(block, certificate, names)


def holding(parent: Block, data: bytes = b"held") -> tuple[Block, bytes]:
    """A block on a parent that holds a segment of rollup 2, and the segment."""
    segment = encode_payload([(TWO, [data])])
    payload = encode_payload([(ONE, [b"posted"])], held=[held_entry(TWO, segment)])
    plain = next_block(parent.header, Step(payload=payload, elapsed_ms=10))
    return Block(plain.header, plain.payload, segment), segment


def tx_hash(height: int, position: int) -> Hash32:
    return keccak(b"%d/%d" % (height, position))


def put(store: BlockStore, *blocks: Block) -> None:
    store.put_finalized([finalized(block) for block in blocks])


def reopened(path: Path) -> list[Block]:
    """The chain that a fresh process finds."""
    opened = BlockStore(path)
    try:
        return [stored.block for stored in opened.blocks(Height(1), 100, 1 << 30)]
    finally:
        opened.close()
