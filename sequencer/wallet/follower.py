"""What a follower says of a message: its place in the list, or why it has none (DERIVE-13).

Told for a person to read; nothing that the wallet does depends on it (WALLET-7).
"""

from dataclasses import dataclass

import msgspec

from sequencer.wallet.queue import Queued
from sequencer.wallet.web import get_json


@dataclass(frozen=True, slots=True)
class Place:
    """`position` in the rollup's list, from 0; `skipped` says why every follower leaves it out."""

    position: int
    skipped: str | None


class _Consumed(msgspec.Struct):
    position: int
    skipped: str | None = None


class _Message(msgspec.Struct, rename="camel"):
    l1_block: int
    consumed: _Consumed | None = None


def place_of(follower_url: str, message: Queued) -> Place | None:
    """None while the follower does not list it, is on another branch of L1, or does not answer."""
    found = get_json(f"{follower_url.rstrip('/')}/message/{message.index}", _Message)
    if found is None or found.consumed is None or found.l1_block != message.block:
        return None
    return Place(found.consumed.position, found.consumed.skipped)
