"""What a node shows counts, and not what it says."""

from sequencer.blocks.header import Block
from sequencer.blocks.payload import encode_payload
from sequencer.crypto.hashing import keccak
from sequencer.types import Height, RollupId
from sequencer.watch.nodes import WatchedNode
from tests.unit.evidence import cases
from tests.unit.watch.world import Shown, serving


async def test_shows__transaction_of_a_batch__by_its_bytes_alone() -> None:
    blocks = cases.chain(cases.IN_ORDER[:2], cases.IN_ORDER[2:])
    batch, height = cases.batch_of(blocks), blocks[0].header.height
    there, elsewhere = keccak(cases.IN_ORDER[0]), keccak(cases.IN_ORDER[2])
    shown = Shown(blocks=blocks)
    async with serving(shown) as url:
        node = WatchedNode(url)
        assert await node.shows(batch, height, cases.ROLLUP, there)
        assert not await node.shows(batch, height, cases.ROLLUP, elsewhere)
        assert not await node.shows(batch, height, RollupId(cases.ROLLUP + 1), there)
        assert not await node.shows(batch, Height(batch.last_height + 1), cases.ROLLUP, there)
        lie = encode_payload([(cases.ROLLUP, [cases.IN_ORDER[2]])])
        shown.blocks = (Block(blocks[0].header, lie), blocks[1])
        assert not await node.shows(batch, height, cases.ROLLUP, elsewhere)
        shown.blocks = cases.chain(cases.IN_ORDER[2:], ())
        assert not await node.shows(batch, height, cases.ROLLUP, elsewhere)
        shown.blocks = ()
        assert not await node.shows(batch, height, cases.ROLLUP, there)
        await node.close()
