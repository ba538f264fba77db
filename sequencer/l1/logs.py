"""Logs of the deployment's contracts to events (L1-4)."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeVar

import msgspec

from sequencer.blocks.order import Ordering, OrderingPolicy
from sequencer.errors import DecodeError
from sequencer.l1 import abi
from sequencer.l1.deployment import Contracts
from sequencer.l1.events import (
    BasedEnding,
    BasedEntered,
    BatchCommitted,
    BatchesCharged,
    BatchPosted,
    Checkpointed,
    DataAnswered,
    DataChallenged,
    DataVoided,
    Event,
    ExitInitiated,
    ForceIncluded,
    MessageEnqueued,
    MessageKind,
    MessagesConsumed,
    ModeAnnounced,
    ModeCancelled,
    NoticeCleared,
    NoticeGiven,
    OperatorBonded,
    OperatorEjected,
    OperatorJailed,
    OperatorReleased,
    OperatorUnjailed,
    PeerAnnounced,
    PromiseBroken,
    PromiseChallenged,
    PromiseKept,
    RollupMode,
    RollupRegistered,
    SignerRotated,
)
from sequencer.l1.rpc import hex_data, quantity
from sequencer.promises.challenge import challenge_of
from sequencer.promises.promise import promise_of
from sequencer.types import Address, BatchIndex, Epoch, Hash32, RollupId

MAX_ENDPOINT = 128
"""BOND-9; a longer one is cut, as it can only come from an endpoint that makes things up."""


@dataclass(frozen=True, slots=True)
class Log:
    """A log as an endpoint gives it."""

    address: Address
    topics: tuple[bytes, ...]
    data: bytes
    block_number: int
    block_hash: Hash32
    transaction_hash: Hash32
    index: int
    """Within its block."""


class RawLog(msgspec.Struct):
    """A log as JSON-RPC has it."""

    address: str
    topics: list[str]
    data: str
    blockNumber: str  # noqa: N815
    blockHash: str  # noqa: N815
    transactionHash: str  # noqa: N815
    logIndex: str  # noqa: N815


def log_of(raw: RawLog) -> Log:
    """Raises `ValueError`."""
    return Log(
        address=Address(hex_data(raw.address, 20)),
        topics=tuple(Hash32(hex_data(topic, 32)) for topic in raw.topics),
        data=hex_data(raw.data),
        block_number=quantity(raw.blockNumber),
        block_hash=Hash32(hex_data(raw.blockHash, 32)),
        transaction_hash=Hash32(hex_data(raw.transactionHash, 32)),
        index=quantity(raw.logIndex),
    )


@dataclass(frozen=True, slots=True)
class CommitteePointer:
    """COMM-4: where the bytes of an epoch's committee are."""

    epoch: Epoch
    pointer: Address
    committee_hash: Hash32


Decoded = Event | CommitteePointer
_Arguments = dict[str, Any]
_E = TypeVar("_E", bound=Enum)


def decode_log(log: Log, contracts: Contracts) -> Decoded | None:
    """The event of a log; None if it is of no concern. Raises `DecodeError`."""
    if not log.topics:
        return None
    for contract, (address_of, decoders) in _DECODERS.items():
        decoder = decoders.get(log.topics[0])
        if decoder is not None and log.address == address_of(contracts):
            name, build = decoder
            return build(abi.event(contract, name).decode_event(log.topics, log.data), log)
    return None


def addresses_of(contracts: Contracts) -> tuple[Address, ...]:
    """The contracts whose logs are read."""
    return tuple(address_of(contracts) for address_of, _ in _DECODERS.values())


def _bonded(a: _Arguments, _: Log) -> Event:
    return OperatorBonded(
        a["id"], _address(a["operator"]), _address(a["signer"]), a["transportKey"], _endpoint(a)
    )


def _announced(a: _Arguments, _: Log) -> Event:
    return PeerAnnounced(a["id"], a["transportKey"], _endpoint(a))


def _committee(a: _Arguments, _: Log) -> CommitteePointer:
    return CommitteePointer(Epoch(a["epoch"]), _address(a["pointer"]), Hash32(a["committeeHash"]))


def _enqueued(a: _Arguments, _: Log) -> Event:
    return MessageEnqueued(
        a["index"],
        RollupId(a["rollupId"]),
        _address(a["sender"]),
        a["gasLimit"],
        a["deadline"],
        a["content"],
        _member(MessageKind, a["kind"]),
    )


def _committed(a: _Arguments, log: Log) -> Event:
    return BatchCommitted(
        BatchIndex(a["index"]),
        Hash32(a["batchHash"]),
        Epoch(a["epoch"]),
        log.transaction_hash,
        signers=a["signers"],
    )


def _posted(a: _Arguments, log: Log) -> Event:
    return BatchPosted(
        RollupId(a["rollupId"]),
        a["number"],
        _address(a["poster"]),
        Hash32(a["contentHash"]),
        log.transaction_hash,
        a["data"] or None,
    )


def _challenged(a: _Arguments, _: Log) -> Event:
    return DataChallenged(
        Hash32(a["id"]),
        RollupId(a["rollupId"]),
        BatchIndex(a["index"]),
        _address(a["challenger"]),
        a["length"],
        Hash32(a["hash"]),
        a["deadline"],
    )


def _promise_challenged(a: _Arguments, _: Log) -> Event:
    return PromiseChallenged(
        Hash32(a["id"]),
        a["operatorId"],
        promise_of(a["said"]),
        BatchIndex(a["index"]),
        challenge_of(a["asked"]),
    )


def _announced_mode(a: _Arguments, _: Log) -> Event:
    return ModeAnnounced(
        RollupId(a["rollupId"]),
        _member(RollupMode, a["mode"]),
        _address(a["sequencer"]),
        a["effectiveAt"],
    )


def _member(kind: type[_E], value: int) -> _E:
    """A value of an enumeration, which the ABI has as a small integer."""
    try:
        return kind(value)
    except ValueError as error:
        raise DecodeError(f"log has {kind.__name__} {value}") from error


def _address(text: str) -> Address:
    return Address(bytes.fromhex(text.removeprefix("0x")))


def _endpoint(a: _Arguments) -> str:
    """Whatever an operator wrote: bytes that are no UTF-8 are replaced."""
    raw: bytes = a["endpoint"]
    return raw[:MAX_ENDPOINT].decode("utf-8", "replace")


_Build = Callable[[_Arguments, Log], Decoded]
_EVENTS: dict[str, tuple[Callable[[Contracts], Address], dict[str, _Build]]] = {
    "BondRegistry": (
        lambda contracts: contracts.bond_registry,
        {
            "OperatorBonded": _bonded,
            "PeerAnnounced": _announced,
            "ExitInitiated": lambda a, _: ExitInitiated(a["id"]),
            "SignerRotated": lambda a, _: SignerRotated(a["id"], _address(a["signer"])),
            "OperatorJailed": lambda a, _: OperatorJailed(a["id"]),
            "OperatorUnjailed": lambda a, _: OperatorUnjailed(a["id"]),
            "OperatorEjected": lambda a, _: OperatorEjected(a["id"]),
            "OperatorReleased": lambda a, _: OperatorReleased(a["id"]),
        },
    ),
    "Committee": (
        lambda contracts: contracts.committee,
        {"CommitteeRecorded": _committee, "CommitteeKept": _committee},
    ),
    "RollupRegistry": (
        lambda contracts: contracts.rollup_registry,
        {
            "RollupRegistered": lambda a, _: RollupRegistered(
                RollupId(a["rollupId"]),
                a["chainId"],
                a["holdsData"],
                Ordering(_member(OrderingPolicy, a["policy"]), a["baseFeeWei"]),
                a["provableFrom"],
            ),
            "ModeAnnounced": _announced_mode,
            "ModeCancelled": lambda a, _: ModeCancelled(RollupId(a["rollupId"])),
        },
    ),
    "ForcedInbox": (
        lambda contracts: contracts.forced_inbox,
        {
            "MessageEnqueued": _enqueued,
            "ForceIncluded": lambda a, _: ForceIncluded(a["from"], a["upTo"]),
            "MessagesConsumed": lambda a, _: MessagesConsumed(a["from"], a["upTo"]),
        },
    ),
    "CommitmentChain": (
        lambda contracts: contracts.commitment_chain,
        {
            "BatchCommitted": _committed,
            "BasedEntered": lambda _a, _: BasedEntered(),
            "BasedEnding": lambda a, _: BasedEnding(a["until"]),
        },
    ),
    "RollupInbox": (
        lambda contracts: contracts.rollup_inbox,
        {"BatchPosted": _posted},
    ),
    "DataAvailabilityChallenge": (
        lambda contracts: contracts.data_availability_challenge,
        {
            "DataChallenged": _challenged,
            "DataAnswered": lambda a, _: DataAnswered(Hash32(a["id"]), a["data"]),
            "DataVoided": lambda a, _: DataVoided(Hash32(a["id"]), RollupId(a["rollupId"])),
            "Checkpointed": lambda a, _: Checkpointed(BatchIndex(a["index"])),
        },
    ),
    "PromiseSlasher": (
        lambda contracts: contracts.promise_slasher,
        {
            "PromiseChallenged": _promise_challenged,
            "PromiseKept": lambda a, _: PromiseKept(Hash32(a["id"])),
            "PromiseBroken": lambda a, _: PromiseBroken(Hash32(a["id"])),
        },
    ),
    "SequencingFees": (
        lambda contracts: contracts.sequencing_fees,
        {
            "BatchesCharged": lambda a, _: BatchesCharged(BatchIndex(a["last"]), a["entries"]),
            "NoticeGiven": lambda a, _: NoticeGiven(RollupId(a["rollupId"]), a["dropAt"]),
            "NoticeCleared": lambda a, _: NoticeCleared(RollupId(a["rollupId"])),
        },
    ),
}
_DECODERS = {
    contract: (
        address_of,
        {abi.event(contract, name).hash: (name, build) for name, build in builders.items()},
    )
    for contract, (address_of, builders) in _EVENTS.items()
}
