"""What the follower shows, as JSON has it. Bytes are 0x-hex, times are seconds."""

from typing import Any

from sequencer.blocks.held import HeldEntry
from sequencer.derivation.derive import Deriver
from sequencer.derivation.entries import Entry, QueuedMessage
from sequencer.l1.modes import Order
from sequencer.types import RollupId


def entry_view(entry: Entry, counterpart: int | None = None) -> dict[str, Any]:
    """`counterpart`: as `EntryStore.counterpart` has it, if that is known."""
    return {
        "rollup": entry.rollup_id,
        "index": entry.index,
        "source": entry.source.value,
        "position": entry.position,
        "batch": entry.batch_index,
        "l1Block": entry.l1_block,
        "kind": _kind(entry),
        "sender": None if entry.sender is None else _hex(entry.sender),
        "gasLimit": entry.gas_limit,
        "hash": _hex(entry.transaction_hash),
        "transaction": _hex(entry.transaction),
        "runningHash": _hex(entry.running_hash),
        "skipped": entry.skipped,
        "held": None if entry.held is None else _held_view(entry, entry.held, counterpart),
        "voids": None if entry.voids is None else _hex(entry.voids),
        "voidsEntry": None if entry.voids is None else counterpart,
    }


def message_view(message: QueuedMessage, entry: Entry | None) -> dict[str, Any]:
    """The receipt of a message (DERIVE-13); `consumed` is null while it is queued."""
    state = "queued" if entry is None else "skipped" if entry.skipped else "included"
    return {
        "index": message.index,
        "rollup": message.rollup_id,
        "kind": message.kind.name.lower(),
        "sender": _hex(message.sender),
        "gasLimit": message.gas_limit,
        "hash": _hex(message.transaction_hash),
        "l1Block": message.l1_block,
        "dueAt": message.due_at,
        "state": state,
        "consumed": None if entry is None else _consumed_view(entry),
    }


def rollup_view(deriver: Deriver, rollup_id: RollupId, chain_id: int) -> dict[str, Any]:
    """Where a rollup's list is, and who orders it, as of the last L1 block."""
    state, modes = deriver.rollup(rollup_id), deriver.modes(rollup_id)
    order, pending = modes.at(deriver.timestamp), modes.pending_at(deriver.timestamp)
    return {
        "rollup": rollup_id,
        "chainId": chain_id,
        "entries": state.entries,
        "posts": state.posts,
        "runningHash": _hex(state.running_hash),
        **order_view(order),
        "announced": None
        if pending is None
        else {**order_view(pending), "effectiveAt": pending.effective_at},
    }


def order_view(order: Order) -> dict[str, Any]:
    """ROLL-2."""
    sequencer = _hex(order.sequencer) if any(order.sequencer) else None
    return {"mode": order.mode.name.lower(), "sequencer": sequencer}


def _kind(entry: Entry) -> str:
    """`held` and `void` beside the kinds of messages: whoever does not know them finds out."""
    if entry.voids is not None:
        return "void"
    return entry.kind.name.lower() if entry.held is None else "held"


def _held_view(entry: Entry, held: HeldEntry, voided_by: int | None) -> dict[str, Any]:
    return {
        "id": _hex(entry.transaction_hash),
        "length": held.length,
        "hash": _hex(held.hash),
        "voidedBy": voided_by,
    }


def _consumed_view(entry: Entry) -> dict[str, Any]:
    return {
        "l1Block": entry.l1_block,
        "batch": entry.batch_index,
        "position": entry.index,
        "skipped": entry.skipped,
    }


def _hex(value: bytes) -> str:
    return "0x" + value.hex()
