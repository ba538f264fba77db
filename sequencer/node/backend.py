"""The node as its JSON-RPC sees it (`ingress.backend.Backend`)."""

from collections.abc import Callable
from pathlib import Path

from sequencer.blocks.header import Block
from sequencer.crypto.hashing import keccak
from sequencer.errors import PeerFault
from sequencer.ingress.backend import Commitment
from sequencer.ingress.refusal import AlreadyKnown, PoolFull, RollupAway
from sequencer.ingress.transaction import Transaction, check_intrinsic, decode_transaction
from sequencer.l1.view import L1View
from sequencer.mempool.pool import Mempool
from sequencer.node.ledger import Ledger
from sequencer.ordering.application import PAYLOAD_ROOM
from sequencer.ordering.served import Served
from sequencer.store.archive import BlobArchive
from sequencer.types import Address, Hash32, Height, RollupId


class NodeBackend:
    """Reads from the stages, and takes wallets' transactions in."""

    def __init__(  # noqa: PLR0913, PLR0917 - the stages it reads
        self,
        l1: L1View,
        served: Served,
        mempool: Mempool,
        ledger: Ledger,
        archive: BlobArchive,
        block_bytes: int,
        withhold_data: bool,
        on_accepted: Callable[[RollupId, Transaction], None],
        describe: Callable[[], dict[str, object]],
        is_ordering: Callable[[], bool],
    ) -> None:
        self._l1 = l1
        self._served = served
        self._mempool = mempool
        self._ledger = ledger
        self._archive = archive
        self._max_raw = block_bytes - PAYLOAD_ROOM
        self._withhold_data = withhold_data
        self._on_accepted = on_accepted
        self._describe = describe
        self._is_ordering = is_ordering

    def chain_id(self, rollup: RollupId) -> int | None:
        confirmed = self._l1.confirmed
        return None if confirmed is None else self._l1.chain_id_of(rollup, confirmed.number)

    def submit(self, rollup: RollupId, raw: bytes, now_ms: int) -> Hash32:
        transaction = self.admit(rollup, raw, now_ms)
        self._on_accepted(rollup, transaction)
        return transaction.hash

    def admit(self, rollup: RollupId, raw: bytes, now_ms: int) -> Transaction:
        """A wallet's or a peer's transaction into the mempool; errors as `Backend.submit`."""
        chain_id = self.chain_id(rollup)
        if chain_id is None:
            raise PeerFault(f"rollup {rollup} is not registered on L1")
        away = self._served.why_not(rollup)
        if away is not None:
            raise RollupAway(away)
        if len(raw) > self._max_raw:
            raise PeerFault(f"transaction has {len(raw)} bytes, a block here holds {self._max_raw}")
        if self._mempool.is_full:
            raise PoolFull(f"{len(self._mempool)} transactions wait, the most this node holds")
        key = (rollup, keccak(raw))
        if self._mempool.is_known(key) or self._ledger.locate(*key) is not None:
            raise AlreadyKnown
        transaction = decode_transaction(raw, chain_id)
        check_intrinsic(transaction)
        self._mempool.add(rollup, transaction, now_ms)
        return transaction

    def pooled(self, rollup: RollupId, tx_hash: Hash32) -> Transaction | None:
        return self._mempool.get((rollup, tx_hash))

    def locate(self, rollup: RollupId, tx_hash: Hash32) -> tuple[Height, int] | None:
        return self._ledger.locate(rollup, tx_hash)

    def height(self) -> Height:
        return self._ledger.tip.height

    def block(self, height: Height) -> Block | None:
        return self._ledger.block(height)

    def commitment(self, height: Height) -> Commitment | None:
        return self._ledger.commitment(height, self._l1)

    def next_nonce(self, rollup: RollupId, sender: Address) -> int | None:
        return self._mempool.next_nonce(rollup, sender)

    def archived_blob(self, versioned_hash: Hash32) -> bytes | None:
        return self._archive.get(versioned_hash)

    def held_segment(self, held_hash: Hash32) -> bytes | None:
        return None if self._withhold_data else self._ledger.held_segment(held_hash)

    def status(self) -> dict[str, object]:
        return self._describe()

    def is_ready(self) -> bool:
        return self._is_ordering()


def resident_mb() -> float:
    """This process's resident memory in MB, as Linux counts it."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return round(pages * 4_096 / 1e6, 1)
