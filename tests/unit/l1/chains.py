"""Made-up L1 chains for tests."""

from collections.abc import Iterable

from sequencer.crypto.hashing import keccak, word
from sequencer.l1.events import (
    BatchCommitted,
    BatchPosted,
    CommitteeRecorded,
    DataChallenged,
    Event,
    ForceIncluded,
    L1Block,
    L1Header,
    MessageEnqueued,
    MessagesConsumed,
    ModeAnnounced,
    ModeCancelled,
    OperatorBonded,
    PromiseChallenged,
    RollupMode,
    RollupRegistered,
)
from sequencer.promises.challenge import PromiseChallenge
from sequencer.promises.promise import InclusionPromise
from sequencer.types import (
    ZERO_HASH,
    Address,
    BatchIndex,
    Committee,
    Epoch,
    Hash32,
    Height,
    Member,
    RollupId,
)

SECONDS = 12
"""Between the blocks of these chains."""


def address(number: int) -> Address:
    return Address(keccak(b"address", word(number))[12:])


def header(number: int, branch: str = "main", parent: L1Header | None = None) -> L1Header:
    """The block of that number on a named branch, on `parent` or on the branch itself."""
    before = Hash32(parent.hash) if parent else block_hash(number - 1, branch)
    return L1Header(number, block_hash(number, branch), before, number * SECONDS)


def block_hash(number: int, branch: str) -> Hash32:
    return keccak(branch.encode(), word(number)) if number >= 0 else ZERO_HASH


def block(number: int, *events: Event, branch: str = "main") -> L1Block:
    return L1Block(header(number, branch), events)


def branch_on(parent: L1Header, branch: str, events: Iterable[tuple[Event, ...]]) -> list[L1Block]:
    """Blocks on `parent`, one for each tuple of events."""
    blocks: list[L1Block] = []
    for held in events:
        parent = header(parent.number + 1, branch, parent)
        blocks.append(L1Block(parent, held))
    return blocks


def bonded(number: int) -> OperatorBonded:
    return OperatorBonded(
        number, address(number), address(1000 + number), bytes(32), f"tcp://host{number}:1"
    )


def enqueued(index: int, rollup: int = 1, deadline: int = 0, raw: bytes = b"") -> MessageEnqueued:
    transaction = raw or b"tx%d" % index
    return MessageEnqueued(index, RollupId(rollup), address(7), 21_000, deadline, transaction)


def forced(first: int, up_to: int) -> ForceIncluded:
    return ForceIncluded(first, up_to)


def consumed(first: int, up_to: int) -> MessagesConsumed:
    return MessagesConsumed(first, up_to)


def committed(index: int, tag: bytes = b"") -> BatchCommitted:
    return BatchCommitted(
        BatchIndex(index), keccak(b"batch", word(index), tag), Epoch(0), keccak(b"tx", word(index))
    )


def registered(number: int, chain_id: int = 7001, *, holds_data: bool = False) -> RollupRegistered:
    return RollupRegistered(RollupId(number), chain_id, holds_data)


def challenged(rollup: int, index: int, data: bytes, deadline: int = 99) -> DataChallenged:
    """A challenge whose id is a hash of its index and data."""
    return DataChallenged(
        keccak(word(index), data),
        RollupId(rollup),
        BatchIndex(index),
        address(8),
        len(data),
        keccak(data),
        deadline,
    )


def promise_challenged(
    operator_id: int = 1, tag: bytes = b"", deadline: int = 99
) -> PromiseChallenged:
    """A challenge of a promise about a transaction of that hash."""
    tx_hash = keccak(b"promised", tag)
    said = InclusionPromise(Epoch(0), RollupId(1), tx_hash, Height(9), address(5), 10**18)
    asked = PromiseChallenge(address(6), deadline, 10**16, True, keccak(b"batch"))
    return PromiseChallenged(keccak(b"challenge", tag), operator_id, said, BatchIndex(1), asked)


def announced(rollup: int, mode: RollupMode, effective_at: int) -> ModeAnnounced:
    """ROLL-3; a `SOLO` rollup gets the address of its own number as its sequencer."""
    sequencer = address(rollup) if mode is RollupMode.SOLO else Address(bytes(20))
    return ModeAnnounced(RollupId(rollup), mode, sequencer, effective_at)


def cancelled(rollup: int) -> ModeCancelled:
    return ModeCancelled(RollupId(rollup))


def posted(rollup: int, number: int, data: bytes) -> BatchPosted:
    """With its data, as a contract's post has it in its event."""
    tx_hash = keccak(b"post", word(rollup), word(number))
    return BatchPosted(RollupId(rollup), number, address(8), keccak(data), tx_hash, data)


def committee(epoch: int, size: int = 4) -> Committee:
    members = tuple(Member(address(1000 + number), 10**18) for number in range(1, size + 1))
    return Committee(Epoch(epoch), members, keccak(b"committee", word(size)))


def recorded(epoch: int) -> CommitteeRecorded:
    return CommitteeRecorded(committee(epoch))
