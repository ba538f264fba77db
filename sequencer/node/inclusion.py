"""Proofs from a node's own chain that a transaction is in a batch (PROOF-1, PROMISE-8)."""

from collections.abc import Callable

from sequencer.errors import PeerFault
from sequencer.l1.events import PromiseChallenged
from sequencer.l1.view import L1View
from sequencer.node.ledger import Ledger
from sequencer.promises.inclusion import InclusionProof, prove_inclusion
from sequencer.types import BatchIndex, Hash32, Height, RollupId

RING_SIZE = 1_024
"""Of `CommitmentChain`: batches whose hashes L1 has."""
RING_MARGIN = 128
"""How many more batches come to L1 before a proof is of no use, at least."""
MAX_BATCHES = 1_024
"""Of one proof."""


class Inclusions:
    """Reads the ledger and the view of L1."""

    def __init__(
        self, ledger: Ledger, l1: L1View, operator_ids: Callable[[], frozenset[int]]
    ) -> None:
        """`operator_ids` are those of this node's places."""
        self._ledger = ledger
        self._l1 = l1
        self._operator_ids = operator_ids

    def committed(self, rollup: RollupId, tx_hash: Hash32) -> InclusionProof | None:
        """From L1's ring down; None while the batch is not on L1. Raises `PeerFault` for what
        cannot be proved."""
        found = self._ledger.locate(rollup, tx_hash)
        batch = None if found is None else self._ledger.batch_of(found[0])
        last = self._l1.last_index
        if found is None or batch is None or batch.index > last:
            return None
        top = max(batch.index, last - RING_SIZE + RING_MARGIN)
        return self._prove(BatchIndex(top), *found)

    def has_kept(self, asked: PromiseChallenged) -> bool:
        """Whether the promise is this node's, and its transaction in a block in time."""
        if asked.operator_id not in self._operator_ids():
            return False
        promise = asked.promise
        found = self._ledger.locate(promise.rollup, promise.tx_hash)
        return found is not None and found[0] <= promise.last_height

    def kept(self, asked: PromiseChallenged) -> InclusionProof | None:
        """That it is, from the batch of the challenge down."""
        found = self._ledger.locate(asked.promise.rollup, asked.promise.tx_hash)
        return None if found is None else self._prove(asked.index, *found)

    def _prove(self, top: BatchIndex, height: Height, position: int) -> InclusionProof | None:
        """None if this node has not yet the batch `top`."""
        batch, block = self._ledger.batch_of(height), self._ledger.block(height)
        if batch is None or block is None or self._ledger.batch(top) is None:
            return None
        if top - batch.index >= MAX_BATCHES:
            raise PeerFault(
                f"the transaction is in batch {batch.index}, and L1 has only the hashes of batches"
                f" from {top} on: the way down has more than {MAX_BATCHES} steps"
            )
        down = (self._ledger.batch(BatchIndex(index)) for index in range(top, batch.index - 1, -1))
        later = self._ledger.blocks(Height(height + 1), batch.last_height)
        return prove_inclusion(
            [one for one in down if one is not None],
            [one.header for one in later],
            block,
            position,
        )
