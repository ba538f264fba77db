"""A plain reading of docs/spec: from facts in L1's order to the queue and to every rollup's list.

It shares no code with `sequencer/derivation`, and keeps everything.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from eth_abi.abi import encode

from sequencer.crypto.hashing import keccak
from sequencer.deployment.parameters import Parameters
from sequencer.derivation.entries import Source
from sequencer.l1.events import MessageKind, RollupMode
from sequencer.types import ZERO_HASH, Epoch, Hash32, RollupId
from tests.hostile.facts import (
    Announced,
    Cancelled,
    Committed,
    Enqueued,
    Entered,
    Fact,
    Forced,
    Made,
    Mined,
    Posted,
    Recorded,
    Registered,
)

FOREVER = 2**40 - 1

Valid = Mapping[bytes, tuple[int, int]]
"""The transactions that keep TX-1 and TX-2: chain id and gas limit. All others are skipped."""


@dataclass(frozen=True, slots=True)
class Message:
    fact: Enqueued
    deadline: int
    fee_wei: int
    hash: Hash32
    l1_block: int


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry that a rollup's list must have."""

    source: Source
    position: int
    """Index of the message, height of the block, or number of the post."""
    l1_block: int
    batch: int | None
    transaction_hash: Hash32
    is_included: bool


@dataclass(slots=True)
class Rollup:
    """Who orders it, and its list."""

    chain_id: int | None = None
    mode: RollupMode = RollupMode.SHARED
    announced: tuple[RollupMode, int] | None = None
    posts: int = 0
    entries: list[Listed] = field(default_factory=list)

    def mode_at(self, timestamp: int) -> RollupMode:
        """ROLL-3."""
        if self.announced is not None and self.announced[1] <= timestamp:
            return self.announced[0]
        return self.mode

    @property
    def running_hash(self) -> Hash32:
        """DERIVE-7."""
        h = ZERO_HASH
        for entry in self.entries:
            if entry.is_included:
                h = keccak(h, entry.transaction_hash)
        return h


class Ledger:
    """What L1 says after some blocks, by the rules."""

    def __init__(self, separator: Hash32, genesis: int, parameters: Parameters, valid: Valid):
        self._parameters = parameters
        self._valid = valid
        self.messages: list[Message] = []
        self.consumed = 0
        self.accumulator = bytes(24)
        self.consumed_in: dict[int, int] = {}
        """L1 block by message."""
        self.rollups: dict[RollupId, Rollup] = {}
        self.registered = 0
        self.batch_hash = separator
        self.index = 0
        self.block_hash, self.height = separator, 0
        self.epochs: list[Epoch] = []
        self.committed_at = genesis
        self.based_until = 0
        self.users_message: int | None = None

    def take(self, block: Mined) -> None:
        for fact in block.facts:
            self._take(fact, block)

    def fee(self, length: int, gas_limit: int, pending: int) -> int:
        """INBOX-2."""
        p = self._parameters.inbox
        plain = p.base_fee_wei + length * p.wei_per_byte + gas_limit * p.wei_per_gas
        return -(-plain * (p.congestion_target + pending) ** 2 // p.congestion_target**2)

    @property
    def pending(self) -> int:
        return len(self.messages) - self.consumed

    def rollup(self, rollup_id: RollupId) -> Rollup:
        return self.rollups.setdefault(rollup_id, Rollup())

    def _take(self, fact: Fact, block: Mined) -> None:
        match fact:
            case Enqueued():
                self._enqueued(fact, block)
            case Forced():
                self._consume(fact.up_to, None, block)
            case Committed():
                self._committed(fact, block)
            case Posted():
                number = self.rollup(fact.rollup).posts
                self.rollup(fact.rollup).posts = number + 1
                for raw in fact.transactions or ():
                    self._list(fact.rollup, raw, (Source.POST, number, block.number, None))
            case Announced():
                rollup = self.rollup(fact.rollup)
                rollup.mode = rollup.mode_at(block.timestamp)
                at = block.timestamp + self._parameters.rollups.exit_delay_seconds
                rollup.announced = (fact.mode, at)
            case Cancelled():
                self.rollup(fact.rollup).announced = None
            case Registered():
                self.registered += 1
                self.rollup(RollupId(self.registered)).chain_id = fact.chain_id
            case Recorded():
                self.epochs.append(fact.epoch)
            case Entered():
                self.based_until = FOREVER

    def _enqueued(self, fact: Enqueued, block: Mined) -> None:
        """INBOX-2 to INBOX-4."""
        index = len(self.messages)
        deadline = block.timestamp + self._parameters.inbox.force_window_seconds
        hashed = encode(
            ["uint8", "uint64", "uint32", "address", "uint64", "uint64", "bytes32"],
            (
                *(fact.kind.value, index, fact.rollup, "0x" + fact.sender.hex(), fact.gas_limit),
                *(deadline, keccak(fact.content)),
            ),
        )
        fee_wei = self.fee(len(fact.content), fact.gas_limit, self.pending)
        self.messages.append(Message(fact, deadline, fee_wei, keccak(hashed), block.number))
        self.accumulator = keccak(self.accumulator, keccak(hashed))[:24]
        if fact.is_users and self.users_message is None:
            self.users_message = index

    def _committed(self, fact: Committed, block: Mined) -> None:
        """DERIVE-4, DERIVE-5, DERIVE-11; FALLBACK-4."""
        batch = fact.made.batch
        is_caught_up = batch.forced_count >= self.consumed
        for one in (fact.made.blocks or ()) if self._is_linked(fact.made) else ():
            self._consume(one.header.forced_count, batch.index, block)
            for rollup, raw in one.transactions:
                if self.rollup(rollup).mode_at(block.timestamp) is RollupMode.SHARED:
                    at = (Source.BLOCK, one.header.height, block.number, batch.index)
                    self._list(rollup, raw, at)
        self._consume(batch.forced_count, batch.index, block)
        self.batch_hash, self.index = batch.hash, batch.index
        self.block_hash, self.height = batch.last_block_hash, batch.last_height
        self.committed_at = block.timestamp
        if self.based_until == FOREVER and is_caught_up:
            self.based_until = block.timestamp + self._parameters.fallback.tail_seconds

    def _is_linked(self, made: Made) -> bool:
        if not made.blocks:
            return False
        first, last = made.blocks[0].header, made.blocks[-1].header
        counts = [one.header.forced_count for one in made.blocks]
        batch = made.batch
        return (
            (first.parent_hash, first.height) == (self.block_hash, self.height + 1)
            and (first.height, last.height) == (batch.first_height, batch.last_height)
            and (last.hash, counts[-1]) == (batch.last_block_hash, batch.forced_count)
            and counts == sorted(counts)
        )

    def _consume(self, up_to: int, batch: int | None, block: Mined) -> None:
        for index in range(self.consumed, min(up_to, len(self.messages))):
            message = self.messages[index]
            fact = message.fact
            self.consumed = index + 1
            self.consumed_in[index] = block.number
            at = (Source.FORCED, index, block.number, batch)
            if fact.kind is MessageKind.TRANSACTION:
                self._list(fact.rollup, fact.content, at, fact.gas_limit)
            else:  # DERIVE-12
                self.rollup(fact.rollup).entries.append(Listed(*at, message.hash, True))

    def _list(
        self,
        rollup_id: RollupId,
        raw: bytes,
        at: tuple[Source, int, int, int | None],
        gas_limit: int | None = None,
    ) -> None:
        """DERIVE-6."""
        rollup = self.rollup(rollup_id)
        chain_id, gas = self._valid.get(raw, (None, 0))
        is_included = chain_id is not None and chain_id == rollup.chain_id
        is_included = is_included and (gas_limit is None or gas <= gas_limit)
        rollup.entries.append(Listed(*at, keccak(raw), is_included))
