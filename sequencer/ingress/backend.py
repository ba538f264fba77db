"""What the RPC asks of the node it belongs to. All of it is synchronous and quick."""

from dataclasses import dataclass
from typing import Protocol

from sequencer.blocks.header import Block
from sequencer.ingress.transaction import Transaction
from sequencer.types import Address, BatchIndex, Hash32, Height, RollupId


@dataclass(frozen=True, slots=True)
class Commitment:
    """The batch on L1 that holds a block."""

    batch: BatchIndex
    l1_transaction: Hash32


class Backend(Protocol):
    """A node, as its RPC sees it.

    `LocalFault` may come out of any call: it is answered as an internal error, and the node
    that raised it is the one to stop.
    """

    def chain_id(self, rollup: RollupId) -> int | None:
        """The chain id of a rollup; None for one that is not registered."""

    def submit(self, rollup: RollupId, raw: bytes, now_ms: int) -> Hash32:
        """Check a transaction and take it into the mempool; its hash.

        Raises `PeerFault` for one that breaks TX-1 to TX-3, `Refused` for one not taken now.
        """

    def pooled(self, rollup: RollupId, tx_hash: Hash32) -> Transaction | None:
        """A transaction that waits in the mempool."""

    def locate(self, rollup: RollupId, tx_hash: Hash32) -> tuple[Height, int] | None:
        """The height and the position in its block of a finalized transaction."""

    def height(self) -> Height:
        """The height of the last finalized block; 0 before the first."""

    def block(self, height: Height) -> Block | None:
        """A finalized block."""

    def commitment(self, height: Height) -> Commitment | None:
        """Where L1 has the block of a height; None while it has not."""

    def next_nonce(self, rollup: RollupId, sender: Address) -> int | None:
        """One above the highest nonce that was ordered; None if none is remembered."""

    def archived_blob(self, versioned_hash: Hash32) -> bytes | None:
        """Commitment, proof and blob, if the archive has them (SUBMIT-6)."""

    def held_segment(self, held_hash: Hash32) -> bytes | None:
        """The bytes of a held segment with this hash, if the node has and gives them (HELD-2)."""

    def status(self) -> dict[str, object]:
        """The state of the node, of values that JSON has."""

    def is_ready(self) -> bool:
        """Whether transactions that are taken in now will be ordered soon."""
