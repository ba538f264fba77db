"""An L1 in memory: blocks with the state after each, a pool, and what a reorg does to both."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from sequencer.crypto.hashing import keccak, word
from sequencer.ingress.transaction import Transaction
from sequencer.l1.events import CommitteeRecorded, L1Block, L1Header
from sequencer.l1.logs import Log
from sequencer.types import ZERO_HASH, Address, Hash32, encode_committee
from tests.reorgs.contracts import SECONDS, Reverted, State, deployed, execute
from tests.unit.l1.fake_l1 import logs


class Refused(Exception):
    """A JSON-RPC error; `data` is of a call that was reverted."""

    def __init__(self, message: str, data: bytes = b"") -> None:
        super().__init__(message)
        self.data = data


@dataclass(frozen=True, slots=True)
class Block:
    header: L1Header
    after: State
    logs: tuple[Log, ...] = ()
    transactions: tuple[Transaction, ...] = ()
    succeeded: frozenset[Hash32] = frozenset()


@dataclass
class Chances:
    """How unkind L1 is: of a transaction to be left out of a block, to be forgotten when its block
    is, of a slot to be missed."""

    left_out: float = 0.0
    forgotten: float = 0.0
    missed: float = 0.0


@dataclass
class Figures:
    """What happened."""

    blocks: int = 0
    reorgs: int = 0
    deepest: int = 0
    taken_back: int = 0
    """Transactions in blocks that were."""


class ReorgingL1:
    """`finality` blocks below the highest head there ever was stay for ever."""

    def __init__(self, draw: Random, finality: int) -> None:
        self.draw = draw
        self.finality = finality
        self.chances = Chances()
        self.figures = Figures()
        self.final = 1
        """The contracts are in block 1."""
        self.seconds = 0
        """The world's clock."""
        self.on_mined: Callable[[Block], None] = lambda block: None
        self.pool: dict[tuple[Address, int], Transaction] = {}
        self.blocks: list[Block] = []
        self.where: dict[Hash32, int] = {}
        """Block numbers of the transactions on this branch."""
        self.codes: dict[Address, bytes] = {}
        self._elsewhere: list[Transaction] = []
        """Forgotten here, but other pools may have them."""
        self._branch = 0
        self._append(Block(L1Header(0, _hash(0, 0), ZERO_HASH, 0), State()))
        after, events = deployed()
        header = L1Header(1, _hash(1, 0), _hash(0, 0), SECONDS)
        self._append(Block(header, after, tuple(logs(L1Block(header, events)))))
        for event in events:
            self._keep_code(event)

    @property
    def head(self) -> Block:
        return self.blocks[-1]

    def by_hash(self, block_hash: Hash32) -> Block | None:
        return next((b for b in reversed(self.blocks) if b.header.hash == block_hash), None)

    # --- what happens to it ---

    def pass_time(self, seconds: int) -> None:
        """Blocks come with the world's clock, but for the slots that are missed."""
        self.seconds += seconds
        while self.head.header.timestamp + SECONDS <= self.seconds:
            if self.draw.random() < self.chances.missed:
                self.seconds += SECONDS
            self.mine(self.seconds - self.seconds % SECONDS)

    def mine(self, timestamp: int) -> None:
        """A block of what waits, in any order that keeps each account's."""
        parent = self.head
        number = parent.header.number + 1
        header = L1Header(number, _hash(number, self._branch), parent.header.hash, timestamp)
        state, taken, found, events = parent.after, [], [], []
        for tx in self._choose(state):
            nonces = {**state.nonces, tx.sender: tx.nonce + 1}
            try:
                state, made = execute(state, tx, timestamp)
            except Reverted:
                made = None
            state = replace(state, nonces=nonces)
            taken.append(tx)
            if made is not None:
                found.append(tx.hash)
                events += [(event, tx.hash) for event in made]
        for event, _ in events:
            self._keep_code(event)
        written = logs(L1Block(header, tuple(event for event, _ in events)))
        hashes = [tx_hash for _, tx_hash in events]
        named = [replace(log, transaction_hash=h) for log, h in zip(written, hashes, strict=True)]
        self._append(Block(header, state, tuple(named), tuple(taken), frozenset(found)))
        self.final = max(self.final, number - self.finality)
        self.figures.blocks += 1
        self.on_mined(self.head)

    def reorg(self, depth: int, length: int) -> None:
        """Replace the last `depth` blocks by `length` others, in which some of the transactions
        are again."""
        lost = self.blocks[-depth:]
        assert lost[0].header.number > self.final, "what is final stays"
        del self.blocks[-depth:]
        self._branch += 1
        for block in lost:
            for tx in block.transactions:
                del self.where[tx.hash]
                self.figures.taken_back += 1
                if self.draw.random() < self.chances.forgotten:
                    self._elsewhere.append(tx)
                else:
                    self.pool.setdefault((tx.sender, tx.nonce), tx)
        for _ in range(length):
            gap = 2 if self.draw.random() < self.chances.missed else 1
            timestamp = self.head.header.timestamp + gap * SECONDS
            self.seconds = max(self.seconds, timestamp)
            self.mine(timestamp)
        self.figures.reorgs += 1
        self.figures.deepest = max(self.figures.deepest, depth)

    def forget_one(self) -> None:
        """A transaction leaves the pool."""
        if self.pool:
            self._elsewhere.append(self.pool.pop(self.draw.choice(list(self.pool))))

    def recall_one(self) -> None:
        """A transaction that was forgotten is the one for its nonce, by whoever mines next."""
        if self._elsewhere:
            tx = self.draw.choice(self._elsewhere)
            if tx.nonce >= self.head.after.nonces.get(tx.sender, 0):
                self.pool[tx.sender, tx.nonce] = tx

    def accept(self, tx: Transaction) -> None:
        """Into the pool, by geth's rules; raises `Refused`."""
        if tx.nonce < self.head.after.nonces.get(tx.sender, 0):
            raise Refused("nonce too low")
        held = self.pool.get((tx.sender, tx.nonce))
        if held is not None and held.hash == tx.hash:
            raise Refused("already known")
        if held is not None and not _replaces(tx, held):
            raise Refused("replacement transaction underpriced")
        self.pool[tx.sender, tx.nonce] = tx

    def _choose(self, state: State) -> list[Transaction]:
        """From the pool; accounts in any order, each in that of its nonces."""
        lanes: list[list[Transaction]] = []
        for sender in {sender: None for sender, _ in self.pool}:
            nonce, lane = state.nonces.get(sender, 0), []
            while (tx := self.pool.get((sender, nonce))) is not None:
                if self.draw.random() < self.chances.left_out:
                    break
                lane.append(tx)
                nonce += 1
            if lane:
                lanes.append(lane)
        chosen = []
        while lanes:
            lane = self.draw.choice(lanes)
            chosen.append(lane.pop(0))
            if not lane:
                lanes.remove(lane)
        return chosen

    def _append(self, block: Block) -> None:
        self.blocks.append(block)
        for tx in block.transactions:
            self.where[tx.hash] = block.header.number
        for sender, nonce in list(self.pool):
            if nonce < block.after.nonces.get(sender, 0):
                del self.pool[sender, nonce]

    def _keep_code(self, event: object) -> None:
        if isinstance(event, CommitteeRecorded):
            code = b"\0" + encode_committee(event.committee)
            self.codes[Address(event.committee.hash[:20])] = code


def _hash(number: int, branch: int) -> Hash32:
    return keccak(word(branch), word(number))


def _replaces(new: Transaction, old: Transaction) -> bool:
    fees = (
        (new.max_fee_per_gas, old.max_fee_per_gas),
        (new.max_priority_fee_per_gas, old.max_priority_fee_per_gas),
    )
    return all(10 * after >= 11 * before for after, before in fees)
