"""The contracts as far as a reorg can turn them round: state, call and time to state and events."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from eth_abi.abi import decode, encode

from sequencer.batches.batch import Batch
from sequencer.crypto.hashing import keccak, word
from sequencer.crypto.signatures import Signer
from sequencer.ingress.transaction import Transaction
from sequencer.l1 import abi
from sequencer.l1.calldata import decode_commit
from sequencer.l1.events import (
    BatchCommitted,
    BatchesCharged,
    CommitteeRecorded,
    Event,
    ForceIncluded,
    MessageEnqueued,
    MessagesConsumed,
    RollupRegistered,
)
from sequencer.l1.schedule import Schedule
from sequencer.types import (
    ZERO_HASH,
    Address,
    BatchIndex,
    Committee,
    Epoch,
    Hash32,
    Member,
    RollupId,
)
from tests.unit.l1 import fake_l1

CHAIN_ID = 31_337
ROLLUP, ROLLUP_CHAIN_ID = RollupId(1), 7001
SECONDS = 12
"""From one L1 block to the next."""
GENESIS = 10 * SECONDS
EPOCH_SECONDS = 60 * SECONDS
GRACE_SECONDS = 60 * SECONDS
WINDOW_SECONDS = 10 * SECONDS
BASE_FEE_WEI = 1_000
CONGESTION_TARGET = 8
DEPLOYMENT = replace(
    fake_l1.DEPLOYMENT,
    chain_id=CHAIN_ID,
    start_block=1,
    schedule=Schedule(GENESIS, EPOCH_SECONDS),
    force_window_seconds=WINDOW_SECONDS,
    commit_grace_seconds=GRACE_SECONDS,
    unbonding_seconds=10 * EPOCH_SECONDS,
    batch_bytes=2_048,
    batch_age_ms=40_000,
    block_bytes=8_192,
    blob_bytes_min=64 << 10,
)
SECRETS = [keccak(b"member", word(number)) for number in range(4)]
SIGNERS = [Signer(secret) for secret in SECRETS]


class Reverted(Exception):
    """With a custom error of the contracts as its data."""

    def __init__(self, name: str, *values: Any) -> None:
        super().__init__(name)
        entry = next(entry for entry in abi.errors().values() if entry.name == name)
        self.data = entry.hash[:4] + encode(entry.types, values)


@dataclass(frozen=True, slots=True)
class State:
    """After a block."""

    nonces: dict[Address, int] = field(default_factory=dict)
    queue: tuple[MessageEnqueued, ...] = ()
    consumed: int = 0
    batches: tuple[Hash32, ...] = ()
    committed_epoch: int = 0
    committees: tuple[Epoch, ...] = ()
    """Epochs that have one, ascending."""
    rollups: int = 0
    charged: int = 0
    """Batches that rollups were charged for."""


@cache
def committee_of(epoch: int) -> Committee:
    """The same four in every epoch."""
    members = tuple(Member(signer.address, 10**18) for signer in SIGNERS)
    found = fake_l1.real(CommitteeRecorded(Committee(Epoch(epoch), members, ZERO_HASH)))
    assert isinstance(found, CommitteeRecorded)
    return found.committee


def deployed() -> tuple[State, tuple[Event, ...]]:
    """What every L1 of these tests begins with."""
    epochs = (Epoch(0), Epoch(1))
    events: tuple[Event, ...] = (
        RollupRegistered(ROLLUP, ROLLUP_CHAIN_ID),
        *(CommitteeRecorded(committee_of(epoch)) for epoch in epochs),
    )
    return State(committees=epochs, rollups=1), events


def execute(state: State, tx: Transaction, time: int) -> tuple[State, tuple[Event, ...]]:
    """The call of a transaction in a block of that time; raises `Reverted`."""
    for entry, run in _FUNCTIONS:
        if tx.data[:4] == entry.hash[:4]:
            return run(state, tx, time)
    raise Reverted("UnknownRollup", 0)


def fee_wei(state: State, length: int, gas_limit: int) -> int:
    """INBOX-2."""
    load = CONGESTION_TARGET + len(state.queue) - state.consumed
    plain = BASE_FEE_WEI + 10 * length + gas_limit
    return -(-plain * load * load // CONGESTION_TARGET**2)


Effect = tuple[State, tuple[Event, ...]]


def _enqueue(state: State, tx: Transaction, time: int) -> Effect:
    """INBOX-1 to INBOX-3."""
    rollup, gas_limit, content = decode(("uint32", "uint64", "bytes"), tx.data[4:])
    if not 0 < rollup <= state.rollups:
        raise Reverted("UnknownRollup", rollup)
    due_wei = fee_wei(state, len(content), gas_limit)
    if tx.value < due_wei:
        raise Reverted("FeeTooSmall", due_wei, tx.value)
    index, deadline = len(state.queue), time + WINDOW_SECONDS
    event = MessageEnqueued(index, RollupId(rollup), tx.sender, gas_limit, deadline, content)
    return replace(state, queue=(*state.queue, event)), (event,)


def _force(state: State, tx: Transaction, time: int) -> Effect:
    """INBOX-5."""
    (up_to,) = decode(("uint64",), tx.data[4:])
    if up_to <= state.consumed:
        raise Reverted("NothingToForce", state.consumed, up_to)
    if up_to > len(state.queue):
        raise Reverted("BeyondQueue", len(state.queue), up_to)
    if state.queue[up_to - 1].deadline > time:
        raise Reverted("NotDue", up_to - 1, state.queue[up_to - 1].deadline, time)
    return replace(state, consumed=up_to), (ForceIncluded(state.consumed, up_to),)


def _commit(state: State, tx: Transaction, time: int) -> Effect:
    """CERT-2, CERT-3, CERT-6, CERT-7."""
    call = decode_commit(tx.data)
    batch, epoch, last = call.batch, call.epoch, len(state.batches)
    if batch.index != last + 1:
        raise Reverted("WrongIndex", last + 1, batch.index)
    parent = state.batches[-1] if state.batches else DEPLOYMENT.domain.separator()
    if batch.parent_hash != parent:
        raise Reverted("WrongParent", parent, batch.parent_hash)
    _require_open(state, epoch, time)
    if batch.forced_count > len(state.queue):
        raise Reverted("BeyondQueue", len(state.queue), batch.forced_count)
    consumed = max(state.consumed, batch.forced_count)
    if consumed < len(state.queue) and state.queue[consumed].deadline <= time:
        raise Reverted("DueMessageLeft", consumed, state.queue[consumed].deadline, time)
    events: list[Event] = [BatchCommitted(BatchIndex(batch.index), batch.hash, epoch, tx.hash)]
    if consumed != state.consumed:
        events.append(MessagesConsumed(state.consumed, consumed))
    after = replace(
        state, batches=(*state.batches, batch.hash), committed_epoch=epoch, consumed=consumed
    )
    return after, tuple(events)


def _require_open(state: State, epoch: Epoch, time: int) -> None:
    if epoch not in state.committees:
        raise Reverted("NoCommittee", epoch)
    if epoch < state.committed_epoch:
        raise Reverted("EpochBelowLast", state.committed_epoch, epoch)
    opens_at = DEPLOYMENT.schedule.start_of(epoch)
    if time < opens_at:
        raise Reverted("EpochNotBegun", opens_at, time)
    closes_at = opens_at + EPOCH_SECONDS + GRACE_SECONDS
    if time >= closes_at:
        raise Reverted("EpochClosed", closes_at, time)


def _snapshot(state: State, tx: Transaction, time: int) -> Effect:
    """COMM-3."""
    (epoch,) = decode(("uint64",), tx.data[4:])
    now = DEPLOYMENT.schedule.epoch_of(time) or 0
    if epoch <= state.committees[-1] or not now <= epoch <= now + 1:
        raise Reverted("EpochNotAscending", state.committees[-1], epoch)
    event = CommitteeRecorded(committee_of(epoch))
    return replace(state, committees=(*state.committees, Epoch(epoch))), (event,)


def _charge(state: State, tx: Transaction, time: int) -> Effect:
    """FEE-3, without accounts: whose batches they are, and their order."""
    batches, usages, _ = decode(_CHARGE.types, tx.data[4:])
    for position, (fields, usage) in enumerate(zip(batches, usages, strict=True)):
        batch = Batch(*fields)
        if batch.index != state.charged + 1 + position:
            raise Reverted("WrongIndex", state.charged + 1 + position, batch.index)
        if batch.index > len(state.batches):
            raise Reverted("BatchHashUnavailable", batch.index, len(state.batches))
        if batch.hash != state.batches[batch.index - 1]:
            raise Reverted("WrongBatch", batch.index, state.batches[batch.index - 1], batch.hash)
        if keccak(usage) != batch.usage_hash:
            raise Reverted("WrongUsage", batch.index, batch.usage_hash, keccak(usage))
    charged = state.charged + len(batches)
    return replace(state, charged=charged), (BatchesCharged(BatchIndex(charged), 0),)


_CHARGE = abi.function("SequencingFees", "charge")
_FUNCTIONS: tuple[tuple[abi.Entry, Callable[[State, Transaction, int], Effect]], ...] = (
    (abi.function("ForcedInbox", "enqueue"), _enqueue),
    (abi.function("ForcedInbox", "forceInclude"), _force),
    (abi.function("CommitmentChain", "commit"), _commit),
    (abi.function("Committee", "snapshot"), _snapshot),
    (_CHARGE, _charge),
)


def view(state: State, data: bytes) -> bytes:
    """What the views return that wallets and submitters ask for."""
    selector = data[:4]
    if selector == abi.function("ForcedInbox", "head").hash[:4]:
        return encode(
            ("uint32", "uint32", "bytes24"), (len(state.queue), state.consumed, bytes(24))
        )
    if selector == abi.function("ForcedInbox", "fee").hash[:4]:
        return encode(("uint256",), (fee_wei(state, *decode(("uint256", "uint64"), data[4:])),))
    if selector == abi.function("RollupRegistry", "rollup").hash[:4]:
        (rollup,) = decode(("uint32",), data[4:])
        chain_id = ROLLUP_CHAIN_ID if 0 < rollup <= state.rollups else 0
        return encode(("address", "uint64", "address"), (bytes(20), chain_id, bytes(20)))
    raise NotImplementedError(data.hex())
