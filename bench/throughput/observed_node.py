"""A node that writes down when each transaction was final: `python -m
bench.throughput.observed_node --config FILE`.

It is a node like any other. A transaction counts as final when its block has been put in the store,
from which the node answers whoever asks for it: after its Finalize certificate, not before.
"""

import time
from collections.abc import Sequence
from pathlib import Path

from bench.throughput.finals import encode_finals
from sequencer.devnet.odd_node import run_odd_node
from sequencer.node.node import Node
from sequencer.store.blocks import BlockStore, FinalizedBlock

MODULE = "bench.throughput.observed_node"
FILE = "finals.bin"
"""In the node's data folder."""


def observe() -> None:
    """From now on, stores of this process write down what they are given."""
    put = BlockStore.put_finalized

    def put_and_tell(self: BlockStore, blocks: Sequence[FinalizedBlock]) -> None:
        put(self, blocks)
        now_ns = time.monotonic_ns()
        hashes = [tx_hash for block in blocks for _, tx_hash in block.transactions]
        if hashes:
            with (self.path.parent / FILE).open("ab") as file:
                file.write(encode_finals(hashes, now_ns))

    # The node is the shipped one: only here does it tell more.
    BlockStore.put_finalized = put_and_tell  # type: ignore[method-assign]


def finals_file(data: Path) -> Path:
    return data / FILE


if __name__ == "__main__":
    observe()
    run_odd_node(Node, "A node that writes down when transactions were final, for measurements.")
