"""`switchyard transactions`: print what a rollup executes, held data included (DERIVE-17)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sequencer.derivation.rollup_reader import Ordered, RollupReader, Step
from sequencer.derivation.views import entry_view
from sequencer.l1.rpc import to_hex
from sequencer.types import RollupId


@dataclass(frozen=True, slots=True)
class ListingOptions:
    """What `switchyard transactions` is told."""

    follower: str
    rollup: RollupId
    nodes: tuple[str, ...] = ()
    """RPC addresses, for held data."""
    as_json: bool = False


async def print_transactions(options: ListingOptions) -> None:
    """To the end of the list. Raises as `RollupReader.read` does."""
    reader = RollupReader(options.follower, options.rollup, options.nodes)
    try:
        async for step in reader.read():
            if options.as_json:
                print(json.dumps(step_view(step)), flush=True)
            else:
                print(*describe(step), sep="\n", flush=True)
    finally:
        await reader.close()


def describe(step: Step) -> Iterator[str]:
    """A line for each transaction, and at least one."""
    index = step.entry.index
    if step.entry.voids is not None:
        of = "no entry here" if step.counterpart is None else f"#{step.counterpart}"
        yield f"#{index} void mark of {of}"
    elif step.entry.held is None:
        yield f"#{index} {_line(step.transactions[0], step.entry.kind.name.lower())}"
    elif step.empty is not None:
        yield f"#{index} {step.entry.held.length} held bytes: empty, {step.empty}"
    else:
        for at, transaction in enumerate(step.transactions):
            yield f"#{index}.{at} {_line(transaction, 'held transaction')}"


def step_view(step: Step) -> dict[str, Any]:
    """As JSON: the entry, with its transactions in place of its own one."""
    view = entry_view(step.entry, step.counterpart)
    transactions = [
        {
            "hash": to_hex(found.hash),
            "transaction": to_hex(found.raw),
            "sender": None if found.sender is None else to_hex(found.sender),
            "skipped": found.skipped,
        }
        for found in step.transactions
    ]
    return {**view, "transactions": transactions, "empty": step.empty}


def _line(found: Ordered, what: str) -> str:
    sender = "nobody" if found.sender is None else to_hex(found.sender)
    fate = "" if found.skipped is None else f", skipped: {found.skipped}"
    return f"{to_hex(found.hash)} {what} of {sender}{fate}"
