"""The transaction root of a block in one step: by the C helper where there is one, else by the
plain tree of `merkle.py`, with equal results."""

from collections.abc import Iterable, Sequence

from sequencer.blocks.held import HeldEntry
from sequencer.blocks.merkle import held_leaf_hash, leaf_hashes, transaction_root
from sequencer.blocks.order import KEY_BYTES
from sequencer.native import bulk
from sequencer.types import Hash32, RollupId


def root_of_entries(
    transactions: Iterable[tuple[RollupId, Hash32, int]], held: Sequence[HeldEntry] = ()
) -> Hash32:
    """ENC-11: what `transaction_root` makes of the `leaf_hashes` of these."""
    if bulk is None:
        return transaction_root(leaf_hashes(transactions, held))
    entries = [
        rollup.to_bytes(4, "big") + tx_hash + order_key.to_bytes(KEY_BYTES, "big")
        for rollup, tx_hash, order_key in transactions
    ]
    leaves = bulk.leaves(b"".join(entries)) + b"".join(
        held_leaf_hash(entry.rollup, at, entry.length, entry.hash)
        for at, entry in enumerate(held, start=len(entries))
    )
    return Hash32(bulk.root(leaves))
