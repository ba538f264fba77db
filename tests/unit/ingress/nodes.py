"""A node for the RPC to stand on: a real mempool and a chain in a list."""

from collections.abc import Callable, Sequence

from sequencer.blocks.contents import read_contents
from sequencer.blocks.header import Block
from sequencer.crypto.hashing import keccak
from sequencer.errors import PeerFault
from sequencer.ingress.backend import Commitment
from sequencer.ingress.refusal import Busy, L1Unread, NoPromise, Refused
from sequencer.ingress.transaction import Transaction, check_intrinsic, decode_transaction
from sequencer.mempool.pool import Mempool, MempoolConfig
from sequencer.promises.promise import InclusionPromise, SignedPromise
from sequencer.types import Address, BatchIndex, Epoch, Hash32, Height, RollupId
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
        self.has_read_l1 = True
        self.submitted_at: list[int] = []
        self.room = 1_000_000
        """Transactions that may wait to be looked at."""
        self.archived: Callable[[Hash32], bytes | None] = lambda _: None
        self.coverage_wei = 10
        self.untold = 0
        """Promises that are not on disk."""
        self.held: dict[Hash32, bytes] = {}

    def chain_id(self, rollup: RollupId) -> int | None:
        if not self.has_read_l1:
            raise L1Unread(rollup)
        return CHAIN_ID if rollup == ROLLUP else None

    def reserve(self, count: int) -> int:
        taken = min(count, self.room)
        self.room -= taken
        return taken

    def release(self, count: int, waited_ms: float | None) -> None:
        assert waited_ms is None or waited_ms >= 0
        self.room += count

    def busy(self) -> Busy:
        return Busy(250)

    def check_room(self) -> None:
        if not self.room:
            raise self.busy()

    def submit_many(
        self, rollup: RollupId, raws: Sequence[bytes], now_ms: int
    ) -> list[Hash32 | PeerFault | Refused]:
        answers: list[Hash32 | PeerFault | Refused] = []
        for raw in raws:
            try:
                answers.append(self.submit(rollup, raw, now_ms))
            except (PeerFault, Refused) as error:
                answers.append(error)
        return answers

    def submit(self, rollup: RollupId, raw: bytes, now_ms: int) -> Hash32:
        self.submitted_at.append(now_ms)
        transaction = decode_transaction(raw, CHAIN_ID)
        check_intrinsic(transaction)
        self.pool.add(rollup, transaction, now_ms)
        return transaction.hash

    def submit_for_promise(
        self, rollup: RollupId, raw: bytes, value_wei: int, now_ms: int
    ) -> tuple[Hash32, SignedPromise | NoPromise]:
        tx_hash = self.submit(rollup, raw, now_ms)
        try:
            return tx_hash, self.promise(rollup, tx_hash, value_wei)
        except NoPromise as refusal:
            return tx_hash, refusal

    def promise(self, rollup: RollupId, tx_hash: Hash32, value_wei: int) -> SignedPromise:
        if value_wei > self.coverage_wei:
            raise NoPromise(f"{value_wei} wei is above {self.coverage_wei}")
        self.untold += 1
        said = InclusionPromise(
            Epoch(1), rollup, tx_hash, Height(256), Address(b"\x07" * 20), value_wei
        )
        return SignedPromise(said, keccak(b"committee"), bytes(64))

    async def durable(self) -> None:
        self.untold = 0

    def inclusion_proof(self, rollup: RollupId, tx_hash: Hash32) -> dict[str, object] | None:
        return None if self.locate(rollup, tx_hash) is None else {"sides": "0x0"}

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
