"""The ForcedInbox as one message's owner sees it, by L1 alone."""

from dataclasses import dataclass
from typing import Any

from ape.api import ProviderAPI

from sequencer.l1 import abi
from sequencer.l1.deployment import Contracts
from sequencer.l1.rpc import hex_data, quantity, to_hex


@dataclass(frozen=True, slots=True)
class Message:
    """A queued message; `deadline` in seconds, `block` the L1 block that queued it."""

    index: int
    deadline: int
    block: int


@dataclass(frozen=True, slots=True)
class Consumption:
    """How a message came into the order: in a batch, or forced by `caller`."""

    block: int
    batch: int | None
    caller: str | None


class Queue:
    """Reads of the queue; every one is of L1 as it is now, so a reorg is seen at once."""

    def __init__(self, provider: ProviderAPI, contracts: Contracts) -> None:
        self._provider = provider
        self._addresses = [to_hex(contracts.forced_inbox), to_hex(contracts.commitment_chain)]
        inbox, chain = self._addresses
        self._events = {
            (address, entry.hash): entry
            for address, entry in (
                (inbox, abi.event("ForcedInbox", "MessageEnqueued")),
                (inbox, abi.event("ForcedInbox", "ForceIncluded")),
                (inbox, abi.event("ForcedInbox", "MessagesConsumed")),
                (chain, abi.event("CommitmentChain", "BatchCommitted")),
            )
        }

    def now(self) -> int:
        """The time on L1, in seconds."""
        return int(self._provider.get_block("latest").timestamp)

    def message_of(self, l1_transaction: str) -> Message | None:
        """What a transaction has queued; None while it is not in a block, which after an L1
        reorg may be the case again."""
        receipt = self._provider.make_request("eth_getTransactionReceipt", [l1_transaction])
        if receipt is None:
            return None
        for log in receipt["logs"]:
            name, arguments = self._decode(log)
            if name == "MessageEnqueued":
                block = quantity(receipt["blockNumber"])
                return Message(arguments["index"], arguments["deadline"], block)
        return None

    def consumption_of(self, message: Message) -> Consumption | None:
        """How the message came into the order; None while it has not."""
        query = {"fromBlock": hex(message.block), "address": self._addresses}
        batch: int | None = None
        for log in self._provider.make_request("eth_getLogs", [query]):
            name, arguments = self._decode(log)
            if name == "BatchCommitted":
                # `commit` emits this before the inbox emits what it consumes.
                batch = arguments["index"]
            elif "upTo" in arguments and arguments["from"] <= message.index < arguments["upTo"]:
                block, caller = quantity(log["blockNumber"]), arguments.get("caller")
                return Consumption(block, None if caller else batch, caller)
        return None

    def _decode(self, log: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Name and arguments of a log; an empty name if it is of no concern."""
        topics = tuple(hex_data(topic) for topic in log["topics"])
        entry = self._events.get((log["address"].lower(), topics[0])) if topics else None
        return (
            ("", {})
            if entry is None
            else (entry.name, entry.decode_event(topics, hex_data(log["data"])))
        )
