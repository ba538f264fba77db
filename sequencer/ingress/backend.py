"""What the RPC asks of the node it belongs to. All of it is synchronous and quick."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sequencer.blocks.header import Block
from sequencer.errors import PeerFault
from sequencer.ingress.refusal import Busy, NoPromise, Refused
from sequencer.ingress.transaction import Transaction
from sequencer.promises.promise import SignedPromise
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
        """The chain id of a rollup; None for one that is not registered. Raises `L1Unread` while
        that cannot be said (TX-10)."""

    def reserve(self, count: int) -> int:
        """Of so many transactions that have arrived, how many may wait to be looked at; the others
        are refused with `busy` (POOL-7). Each is to be released."""

    def release(self, count: int, waited_ms: float | None) -> None:
        """So many are looked at now, after they have waited so long; None if their wallet has
        gone."""

    def busy(self) -> Busy:
        """Why no more are taken in now."""

    def check_room(self) -> None:
        """Raises `busy` if not one more may come that is looked at now (POOL-7)."""

    def submit_many(
        self, rollup: RollupId, raws: Sequence[bytes], now_ms: int
    ) -> list[Hash32 | PeerFault | Refused]:
        """Check transactions for which there was room, and take them into the mempool, in this
        order. Of each its hash, the `PeerFault` of one that breaks TX-1 to TX-3, or the `Refused`
        of one not taken now."""

    def submit_for_promise(
        self, rollup: RollupId, raw: bytes, value_wei: int, now_ms: int
    ) -> tuple[Hash32, SignedPromise | NoPromise]:
        """One, and a promise to include it, or why there is none (PROMISE-2). Not to be
        told before `durable`."""

    def promise(self, rollup: RollupId, tx_hash: Hash32, value_wei: int) -> SignedPromise:
        """The promise about a transaction in the mempool, a new one if there is none; raises
        `NoPromise`. Not to be told before `durable`."""

    async def durable(self) -> None:
        """Return when all promises made so far are on disk (PROMISE-3). Raises `LocalFault` if they
        will not be: then none of them is told."""

    def inclusion_proof(self, rollup: RollupId, tx_hash: Hash32) -> dict[str, object] | None:
        """PROOF-1, of values that JSON has; None while L1 has not the batch. Raises `PeerFault`
        for a transaction that cannot be proved."""

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
