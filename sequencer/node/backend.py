"""The node as its JSON-RPC sees it (`ingress.backend.Backend`)."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from sequencer.blocks.header import Block
from sequencer.crypto.hashing import keccak_each
from sequencer.errors import PeerFault
from sequencer.ingress.backend import Commitment
from sequencer.ingress.refusal import (
    AlreadyKnown,
    Busy,
    L1Unread,
    NoPromise,
    PoolFull,
    Refused,
    RollupAway,
)
from sequencer.ingress.transaction import Transaction, check_intrinsic
from sequencer.ingress.transactions import Hinted, decode_hinted, decode_with_hints
from sequencer.l1.view import L1View
from sequencer.mempool.admission import Admission
from sequencer.mempool.pool import Mempool
from sequencer.node.inclusion import Inclusions
from sequencer.node.ledger import Ledger
from sequencer.node.promising import Promising
from sequencer.node.wire import GossipedTransaction
from sequencer.ordering.application import PAYLOAD_ROOM
from sequencer.ordering.served import Served
from sequencer.promises.promise import SignedPromise
from sequencer.store.archive import BlobArchive
from sequencer.types import Address, Hash32, Height, RollupId


class Admitted(NamedTuple):
    """What is in the mempool now."""

    transaction: Transaction
    hint: bytes
    """For those it is passed on to (`ingress/transactions.py`)."""


class NodeBackend:
    """Reads from the stages, and takes wallets' transactions in."""

    def __init__(  # noqa: PLR0913, PLR0917 - the stages it reads
        self,
        l1: L1View,
        served: Served,
        mempool: Mempool,
        admission: Admission,
        ledger: Ledger,
        archive: BlobArchive,
        block_bytes: int,
        withhold_data: bool,
        on_accepted: Callable[[RollupId, Sequence[Admitted]], None],
        describe: Callable[[], dict[str, object]],
        is_ordering: Callable[[], bool],
        is_l1_read: Callable[[], bool],
        inclusions: Inclusions,
    ) -> None:
        self._l1 = l1
        self._served = served
        self._mempool = mempool
        self._admission = admission
        self._ledger = ledger
        self._archive = archive
        self._max_raw = block_bytes - PAYLOAD_ROOM
        self._withhold_data = withhold_data
        self._on_accepted = on_accepted
        self._describe = describe
        self._is_ordering = is_ordering
        self._is_l1_read = is_l1_read
        self._inclusions = inclusions
        self.promising: Promising | None = None
        """None until the node has put it together."""

    def chain_id(self, rollup: RollupId) -> int | None:
        found = self.known_chain_id(rollup)
        if found is None and not self._is_l1_read():
            raise L1Unread(rollup)
        return found

    def known_chain_id(self, rollup: RollupId) -> int | None:
        """Of a rollup that is registered as far as this node has read L1."""
        confirmed = self._l1.confirmed
        return None if confirmed is None else self._l1.chain_id_of(rollup, confirmed.number)

    def reserve(self, count: int) -> int:
        return self._admission.reserve(count, self._mempool.ready_count)

    def release(self, count: int, waited_ms: float | None) -> None:
        self._admission.release(count, waited_ms)

    def busy(self) -> Busy:
        return self._admission.refusal()

    def check_room(self) -> None:
        if not self._admission.room(self._mempool.ready_count):
            raise self.busy()

    def submit_many(
        self, rollup: RollupId, raws: Sequence[bytes], now_ms: int
    ) -> list[Hash32 | PeerFault | Refused]:
        answers: list[Hash32 | PeerFault | Refused] = []
        accepted: list[Admitted] = []
        for outcome in self.admit_many(rollup, raws, now_ms):
            if isinstance(outcome, Admitted):
                accepted.append(outcome)
                answers.append(outcome.transaction.hash)
            else:
                answers.append(outcome)
        self._on_accepted(rollup, accepted)
        return answers

    def submit_for_promise(
        self, rollup: RollupId, raw: bytes, value_wei: int, now_ms: int
    ) -> tuple[Hash32, SignedPromise | NoPromise]:
        admitted = self.admit(rollup, raw, now_ms)
        key = (rollup, admitted.transaction.hash)
        try:
            made = self.promise(*key, value_wei)
        except NoPromise as refusal:
            self._on_accepted(rollup, [admitted])
            return key[1], refusal
        if key in self._mempool:  # else this node breaks it (PROMISE-9)
            assert self.promising is not None
            self.promising.file.then(lambda: self._on_accepted(rollup, [admitted]))
        return key[1], made

    def promise(self, rollup: RollupId, tx_hash: Hash32, value_wei: int) -> SignedPromise:
        found = self._ledger.locate(rollup, tx_hash)
        if found is not None:
            raise NoPromise(f"the transaction is in block {found[0]}, which is final")
        assert self.promising is not None
        return self.promising.make((rollup, tx_hash), value_wei)

    async def durable(self) -> None:
        assert self.promising is not None
        await self.promising.file.durable()

    def inclusion_proof(self, rollup: RollupId, tx_hash: Hash32) -> dict[str, object] | None:
        proof = self._inclusions.committed(rollup, tx_hash)
        return None if proof is None else proof.to_json()

    def admit(self, rollup: RollupId, raw: bytes, now_ms: int) -> Admitted:
        """As `admit_many`, of one; raises what is wrong with it."""
        (outcome,) = self.admit_many(rollup, [raw], now_ms)
        if isinstance(outcome, Admitted):
            return outcome
        raise outcome

    def admit_many(
        self, rollup: RollupId, raws: Sequence[bytes], now_ms: int
    ) -> list[Admitted | PeerFault | Refused]:
        """Transactions of wallets into the mempool; of each what it is, or why not
        (`Backend.submit_many`). Signatures are checked last."""
        try:
            chain_id = self._chain_id_served(rollup)
        except (PeerFault, Refused) as reason:
            return [reason] * len(raws)
        refused = self._refusals([(rollup, raw) for raw in raws])
        rest = [raw for raw, why in zip(raws, refused, strict=True) if why is None]
        read = zip(*decode_with_hints(rest, chain_id), strict=True)
        return [why or self._add(rollup, *next(read), now_ms) for why in refused]

    def admit_passed_on(
        self, messages: Sequence[Sequence[GossipedTransaction]], now_ms: int
    ) -> list[PeerFault | None]:
        """POOL-5: transactions of peers into the mempool, message by message; of each message the
        last thing in it that its sender must not send. Signatures are checked last, all together.
        """
        chain_ids = {
            rollup: self._chain_id_or_none(rollup)
            for rollup in {each.rollup for message in messages for each in message}
        }
        faults: list[PeerFault | None] = []
        news: list[list[GossipedTransaction]] = []
        for message in messages:
            here = [each for each in message if chain_ids[each.rollup] is not None]
            refused = self._refusals([(each.rollup, each.raw) for each in here])
            news.append([each for each, why in zip(here, refused, strict=True) if why is None])
            faults.append(_last_fault(refused))
        heard = decode_hinted(
            [
                [Hinted(each.raw, chain_ids[each.rollup] or 0, each.hint) for each in new]
                for new in news
            ]
        )
        for at, (new, (decoded, has_wrong_hints)) in enumerate(zip(news, heard, strict=True)):
            refused = [
                found if isinstance(found, PeerFault) else self._pool(each.rollup, found, now_ms)
                for each, found in zip(new, decoded, strict=True)
            ]
            faults[at] = _last_fault(refused) or faults[at]
            if has_wrong_hints and faults[at] is None:
                faults[at] = PeerFault("a hint does not show who has sent its transaction")
        return faults

    def _chain_id_or_none(self, rollup: RollupId) -> int | None:
        """None where nothing is taken for a rollup: registered on L1 a moment ago, perhaps."""
        try:
            return self._chain_id_served(rollup)
        except (PeerFault, Refused):
            return None

    def _add(
        self, rollup: RollupId, found: Transaction | PeerFault, hint: bytes, now_ms: int
    ) -> Admitted | PeerFault | Refused:
        if isinstance(found, PeerFault):
            return found
        return self._pool(rollup, found, now_ms) or Admitted(found, hint)

    def _pool(
        self, rollup: RollupId, found: Transaction, now_ms: int
    ) -> PeerFault | Refused | None:
        """Into the mempool, if nothing is wrong with it."""
        try:
            check_intrinsic(found)
            self._mempool.add(rollup, found, now_ms)
        except (PeerFault, Refused) as reason:
            return reason
        return None

    def _chain_id_served(self, rollup: RollupId) -> int:
        chain_id = self.chain_id(rollup)
        if chain_id is None:
            raise PeerFault(f"rollup {rollup} is not registered on L1")
        away = self._served.why_not(rollup)
        if away is not None:
            raise RollupAway(away)
        return chain_id

    def _refusals(
        self, offered: Sequence[tuple[RollupId, bytes]]
    ) -> list[PeerFault | Refused | None]:
        """What needs no look at a transaction; the hashes last (TX-6)."""
        refused = [self._why_no_more(raw) for _, raw in offered]
        open_ = [at for at, why in enumerate(refused) if why is None]
        hashes = keccak_each([offered[at][1] for at in open_])
        keys = {at: (offered[at][0], tx_hash) for at, tx_hash in zip(open_, hashes, strict=True)}
        ordered = self._ledger.ordered_lately(list(keys.values()))
        for at, key in keys.items():
            if key in ordered or self._mempool.is_known(key):
                refused[at] = AlreadyKnown()
        return refused

    def _why_no_more(self, raw: bytes) -> PeerFault | Refused | None:
        if len(raw) > self._max_raw:
            return PeerFault(
                f"transaction has {len(raw)} bytes, a block here holds {self._max_raw}"
            )
        if self._mempool.is_full:
            return PoolFull(f"{len(self._mempool)} transactions wait, the most this node holds")
        return None

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


def _last_fault(refused: Sequence[PeerFault | Refused | None]) -> PeerFault | None:
    reasons = [why for why in refused if why is not None]
    return next((why for why in reversed(reasons) if isinstance(why, PeerFault)), None)


def resident_mb() -> float:
    """This process's resident memory in MB, as Linux counts it."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return round(pages * 4_096 / 1e6, 1)
