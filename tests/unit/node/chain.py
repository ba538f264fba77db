"""A finalized chain, a store and a view of L1 for the tests of what follows finality."""

from pathlib import Path

import msgspec

from sequencer.batches.batch import Batch
from sequencer.batches.cut import BatchParameters
from sequencer.blocks.header import Block, Header, genesis
from sequencer.blocks.held import held_entry
from sequencer.blocks.payload import EMPTY_PAYLOAD, encode_payload
from sequencer.consensus.messages import Certificate, FinalityProof, Vote, VoteKind
from sequencer.crypto.hashing import keccak, word
from sequencer.crypto.signatures import Signer
from sequencer.l1.events import (
    BatchCommitted,
    CommitteeRecorded,
    Event,
    L1Block,
    L1Header,
    RollupRegistered,
)
from sequencer.l1.schedule import Schedule
from sequencer.l1.view import L1View
from sequencer.mempool.pool import Mempool, MempoolConfig
from sequencer.node.ledger import Ledger
from sequencer.ordering.application import Application, OrderingParameters
from sequencer.ordering.listings import Listings, ListParameters
from sequencer.ordering.order import root_of
from sequencer.store.blocks import BlockStore
from sequencer.types import (
    Address,
    BatchIndex,
    Committee,
    Epoch,
    Hash32,
    Height,
    Member,
    RollupId,
    View,
)
from tests.unit.ingress.builders import CHAIN_ID

SEPARATOR = keccak(b"deployment")
SCHEDULE = Schedule(genesis=1_000, epoch_seconds=100)
PARAMETERS = BatchParameters(batch_bytes=4_096, batch_age_ms=1_000, blob_bytes_min=4_096)
BLOCK_BYTES = 2_048
SIGNERS = [Signer(bytes([number]) * 32) for number in (1, 2, 3, 4)]
ROLLUP, HOLDS = RollupId(1), RollupId(2)


def committee_of(epoch: int) -> Committee:
    members = tuple(Member(signer.address, 10) for signer in SIGNERS)
    return Committee(Epoch(epoch), members, keccak(b"committee", word(epoch)))


def proof_of(block: Block, descendants: tuple[Header, ...] = ()) -> FinalityProof:
    certified = descendants[-1] if descendants else block.header
    vote = Vote(
        VoteKind.FINALIZE, certified.epoch, Hash32(bytes(32)), certified.view, certified.hash
    )
    return FinalityProof(Certificate(vote, bytes(32), b""), descendants)


def next_block(parent: Header, *raw: bytes, at_ms: int = 0, **fields: object) -> Block:
    payload = encode_payload([(ROLLUP, raw)]) if raw else EMPTY_PAYLOAD
    header = Header(
        epoch=parent.epoch,
        height=Height(parent.height + 1),
        view=View(parent.view + 1),
        timestamp_ms=at_ms or parent.timestamp_ms,
        parent_hash=parent.hash,
        payload_hash=keccak(payload),
        payload_length=len(payload),
        transaction_root=root_of(payload, parent.hash),
        origin_number=1,
        origin_hash=l1_hash(1),
        origin_timestamp=1_000,
        forced_count=parent.forced_count,
        proposer=Address(bytes(20)),
    )
    return Block(msgspec.structs.replace(header, **fields), payload)


def next_holding_block(parent: Header, posted: bytes, held: bytes, at_ms: int = 0) -> Block:
    """A block with a transaction of `ROLLUP`, and one of `HOLDS`, whose data is held."""
    segment = encode_payload([(HOLDS, [held])])
    payload = encode_payload([(ROLLUP, [posted])], held=[held_entry(HOLDS, segment)])
    block = next_block(
        parent,
        at_ms=at_ms,
        payload_hash=keccak(payload),
        payload_length=len(payload),
        transaction_root=root_of(payload, parent.hash),
    )
    return Block(block.header, payload, segment)


def l1_hash(number: int) -> Hash32:
    return keccak(b"l1", word(number))


class Chain:
    """Everything behind finality, over files in `folder`; opening one again is a restart."""

    def __init__(
        self, folder: Path, *, window: int = 256, parameters: BatchParameters = PARAMETERS
    ) -> None:
        self.store = BlockStore(folder / "blocks.sqlite")
        self.l1 = L1View(0, SCHEDULE, window)
        self.height = 0
        self.see(RollupRegistered(ROLLUP, CHAIN_ID), CommitteeRecorded(committee_of(0)))
        self.mempool = Mempool(MempoolConfig())
        application = Application(
            self.l1,
            self.mempool,
            OrderingParameters(BLOCK_BYTES, 10),
            Listings(ListParameters(), BLOCK_BYTES),
        )
        self.ordered: list[Hash32] = []
        self.sealed: list[BatchIndex] = []
        self.is_slow = False
        """Whether versioned hashes wait for `seal`, as they do on a node."""
        self.now_ms = 0
        self.batches: list[Batch] = []
        self.ledger = Ledger(
            self.store,
            application,
            self.mempool,
            SCHEDULE,
            SEPARATOR,
            parameters,
            lambda transactions: self.ordered.extend(tx.hash for _, tx in transactions),
            self.batches.append,
            self._seal,
            lambda: self.now_ms,
        )

    def seal(self) -> None:
        """Give the batch that waits its versioned hashes."""
        cut = self.ledger.waiting
        assert cut is not None
        self.sealed.append(cut.index)
        self.ledger.seal([keccak(b"blob", word(cut.index))])

    def _seal(self) -> None:
        if not self.is_slow:
            self.seal()

    def see(self, *events: Event) -> None:
        """The next L1 block."""
        self.height += 1
        header = L1Header(
            self.height, l1_hash(self.height), l1_hash(self.height - 1), 999 + self.height
        )
        self.l1.extend(L1Block(header, events))

    def commit(self, batch: Batch, transaction: bytes = b"\x77" * 32) -> None:
        """L1 takes the batch."""
        self.see(BatchCommitted(BatchIndex(batch.index), batch.hash, Epoch(0), Hash32(transaction)))

    def grow(self, count: int, step_ms: int = 400) -> list[Block]:
        """Finalize empty blocks, `step_ms` apart."""
        blocks = []
        for _ in range(count):
            tip = self.ledger.tip
            block = next_block(tip, at_ms=(tip.timestamp_ms or 5_000_000) + step_ms)
            self.ledger.append((block,), proof_of(block))
            blocks.append(block)
        return blocks

    def close(self) -> None:
        self.store.close()


def start() -> Header:
    return genesis(SEPARATOR)
