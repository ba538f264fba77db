"""The ForcedInbox as one message's owner sees it, by L1 as it is now (WALLET-2)."""

from dataclasses import dataclass
from typing import Any

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError as AbiDecodingError

from sequencer.errors import DecodeError
from sequencer.l1 import abi
from sequencer.l1.deployment import Contracts
from sequencer.l1.logs import Log
from sequencer.types import Hash32
from sequencer.wallet.endpoint import Endpoint, Mined

_BATCH_COMMITTED = abi.event("CommitmentChain", "BatchCommitted")
_ENQUEUED = abi.event("ForcedInbox", "MessageEnqueued")
_CONSUMED = abi.event("ForcedInbox", "MessagesConsumed")
_FORCED = abi.event("ForcedInbox", "ForceIncluded")
_POSTED = abi.event("RollupInbox", "BatchPosted")


@dataclass(frozen=True, slots=True)
class Queued:
    """A message in the queue; `deadline` in seconds, `block` the L1 block that queued it."""

    index: int
    deadline: int
    block: int


@dataclass(frozen=True, slots=True)
class Consumption:
    """How a message came into the order: in batch `batch`, or forced by `caller` (an address)."""

    block: int
    transaction: Hash32
    batch: int | None
    caller: str | None


class Queue:
    """Reads of one deployment. Every method raises `L1Error`."""

    def __init__(self, endpoint: Endpoint, contracts: Contracts) -> None:
        self._endpoint = endpoint
        self._inbox = contracts.forced_inbox
        self._chain = contracts.commitment_chain
        self._rollup_inbox = contracts.rollup_inbox
        self._registry = contracts.rollup_registry

    def chain_id_of(self, rollup: int) -> int:
        """Of a rollup; 0 if there is none of this id."""
        if not 0 < rollup < 2**32:
            return 0
        data = abi.function("RollupRegistry", "rollup").call(rollup)
        found = self._view(self._registry, data, "address", "uint64", "address")
        return int(found[1])

    def rollup_count(self) -> int:
        data = abi.function("RollupRegistry", "rollupCount").call()
        return int(self._view(self._registry, data, "uint32")[0])

    def fee_wei(self, length: int, gas_limit: int) -> int:
        """INBOX-2, of a message enqueued now."""
        data = abi.function("ForcedInbox", "fee").call(length, gas_limit)
        return int(self._view(self._inbox, data, "uint256")[0])

    def price_wei(self, length: int) -> int:
        """POST-2, of a post in calldata."""
        data = abi.function("RollupInbox", "floorPrice").call(length, 0)
        return int(self._view(self._rollup_inbox, data, "uint256")[0])

    def head(self) -> tuple[int, int]:
        """Messages ever enqueued, and ever consumed."""
        data = abi.function("ForcedInbox", "head").call()
        length, consumed, _ = self._view(self._inbox, data, "uint32", "uint32", "bytes24")
        return int(length), int(consumed)

    def message_in(self, mined: Mined) -> Queued:
        """What a transaction has queued."""
        for log in mined.logs:
            if log.address == self._inbox and _is(log, _ENQUEUED):
                found = _ENQUEUED.decode_event(log.topics, log.data)
                return Queued(found["index"], found["deadline"], mined.block)
        raise DecodeError(f"L1 transaction 0x{mined.hash.hex()} has queued nothing")

    def post_in(self, mined: Mined) -> int:
        """The number of the post that a transaction has made."""
        for log in mined.logs:
            if log.address == self._rollup_inbox and _is(log, _POSTED):
                return int(_POSTED.decode_event(log.topics, log.data)["number"])
        raise DecodeError(f"L1 transaction 0x{mined.hash.hex()} has posted nothing")

    def consumption_of(self, message: Queued, head: int) -> Consumption | None:
        """How the message came into the order; None while it has not. `head` is the last block
        that is looked at."""
        if self.head()[1] <= message.index:
            return None
        committed: dict[Hash32, int] = {}
        for log in self._endpoint.logs([self._inbox, self._chain], message.block, head):
            if log.address == self._chain and _is(log, _BATCH_COMMITTED):
                found = _BATCH_COMMITTED.decode_event(log.topics, log.data)
                committed[log.transaction_hash] = found["index"]
            span = _span(log) if log.address == self._inbox else None
            if span is not None and span["from"] <= message.index < span["upTo"]:
                batch = None if "caller" in span else committed.get(log.transaction_hash)
                return Consumption(
                    log.block_number, log.transaction_hash, batch, span.get("caller")
                )
        return None  # L1 has reorganised between two reads

    def _view(self, to: Any, data: bytes, *types: str) -> tuple[Any, ...]:
        answer = self._endpoint.call(to, data)
        try:
            return decode(types, answer)
        except (AbiDecodingError, OverflowError) as error:
            raise DecodeError(f"a contract answered {len(answer)} bytes: {error}") from error


def _is(log: Log, event: abi.Entry) -> bool:
    return bool(log.topics) and log.topics[0] == event.hash


def _span(log: Log) -> dict[str, Any] | None:
    """What was consumed, by either event."""
    for event in (_CONSUMED, _FORCED):
        if _is(log, event):
            return event.decode_event(log.topics, log.data)
    return None
