"""Honest nodes that order, attest and promise, on the L1 of a `Ground`.

Each member has its own pool, listings and `Application`; all read one view of L1, with origins
that lag differently. What a leader builds the others judge, and it is final at once: consensus is
the matter of `votes.py`. Batches are cut, attested by all and committed, as nodes do it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from coincurve import PrivateKey

from sequencer.batches.attestations import AttestationPool, SignedAttestation, attest
from sequencer.batches.batch import Batch
from sequencer.batches.codec import encode_batch_data
from sequencer.batches.cut import BatchChain, BatchCutter, BatchParameters, genesis_cut
from sequencer.batches.seen import NOBODY
from sequencer.blocks.header import Block, Header, genesis
from sequencer.consensus.leaders import leader_of
from sequencer.crypto.digests import typed_digest
from sequencer.crypto.hashing import keccak, word
from sequencer.crypto.hot_keys import HotKeys
from sequencer.deployment.economy import GWEI
from sequencer.ingress.refusal import NoPromise, Refused
from sequencer.ingress.transaction import Transaction, decode_transaction
from sequencer.l1 import abi
from sequencer.l1.calldata import encode_commit
from sequencer.mempool.pool import Mempool, MempoolConfig, TransactionKey
from sequencer.ordering.application import Application, OrderingParameters
from sequencer.ordering.listings import Listing, Listings, ListParameters
from sequencer.ordering.turn import Turn, is_terminal, origin_epoch
from sequencer.promises.book import PromiseBook, PromiseParameters, Standing
from sequencer.promises.promise import SignedPromise
from sequencer.types import Committee, Epoch, MemberIndex, RollupId, View
from tests.honest.ground import ETHER, LATE_ROLLUP, OWNER, ROLLUPS, SLOT_SECONDS, SUBMITTER, Ground
from tests.hostile.l1 import Call
from tests.unit.ingress.builders import Raw

BLOCK_BYTES = 20_000
FORCED_MARGIN_SECONDS = 6
BATCHES = BatchParameters(batch_bytes=60_000, batch_age_ms=4_000, blob_bytes_min=1 << 40)
MAX_STEP_MS = 2_500
COMMIT_GAS = 4_000_000
KEYS = [PrivateKey(keccak(b"wallet", word(number))) for number in range(12)]
HEIGHTS = (1, 1, 2, 3, 40, 256)
"""How far above the last final block promises go: often to the very next."""
RIVALS = 0.2
"""Share of transactions beside which their sender signs another of the same nonce."""
LATE_AFTER = 20
"""Blocks until another rollup registers."""

_ENQUEUE = abi.function("ForcedInbox", "enqueue")


@dataclass(frozen=True, slots=True)
class Attested:
    """A batch, its blocks, and what every member said of it, in its epoch and in later ones."""

    batch: Batch
    blocks: tuple[Block, ...]
    epoch: Epoch
    own: tuple[SignedAttestation, ...]
    """Of its own epoch, by member."""
    later: tuple[SignedAttestation, ...]
    """The same content attested again in the epoch after it (BATCH-4)."""


class Member:
    """One honest node, without its wires."""

    def __init__(self, ground: Ground, at: MemberIndex, lag: int) -> None:
        self.at = at
        self.keys = HotKeys(ground.signers[at])
        self.mempool = Mempool(MempoolConfig(gap_wait_ms=500))
        self.listings = Listings(ListParameters(), BLOCK_BYTES)
        parameters = OrderingParameters(BLOCK_BYTES, FORCED_MARGIN_SECONDS, origin_lag=lag)
        self.application = Application(ground.view, self.mempool, parameters, self.listings)
        self._ground = ground

    def finalized(self, block: Block) -> None:
        ordered = self.application.transactions(block)
        self.mempool.finalized(ordered)
        self.application.settled([(rollup, tx.hash) for rollup, tx in ordered])

    def promise(
        self, key: TransactionKey, heights: int, value_wei: int, at: Standing
    ) -> SignedPromise:
        """As its owner has set `heights`. Raises `NoPromise`."""
        parameters = PromiseParameters(heights=heights)
        book = PromiseBook(
            self.keys,
            self._ground.separator,
            self._ground.view,
            self.application.served,
            self.mempool,
            parameters,
        )
        return book.make(key, value_wei, at).signed


@dataclass
class Chain:
    """What the members have made together."""

    ground: Ground
    random: Random
    blocks: list[Block] = field(default_factory=list)
    batches: list[Attested] = field(default_factory=list)
    promises: list[SignedPromise] = field(default_factory=list)
    signers: dict[Epoch, list[int]] = field(default_factory=dict)
    """Of the batches of each epoch on L1: bitmaps (ENC-5), in order."""
    settled: set[Epoch] = field(default_factory=set)
    """Epochs whose work L1 has counted."""
    silent: set[MemberIndex] = field(default_factory=set)
    """Whose attestations never come: nobody's in an honest run."""

    def __post_init__(self) -> None:
        ground, count = self.ground, len(self.ground.signers)
        lags = [self.random.choice((0, 0, 1, 2)) for _ in range(count)]
        self.members = [Member(ground, MemberIndex(at), lag) for at, lag in enumerate(lags)]
        self.now_ms = 1_000 * ground.timestamp
        self.tip: Header = genesis(ground.separator)
        self.epoch = Epoch(0)
        self._cutter = BatchCutter(genesis_cut(ground.separator), BATCHES)
        self._links = BatchChain(ground.separator)
        self._uncut: list[Block] = []
        self._committed = 0
        self._seen = NOBODY
        self._nonces: dict[tuple[int, int], int] = {}
        self._numbers = 0
        self._rollups = list(ROLLUPS)
        self._begin_epoch(Epoch(0))

    @property
    def committee(self) -> Committee:
        return self._committee

    async def grow(self, blocks: int) -> None:
        """So many blocks more, and all of them on L1."""
        goal = len(self.blocks) + blocks
        while len(self.blocks) < goal:
            await self._step(goal - len(self.blocks))
        while self._committed < len(self.batches):
            await self._mine()

    async def _step(self, left: int) -> None:
        self.now_ms += self.random.randint(200, MAX_STEP_MS)
        while self.now_ms >= 1_000 * (self.ground.timestamp + SLOT_SECONDS):
            await self._mine()
        for _ in range(self.random.choice((0, 1, 4, 12))):
            self._receive()
        self._promise(left)
        self._order()

    # --- L1 ---

    async def _mine(self) -> None:
        """What waits goes into the next block of L1, and then anything between it and the next."""
        ground = self.ground
        calls = [self._commit(one) for one in self.batches[self._committed :]]
        self._committed = len(self.batches)
        calls += [self._enqueue() for _ in range(self.random.choice((0, 0, 1, 3)))]
        if len(self.blocks) > LATE_AFTER and LATE_ROLLUP not in self._rollups:
            self._rollups.append(LATE_ROLLUP)
            calls.append(ground.register(LATE_ROLLUP))
        await ground.mine(calls, ground.timestamp + SLOT_SECONDS)

    def _commit(self, attested: Attested) -> Call:
        pool = AttestationPool(self.ground.separator)
        committee = self._committee_of(attested.epoch)
        for signed in attested.own:
            if signed.member not in self.silent:
                pool.add(signed, committee)
        batch = attested.batch
        certificate = pool.certificate(batch.index, batch.hash, committee, self._seen)
        assert certificate is not None
        signers = int.from_bytes(certificate.signers, "big")
        self._seen = self._seen.after(attested.epoch, signers)
        self.signers.setdefault(attested.epoch, []).append(signers)
        data = encode_commit(batch, certificate, encode_batch_data(attested.blocks))
        chain = self.ground.deployment.contracts.commitment_chain
        return Call(SUBMITTER, chain, data, gas=COMMIT_GAS)

    def _enqueue(self) -> Call:
        rollup, chain_id, *_ = self.random.choice(ROLLUPS)
        raw = self._raw(self.random.randrange(len(KEYS)), chain_id, self.random.randrange(50))
        if self.random.random() < 0.2:
            raw = self.random.randbytes(40)
        data = _ENQUEUE.call(rollup, 250_000, raw)
        inbox = self.ground.deployment.contracts.forced_inbox
        return Call(OWNER, inbox, data, ETHER)

    # --- transactions ---

    def _receive(self) -> None:
        """A wallet sends one to a few nodes; now and then one of them lists it (LIST-1)."""
        rollup, chain_id, *_ = self.random.choice(self._rollups)
        if self.ground.view.chain_id_of(rollup, self.tip.origin_number) is None:
            return  # No block may hold it yet (BLOCK-5).
        key = self.random.randrange(len(KEYS))
        lane = (rollup, key)
        nonce = self._nonces.get(lane, 0) + self.random.choice((0, 0, 0, 0, 0, 0, 1))
        self._nonces[lane] = nonce + 1
        if self.random.random() < RIVALS:
            nonce = max(0, nonce - self.random.randint(1, 3))
        tx = decode_transaction(self._raw(key, chain_id, nonce), chain_id)
        for member in self.random.sample(self.members, self.random.randint(1, len(self.members))):
            self._add(member, rollup, tx)
        if self.random.random() < 0.2:
            self._list(self.random.choice(self.members), rollup, tx)

    def _raw(self, key: int, chain_id: int, nonce: int) -> bytes:
        """Of any type, with fees that are often equal to others'."""
        tip = self.random.choice((0, 1, 2, 2, 3, 50, 2**128)) * GWEI
        made = Raw(
            kind=self.random.choice((0, 1, 2, 2, 4)),
            chain=chain_id,
            nonce=nonce,
            priority=tip,
            max_fee=max(tip, self.random.choice((1, 7, 8, 9, 60)) * GWEI),
            data=self.random.randbytes(self.random.choice((0, 0, 4, 60, 60, 700, 3_000))),
            gas=10**6,
            key=KEYS[key],
        )
        return made.encode()

    def _add(self, member: Member, rollup: RollupId, tx: Transaction) -> bool:
        try:
            member.mempool.add(rollup, tx, self.now_ms)
        except Refused:
            return False
        return True

    def _list(self, member: Member, rollup: RollupId, tx: Transaction) -> None:
        """Of what a member has; everybody hears of it at once."""
        if (rollup, tx.hash) not in member.mempool:
            return
        self._numbers += 1
        unsigned = Listing(
            *(self.epoch, self.committee.hash, member.at, self._numbers, rollup, tx.raw),
            bytes(64),
        )
        digest = typed_digest(self.ground.separator, unsigned.struct_hash())
        signature = member.keys.current.sign(digest)
        listing = Listing(
            *(getattr(unsigned, f) for f in Listing.__struct_fields__[:-1]), signature
        )
        for other in self.members:
            if other.listings.is_news(listing):
                other.listings.add(listing, tx, self.now_ms)

    # --- promises ---

    def _promise(self, left: int) -> None:
        """A member promises what it has, and lists it at once (PROMISE-4)."""
        member = self.random.choice(self.members)
        ready = member.mempool.ready_since(self.now_ms, 3, (), BLOCK_BYTES)
        if not ready:
            return
        rollup, tx = self.random.choice(ready)
        if member.listings.has_rival(rollup, tx):
            return
        heights = self.random.choice([heights for heights in HEIGHTS if heights <= left])
        standing = Standing(
            self.committee, self.tip, 10**24, member.listings.bytes_each, self.now_ms
        )
        value_wei = self.random.randint(0, ETHER)
        try:
            made = member.promise((rollup, tx.hash), heights, value_wei, standing)
        except NoPromise:
            return
        self._list(member, rollup, tx)
        self.promises.append(made)

    # --- blocks ---

    def _order(self) -> None:
        view = View(self.tip.view + 1)
        leader = self.members[leader_of(self.committee, view)]
        turn = Turn(self.epoch, view, leader.keys.current.address)
        block = leader.application.prepare(turn, self.tip, (), self.now_ms)
        for member in self.members:
            if member is not leader:
                member.application.process(turn, block, self.tip, (), self.now_ms)
        for member in self.members:
            member.finalized(block)
        self._store(block)

    def _store(self, block: Block) -> None:
        self.blocks.append(block)
        self._uncut.append(block)
        self.tip = block.header
        schedule = self.ground.deployment.schedule
        ends = is_terminal(schedule, block.header)
        cut = self._cutter.push(block, ends)
        for batch in self._links.push(cut) if cut else ():
            self._attest(batch)
        if ends:  # Closing blocks do not go into the chain (EPOCH-4).
            self._begin_epoch(origin_epoch(schedule, block.header.origin_timestamp))

    def _attest(self, batch: Batch) -> None:
        """ATTEST-2."""
        blocks, self._uncut = tuple(self._uncut), []
        for member in self.members:
            for block in blocks:
                assert member.application.vouches_for(block, self.epoch)
        following = self.ground.view.committee_at(Epoch(self.epoch + 1), self._head())
        later = () if following is None else self._attestations(batch, following)
        own = self._attestations(batch, self.committee)
        self.batches.append(Attested(batch, blocks, self.epoch, own, later))

    def _attestations(self, batch: Batch, committee: Committee) -> tuple[SignedAttestation, ...]:
        signers = self.ground.signers
        return tuple(
            attest(batch.index, batch.hash, committee, signer, self.ground.separator)
            for signer in signers
        )

    def _begin_epoch(self, epoch: Epoch) -> None:
        self.epoch = epoch
        self._committee = self._committee_of(epoch)
        for member in self.members:
            member.listings.begin(self._committee)

    def _committee_of(self, epoch: Epoch) -> Committee:
        found = self.ground.view.committee_at(epoch, self._head())
        assert found is not None
        seated = [member.signer for member in found.members]
        assert seated == [signer.address for signer in self.ground.signers]
        return found

    def _head(self) -> int:
        assert self.ground.view.head is not None
        return self.ground.view.head.number


def later_headers(attested: Attested, at: int) -> Sequence[Header]:
    """From the batch's last block down to the block at a place of it, as L1 takes them."""
    return [block.header for block in reversed(attested.blocks[at:])]
