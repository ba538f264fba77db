"""A node for the RPC to stand on: a real mempool and a chain in a list."""

from collections.abc import Callable

from sequencer.blocks.contents import read_contents
from sequencer.blocks.header import Block
from sequencer.crypto.hashing import keccak
from sequencer.ingress.backend import Commitment
from sequencer.ingress.transaction import Transaction, check_intrinsic, decode_transaction
from sequencer.mempool.pool import Mempool, MempoolConfig
from sequencer.types import Address, BatchIndex, Hash32, Height, RollupId
from tests.unit.batches.builders import Step, chain
from tests.unit.ingress.builders import CHAIN_ID

ROLLUP = RollupId(1)
L1_TRANSACTION = keccak(b"l1 transaction")


class FakeNode:
    """Implements `Backend`; `order` makes a block of what waits."""

    def __init__(self, config: MempoolConfig | None = None) -> None:
        self.pool = Mempool(config or MempoolConfig())
        self.blocks: list[Block] = []
        self.committed_height = 0
        self.ready = True
        self.submitted_at: list[int] = []
        self.archived: Callable[[Hash32], bytes | None] = lambda _: None
        self.held: dict[Hash32, bytes] = {}

    def chain_id(self, rollup: RollupId) -> int | None:
        return CHAIN_ID if rollup == ROLLUP else None

    def submit(self, rollup: RollupId, raw: bytes, now_ms: int) -> Hash32:
        self.submitted_at.append(now_ms)
        transaction = decode_transaction(raw, CHAIN_ID)
        check_intrinsic(transaction)
        self.pool.add(rollup, transaction, now_ms)
        return transaction.hash

    def pooled(self, rollup: RollupId, tx_hash: Hash32) -> Transaction | None:
        return self.pool.get((rollup, tx_hash))

    def locate(self, rollup: RollupId, tx_hash: Hash32) -> tuple[Height, int] | None:
        for block in self.blocks:
            for position, (where, raw) in enumerate(read_contents(block)):
                if (where, keccak(raw)) == (rollup, tx_hash):
                    return block.header.height, position
        return None

    def height(self) -> Height:
        return Height(len(self.blocks))

    def block(self, height: Height) -> Block | None:
        return self.blocks[height - 1] if 1 <= height <= len(self.blocks) else None

    def commitment(self, height: Height) -> Commitment | None:
        if height > self.committed_height:
            return None
        return Commitment(BatchIndex(3), L1_TRANSACTION)

    def next_nonce(self, rollup: RollupId, sender: Address) -> int | None:
        return self.pool.next_nonce(rollup, sender)

    def archived_blob(self, versioned_hash: Hash32) -> bytes | None:
        return self.archived(versioned_hash)

    def held_segment(self, held_hash: Hash32) -> bytes | None:
        return self.held.get(held_hash)

    def status(self) -> dict[str, object]:
        return {"height": len(self.blocks), "pooled": len(self.pool)}

    def is_ready(self) -> bool:
        return self.ready

    def order(self) -> None:
        taken = self.pool.take(1 << 20, 1_000, frozenset(), 0)
        raws = [transaction.raw for _, transaction in taken]
        steps = [Step(transactions=tuple(decoded(block)), elapsed_ms=1) for block in self.blocks]
        self.blocks = chain(*steps, Step(transactions=tuple(raws), elapsed_ms=1))
        self.pool.finalized(taken)


def decoded(block: Block) -> list[bytes]:
    return [raw for _, raw in read_contents(block)]
